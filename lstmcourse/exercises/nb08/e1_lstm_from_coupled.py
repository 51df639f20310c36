"""E8.1: the coupled cell as a limiting case of the LSTM."""

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises.nb06.e1_coupled_step import draw


def lstm_from_coupled(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of an LSTM that computes, at every step, exactly what a coupled cell computes.

    W (3H, I), U (3H, H), b (3H,): the coupled cell's, rows f, g, o; it has i = 1 - f.
    Returns W (4H, I), U (4H, H), b (4H,): the LSTM's, rows i, f, g, o.
    """
    H = U.shape[1]
    W, U, b = (np.concatenate([-w[:H], w]) for w in (W, U, b))
    return W, U, b


HINTS = (
    "The rows of f, g and o can stay. Which rows of i make σ(a_i) equal to 1 − σ(a_f), whatever comes in?",
    "1 − σ(a) = σ(−a), and a_f = W_f x + U_f h_ + b_f.",
    """
    H = U.shape[1]
    W = np.concatenate([..., W])  # the first H rows are those of f
    """,
)

SYMPTOMS = {
    "the shapes are right, the values are not": "i = 1 - f asks for the sign of a_i. All three turn: W, U and b.",
    "the arrays have 3H rows": "The LSTM computes its input gate: H rows more, and they come first.",
}


WRONG = {
    "same sign": wrong("-w[:H]", "w[:H]", "the rows of i are those of f as they stand: then i = f, and not 1 - f"),
    "zero rows": wrong("-w[:H]", "0 * w[:H]", "the rows of i are 0: then i is a half, whatever f is"),
    "one minus the weights": wrong(
        "-w[:H]", "1 - w[:H]", "1 - W_f, 1 - U_f and 1 - b_f are taken: the gate is taken from 1, not its weights"
    ),
    "rows last": wrong("[-w[:H], w]", "[w, -w[:H]]", "the rows of i are put last; they come first"),
    "f and i exchanged": wrong(
        "[-w[:H], w]", "[w[:H], -w[:H], w[H:]]",
        "f and i have changed places: the cell keeps what it should write, and writes what it should keep",
    ),
    "the candidate's rows": wrong("-w[:H]", "-w[H : 2 * H]", "the rows of i are made from those of g; f's come first"),
    "all rows turned": wrong("-w[:H], w]", "-w[:H], -w]", "the signs of all rows are turned; only those of i are"),
    "bias with its sign": wrong(
        "return W, U, b", "return W, U, np.concatenate([-b[:H], b[H:]])",
        "the bias of i keeps the sign of b_f; it belongs to the same sum",
    ),
    "only the bias": wrong(
        "return W, U, b",
        "return np.concatenate([-W[:H], W[H:]]), np.concatenate([-U[:H], U[H:]]), b",
        "only the bias of i is turned; W and U belong to the same sum",
    ),
    "one minus the bias": wrong(
        "return W, U, b", "return W, U, np.concatenate([1 + b[:H], b[H:]])",
        "the bias of i is 1 - b_f; what goes into the σ is negated, -b_f",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E8.1",
    title="Coupling is a limiting case",
    solution=lstm_from_coupled,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="show that one cell is a limiting case of another: by weights, and not by resemblance",
    returns={"W": "(4H, I)", "U": "(4H, H)", "b": "(4H,)"},
    rows="ifgo",
    case=lambda rng, n: draw(rng, n.I, n.H),
    sizes=STEP_SIZES,
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={"one unit, one input": lambda rng: (np.ones((3, 1)), np.ones((3, 1)), np.array([1.0, 2.0, 3.0]))},
)
