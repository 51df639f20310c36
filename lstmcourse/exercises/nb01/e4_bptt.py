"""E1.4: any cell's step back, walked over time."""

from types import SimpleNamespace

import numpy as np

from lstmcourse import reference
from lstmcourse.exercises import Exercise, wrong
from lstmcourse.letters import by_position, unroll


def bptt(backward, params: list, xs: np.ndarray, states: list, dhs: np.ndarray) -> list:
    """Backpropagation through time for any cell.

    backward(*params, x, *state_, *dstate) is one step back. It returns a tuple: the gradients of the params, in their
    order, then dx, then the gradients of the parts of state_, in their order.
    params: the weights, [W, U, b] for the RNN. xs (T, B, I): the inputs.
    states: T + 1 tuples; states[t] is the state before xs[t], of one part (h,) or more (h, c).
    dhs (T, B, H): dhs[t] is what the loss at step t itself sends into h, the first part of states[t + 1].
    Returns the gradients of the params, a list.
    """
    grads = [np.zeros_like(p) for p in params]
    dstate = [np.zeros_like(part) for part in states[-1]]
    for t in reversed(range(len(xs))):
        dh, *others = dstate
        dh = dh + dhs[t]
        back = backward(*params, xs[t], *states[t], dh, *others)
        grads = [total + grad for total, grad in zip(grads, back)]
        dstate = back[len(params) + 1 :]
    return grads


CELLS = {1: reference.RNN, 2: reference.LSTM}  # by the parts of the state


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A cell with a state of n.S parts, unrolled along T random inputs, and dhs (T, B, H)."""
    return unrolled(CELLS[n.S], rng, n)


def unrolled(cell: reference.Cell, rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The arguments of bptt for this cell."""
    step, backward = by_position(cell)
    params = list(vars(reference.init(cell, n.I, n.H, rng, scale=0.8)).values())
    xs, start = rng.normal(size=(n.T, n.B, n.I)), tuple(rng.normal(size=(n.B, n.H)) for _ in cell.states)
    return backward, params, xs, unroll(step, params, xs, start), rng.normal(size=(n.T, n.B, n.H))


def last_only(rng: np.random.Generator) -> tuple:
    """A loss that looks at the last state and at no other."""
    *given, dhs = case(rng, SimpleNamespace(T=5, B=2, I=2, H=3, S=2))
    dhs[:-1] = 0
    return (*given, dhs)


