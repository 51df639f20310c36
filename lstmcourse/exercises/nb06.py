"""Exercises of notebook 06: the coupled step, its backward, the two conventions, and where a count gets stuck."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register
from lstmcourse.exercises._cases import backward_case, backward_loss, only, step_case, weights
from lstmcourse.reference import sigmoid

_weights = partial(weights, gates=3)
_step_case = partial(step_case, weights=_weights)
_backward_case = partial(backward_case, step_case=_step_case)


# --- E6.1 the step ----------------------------------------------------------------------------------------------


def coupled_step(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray, c_: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the LSTM with coupled gates: what the forget gate takes away makes room for the candidate.

    W (3H, I), U (3H, H), b (3H,): the rows of the forget gate f first, then the candidate g, then the output gate o.
    f and o are sigmoids of W x + U h_ + b, g is its tanh; the input gate is 1 - f, and has no rows.
    x (B, I) is the input now; h_ (B, H) and c_ (B, H) are the states one step ago.
    Returns h (B, H), c (B, H).
    """
    a = x @ W.T + h_ @ U.T + b
    a_f, a_g, a_o = np.split(a, 3, axis=1)
    f, o = 1 / (1 + np.exp(-a_f)), 1 / (1 + np.exp(-a_o))
    c = f * c_ + (1 - f) * np.tanh(a_g)
    return o * np.tanh(c), c


def _step_but(
    W, U, b, x, h_, c_, *, order=(0, 1, 2), g=np.tanh, keep="f", new="1-f", squash=np.tanh, gate="o", old="c_",
    shown="c", interleaved=False, left_out="", outer=lambda c: c, sign=1.0,
):  # fmt: skip
    """The step with one thing done otherwise: what the registered mistakes are made of."""
    a = x @ W.T + (0.0 if left_out == "U" else h_ @ U.T) + (0.0 if left_out == "b" else b)
    parts = np.moveaxis(a.reshape(len(x), -1, 3), 2, 0) if interleaved else np.split(a, 3, axis=1)
    a_f, a_g, a_o = (parts[k] for k in order)
    f, o, g = sigmoid(sign * a_f), sigmoid(sign * a_o), g(a_g)
    share = {"f": f, "1-f": 1 - f, "1": np.ones_like(f), "1-o": 1 - o, "o": o}
    c = outer(share[keep] * (c_ if old == "c_" else h_) + share[new] * g)
    return share[gate] * squash(c if shown == "c" else c_), c


def _turned(*args):
    return coupled_step(*args)[::-1]


