"""E3.1: one step of the LSTM of 1997."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises._cases import step_case, weights


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


HINTS = (
    "One product gives all three pre-activations at once. Cut it into three pieces of width H, squash each in its\n"
    "own way, then add to c_ what the input gate lets in, and show of c what the output gate lets out.",
    "a = W x + U h_ + b, cut into a_i, a_g, a_o;  i = σ(a_i),  g = tanh(a_g),  o = σ(a_o);\n"
    "c = c_ + i ∘ g,  h = o ∘ tanh(c). In code ∘ is *.",
    """
    a = x @ W.T + h_ @ U.T + b
    a_i, a_g, a_o = np.split(a, 3, axis=1)
    i, o = 1 / (1 + np.exp(-a_i)), ...
    """,
)

SYMPTOMS = {
    "h is wrong and c is right": "h is made from the new c, not from c_, goes through tanh, and is multiplied "
    "with o, the third piece of a.",
    "c is wrong already": "c_ enters with the factor 1 and nothing else. Then look at g: it is a tanh, between -1 "
    "and 1, while the two gates are sigmoids.",
    "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
    "that is the batch. The gates lie side by side: axis=1.",
    "right for B = 1 only": "Then the pieces are cut along the batch, or b has been given the batch's shape.",
}

WRONG = {
    "sigmoid candidate": wrong(
        "np.tanh(a_g)", "(1 / (1 + np.exp(-a_g)))",
        "the candidate goes through σ: g is never negative then, and c can only grow",
    ),
    "nothing kept": wrong("c_ + ", "", "c_ is left out: c = i * g has no memory, and the carousel is gone"),
    "coupled": wrong(
        "c_ + i", "(1 - i) * c_ + i",
        "c_ is multiplied with 1 - i: that is a cell with coupled gates (notebook 06), and it forgets",
    ),
    "gate around the sum": wrong(
        "c_ + i * np.tanh(a_g)", "i * (c_ + np.tanh(a_g))",
        "the input gate multiplies c_ as well: it stands before the candidate only",
    ),
    "c not squashed": wrong("np.tanh(c)", "c", "tanh is missing between c and h, so that h grows with c"),
    "old c read": wrong("np.tanh(c)", "np.tanh(c_)", "h shows c_ instead of the new c: it comes one step late"),
    "no output gate": wrong("o * np.tanh(c)", "np.tanh(c)", "the output gate is left out: h is tanh(c)"),
    "rows i o g": wrong(
        "a_i, a_g, a_o =", "a_i, a_o, a_g =",
        "the rows are taken in the order i, o, g; here they lie i, g, o",
    ),
    "rows g i o": wrong(
        "a_i, a_g, a_o =", "a_g, a_i, a_o =",
        "the rows are taken in the order g, i, o; here they lie i, g, o",
    ),
    "U not transposed": wrong(
        "h_ @ U.T", "h_ @ np.concatenate(np.split(U, 3), axis=1)",
        "each gate's block of U is used as it stands where its transpose is needed",
    ),
    "no bias": wrong(" + b", "", "b is left out of the pre-activations"),
    "no h_": wrong(" + h_ @ U.T", "", "U h_ is left out: the gates see the input alone, and cannot know the moment"),
    "no input gate": wrong("i * np", "np", "the input gate is left out: everything is written, c = c_ + g"),
    "gates through tanh": wrong(
        "1 / (1 + np.exp(-a_i))", "np.tanh(a_i)", "1 / (1 + np.exp(-a_o))", "np.tanh(a_o)",
        "the gates go through tanh as well: a gate is a σ, a factor between 0 and 1",
    ),
    "candidate not squashed": wrong("np.tanh(a_g)", "a_g", "the candidate is a_g itself, without its tanh"),
    "stretched as in 1997": wrong(
        "np.tanh(a_g)", "2 * np.tanh(a_g / 2)", "np.tanh(c)", "np.tanh(c / 2)",
        "the squashing functions are those of the paper, 4σ(a) - 2 and 2σ(c) - 1; this exercise wants tanh for both"
    ),
    "σ for the output": wrong(
        "np.tanh(c)", "1 / (1 + np.exp(-c))",
        "c goes through σ on its way to h, where tanh belongs: an empty cell would show half of o",
    ),
    "squashed state kept": wrong(
        ", c\n", ", np.tanh(c)\n",
        "tanh(c) is handed on as the state: the tanh is for what is shown, and c itself goes on as it is",
    ),
    "h_ carried": wrong("c_ + i", "h_ + i", "i * g is added to h_; what the carousel carries is c_"),
    "h and c exchanged": wrong(
        "return o * np.tanh(c), c", "return c, o * np.tanh(c)",
        "c and h are returned in the wrong order: h comes first",
    ),
    "every third column": wrong(
        "np.split(a, 3, axis=1)", "np.moveaxis(a.reshape(len(x), -1, 3), 2, 0)",
        "the columns of a are dealt out in turn; the three pieces lie side by side, H columns each",
    ),
}  # fmt: skip


draw = partial(weights, gates=3)
case = partial(step_case, weights=draw)

exercise = Exercise(
    id="E3.1",
    title="One step of the LSTM of 1997",
    solution=lstm97_step,
    minutes=10,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="write the cell of 1997 for a batch, and say which line keeps the past and which two gates stand around it",
    returns={"h": "(B, H)", "c": "(B, H)"},
    rows="igo",
    case=case,
    sizes=STEP_SIZES,
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "both gates shut: c stays, h is 0": lambda rng: (
            np.zeros((6, 1)),
            np.zeros((6, 2)),
            np.repeat([-500.0, 1.0, -500.0], 2),
            np.ones((1, 1)),
            np.zeros((1, 2)),
            np.array([[0.7, -3.0]]),
        ),
        "c far beyond 1": lambda rng: (
            *draw(rng, 2, 3),
            np.ones((2, 2)),
            np.zeros((2, 3)),
            np.array([[40.0, -40.0, 3.0]] * 2),
        ),
    },
)
