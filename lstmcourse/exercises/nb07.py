"""Exercises of notebook 07: the GRU's step with the reset after and before the product, its way back, equal widths."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register
from lstmcourse.exercises._cases import weights
from lstmcourse.reference import sigmoid

_weights = partial(weights, gates=3)


def _before_case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    return (*_weights(rng, n.I, n.H), rng.normal(size=(n.B, n.I)), np.tanh(rng.normal(size=(n.B, n.H))))


def _after_case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    W, U, b, x, h_ = _before_case(rng, n)
    return W, U, b, rng.normal(size=n.H), x, h_


def _keeping(rng: np.random.Generator, b_z: float) -> tuple:
    """Two units, z fixed by its bias."""
    W, U, b, x, h_ = _before_case(rng, SimpleNamespace(B=2, I=1, H=2))
    W[2:4], U[2:4], b[2:4] = 0, 0, b_z
    return W, U, b, x, h_


# --- E7.1 the step with the reset before the product ------------------------------------------------------------


def gru_step_reset_before(W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray) -> np.ndarray:
    """One step of the GRU as Cho et al. (2014) published it: the reset gate acts on h_ before U_n does.

    W (3H, I), U (3H, H), b (3H,): the rows of the reset gate r first, then the update gate z, then the candidate n.
    x (B, I) is the input now, h_ (B, H) the state one step ago; z is the share of the OLD state.
    Returns h (B, H).
    """
    H = U.shape[1]
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_ @ U[:H].T)))
    z = 1 / (1 + np.exp(-(a_z + h_ @ U[H : 2 * H].T)))
    n = np.tanh(a_n + (r * h_) @ U[2 * H :].T)
    return (1 - z) * n + z * h_


def _step_but(
    W, U, b, x, h_, b_hn=None, *, reset="before", old="z", order=(0, 1, 2), n=np.tanh, h_mix=True, bias="in", turn=True,
    kept="h_", z_sees="h_", left_out="", outer=lambda h: h, sign=1.0, gates_too=0.0,
):  # fmt: skip
    """The step with one thing done otherwise: what the registered mistakes are made of."""
    b_hn = np.zeros(U.shape[1]) if b_hn is None else b_hn
    parts = np.split(x @ W.T + (0.0 if left_out == "b" else b), 3, axis=1)
    blocks = np.split(U, 3)
    a_r, a_z, a_n = (parts[k] for k in order)
    U_r, U_z, U_n = (blocks[k].T if turn else blocks[k] for k in order)
    r = sigmoid(sign * (a_r + h_ @ U_r + gates_too * b_hn))
    z = sigmoid(sign * (a_z + (h_ if z_sees == "h_" else r * h_) @ U_z + gates_too * b_hn))
    recurrent = {
        "before": (r * h_) @ U_n + b_hn,
        "before, bias reset": (r * h_) @ U_n + r * b_hn,
        "after": r * (h_ @ U_n + b_hn) + {"in": 0.0, "out": b_hn - r * b_hn, "twice": b_hn}[bias],
        "none": h_ @ U_n + b_hn,
        "whole": r * (a_n + h_ @ U_n + b_hn) - a_n,
        "input too": r * a_n - a_n + (r * h_) @ U_n + b_hn,
        "z": (z * h_) @ U_n + b_hn,
        "z after": z * (h_ @ U_n + b_hn),
        "1-r": ((1 - r) * h_) @ U_n + b_hn,
        "1-r after": (1 - r) * (h_ @ U_n + b_hn),
    }[reset]
    new = n((0.0 if left_out == "x" else a_n) + recurrent)
    shares = {"z": (z, 1 - z), "1-z": (1 - z, z), "sum": (z, np.ones_like(z))}[old]
    mixed = shares[0] * (h_ if kept == "h_" else r * h_) + shares[1] * new if h_mix else (1 - z) * new
    return outer(mixed)


_SHARED = {
    "shares exchanged": (
        partial(_step_but, old="1-z"),
        "z is given to the new state and 1 - z to the old one: the convention of Chung et al. and of two of the "
        "articles; ours and PyTorch's is the other one",
    ),
    "nothing replaced": (
        partial(_step_but, old="sum"),
        "the candidate is added whole; its share is what z leaves to 1",
    ),
    "old state dropped": (partial(_step_but, h_mix=False), "the share of the old state, z * h_, is left out"),
    "no reset": (partial(_step_but, reset="none"), "the reset gate is computed and not used"),
    "sigmoid candidate": (partial(_step_but, n=sigmoid), "the candidate goes through σ; it is a tanh"),
    "rows z r n": (
        partial(_step_but, order=(1, 0, 2)),
        "the rows are taken in the order z, r, n, which is Keras's and ONNX's; here they lie r, z, n",
    ),
    "rows r n z": (
        partial(_step_but, order=(0, 2, 1)),
        "the rows are taken in the order r, n, z; here they lie r, z, n",
    ),
    "U not transposed": (
        partial(_step_but, turn=False),
        "each block of U is used as it stands where its transpose is needed",
    ),
    "the kept state is reset": (
        partial(_step_but, kept="r h_"),
        "the reset gate multiplies the old state in the average too; it acts inside the candidate only",
    ),
    "z sees a reset state": (
        partial(_step_but, z_sees="r h_"),
        "the update gate reads r ∘ h_; both gates read h_, and only the candidate reads it through r",
    ),
    "reset on the sum": (
        partial(_step_but, reset="whole"),
        "the reset gate multiplies the input's part as well; it acts on the state alone",
    ),
    "input left out": (partial(_step_but, left_out="x"), "W_n x + b_n is left out of the candidate"),
    "no bias": (partial(_step_but, left_out="b"), "the bias b is left out"),
    "squashed twice": (
        partial(_step_but, outer=np.tanh),
        "h goes through a tanh of its own; an average of numbers within ±1 needs none, and z = 1 would not keep it",
    ),
    "sign in the σ": (
        partial(_step_but, sign=-1.0),
        "the minus in σ(a) = 1 / (1 + exp(-a)) is missing: both gates do the opposite",
    ),
}


register(
    "E7.1",
    title="The GRU of Cho et al.",
    solution=gru_step_reset_before,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=6,
    can_now="write the GRU as it was published, and point at the place where the reset gate acts",
    returns={"h": "(B, H)"},
    case=_before_case,
    sizes=STEP_SIZES,
    hints=(
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
    ),
    symptoms={
        "right for h_ = 0, wrong otherwise": "Then x's part is right. See where r acts: on h_, inside the product with "
        "U_n, and on nothing else.",
        "far off everywhere": "Set b_z to 500: h must be h_. If it is the candidate, the shares are exchanged.",
        "ValueError: array split does not result in an equal division": "The gates lie side by side: axis=1. The rows "
        "of U lie on top of each other: axis 0.",
    },
    wrong=_SHARED
    | {
        "reset after": (
            partial(_step_but, reset="after"),
            "the reset gate acts after the product with U_n: that is PyTorch's GRU, and the next exercise",
        ),
        "reset on the input too": (
            partial(_step_but, reset="input too"),
            "the reset gate multiplies W_n x + b_n as well; it acts on the state alone",
        ),
        "z for r": (partial(_step_but, reset="z"), "the update gate stands where the reset gate belongs"),
        "1 - r": (partial(_step_but, reset="1-r"), "1 - r multiplies the old state; r = 0 is what shuts it out"),
    },
    edges={
        "z at 1: h is h_, whatever comes in": lambda rng: _keeping(rng, 500.0),
        "z at 0: h is the candidate": lambda rng: _keeping(rng, -500.0),
    },
)

# --- E7.2 the step with the reset after the product -------------------------------------------------------------


def gru_step(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, b_hn: np.ndarray, x: np.ndarray, h_: np.ndarray
) -> np.ndarray:
    """One step of the GRU of cuDNN and PyTorch: the reset gate acts on U_n h_ + b_hn, after the product.

    W (3H, I), U (3H, H), b (3H,), rows r, z, n as in E7.1; b_hn (H,) is the candidate's second bias.
    x (B, I) is the input now, h_ (B, H) the state one step ago; z is the share of the OLD state.
    Returns h (B, H).
    """
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    u_r, u_z, u_n = np.split(h_ @ U.T, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + u_r)))
    z = 1 / (1 + np.exp(-(a_z + u_z)))
    n = np.tanh(a_n + r * (u_n + b_hn))
    return (1 - z) * n + z * h_


def _after_but(W, U, b, b_hn, x, h_, **but):
    return _step_but(W, U, b, x, h_, b_hn, **({"reset": "after"} | but))


register(
    "E7.2",
    title="The GRU of cuDNN",
    solution=gru_step,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="say which GRU a library has by looking at one line, and why that one wants a second bias",
    returns={"h": "(B, H)"},
    case=_after_case,
    sizes=STEP_SIZES,
    hints=(
        "All recurrent products can now be done in one, because none of them waits for r. That is why cuDNN has it so.",
        "v = U_n h_ + b_hn,  n = tanh(W_n x + b_n + r ∘ v); the rest is as in E7.1.",
        """
        a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
        u_r, u_z, u_n = np.split(h_ @ U.T, 3, axis=1)
        r = ...
        """,
    ),
    symptoms={
        "nearly right": "The second bias: r multiplies it too. Set r to 0 in your mind: b_hn must vanish.",
        "right for b_hn = 0 only": "b_hn stands inside the bracket that r multiplies.",
    },
    wrong={
        name: (partial(_after_but, **fn.keywords), sentence) for name, (fn, sentence) in _SHARED.items()
    }
    | {
        "reset before": (
            partial(_after_but, reset="before"),
            "the reset gate acts before the product with U_n: that is the GRU of E7.1 with one more bias",
        ),
        "bias outside": (
            partial(_after_but, bias="out"),
            "b_hn is added outside the bracket, so that the reset gate does not reach it",
        ),
        "bias twice": (
            partial(_after_but, bias="twice"),
            "b_hn is added inside the bracket and outside it as well",
        ),
        "bias for all": (
            partial(_after_but, gates_too=1.0),
            "b_hn is added to all three blocks; it is the candidate's alone",
        ),
        "reset before, bias in the gate": (
            partial(_after_but, reset="before, bias reset"),
            "r multiplies h_ before the product with U_n, and b_hn by itself; here it multiplies U_n h_ + b_hn",
        ),
        "z for r": (partial(_after_but, reset="z after"), "the update gate stands where the reset gate belongs"),
        "1 - r": (
            partial(_after_but, reset="1-r after"),
            "1 - r multiplies the bracket; r = 0 is what shuts it out",
        ),
        "no second bias": (
            lambda W, U, b, b_hn, x, h_: _step_but(W, U, b, x, h_, reset="after"),
            "b_hn is left out",
        ),
    },
    edges={
        "z at 1: h is h_, whatever comes in": lambda rng: (
            *_keeping(rng, 500.0)[:3], np.ones(2), *_keeping(rng, 500.0)[3:]
        ),
        "a second bias alone": lambda rng: (
            np.zeros((6, 1)), np.zeros((6, 2)), np.zeros(6), np.array([1.0, -2.0]), np.ones((1, 1)), np.zeros((1, 2))
        ),
    },
)  # fmt: skip

# --- E7.3 the step back -----------------------------------------------------------------------------------------


def gru_backward(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, b_hn: np.ndarray, x: np.ndarray, h_: np.ndarray, dh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One step of the GRU of E7.2, backward.

    W (3H, I), U (3H, H), b (3H,), b_hn (H,), x (B, I), h_ (B, H) as in E7.2; dh (B, H) is what is asked of h.
    Returns dW (3H, I), dU (3H, H), db (3H,), db_hn (H,), dx (B, I), dh_ (B, H).
    """
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    u_r, u_z, u_n = np.split(h_ @ U.T, 3, axis=1)
    r, z, v = 1 / (1 + np.exp(-(a_r + u_r))), 1 / (1 + np.exp(-(a_z + u_z))), u_n + b_hn
    n = np.tanh(a_n + r * v)
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h_ - n) * z * (1 - z)
    da_r = da_n * v * r * (1 - r)
    dv = da_n * r
    da = np.concatenate([da_r, da_z, da_n], axis=1)  # what reaches W x + b
    du = np.concatenate([da_r, da_z, dv], axis=1)  # what reaches U h_: behind the reset gate the third part is less
    return da.T @ x, du.T @ h_, da.sum(axis=0), dv.sum(axis=0), da @ W, dh * z + du @ U