exercise = Exercise(
    id="E1.4",
    title="Backpropagation through time",
    solution=bptt,
    minutes=20,
    difficulty=4,
    importance=5,
    lines=8,
    can_now="send a gradient back through any number of steps of any cell, those of the later notebooks included",
    returns={"grads": "a list like params"},
    case=case,
    sizes=(
        {"T": 4, "B": 3, "I": 2, "H": 5, "S": 1},
        {"T": 3, "B": 1, "I": 4, "H": 2, "S": 2},
        {"T": 1, "B": 2, "I": 3, "H": 4, "S": 1},
    ),
    edges={
        "a loss that looks at the last state only": last_only,
        "a cell of four params, the GRU": lambda rng: unrolled(reference.GRU, rng, SimpleNamespace(T=3, B=2, I=2, H=3)),
    },
    hints=(
        "Walk the steps from the last to the first. Keep two things between the steps: the sums of the gradients of\n"
        "the params, and what the step hands back to the state before it. After the last step nothing comes back.",
        "At step t:  dh = what came back from step t + 1, plus dhs[t].  Then one call of backward with xs[t] and\n"
        "states[t]. Of what it returns, the first len(params) are added to the sums, the next is dx, and the rest is\n"
        "what comes back to the state before.",
        """
        grads = [np.zeros_like(p) for p in params]
        dstate = [np.zeros_like(part) for part in states[-1]]
        for t in reversed(range(len(xs))):
            dh, *others = dstate
            dh = ...  # what came back, and what the loss at this step sends
            back = backward(*params, xs[t], *states[t], dh, *others)
        """,
    ),
    symptoms={
        "right for T = 1, wrong for longer sequences": "The single step is right and what happens between the steps is "
        "not: see that dstate is replaced after each step by what backward returned, and that grads are added up.",
        "ValueError: shapes": "backward returns (*gradients of params, dx, *gradients of the state). With three params "
        "the state's gradients begin at place 4, counted from 0: back[len(params) + 1:].",
        "the result is a little off": "states has one entry more than xs. Step t went from states[t] to states[t + 1], "
        "and backward wants the state from before the step: states[t].",
        "right for one cell and wrong for the other": "A state may have two parts, (h, c). dhs[t] goes into the first; "
        "the others are carried over as well, and nothing is added to them.",
    },
    wrong={
        "dhs of the last step": wrong(
            "dhs[t]", "dhs[-1]", "the last step's dhs is added at every step; the loss at step t sends dhs[t]"
        ),
        "clipped on the way": wrong(
            "back[len(params) + 1 :]",
            "[np.clip(part, -1, 1) for part in back[len(params) + 1 :]]",
            "what goes back is clipped to ±1 at every step: that is no longer the gradient",
        ),
        "nothing comes back": wrong(
            "        dstate = back[len(params) + 1 :]\n",
            "",
            "what a step hands back to the state before it is dropped: each step sees its own loss only",
        ),
        "the loss of the last step only": wrong(
            "dh = dh + dhs[t]",
            "dh = dh + dhs[t] * (t == len(xs) - 1)",
            "only the last step's dhs is added; every step has its own",
        ),
        "dhs in place of what comes back": wrong(
            "dh = dh + dhs[t]",
            "dh = dhs[t]",
            "dhs[t] replaces what came back from the next step; the two are added",
        ),
        "dhs left out": wrong("        dh = dh + dhs[t]\n", "", "dhs is not used, so that no loss sends anything back"),
        "forward in time": wrong(
            "reversed(range(len(xs)))", "range(len(xs))", "the steps are walked from the first to the last"
        ),
        "the state after the step": wrong(
            "*states[t]",
            "*states[t + 1]",
            "backward gets the state from after the step; it wants states[t], from before",
        ),
        "the last step only": wrong(
            "total + grad for total, grad in zip(grads, back)",
            "grad for _, grad in zip(grads, back)",
            "the gradients are replaced at each step; the same weights served every step, so they add up",
        ),
        "dx taken for dh": wrong(
            "len(params) + 1 :",
            "len(params) : len(params) + len(dstate)",
            "dx is taken for the gradient of the state: it comes first, and the state's gradients after it",
        ),
        "the last gradients only": wrong(
            "back[len(params) + 1 :]",
            "[back[-1], *others]",
            "only the last of what backward returns is carried on, whatever the state consists of",
        ),
        "a state of one part": wrong(
            "dh, *others)",
            "dh)",
            "backward is handed dh alone, as if every state had one part. A state (h, c) has two, and each hands back "
            "a gradient",
        ),
        "only h carried": wrong(
            "dh, *others)",
            "dh, *(np.zeros_like(o) for o in others))",
            "only the first part of the state carries a gradient back; the other parts are handed zeros",
        ),
        "dhs for every part": wrong(
            "dh, *others)",
            "dh, *(o + dhs[t] for o in others))",
            "dhs[t] is added to every part of the state; the loss looks at the first part, h, alone",
        ),
        "the mean over time": wrong(
            "return grads",
            "return [g / len(xs) for g in grads]",
            "the gradients are averaged over the steps; those of the steps add up",
        ),
        "the first step left out": wrong(
            "range(len(xs))", "range(1, len(xs))", "the step at t = 0 is left out: range(1, T) begins at 1"
        ),
        "the last step left out": wrong(
            "range(len(xs))", "range(len(xs) - 1)", "the last step is left out: range(T - 1) ends at T - 2"
        ),
        "one step late": wrong(
            "dh = dh + dhs[t]",
            "dh = dh + dhs[min(t + 1, len(xs) - 1)]",
            "dhs[t + 1] is taken at step t: dhs has one entry for each x, and dhs[t] belongs to the state after xs[t]",
        ),
        "dhs added twice": wrong("dh = dh + dhs[t]", "dh = dh + 2 * dhs[t]", "dhs[t] is added twice"),
        "the first input each time": wrong(
            "xs[t], *states[t]", "xs[0], *states[t]", "backward gets xs[0] at every step; it wants xs[t]"
        ),
    },
)
