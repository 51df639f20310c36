"""E7.4: one step of the GRU of E7.2, backward."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, turned_blocks, wrong
from lstmcourse.exercises.nb07 import e2_gru_step
from lstmcourse.exercises.nb07.e2_gru_step import gru_step
from lstmcourse.exercises.nb07.e3_gru_gates_backward import INSIDE


def gru_backward(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, b_hn: np.ndarray, x: np.ndarray, h_: np.ndarray, dh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One step of the GRU of E7.2, backward.

    W (3H, I), U (3H, H), b (3H,), b_hn (H,), x (B, I), h_ (B, H) as in E7.2; dh (B, H) is the gradient of
    the loss with respect to the h that came out.
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
    da = np.concatenate([da_r, da_z, da_n], axis=1)  # the gradient of W x + b
    du = np.concatenate([da_r, da_z, dv], axis=1)  # of U h_: its third part goes through r
    return da.T @ x, du.T @ h_, da.sum(axis=0), dv.sum(axis=0), da @ W, dh * z + du @ U


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The case of E7.2, and dh (B, H)."""
    return (*e2_gru_step.case(rng, n), rng.normal(size=(n.B, n.H)))


def _loss(*_):
    return lambda *case: float(np.sum(case[-1] * gru_step(*case[:-1])[0]))


HINTS = (
    "First r, z, v and n once more, as in E7.2, and E7.3 with them. Then the products with x, h_, W and U. What\n"
    "reaches W x and what reaches U h_ differ in their third part, because the reset gate stands between.",
    "da = [da_r, da_z, da_n] for W and b,  du = [da_r, da_z, dv] for U,  db_hn from dv;  dh_ = dh ∘ z + du U.",
    """
    # r, z, v, n as in E7.2, then
    da_r, da_z, da_n, dv = ...  # E7.3
    da = np.concatenate([da_r, da_z, da_n], axis=1)  # the gradient of W x + b
    du = ...  # of U h_
    """,
)

SYMPTOMS = {
    "only dh_ is wrong": "The paths to h_: directly with z; through U_r and U_z from the two gates; and through U_n "
    "from the candidate, behind the reset gate.",
    "only the last rows of dU are wrong": "U_n h_ reaches the candidate through r: its gradient is da_n ∘ r.",
    "db_hn is wrong": "b_hn stands beside U_n h_, behind the reset gate, so its gradient is that of U_n h_.",
}

WRONG = INSIDE | {
    "no direct way": wrong(
        "dh * z + du @ U", "du @ U", "dh ∘ z is left out of dh_: that is the path that passes no matrix"
    ),
    "reset forgotten": wrong(
        "[da_r, da_z, dv]", "[da_r, da_z, da_n]",
        "the gradient of U_n h_ is taken as da_n; it stands behind the reset gate, so it is da_n ∘ r",
    ),
    "reset forgotten in dU": wrong(
        "du.T @ h_", "da.T @ h_",
        "the last rows of dU are made from da_n; U_n h_ stands behind the reset gate, so it is da_n ∘ r",
    ),
    "reset forgotten in dh_": wrong(
        "du @ U", "da @ U",
        "dh_ gets da_n through U_n; U_n h_ stands behind the reset gate, so it is da_n ∘ r that comes back",
    ),
    "reset before W too": wrong(
        "[da_r, da_z, da_n]", "[da_r, da_z, dv]",
        "W and b get da_n ∘ r; they stand outside the bracket that r multiplies, so theirs is da_n",
    ),
    "the other order": wrong(
        "du.T @ h_", "np.concatenate([da_r.T @ h_, da_z.T @ h_, da_n.T @ (r * h_)])",
        "dU_n is made from da_n and r ∘ h_: that is the step back of the GRU of E7.1",
    ),
    "dU from the new h": wrong(
        "du.T @ h_", "du.T @ ((1 - z) * n + z * h_)", "dU is made from the new h; U was multiplied by h_"
    ),
    "no feedback": wrong(" + du @ U", "", "dh_ is dh ∘ z alone: what comes back through U is left out"),
    "direct way by 1 - z": wrong(
        "dh * z +", "dh * (1 - z) +", "the direct path to h_ has the factor 1 - z; the old state went in with z"
    ),
    "direct way ungated": wrong(
        "dh * z +", "dh +", "all of dh goes on to h_ directly; the old state went in with z"
    ),
    "no second bias": wrong(
        "dv.sum(axis=0)", "0 * b_hn", "db_hn is 0; b_hn stands beside U_n h_, and its gradient is the same, da_n ∘ r"
    ),
    "bias before the gate": wrong(
        "dv.sum", "da_n.sum", "db_hn is made from da_n; b_hn stands behind the reset gate, so it is da_n ∘ r"
    ),
    "r without b_hn": wrong(
        "da_n * v", "da_n * u_n", "dr is da_n ∘ U_n h_; the second bias stands in the same bracket"
    ),
    "forward without b_hn": wrong(
        "u_n + b_hn", "u_n", "the forward step inside leaves b_hn out: v is U_n h_ + b_hn"
    ),
    "forward with U_n h_ outside too": wrong(
        "a_n + r * v", "a_n + u_n + r * v", "the forward step inside adds U_n h_ outside the bracket as well"
    ),
    "mean over the batch": wrong(
        "da.sum", "da.mean",
        "db is the mean over the batch; every sequence has its own share in the loss, and the shares add up",
    ),
    "rows z r n": wrong(
        "[da_r, da_z, da_n]", "[da_z, da_r, da_n]", "[da_r, da_z, dv]", "[da_z, da_r, dv]",
        "da is joined in the order z, r, n; the rows lie r, z, n",
    ),
    **turned_blocks("rzn", "du @ U"),
}  # fmt: skip

exercise = Exercise(
    id="E7.4",
    title="The GRU's step back",
    solution=gru_backward,
    minutes=15,
    difficulty=4,
    importance=4,
    lines=8,
    can_now="send a gradient back through a GRU, and name the paths that lead from h to h_",
    returns={
        "dW": "(3H, I)", "dU": "(3H, H)", "db": "(3H,)", "db_hn": "(H,)", "dx": "(B, I)", "dh_": "(B, H)",
    },
    rows="rzn",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=STEP_SIZES,
    loss=_loss,
    wrt={"dW": "W", "dU": "U", "db": "b", "db_hn": "b_hn", "dx": "x", "dh_": "h_"},
    edges={
        "the state is zero, as at the first step": lambda rng: (
            *e2_gru_step.case(rng, SimpleNamespace(B=2, I=2, H=3))[:5], np.zeros((2, 3)), rng.normal(size=(2, 3))
        ),
    },
)  # fmt: skip
