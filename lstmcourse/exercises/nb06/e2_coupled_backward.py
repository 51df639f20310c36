"""E6.2: one step of the LSTM with coupled gates, backward."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, slopes, turned_blocks, wrong
from lstmcourse.exercises._cases import backward_case, backward_loss, only
from lstmcourse.exercises.nb06 import e1_coupled_step


def coupled_backward(
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    x: np.ndarray,
    h_: np.ndarray,
    c_: np.ndarray,
    dh: np.ndarray,
    dc: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One step of the LSTM with coupled gates, backward.

    W (3H, I), U (3H, H), b (3H,), rows f, g, o; x (B, I), h_ (B, H), c_ (B, H) as in E6.1.
    dh (B, H), dc (B, H): the gradients that arrive at h and c from the loss and from later steps. c reaches
    the loss through h as well.
    Returns dW (3H, I), dU (3H, H), db (3H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    f, g, o = 1 / (1 + np.exp(-a_f)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
    tanh_c = np.tanh(f * c_ + (1 - f) * g)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)  # through h, and through the next c
    df = dc * (c_ - g)  # f stands in c twice: more of the old, less of the new
    dg, dc_ = dc * (1 - f), dc * f
    da = np.concatenate([df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc_


HINTS = (
    "It is the LSTM's step back, with one line less and one line changed. f stands twice in c = f c_ + (1 − f) g,\n"
    "so its gradient is the sum of two terms.",
    "dc = dc + dh ∘ o ∘ (1 − tanh²(c));  df = dc ∘ (c_ − g),  dg = dc ∘ (1 − f),  dc_ = dc ∘ f;\n"
    "da_f = df ∘ f(1 − f),  da_g = dg ∘ (1 − g²),  da_o = do ∘ o(1 − o);  then da, side by side.",
    """
    a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    f, g, o = 1 / (1 + np.exp(-a_f)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
    tanh_c = np.tanh(f * c_ + (1 - f) * g)
    do = dh * tanh_c
    dc = dc + ...  # what comes to c through h
    df = dc * (c_ - g)
    """,
)

SYMPTOMS = {
    "only the first H rows of dW are wrong": "Those are the forget gate's. Differentiate f c_ + (1 − f) g by f, "
    "both terms.",
    "dc_ is wrong": "c_ stands in c with the factor f. Use the dc that already holds what came through h.",
    "everything but dc_ is too large": "The slopes: f(1 − f), 1 − g², o(1 − o) belong between the gate and its a.",
}

WRONG = {
    "the new forgotten": wrong(
        "(c_ - g)", "c_",
        "df is dc ∘ c_, as in the LSTM: the second place of f, in 1 - f, is left out",
    ),
    "sign of the new": wrong("(c_ - g)", "(c_ + g)", "df is dc ∘ (c_ + g): the derivative of 1 - f is minus one"),
    "the old forgotten": wrong("(c_ - g)", "(-g)", "df is -dc ∘ g: the first place of f, before c_, is left out"),
    "difference turned": wrong("(c_ - g)", "(g - c_)", "df is dc ∘ (g - c_), which is di; df is minus that"),
    "the new state for the old": wrong(
        "(c_ - g)", "(f * c_ + (1 - f) * g - g)", "df is dc ∘ (c - g), with the new c; f multiplied the old one, c_"
    ),
    "share exchanged": wrong("dc * (1 - f)", "dc * f", "dg is dc ∘ f; the candidate came in with 1 - f"),
    "candidate ungated": wrong("dc * (1 - f)", "dc", "dg is all of dc; the candidate came in with 1 - f"),
    "carousel ungated": wrong("dc * f", "dc", "dc_ is all of dc, as in 1997; here f multiplies it"),
    "carousel by 1-f": wrong("dc * f", "dc * (1 - f)", "dc_ is dc ∘ (1 - f), the candidate's share"),
    "no dc": wrong("dc + dh", "dh", "the dc that arrives from the next step is dropped: that was the carousel"),
    "no dh in dc": wrong("dc + dh * o * (1 - tanh_c**2)", "dc", "what reaches c through h is left out of dc"),
    "no slope of tanh(c)": wrong(" * (1 - tanh_c**2)", "", "the slope 1 - tanh²(c) is missing"),
    "no slopes": wrong(
        "[df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]", "[df, dg, do]",
        "the slopes of the gates are missing: da is df, dg, do",
    ),
    "do from c": wrong(
        "dh * tanh_c", "dh * (f * c_ + (1 - f) * g)",
        "do is dh ∘ c; h = o ∘ tanh(c), so it is dh ∘ tanh(c)",
    ),
    "do is dh": wrong("dh * tanh_c", "dh", "do is dh; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
    "rows g f o": wrong(
        "df * f * (1 - f), dg * (1 - g**2)", "dg * (1 - g**2), df * f * (1 - f)",
        "da is joined in the order g, f, o; the rows lie f, g, o",
    ),
    "slope 1 - g": wrong("(1 - g**2)", "(1 - g)", "the slope of the tanh is 1 - g², not 1 - g"),
    "dc as it arrived": wrong(
        "dc = dc +", "dc_ = dc * f\n    dc = dc +", "dg, dc_ = dc * (1 - f), dc * f", "dg = dc * (1 - f)",
        "dc_ is made from the dc that arrived; what came to c through h goes on to c_ as well",
    ),
    "dU from the new h": wrong("da.T @ h_", "da.T @ (o * tanh_c)", "dU is made from the new h; U was multiplied by h_"),
    "no feedback": wrong("da @ U", "0 * h_", "dh_ is 0: what leaves the gates for h_ through U is left out"),
    "mean over the batch": wrong(
        "da.sum", "da.mean",
        "db is the mean over the batch; every sequence has its own share in the loss, and the shares add up",
    ),
    "forward exchanged": wrong(
        "f * c_ + (1 - f) * g", "(1 - f) * c_ + f * g",
        "the forward step inside has f at the candidate and 1 - f at the old state; f stands before c_",
    ),
    **slopes("fo", "g", without=["sign of f"]),  # that is "difference turned"
    **turned_blocks("fgo"),
}  # fmt: skip


case = partial(backward_case, step_case=e1_coupled_step.case)

exercise = Exercise(
    id="E6.2",
    title="The coupled step back",
    solution=coupled_backward,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=8,
    can_now="send a gradient back through coupled gates, and say why df is dc times the difference of old and new",
    returns={"dW": "(3H, I)", "dU": "(3H, H)", "db": "(3H,)", "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)"},
    case=case,
    sizes=STEP_SIZES,
    loss=backward_loss(e1_coupled_step.coupled_step),
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_", "dc_": "c_"},
    rows="fgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "only dh arrives": lambda rng: only(rng, "h", backward_case=case),
        "only dc arrives": lambda rng: only(rng, "c", backward_case=case),
    },
)
