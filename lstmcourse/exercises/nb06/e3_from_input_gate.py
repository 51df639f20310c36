"""E6.3: from the convention of the input gate to that of the forget gate."""

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises.nb06.e1_coupled_step import draw


def from_input_gate(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of a cell that computes the input gate and forgets f = 1 - i, rewritten for ours, which computes f.

    W (3H, I), U (3H, H), b (3H,): rows i, g, o as Greff et al. have them. The arrays passed in stay as they are.
    Returns W, U, b of the same shapes, rows f, g, o, such that coupled_step gives the same h and c.
    """
    H = U.shape[1]
    sign = np.repeat([-1.0, 1.0, 1.0], H)
    return W * sign[:, None], U * sign[:, None], b * sign


HINTS = (
    "Their f is 1 − σ(a_i). Write it as a σ of something.",
    "1 − σ(a) = σ(−a). So a_f = −a_i, and a_i = W_i x + U_i h_ + b_i.",
    """
    H = U.shape[1]
    sign = np.repeat([-1.0, 1.0, 1.0], H)  # one sign a row
    return W * sign[:, None], ...
    """,
)

SYMPTOMS = {
    "the arrays passed in changed": "W[:H] *= -1 writes into the caller's array. Multiply with a vector of signs.",
    "W is right, b is not": "The whole sum W x + U h_ + b changes its sign, bias included.",
}

WRONG = {
    "unchanged": wrong(
        "[-1.0, 1.0, 1.0]", "[1.0, 1.0, 1.0]",
        "nothing is changed: then the cell keeps what it should forget, and forgets what it should keep",
    ),
    "all rows": wrong("[-1.0, 1.0, 1.0]", "[-1.0, -1.0, -1.0]", "every row changes its sign; only the gate's must"),
    "the last rows": wrong(
        "[-1.0, 1.0, 1.0]", "[1.0, 1.0, -1.0]",
        "the output gate's rows change their sign; the first H rows are the input gate's",
    ),
    "bias forgotten": wrong("b * sign", "b", "the bias of the gate keeps its sign"),
    "only the bias": wrong(
        "W * sign[:, None], U * sign[:, None]", "W, U",
        "only the bias changes its sign; W_i and U_i belong to it",
    ),
    "the candidate's rows": wrong(
        "[-1.0, 1.0, 1.0]", "[1.0, -1.0, 1.0]",
        "the candidate's rows change their sign; the first H rows are the input gate's",
    ),
    "only W": wrong(
        "U * sign[:, None], b * sign", "U, b",
        "only W_i changes its sign; U_i and b_i belong to the same sum",
    ),
    "only U": wrong(
        "W * sign[:, None]", "W", "b * sign", "b",
        "only U_i changes its sign; W_i and b_i belong to the same sum",
    ),
    "rows dropped": wrong(
        "[-1.0, 1.0, 1.0]", "[0.0, 1.0, 1.0]",
        "the gate's rows are set to 0: then f is a half, whatever comes in",
    ),
    "rows moved": wrong(
        "return W * sign[:, None], U * sign[:, None], b * sign",
        "return tuple(np.roll(a, -H, axis=0) for a in (W, U, b))",
        "the gate's rows are moved to the end; both conventions have the gate first, and only its sign differs",
    ),
    "one minus the bias": wrong(
        "return W * sign[:, None], U * sign[:, None], b * sign", "return W, U, np.concatenate([1 - b[:H], b[H:]])",
        "1 - b stands for the bias: the gate is taken from 1, not what goes into its σ",
    ),
    "one minus the weights": wrong(
        "return W * sign[:, None], U * sign[:, None], b * sign",
        "return tuple(np.concatenate([1 - a[:H], a[H:]]) for a in (W, U, b))",
        "1 - W, 1 - U and 1 - b are taken: it is the gate that is taken from 1, not its weights",
    ),
    "in place": wrong(
        "return W * sign[:, None], U * sign[:, None], b * sign",
        "for a in (W, U, b):\n        a[:H] *= -1\n    return W, U, b",
        "the caller's arrays are changed in place",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E6.3",
    title="From the other convention to ours",
    solution=from_input_gate,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="carry the weights of a CIFG cell from one library to another without changing one output",
    returns={"W": "(3H, I)", "U": "(3H, H)", "b": "(3H,)"},
    case=lambda rng, n: draw(rng, n.I, n.H),
    sizes=STEP_SIZES,
    rows="fgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={"one unit, one input": lambda rng: (np.ones((3, 1)), np.ones((3, 1)), np.array([1.0, 2.0, 3.0]))},
)
