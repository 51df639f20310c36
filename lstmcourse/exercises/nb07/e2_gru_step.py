"""E7.2: one step of the GRU, with the reset after the product."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises.nb07 import e1_gru_step_reset_before as e1
from lstmcourse.reference import sigmoid  # noqa: F401, for a candidate that goes through it


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The case of E7.1 with a second bias b_hn (H,)."""
    W, U, b, x, h_ = e1.case(rng, n)
    return W, U, b, rng.normal(size=n.H), x, h_


def gru_step(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, b_hn: np.ndarray, x: np.ndarray, h_: np.ndarray
) -> tuple[np.ndarray]:
    """One step of the GRU of cuDNN and PyTorch: the reset gate acts on U_n h_ + b_hn, after the product.

    W (3H, I), U (3H, H), b (3H,), rows r, z, n as in E7.1; b_hn (H,) is the candidate's second bias.
    x (B, I) is the input now, h_ (B, H) the state one step ago; z is the share of the OLD state.
    Returns (h,), a tuple that holds h (B, H) alone.
    """
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    u_r, u_z, u_n = np.split(h_ @ U.T, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + u_r)))
    z = 1 / (1 + np.exp(-(a_z + u_z)))
    n = np.tanh(a_n + r * (u_n + b_hn))
    h = (1 - z) * n + z * h_
    return (h,)


HINTS = (
    "All recurrent products can now be done in one, because none of them waits for r. That is why cuDNN has it so.",
    "v = U_n h_ + b_hn,  n = tanh(W_n x + b_n + r ∘ v); the rest is as in E7.1.",
    """
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    u_r, u_z, u_n = np.split(h_ @ U.T, 3, axis=1)
    r = ...
    """,
)

SYMPTOMS = {
    "nearly right": "The second bias: r multiplies it too. Set r to 0 in your mind: b_hn must vanish.",
    "right for b_hn = 0 only": "b_hn stands inside the bracket that r multiplies.",
}

RESET_BEFORE = "(r * h_) @ np.split(U, 3)[2].T"

WRONG = e1.SHARED | {
    "both biases inside": wrong(
        "n = np.tanh(a_n + r * (u_n + b_hn))",
        "b_n = np.split(b, 3)[2]\n    n = np.tanh(a_n - b_n + r * (u_n + b_hn + b_n))",
        "n's rows of b stand inside the bracket, so that the reset gate acts on them too; inside is b_hn alone",
    ),
    "no reset": wrong("r * (u_n", "(u_n", e1.NO_RESET),
    "rows z r n": wrong("a_r, a_z, a_n =", "a_z, a_r, a_n =", "u_r, u_z, u_n =", "u_z, u_r, u_n =", e1.ZRN),
    "rows r n z": wrong("a_r, a_z, a_n =", "a_r, a_n, a_z =", "u_r, u_z, u_n =", "u_r, u_n, u_z =", e1.RNZ),
    "U not transposed": wrong(
        "np.split(h_ @ U.T, 3, axis=1)", "(h_ @ block for block in np.split(U, 3))", e1.TURNED
    ),
    "z sees a reset state": wrong("a_z + u_z", "a_z + (r * h_) @ np.split(U, 3)[1].T", e1.Z_RESET),
    "reset on the sum": wrong("a_n + r * (u_n", "r * (a_n + u_n", e1.ON_THE_SUM),
    "input left out": wrong("a_n + r", "r", e1.NO_INPUT),
    "reset before": wrong(
        "r * (u_n + b_hn)", f"{RESET_BEFORE} + b_hn",
        "the reset gate acts before the product with U_n: that is the GRU of E7.1 with one more bias",
    ),
    "bias outside": wrong(
        "(u_n + b_hn)", "u_n + b_hn", "b_hn is added outside the bracket, so that the reset gate does not reach it"
    ),
    "bias twice": wrong(
        "(u_n + b_hn)", "(u_n + b_hn) + b_hn", "b_hn is added inside the bracket and outside it as well"
    ),
    "bias for all": wrong(
        "a_r + u_r", "a_r + u_r + b_hn", "a_z + u_z", "a_z + u_z + b_hn",
        "b_hn is added to all three blocks; it is the candidate's alone",
    ),
    "reset before, bias in the gate": wrong(
        "r * (u_n + b_hn)", f"{RESET_BEFORE} + r * b_hn",
        "r multiplies h_ before the product with U_n, and b_hn by itself; here it multiplies U_n h_ + b_hn",
    ),
    "z for r": wrong("r * (u_n", "z * (u_n", e1.Z_FOR_R),
    "1 - r": wrong("r * (u_n", "(1 - r) * (u_n", "1 - r multiplies the bracket; r = 0 is what shuts it out"),
    "U_n h_ outside too": wrong(
        "a_n + r * (u_n", "a_n + u_n + r * (u_n", "U_n h_ is added outside the bracket as well, past the reset gate"
    ),
    "no second bias": wrong("u_n + b_hn", "u_n", "b_hn is left out"),
}  # fmt: skip

exercise = Exercise(
    id="E7.2",
    title="The GRU of cuDNN",
    solution=gru_step,
    minutes=5,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="say which GRU a library has by looking at one line, and why that one wants a second bias",
    returns={"h": "(B, H)"},
    rows="rzn",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=STEP_SIZES,
    edges={
        "z at 1: h is h_, whatever comes in": lambda rng: (
            *e1.keeping(rng, 500.0)[:3], np.ones(2), *e1.keeping(rng, 500.0)[3:]
        ),
        "a second bias alone": lambda rng: (
            np.zeros((6, 1)), np.zeros((6, 2)), np.zeros(6), np.array([1.0, -2.0]), np.ones((1, 1)), np.zeros((1, 2))
        ),
    },
)  # fmt: skip
