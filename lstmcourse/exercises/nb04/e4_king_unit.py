"""E4.4: one unit that remembers the king, its weights set by hand and judged by what it shows."""

import numpy as np

from lstmcourse.exercises import Exercise, Failed, Trial, wrong
from lstmcourse.exercises._stages import finite, runs, shape
from lstmcourse.reference import LSTM, Params, unroll

REIGN = 200
LEAST = 0.5


def king_unit() -> tuple[np.ndarray, np.ndarray]:
    """W (4, 2) and b (4,) of an LSTM with one unit, without U, that shows who is king. No training: you choose them.

    x = (name, crown). name is +1 or -1 on a day that mentions one of the two men, 0 on other days.
    crown is 1 on the day on which the man mentioned becomes king, and 0 on every other day: then he is a guest.
    The rows are i, f, g, o. On every day h must have the king's sign and be at least 0.5 in size, up to 200 days after
    he was crowned, whatever guests come.
    """
    W = np.array([
        [0.0, 20.0],  # i
        [0.0, -20.0],  # f
        [5.0, 0.0],  # g
        [0.0, 0.0],  # o
    ])  # fmt: skip
    b = np.array([-10.0, 10.0, 0.0, 10.0])
    return W, b


def lives() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (T, B, 2), the king (T, B) as +1 or -1, and the days since he was crowned (T, B).

    Three are told: no guest comes; the other man comes every day; the king himself does. Five more are random.
    """
    rng, B = np.random.default_rng(0), 8
    T = 2 * (REIGN + 1)
    names = rng.choice([-1.0, 0.0, 1.0], size=(T, B), p=[0.2, 0.6, 0.2])
    crowned = rng.random((T, B)) < 0.02
    crowned[:, :3] = False
    crowned[[0, REIGN + 1]] = True
    king, since = np.zeros((T, B)), np.zeros((T, B), int)
    for t in range(T):
        last = king[t - 1] if t else -rng.choice([-1.0, 1.0], size=B)
        king[t] = np.where(crowned[t], -last, last)
        since[t] = np.where(crowned[t], 0, since[t - 1] + 1)
    names[:, :3] = king[:, :3] * [0.0, -1.0, 1.0]
    return np.stack([np.where(crowned, king, names), crowned], axis=2), king, since


def shows_the_king(trial: Trial) -> str:
    """Runs the unit through `lives` and says on which day it fails first, with the gates of that day."""
    W, b = (np.asarray(part, float) for part in trial.got[0].result)
    x, king, since = lives()
    with np.errstate(under="ignore"):  # a gate may be shut as far as floats go
        (hs, _), caches = unroll(LSTM, Params(W=W, U=np.zeros((4, 1)), b=b), x)
    shown = hs[..., 0] * king
    failed = np.argwhere(shown < LEAST)
    if not len(failed):
        return f"the king is shown on all {king.size:,} days, up to {since.max()} days after he was crowned"
    t, n = failed[0]
    days = since[t, n]
    after = "a day" if days == 1 else f"{days} days"
    when = f"{after} after {king[t, n]:+.0f} was crowned" if days else f"on the day {king[t, n]:+.0f} is crowned"
    visit = {0.0: "nobody is mentioned", king[t, n]: "he is mentioned"}.get(x[t, n, 0], "the other man is a guest")
    what = "the other man" if shown[t, n] < 0 else "too little"
    day = {name: float(caches[t][name][n, 0]) for name in "ifgoc"}
    numbers = ", ".join(f"{name}={value:.3g}" for name, value in day.items())
    raise Failed(
        f"{when} h = {hs[t, n, 0]:.3g}, which shows {what}. {off(day, king[t, n], days == 0)}"
        f"({visit.capitalize()}; {numbers}; c before: {caches[t]['c_'][n, 0]:.3g})"
    )


def off(day: dict[str, float], king: float, crowned: bool) -> str:
    """Which gate is not what it has to be, on the day on which the unit fails."""
    wanted: tuple[tuple[bool, str], ...]
    if crowned:
        wanted = (
            (day["g"] * king > 0.5, "g should have the sign of the new king, and be near 1 in size"),
            (day["i"] > 0.8, "i should be near 1, to write the new king"),
            (day["f"] < 0.1, "f should be near 0, to remove the old king"),
        )
    else:
        wanted = (
            (day["i"] < 5e-4, "i should be near 0, so that no guest is written"),
            (day["f"] > 0.997, "f should be near 1, so that the king is kept for 200 days"),
        )
    wanted += ((day["o"] > 0.8, "o should be near 1, so that the king is shown"),)
    kind = "On this day" if crowned else "On such a day"
    return next((f"{kind} {said}. " for holds, said in wanted if not holds), "")


HINTS = (
    "Two kinds of days. On the day of a crowning, what should f and i be? And on every other day? The input `crown`\n"
    "tells the two apart. Then: who chooses between +1 and -1?",
    "On an ordinary day f must be so near 1 that more than 0.55 is left of c = 1 after 200 days (E4.3), and i so near\n"
    "0 that 200 guests together write less than a tenth: i < 0.0005. On the day of a crowning f ≈ 0, i ≈ 1.\n"
    "The candidate has the sign of name.",
    """
    W = np.array([
        [0.0, 20.0],  # i: opens when crown is 1
        [..., ...],  # f
        [..., ...],  # g
        [0.0, 0.0],  # o
    ])
    b = np.array([-10.0, ..., 0.0, 10.0])
    """,
)

SYMPTOMS = {
    "right on the first day, too little later": "What is left of c after n days is f to the power n. For 200 days f "
    "must be above 0.997, and b_f above 6.",
    "the second king is never shown": "On the day of his crowning the old king is still in c, with the other sign. "
    "Which gate can remove him on that one day?",
    "guests change what is shown": "Look at i on an ordinary day: 200 guests write 200 times i ∘ g.",
    "h stays below 0.5": "tanh(1) is 0.76, and o multiplies it.",
}

WRONG = {
    "never lets go": wrong(
        "[0.0, -20.0]", "[0.0, 0.0]",
        "f stays near 1 on the day of a crowning: the new king is added to the old one, and the two cancel",
    ),
    "half-life of 103 days": wrong(
        "-10.0, 10.0, 0.0", "-10.0, 5.0, 0.0",
        "b_f is 5, a half-life of 103 days: after 200 days a quarter of the king is left",
    ),
    "the usual 1": wrong(
        "-10.0, 10.0, 0.0", "-10.0, 1.0, 0.0", "b_f is 1, a half-life of 2 days: the king is gone within a week"
    ),
    "always open": wrong(
        "[0.0, 20.0]", "[0.0, 0.0]", "b = np.array([-10.0", "b = np.array([10.0",
        "the input gate is open on every day, so that guests are written as kings are",
    ),
    "always shut": wrong("[0.0, 20.0]", "[0.0, 0.0]", "the input gate is shut on every day, so that nobody is written"),
    "not shut enough": wrong(
        "b = np.array([-10.0", "b = np.array([-4.0",
        "b_i is -4: the input gate lets in 0.018 of every guest, and 200 guests are more than a king",
    ),
    "i and f exchanged": wrong(
        "[0.0, 20.0]", "[0.0, -20.0]", "[0.0, -20.0],  # f", "[0.0, 20.0],  # f",
        "-10.0, 10.0, 0.0", "10.0, -10.0, 0.0",
        "the rows of i and f are exchanged: on ordinary days everything is written and nothing kept",
    ),
    "candidate from crown": wrong(
        "[5.0, 0.0]", "[0.0, 5.0]", "the candidate looks at crown, which is 1 for either man; name says which of them"
    ),
    "shown by half": wrong(
        "0.0, 10.0])", "0.0, 0.0])", "b_o is 0: the output gate shows half of tanh(c), which is 0.38"
    ),
    "coupled the wrong way round": wrong(
        "[0.0, -20.0]", "[0.0, 20.0]", "-10.0, 10.0, 0.0", "-10.0, -10.0, 0.0",
        "f does what i does: it keeps on the day of a crowning and forgets on every other day",
    ),
    "sign": wrong("[5.0, 0.0]", "[-5.0, 0.0]", "the candidate has the other man's sign"),
}  # fmt: skip

exercise = Exercise(
    id="E4.4",
    title="One unit that remembers a king",
    solution=king_unit,
    kind="experiment",
    minutes=15,
    difficulty=3,
    importance=4,
    lines=7,
    can_now="say what each gate has to do on which day, and set it so",
    returns={"W": "(4, 2)", "b": "(4,)"},
    stages=(("runs", runs), ("form", shape), ("finite", finite), ("shows the king", shows_the_king)),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
