"""Exercises of notebook 04: the step of the LSTM and its backward, the forget bias, where the gradient stands still."""

from functools import cache, partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register
from lstmcourse.exercises._cases import backward_case, backward_loss, only, step_case, weights
from lstmcourse.reference import LSTM, init, sigmoid, unroll, zeros_like

_weights = partial(weights, gates=4)
_step_case = partial(step_case, weights=_weights)
_backward_case = partial(backward_case, step_case=_step_case)


def _as_rows(U: np.ndarray) -> np.ndarray:
    """U with each gate's square block used as it stands, for rows: (4H, H) -> (H, 4H)."""
    return np.concatenate(np.split(U, 4), axis=1)


# --- E4.1 the step ----------------------------------------------------------------------------------------------


def lstm_step(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray, c_: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the LSTM: c = f * c_ + i * g and h = o * tanh(c).

    W (4H, I), U (4H, H), b (4H,): rows in torch's order, input gate i, forget gate f, candidate g, output gate o.
    i, f and o are sigmoids of W x + U h_ + b, g is its tanh; sigma(a) = 1 / (1 + exp(-a)).
    x (B, I) is the input now; h_ (B, H) and c_ (B, H) are the states one step ago.
    Returns h (B, H), c (B, H).
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
    c = f * c_ + i * np.tanh(a_g)
    return o * np.tanh(c), c


def _step_but(
    W, U, b, x, h_, c_, *, turn=True, order=(0, 1, 2, 3), sum="WUb", cut=None, gates=sigmoid, g=np.tanh, keep="f",
    squash=np.tanh, read="c", gate=True, swap=False, store="c", plus=0.0,
):  # fmt: skip
    """The step with one thing done otherwise: what the registered mistakes are made of."""
    terms = {"W": x @ W.T, "U": h_ @ (U.T if turn else _as_rows(U)), "b": b}
    a = np.sum([np.broadcast_to(terms[k], (len(x), 4 * U.shape[1])) for k in sum], axis=0)
    parts = [a[:, k::4] for k in range(4)] if cut == "every fourth" else np.split(a, 4, axis=1)
    a_i, a_f, a_g, a_o = (parts[k] for k in order)
    i, f, o, g = gates(a_i), gates(a_f + plus), gates(a_o), g(a_g)
    c = {
        "f": f * c_ + i * g,
        "1": c_ + i * g,
        "0": i * g,
        "1-f": (1 - f) * c_ + i * g,
        "sum": f * (c_ + i * g),
        "coupled": f * c_ + (1 - f) * g,
        "no i": f * c_ + g,
        "h_": f * h_ + i * g,
    }[keep]
    h = (o if gate else 1.0) * squash(c if read == "c" else c_)
    c = np.tanh(c) if store == "tanh(c)" else c
    return (c, h) if swap else (h, c)


register(
    "E4.1",
    title="One step of the LSTM",
    solution=lstm_step,
    minutes=10,
    difficulty=2,
    importance=5,
    lines=4,
    can_now="write the LSTM as it is used today for a batch, and say what each of its four pieces decides",
    returns={"h": "(B, H)", "c": "(B, H)"},
    case=_step_case,
    sizes=STEP_SIZES,
    hints=(
        "It is the step of 1997 with one gate more. Cut the product into four pieces of width H, in the order of the\n"
        "rows; three of them are gates. The new one multiplies what was there.",
        "a = W x + U h_ + b, cut into a_i, a_f, a_g, a_o;  i, f, o = σ(a_i), σ(a_f), σ(a_o),  g = tanh(a_g);\n"
        "c = f ∘ c_ + i ∘ g,  h = o ∘ tanh(c). In code ∘ is *.",
        """
        a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
        """,
    ),
    symptoms={
        "c is wrong": "Set b so that f is 1: then c must be that of 1997, c_ + i * g. If it is, look at what f "
        "multiplies: the old state, and nothing else.",
        "h is wrong and c is right": "h is made from the new c: tanh first, then the output gate, the fourth piece.",
        "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
        "that is the batch. The gates lie side by side: axis=1.",
        "right for one unit, wrong for more": "Then the pieces are cut in the wrong places, or U is turned: forward "
        "it is h_ @ U.T.",
    },
    wrong={
        "nothing forgotten": (
            partial(_step_but, keep="1"),
            "c_ enters with the factor 1: that is the cell of 1997, and f has nothing to do",
        ),
        "forgets what it should keep": (partial(_step_but, keep="1-f"), "c_ is multiplied with 1 - f"),
        "nothing kept": (partial(_step_but, keep="0"), "c_ is left out: c = i * g has no memory"),
        "f around the sum": (
            partial(_step_but, keep="sum"),
            "f multiplies the new as well: it stands before c_ only",
        ),
        "coupled": (
            partial(_step_but, keep="coupled"),
            "the candidate is multiplied with 1 - f instead of i: that is the cell of notebook 06",
        ),
        "sigmoid candidate": (
            partial(_step_but, g=sigmoid),
            "the candidate goes through σ, as one popular article has it: g is never negative then",
        ),
        "c not squashed": (
            partial(_step_but, squash=lambda c: c),
            "h is o * c, without the tanh, as one popular article has it",
        ),
        "σ for the output": (
            partial(_step_but, squash=sigmoid),
            "h is o * σ(c), as one popular article has it: an empty cell would say 0.5 * o",
        ),
        "no output gate": (partial(_step_but, gate=False), "the output gate is left out: h is tanh(c)"),
        "old c read": (partial(_step_but, read="c_"), "h shows c_ instead of the new c: it comes one step late"),
        "rows f i g o": (
            partial(_step_but, order=(1, 0, 2, 3)),
            "i and f are exchanged: the rows of the input gate come first",
        ),
        "rows i f o g": (
            partial(_step_but, order=(0, 1, 3, 2)),
            "the rows are taken in the order i, f, o, g; here, and in torch, the candidate comes third",
        ),
        "rows i o f g": (
            partial(_step_but, order=(0, 2, 3, 1)),
            "the rows are taken in the order i, o, f, g, which is that of ONNX",
        ),
        "U not transposed": (
            partial(_step_but, turn=False),
            "each gate's block of U is used as it stands where its transpose is needed",
        ),
        "rows i g f o": (
            partial(_step_but, order=(0, 2, 1, 3)),
            "the rows are taken in the order i, g, f, o, which is that of TensorFlow's old cells; here f comes second",
        ),
        "no bias": (partial(_step_but, sum="WU"), "b is left out of the pre-activations"),
        "no h_": (partial(_step_but, sum="Wb"), "U h_ is left out: the gates see the input alone"),
        "one added to f": (
            partial(_step_but, plus=1.0),
            "1 is added to the forget gate's pre-activation, as some libraries do; here the bias is all in b",
        ),
        "no input gate": (
            partial(_step_but, keep="no i"),
            "the input gate is left out: c = f * c_ + g writes everything",
        ),
        "h_ carried": (partial(_step_but, keep="h_"), "f multiplies h_; what it keeps or drops is c_"),
        "gates through tanh": (
            partial(_step_but, gates=np.tanh),
            "the gates go through tanh as well: a gate is a σ, a factor between 0 and 1",
        ),
        "candidate not squashed": (partial(_step_but, g=lambda a: a), "the candidate is a_g itself, without its tanh"),
        "squashed state kept": (
            partial(_step_but, store="tanh(c)"),
            "tanh(c) is handed on as the state: the tanh is for what is shown, and c itself goes on as it is",
        ),
        "h and c exchanged": (partial(_step_but, swap=True), "c and h are returned in the wrong order: h comes first"),
        "every fourth column": (
            partial(_step_but, cut="every fourth"),
            "the columns of a are dealt out in turn; the four pieces lie side by side, H columns each",
        ),
    },
    edges={
        "f at 1, i at 0: c is c_": lambda rng: (
            np.zeros((8, 1)), np.zeros((8, 2)), np.repeat([-500.0, 500.0, 1.0, 0.0], 2), np.ones((1, 1)),
            np.zeros((1, 2)), np.array([[0.7, -3.0]]),
        ),
        "f at 0: nothing is left of c_": lambda rng: (
            np.zeros((8, 1)), np.zeros((8, 2)), np.repeat([0.0, -500.0, 1.0, 0.0], 2), np.ones((1, 1)),
            np.zeros((1, 2)), np.array([[40.0, -3.0]]),
        ),
    },
)  # fmt: skip

# --- E4.2 the step back -----------------------------------------------------------------------------------------


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
    dh (B, H), dc (B, H): what the loss and the later steps ask of h and of c. c reaches the loss through h as well.
    Returns dW (4H, I), dU (4H, H), db (4H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
    g = np.tanh(a_g)
    tanh_c = np.tanh(f * c_ + i * g)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)  # two roads lead to c
    di, df, dg, dc_ = dc * g, dc * c_, dc * i, dc * f
    da = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc_


def _backward_but(
    W, U, b, x, h_, c_, dh, dc, *, through_h=True, through_c=True, slope_c=True, ride="dc·f", slopes=True, twice=False,
    feedback=True, swap="", turn=True, gate=True, seen="c_", shown="c", heard="tanh(c)", slope_g="1 - g²",
    order=(0, 1, 2, 3), before="h_", mean="", extra=False, exchanged=False,
):  # fmt: skip
    """The step back with one thing done otherwise."""
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, o, g = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o), np.tanh(a_g)
    c = f * c_ + i * g
    t = np.tanh(c_ if shown == "c_" else c_ + i * g if shown == "no f" else c)
    do = dh * (c if heard == "c" else t)
    bend_c = {"c, not tanh(c)": 1 - c**2, "σ": t * (1 - t)}.get(shown, 1 - t**2)
    from_h = dh * (o if gate else 1.0) * (bend_c if slope_c else 1.0)
    total = (dc if through_c else 0.0) + (from_h if through_h else 0.0)
    do = total * t if heard == "dc" else do
    di, dg = (total * i, total * g) if swap == "ig" else (total * g, total * i)
    df = total * {"c_": c_, "c": c, "f": f, "g": g, "h_": h_}[seen]
    slope = lambda s: s * (1 - s)
    again = lambda s: slope(sigmoid(s)) if twice else slope(s)
    bend = {"1 - g²": 1 - np.tanh(g) ** 2 if twice else 1 - g**2, "σ": slope(g), "none": 1.0}[slope_g]
    das = [di * again(i), df * again(f), dg * bend, do * again(o)] if slopes else [di, df, dg, do]
    da = np.concatenate([das[k] for k in order], axis=1)
    riding = {
        "dc·f": total * f,
        "dc": total,
        "0": 0 * c_,
        "arriving": dc * f,
        "dc·c_": total * c_,
        "dc·i": total * i,
        "dc·(1-f)": total * (1 - f),
        "dc·o": total * o,
        "dc·f + arriving": total * f + dc,
    }
    dh_ = da @ (U if turn else _as_rows(U).T) if feedback else np.zeros_like(h_)
    dU = da.T @ (h_ if before == "h_" else o * np.tanh(c))
    rest = (riding[ride], dh_) if exchanged else (dh_ + dh if extra else dh_, riding[ride])
    share, all_share = (1 / len(x) if mean else 1.0), (1 / len(x) if mean == "all" else 1.0)
    return da.T @ x * all_share, dU * all_share, da.sum(axis=0) * share, da @ W, *rest


