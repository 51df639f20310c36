"""E4.1: one step of the LSTM."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises._cases import step_case, weights


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


HINTS = (
    "It is the step of 1997 with one gate more. Cut the product into four pieces of width H, in the order of the\n"
    "rows; three of them are gates. The new one multiplies what was there.",
    "a = W x + U h_ + b, cut into a_i, a_f, a_g, a_o;  i, f, o = σ(a_i), σ(a_f), σ(a_o),  g = tanh(a_g);\n"
    "c = f ∘ c_ + i ∘ g,  h = o ∘ tanh(c). In code ∘ is *.",
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
    """,
)

SYMPTOMS = {
    "c is wrong": "Set b so that f is 1: then c must be that of 1997, c_ + i * g. If it is, look at what f "
    "multiplies: the old state, and nothing else.",
    "h is wrong and c is right": "h is made from the new c: tanh first, then the output gate, the fourth piece.",
    "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
    "that is the batch. The gates lie side by side: axis=1.",
    "right for one unit, wrong for more": "Then the pieces are cut in the wrong places, or U is turned: forward "
    "it is h_ @ U.T.",
}

WRONG = {
    "nothing forgotten": wrong(
        "f * c_", "c_", "c_ enters with the factor 1: that is the cell of 1997, and f has nothing to do"
    ),
    "forgets what it should keep": wrong("f * c_", "(1 - f) * c_", "c_ is multiplied with 1 - f"),
    "nothing kept": wrong("f * c_ + ", "", "c_ is left out: c = i * g has no memory"),
    "f around the sum": wrong(
        "f * c_ + i * np.tanh(a_g)", "f * (c_ + i * np.tanh(a_g))",
        "f multiplies the new as well: it stands before c_ only",
    ),
    "coupled": wrong(
        "i * np", "(1 - f) * np",
        "the candidate is multiplied with 1 - f instead of i: that is the cell of notebook 06",
    ),
    "sigmoid candidate": wrong(
        "np.tanh(a_g)", "(1 / (1 + np.exp(-a_g)))",
        "the candidate goes through σ, as one popular article has it: g is never negative then",
    ),
    "c not squashed": wrong("np.tanh(c)", "c", "h is o * c, without the tanh, as one popular article has it"),
    "σ for the output": wrong(
        "np.tanh(c)", "1 / (1 + np.exp(-c))",
        "h is o * σ(c), as one popular article has it: an empty cell would say 0.5 * o",
    ),
    "no output gate": wrong("o * np.tanh(c)", "np.tanh(c)", "the output gate is left out: h is tanh(c)"),
    "old c read": wrong("np.tanh(c)", "np.tanh(c_)", "h shows c_ instead of the new c: it comes one step late"),
    "rows f i g o": wrong(
        "a_i, a_f, a_g, a_o =", "a_f, a_i, a_g, a_o =",
        "i and f are exchanged: the rows of the input gate come first",
    ),
    "rows i f o g": wrong(
        "a_i, a_f, a_g, a_o =", "a_i, a_f, a_o, a_g =",
        "the rows are taken in the order i, f, o, g; here, and in torch, the candidate comes third",
    ),
    "rows i o f g": wrong(
        "a_i, a_f, a_g, a_o =", "a_i, a_o, a_f, a_g =",
        "the rows are taken in the order i, o, f, g, which is that of ONNX",
    ),
    "U not transposed": wrong(
        "h_ @ U.T", "h_ @ np.concatenate(np.split(U, 4), axis=1)",
        "each gate's block of U is used as it stands where its transpose is needed",
    ),
    "rows i g f o": wrong(
        "a_i, a_f, a_g, a_o =", "a_i, a_g, a_f, a_o =",
        "the rows are taken in the order i, g, f, o, which is that of TensorFlow's old cells; here f comes second",
    ),
    "no bias": wrong(" + b,", ",", "b is left out of the pre-activations"),
    "no h_": wrong(" + h_ @ U.T", "", "U h_ is left out: the gates see the input alone"),
    "one added to f": wrong(
        "a_f, a_o))", "a_f + 1, a_o))",
        "1 is added to the forget gate's pre-activation, as some libraries do; here the bias is all in b",
    ),
    "no input gate": wrong("i * np", "np", "the input gate is left out: c = f * c_ + g writes everything"),
    "h_ carried": wrong("f * c_", "f * h_", "f multiplies h_; what it keeps or drops is c_"),
    "gates through tanh": wrong(
        "1 / (1 + np.exp(-a))", "np.tanh(a)",
        "the gates go through tanh as well: a gate is a σ, a factor between 0 and 1",
    ),
    "candidate not squashed": wrong("np.tanh(a_g)", "a_g", "the candidate is a_g itself, without its tanh"),
    "squashed state kept": wrong(
        ", c\n", ", np.tanh(c)\n",
        "tanh(c) is handed on as the state: the tanh is for what is shown, and c itself goes on as it is",
    ),
    "h and c exchanged": wrong(
        "return o * np.tanh(c), c", "return c, o * np.tanh(c)",
        "c and h are returned in the wrong order: h comes first",
    ),
    "every fourth column": wrong(
        "np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)",
        "np.moveaxis((x @ W.T + h_ @ U.T + b).reshape(len(x), -1, 4), 2, 0)",
        "the columns of a are dealt out in turn; the four pieces lie side by side, H columns each",
    ),
}  # fmt: skip

case = partial(step_case, weights=partial(weights, gates=4))


def saturated(a_i: float, a_f: float, a_g: float, c_: list[float]) -> tuple:
    """Two units without weights, whose biases set the gates."""
    W, U, b = np.zeros((8, 1)), np.zeros((8, 2)), np.repeat([a_i, a_f, a_g, 0.0], 2)
    return W, U, b, np.ones((1, 1)), np.zeros((1, 2)), np.array([c_])


exercise = Exercise(
    id="E4.1",
    title="One step of the LSTM",
    solution=lstm_step,
    minutes=6,
    difficulty=2,
    importance=5,
    lines=4,
    can_now="write the LSTM as it is used today for a batch, and say what each of its four pieces decides",
    returns={"h": "(B, H)", "c": "(B, H)"},
    rows="ifgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=STEP_SIZES,
    edges={
        "f at 1, i at 0: c is c_": lambda rng: saturated(-500.0, 500.0, 1.0, [0.7, -3.0]),
        "f at 0: nothing is left of c_": lambda rng: saturated(0.0, -500.0, 1.0, [40.0, -3.0]),
    },
)
