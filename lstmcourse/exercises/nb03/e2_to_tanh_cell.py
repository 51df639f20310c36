"""E3.2: the squashing functions of 1997, rewritten as tanh."""

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises.nb03.e1_lstm97_step import draw


def to_tanh_cell(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the paper's cell, rewritten for the cell with tanh: the same h at every step.

    The paper squashes the candidate with 4 sigma(a) - 2 and the state with 2 sigma(c) - 1; our cell
    uses tanh for both.
    W (3H, I), U (3H, H), b (3H,), rows i, g, o. The arrays passed in stay as they are.
    Returns new W, U, b of the same shapes.
    """
    H = U.shape[1]
    half = np.repeat([1.0, 0.5, 1.0], H)
    return W * half[:, None], U * half[:, None], b * half


HINTS = (
    "Write both squashing functions of the paper as a tanh. Then see what the factor in front of the first does\n"
    "to c, and what the second does to a c that is that much larger.",
    "2 σ(a) − 1 = tanh(a/2), so the candidate is 2 tanh(a/2) and h = o ∘ tanh(c/2). With k = c/2 the paper's cell\n"
    "reads k = k₋ + i ∘ tanh(a_g/2), h = o ∘ tanh(k). Only a_g has to be halved.",
    """
    H = U.shape[1]
    half = np.repeat([1.0, 0.5, 1.0], H)  # one factor a row
    return W * half[:, None], ...
    """,
)

SYMPTOMS = {
    "the arrays passed in changed": "W[H:2*H] *= 0.5 writes into the caller's array. Multiply with a vector of "
    "factors, or copy first.",
    "W is right, b is not": "The bias is part of a_g: half of (W x + U h_ + b) is half of all three.",
    "operands could not be broadcast together": "A factor for each row of a (3H, I) matrix is a column: "
    "half[:, None], shape (3H, 1).",
}

WRONG = {
    "all rows halved": wrong(
        "[1.0, 0.5, 1.0]", "[0.5, 0.5, 0.5]",
        "the gates' rows are halved too; their sigmoid is the same in both cells",
    ),
    "input gate halved": wrong(
        "[1.0, 0.5, 1.0]", "[0.5, 1.0, 1.0]",
        "the first H rows are halved, and those belong to the input gate; the candidate's come second",
    ),
    "doubled": wrong(
        "[1.0, 0.5, 1.0]", "[1.0, 2.0, 1.0]",
        "the candidate's rows are doubled: that is the way back, from our cell to the paper's",
    ),
    "a quarter": wrong(
        "[1.0, 0.5, 1.0]", "[1.0, 0.25, 1.0]",
        "the candidate's rows are divided by four: 4σ(a) − 2 is 2 tanh(a/2), and the 2 in front goes into c",
    ),
    "unchanged": wrong(
        "[1.0, 0.5, 1.0]", "[1.0, 1.0, 1.0]",
        "nothing is changed: then the candidate's tanh is twice as steep as the paper's",
    ),
    "bias forgotten": wrong("b * half", "b", "the bias of the candidate is left as it was"),
    "only W": wrong("U * half[:, None], b * half", "U, b", "only W is halved; U h_ and b are part of the same sum"),
    "only U": wrong("W * half[:, None]", "W", "b * half", "b", "only U is halved; W x and b are part of the same sum"),
    "only b": wrong(
        "W * half[:, None], U * half[:, None]", "W, U",
        "only b is halved; W x and U h_ are part of the same sum",
    ),
    "W forgotten": wrong("W * half[:, None]", "W", "the candidate's rows of W are left as they were"),
    "U forgotten": wrong("U * half[:, None]", "U", "the candidate's rows of U are left as they were"),
    "output gate halved": wrong(
        "[1.0, 0.5, 1.0]", "[1.0, 1.0, 0.5]",
        "the last H rows are halved, and those belong to the output gate; the candidate's come second",
    ),
    "output gate halved too": wrong(
        "[1.0, 0.5, 1.0]", "[1.0, 0.5, 0.5]",
        "the output gate's rows are halved as well: the 2 in 2σ(c) - 1 belongs to the state, and o keeps its σ",
    ),
    "output gate doubled": wrong(
        "[1.0, 0.5, 1.0]", "[1.0, 0.5, 2.0]",
        "the candidate is right and the output gate's rows are doubled: o has the same σ in both cells",
    ),
    "both gates, not g": wrong(
        "[1.0, 0.5, 1.0]", "[0.5, 1.0, 0.5]",
        "the gates' rows are halved and the candidate's are not; it is the other way round",
    ),
    "in place": wrong(
        "return W * half[:, None], U * half[:, None], b * half",
        "for p in (W, U, b):\n        p[H : 2 * H] *= 0.5\n    return W, U, b",
        "the caller's arrays are changed in place",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E3.2",
    title="The squashing functions of 1997",
    solution=to_tanh_cell,
    minutes=12,
    difficulty=3,
    importance=3,
    lines=3,
    can_now="read the paper's cell and ours as one function of the input, and say what is different inside",
    returns={"W": "(3H, I)", "U": "(3H, H)", "b": "(3H,)"},
    case=lambda rng, n: draw(rng, n.I, n.H),
    sizes=STEP_SIZES,
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "one unit, one input": lambda rng: (np.ones((3, 1)), np.ones((3, 1)), np.array([1.0, 2.0, 3.0])),
        "no weights at all": lambda rng: (np.zeros((6, 1)), np.zeros((6, 2)), np.zeros(6)),
    },
)