register(
    "E4.2",
    title="The LSTM's step back",
    solution=lstm_backward,
    minutes=25,
    difficulty=4,
    importance=5,
    lines=9,
    can_now="send an error back through an LSTM, and say which one number multiplies it on its way along c",
    returns={"dW": "(4H, I)", "dU": "(4H, H)", "db": "(4H,)", "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)"},
    case=_backward_case,
    sizes=STEP_SIZES,
    loss=backward_loss(lstm_step),
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_", "dc_": "c_"},
    hints=(
        "It is E3.3 with one gate more. In c = f c_ + i g the forget gate and the old state multiply each other: each\n"
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
    ),
    symptoms={
        "dc_ is wrong": "c_ stands in c with the factor f, so dc_ is all of dc times f: what arrived from later, plus "
        "what came through h.",
        "right where dc is 0, wrong otherwise": "The gradient that arrives through c is dropped. Add it to the one "
        "that comes through h, before the gates take their share.",
        "right where dh is 0, wrong otherwise": "c reaches the loss through h too: add dh * o * (1 - tanh(c)**2) to "
        "dc.",
        "only the second block of dW is wrong": "Those rows are the forget gate's. It multiplies c_, so df is dc * c_.",
        "the gates' rows are wrong by a factor near 4": "f is σ(a) already. Its slope is f * (1 - f); σ is not taken "
        "again.",
        "the function changes its inputs": "dc += … writes into the caller's array: dc = dc + … makes a new one.",
    },
    wrong={
        "ungated": (
            partial(_backward_but, ride="dc"),
            "dc_ is all of dc: that was the carousel of 1997; here f multiplies what rides along c",
        ),
        "carousel lost": (
            partial(_backward_but, ride="0"),
            "dc_ is zero: no error rides along c, and the cell learns like a plain network with odd gates",
        ),
        "arriving dc dropped": (
            partial(_backward_but, through_c=False),
            "the gradient that arrives through c from the later steps is dropped, and only the one through h is used",
        ),
        "h forgotten": (partial(_backward_but, through_h=False), "the gradient that reaches c through h is missing"),
        "only what arrived rides on": (
            partial(_backward_but, ride="arriving"),
            "dc_ is f times the dc that arrived, without what came in through h at this step",
        ),
        "f and c_ exchanged": (
            partial(_backward_but, ride="dc·c_", seen="f"),
            "df is dc * f and dc_ is dc * c_: in the product f * c_ each one's gradient carries the other",
        ),
        "the input gate rides": (
            partial(_backward_but, ride="dc·i"),
            "dc_ is multiplied with the input gate; the one before c_ is the forget gate",
        ),
        "f hears the new c": (
            partial(_backward_but, seen="c"),
            "df is dc times the new c; the forget gate multiplied the old one, c_",
        ),
        "i and g exchanged": (
            partial(_backward_but, swap="ig"),
            "di and dg are exchanged: in the product i * g each one's gradient carries the other as its factor",
        ),
        "truncated": (
            partial(_backward_but, feedback=False),
            "dh_ is zero: no error goes back through the gates to the step before, as in the truncation of 1997",
        ),
        "no tanh'(c)": (partial(_backward_but, slope_c=False), "the derivative of tanh(c) is left out"),
        "no gate on the way in": (
            partial(_backward_but, gate=False),
            "the output gate is left out where the error goes from h to c",
        ),
        "no slopes": (
            partial(_backward_but, slopes=False),
            "the derivatives of σ and tanh are left out: di, df, dg and do go straight into the weights",
        ),
        "squashed twice": (
            partial(_backward_but, twice=True),
            "σ and tanh are taken twice: the gates are squashed already, so the slopes are f(1 - f) and 1 - g**2",
        ),
        "U transposed": (
            partial(_backward_but, turn=False),
            "dh_ goes through each gate's block of U the wrong way round; forward was h_ @ U.T, so back is da @ U",
        ),
        "1 - c**2": (
            partial(_backward_but, shown="c, not tanh(c)"),
            "the slope of tanh at c is taken as 1 - c**2; it is 1 - tanh(c)**2, since c has not been squashed",
        ),
        "tanh'(c) as of σ": (
            partial(_backward_but, shown="σ"),
            "the slope on the way from h to c is that of σ, s(1 - s); c goes through tanh, whose slope is 1 - s**2",
        ),
        "old c": (
            partial(_backward_but, shown="c_"),
            "tanh is taken of c_ instead of the new c: h was made from the new one",
        ),
        "c without f": (
            partial(_backward_but, shown="no f"),
            "c is computed again without the forget gate, as in 1997: here it is f * c_ + i * g",
        ),
        "o hears c": (partial(_backward_but, heard="c"), "do is dh * c; o was multiplied with tanh(c)"),
        "f hears g": (
            partial(_backward_but, seen="g"),
            "df is dc * g, which is di; the forget gate was multiplied with c_",
        ),
        "f hears h_": (partial(_backward_but, seen="h_"), "df is dc * h_; the forget gate was multiplied with c_"),
        "keeps what it should drop": (
            partial(_backward_but, ride="dc·(1-f)"),
            "dc_ is multiplied with 1 - f; forward c_ was multiplied with f",
        ),
        "the output gate rides": (
            partial(_backward_but, ride="dc·o"),
            "dc_ is multiplied with the output gate; the one before c_ is the forget gate",
        ),
        "g with the slope of σ": (
            partial(_backward_but, slope_g="σ"),
            "da_g has the slope of σ, g(1 - g); the candidate is a tanh, whose slope is 1 - g**2",
        ),
        "h for h_": (
            partial(_backward_but, before="h"),
            "dU is made with the new h; the product in the forward step was with h_, one step earlier",
        ),
        "rows f i g o": (
            partial(_backward_but, order=(1, 0, 2, 3)),
            "the pieces of da are put together in the order f, i, g, o; the rows of W, U and b lie i, f, g, o",
        ),
        "rows i f o g": (
            partial(_backward_but, order=(0, 1, 3, 2)),
            "the pieces of da are put together in the order i, f, o, g; the rows of W, U and b lie i, f, g, o",
        ),
        "rows i g f o": (
            partial(_backward_but, order=(0, 2, 1, 3)),
            "the pieces of da are put together in the order i, g, f, o; the rows of W, U and b lie i, f, g, o",
        ),
        "dh handed on": (
            partial(_backward_but, extra=True),
            "dh is added to dh_: h_ reaches h through the gates and the candidate only, and that is da @ U",
        ),
        "mean over the batch": (
            partial(_backward_but, mean="db"),
            "db is the mean over the batch; every row has used b, so their gradients add",
        ),
        "all divided by B": (
            partial(_backward_but, mean="all"),
            "dW, dU and db are divided by the size of the batch; dh and dc are gradients of the loss already, so the "
            "rows' shares add",
        ),
        "no tanh'(g)": (
            partial(_backward_but, slope_g="none"),
            "the derivative of the candidate's tanh is left out",
        ),
        "o hears dc": (
            partial(_backward_but, heard="dc"),
            "do is made from dc; the output gate stands between c and h, and hears dh only",
        ),
        "dh_ and dc_ exchanged": (
            partial(_backward_but, exchanged=True),
            "dh_ and dc_ are returned in the wrong order: dh_ comes before dc_",
        ),
        "dc added again": (
            partial(_backward_but, ride="dc·f + arriving"),
            "the dc that arrived is added to dc_ once more, unforgotten; all of it goes through f",
        ),
    },
    edges={
        "only dc arrives": lambda rng: only(rng, "c", backward_case=_backward_case),
        "only dh arrives": lambda rng: only(rng, "h", backward_case=_backward_case),
    },
)

