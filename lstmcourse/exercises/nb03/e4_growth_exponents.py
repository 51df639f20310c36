"""E3.4: how the state grows, measured."""

from functools import cache

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.reference import LSTM97, init, unroll


def example(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds of state after 1, 2, … 1024 steps: bare (1024, 256) and cell (1024, 64).

    bare: 256 carousels that add up noise, N(0, 0.1²) at each step, and nothing else.
    cell: c of an untrained LSTM97 (I = 4, H = 16) that reads 4 sequences of N(0, 1) input.
    """
    rng = np.random.default_rng(seed)
    bare = np.cumsum(0.1 * rng.normal(size=(1024, 256)), axis=0)
    p = init(LSTM97, 4, 16, rng)
    (_, cs), _ = unroll(LSTM97, p, rng.normal(size=(1024, 4, 4)))
    return bare, cs.reshape(1024, -1)


def growth_exponents() -> tuple[float, float]:
    """The exponent k in |c| ~ t**k, between step 256 and step 1024: of the bare carousels, and of the cell's.

    With m(t) the mean of |c| over all columns after t steps: k = ln(m(1024) / m(256)) / ln(1024 / 256).
    Each answer is the mean over example(0) … example(4).
    """
    exponents = []
    for seed in range(5):
        sizes = [np.abs(c).mean(axis=1) for c in example(seed)]  # sizes[·][t - 1] belongs to step t
        exponents.append([np.log(size[1023] / size[255]) / np.log(4) for size in sizes])
    return tuple(np.mean(exponents, axis=0).tolist())


@cache
def _sizes() -> list:
    """(m(256), m(1024)) of both kinds of state, for each example: (5, 2, 2)."""
    return [[np.abs(c).mean(axis=1)[[255, 1023]] for c in example(seed)] for seed in range(5)]


def _of(measure) -> tuple[float, float]:
    """The mean over the examples of another measure of m(256) and m(1024)."""
    return tuple(np.mean([[measure(*m) for m in pair] for pair in _sizes()], axis=0).tolist())


def _exponent(early: float, late: float) -> float:
    return np.log(late / early) / np.log(4)


HINTS = (
    "On two logarithmic axes |c| against t is a straight line, and the exponent is its slope. Two points of the\n"
    "line are enough.",
    "With m(t) = the mean of |c| after t steps: k = ln(m(1024) / m(256)) / ln 4, once for each kind of state.",
    """
    exponents = []
    for seed in range(5):
        sizes = [np.abs(c).mean(axis=1) for c in example(seed)]
        exponents.append([...  for size in sizes])
    """,
)

SYMPTOMS = {
    "I get numbers near 2 and 4": "Those are the ratios m(1024) / m(256). The exponent is the logarithm of the "
    "ratio, divided by ln 4.",
    "my means are near zero": "Take |c| before the mean: states that went up and states that went down cancel.",
    "IndexError": "Step t stands at index t - 1: step 1024 is the last one, index 1023.",
    "exponents must be two numbers": "Hand in a pair: that of the bare carousels first, that of the cell second.",
}

WRONG = {
    "both noise": wrong(
        lambda: (_of(_exponent)[0],) * 2,
        "the cell is taken for a pile of noise as well; each of its units writes with a mean of its own at every "
        "step, and a mean adds up with t",
    ),
    "the ratios": wrong(
        lambda: _of(lambda early, late: late / early),
        "the ratios m(1024) / m(256) are given, not the exponents that belong to them",
    ),
    "per step": wrong(
        lambda: _of(lambda early, late: (late - early) / 768),
        "the growth per step is given, not the exponent",
    ),
    "not divided": wrong(
        lambda: _of(lambda early, late: np.log(late / early)),
        "the logarithm of m(1024) / m(256) is not divided by ln 4, the logarithm of the ratio of the steps",
    ),
    "the other way round": wrong(
        lambda: _of(_exponent)[::-1],
        "the two are swapped: the bare carousels come first, the cell second",
    ),
    "ln 1024": wrong(
        lambda: _of(lambda early, late: np.log(late / early) / np.log(1024)),
        "the logarithm of m(1024) / m(256) is divided by ln 1024: between the two the steps grow by a factor of 4",
    ),
    "from the size alone": wrong(
        lambda: _of(lambda early, late: np.log(late) / np.log(1024)),
        "ln m(1024) / ln 1024 is given: that is the exponent only if |c| is 1 after one step; take two points",
    ),
    "square": wrong(
        lambda: _of(lambda early, late: 2 * _exponent(early, late)),
        "the exponents are twice as large as they should be: those are the exponents of c², or of its variance",
    ),
    "upside down": wrong(
        lambda: _of(lambda early, late: _exponent(late, early)),
        "the sign is turned: m(1024) is the larger of the two",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E3.4",
    title="How does the state grow?",
    solution=growth_exponents,
    kind="experiment",
    minutes=12,
    difficulty=3,
    importance=4,
    lines=5,
    can_now="tell noise that piles up from a drift, and say which of the two fills an untrained cell of 1997",
    returns={"bare": "a number", "cell": "a number"},
    rtol=0,
    atol=0.08,
    stub="exponents = ...  # (of the bare carousels, of the cell), each the mean over example(0) … example(4)",
    helpers=(example,),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
