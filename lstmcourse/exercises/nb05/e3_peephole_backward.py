"""E5.3: one step of the peephole LSTM, backward."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, slopes, turned_blocks, wrong
from lstmcourse.exercises._cases import backward_case, backward_loss, only
from lstmcourse.exercises.nb05 import e1_peephole_step


def peephole_backward(
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    p_i: np.ndarray,
    p_f: np.ndarray,
    p_o: np.ndarray,
    x: np.ndarray,
    h_: np.ndarray,
    c_: np.ndarray,
    dh: np.ndarray,
    dc: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """One step of the peephole LSTM, backward.

    W (4H, I), U (4H, H), b (4H,), p_i, p_f, p_o (H,), x (B, I), h_ (B, H), c_ (B, H) as in E5.1.
    dh (B, H), dc (B, H): the gradients that arrive at h and c from the loss and from later steps. c reaches the loss
    through h, and through the output gate that looks at it.
    Returns dW (4H, I), dU (4H, H), db (4H,), dp_i (H,), dp_f (H,), dp_o (H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, g = 1 / (1 + np.exp(-(a_i + p_i * c_))), 1 / (1 + np.exp(-(a_f + p_f * c_))), np.tanh(a_g)
    c = f * c_ + i * g
    o, tanh_c = 1 / (1 + np.exp(-(a_o + p_o * c))), np.tanh(c)
    da_o = dh * tanh_c * o * (1 - o)
    dc = dc + dh * o * (1 - tanh_c**2) + da_o * p_o  # through h, through o and through the next c
    da_i, da_f, da_g = dc * g * i * (1 - i), dc * c_ * f * (1 - f), dc * i * (1 - g**2)
    dc_ = dc * f + da_i * p_i + da_f * p_f  # and three to c_
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dp = (da_i * c_).sum(axis=0), (da_f * c_).sum(axis=0), (da_o * c).sum(axis=0)
    return da.T @ x, da.T @ h_, da.sum(axis=0), *dp, da @ W, da @ U, dc_


HINTS = (
    "Walk the forward lines from the last to the first. The output gate was computed from the new c, so its gradient\n"
    "must be in dc before dc goes on to i, f, g and c_.",
    "da_o = dh ∘ tanh(c) ∘ o(1 − o);  dc = dc + dh ∘ o ∘ (1 − tanh²(c)) + da_o ∘ p_o;\n"
    "da_i = dc ∘ g ∘ i(1 − i),  da_f = dc ∘ c_ ∘ f(1 − f),  da_g = dc ∘ i ∘ (1 − g²);\n"
    "dc_ = dc ∘ f + da_i ∘ p_i + da_f ∘ p_f;  dp_i = Σ da_i ∘ c_,  dp_f = Σ da_f ∘ c_,  dp_o = Σ da_o ∘ c.",
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, g = 1 / (1 + np.exp(-(a_i + p_i * c_))), 1 / (1 + np.exp(-(a_f + p_f * c_))), np.tanh(a_g)
    c = f * c_ + i * g
    o, tanh_c = 1 / (1 + np.exp(-(a_o + p_o * c))), np.tanh(c)
    da_o = dh * tanh_c * o * (1 - o)
    dc = dc + dh * o * (1 - tanh_c**2) + ...  # the third way to c: o saw it
    """,
)

SYMPTOMS = {
    "only dp_o is right": "dc lacks the term da_o * p_o: the output gate saw c, so part of its error goes to c.",
    "only dc_ is wrong": "i and f saw c_: dc * f + da_i * p_i + da_f * p_f.",
    "dp_o is wrong": "The output gate saw the new c: dp_o is the sum of da_o * c over the batch, axis 0.",
    "right where dh is 0, wrong otherwise": "Two terms come from dh: through h itself, dh * o * (1 - tanh(c)**2), "
    "and through the gate, da_o * p_o.",
    "the function changes its inputs": "dc += … writes into the caller's array: dc = dc + … makes a new one.",
}

WRONG = {
    "dh through p_o": wrong(
        "da_o * p_o", "dh * p_o",
        "what goes through the peephole of o is dh ∘ p_o; it is da_o ∘ p_o, the error of the gate",
    ),
    "dp_i from the new c": wrong("(da_i * c_)", "(da_i * c)", "dp_i is made from the new c; i saw c_"),
    "dp_f from the new c": wrong("(da_f * c_)", "(da_f * c)", "dp_f is made from the new c; f saw c_"),
    "dp_o from tanh(c)": wrong("(da_o * c)", "(da_o * tanh_c)", "dp_o is made from tanh(c); o saw c itself"),
    "dp not summed": wrong(
        "(da_i * c_).sum(axis=0), (da_f * c_).sum(axis=0), (da_o * c).sum(axis=0)", "da_i * c_, da_f * c_, da_o * c",
        "dp_i, dp_f and dp_o are not summed over the rows: a peephole served every row, so each has the shape (H,)",
    ),
    "o's look forgotten": wrong(
        " + da_o * p_o", "",
        "da_o ∘ p_o is missing in dc: the output gate saw c, so part of its error goes to c",
    ),
    "o's look one step late": wrong(
        " + da_o * p_o", "", "da_f * p_f", "da_f * p_f + da_o * p_o",
        "da_o ∘ p_o is added to dc_ instead of to dc, after i, f and g have had their share: the output gate saw the "
        "new c, not the old one",
    ),
    "o's look twice": wrong(
        "da_f * p_f", "da_f * p_f + da_o * p_o",
        "da_o ∘ p_o is added to dc, which is right, and to dc_ once more; o saw the new c, and c_ not at all",
    ),
    "looks of i and f forgotten": wrong(
        " + da_i * p_i + da_f * p_f", "",
        "da_i ∘ p_i and da_f ∘ p_f are missing in dc_, as in the LSTM: there no gate saw c_",
    ),
    "i's look forgotten": wrong(" + da_i * p_i", "", "da_i ∘ p_i is missing in dc_"),
    "f's look forgotten": wrong(" + da_f * p_f", "", "da_f ∘ p_f is missing in dc_"),
    "truncated as in 2002": wrong(
        " + da_o * p_o", "", " + da_i * p_i + da_f * p_f", "", "da @ U", "0 * h_",
        "no error leaves a gate, neither for h_ nor through a peephole for c: this is the truncated gradient of the "
        "paper. It is fast and local, and it is not the gradient",
    ),
    "dp_o from the old c": wrong("(da_o * c)", "(da_o * c_)", "dp_o is made from c_; o saw the new c"),
    "dp_i and dp_f from the new c": wrong(
        "(da_i * c_)", "(da_i * c)", "(da_f * c_)", "(da_f * c)",
        "dp_i and dp_f are made from the new c; i and f saw c_",
    ),
    "dp before the slope": wrong(
        "(da_i * c_)", "(dc * g * c_)", "(da_f * c_)", "(dc * c_ * c_)", "(da_o * c)", "(dh * tanh_c * c)",
        "dp_i, dp_f and dp_o are made from di, df and do; they are made from da_i, da_f and da_o, behind the slopes "
        "of the σ",
    ),
    "f met the new c": wrong("dc * c_ * f", "dc * c * f", "df is dc ∘ c; in the forward step f multiplies c_"),
    "forward with the old c": wrong(
        "a_o + p_o * c", "a_o + p_o * c_",
        "the forward step inside is another one: its output gate looks at c_",
    ),
    "forward without peepholes": wrong(
        " + p_i * c_", "", " + p_f * c_", "", " + p_o * c", "",
        "the forward step inside has no peepholes: i, f and o have to be computed as in E5.1",
    ),
    "dU from the new h": wrong("da.T @ h_", "da.T @ (o * tanh_c)", "dU is made from the new h; U was multiplied by h_"),
    "no feedback": wrong("da @ U", "0 * h_", "dh_ is 0: what leaves the gates for h_ through U is left out"),
    "carousel ungated": wrong("dc * f", "dc", "dc goes on to dc_ without f, as in 1997; here f multiplies it"),
    "dc as it arrived": wrong(
        "dc = dc +", "arrived = dc\n    dc = dc +", "dc * f", "arrived * f",
        "dc_ is made from the dc that arrived; what came to c through h and through the output gate goes on to c_ as "
        "well",
    ),
    "do from c": wrong("dh * tanh_c", "dh * c", "do is dh ∘ c; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
    "do is dh": wrong("dh * tanh_c", "dh", "do is dh; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
    "rows i g f o": wrong(
        "[da_i, da_f, da_g, da_o]", "[da_i, da_g, da_f, da_o]",
        "da is joined in the order i, g, f, o; the rows lie i, f, g, o",
    ),
    "slope 1 - g": wrong("(1 - g**2)", "(1 - g)", "the slope of the tanh is 1 - g², not 1 - g"),
    "mean over the batch": wrong(
        "da.sum", "da.mean",
        "db is the mean over the batch; every sequence has its own share in the loss, and the shares add up",
    ),
    "before the slope": wrong(
        "da_o * p_o", "dh * tanh_c * p_o",
        "what goes through the peephole of o is do ∘ p_o; it is da_o ∘ p_o, behind the slope of the σ",
    ),
    "p_i and p_f exchanged": wrong(
        "da_i * p_i + da_f * p_f", "da_i * p_f + da_f * p_i",
        "p_i and p_f are exchanged on the way to dc_",
    ),
    "no dc": wrong("dc + dh", "dh", "the dc that arrives from the next step is dropped: that was the carousel"),
    "no dh in dc": wrong(" + dh * o * (1 - tanh_c**2)", "", "what reaches c through h is left out of dc"),
    "no slope of tanh(c)": wrong(" * (1 - tanh_c**2)", "", "the slope 1 - tanh²(c) is missing"),
    "no slopes": wrong(
        " * o * (1 - o)", "", " * i * (1 - i)", "", " * f * (1 - f)", "", " * (1 - g**2)", "",
        "the slopes of the gates are missing: da is di, df, dg, do",
    ),
    **slopes("ifo", "g"),
    **turned_blocks("ifgo"),
}  # fmt: skip


case = partial(backward_case, step_case=e1_peephole_step.case)

exercise = Exercise(
    id="E5.3",
    title="The peephole step back",
    solution=peephole_backward,
    minutes=20,
    difficulty=4,
    importance=5,
    lines=11,
    can_now="send a gradient back through three peepholes, and say which cell state each of them leads to",
    returns={
        "dW": "(4H, I)",
        "dU": "(4H, H)",
        "db": "(4H,)",
        "dp_i": "(H,)",
        "dp_f": "(H,)",
        "dp_o": "(H,)",
        "dx": "(B, I)",
        "dh_": "(B, H)",
        "dc_": "(B, H)",
    },
    case=case,
    sizes=STEP_SIZES,
    loss=backward_loss(e1_peephole_step.peephole_step),
    wrt={
        "dW": "W",
        "dU": "U",
        "db": "b",
        "dp_i": "p_i",
        "dp_f": "p_f",
        "dp_o": "p_o",
        "dx": "x",
        "dh_": "h_",
        "dc_": "c_",
    },
    rows="ifgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "an error that comes through h alone": lambda rng: only(rng, "h", backward_case=case),
        "an error that comes through c alone": lambda rng: only(rng, "c", backward_case=case),
    },
)
