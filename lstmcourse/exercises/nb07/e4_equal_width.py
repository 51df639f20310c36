"""E7.4: the width at which a GRU has as many parameters as an LSTM."""

from functools import partial

from lstmcourse.exercises import Exercise, wrong


def equal_width() -> int:
    """The largest H for which torch.nn.GRU(64, H) has at most as many parameters as torch.nn.LSTM(64, 128).

    torch.nn has two biases in each row: G H (I + H + 2) parameters with G gates.
    """
    return _width()


def _width(gru_gates: int = 3, lstm_gates: int = 4, biases: int = 2, I: int = 64, lstm: int = 128) -> int:
    budget = lstm_gates * lstm * (I + lstm + biases)
    H = 1
    while gru_gates * (H + 1) * (I + H + 1 + biases) <= budget:
        H += 1
    return H


HINTS = (
    "Count, do not solve: sum(p.numel() for p in layer.parameters()), for one H after the other.",
    "An LSTM has 4 H (I + H + 2) parameters in torch.nn, a GRU 3 H (I + H + 2).",
    """
    size = lambda layer: sum(p.numel() for p in layer.parameters())
    budget = size(torch.nn.LSTM(64, 128))
    width = max(H for H in range(1, 300) if ...)
    """,
)

SYMPTOMS = {
    "one too large": "At most as many: ≤. And the largest H that still fits, not the first that does not.",
    "170 or 171": "4/3 of the width would do if parameters grew with H; they grow with H squared.",
}

WRONG = {
    "equal width": wrong(
        lambda: 128,
        "you give 128, which is equal width; the GRU has three quarters of the parameters then",
    ),
    "four thirds": wrong(lambda: 170, "the width is taken times 4/3, as if parameters grew with H and not with H²"),
    "one too many": wrong(lambda: _width() + 1, "you give the first width that has more, not the last that fits"),
    "four thirds, rounded up": wrong(
        lambda: 171,
        "the width is taken times 4/3, as if parameters grew with H and not with H²",
    ),
    "one too few": wrong(lambda: 150, "you give 150, which fits; so does one more, and asked is the largest that fits"),
    "square root": wrong(
        lambda: 147,
        "128 is taken times the square root of 4/3: that forgets the inputs, whose part grows with H only",
    ),
    "square root, rounded up": wrong(
        lambda: 148,
        "128 is taken times the square root of 4/3: that forgets the inputs, whose part grows with H only",
    ),
    "a plain network": wrong(partial(_width, gru_gates=1), "you counted a network with one gate"),
}

exercise = Exercise(
    id="E7.4",
    title="Equal parameters",
    solution=equal_width,
    kind="experiment",
    minutes=8,
    difficulty=1,
    importance=3,
    lines=4,
    can_now="compare two cells at equal parameters instead of equal width, and say which of the two a paper did",
    returns={"width": "a number of units"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    rtol=0,
    atol=0.1,
    stub="width = ...  # the largest H for which torch.nn.GRU(64, H) is no larger than torch.nn.LSTM(64, 128)",
    helpers=(_width,),
)