def _backward_but(
    W, U, b, b_hn, x, h_, dh, *, direct="z", to_U="dv", to_h="dv", to_W="da_n", dz="h_-n", dn="1-z", dr="v",
    no_slope="", second="dv", met="h_", feedback=True, over_batch=np.sum, blind=False, order=(0, 1, 2),
):  # fmt: skip
    """The step back with one thing done otherwise."""
    a_r, a_z, a_n = np.split(x @ W.T + b, 3, axis=1)
    u_r, u_z, u_n = np.split(h_ @ U.T, 3, axis=1)
    r, z, v = sigmoid(a_r + u_r), sigmoid(a_z + u_z), u_n + (0.0 if blind else b_hn)
    n = np.tanh(a_n + r * v)
    slope = {"r": r * (1 - r), "z": z * (1 - z), "n": 1 - n**2} | dict.fromkeys(no_slope, 1.0)
    da_n = dh * {"1-z": 1 - z, "z": z, "1": 1.0}[dn] * slope["n"]
    da_z = dh * {"h_-n": h_ - n, "n-h_": n - h_, "h_": h_, "-n": -n}[dz] * slope["z"]
    da_r = da_n * {"v": v, "h_": h_, "u": u_n, "rv": r * v, "0": 0 * v}[dr] * slope["r"]
    third = {"dv": da_n * r, "da_n": da_n, "0": 0 * da_n}
    side_by_side = lambda name: np.concatenate([(da_r, da_z, third[name])[k] for k in order], axis=1)
    da, du = side_by_side(to_W), side_by_side(to_U)
    dU = du.T @ ((1 - z) * n + z * h_ if met == "h" else h_)
    if met == "r h_":
        dU = np.concatenate([da_r.T @ h_, da_z.T @ h_, da_n.T @ (r * h_)])
    dh_ = dh * {"z": z, "0": 0.0, "1-z": 1 - z, "1": 1.0}[direct] + (side_by_side(to_h) @ U if feedback else 0.0)
    return da.T @ x, dU, over_batch(da, axis=0), third[second].sum(axis=0), da @ W, dh_


