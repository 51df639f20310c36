"""E4.2: one step of the LSTM, backward."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, slopes, turned_blocks, wrong
from lstmcourse.exercises._cases import backward_case, backward_loss, only
from lstmcourse.exercises.nb04 import e1_lstm_step


def lstm_backward(
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    x: np.ndarray,
    h_: np.ndarray,
    c_: np.ndarray,
    dh: np.ndarray,
    dc: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One step of the LSTM, backward.

    W (4H, I), U (4H, H), b (4H,), rows i, f, g, o; x (B, I), h_ (B, H), c_ (B, H) as in E4.1.
    dh (B, H), dc (B, H): the gradients that arrive at h and c from the loss and from later steps. c reaches the loss
    through h as well.
    Returns dW (4H, I), dU (4H, H), db (4H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
    g = np.tanh(a_g)
    tanh_c = np.tanh(f * c_ + i * g)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)  # through h, and through the next c
    di, df, dg, dc_ = dc * g, dc * c_, dc * i, dc * f
    da = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc_


HINTS = (
    "It is E3.2 with one gate more. In c = f c_ + i g the forget gate and the old state multiply each other: each\n"
    "one's gradient carries the other as its factor.",
    "do = dh ∘ tanh(c),  dc = dc + dh ∘ o ∘ (1 − tanh²(c));  di = dc ∘ g,  df = dc ∘ c_,  dg = dc ∘ i,\n"
    "dc_ = dc ∘ f;  da_f = df ∘ f(1 − f), and i and o likewise, da_g = dg ∘ (1 − g²);  then da, side by side:\n"
    "dW = da.T @ x,  dU = da.T @ h_,  db = sum of da,  dx = da @ W,  dh_ = da @ U.",
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
    g = np.tanh(a_g)
    tanh_c = np.tanh(f * c_ + i * g)
    do = dh * tanh_c
    dc = dc + ...  # what comes to c through h
    """,
)

SYMPTOMS = {
    "dc_ is wrong": "c_ stands in c with the factor f, so dc_ is all of dc times f: what arrived from later, plus "
    "what came through h.",
    "right where dc is 0, wrong otherwise": "The gradient that arrives through c is dropped. Add it to the one "
    "that comes through h, before the gates take their share.",
    "right where dh is 0, wrong otherwise": "c reaches the loss through h too: add dh * o * (1 - tanh(c)**2) to dc.",
    "only the second block of dW is wrong": "Those rows are the forget gate's. It multiplies c_, so df is dc * c_.",
    "the gates' rows are wrong by a factor near 4": "f is σ(a) already. Its slope is f * (1 - f); σ is not taken "
    "again.",
    "the function changes its inputs": "dc += … writes into the caller's array: dc = dc + … makes a new one.",
}

DA = "np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]"

