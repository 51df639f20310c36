"""E5.2: a clock in one unit, its weights set by hand and judged by when it fires."""

import numpy as np

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong
from lstmcourse.reference import PEEPHOLE, Params, unroll

STEPS, HIGH, LOW = 200, 0.5, 0.1


def clock(period: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A peephole LSTM of one unit that fires every `period` steps, without input. No training: you choose its weights.

    W and U are 0, so that the gates have their biases and the cell, and c starts at 0. period: a whole number, 2 to 50.
    For 200 steps h must be at least 0.5 at the steps period, 2 period, 3 period … and at most 0.1 at all others.
    Returns b (4,), in the rows i, f, g, o, and the peepholes p_i (1,), p_f (1,), p_o (1,).
    """
    p = 20.0
    threshold = period - 0.5
    b = np.array([30.0, p * threshold, 30.0, -p * threshold])
    return b, np.zeros(1), np.array([-p]), np.array([p])


def run_clock(b: np.ndarray, p_i: np.ndarray, p_f: np.ndarray, p_o: np.ndarray) -> tuple:
    """(hs, cs), each (STEPS, 1, 1), and caches of such a unit."""
    zero = np.zeros((4, 1))
    with np.errstate(over="ignore", under="ignore"):  # a gate may be shut as far as floats go
        return unroll(PEEPHOLE, Params(W=zero, U=zero, b=b, p_i=p_i, p_f=p_f, p_o=p_o), np.zeros((STEPS, 1, 1)))


def fires_in_time(trial: Trial) -> str:
    """Runs each unit and says at which step it is wrong first, with its gates there."""
    periods = [got.args[0] for got in trial.got]
    for period, got in zip(periods, trial.got, strict=True):
        (hs, _), caches = run_clock(*(np.asarray(part, float) for part in got.result))
        due = np.arange(1, STEPS + 1) % period == 0
        failed = np.flatnonzero(np.where(due, hs.ravel() < HIGH, hs.ravel() > LOW))
        if len(failed):
            t = failed[0]
            when = "due to fire" if due[t] else "due to be silent"
            step = {name: caches[t][name].item() for name in ("i", "f", "g", "o", "c", "c_")}
            numbers = ", ".join(f"{name} = {step[name]:.3g}" for name in "ifgoc")
            raise Failed(
                f"with a period of {period}, at step {t + 1}, {when}, h = {hs[t].item():.3g}. "
                f"{off(step, bool(due[t]), t >= period)}There {numbers}; c was {step['c_']:.3g}"
            )
    return f"the periods {', '.join(map(str, periods))}, for {STEPS} steps"


def off(step: dict[str, float], due: bool, again: bool) -> str:
    """Which gate is not what it has to be, at the step at which the unit fails; again: it has been due before."""
    if due and step["c"] < 0.55:
        return "c is too small to be shown: i g has to add to it at every step, and f to keep it. "
    if due:
        return "o should be near 1 with this c. "
    if again and step["c"] > step["c_"] > 1:
        return "c is still there: f should be near 0 once the unit has fired. "
    return "o should be near 0 with this c. "


HINTS = (
    "Two gates have to look at the cell: the one that shows it when the time is up, and the one that removes it then,\n"
    "so that the count begins again. Which of the two sees the cell one step later, and does that do harm?",
    "i = 1 and g = 1, so c grows by 1 a step. o opens where c is above a threshold: a_o = p c − p · threshold. f\n"
    "shuts above the same threshold: a_f = p · threshold − p c. c is a whole number: where does the threshold lie,\n"
    "and how large must p be for both gates to be sharp?",
    """
    p = 20.0
    threshold = ...
    b = np.array([30.0, ..., 30.0, -p * threshold])  # rows i, f, g, o
    return b, np.zeros(1), ..., np.array([p])
    """,
)

SYMPTOMS = {
    "it fires once and then at every step": "Nothing removes the count. The forget gate has to shut in the step after.",
    "one step late": "The cell is at `period` in the step in which it is due: the threshold lies just below.",
    "it fires weakly or never": "Near the threshold the gates are half open, and f takes its share of every count. A "
    "larger p makes them sharper, with the bias in proportion.",
    "right for short periods, late for long ones": "f is not quite 1 while it counts, so that c falls behind. Make p "
    "and the biases larger.",
}

WRONG = {
    "never wiped": wrong(
        "30.0, p * threshold,", "30.0, 30.0,", "np.array([-p])", "np.zeros(1)",
        "the forget gate does not look: the count is never removed, and from its first time on the unit fires always",
    ),
    "one step late": wrong("period - 0.5", "period + 0.5", "the threshold lies above `period`, which is one too late"),
    "one step early": wrong(
        "period - 0.5", "period - 1.5", "the threshold lies below `period` - 1, so that the unit fires one step early"
    ),
    "on the threshold": wrong(
        "period - 0.5", "float(period)", "the threshold is `period` itself: there the gates are half open"
    ),
    "blunt": wrong(
        "p = 20.0", "p = 1.0", "p is 1: the gates open and shut over several counts, and the count comes to rest"
    ),
    "the other way round": wrong(
        "np.array([-p]), np.array([p])", "np.array([p]), np.array([-p])",
        "p_f and p_o have each other's sign: f opens as c grows, and o shuts",
    ),
    "f opens": wrong(
        "30.0, p * threshold,", "30.0, -p * threshold,", "np.array([-p])", "np.array([p])",
        "f is shut below the threshold and open above: nothing is ever counted",
    ),
    "i looks instead": wrong(
        "np.array([30.0, p * threshold,", "np.array([p * threshold, 30.0,",
        "np.zeros(1), np.array([-p])", "np.array([-p]), np.zeros(1)",
        "the input gate looks and not the forget gate: counting stops, and nothing is removed",
    ),
    "o always open": wrong(
        "-p * threshold])", "30.0])", "the output gate's bias has no threshold: h shows every count"
    ),
    "rows i g f o": wrong(
        "p * threshold, 30.0, -p", "30.0, p * threshold, -p",
        "the biases of f and g are exchanged; the rows are i, f, g, o",
    ),
    "o blind": wrong("np.array([p])", "np.zeros(1)", "the output gate does not look: it is always shut"),
}  # fmt: skip


def case(rng: np.random.Generator, n) -> tuple[int]:
    """The period itself."""
    return (n.period,)


exercise = Exercise(
    id="E5.2",
    title="A clock in one unit",
    solution=clock,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=4,
    can_now="set peepholes by hand, and say which gate starts the count anew and which one tells the time",
    returns={"b": "(4,)", "p_i": "(1,)", "p_f": "(1,)", "p_o": "(1,)"},
    case=case,
    sizes=({"period": 6}, {"period": 2}, {"period": 50}),
    stages=(*STAGES[:6], ("fires in time", fires_in_time)),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