def _backward_case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    return (*_after_case(rng, n), rng.normal(size=(n.B, n.H)))


def _backward_loss(*base):
    def loss(W, U, b, b_hn, x, h_, dh):
        return float(np.sum(dh * gru_step(W, U, b, b_hn, x, h_)))

    return loss


register(
    "E7.3",
    title="The GRU's step back",
    solution=gru_backward,
    minutes=25,
    difficulty=4,
    importance=4,
    lines=10,
    can_now="send an error back through a GRU, and name the ways that lead from h to h_",
    returns={
        "dW": "(3H, I)", "dU": "(3H, H)", "db": "(3H,)", "db_hn": "(H,)", "dx": "(B, I)", "dh_": "(B, H)",
    },
    case=_backward_case,
    sizes=STEP_SIZES,
    loss=_backward_loss,
    wrt={"dW": "W", "dU": "U", "db": "b", "db_hn": "b_hn", "dx": "x", "dh_": "h_"},
    hints=(
        "From h back: to z and n, from n to r and v, and from r, z, v to h_. What reaches W x and what reaches U h_\n"
        "differ in their third part, because the reset gate stands between.",
        "dz = dh ∘ (h_ − n),  dn = dh ∘ (1 − z);  da_n = dn ∘ (1 − n²),  dr = da_n ∘ v,  dv = da_n ∘ r;\n"
        "da = [da_r, da_z, da_n] for W and b,  du = [da_r, da_z, dv] for U;  dh_ = dh ∘ z + du U.",
        """
        # r, z, v, n as in E7.2, then
        da_n = dh * (1 - z) * (1 - n**2)
        da_z = dh * (h_ - n) * ...
        da_r = da_n * v * ...
        dv = ...
        """,
    ),
    symptoms={
        "only dh_ is wrong": "The ways to h_: directly with z; through U_r and U_z from the two gates; and through U_n "
        "from the candidate, behind the reset gate.",
        "only the last rows of dU are wrong": "U_n h_ reaches the candidate through r: its gradient is da_n ∘ r.",
        "db_hn is wrong": "b_hn stands beside U_n h_, behind the reset gate, so it hears what U_n h_ hears.",
    },
    wrong={
        "no direct way": (
            partial(_backward_but, direct="0"),
            "dh ∘ z is left out of dh_: that was the way on which an error survives",
        ),
        "reset forgotten": (
            partial(_backward_but, to_U="da_n", to_h="da_n"),
            "U_n hears da_n; it stands behind the reset gate, so it hears da_n ∘ r",
        ),
        "reset forgotten in dU": (
            partial(_backward_but, to_U="da_n"),
            "the last rows of dU are made from da_n; U_n h_ stands behind the reset gate, so it is da_n ∘ r",
        ),
        "reset forgotten in dh_": (
            partial(_backward_but, to_h="da_n"),
            "dh_ hears da_n through U_n; U_n h_ stands behind the reset gate, so it hears da_n ∘ r",
        ),
        "reset before W too": (
            partial(_backward_but, to_W="dv"),
            "W and b hear da_n ∘ r; they stand outside the bracket that r multiplies, so they hear da_n",
        ),
        "the other order": (
            partial(_backward_but, met="r h_"),
            "dU_n is made from da_n and r ∘ h_: that is the step back of the GRU of E7.1",
        ),
        "dU from the new h": (partial(_backward_but, met="h"), "dU is made from the new h; U was multiplied by h_"),
        "no feedback": (
            partial(_backward_but, feedback=False),
            "dh_ is dh ∘ z alone: what comes back through U is left out",
        ),
        "direct way by 1 - z": (
            partial(_backward_but, direct="1-z"),
            "the direct way to h_ has the factor 1 - z; the old state went in with z",
        ),
        "direct way ungated": (
            partial(_backward_but, direct="1"),
            "all of dh goes on to h_ directly; the old state went in with z",
        ),
        "no second bias": (
            partial(_backward_but, second="0"),
            "db_hn is 0; b_hn stands beside U_n h_ and hears the same, da_n ∘ r",
        ),
        "bias before the gate": (
            partial(_backward_but, second="da_n"),
            "b_hn hears da_n; it stands behind the reset gate, so it hears da_n ∘ r",
        ),
        "difference turned": (partial(_backward_but, dz="n-h_"), "dz is dh ∘ (n - h_): the signs are exchanged"),
        "the new forgotten": (
            partial(_backward_but, dz="h_"),
            "dz is dh ∘ h_: the second place of z, in 1 - z, is left out",
        ),
        "the old forgotten": (
            partial(_backward_but, dz="-n"),
            "dz is -dh ∘ n: the first place of z, before h_, is left out",
        ),
        "candidate ungated": (
            partial(_backward_but, dn="1"),
            "dn is all of dh; the candidate came in with 1 - z",
        ),
        "share exchanged": (partial(_backward_but, dn="z"), "dn is dh ∘ z; the candidate came in with 1 - z"),
        "reset hears h_": (
            partial(_backward_but, dr="h_"),
            "r hears da_n ∘ h_; after the product it multiplies U_n h_ + b_hn",
        ),
        "bias not heard by r": (
            partial(_backward_but, dr="u"),
            "r hears da_n ∘ U_n h_; the second bias stands in the same bracket",
        ),
        "r hears the bracket after itself": (
            partial(_backward_but, dr="rv"),
            "r hears da_n ∘ r ∘ v, as if it had multiplied itself; it hears da_n ∘ v",
        ),
        "r hears nothing": (
            partial(_backward_but, dr="0"),
            "nothing goes to the reset gate; it hears da_n ∘ v",
        ),
        "forward without b_hn": (
            partial(_backward_but, blind=True),
            "the forward step inside leaves b_hn out: v is U_n h_ + b_hn",
        ),
        "mean over the batch": (
            partial(_backward_but, over_batch=np.mean),
            "db is the mean over the batch; every sequence has its own share in the loss, and the shares add up",
        ),
        "rows z r n": (
            partial(_backward_but, order=(1, 0, 2)),
            "da is joined in the order z, r, n; the rows lie r, z, n",
        ),
        "no slope of r": (partial(_backward_but, no_slope="r"), "the slope r(1 - r) is missing in da_r"),
        "no slope of z": (partial(_backward_but, no_slope="z"), "the slope z(1 - z) is missing in da_z"),
        "no slope of n": (partial(_backward_but, no_slope="n"), "the slope 1 - n² is missing in da_n"),
        "no slopes": (partial(_backward_but, no_slope="rzn"), "the slopes of the gates and of tanh are missing"),
    },
    edges={
        "the state is zero, as at the first step": lambda rng: (
            *_after_case(rng, SimpleNamespace(B=2, I=2, H=3))[:5], np.zeros((2, 3)), rng.normal(size=(2, 3))
        ),
    },
)  # fmt: skip

