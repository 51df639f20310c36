"""E7.5: the width at which a GRU has as many parameters as an LSTM."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def equal_width(inputs: int, units: int) -> int:
    """The largest H for which torch.nn.GRU(inputs, H) has no more parameters than torch.nn.LSTM(inputs, units).

    inputs, units: whole numbers, at least 1. Both layers as torch makes them, with two biases for every row.
    Returns H, a whole number.
    """
    budget = 4 * units * (inputs + units + 2)
    H = units
    while 3 * (H + 1) * (inputs + H + 1 + 2) <= budget:
        H += 1
    return H


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """(inputs, units)."""
    return n.I, n.H


HINTS = (
    "Count, do not solve: how many parameters has each layer? Then try one H after the other. (Making the layers and\n"
    "asking them, sum(p.numel() for p in layer.parameters()), gives the same, slowly.)",
    "Every row of a gate has `inputs` weights in W, `units` in U and two biases. An LSTM has four blocks of rows,\n"
    "a GRU three; a block has as many rows as there are units.",
    """
    budget = 4 * units * (inputs + units + ...)
    H = units  # this one fits for sure
    while ... <= budget:  # does one more fit?
        H += 1
    return H
    """,
)

SYMPTOMS = {
    "one too large": "No more than: ≤. And the largest H that still fits, not the first that does not.",
    "4/3 of the units": "4/3 would do if parameters grew with H; the part in U grows with H squared.",
    "right for some sizes only": "Is everything counted: W with its inputs, U, and two biases for every row?",
}

SQUARE = "the width is taken times 4/3, as if parameters grew with H and not with H²"
ROOT = "the units are taken times the square root of 4/3: that leaves out W and the biases, which grow with H only"

WRONG = {
    "four thirds, rounded": wrong(lambda inputs, units: round(units * 4 / 3), SQUARE),
    "the root, rounded": wrong(
        lambda inputs, units: round(
            ((9 * (inputs + 2) ** 2 + 48 * units * (inputs + units + 2)) ** 0.5 - 3 * (inputs + 2)) / 6
        ),
        "the root of the equation is rounded to the nearest: half of the time that is the first width that has more",
    ),
    "equal width": wrong(
        lambda inputs, units: units,
        "the GRU has the LSTM's width; it has three quarters of the parameters then, so a wider one fits",
    ),
    "four thirds": wrong(lambda inputs, units: 4 * units // 3, SQUARE),
    "four thirds, rounded up": wrong(lambda inputs, units: -(-4 * units // 3), SQUARE),
    "square root": wrong(lambda inputs, units: int(units * (4 / 3) ** 0.5), ROOT),
    "square root, rounded up": wrong(lambda inputs, units: int(units * (4 / 3) ** 0.5) + 1, ROOT),
    "one too many": wrong("return H", "return H + 1", "this is the first width that has more, not the last that fits"),
    "one too few": wrong("return H", "return H - 1", "this fits, and so does one more; asked is the largest that fits"),
    "exactly as many is too many": wrong(
        "<= budget", "< budget", "a width with exactly as many parameters is refused; it has no more, so it fits"
    ),
    "one bias": wrong(
        "+ units + 2)", "+ units + 1)", "H + 1 + 2)", "H + 1 + 1)",
        "each row is counted with one bias; torch's layers have two, bias_ih and bias_hh",
    ),
    "no biases": wrong(
        "+ units + 2)", "+ units)", "H + 1 + 2)", "H + 1)", "the biases are not counted; torch has two for every row"
    ),
    "no inputs": wrong(
        "(inputs + units", "(units", "(inputs + H", "(H", "W is not counted: every row has a weight for each input"
    ),
    "two blocks": wrong(
        "3 * (H", "2 * (H", "the GRU is counted with its two gates; the candidate has a block of rows too"
    ),
}  # fmt: skip

exercise = Exercise(
    id="E7.5",
    title="Equal parameters",
    solution=equal_width,
    minutes=8,
    difficulty=2,
    importance=3,
    lines=4,
    can_now="compare two cells at equal parameters instead of equal width, and say which of the two a paper did",
    returns={"H": "a number of units"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"I": 64, "H": 128}, {"I": 1, "H": 31}, {"I": 1, "H": 25}),  # on the last two the biases decide
    edges={"exactly as many parameters": lambda rng: (3, 30)},
)