register(
    "E6.1",
    title="The coupled step",
    solution=coupled_step,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="write the cell with coupled gates for a batch, and say which of the two shares f is",
    returns={"h": "(B, H)", "c": "(B, H)"},
    case=_step_case,
    sizes=STEP_SIZES,
    hints=(
        "It is the step of the LSTM with one gate less to compute. There are three pieces to cut, and the share of\n"
        "the candidate is whatever the old cell state does not keep.",
        "a = W x + U h_ + b, cut into a_f, a_g, a_o;  f = σ(a_f),  g = tanh(a_g),  o = σ(a_o);\n"
        "c = f ∘ c_ + (1 − f) ∘ g,  h = o ∘ tanh(c). In code ∘ is *.",
        """
        a = x @ W.T + h_ @ U.T + b
        a_f, a_g, a_o = np.split(a, 3, axis=1)
        f, o = 1 / (1 + np.exp(-a_f)), ...
        """,
    ),
    symptoms={
        "c is wrong": "f stands before the old state, 1 − f before the candidate. Set b so that f is 1: c must be c_.",
        "h is wrong and c is right": "h is made from the new c: tanh first, then the output gate, the third piece.",
        "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
        "that is the batch. The gates lie side by side: axis=1.",
        "four pieces do not fit": "There are three: the input gate has no rows of its own.",
    },
    wrong={
        "shares exchanged": (
            partial(_step_but, keep="1-f", new="f"),
            "f is given to the candidate and 1 - f to the old state: that is an input gate under the name of f, the "
            "convention of Greff et al. and of ONNX",
        ),
        "nothing forgotten": (
            partial(_step_but, keep="1"),
            "c_ is kept whole: that is the cell of 1997 with 1 - f as its input gate",
        ),
        "nothing gated": (
            partial(_step_but, new="1"),
            "the candidate is added whole: that is an LSTM without an input gate",
        ),
        "f for both": (partial(_step_but, new="f"), "the candidate is multiplied with f as well; its share is 1 - f"),
        "sigmoid candidate": (
            partial(_step_but, g=sigmoid),
            "the candidate goes through σ: an average of numbers above zero is never below it",
        ),
        "c not squashed": (partial(_step_but, squash=lambda c: c), "tanh is missing between c and h"),
        "no output gate": (partial(_step_but, gate="1"), "the output gate is left out: h is tanh(c)"),
        "h is c": (
            partial(_step_but, gate="1", squash=lambda c: c),
            "c is returned for h as well: that is the state of a GRU, the next notebook; here h = o ∘ tanh(c)",
        ),
        "1 - f shows": (
            partial(_step_but, gate="1-f"),
            "1 - f gates the output as well; the output gate o has rows of its own, the last ones",
        ),
        "1 - o writes": (
            partial(_step_but, new="1-o"),
            "the candidate's share is 1 - o; the gate that is coupled to it is f",
        ),
        "the old c shown": (partial(_step_but, shown="c_"), "h is made from c_; it shows the new c"),
        "h_ averaged": (
            partial(_step_but, old="h_"),
            "f multiplies h_; what is kept is the old cell state, c_",
        ),
        "candidate not squashed": (
            partial(_step_but, g=lambda a: a),
            "the candidate has no tanh: without it the average is not bounded by 1",
        ),
        "squashed twice": (
            partial(_step_but, outer=np.tanh),
            "c goes through a tanh of its own before it is kept: the memory would shrink at every step",
        ),
        "returned in the other order": (_turned, "c and h are returned in the other order; it is h first"),
        "sign in the σ": (
            partial(_step_but, sign=-1.0),
            "the minus in σ(a) = 1 / (1 + exp(-a)) is missing: both gates do the opposite",
        ),
        "no bias": (partial(_step_but, left_out="b"), "the bias b is left out"),
        "no feedback": (partial(_step_but, left_out="U"), "U h_ is left out"),
        "interleaved": (
            partial(_step_but, interleaved=True),
            "the rows are taken unit by unit; here they lie gate by gate: first all of f, then all of g, o",
        ),
        "rows g f o": (
            partial(_step_but, order=(1, 0, 2)),
            "the rows are taken in the order g, f, o; here they lie f, g, o",
        ),
        "rows f o g": (
            partial(_step_but, order=(0, 2, 1)),
            "the rows are taken in the order f, o, g; here they lie f, g, o",
        ),
    },
    edges={
        "f at 1: c is c_, whatever comes in": lambda rng: (
            np.zeros((6, 1)), np.zeros((6, 2)), np.repeat([500.0, 1.0, 0.0], 2), np.ones((1, 1)), np.zeros((1, 2)),
            np.array([[0.7, -3.0]]),
        ),
        "f at 0: c is the candidate": lambda rng: (
            np.zeros((6, 1)), np.zeros((6, 2)), np.repeat([-500.0, 1.0, 0.0], 2), np.ones((1, 1)), np.zeros((1, 2)),
            np.array([[0.7, -3.0]]),
        ),
    },
)  # fmt: skip