WRONG = {
    "ungated": wrong(
        "dc * f", "dc", "dc_ is all of dc: that was the carousel of 1997; here f multiplies what comes back along c"
    ),
    "carousel lost": wrong(
        "dc * f", "0 * dc",
        "dc_ is zero: no error comes back along c",
    ),
    "arriving dc dropped": wrong(
        "dc + dh", "dh",
        "the gradient that arrives through c from the later steps is dropped, and only the one through h is used",
    ),
    "h forgotten": wrong(
        "dc + dh * o * (1 - tanh_c**2)", "dc", "the gradient that reaches c through h is missing"
    ),
    "only what arrived is passed on": wrong(
        "dc = dc +", "dc_ = dc * f\n    dc = dc +", ", dc_ = dc", " = dc", ", dc * f", "",
        "dc_ is f times the dc that arrived, without what came in through h at this step",
    ),
    "f and c_ exchanged": wrong(
        "dc * c_, dc * i, dc * f", "dc * f, dc * i, dc * c_",
        "df is dc * f and dc_ is dc * c_: in the product f * c_ each one's gradient carries the other",
    ),
    "the input gate in dc_": wrong(
        "dc * f", "dc * i",
        "dc_ is multiplied with the input gate; the one before c_ is the forget gate",
    ),
    "the new c for c_": wrong(
        "dc * c_,", "dc * (f * c_ + i * g),", "df is dc times the new c; the forget gate multiplied the old one, c_"
    ),
    "i and g exchanged": wrong(
        "dc * g, dc * c_, dc * i", "dc * i, dc * c_, dc * g",
        "di and dg are exchanged: in the product i * g each one's gradient carries the other as its factor",
    ),
    "truncated": wrong(
        "da @ U", "0 * h_",
        "dh_ is zero: no error goes back through the gates to the step before, as in the truncation of 1997",
    ),
    "no tanh'(c)": wrong(" * (1 - tanh_c**2)", "", "the derivative of tanh(c) is left out"),
    "no gate on the way in": wrong(
        "dh * o *", "dh *", "the output gate is left out where the error goes from h to c"
    ),
    "no slopes": wrong(
        DA, "np.concatenate([di, df, dg, do]",
        "the derivatives of σ and tanh are left out: di, df, dg and do go straight into the weights",
    ),
    "squashed twice": wrong(
        "da = np", "i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))\n    g = np.tanh(g)\n    da = np",
        "σ and tanh are taken twice: the gates are squashed already, so the slopes are f(1 - f) and 1 - g**2",
    ),
    "U transposed": wrong(
        "da @ U", "da @ np.concatenate([block.T for block in np.split(U, 4)])",
        "dh_ goes through each gate's block of U the wrong way round; forward was h_ @ U.T, so back is da @ U",
    ),
    "1 - c**2": wrong(
        "(1 - tanh_c**2)", "(1 - (f * c_ + i * g) ** 2)",
        "the slope of tanh at c is taken as 1 - c**2; it is 1 - tanh(c)**2, since c has not been squashed",
    ),
    "tanh'(c) as of σ": wrong(
        "(1 - tanh_c**2)", "tanh_c * (1 - tanh_c)",
        "the slope on the way from h to c is that of σ, s(1 - s); c goes through tanh, whose slope is 1 - s**2",
    ),
    "old c": wrong(
        "f * c_ + i * g", "c_", "tanh is taken of c_ instead of the new c: h was made from the new one"
    ),
    "c without f": wrong(
        "f * c_ + i * g", "c_ + i * g",
        "c is computed again without the forget gate, as in 1997: here it is f * c_ + i * g",
    ),
    "c for tanh(c)": wrong("dh * tanh_c", "dh * (f * c_ + i * g)", "do is dh * c; o was multiplied with tanh(c)"),
    "g for c_": wrong(
        "dc * c_,", "dc * g,", "df is dc * g, which is di; the forget gate was multiplied with c_"
    ),
    "h_ for c_": wrong("dc * c_,", "dc * h_,", "df is dc * h_; the forget gate was multiplied with c_"),
    "keeps what it should drop": wrong(
        "dc * f", "dc * (1 - f)", "dc_ is multiplied with 1 - f; forward c_ was multiplied with f"
    ),
    "the output gate in dc_": wrong(
        "dc * f", "dc * o", "dc_ is multiplied with the output gate; the one before c_ is the forget gate"
    ),
    "h for h_": wrong(
        "da.T @ h_", "da.T @ (o * tanh_c)",
        "dU is made with the new h; the product in the forward step was with h_, one step earlier",
    ),
    "rows f i g o": wrong(
        "[di * i * (1 - i), df * f * (1 - f)", "[df * f * (1 - f), di * i * (1 - i)",
        "the pieces of da are put together in the order f, i, g, o; the rows of W, U and b lie i, f, g, o",
    ),
    "rows i f o g": wrong(
        "dg * (1 - g**2), do * o * (1 - o)", "do * o * (1 - o), dg * (1 - g**2)",
        "the pieces of da are put together in the order i, f, o, g; the rows of W, U and b lie i, f, g, o",
    ),
    "rows i g f o": wrong(
        "df * f * (1 - f), dg * (1 - g**2)", "dg * (1 - g**2), df * f * (1 - f)",
        "the pieces of da are put together in the order i, g, f, o; the rows of W, U and b lie i, f, g, o",
    ),
    "dh handed on": wrong(
        "da @ U", "da @ U + dh",
        "dh is added to dh_: h_ reaches h through the gates and the candidate only, and that is da @ U",
    ),
    "mean over the batch": wrong(
        "da.sum", "da.mean", "db is the mean over the batch; every row has used b, so their gradients add"
    ),
    "all divided by B": wrong(
        "da.T @ x, da.T @ h_, da.sum(axis=0)", "da.T @ x / len(x), da.T @ h_ / len(x), da.mean(axis=0)",
        "dW, dU and db are divided by the size of the batch; dh and dc are gradients of the loss already, so the "
        "rows' shares add",
    ),
    "do from dc": wrong(
        "    di,", "    do = dc * tanh_c\n    di,",
        "do is made from dc; the output gate stands between c and h, so its error is part of dh alone",
    ),
    "dh_ and dc_ exchanged": wrong(
        "da @ U, dc_", "dc_, da @ U", "dh_ and dc_ are returned in the wrong order: dh_ comes before dc_"
    ),
    "dc added again": wrong(
        "dc = dc +", "arrived = dc\n    dc = dc +", "dc * f", "dc * f + arrived",
        "the dc that arrived is added to dc_ once more, unforgotten; all of it goes through f",
    ),
    **slopes("ifo", "g"),
    **turned_blocks("ifgo"),
}  # fmt: skip

case = partial(backward_case, step_case=e1_lstm_step.case)

exercise = Exercise(
    id="E4.2",
    title="The LSTM's step back",
    solution=lstm_backward,
    minutes=15,
    difficulty=4,
    importance=5,
    lines=9,
    can_now="send a gradient back through an LSTM, and say what multiplies it along c",
    returns={"dW": "(4H, I)", "dU": "(4H, H)", "db": "(4H,)", "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)"},
    rows="ifgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=STEP_SIZES,
    loss=backward_loss(e1_lstm_step.lstm_step),
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_", "dc_": "c_"},
    edges={
        "only dc arrives": lambda rng: only(rng, "c", backward_case=case),
        "only dh arrives": lambda rng: only(rng, "h", backward_case=case),
    },
)
