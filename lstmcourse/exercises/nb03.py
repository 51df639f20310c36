"""Exercises of notebook 03: the step of the LSTM of 1997, its squashing functions, its backward, the growth of |c|."""

from functools import cache, partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register
from lstmcourse.exercises._cases import backward_case, backward_loss, only, step_case, weights
from lstmcourse.reference import LSTM97, init, sigmoid, unroll

_weights = partial(weights, gates=3)
_step_case = partial(step_case, weights=_weights)
_backward_case = partial(backward_case, step_case=_step_case)


def _inside(W, U, b, x, h_, c_) -> tuple:
    """i, g, o, c of one step."""
    a_i, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    i, g, o = sigmoid(a_i), np.tanh(a_g), sigmoid(a_o)
    return i, g, o, c_ + i * g


# --- E3.1 the step ----------------------------------------------------------------------------------------------


def lstm97_step(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray, c_: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the LSTM of 1997: c = c_ + i * g and h = o * tanh(c).

    W (3H, I), U (3H, H), b (3H,): first the rows of the input gate i, then g, then the output gate o.
    i and o are sigmoids of W x + U h_ + b, g is its tanh; sigma(a) = 1 / (1 + exp(-a)).
    x (B, I) is the input now; h_ (B, H) and c_ (B, H) are the states one step ago.
    Returns h (B, H), c (B, H).
    """
    a = x @ W.T + h_ @ U.T + b
    a_i, a_g, a_o = np.split(a, 3, axis=1)
    i, o = 1 / (1 + np.exp(-a_i)), 1 / (1 + np.exp(-a_o))
    c = c_ + i * np.tanh(a_g)
    return o * np.tanh(c), c


def _step_but(
    W, U, b, x, h_, c_, *, turn=True, order=(0, 1, 2), sum="WUb", cut=None, gates=sigmoid, g=np.tanh, keep="1",
    squash=np.tanh, read="c", gate=True, swap=False, store="c",
):  # fmt: skip
    """The step with one thing done otherwise: what the registered mistakes are made of."""
    terms = {"W": x @ W.T, "U": h_ @ (U.T if turn else _as_rows(U)), "b": b}
    a = np.sum([np.broadcast_to(terms[k], (len(x), 3 * U.shape[1])) for k in sum], axis=0)
    parts = [a[:, k::3] for k in range(3)] if cut == "every third" else np.split(a, 3, axis=1)
    a_i, a_g, a_o = (parts[k] for k in order)
    i, o, g = gates(a_i), gates(a_o), g(a_g)
    c = {
        "1": c_ + i * g,
        "0": i * g,
        "1-i": (1 - i) * c_ + i * g,
        "i": i * (c_ + g),
        "no i": c_ + g,
        "h_": h_ + i * g,
    }[keep]
    h = (o if gate else 1.0) * squash(c if read == "c" else c_)
    c = np.tanh(c) if store == "tanh(c)" else c
    return (c, h) if swap else (h, c)


def _as_rows(U: np.ndarray) -> np.ndarray:
    """U with each gate's square block used as it stands, for rows: (3H, H) -> (H, 3H)."""
    return np.concatenate(np.split(U, 3), axis=1)


register(
    "E3.1",
    title="One step of the LSTM of 1997",
    solution=lstm97_step,
    minutes=10,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="write the cell of 1997 for a batch, and say which line keeps the past and which two lines guard it",
    returns={"h": "(B, H)", "c": "(B, H)"},
    case=_step_case,
    sizes=STEP_SIZES,
    hints=(
        "One product gives all three pre-activations at once. Cut it into three pieces of width H, squash each in its\n"
        "own way, then add to c_ what the input gate lets in, and show of c what the output gate lets out.",
        "a = W x + U h_ + b, cut into a_i, a_g, a_o;  i = σ(a_i),  g = tanh(a_g),  o = σ(a_o);\n"
        "c = c_ + i ∘ g,  h = o ∘ tanh(c). In code ∘ is *.",
        """
        a = x @ W.T + h_ @ U.T + b
        a_i, a_g, a_o = np.split(a, 3, axis=1)
        i, o = 1 / (1 + np.exp(-a_i)), ...
        """,
    ),
    symptoms={
        "h is wrong and c is right": "h is made from the new c, not from c_, goes through tanh, and is multiplied "
        "with o, the third piece of a.",
        "c is wrong already": "c_ enters with the factor 1 and nothing else. Then look at g: it is a tanh, between -1 "
        "and 1, while the two gates are sigmoids.",
        "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
        "that is the batch. The gates lie side by side: axis=1.",
        "right for B = 1 only": "Then the pieces are cut along the batch, or b has been given the batch's shape.",
    },
    wrong={
        "sigmoid candidate": (
            partial(_step_but, g=sigmoid),
            "the candidate goes through σ: g is never negative then, and c can only grow",
        ),
        "nothing kept": (
            partial(_step_but, keep="0"),
            "c_ is left out: c = i * g has no memory, and the carousel is gone",
        ),
        "coupled": (
            partial(_step_but, keep="1-i"),
            "c_ is multiplied with 1 - i: that is a cell with coupled gates (notebook 06), and it forgets",
        ),
        "gate around the sum": (
            partial(_step_but, keep="i"),
            "the input gate multiplies c_ as well: it stands before the candidate only",
        ),
        "c not squashed": (
            partial(_step_but, squash=lambda c: c),
            "tanh is missing between c and h, so that h grows with c",
        ),
        "old c read": (partial(_step_but, read="c_"), "h shows c_ instead of the new c: it comes one step late"),
        "no output gate": (partial(_step_but, gate=0), "the output gate is left out: h is tanh(c)"),
        "rows i o g": (
            partial(_step_but, order=(0, 2, 1)),
            "the rows are taken in the order i, o, g; here they lie i, g, o",
        ),
        "rows g i o": (
            partial(_step_but, order=(1, 0, 2)),
            "the rows are taken in the order g, i, o; here they lie i, g, o",
        ),
        "U not transposed": (
            partial(_step_but, turn=False),
            "each gate's block of U is used as it stands where its transpose is needed",
        ),
        "no bias": (partial(_step_but, sum="WU"), "b is left out of the pre-activations"),
        "no h_": (
            partial(_step_but, sum="Wb"),
            "U h_ is left out: the gates see the input alone, and cannot know the moment",
        ),
        "no input gate": (
            partial(_step_but, keep="no i"),
            "the input gate is left out: everything is written, c = c_ + g",
        ),
        "gates through tanh": (
            partial(_step_but, gates=np.tanh),
            "the gates go through tanh as well: a gate is a σ, a factor between 0 and 1",
        ),
        "candidate not squashed": (
            partial(_step_but, g=lambda a: a),
            "the candidate is a_g itself, without its tanh",
        ),
        "stretched as in 1997": (
            partial(_step_but, g=lambda a: 2 * np.tanh(a / 2), squash=lambda c: np.tanh(c / 2)),
            "the squashing functions are those of the paper, 4σ(a) - 2 and 2σ(c) - 1; this exercise wants tanh for "
            "both (E3.2 shows how the two are related)",
        ),
        "σ for the output": (
            partial(_step_but, squash=sigmoid),
            "c goes through σ on its way to h, where tanh belongs: an empty cell would show half of o",
        ),
        "squashed state kept": (
            partial(_step_but, store="tanh(c)"),
            "tanh(c) is handed on as the state: the tanh is for what is shown, and c itself goes on as it is",
        ),
        "h_ carried": (
            partial(_step_but, keep="h_"),
            "i * g is added to h_; what the carousel carries is c_",
        ),
        "h and c exchanged": (partial(_step_but, swap=True), "c and h are returned in the wrong order: h comes first"),
        "every third column": (
            partial(_step_but, cut="every third"),
            "the columns of a are dealt out in turn; the three pieces lie side by side, H columns each",
        ),
    },
    edges={
        "both gates shut: c stays, h is 0": lambda rng: (
            np.zeros((6, 1)), np.zeros((6, 2)), np.repeat([-500.0, 1.0, -500.0], 2), np.ones((1, 1)),
            np.zeros((1, 2)), np.array([[0.7, -3.0]]),
        ),
        "c far beyond 1": lambda rng: (
            *_weights(rng, 2, 3), np.ones((2, 2)), np.zeros((2, 3)), np.array([[40.0, -40.0, 3.0]] * 2)
        ),
    },
)  # fmt: skip

# --- E3.2 the squashing functions of 1997 -----------------------------------------------------------------------


def to_tanh_cell(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the paper's cell, rewritten for the cell with tanh: the same h at every step.

    The paper squashes the candidate with 4 sigma(a) - 2 and the state with 2 sigma(c) - 1; our cell
    uses tanh for both.
    W (3H, I), U (3H, H), b (3H,), rows i, g, o. The arrays passed in stay as they are.
    Returns new W, U, b of the same shapes.
    """
    H = U.shape[1]
    half = np.repeat([1.0, 0.5, 1.0], H)
    return W * half[:, None], U * half[:, None], b * half


def _rows_times(W, U, b, *, factors=(1.0, 0.5, 1.0), which="WUb"):
    rows = np.repeat(factors, U.shape[1])
    scaled = (W * rows[:, None], U * rows[:, None], b * rows)
    return tuple(new if k in which else old + 0 for k, new, old in zip("WUb", scaled, (W, U, b)))


def _halved_in_place(W, U, b):
    H = U.shape[1]
    for p in (W, U, b):
        p[H : 2 * H] *= 0.5
    return W, U, b


register(
    "E3.2",
    title="The squashing functions of 1997",
    solution=to_tanh_cell,
    minutes=12,
    difficulty=3,
    importance=3,
    lines=3,
    can_now="read the paper's cell and ours as one function of the input, and say what is different inside",
    returns={"W": "(3H, I)", "U": "(3H, H)", "b": "(3H,)"},
    case=lambda rng, n: _weights(rng, n.I, n.H),
    sizes=STEP_SIZES,
    hints=(
        "Write both squashing functions of the paper as a tanh. Then see what the factor in front of the first does\n"
        "to c, and what the second does to a c that is that much larger.",
        "2 σ(a) − 1 = tanh(a/2), so the candidate is 2 tanh(a/2) and h = o ∘ tanh(c/2). With k = c/2 the paper's cell\n"
        "reads k = k₋ + i ∘ tanh(a_g/2), h = o ∘ tanh(k). Only a_g has to be halved.",
        """
        H = U.shape[1]
        half = np.repeat([1.0, 0.5, 1.0], H)  # one factor a row
        return W * half[:, None], ...
        """,
    ),
    symptoms={
        "the arrays passed in changed": "W[H:2*H] *= 0.5 writes into the caller's array. Multiply with a vector of "
        "factors, or copy first.",
        "W is right, b is not": "The bias is part of a_g: half of (W x + U h_ + b) is half of all three.",
        "operands could not be broadcast together": "A factor for each row of a (3H, I) matrix is a column: "
        "half[:, None], shape (3H, 1).",
    },
    wrong={
        "all rows halved": (
            partial(_rows_times, factors=(0.5, 0.5, 0.5)),
            "the gates' rows are halved too; their sigmoid is the same in both cells",
        ),
        "input gate halved": (
            partial(_rows_times, factors=(0.5, 1.0, 1.0)),
            "the first H rows are halved, and those belong to the input gate; the candidate's come second",
        ),
        "doubled": (
            partial(_rows_times, factors=(1.0, 2.0, 1.0)),
            "the candidate's rows are doubled: that is the way back, from our cell to the paper's",
        ),
        "a quarter": (
            partial(_rows_times, factors=(1.0, 0.25, 1.0)),
            "the candidate's rows are divided by four: 4σ(a) − 2 is 2 tanh(a/2), and the 2 in front goes into c",
        ),
        "unchanged": (
            partial(_rows_times, factors=(1.0, 1.0, 1.0)),
            "nothing is changed: then the candidate's tanh is twice as steep as the paper's",
        ),
        "bias forgotten": (partial(_rows_times, which="WU"), "the bias of the candidate is left as it was"),
        "only W": (partial(_rows_times, which="W"), "only W is halved; U h_ and b are part of the same sum"),
        "only U": (partial(_rows_times, which="U"), "only U is halved; W x and b are part of the same sum"),
        "only b": (partial(_rows_times, which="b"), "only b is halved; W x and U h_ are part of the same sum"),
        "W forgotten": (partial(_rows_times, which="Ub"), "the candidate's rows of W are left as they were"),
        "U forgotten": (partial(_rows_times, which="Wb"), "the candidate's rows of U are left as they were"),
        "output gate halved": (
            partial(_rows_times, factors=(1.0, 1.0, 0.5)),
            "the last H rows are halved, and those belong to the output gate; the candidate's come second",
        ),
        "output gate halved too": (
            partial(_rows_times, factors=(1.0, 0.5, 0.5)),
            "the output gate's rows are halved as well: the 2 in 2σ(c) - 1 belongs to the state, and o keeps its σ",
        ),
        "output gate doubled": (
            partial(_rows_times, factors=(1.0, 0.5, 2.0)),
            "the candidate is right and the output gate's rows are doubled: o has the same σ in both cells",
        ),
        "both gates, not g": (
            partial(_rows_times, factors=(0.5, 1.0, 0.5)),
            "the gates' rows are halved and the candidate's are not; it is the other way round",
        ),
        "in place": (_halved_in_place, "the caller's arrays are changed in place"),
    },
    edges={
        "one unit, one input": lambda rng: (np.ones((3, 1)), np.ones((3, 1)), np.array([1.0, 2.0, 3.0])),
        "no weights at all": lambda rng: (np.zeros((6, 1)), np.zeros((6, 2)), np.zeros(6)),
    },
)

# --- E3.3 the step back -----------------------------------------------------------------------------------------


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

    W (3H, I), U (3H, H), b (3H,), rows i, g, o; x (B, I), h_ (B, H), c_ (B, H) as in E3.1.
    dh (B, H), dc (B, H): what the loss and the later steps ask of h and of c. But c reaches the loss
    through h as well.
    Returns dW (3H, I), dU (3H, H), db (3H,), dx (B, I), dh_ (B, H), dc_ (B, H).
    """
    a_i, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    i, g, o = 1 / (1 + np.exp(-a_i)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
    tanh_c = np.tanh(c_ + i * g)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)  # two roads lead to c
    di, dg, dc_ = dc * g, dc * i, dc  # the last one is the carousel
    da = np.concatenate([di * i * (1 - i), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc_


def _backward_but(
    W, U, b, x, h_, c_, dh, dc, *, through_h=True, through_c=True, slope_c=True, ride="dc", gates=True, twice=False,
    feedback=True, swap=False, turn=True, gate=True, shown="c", heard="tanh(c)", slope_g="1 - g²", order=(0, 1, 2),
    before="h_", mean=False, extra=False, exchanged=False,
):  # fmt: skip
    """The step back with one thing done otherwise."""
    i, g, o, c = _inside(W, U, b, x, h_, c_)
    t = np.tanh(c_ if shown == "c_" else c)
    do = dh * (c if heard == "c" else t)
    bend = {"c": 1 - t**2, "c_": 1 - t**2, "c, not tanh(c)": 1 - c**2, "σ": t * (1 - t)}[shown]
    from_h = dh * (o if gate else 1.0) * (bend if slope_c else 1.0)
    total = (dc if through_c else 0.0) + (from_h if through_h else 0.0)
    di, dg = (total * i, total * g) if swap else (total * g, total * i)
    slope = lambda s: s * (1 - s)
    again = lambda s: slope(sigmoid(s)) if twice else slope(s)
    tanh_again = 1 - np.tanh(g) ** 2 if twice else 1 - g**2
    bend_g = {"1 - g²": tanh_again, "σ": slope(g), "none": 1.0}[slope_g]
    das = [di * again(i), dg * bend_g, do * again(o)] if gates else [di, dg, do]
    da = np.concatenate([das[k] for k in order], axis=1)
    riding = {"dc": total, "0": np.zeros_like(c_), "dc·i": total * i, "arriving": dc + 0, "dc·o": total * o}[ride]
    dh_ = da @ (U if turn else _as_rows(U).T) if feedback else np.zeros_like(h_)
    dU = da.T @ (h_ if before == "h_" else o * np.tanh(c))
    rest = (riding, dh_) if exchanged else (dh_ + dh if extra else dh_, riding)
    return da.T @ x, dU, da.mean(axis=0) if mean else da.sum(axis=0), da @ W, *rest


register(
    "E3.3",
    title="The step back",
    solution=lstm97_backward,
    minutes=25,
    difficulty=4,
    importance=5,
    lines=8,
    can_now="send an error back through the cell of 1997, gate by gate, and point at the line on which it rides",
    returns={"dW": "(3H, I)", "dU": "(3H, H)", "db": "(3H,)", "dx": "(B, I)", "dh_": "(B, H)", "dc_": "(B, H)"},
    case=_backward_case,
    sizes=STEP_SIZES,
    loss=backward_loss(lstm97_step),
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_", "dc_": "c_"},
    hints=(
        "First forward, as in E3.1, to have i, g, o and tanh(c). Then walk the equations from the last to the first.\n"
        "Two gradients meet in c: the one that arrives from step t+1, and the one that comes through h.",
        "do = dh ∘ tanh(c),  dc = dc + dh ∘ o ∘ (1 − tanh²(c));  di = dc ∘ g,  dg = dc ∘ i,  dc_ = dc;\n"
        "da_i = di ∘ i(1 − i),  da_g = dg ∘ (1 − g²),  da_o = do ∘ o(1 − o);  then da, side by side, as in E1.2:\n"
        "dW = da.T @ x,  dU = da.T @ h_,  db = sum of da,  dx = da @ W,  dh_ = da @ U.",
        """
        a_i, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
        i, g, o = 1 / (1 + np.exp(-a_i)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))
        tanh_c = np.tanh(c_ + i * g)
        do = dh * tanh_c
        dc = dc + ...  # what comes to c through h
        """,
    ),
    symptoms={
        "dc_ is wrong": "c_ enters the sum c = c_ + i * g with the factor 1, so dc_ is all of dc: what arrived from "
        "later, plus what came through h. No gate multiplies it.",
        "right where dc is 0, wrong otherwise": "The gradient that arrives through c is dropped. Add it to the one "
        "that comes through h, before the gates take their share.",
        "right where dh is 0, wrong otherwise": "c reaches the loss through h too: add dh * o * (1 - tanh(c)**2) to "
        "dc.",
        "the gates' rows are wrong by a factor near 4": "i is σ(a) already. Its slope is i * (1 - i); σ is not taken "
        "again.",
        "the function changes its inputs": "dc += … writes into the caller's array: dc = dc + … makes a new one.",
    },
    wrong={
        "carousel lost": (
            partial(_backward_but, ride="0"),
            "dc_ is zero: the error gets off the carousel at every step, and c might as well not be there",
        ),
        "arriving dc dropped": (
            partial(_backward_but, through_c=False),
            "the gradient that arrives through c from the later steps is dropped, and only the one through h is used",
        ),
        "h forgotten": (
            partial(_backward_but, through_h=False),
            "the gradient that reaches c through h is missing",
        ),
        "only what arrived rides on": (
            partial(_backward_but, ride="arriving"),
            "dc_ is the dc that arrived, without what came in through h at this step",
        ),
        "gated carousel": (
            partial(_backward_but, ride="dc·i"),
            "dc_ is multiplied with the input gate; the gate stands before the candidate, not on the carousel",
        ),
        "truncated as in 1997": (
            partial(_backward_but, feedback=False),
            "dh_ is zero: this is the truncated gradient of 1997, which lets no error leave the cell for the step "
            "before except along c. It is fast and local, and it is not the gradient",
        ),
        "no tanh'(c)": (partial(_backward_but, slope_c=False), "the derivative of tanh(c) is left out"),
        "no gate on the way in": (
            partial(_backward_but, gate=False),
            "the output gate is left out where the error goes from h to c",
        ),
        "no slopes": (
            partial(_backward_but, gates=False),
            "the derivatives of σ and tanh are left out: di, dg and do go straight into the weights",
        ),
        "squashed twice": (
            partial(_backward_but, twice=True),
            "σ and tanh are taken twice: i, g and o are squashed already, so the slopes are i(1 - i), 1 - g**2 and "
            "o(1 - o)",
        ),
        "i and g swapped": (
            partial(_backward_but, swap=True),
            "di and dg are swapped: in the product i * g each one's gradient carries the other as its factor",
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
        "o hears c": (
            partial(_backward_but, heard="c"),
            "do is dh * c; o was multiplied with tanh(c)",
        ),
        "g with the slope of σ": (
            partial(_backward_but, slope_g="σ"),
            "da_g has the slope of σ, g(1 - g); the candidate is a tanh, whose slope is 1 - g**2",
        ),
        "h for h_": (
            partial(_backward_but, before="h"),
            "dU is made with the new h; the product in the forward step was with h_, one step earlier",
        ),
        "rows i o g": (
            partial(_backward_but, order=(0, 2, 1)),
            "the pieces of da are put together in the order i, o, g; the rows of W, U and b lie i, g, o",
        ),
        "rows g i o": (
            partial(_backward_but, order=(1, 0, 2)),
            "the pieces of da are put together in the order g, i, o; the rows of W, U and b lie i, g, o",
        ),
        "the output gate rides": (
            partial(_backward_but, ride="dc·o"),
            "dc_ is multiplied with the output gate; that gate stands between c and h, not on the carousel",
        ),
        "dh handed on": (
            partial(_backward_but, extra=True),
            "dh is added to dh_: h_ reaches h through the gates and the candidate only, and that is da @ U",
        ),
        "mean over the batch": (
            partial(_backward_but, mean=True),
            "db is the mean over the batch; every row has used b, so their gradients add",
        ),
        "no tanh'(g)": (
            partial(_backward_but, slope_g="none"),
            "the derivative of the candidate's tanh is left out",
        ),
        "dh_ and dc_ exchanged": (
            partial(_backward_but, exchanged=True),
            "dh_ and dc_ are returned in the wrong order: dh_ comes before dc_",
        ),
    },
    edges={
        "only dc arrives": lambda rng: only(rng, "c", backward_case=_backward_case),
        "only dh arrives": lambda rng: only(rng, "h", backward_case=_backward_case),
    },
)

# --- E3.4 the growth of |c| -------------------------------------------------------------------------------------


def example(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds of state after 1, 2, … 1024 steps: bare (1024, 256) and cell (1024, 64).

    bare: 256 carousels that add up noise, N(0, 0.1²) at each step, and nothing else.
    cell: c of an untrained LSTM97 (I = 4, H = 16) that reads 4 sequences of N(0, 1) input.
    """
    rng = np.random.default_rng(seed)
    bare = np.cumsum(0.1 * rng.normal(size=(1024, 256)), axis=0)
    p = init(LSTM97, 4, 16, rng)
    (_, cs), _ = unroll(LSTM97, p, rng.normal(size=(1024, 4, 4)))
    return bare, cs.reshape(1024, -1)


def growth_exponents() -> tuple[float, float]:
    """The exponent k in |c| ~ t**k, between step 256 and step 1024: of the bare carousels, and of the cell's.

    With m(t) the mean of |c| over all columns after t steps: k = ln(m(1024) / m(256)) / ln(1024 / 256).
    Each answer is the mean over example(0) … example(4).
    """
    exponents = []
    for seed in range(5):
        sizes = [np.abs(c).mean(axis=1) for c in example(seed)]  # sizes[·][t - 1] belongs to step t
        exponents.append([np.log(size[1023] / size[255]) / np.log(4) for size in sizes])
    return tuple(np.mean(exponents, axis=0).tolist())


@cache
def _sizes() -> list:
    """(m(256), m(1024)) of both kinds of state, for each example: (5, 2, 2)."""
    return [[np.abs(c).mean(axis=1)[[255, 1023]] for c in example(seed)] for seed in range(5)]


def _of(measure) -> tuple[float, float]:
    """The mean over the examples of another measure of m(256) and m(1024)."""
    return tuple(np.mean([[measure(*m) for m in pair] for pair in _sizes()], axis=0).tolist())


def _exponent(early: float, late: float) -> float:
    return np.log(late / early) / np.log(4)


register(
    "E3.4",
    title="How does the state grow?",
    solution=growth_exponents,
    kind="experiment",
    minutes=12,
    difficulty=3,
    importance=4,
    lines=5,
    can_now="tell noise that piles up from a drift, and say which of the two fills an untrained cell of 1997",
    returns={"bare": "a number", "cell": "a number"},
    rtol=0,
    atol=0.08,
    stub="exponents = ...  # (of the bare carousels, of the cell), each the mean over example(0) … example(4)",
    helpers=(example,),
    hints=(
        "On two logarithmic axes |c| against t is a straight line, and the exponent is its slope. Two points of the\n"
        "line are enough.",
        "With m(t) = the mean of |c| after t steps: k = ln(m(1024) / m(256)) / ln 4, once for each kind of state.",
        """
        exponents = []
        for seed in range(5):
            sizes = [np.abs(c).mean(axis=1) for c in example(seed)]
            exponents.append([...  for size in sizes])
        """,
    ),
    symptoms={
        "I get numbers near 2 and 4": "Those are the ratios m(1024) / m(256). The exponent is the logarithm of the "
        "ratio, divided by ln 4.",
        "my means are near zero": "Take |c| before the mean: states that went up and states that went down cancel.",
        "IndexError": "Step t stands at index t - 1: step 1024 is the last one, index 1023.",
        "exponents must be two numbers": "Hand in a pair: that of the bare carousels first, that of the cell second.",
    },
    wrong={
        "both noise": (
            lambda: (_of(_exponent)[0],) * 2,
            "the cell is taken for a pile of noise as well; each of its units writes with a mean of its own at every "
            "step, and a mean adds up with t",
        ),
        "the ratios": (
            lambda: _of(lambda early, late: late / early),
            "the ratios m(1024) / m(256) are given, not the exponents that belong to them",
        ),
        "per step": (
            lambda: _of(lambda early, late: (late - early) / 768),
            "the growth per step is given, not the exponent",
        ),
        "not divided": (
            lambda: _of(lambda early, late: np.log(late / early)),
            "the logarithm of m(1024) / m(256) is not divided by ln 4, the logarithm of the ratio of the steps",
        ),
        "the other way round": (
            lambda: _of(_exponent)[::-1],
            "the two are swapped: the bare carousels come first, the cell second",
        ),
        "ln 1024": (
            lambda: _of(lambda early, late: np.log(late / early) / np.log(1024)),
            "the logarithm of m(1024) / m(256) is divided by ln 1024: between the two the steps grow by a factor of 4",
        ),
        "from the size alone": (
            lambda: _of(lambda early, late: np.log(late) / np.log(1024)),
            "ln m(1024) / ln 1024 is given: that is the exponent only if |c| is 1 after one step; take two points",
        ),
        "square": (
            lambda: _of(lambda early, late: 2 * _exponent(early, late)),
            "the exponents are twice as large as they should be: those are the exponents of c², or of its variance",
        ),
        "upside down": (
            lambda: _of(lambda early, late: _exponent(late, early)),
            "the sign is turned: m(1024) is the larger of the two",
        ),
    },
)