# --- E6.2 the step back -----------------------------------------------------------------------------------------


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
    dh (B, H), dc (B, H): what the loss and the later steps ask of h and of c. c reaches the loss through h as well.
    Returns dW (3H, I), dU (3H, H), db (3H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    f, g, o = 1 / (1 + np.exp(-a_f)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
    tanh_c = np.tanh(f * c_ + (1 - f) * g)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)  # two roads lead to c
    df = dc * (c_ - g)  # f stands in c twice: more of the old, less of the new
    dg, dc_ = dc * (1 - f), dc * f
    da = np.concatenate([df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc_


def _backward_but(
    W, U, b, x, h_, c_, dh, dc, *, df="c_-g", dg="1-f", ride="f", through_c=True, through_h=True, slope_c=True,
    no_slope="", slope_g="1-g²", met="h_", feedback=True, over_batch=np.sum, exchanged=False,
    do="tanh", order=(0, 1, 2),
):  # fmt: skip
    """The step back with one thing done otherwise."""
    a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    f, g, o = sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = (1 - f) * c_ + f * g if exchanged else f * c_ + (1 - f) * g
    t = np.tanh(c)
    do = dh * {"tanh": t, "c": c, "1": 1.0}[do]
    total = (dc if through_c else 0.0) + (dh * o * (1 - t**2 if slope_c else 1.0) if through_h else 0.0)
    seen = {"c_-g": c_ - g, "c_": c_, "c_+g": c_ + g, "g-c_": g - c_, "-g": -g}[df]
    share = {"1-f": 1 - f, "f": f, "1": np.ones_like(f)}
    d_f, d_g = total * seen, total * share[dg]
    slopes = {"f": f * (1 - f), "g": 1 - g**2 if slope_g == "1-g²" else 1 - g, "o": o * (1 - o)}
    slopes |= {name: np.ones_like(f) for name in no_slope}
    parts = d_f * slopes["f"], d_g * slopes["g"], do * slopes["o"]
    da = np.concatenate([parts[k] for k in order], axis=1)
    dc_ = dc * f if ride == "dc" else total * share[ride]
    dU = da.T @ (o * t if met == "h" else h_)
    return da.T @ x, dU, over_batch(da, axis=0), da @ W, da @ U if feedback else 0 * h_, dc_


register(
    "E6.2",
    title="The coupled step back",
    solution=coupled_backward,
    minutes=20,
    difficulty=4,
    importance=5,
    lines=8,
    can_now="send an error back through coupled gates, and say why f hears the difference of old and new",
    returns={"dW": "(3H, I)", "dU": "(3H, H)", "db": "(3H,)", "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)"},
    case=_backward_case,
    sizes=STEP_SIZES,
    loss=backward_loss(coupled_step),
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_", "dc_": "c_"},
    hints=(
        "It is the LSTM's step back, with one line less and one line changed. f stands twice in c = f c_ + (1 − f) g,\n"
        "so what it hears is the sum of two derivatives.",
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
    ),
    symptoms={
        "only the first H rows of dW are wrong": "Those are the forget gate's. Differentiate f c_ + (1 − f) g by f, "
        "both terms.",
        "dc_ is wrong": "c_ stands in c with the factor f. Use the dc that already holds what came through h.",
        "everything but dc_ is too large": "The slopes: f(1 − f), 1 − g², o(1 − o) belong between the gate and its a.",
    },
    wrong={
        "the new forgotten": (
            partial(_backward_but, df="c_"),
            "df is dc ∘ c_, as in the LSTM: the second place of f, in 1 - f, is left out",
        ),
        "sign of the new": (
            partial(_backward_but, df="c_+g"),
            "df is dc ∘ (c_ + g): the derivative of 1 - f is minus one",
        ),
        "the old forgotten": (
            partial(_backward_but, df="-g"),
            "df is -dc ∘ g: the first place of f, before c_, is left out",
        ),
        "difference turned": (partial(_backward_but, df="g-c_"), "df is dc ∘ (g - c_), which is di; df is minus that"),
        "share exchanged": (partial(_backward_but, dg="f"), "dg is dc ∘ f; the candidate came in with 1 - f"),
        "candidate ungated": (partial(_backward_but, dg="1"), "dg is all of dc; the candidate came in with 1 - f"),
        "carousel ungated": (partial(_backward_but, ride="1"), "dc_ is all of dc, as in 1997; here f multiplies it"),
        "carousel by 1-f": (partial(_backward_but, ride="1-f"), "dc_ is dc ∘ (1 - f), the candidate's share"),
        "no dc": (
            partial(_backward_but, through_c=False),
            "the dc that arrives from the next step is dropped: that was the carousel",
        ),
        "no dh in dc": (partial(_backward_but, through_h=False), "what reaches c through h is left out of dc"),
        "no slope of tanh(c)": (partial(_backward_but, slope_c=False), "the slope 1 - tanh²(c) is missing"),
        "no slopes": (
            partial(_backward_but, no_slope="fgo"),
            "the slopes of the gates are missing: da is df, dg, do",
        ),
        "no slope of f": (partial(_backward_but, no_slope="f"), "the slope f(1 - f) is missing in da_f"),
        "no slope of g": (partial(_backward_but, no_slope="g"), "the slope 1 - g² is missing in da_g"),
        "no slope of o": (partial(_backward_but, no_slope="o"), "the slope o(1 - o) is missing in da_o"),
        "do from c": (partial(_backward_but, do="c"), "do is dh ∘ c; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
        "do is dh": (partial(_backward_but, do="1"), "do is dh; h = o ∘ tanh(c), so it is dh ∘ tanh(c)"),
        "rows g f o": (
            partial(_backward_but, order=(1, 0, 2)),
            "da is joined in the order g, f, o; the rows lie f, g, o",
        ),
        "slope 1 - g": (partial(_backward_but, slope_g="1-g"), "the slope of the tanh is 1 - g², not 1 - g"),
        "dc as it arrived": (
            partial(_backward_but, ride="dc"),
            "dc_ is made from the dc that arrived; what came to c through h goes on to c_ as well",
        ),
        "dU from the new h": (partial(_backward_but, met="h"), "dU is made from the new h; U was multiplied by h_"),
        "no feedback": (
            partial(_backward_but, feedback=False),
            "dh_ is 0: what leaves the gates for h_ through U is left out",
        ),
        "mean over the batch": (
            partial(_backward_but, over_batch=np.mean),
            "db is the mean over the batch; every sequence has its own share in the loss, and the shares add up",
        ),
        "forward exchanged": (
            partial(_backward_but, exchanged=True),
            "the forward step inside has f at the candidate and 1 - f at the old state; f stands before c_",
        ),
    },
    edges={
        "an error that comes through h alone": lambda rng: only(rng, "h", backward_case=_backward_case),
        "an error that comes through c alone": lambda rng: only(rng, "c", backward_case=_backward_case),
    },
)  # fmt: skip

# --- E6.3 the two conventions -----------------------------------------------------------------------------------


def from_input_gate(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of a cell that computes the input gate and forgets f = 1 - i, rewritten for ours, which computes f.

    W (3H, I), U (3H, H), b (3H,): rows i, g, o as Greff et al. have them. The arrays passed in stay as they are.
    Returns W, U, b of the same shapes, rows f, g, o, such that coupled_step gives the same h and c.
    """
    H = U.shape[1]
    sign = np.repeat([-1.0, 1.0, 1.0], H)
    return W * sign[:, None], U * sign[:, None], b * sign


def _signed(W, U, b, *, signs=(-1.0, 1.0, 1.0), which="WUb"):
    rows = np.repeat(signs, U.shape[1])
    turned = (W * rows[:, None], U * rows[:, None], b * rows)
    return tuple(new if k in which else old + 0 for k, new, old in zip("WUb", turned, (W, U, b)))


def _one_minus(W, U, b, which="WUb"):
    H = U.shape[1]
    return tuple(np.concatenate([1 - a[:H] if k in which else a[:H], a[H:]]) for k, a in zip("WUb", (W, U, b)))


def _last(W, U, b):
    return tuple(np.roll(a, -U.shape[1], axis=0) for a in (W, U, b))


def _in_place(W, U, b):
    H = U.shape[1]
    for a in (W, U, b):
        a[:H] *= -1
    return W, U, b


register(
    "E6.3",
    title="From the other convention to ours",
    solution=from_input_gate,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="carry the weights of a CIFG cell from one library to another without changing one output",
    returns={"W": "(3H, I)", "U": "(3H, H)", "b": "(3H,)"},
    case=lambda rng, n: _weights(rng, n.I, n.H),
    sizes=STEP_SIZES,
    hints=(
        "Their f is 1 − σ(a_i). Write it as a σ of something.",
        "1 − σ(a) = σ(−a). So a_f = −a_i, and a_i = W_i x + U_i h_ + b_i.",
        """
        H = U.shape[1]
        sign = np.repeat([-1.0, 1.0, 1.0], H)  # one sign a row
        return W * sign[:, None], ...
        """,
    ),
    symptoms={
        "the arrays passed in changed": "W[:H] *= -1 writes into the caller's array. Multiply with a vector of signs.",
        "W is right, b is not": "The whole sum W x + U h_ + b changes its sign, bias included.",
    },
    wrong={
        "unchanged": (
            partial(_signed, signs=(1.0, 1.0, 1.0)),
            "nothing is changed: then the cell keeps what it should forget, and forgets what it should keep",
        ),
        "all rows": (partial(_signed, signs=(-1.0, -1.0, -1.0)), "every row changes its sign; only the gate's must"),
        "the last rows": (
            partial(_signed, signs=(1.0, 1.0, -1.0)),
            "the output gate's rows change their sign; the first H rows are the input gate's",
        ),
        "bias forgotten": (partial(_signed, which="WU"), "the bias of the gate keeps its sign"),
        "only the bias": (partial(_signed, which="b"), "only the bias changes its sign; W_i and U_i belong to it"),
        "the candidate's rows": (
            partial(_signed, signs=(1.0, -1.0, 1.0)),
            "the candidate's rows change their sign; the first H rows are the input gate's",
        ),
        "only W": (partial(_signed, which="W"), "only W_i changes its sign; U_i and b_i belong to the same sum"),
        "only U": (partial(_signed, which="U"), "only U_i changes its sign; W_i and b_i belong to the same sum"),
        "rows dropped": (
            partial(_signed, signs=(0.0, 1.0, 1.0)),
            "the gate's rows are set to 0: then f is a half, whatever comes in",
        ),
        "rows moved": (
            _last,
            "the gate's rows are moved to the end; both conventions have the gate first, and only its sign differs",
        ),
        "one minus the bias": (
            partial(_one_minus, which="b"),
            "1 - b stands for the bias: the gate is taken from 1, not what goes into its σ",
        ),
        "one minus the weights": (_one_minus, "1 - W, 1 - U, 1 - b: the gate is taken from 1, not its weights"),
        "in place": (_in_place, "the caller's arrays are changed in place"),
    },
    edges={"one unit, one input": lambda rng: (np.ones((3, 1)), np.ones((3, 1)), np.array([1.0, 2.0, 3.0]))},
)  # fmt: skip

# --- E6.4 where the count gets stuck ----------------------------------------------------------------------------


def steps_until_stuck() -> int:
    """How many ones a coupled cell with f = 0.9, g = 1, at first c = 0, takes in until c does not change any more.

    In float32, as a network on a GPU has it: the first n for which c after n + 1 steps equals c after n steps.
    """
    return _stuck()


def _stuck(dtype=np.float32, f=0.9, start=0.0, differs=lambda new, old: new != old) -> int:
    f, one = dtype(f), dtype(1)
    c, n = dtype(start), 0
    while differs(new := f * c + (one - f) * one, c):
        c, n = new, n + 1
    return n


register(
    "E6.4",
    title="Where does the count get stuck?",
    solution=steps_until_stuck,
    kind="experiment",
    minutes=10,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="say after how many steps an average cannot tell n from n + 1, and what that has to do with counting",
    returns={"stuck": "a number of steps"},
    rtol=0,
    atol=1.5,
    stub="stuck = ...  # the first n for which c after n + 1 steps equals c after n steps, in float32",
    helpers=(_stuck,),
    hints=(
        "Run it: a loop that takes one step at a time and stops when the new c is the old one. Mind the type:\n"
        "Python's own numbers are float64.",
        "c = f c + (1 − f) · 1 with f = np.float32(0.9); compare the new c with the old one by !=.",
        """
        f, one = np.float32(0.9), np.float32(1)
        c, n = np.float32(0), 0
        while True:
            new = f * c + (one - f) * one
            ...
        """,
    ),
    symptoms={
        "the number is more than twice too large": "That is float64. Make f, 1 and c np.float32 and look at new.dtype.",
        "the loop never ends": "Compare the new c with the old one, not with 1.0: rounding may stop it a little below.",
    },
    wrong={
        "float64": (partial(_stuck, np.float64), "the loop runs in float64, which has 29 bits more to lose"),
        "nearly one": (
            partial(_stuck, differs=lambda new, old: new < 0.99),
            "you stop when c reaches 0.99; it can still tell n from n + 1 there",
        ),
        "time constant": (lambda: 10, "10 is 1/(1 - f), the time constant: a third of the way is still to go there"),
        "half-life": (lambda: 7, "7 is the half-life of what is in c, ln 2 / -ln 0.9"),
        "f = 0.99": (partial(_stuck, f=0.99), "f is 0.99 in your loop"),
        "estimated": (
            lambda: 164,
            "164 is the estimate by logarithms, ln 2⁻²⁵ / ln 0.9; rounding at every step ends it earlier: run the loop",
        ),
        "estimated with 24 bits": (
            lambda: 158,
            "158 is the estimate by logarithms with 24 bits, ln 2⁻²⁴ / ln 0.9; rounding at every step ends it earlier: "
            "run the loop",
        ),
        "by the formula": (
            lambda: 139,
            "139 is where 1 - fⁿ, rounded once, stops changing; the cell rounds at every step: run the loop",
        ),
        "a hundredth": (lambda: 22, "22 is where the next step adds less than a hundredth; float32 still sees that"),
        "float16": (partial(_stuck, np.float16), "the loop runs in float16, which has 11 bits"),
    },
)
