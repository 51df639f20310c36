"""E7.1: one step of the GRU, with the reset before the product."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises._cases import weights
from lstmcourse.reference import sigmoid  # noqa: F401, for a candidate that goes through it

_weights = partial(weights, gates=3)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The weights, x (B, I), and h_ (B, H) within ±1."""
    return (*_weights(rng, n.I, n.H), rng.normal(size=(n.B, n.I)), np.tanh(rng.normal(size=(n.B, n.H))))


def keeping(rng: np.random.Generator, b_z: float) -> tuple:
    """Two units, z fixed by its bias."""
    W, U, b, x, h_ = case(rng, SimpleNamespace(B=2, I=1, H=2))
    W[2:4], U[2:4], b[2:4] = 0, 0, b_z
    return W, U, b, x, h_


def gru_step_reset_before(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray
) -> tuple[np.ndarray]:
    """One step of the GRU as Cho et al. (2014) published it: the reset gate acts on h_ before U_n does.

    W (3H, I), U (3H, H), b (3H,): the rows of the reset gate r first, then the update gate z, then the candidate n.
    x (B, I) is the input now, h_ (B, H) the state one step ago; z is the share of the OLD state.
    Returns (h,), a tuple that holds h (B, H) alone.
    """
    H = U.shape[1]
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_ @ U[:H].T)))
    z = 1 / (1 + np.exp(-(a_z + h_ @ U[H : 2 * H].T)))
    n = np.tanh(a_n + (r * h_) @ U[2 * H :].T)
    h = (1 - z) * n + z * h_
    return (h,)


HINTS = (
    "Two gates first, both from x and h_. The candidate sees a state that has passed the reset gate. Then an\n"
    "average of old and new.",
    "r = σ(W_r x + U_r h_ + b_r),  z = σ(W_z x + U_z h_ + b_z),  n = tanh(W_n x + U_n (r ∘ h_) + b_n),\n"
    "h = (1 − z) ∘ n + z ∘ h_. U holds U_r, U_z, U_n on top of each other.",
    """
    H = U.shape[1]
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_ @ U[:H].T)))
    z = ...
    n = np.tanh(a_n + (r * h_) @ ...)
    """,
)

SYMPTOMS = {
    "right for h_ = 0, wrong otherwise": "Then x's part is right. See where r acts: on h_, inside the product with "
    "U_n, and on nothing else.",
    "far off everywhere": "Set b_z to 500: h must be h_. If it is the candidate, the shares are exchanged.",
    "ValueError: array split does not result in an equal division": "The gates lie side by side: axis=1. The rows "
    "of U lie on top of each other: axis 0.",
}

# Mistakes that both orders of the reset share: they patch what the two steps have in common.
SHARED = {
    "shares exchanged": wrong(
        "(1 - z) * n + z * h_", "z * n + (1 - z) * h_",
        "z is given to the new state and 1 - z to the old one: the convention of Chung et al. and of two of the "
        "articles; ours and PyTorch's is the other one",
    ),
    "nothing replaced": wrong(
        "(1 - z) * n", "n", "the candidate is added whole; its share is what z leaves to 1"
    ),
    "old state dropped": wrong(" + z * h_", "", "the share of the old state, z * h_, is left out"),
    "sigmoid candidate": wrong("np.tanh(", "sigmoid(", "the candidate goes through σ; it is a tanh"),
    "the kept state is reset": wrong(
        "z * h_", "z * r * h_",
        "the reset gate multiplies the old state in the average too; it acts inside the candidate only",
    ),
    "no bias": wrong("x @ W.T + b", "x @ W.T", "the bias b is left out"),
    "squashed twice": wrong(
        "(1 - z) * n + z * h_", "np.tanh((1 - z) * n + z * h_)",
        "h goes through a tanh of its own; an average of numbers within ±1 needs none, and z = 1 would not keep it",
    ),
    "sign in the σ": wrong(
        "-(a_r", "(a_r", "-(a_z", "(a_z",
        "the minus in σ(a) = 1 / (1 + exp(-a)) is missing: both gates do the opposite",
    ),
    "no tuple": wrong("return (h,)", "return h", "h is returned by itself; the state is a tuple: return (h,)"),
}  # fmt: skip

NO_RESET = "the reset gate is computed and not used"
ZRN = "the rows are taken in the order z, r, n, which is Keras's and ONNX's; here they lie r, z, n"
RNZ = "the rows are taken in the order r, n, z; here they lie r, z, n"
TURNED = "each block of U is used as it stands where its transpose is needed"
Z_RESET = "the update gate reads r ∘ h_; both gates read h_, and only the candidate reads it through r"
ON_THE_SUM = "the reset gate multiplies the input's part as well; it acts on the state alone"
NO_INPUT = "W_n x + b_n is left out of the candidate"
Z_FOR_R = "the update gate stands where the reset gate belongs"

WRONG = SHARED | {
    "no reset": wrong("(r * h_) @", "h_ @", NO_RESET),
    "rows z r n": wrong(
        "a_r, a_z, a_n =", "a_z, a_r, a_n =", "U[:H]", "U[H : 2 * H]", "U[H : 2 * H]", "U[:H]", ZRN
    ),
    "rows r n z": wrong(
        "a_r, a_z, a_n =", "a_r, a_n, a_z =", "U[H : 2 * H]", "U[2 * H :]", "U[2 * H :]", "U[H : 2 * H]", RNZ
    ),
    "U not transposed": wrong(
        "U[:H].T", "U[:H]", "U[H : 2 * H].T", "U[H : 2 * H]", "U[2 * H :].T", "U[2 * H :]", TURNED
    ),
    "z sees a reset state": wrong("a_z + h_ @", "a_z + (r * h_) @", Z_RESET),
    "reset on the sum": wrong("a_n + (r * h_) @ U[2 * H :].T", "r * (a_n + h_ @ U[2 * H :].T)", ON_THE_SUM),
    "input left out": wrong("a_n + (r", "(r", NO_INPUT),
    "reset after": wrong(
        "(r * h_) @ U[2 * H :].T", "r * (h_ @ U[2 * H :].T)",
        "the reset gate acts after the product with U_n: that is PyTorch's GRU, and the next exercise",
    ),
    "reset on the input too": wrong(
        "(a_n +", "(r * a_n +", "the reset gate multiplies W_n x + b_n as well; it acts on the state alone"
    ),
    "z for r": wrong("(r * h_)", "(z * h_)", Z_FOR_R),
    "1 - r": wrong("(r * h_)", "((1 - r) * h_)", "1 - r multiplies the old state; r = 0 is what shuts it out"),
}  # fmt: skip

exercise = Exercise(
    id="E7.1",
    title="The GRU of Cho et al.",
    solution=gru_step_reset_before,
    minutes=10,
    difficulty=3,
    importance=4,
    lines=6,
    can_now="write the GRU as it was published, and point at the place where the reset gate acts",
    returns={"h": "(B, H)"},
    rows="rzn",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=STEP_SIZES,
    edges={
        "z at 1: h is h_, whatever comes in": lambda rng: keeping(rng, 500.0),
        "z at 0: h is the candidate": lambda rng: keeping(rng, -500.0),
    },
)
