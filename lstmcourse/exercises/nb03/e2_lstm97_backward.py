"""E3.2: one step of the LSTM of 1997, backward."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, slopes, turned_blocks, wrong
from lstmcourse.exercises._cases import backward_case, backward_loss, only
from lstmcourse.exercises.nb03 import e1_lstm97_step


def lstm97_backward(
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    x: np.ndarray,
    h_: np.ndarray,
    c_: np.ndarray,
    dh: np.ndarray,
    dc: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One step of the LSTM of 1997, backward.

    W (3H, I), U (3H, H), b (3H,), rows i, g, o; x (B, I), h_ (B, H), c_ (B, H) as in E3.1: i, g, o and c are not
    given, compute them again first.
    dh (B, H), dc (B, H): the gradients of the loss that arrive at h and at c from all that happened to them later. But
    c also reaches the loss through this step's h.
    Returns dW (3H, I), dU (3H, H), db (3H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_i, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    i, g, o = 1 / (1 + np.exp(-a_i)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
    tanh_c = np.tanh(c_ + i * g)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)  # through h, and through the next c
    di, dg, dc_ = dc * g, dc * i, dc  # the last one is the carousel
    da = np.concatenate([di * i * (1 - i), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc_


HINTS = (
    "First forward, as in E3.1, to have i, g, o and tanh(c). Then walk the equations from the last to the first.\n"
    "Two gradients meet in c: the one that arrives from step t+1, and the one that comes through h.",
    "By (6), h = o ∘ tanh(c): do = dh ∘ tanh(c), and c gets dh ∘ o ∘ (1 − tanh²(c)) besides the dc that arrived. By\n"
    "(5), c = c_ + i ∘ g: what is now at c goes to i with the factor g, to g with the factor i, to c_ as it is. Each\n"
    "then goes through the slope of its σ or tanh into its part of da, and from da on it is E1.3.",
    """
    a_i, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    i, g, o = 1 / (1 + np.exp(-a_i)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
    tanh_c = np.tanh(c_ + i * g)
    do = dh * tanh_c
    dc = dc + ...  # what comes to c through h
    """,
)

SYMPTOMS = {
    "dc_ is wrong": "c_ enters the sum c = c_ + i * g with the factor 1, so dc_ is all of dc: what arrived from "
    "later, plus what came through h. No gate multiplies it.",
    "right where dc is 0, wrong otherwise": "The gradient that arrives through c is dropped. Add it to the one "
    "that comes through h, before the gates get theirs.",
    "right where dh is 0, wrong otherwise": "c reaches the loss through h too: add dh * o * (1 - tanh(c)**2) to dc.",
    "the gates' rows are wrong by a factor near 4": "i is σ(a) already. Its slope is i * (1 - i); σ is not taken "
    "again.",
    "the function changes its inputs": "dc += … writes into the caller's array: dc = dc + … makes a new one.",
}

WRONG = {
    "carousel lost": wrong(
        "dc * i, dc", "dc * i, 0 * dc",
        "dc_ is zero: nothing is handed back along c, and c might as well not be there",
    ),
    "arriving dc dropped": wrong(
        "dc + dh", "dh",
        "the gradient that arrives through c from the later steps is dropped, and only the one through h is used",
    ),
    "arriving dc kept from the gates": wrong(
        "dc = dc + dh * o * (1 - tanh_c**2)",
        "total = dc + dh * o * (1 - tanh_c**2)\n    dc = dh * o * (1 - tanh_c**2)",
        "dc * i, dc", "dc * i, total",
        "dc_ is right, and the gates get only what came to c through h: the dc that arrived is theirs too",
    ),
    "h kept from the gates": wrong(
        "dc = dc + dh * o * (1 - tanh_c**2)",
        "total = dc + dh * o * (1 - tanh_c**2)", "dc * i, dc", "dc * i, total",
        "dc_ is right, and the gates get only the dc that arrived: what came to c through h is theirs too",
    ),
    "h forgotten": wrong("dc + dh * o * (1 - tanh_c**2)", "dc", "the gradient that reaches c through h is missing"),
    "only what arrived is passed on": wrong(
        "dc = dc +", "dc_ = dc\n    dc = dc +", ", dc_ = dc", " = dc", "dc * i, dc", "dc * i",
        "dc_ is the dc that arrived, without what came in through h at this step",
    ),
    "gated carousel": wrong(
        "dc * i, dc", "dc * i, dc * i",
        "dc_ is multiplied with the input gate; the gate stands before the candidate, not on the carousel",
    ),
    "truncated as in 1997": wrong(
        "da @ U", "0 * h_",
        "dh_ is zero: this is the truncated gradient of 1997, which hands nothing to the step before except along c. "
        "It is fast and local, and it is not the gradient",
    ),
    "no tanh'(c)": wrong(" * (1 - tanh_c**2)", "", "the derivative of tanh(c) is left out"),
    "no gate on the way in": wrong(
        "dh * o *", "dh *", "the output gate is left out where the gradient goes from h to c"
    ),
    "no slopes": wrong(
        "[di * i * (1 - i), dg * (1 - g**2), do * o * (1 - o)]", "[di, dg, do]",
        "the derivatives of σ and tanh are left out: di, dg and do go straight into the weights",
    ),
    "squashed twice": wrong(
        "da = np", "i, g, o = 1 / (1 + np.exp(-i)), np.tanh(g), 1 / (1 + np.exp(-o))\n    da = np",
        "σ and tanh are taken twice: i, g and o are squashed already, so the slopes are i(1 - i), 1 - g**2 and o(1 - "
        "o)",
    ),
    "not squashed": wrong(
        "do = dh", "i, g, o = a_i, a_g, a_o\n    do = dh",
        "i, g and o are the pre-activations: they go through σ and tanh before anything is multiplied with them",
    ),
    "i and g swapped": wrong(
        "dc * g, dc * i", "dc * i, dc * g",
        "di and dg are swapped: in the product i * g each one's gradient carries the other as its factor",
    ),
    "U transposed": wrong(
        "da @ U", "da @ np.concatenate([block.T for block in np.split(U, 3)])",
        "dh_ goes through each gate's block of U the wrong way round; forward was h_ @ U.T, so back is da @ U",
    ),
    "1 - c**2": wrong(
        "(1 - tanh_c**2)", "(1 - (c_ + i * g) ** 2)",
        "the slope of tanh at c is taken as 1 - c**2; it is 1 - tanh(c)**2, since c has not been squashed",
    ),
    "tanh'(c) as of σ": wrong(
        "(1 - tanh_c**2)", "tanh_c * (1 - tanh_c)",
        "the slope on the way from h to c is that of σ, s(1 - s); c goes through tanh, whose slope is 1 - s**2",
    ),
    "old c": wrong("c_ + i * g", "c_", "tanh is taken of c_ instead of the new c: h was made from the new one"),
    "c for tanh(c)": wrong("dh * tanh_c", "dh * (c_ + i * g)", "do is dh * c; o was multiplied with tanh(c)"),
    "h for h_": wrong(
        "da.T @ h_", "da.T @ (o * tanh_c)",
        "dU is made with the new h; the product in the forward step was with h_, one step earlier",
    ),
    "rows i o g": wrong(
        "dg * (1 - g**2), do * o * (1 - o)", "do * o * (1 - o), dg * (1 - g**2)",
        "the pieces of da are put together in the order i, o, g; the rows of W, U and b lie i, g, o",
    ),
    "rows g i o": wrong(
        "di * i * (1 - i), dg * (1 - g**2)", "dg * (1 - g**2), di * i * (1 - i)",
        "the pieces of da are put together in the order g, i, o; the rows of W, U and b lie i, g, o",
    ),
    "the output gate in dc_": wrong(
        "dc * i, dc", "dc * i, dc * o",
        "dc_ is multiplied with the output gate; that gate stands between c and h, not on the carousel",
    ),
    "dh handed on": wrong(
        "da @ U", "da @ U + dh",
        "dh is added to dh_: h_ reaches h through the gates and the candidate only, and that is da @ U",
    ),
    "mean over the batch": wrong(
        "da.sum", "da.mean",
        "db is the mean over the batch; every row has used b, so their gradients add",
    ),
    "dh_ and dc_ exchanged": wrong(
        "da @ U, dc_", "dc_, da @ U",
        "dh_ and dc_ are returned in the wrong order: dh_ comes before dc_",
    ),
    **slopes("io", "g"),
    **turned_blocks("igo"),
}  # fmt: skip


case = partial(backward_case, step_case=e1_lstm97_step.case)

exercise = Exercise(
    id="E3.2",
    title="The step back",
    solution=lstm97_backward,
    minutes=25,
    difficulty=4,
    importance=5,
    lines=8,
    can_now="send a gradient back through the cell of 1997, and point at the line on which it is constant",
    returns={"dW": "(3H, I)", "dU": "(3H, H)", "db": "(3H,)", "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)"},
    case=case,
    sizes=STEP_SIZES,
    loss=backward_loss(e1_lstm97_step.lstm97_step),
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_", "dc_": "c_"},
    rows="igo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "only dc arrives": lambda rng: only(rng, "c", backward_case=case),
        "only dh arrives": lambda rng: only(rng, "h", backward_case=case),
    },
)
