"""E9.3: the LSTM backward over all steps, with its factors before the loop and the weights' gradients after it."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STAGES, Exercise, turned_blocks, wrong
from lstmcourse.exercises.nb09 import e1_lstm_forward
from lstmcourse.exercises.nb09._products import enters_one_product
from lstmcourse.exercises.nb09.e2_lstm_factors import lstm_factors


def lstm_backward_all(
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    xs: np.ndarray,
    h0: np.ndarray,
    c0: np.ndarray,
    hs: np.ndarray,
    cs: np.ndarray,
    gates: np.ndarray,
    dhs: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All steps of the LSTM, backward.

    W, U, b, xs, h0, c0 went into lstm_forward; hs, cs, gates came out: hs and cs (T, B, H), gates (T, B, 4H) in the
    order i, f, g, o. dhs (T, B, H): what the loss itself sends into each h. xs may enter one matrix product only.
    Returns dW (4H, I), dU (4H, H), db (4H,), dxs (T, B, I), dh0 (B, H), dc0 (B, H).
    """
    T, B, H = hs.shape
    A_i, A_f, A_g, A_o, A_c = lstm_factors(c0, cs, gates)
    h_, f = np.concatenate([h0[None], hs[:-1]]), gates[:, :, H : 2 * H]
    da, dh, dc = np.empty_like(gates), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(T)):
        dh = dh + dhs[t]
        dc = dc + dh * A_c[t]
        da[t] = np.concatenate([dc * A_i[t], dc * A_f[t], dc * A_g[t], dh * A_o[t]], axis=1)
        dh, dc = da[t] @ U, dc * f[t]
    rows = da.reshape(T * B, -1)
    dW, dU = rows.T @ xs.reshape(T * B, -1), rows.T @ h_.reshape(T * B, H)
    return dW, dU, rows.sum(axis=0), (rows @ W).reshape(xs.shape), dh, dc


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """What goes into lstm_forward, what comes out, and dhs (T, B, H)."""
    given = e1_lstm_forward.case(rng, n)
    return (*given, *e1_lstm_forward.lstm_forward(*given), rng.normal(size=(n.T, n.B, n.H)))


def loss(*base):
    """sum(dhs ∘ hs), as a function of the same arguments."""

    def of(*args):
        return float(np.sum(args[-1] * e1_lstm_forward.lstm_forward(*args[:6])[0]))

    return of


def last_only(rng: np.random.Generator) -> tuple:
    """A loss that looks at the last state and at no other."""
    *given, dhs = case(rng, SimpleNamespace(T=5, B=2, I=2, H=3))
    dhs[:-1] = 0
    return (*given, dhs)


HINTS = (
    "Three parts, as in the tanh cell. Before the loop: the factors, by your lstm_factors. In the loop: dh and dc,\n"
    "and the four pieces of da. After it: three products with all rows of da, and their sum.",
    "in the loop, from the last step: dh += dhs[t];  dc += dh A_c;  da = [dc A_i, dc A_f, dc A_g, dh A_o];\n"
    "                                 then dh = da U,  dc = dc f\n"
    "after it: dW = daᵀ x,  dU = daᵀ h₋,  db = Σ da,  dxs = da W, with T · B rows each",
    """
    T, B, H = hs.shape
    A_i, A_f, A_g, A_o, A_c = lstm_factors(c0, cs, gates)
    h_, f = np.concatenate([h0[None], hs[:-1]]), gates[:, :, H : 2 * H]
    da, dh, dc = np.empty_like(gates), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(T)):
        dh = dh + dhs[t]
        ...
    """,
)

SYMPTOMS = {
    "xs enters T matrix products": "dW is still summed in the loop. Keep da of every step; da.reshape(T * B, 4H).T "
    "with xs.reshape(T * B, I) is the whole sum.",
    "right for T = 1, wrong for more": "Two things go to the step before: da @ U to dh, and dc times f to dc.",
    "only dU is wrong": "U multiplied the state before each step: h0 first, then hs without its last.",
    "everything is wrong at every step": "See whether your five factors pass E9.2, and come in its order: "
    "A_i, A_f, A_g, A_o, A_c.",
}

FACTORS = "lstm_factors(c0, cs, gates)"

