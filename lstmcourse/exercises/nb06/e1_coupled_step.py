"""E6.1: one step of the LSTM with coupled gates."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises._cases import step_case, weights


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


HINTS = (
    "It is the step of the LSTM with one gate less to compute. There are three pieces to cut, and the share of\n"
    "the candidate is whatever the old cell state does not keep.",
    "a = W x + U h_ + b, cut into a_f, a_g, a_o;  f = σ(a_f),  g = tanh(a_g),  o = σ(a_o);\n"
    "c = f ∘ c_ + (1 − f) ∘ g,  h = o ∘ tanh(c). In code ∘ is *.",
    """
    a = x @ W.T + h_ @ U.T + b
    a_f, a_g, a_o = np.split(a, 3, axis=1)
    f, o = 1 / (1 + np.exp(-a_f)), ...
    """,
)

SYMPTOMS = {
    "c is wrong": "f stands before the old state, 1 − f before the candidate. Set b so that f is 1: c must be c_.",
    "h is wrong and c is right": "h is made from the new c: tanh first, then the output gate, the third piece.",
    "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
    "that is the batch. The gates lie side by side: axis=1.",
    "four pieces do not fit": "There are three: the input gate has no rows of its own.",
}

WRONG = {
    "shares exchanged": wrong(
        "f * c_ + (1 - f)", "(1 - f) * c_ + f",
        "f is given to the candidate and 1 - f to the old state: that is an input gate under the name of f, the "
        "convention of Greff et al. and of ONNX",
    ),
    "nothing forgotten": wrong(
        "f * c_", "c_",
        "c_ is kept whole: that is the cell of 1997 with 1 - f as its input gate",
    ),
    "nothing gated": wrong("(1 - f) * ", "", "the candidate is added whole: that is an LSTM without an input gate"),
    "f for both": wrong("(1 - f)", "f", "the candidate is multiplied with f as well; its share is 1 - f"),
    "sigmoid candidate": wrong(
        "np.tanh(a_g)", "1 / (1 + np.exp(-a_g))",
        "the candidate goes through σ: an average of numbers above zero is never below it",
    ),
    "c not squashed": wrong("np.tanh(c)", "c", "tanh is missing between c and h"),
    "no output gate": wrong("o * np.tanh(c)", "np.tanh(c)", "the output gate is left out: h is tanh(c)"),
    "h is c": wrong(
        "o * np.tanh(c)", "c",
        "c is returned for h as well: that is the state of a GRU, the next notebook; here h = o ∘ tanh(c)",
    ),
    "1 - f shows": wrong(
        "o * np.tanh(c)", "(1 - f) * np.tanh(c)",
        "1 - f gates the output as well; the output gate o has rows of its own, the last ones",
    ),
    "1 - o writes": wrong("(1 - f)", "(1 - o)", "the candidate's share is 1 - o; the gate that is coupled to it is f"),
    "the old c shown": wrong("np.tanh(c)", "np.tanh(c_)", "h is made from c_; it shows the new c"),
    "h_ averaged": wrong("f * c_", "f * h_", "f multiplies h_; what is kept is the old cell state, c_"),
    "candidate not squashed": wrong(
        "np.tanh(a_g)", "a_g",
        "the candidate has no tanh: without it the average is not bounded by 1",
    ),
    "squashed twice": wrong(
        "f * c_ + (1 - f) * np.tanh(a_g)", "np.tanh(f * c_ + (1 - f) * np.tanh(a_g))",
        "c goes through a tanh of its own before it is kept: the memory would shrink at every step",
    ),
    "returned in the other order": wrong(
        "return o * np.tanh(c), c", "return c, o * np.tanh(c)",
        "c and h are returned in the other order; it is h first",
    ),
    "sign in the σ": wrong(
        "np.exp(-a_f)", "np.exp(a_f)", "np.exp(-a_o)", "np.exp(a_o)",
        "the minus in σ(a) = 1 / (1 + exp(-a)) is missing: both gates do the opposite",
    ),
    "no bias": wrong(" + b", "", "the bias b is left out"),
    "no feedback": wrong(" + h_ @ U.T", "", "U h_ is left out"),
    "interleaved": wrong(
        "np.split(a, 3, axis=1)", "np.moveaxis(a.reshape(len(x), -1, 3), 2, 0)",
        "the rows are taken unit by unit; here they lie gate by gate: first all of f, then all of g, o",
    ),
    "rows g f o": wrong(
        "a_f, a_g, a_o =", "a_g, a_f, a_o =",
        "the rows are taken in the order g, f, o; here they lie f, g, o",
    ),
    "rows f o g": wrong(
        "a_f, a_g, a_o =", "a_f, a_o, a_g =",
        "the rows are taken in the order f, o, g; here they lie f, g, o",
    ),
}  # fmt: skip


draw = partial(weights, gates=3)
case = partial(step_case, weights=draw)


def saturated(a_f: float) -> tuple:
    """Two units without weights, whose biases set f, and 1 as the candidate's pre-activation."""
    W, U, b = np.zeros((6, 1)), np.zeros((6, 2)), np.repeat([a_f, 1.0, 0.0], 2)
    return W, U, b, np.ones((1, 1)), np.zeros((1, 2)), np.array([[0.7, -3.0]])


exercise = Exercise(
    id="E6.1",
    title="The coupled step",
    solution=coupled_step,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="write the cell with coupled gates for a batch, and say which of the two shares f is",
    returns={"h": "(B, H)", "c": "(B, H)"},
    rows="fgo",
    case=case,
    sizes=STEP_SIZES,
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "f at 1: c is c_, whatever comes in": lambda rng: saturated(500.0),
        "f at 0: c is the candidate": lambda rng: saturated(-500.0),
    },
)
