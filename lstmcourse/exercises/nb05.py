"""Exercises of notebook 05: the peephole step, its way back, and what a cut peephole hides from the counter."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register
from lstmcourse.exercises._cases import backward_case, backward_loss, only, step_case, weights
from lstmcourse.reference import PEEPHOLE, Params, sigmoid, unroll, unroll_backward


def _weights(rng: np.random.Generator, I: int, H: int) -> tuple:
    peepholes = rng.normal(size=(3, H))
    return (*weights(rng, I, H, gates=4), *peepholes)


_step_case = partial(step_case, weights=_weights, spread=2.0)
_backward_case = partial(backward_case, step_case=_step_case)

# --- E5.1 the step ----------------------------------------------------------------------------------------------


def peephole_step(
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    p_i: np.ndarray,
    p_f: np.ndarray,
    p_o: np.ndarray,
    x: np.ndarray,
    h_: np.ndarray,
    c_: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the peephole LSTM: three gates that see the cell state.

    W (4H, I), U (4H, H), b (4H,): the rows of i first, then f, g, o, as in the LSTM.
    p_i, p_f, p_o (H,): one weight a unit; i and f look at c_, the cell state one step ago, o looks at the new one.
    x (B, I), h_ (B, H), c_ (B, H). Returns h (B, H), c (B, H).
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i = 1 / (1 + np.exp(-(a_i + p_i * c_)))
    f = 1 / (1 + np.exp(-(a_f + p_f * c_)))
    c = f * c_ + i * np.tanh(a_g)
    o = 1 / (1 + np.exp(-(a_o + p_o * c)))
    return o * np.tanh(c), c


def _step_but(
    W, U, b, p_i, p_f, p_o, x, h_, c_, *, order=(0, 1, 2, 3), seen="cell", shows="c", on="ifo", outside=False, g_sees=0,
    squash=np.tanh, g=np.tanh, coupled=False, shown="c", interleaved=False, left_out="", sign=1.0,
):  # fmt: skip
    """The step with one thing done otherwise: what the registered mistakes are made of."""
    a = x @ W.T + (0.0 if left_out == "U" else h_ @ U.T) + (0.0 if left_out == "b" else b)
    parts = np.moveaxis(a.reshape(len(x), -1, 4), 2, 0) if interleaved else np.split(a, 4, axis=1)
    a_i, a_f, a_g, a_o = (parts[k] for k in order)
    term = {
        "cell": lambda p, s: p * s,
        "tanh": lambda p, s: p * np.tanh(s),
        "h_": lambda p, s: p * h_,
        "all units": lambda p, s: (s @ p)[:, None],
        "o: tanh": lambda p, s: p * (np.tanh(s) if p is p_o else s),
    }[seen]
    gate = lambda a, p, s, name: sigmoid(a) + term(p, s) if outside else sigmoid(sign * (a + (name in on) * term(p, s)))
    i, f = gate(a_i, p_i, c_, "i"), gate(a_f, p_f, c_, "f")
    f = np.ones_like(f) if left_out == "f" else f
    c = f * c_ + (1 - f if coupled else i) * g(a_g + g_sees * p_i * c_)
    o = gate(a_o, p_o, c if shows == "c" else c_, "o")
    return o * squash(c if shown == "c" else c_), c


def _turned(*args):
    return peephole_step(*args)[::-1]


def _swapped(W, U, b, p_i, p_f, p_o, x, h_, c_):
    return peephole_step(W, U, b, p_f, p_i, p_o, x, h_, c_)


def _two_looks(W, U, b, p_i, p_f, p_o, x, h_, c_):
    """i and f computed again from the new state."""
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    c = sigmoid(a_f + p_f * c_) * c_ + sigmoid(a_i + p_i * c_) * np.tanh(a_g)
    c = sigmoid(a_f + p_f * c) * c_ + sigmoid(a_i + p_i * c) * np.tanh(a_g)
    return sigmoid(a_o + p_o * c) * np.tanh(c), c


register(
    "E5.1",
    title="The peephole step",
    solution=peephole_step,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="write the peephole step for a batch, and say which gate looks at which cell state, and why",
    returns={"h": "(B, H)", "c": "(B, H)"},
    case=_step_case,
    sizes=STEP_SIZES,
    hints=(
        "It is the LSTM's step with a term in three places. The order of the lines is the point: a gate can only look\n"
        "at a cell state that is there when the gate is computed.",
        "i = σ(a_i + p_i ∘ c_),  f = σ(a_f + p_f ∘ c_),  g = tanh(a_g),  c = f ∘ c_ + i ∘ g;\n"
        "then o = σ(a_o + p_o ∘ c) with the new c,  h = o ∘ tanh(c). In code ∘ is *.",
        """
        a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
        i = 1 / (1 + np.exp(-(a_i + p_i * c_)))
        f = ...
        """,
    ),
    symptoms={
        "h is wrong and c is right": "The output gate comes last and looks at the new c. Before c is computed there "
        "is nothing for it to look at but the old one.",
        "c is wrong already": "i and f look at c_, inside the σ: σ(a + p * c_). g has no peephole.",
        "operands could not be broadcast together": "p_i is (H,), one number a unit, and c_ is (B, H): p_i * c_ is "
        "right as it stands. A product with @ mixes the units.",
        "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
        "that is the batch. The gates lie side by side: axis=1.",
    },
    wrong={
        "o sees the old c": (
            partial(_step_but, shows="c_"),
            "the output gate looks at c_: it opens one step after the cell has come to where it should open",
        ),
        "i and f see the new c": (
            _two_looks,
            "i and f look at the new c, which they are there to make: to get it you had to compute it without them",
        ),
        "no peepholes": (
            partial(_step_but, on=""),
            "no gate looks at the cell: that is the LSTM of notebook 04, and p_i, p_f, p_o do nothing",
        ),
        "o blind": (partial(_step_but, on="if"), "the output gate has no peephole here; p_o is not used"),
        "i blind": (partial(_step_but, on="fo"), "the input gate has no peephole here; p_i is not used"),
        "f blind": (partial(_step_but, on="io"), "the forget gate has no peephole here; p_f is not used"),
        "only i": (partial(_step_but, on="i"), "only the input gate looks at the cell; p_f and p_o are not used"),
        "only f": (partial(_step_but, on="f"), "only the forget gate looks at the cell; p_i and p_o are not used"),
        "only o": (partial(_step_but, on="o"), "only the output gate looks at the cell; p_i and p_f are not used"),
        "through tanh": (
            partial(_step_but, seen="tanh"),
            "the gates see tanh(c): beyond 10 or so one cell state looks like the next through it. A peephole sees c",
        ),
        "o through tanh": (
            partial(_step_but, seen="o: tanh"),
            "the output gate looks at tanh(c), which it is about to show; its peephole sees c itself",
        ),
        "all units": (
            partial(_step_but, seen="all units"),
            "p is multiplied with c_ as a matrix product: one number a sequence, the same for every unit. A unit looks "
            "at its own cell only: p * c_",
        ),
        "h for c": (
            partial(_step_but, seen="h_"),
            "the peepholes look at h_, which the gates see already through U; they should look at the cell",
        ),
        "outside the σ": (
            partial(_step_but, outside=True),
            "p * c is added to the gate after the σ: the gate is no longer between 0 and 1",
        ),
        "a peephole for g": (
            partial(_step_but, g_sees=1),
            "the candidate looks at the cell as well; the peepholes belong to the three gates",
        ),
        "p_i and p_f exchanged": (_swapped, "p_i is given to the forget gate and p_f to the input gate"),
        "coupled": (
            partial(_step_but, coupled=True),
            "1 - f stands where the input gate belongs: those are coupled gates, the subject of notebook 06",
        ),
        "nothing forgotten": (
            partial(_step_but, left_out="f"),
            "c_ is kept whole, as in 1997; here the forget gate multiplies it",
        ),
        "sign in the σ": (
            partial(_step_but, sign=-1.0),
            "the minus in σ(a) = 1 / (1 + exp(-a)) is missing: all gates do the opposite",
        ),
        "sigmoid candidate": (
            partial(_step_but, g=sigmoid),
            "the candidate goes through σ: the cell could be written up, and never down",
        ),
        "c not squashed": (partial(_step_but, squash=lambda c: c), "tanh is missing between c and h"),
        "the old c shown": (partial(_step_but, shown="c_"), "h is made from c_; it shows the new c"),
        "returned in the other order": (_turned, "c and h are returned in the other order; it is h first"),
        "no bias": (partial(_step_but, left_out="b"), "the bias b is left out"),
        "no feedback": (partial(_step_but, left_out="U"), "U h_ is left out"),
        "rows i g f o": (
            partial(_step_but, order=(0, 2, 1, 3)),
            "the rows are taken in the order i, g, f, o; here they lie i, f, g, o",
        ),
        "rows f i g o": (
            partial(_step_but, order=(1, 0, 2, 3)),
            "the rows are taken in the order f, i, g, o; here they lie i, f, g, o",
        ),
        "rows i o f g": (
            partial(_step_but, order=(0, 2, 3, 1)),
            "the rows are taken in the order i, o, f, g, which is ONNX's; here they lie i, f, g, o",
        ),
        "rows i f o g": (
            partial(_step_but, order=(0, 1, 3, 2)),
            "the rows are taken in the order i, f, o, g; here they lie i, f, g, o",
        ),
        "interleaved": (
            partial(_step_but, interleaved=True),
            "the rows are taken unit by unit; here they lie gate by gate: first all of i, then all of f, g, o",
        ),
    },
    edges={
        "p = 0: the LSTM": lambda rng: (
            *_weights(rng, 2, 3)[:3], *np.zeros((3, 3)), np.ones((2, 2)), np.zeros((2, 3)), np.ones((2, 3))
        ),
        "o opens in the very step in which c comes past its threshold": lambda rng: (
            np.zeros((4, 1)), np.zeros((4, 1)), np.array([500.0, 500.0, 500.0, -50.0]),
            np.zeros(1), np.zeros(1), np.array([20.0]), np.zeros((1, 1)), np.zeros((1, 1)), np.array([[2.0]]),
        ),
        "a unit looks at its own cell only: 0 beside 100": lambda rng: (
            np.zeros((8, 1)), np.zeros((8, 2)), np.zeros(8), *np.ones((3, 2)), np.zeros((1, 1)), np.zeros((1, 2)),
            np.array([[0.0, 100.0]]),
        ),
    },
)  # fmt: skip

# --- E5.2 the step back -----------------------------------------------------------------------------------------


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
    dh (B, H), dc (B, H): what the loss and the later steps ask of h and of c. c reaches the loss through h, and
    through the output gate that looks at it.
    Returns dW (4H, I), dU (4H, H), db (4H,), dp_i (H,), dp_f (H,), dp_o (H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, g = 1 / (1 + np.exp(-(a_i + p_i * c_))), 1 / (1 + np.exp(-(a_f + p_f * c_))), np.tanh(a_g)
    c = f * c_ + i * g
    o, tanh_c = 1 / (1 + np.exp(-(a_o + p_o * c))), np.tanh(c)
    da_o = dh * tanh_c * o * (1 - o)
    dc = dc + dh * o * (1 - tanh_c**2) + da_o * p_o  # three roads lead to c
    da_i, da_f, da_g = dc * g * i * (1 - i), dc * c_ * f * (1 - f), dc * i * (1 - g**2)
    dc_ = dc * f + da_i * p_i + da_f * p_f  # and three to c_
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dp = (da_i * c_).sum(axis=0), (da_f * c_).sum(axis=0), (da_o * c).sum(axis=0)
    return da.T @ x, da.T @ h_, da.sum(axis=0), *dp, da @ W, da @ U, dc_


def _backward_but(
    W, U, b, p_i, p_f, p_o, x, h_, c_, dh, dc, *, to_c="in time", to_c_="if", o_saw="c", if_saw="c_", feedback=True,
    through_c=True, through_h=True, slope_c=True, slopes=True, swap=False, before_slope=False, o_looks="c", f_met="c_",
    slope_g="1-g²", ride="f", met="h_", over_batch=np.sum, dp_behind_slope=True, blind=False,
    do="tanh", order=(0, 1, 2, 3),
):  # fmt: skip
    """The step back with one thing done otherwise."""
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    look = 0.0 if blind else 1.0
    i, f, g = sigmoid(a_i + look * p_i * c_), sigmoid(a_f + look * p_f * c_), np.tanh(a_g)
    c = f * c_ + i * g
    o, t = sigmoid(a_o + look * p_o * (c if o_looks == "c" else c_)), np.tanh(c)
    slope = (lambda s: s * (1 - s)) if slopes else (lambda s: 1.0)
    do = dh * {"tanh": t, "c": c, "1": 1.0}[do]
    da_o = do * slope(o)
    looked = (do if before_slope else da_o) * p_o  # what o tells the c that it looked at
    total = (dc if through_c else 0.0) + (dh * o * (1 - t**2 if slope_c else 1.0) if through_h else 0.0)
    total = total + (looked if to_c in ("in time", "twice") else 0.0)
    state = {"c": c, "c_": c_}
    da_i, da_f = total * g * slope(i), total * state[f_met] * slope(f)
    da_g = total * i * ({"1-g²": 1 - g**2, "1-g": 1 - g, "none": 1.0}[slope_g] if slopes else 1.0)
    q_i, q_f = (p_f, p_i) if swap else (p_i, p_f)
    kept = {"f": total * f, "1": total, "dc": dc * f}[ride]
    dc_ = kept + da_i * q_i * ("i" in to_c_) + da_f * q_f * ("f" in to_c_)
    dc_ = dc_ + (looked if to_c in ("one step late", "twice") else 0.0)
    da = np.concatenate([(da_i, da_f, da_g, da_o)[k] for k in order], axis=1)
    dp_i, dp_f, dp_o = da_i, da_f, da_o
    if not dp_behind_slope:
        dp_i, dp_f, dp_o = total * g, total * c_, do
    dp = tuple((d * state[s]).sum(axis=0) for d, s in ((dp_i, if_saw), (dp_f, if_saw), (dp_o, o_saw)))
    dU = da.T @ (o * t if met == "h" else h_)
    return da.T @ x, dU, over_batch(da, axis=0), *dp, da @ W, da @ U if feedback else 0 * h_, dc_


register(
    "E5.2",
    title="The peephole step back",
    solution=peephole_backward,
    minutes=20,
    difficulty=4,
    importance=5,
    lines=11,
    can_now="send an error back through three peepholes, in the one order in which it comes out right",
    returns={
        "dW": "(4H, I)", "dU": "(4H, H)", "db": "(4H,)", "dp_i": "(H,)", "dp_f": "(H,)", "dp_o": "(H,)",
        "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)",
    },
    case=_backward_case,
    sizes=STEP_SIZES,
    loss=backward_loss(peephole_step),
    wrt={
        "dW": "W", "dU": "U", "db": "b", "dp_i": "p_i", "dp_f": "p_f", "dp_o": "p_o", "dx": "x", "dh_": "h_",
        "dc_": "c_",
    },
    hints=(
        "Walk the forward lines from the last to the first. The output gate was computed from the new c, so its error\n"
        "must have arrived in dc before dc is shared out among i, f and g.",
        "da_o = dh ∘ tanh(c) ∘ o(1 − o);  dc = dc + dh ∘ o ∘ (1 − tanh²(c)) + da_o ∘ p_o;\n"
        "da_i = dc ∘ g ∘ i(1 − i),  da_f = dc ∘ c_ ∘ f(1 − f),  da_g = dc ∘ i ∘ (1 − g²);\n"
        "dc_ = dc ∘ f + da_i ∘ p_i + da_f ∘ p_f;  dp_i = Σ da_i ∘ c_,  dp_f = Σ da_f ∘ c_,  dp_o = Σ da_o ∘ c.",
        """
        a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
        i, f, g = 1 / (1 + np.exp(-(a_i + p_i * c_))), 1 / (1 + np.exp(-(a_f + p_f * c_))), np.tanh(a_g)
        c = f * c_ + i * g
        o, tanh_c = 1 / (1 + np.exp(-(a_o + p_o * c))), np.tanh(c)
        da_o = dh * tanh_c * o * (1 - o)
        dc = dc + dh * o * (1 - tanh_c**2) + ...  # the third road: o looked at c
        """,
    ),
    symptoms={
        "only dp_o is right": "dc lacks the term da_o * p_o: the output gate looked at "
        "c, so c hears from it.",
        "only dc_ is wrong": "c_ was looked at by i and by f: dc * f + da_i * p_i + da_f * p_f.",
        "dp_o is wrong": "The output gate saw the new c: dp_o is the sum of da_o * c over the batch, axis 0.",
        "right where dh is 0, wrong otherwise": "Two terms come from dh: through h itself, dh * o * (1 - tanh(c)**2), "
        "and through the gate, da_o * p_o.",
        "the function changes its inputs": "dc += … writes into the caller's array: dc = dc + … makes a new one.",
    },
    wrong={
        "o's look forgotten": (
            partial(_backward_but, to_c="never"),
            "da_o ∘ p_o is missing in dc: the output gate looked at c, and c is never told what came of it",
        ),
        "o's look one step late": (
            partial(_backward_but, to_c="one step late"),
            "da_o ∘ p_o is added to dc_ instead of to dc, after i, f and g have had their share: the output gate saw "
            "the new c, not the old one",
        ),
        "o's look twice": (
            partial(_backward_but, to_c="twice"),
            "da_o ∘ p_o is added to dc, which is right, and to dc_ once more; o looked once, at the new c",
        ),
        "looks of i and f forgotten": (
            partial(_backward_but, to_c_=""),
            "da_i ∘ p_i and da_f ∘ p_f are missing in dc_, as in the LSTM: there no gate had looked at c_",
        ),
        "i's look forgotten": (partial(_backward_but, to_c_="f"), "da_i ∘ p_i is missing in dc_"),
        "f's look forgotten": (partial(_backward_but, to_c_="i"), "da_f ∘ p_f is missing in dc_"),
        "truncated as in 2002": (
            partial(_backward_but, to_c="never", to_c_="", feedback=False),
            "no error leaves a gate, neither for h_ nor through a peephole for c: this is the truncated gradient of "
            "the paper. It is fast and local, and it is not the gradient",
        ),
        "dp_o from the old c": (partial(_backward_but, o_saw="c_"), "dp_o is made from c_; o looked at the new c"),
        "dp_i and dp_f from the new c": (
            partial(_backward_but, if_saw="c"),
            "dp_i and dp_f are made from the new c; i and f looked at c_",
        ),
        "dp before the slope": (
            partial(_backward_but, dp_behind_slope=False),
            "dp_i, dp_f and dp_o are made from di, df and do; they are made from da_i, da_f and da_o, behind the "
            "slopes of the σ",
        ),
        "f met the new c": (
            partial(_backward_but, f_met="c"),
            "df is dc ∘ c; in the forward step f multiplies c_",
        ),
        "forward with the old c": (
            partial(_backward_but, o_looks="c_"),
            "the forward step inside is another one: its output gate looks at c_",
        ),
        "forward without peepholes": (
            partial(_backward_but, blind=True),
            "the forward step inside has no peepholes: i, f and o have to be computed as in E5.1",
        ),
        "dU from the new h": (partial(_backward_but, met="h"), "dU is made from the new h; U was multiplied by h_"),
        "no feedback": (
            partial(_backward_but, feedback=False),
            "dh_ is 0: what leaves the gates for h_ through U is left out",
        ),
        "carousel ungated": (
            partial(_backward_but, ride="1"),
            "dc goes on to dc_ without f, as in 1997; here f multiplies it",
        ),
        "dc as it arrived": (
            partial(_backward_but, ride="dc"),
            "dc_ is made from the dc that arrived; what came to c through h and through the output gate goes on to "
            "c_ as well",
        ),
        "do from c": (partial(_backward_but, do="c"), "do is dh ∘ c; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
        "do is dh": (partial(_backward_but, do="1"), "do is dh; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
        "rows i g f o": (
            partial(_backward_but, order=(0, 2, 1, 3)),
            "da is joined in the order i, g, f, o; the rows lie i, f, g, o",
        ),
        "slope 1 - g": (partial(_backward_but, slope_g="1-g"), "the slope of the tanh is 1 - g², not 1 - g"),
        "no slope of g": (partial(_backward_but, slope_g="none"), "the slope 1 - g² is missing in da_g"),
        "mean over the batch": (
            partial(_backward_but, over_batch=np.mean),
            "db is the mean over the batch; every sequence has its own share in the loss, and the shares add up",
        ),
        "before the slope": (
            partial(_backward_but, before_slope=True),
            "what goes through the peephole of o is do ∘ p_o; it is da_o ∘ p_o, behind the slope of the σ",
        ),
        "p_i and p_f exchanged": (
            partial(_backward_but, swap=True),
            "p_i and p_f are exchanged on the way to dc_",
        ),
        "no dc": (
            partial(_backward_but, through_c=False),
            "the dc that arrives from the next step is dropped: that was the carousel",
        ),
        "no dh in dc": (partial(_backward_but, through_h=False), "what reaches c through h is left out of dc"),
        "no slope of tanh(c)": (partial(_backward_but, slope_c=False), "the slope 1 - tanh²(c) is missing"),
        "no slopes": (
            partial(_backward_but, slopes=False),
            "the slopes of the gates are missing: da is di, df, dg, do",
        ),
    },
    edges={
        "an error that comes through h alone": lambda rng: only(rng, "h", backward_case=_backward_case),
        "an error that comes through c alone": lambda rng: only(rng, "c", backward_case=_backward_case),
    },
)  # fmt: skip

# --- E5.3 what a cut hides --------------------------------------------------------------------------------------


def example() -> tuple[Params, list, tuple]:
    """One unit that counts to eight, without input, and is late: weights, the caches of 8 steps, and dstates.

    It should open its output gate at step 8, which is h = 1; at step 8 its cell is at 6.7 and the gate at 0.25. The
    loss is half the squared error of h at every step. All weights that can be cut are there: U, p_i, p_f and p_o.
    """
    p = Params(
        W=np.zeros((4, 1)),
        U=np.array([[1.0], [-1.0], [0.5], [1.0]]),
        b=np.array([3.0, 6.0, 1.5, -11.25]),
        p_i=np.array([0.3]),
        p_f=np.array([-0.4]),
        p_o=np.array([1.5]),
    )
    (hs, _), caches = unroll(PEEPHOLE, p, np.zeros((8, 1, 1)))
    target = np.zeros_like(hs)
    target[-1] = 1
    return p, caches, (hs - target, np.zeros_like(hs))


def what_a_cut_leaves() -> tuple[float, ...]:
    """What is left of dL/db_g, the gradient of the counter's speed, when one kind of wire is cut on the way back.

    Of the unit of example(): the gradient with the cut, divided by the full one. Cut are the errors that go through U
    to h_, those that go through p_i and p_f to c_, and those that go through p_o to c, one kind at a time.
    """
    p, caches, dstates = example()

    def speed(*cut):
        q = Params(**{name: value * (name not in cut) for name, value in vars(p).items()})
        d, _, _ = unroll_backward(PEEPHOLE, q, caches, dstates)  # forward is over: q only leads errors back
        return d.b[2]  # rows i, f, g, o

    return tuple(float(speed(*cut) / speed()) for cut in (("U",), ("p_i", "p_f"), ("p_o",)))


CUTS = (("U",), ("p_i", "p_f"), ("p_o",))


def _left(measure=lambda cut, full: cut / full, row=2, cuts=CUTS, forward_too=False) -> tuple[float, ...]:
    p, caches, dstates = example()

    def gradient(*cut):
        q = Params(**{name: value * (name not in cut) for name, value in vars(p).items()})
        made, asked = caches, dstates
        if forward_too:
            (hs, _), made = unroll(PEEPHOLE, q, np.zeros((8, 1, 1)))
            asked = (hs - np.eye(8)[7].reshape(8, 1, 1), 0 * hs)
        return unroll_backward(PEEPHOLE, q, made, asked)[0].b[row]

    return tuple(float(measure(gradient(*cut), gradient())) for cut in cuts)


register(
    "E5.3",
    title="What does a cut hide?",
    solution=what_a_cut_leaves,
    kind="experiment",
    minutes=15,
    difficulty=3,
    importance=4,
    lines=8,
    can_now="cut a wire on the way back only, and say which of them tells a counter that it was too slow",
    returns={"U": "a number", "p_i and p_f": "a number", "p_o": "a number"},
    rtol=0,
    atol=0.004,
    stub="left = ...  # dL/db_g with U cut, with p_i and p_f cut, with p_o cut; each divided by the full dL/db_g",
    helpers=(example,),
    hints=(
        "The caches hold everything that the forward pass computed. On the way back U, p_i, p_f and p_o are only used\n"
        "to lead errors on: a weight of 0 in the backward pass is a wire that is cut.",
        "q = p with some of its weights set to 0;  d, _, _ = unroll_backward(PEEPHOLE, q, caches, dstates);\n"
        "dL/db_g = d.b[2], since the rows are i, f, g, o. Divide by the same number with nothing cut.",
        """
        p, caches, dstates = example()

        def speed(*cut):
            q = Params(**{name: value * (name not in cut) for name, value in vars(p).items()})
            d, _, _ = unroll_backward(PEEPHOLE, q, caches, dstates)
            return ...
        """,
    ),
    symptoms={
        "all three numbers are below 0.00002": "Then p_o is cut in all of them. One kind of wire at a time.",
        "TypeError: p.U must be floating point": "Multiply by 0.0 or by False, and leave the arrays' type as it is.",
        "the gradient of W is 0": "There is no input: W is multiplied by x = 0. The speed is in the bias.",
    },
    wrong={
        "cut forward too": (
            partial(_left, forward_too=True),
            "the weights are set to 0 in the forward pass as well: that is another unit, not another gradient",
        ),
        "everything cut": (
            partial(_left, cuts=(("U", "p_i", "p_f", "p_o"),) * 3),
            "all wires are cut every time; the question is what each of them carries",
        ),
        "only that wire left": (
            partial(_left, cuts=(("p_i", "p_f", "p_o"), ("U", "p_o"), ("U", "p_i", "p_f"))),
            "each time the other wires are cut, and the one in question is left",
        ),
        "only p_i cut": (
            partial(_left, cuts=(("U",), ("p_i",), ("p_o",))),
            "in the second number only p_i is cut; p_i and p_f are cut together",
        ),
        "only p_f cut": (
            partial(_left, cuts=(("U",), ("p_f",), ("p_o",))),
            "in the second number only p_f is cut; p_i and p_f are cut together",
        ),
        "in percent": (partial(_left, lambda cut, full: 100 * cut / full), "these are percent; asked is the share"),
        "the forget gate's bias": (
            partial(_left, row=1),
            "you look at the bias of the forget gate, row 1; the candidate's is row 2",
        ),
        "the gate's bias": (
            partial(_left, row=3),
            "you look at the bias of the output gate, row 3; the candidate's is row 2",
        ),
        "the input gate's bias": (
            partial(_left, row=0),
            "you look at the bias of the input gate, row 0; the candidate's is row 2",
        ),
        "what is lost": (
            partial(_left, lambda cut, full: 1 - cut / full),
            "you give the share that is lost; asked is the share that is left",
        ),
        "upside down": (
            partial(_left, lambda cut, full: full / cut),
            "the full gradient is divided by the cut one",
        ),
        "not divided": (partial(_left, lambda cut, full: cut), "the cut gradients are not divided by the full one"),
        "another order": (partial(_left, cuts=CUTS[::-1]), "the order is turned: U first, p_i and p_f, then p_o"),
    },
)