WRONG = turned_blocks("ifgo", "da[t] @ U") | {
    "no slopes": wrong(
        FACTORS,
        f"{FACTORS}\n    i, _, g, _ = np.split(gates, 4, axis=2)\n"
        "    A_i, A_f, A_g, A_o = g, np.concatenate([c0[None], cs[:-1]]), i, np.tanh(cs)",
        "the slopes of σ and tanh are left out: da takes the gradients of i, f, g and o as they are",
    ),
    "c after for f": wrong(
        FACTORS, f"{FACTORS}\n    A_f = lstm_factors(cs[0], np.roll(cs, -1, axis=0), gates)[1]",
        "da_f is made with c after each step; f multiplied the c before it",
    ),
    "bias of step 0": wrong(
        "rows.sum(axis=0)", "da[0].sum(axis=0)", "db is that of step 0 alone; b served every step, so they add up"
    ),
    "states after for dU": wrong(
        "np.concatenate([h0[None], hs[:-1]])", "hs", "dU is made with h after each step; U multiplied the h before it"
    ),
    "loss of each step dropped": wrong(
        "dh = dh + dhs[t]", "dh = dhs[t]", "what the later steps send into h is dropped"
    ),
    "dc not carried": wrong("dc = dc + dh * A_c[t]", "dc = dh * A_c[t]", "what comes along c from later is dropped"),
    "no gradient through h to c": wrong("dc + dh * A_c[t]", "dc", "what h sends into c is dropped"),
    "da before h's share": wrong(
        "dc = dc + dh * A_c[t]", "new = dc + dh * A_c[t]", "dc * f[t]", "new * f[t]",
        "da is made from the dc that came back, before dh A_c is added to it",
    ),
    "f forgotten along c": wrong("dc * f[t]", "dc", "c passes its gradient on undiminished; it is multiplied by f"),
    "i along c": wrong(
        "gates[:, :, H : 2 * H]", "gates[:, :, :H]", "dc goes to the step before times i; c₋ was multiplied by f"
    ),
    "f of the step before": wrong(
        "dc * f[t]", "dc * f[max(t - 1, 0)]", "dc goes back times f of the step before, not of this step"
    ),
    "factors of the step before": wrong(
        "dc = dc + dh * A_c[t]", "dc = dc + dh * A_c[t - 1]", "the factor from h to c is that of another step"
    ),
    "A_c and A_o exchanged": wrong(
        "A_g, A_o, A_c = ", "A_g, A_c, A_o = ", "A_o and A_c are in each other's place: da_o is dh A_o, dc takes dh A_c"
    ),
    "forward in time": wrong("reversed(range(T))", "range(T)", "the loop goes from the first step to the last"),
    "dh of the last step": wrong(
        "(rows @ W)", "(rows @ W * 0)", "dxs is 0: no gradient reaches the inputs"
    ),
    "order of da": wrong(
        "dc * A_g[t], dh * A_o[t]", "dh * A_o[t], dc * A_g[t]", "da is i, f, o, g; the rows of W are i, f, g, o"
    ),
    "o from dc": wrong("dh * A_o[t]", "dc * A_o[t]", "da_o is made from dc; o stands in h, so its gradient is dh's"),
    "mean for the bias": wrong("rows.sum(axis=0)", "rows.mean(axis=0)", "db is the mean over steps and sequences"),
}  # fmt: skip

exercise = Exercise(
    id="E9.3",
    title="All steps backward, in three parts",
    solution=lstm_backward_all,
    minutes=30,
    difficulty=4,
    importance=4,
    lines=14,
    can_now="write a recurrent layer that is one node for autograd, and fast because of it",
    returns={
        "dW": "(4H, I)", "dU": "(4H, H)", "db": "(4H,)", "dxs": "(T, B, I)", "dh0": "(B, H)", "dc0": "(B, H)",
    },
    rows="ifgo",
    helpers=(lstm_factors,),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    loss=loss,
    wrt={"dW": "W", "dU": "U", "db": "b", "dxs": "xs", "dh0": "h0", "dc0": "c0"},
    edges={"a loss that looks at the last state only": last_only},
    stages=(*STAGES, ("matrix products", enters_one_product("xs"))),
)  # fmt: skip