# --- E4.3 the forget bias ---------------------------------------------------------------------------------------


def remember_for(half_life: float, b_ih: np.ndarray, b_hh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two biases of torch's LSTM, with the forget gates set to a half-life.

    b_ih (4H,), b_hh (4H,): rows i, f, g, o; a gate sees the sum of both. The arrays passed in stay as they are.
    half_life: where nothing but the bias speaks, half of c shall be left after that many steps: f**half_life = 1/2.
    Returns b_ih, b_hh: b_hh is zero in the forget gate's rows; every other row of both is what it was.
    """
    H = len(b_ih) // 4
    f = 0.5 ** (1 / half_life)
    b_ih, b_hh = b_ih.copy(), b_hh.copy()
    b_ih[H : 2 * H] = np.log(f / (1 - f))  # the inverse of σ
    b_hh[H : 2 * H] = 0
    return b_ih, b_hh


def _bias_but(
    half_life,
    b_ih,
    b_hh,
    *,
    block=1,
    first=1.0,
    second=0.0,
    value=None,
    copy=True,
    all_rows=False,
    add=False,
    silent=False,
):
    H = len(b_ih) // 4
    f = 0.5 ** (1 / half_life)
    bias = np.log(f / (1 - f)) if value is None else value(half_life, f)
    if copy:
        b_ih, b_hh = b_ih.copy(), b_hh.copy()
    rows = slice(None) if all_rows else slice(block * H, (block + 1) * H)
    b_ih[rows] = first * bias + (b_ih[rows] if add else 0.0)
    if second is not None:
        b_hh[rows] = second * bias if second else 0.0
    if silent:
        b_hh[...] = 0.0
    return b_ih, b_hh


register(
    "E4.3",
    title="A forget bias for a half-life",
    solution=remember_for,
    minutes=12,
    difficulty=3,
    importance=5,
    lines=5,
    can_now="set the forget bias of any LSTM to the lag of a task, in the right rows, once and not twice",
    returns={"b_ih": "(4H,)", "b_hh": "(4H,)"},
    case=lambda rng, n: (float(n.half_life), rng.normal(size=4 * n.H), rng.normal(size=4 * n.H)),
    sizes=({"H": 5, "half_life": 20}, {"H": 1, "half_life": 3}, {"H": 3, "half_life": 500}),
    hints=(
        "Two questions: which f leaves a half after so many steps, and which a gives σ(a) = f. Then write it into the\n"
        "forget gate's rows of one of the two biases, and make the other one silent there.",
        "f = (1/2)^(1/n),  a = ln(f / (1 − f)). The rows of f are H … 2H − 1, in both vectors.",
        """
        H = len(b_ih) // 4
        f = 0.5 ** (1 / half_life)
        b_ih, b_hh = b_ih.copy(), b_hh.copy()
        b_ih[H : 2 * H] = ...  # the inverse of σ
        """,
    ),
    symptoms={
        "the half-life comes out far too long": "Is the bias in both vectors? The gate sees their sum.",
        "the half-life is off by a random factor": "b_hh starts with random numbers. They are in the sum too: set them "
        "to zero in the forget gate's rows.",
        "the arrays passed in changed": "b_ih[…] = … writes into the caller's array. Copy first.",
        "the cell does not change how long it remembers": "Look at the rows: i comes first, then f.",
    },
    wrong={
        "twice": (
            partial(_bias_but, second=1.0),
            "the bias is written into b_ih and into b_hh: the gate sees the sum, and remembers far longer",
        ),
        "b_hh left as it was": (
            partial(_bias_but, second=None),
            "b_hh keeps its random numbers in the forget gate's rows, and the gate sees the sum",
        ),
        "the input gate's rows": (
            partial(_bias_but, block=0),
            "the first block is set; that is the input gate, and the forget gate comes second",
        ),
        "the third block": (
            partial(_bias_but, block=2),
            "the third block is set: there lies the forget gate in ONNX, and here the candidate",
        ),
        "all rows": (partial(_bias_but, all_rows=True), "every gate gets the bias, not the forget gate alone"),
        "f instead of a": (
            partial(_bias_but, value=lambda n, f: f),
            "the gate's value is written where what goes into σ belongs; σ of 0.99 is 0.73",
        ),
        "ln f": (
            partial(_bias_but, value=lambda n, f: np.log(f)),
            "ln f is taken as the bias; the inverse of σ is ln(f / (1 - f))",
        ),
        "sign": (partial(_bias_but, first=-1.0), "the sign is turned: the gate then keeps 1 - f"),
        "time constant": (
            partial(_bias_but, value=lambda n, f: np.log(n)),
            "the bias is ln n, which makes n + 1 the time constant 1/(1 - f); the half-life is 0.69 of that",
        ),
        "ends at a half": (
            partial(_bias_but, value=lambda n, f: np.log((1 - 0.5 / n) / (0.5 / n))),
            "f is 1 - 1/(2n): that would lose half of c if every step took as much as the first",
        ),
        "shared": (
            partial(_bias_but, first=0.5, second=0.5),
            "each of the two vectors gets half of the bias: the cell would do the right thing, but b_hh was to be zero",
        ),
        "in b_hh": (
            partial(_bias_but, first=0.0, second=1.0),
            "the bias is in b_hh and b_ih is zero: the cell would do the right thing, but it was to be the other way "
            "round",
        ),
        "added": (
            partial(_bias_but, add=True),
            "the bias is added to the random number that stood in b_ih; it was to take its place",
        ),
        "all of b_hh silent": (
            partial(_bias_but, silent=True),
            "all of b_hh is zero; only the forget gate's rows of it are to be, and the other gates keep what they had",
        ),
        "the last block": (
            partial(_bias_but, block=3),
            "the last block is set; that is the output gate, and the forget gate comes second",
        ),
        "no logarithm": (
            partial(_bias_but, value=lambda n, f: f / (1 - f)),
            "the logarithm is missing: f / (1 - f) are the odds, and the inverse of σ is the logarithm of the odds",
        ),
        "a half to the n": (
            partial(_bias_but, value=lambda n, f: np.log(0.5**n / (1 - 0.5**n)) if n < 1000 else -n * np.log(2)),
            "f is (1/2)**n, a gate that halves c n times in one step; f**n = 1/2 gives f = (1/2)**(1/n)",
        ),
        "time constant e": (
            partial(_bias_but, value=lambda n, f: -np.log(np.expm1(1 / n))),
            "f is exp(-1/n), which leaves 1/e after n steps; here a half is to be left",
        ),
        "chrono": (
            partial(_bias_but, value=lambda n, f: np.log(n - 1) if n > 1 else -np.inf),
            "the bias is ln(n - 1), the largest that chrono would draw for n steps: with it the time constant "
            "1/(1 - f) is n, and the half-life is shorter",
        ),
        "in place": (partial(_bias_but, copy=False), "the caller's arrays are changed in place"),
    },
    edges={
        "a half-life of one step: the bias is 0": lambda rng: (1.0, rng.normal(size=8), rng.normal(size=8)),
        "a half-life of 10000 steps": lambda rng: (1e4, rng.normal(size=4), rng.normal(size=4)),
    },
)

# --- E4.4 where the gradient stands still -----------------------------------------------------------------------


def example(bias: float, seed: int) -> np.ndarray:
    """Norms of the gradient at c, 0, 1, … 150 steps back, in an untrained LSTM with this forget bias: (151,).

    The LSTM (I = 8, H = 32, every other weight uniform in ±1/√H) has read 151 steps of N(0, 1) noise; the loss is a
    random weighted sum of its last h.
    """
    rng = np.random.default_rng(seed)
    p = init(LSTM, 8, 32, rng)
    p.b[32:64] = bias
    (hs, _), caches = unroll(LSTM, p, rng.normal(size=(151, 2, 8)))
    d, dh, norms = zeros_like(p), rng.normal(size=hs[-1].shape), []
    dc = np.zeros_like(dh)
    for kept in reversed(caches):
        norms.append(np.linalg.norm(dc + dh * kept["o"] * (1 - np.tanh(kept["c"]) ** 2)))
        _, (dh, dc) = LSTM.backward(p, d, kept, dh, dc)
    return np.array(norms)


def standing_bias() -> float:
    """The forget bias at which the gradient neither fades nor grows between 50 and 150 steps back.

    The slope of a network is (ln norms[150] − ln norms[50]) / 100; the one that counts is the mean over example(b, 0)
    … example(b, 4). An answer within 0.3 is near enough.
    """
    low, high = 0.0, 6.0
    while high - low > 0.1:
        b = (low + high) / 2
        slope = np.mean([np.log(norms[150] / norms[50]) / 100 for norms in (example(b, seed) for seed in range(5))])
        low, high = (b, high) if slope < 0 else (low, b)
    return (low + high) / 2


_standing = cache(standing_bias)

register(
    "E4.4",
    title="Where does the gradient stand still?",
    solution=standing_bias,
    kind="experiment",
    minutes=14,
    difficulty=3,
    importance=4,
    lines=6,
    can_now="find, for a given network, the forget bias between fading and growing, and say why it is not infinity",
    returns={"bias": "a forget bias"},
    rtol=0,
    atol=0.35,
    stub="bias = ...  # the forget bias at which the mean slope of example(bias, 0) … example(bias, 4) is zero",
    helpers=(example,),
    hints=(
        "For a small bias the slope is negative, for a large one it is positive. Somewhere between, it crosses zero:\n"
        "try a few values, and close in.",
        "slope(b) = mean over five networks of (ln norms[150] − ln norms[50]) / 100. Halve the interval in which the\n"
        "sign changes.",
        """
        def slope(b):
            return np.mean([np.log(norms[150] / norms[50]) / 100 for norms in (example(b, s) for s in range(5))])
        for b in (0, 1, 2, 3, 4, 5, 6): print(b, slope(b))
        """,
    ),
    symptoms={
        "every slope is negative": "Go on to larger biases, up to 6.",
        "the slope jumps from one network to the next": "Take the mean over all five, and the lags 50 and 150: near "
        "lag 0 the gradient is still turning.",
        "it ought to be infinity": "Along c alone it would be. This is the whole gradient, with the detours through h.",
    },
    wrong={
        "along c alone": (
            lambda: 40.0,
            "only the product of forget gates is looked at: along c alone the gradient stands still where f is 1",
        ),
        "half-life of 150": (
            lambda: float(np.log(150 / np.log(2))),
            "the bias is the one with a half-life of 150 steps: that is a statement about c, and the gradient already "
            "grows there",
        ),
        "half-life of 100": (
            lambda: float(-np.log(2 ** (1 / 100) - 1)),
            "the bias is near 5, with a half-life of a hundred steps: that is a statement about c, and the gradient "
            "already grows there",
        ),
        "the usual 1": (lambda: 1.0, "1 is what is commonly recommended; at 1 the gradient fades"),
        "zero": (lambda: 0.0, "at 0 every gate starts near a half, and the gradient fades fastest"),
        "sign": (lambda: -_standing(), "the sign is turned"),
    },
)