# --- E7.4 equal parameters --------------------------------------------------------------------------------------


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


register(
    "E7.4",
    title="Equal parameters",
    solution=equal_width,
    kind="experiment",
    minutes=8,
    difficulty=1,
    importance=3,
    lines=4,
    can_now="compare two cells at equal parameters instead of equal width, and say which of the two a paper did",
    returns={"width": "a number of units"},
    rtol=0,
    atol=0.1,
    stub="width = ...  # the largest H for which torch.nn.GRU(64, H) is no larger than torch.nn.LSTM(64, 128)",
    helpers=(_width,),
    hints=(
        "Count, do not solve: sum(p.numel() for p in layer.parameters()), for one H after the other.",
        "An LSTM has 4 H (I + H + 2) parameters in torch.nn, a GRU 3 H (I + H + 2).",
        """
        size = lambda layer: sum(p.numel() for p in layer.parameters())
        budget = size(torch.nn.LSTM(64, 128))
        width = max(H for H in range(1, 300) if ...)
        """,
    ),
    symptoms={
        "one too large": "At most as many: ≤. And the largest H that still fits, not the first that does not.",
        "170 or 171": "4/3 of the width would do if parameters grew with H; they grow with H squared.",
    },
    wrong={
        "equal width": (lambda: 128, "128 is equal width; the GRU has three quarters of the parameters then"),
        "four thirds": (lambda: 170, "the width is taken times 4/3, as if parameters grew with H and not with H²"),
        "one too many": (lambda: _width() + 1, "this is the first width that has more, not the last that fits"),
        "four thirds, rounded up": (
            lambda: 171,
            "the width is taken times 4/3, as if parameters grew with H and not with H²",
        ),
        "one too few": (lambda: 150, "150 fits, and so does one more: asked is the largest that fits"),
        "square root": (
            lambda: 147,
            "128 times the square root of 4/3 forgets the inputs: their part grows with H only",
        ),
        "square root, rounded up": (
            lambda: 148,
            "128 times the square root of 4/3 forgets the inputs: their part grows with H only",
        ),
        "a plain network": (partial(_width, gru_gates=1), "you counted a network with one gate"),
    },
)
