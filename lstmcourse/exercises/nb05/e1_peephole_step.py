"""E5.1: one step of the peephole LSTM."""

from functools import partial

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises._cases import step_case, weights


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


def second_look() -> tuple[str, str]:
    """i, f and c computed once more, from the c that they have made."""
    i, f = ("1 / (1 + np.exp(-(a_{k} + p_{k} * c)))".replace("{k}", k) for k in "if")
    return "    o = ", f"    i, f = {i}, {f}\n    c = f * c_ + i * np.tanh(a_g)\n    o = "


HINTS = (
    "It is the LSTM's step with a term in three places. The order of the lines is the point: a gate can only look\n"
    "at a cell state that is there when the gate is computed.",
    "i = σ(a_i + p_i ∘ c_),  f = σ(a_f + p_f ∘ c_),  g = tanh(a_g),  c = f ∘ c_ + i ∘ g;\n"
    "then o = σ(a_o + p_o ∘ c) with the new c,  h = o ∘ tanh(c). In code ∘ is *.",
    """
    a_i, a_f, a_g, a_o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i = 1 / (1 + np.exp(-(a_i + p_i * c_)))
    f = ...
    """,
)

SYMPTOMS = {
    "h is wrong and c is right": "The output gate comes last and looks at the new c. Before c is computed there "
    "is nothing for it to look at but the old one.",
    "c is wrong already": "i and f look at c_, inside the σ: σ(a + p * c_). g has no peephole.",
    "operands could not be broadcast together": "p_i is (H,), one number a unit, and c_ is (B, H): p_i * c_ is "
    "right as it stands. A product with @ mixes the units.",
    "ValueError: array split does not result in an equal division": "np.split cuts along axis 0 by default, and "
    "that is the batch. The gates lie side by side: axis=1.",
}

WRONG = {
    "i and f outside the σ": wrong(
        "(a_i + p_i * c_)))", "a_i)) + p_i * c_", "(a_f + p_f * c_)))", "a_f)) + p_f * c_",
        "p * c_ is added to i and f after the σ: these gates are no longer between 0 and 1",
    ),
    "o sees the old c": wrong(
        "p_o * c", "p_o * c_",
        "the output gate looks at c_: it opens one step after the cell has come to where it should open",
    ),
    "i and f see the new c": wrong(
        *second_look(),
        "i and f look at the new c, which they are there to make: to get it you had to compute it without them",
    ),
    "no peepholes": wrong(
        " + p_i * c_", "", " + p_f * c_", "", " + p_o * c", "",
        "no gate looks at the cell: that is the LSTM of notebook 04, and p_i, p_f, p_o do nothing",
    ),
    "o blind": wrong(" + p_o * c", "", "the output gate has no peephole here; p_o is not used"),
    "i blind": wrong(" + p_i * c_", "", "the input gate has no peephole here; p_i is not used"),
    "f blind": wrong(" + p_f * c_", "", "the forget gate has no peephole here; p_f is not used"),
    "only i": wrong(
        " + p_f * c_", "", " + p_o * c", "",
        "only the input gate looks at the cell; p_f and p_o are not used",
    ),
    "only f": wrong(
        " + p_i * c_", "", " + p_o * c", "",
        "only the forget gate looks at the cell; p_i and p_o are not used",
    ),
    "only o": wrong(
        " + p_i * c_", "", " + p_f * c_", "",
        "only the output gate looks at the cell; p_i and p_f are not used",
    ),
    "through tanh": wrong(
        "p_i * c_", "p_i * np.tanh(c_)", "p_f * c_", "p_f * np.tanh(c_)", "p_o * c", "p_o * np.tanh(c)",
        "the gates see tanh(c): beyond 10 or so one cell state looks like the next through it. A peephole sees c",
    ),
    "o through tanh": wrong(
        "p_o * c", "p_o * np.tanh(c)",
        "the output gate looks at tanh(c), which it is about to show; its peephole sees c itself",
    ),
    "all units": wrong(
        "p_i * c_", "(c_ @ p_i)[:, None]", "p_f * c_", "(c_ @ p_f)[:, None]", "p_o * c", "(c @ p_o)[:, None]",
        "p is multiplied with c_ as a matrix product: one number a sequence, the same for every unit. A unit looks at "
        "its own cell only: p * c_",
    ),
    "h for c": wrong(
        "p_i * c_", "p_i * h_", "p_f * c_", "p_f * h_", "p_o * c", "p_o * h_",
        "the peepholes look at h_, which the gates see already through U; they should look at the cell",
    ),
    "i and f at h_": wrong(
        "p_i * c_", "p_i * h_", "p_f * c_", "p_f * h_",
        "i and f look at h_, which they see already through U; their peepholes look at c_",
    ),
    "outside the σ": wrong(
        "(a_i + p_i * c_)))", "a_i)) + p_i * c_", "(a_f + p_f * c_)))", "a_f)) + p_f * c_",
        "(a_o + p_o * c)))", "a_o)) + p_o * c",
        "p * c is added to the gate after the σ: the gate is no longer between 0 and 1",
    ),
    "a peephole for g": wrong(
        "np.tanh(a_g)", "np.tanh(a_g + p_i * c_)",
        "the candidate looks at the cell as well; the peepholes belong to the three gates",
    ),
    "p_i and p_f exchanged": wrong(
        "p_i", "p_f", "p_f", "p_i",
        "p_i is given to the forget gate and p_f to the input gate",
    ),
    "coupled": wrong(
        "i * np", "(1 - f) * np",
        "1 - f stands where the input gate belongs: those are coupled gates, the subject of notebook 06",
    ),
    "nothing forgotten": wrong(
        "c = f * c_", "c = c_",
        "c_ is kept whole, as in 1997; here the forget gate multiplies it",
    ),
    "sign in the σ": wrong(
        "-(a_i", "(a_i", "-(a_f", "(a_f", "-(a_o", "(a_o",
        "the minus in σ(a) = 1 / (1 + exp(-a)) is missing: all gates do the opposite",
    ),
    "sigmoid candidate": wrong(
        "np.tanh(a_g)", "1 / (1 + np.exp(-a_g))",
        "the candidate goes through σ: the cell could be written up, and never down",
    ),
    "c not squashed": wrong("np.tanh(c)", "c", "tanh is missing between c and h"),
    "the old c shown": wrong("np.tanh(c)", "np.tanh(c_)", "h is made from c_; it shows the new c"),
    "returned in the other order": wrong(
        "return o * np.tanh(c), c", "return c, o * np.tanh(c)",
        "c and h are returned in the other order; it is h first",
    ),
    "no bias": wrong(" + b,", ",", "the bias b is left out"),
    "no feedback": wrong(" + h_ @ U.T", "", "U h_ is left out"),
    "rows i g f o": wrong(
        "a_i, a_f, a_g, a_o =", "a_i, a_g, a_f, a_o =",
        "the rows are taken in the order i, g, f, o; here they lie i, f, g, o",
    ),
    "rows f i g o": wrong(
        "a_i, a_f, a_g, a_o =", "a_f, a_i, a_g, a_o =",
        "the rows are taken in the order f, i, g, o; here they lie i, f, g, o",
    ),
    "rows i o f g": wrong(
        "a_i, a_f, a_g, a_o =", "a_i, a_o, a_f, a_g =",
        "the rows are taken in the order i, o, f, g, which is ONNX's; here they lie i, f, g, o",
    ),
    "rows i f o g": wrong(
        "a_i, a_f, a_g, a_o =", "a_i, a_f, a_o, a_g =",
        "the rows are taken in the order i, f, o, g; here they lie i, f, g, o",
    ),
    "interleaved": wrong(
        "np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)",
        "np.moveaxis((x @ W.T + h_ @ U.T + b).reshape(len(x), -1, 4), 2, 0)",
        "the rows are taken unit by unit; here they lie gate by gate: first all of i, then all of f, g, o",
    ),
}  # fmt: skip


def draw(rng: np.random.Generator, I: int, H: int) -> tuple:
    """W, U, b, and p_i, p_f, p_o (H,)."""
    peepholes = rng.normal(size=(3, H))
    return (*weights(rng, I, H, gates=4), *peepholes)


case = partial(step_case, weights=draw, spread=2.0)

exercise = Exercise(
    id="E5.1",
    title="The peephole step",
    solution=peephole_step,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="write the peephole step for a batch, and say which gate looks at which cell state, and why",
    returns={"h": "(B, H)", "c": "(B, H)"},
    rows="ifgo",
    case=case,
    sizes=STEP_SIZES,
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "p = 0: the LSTM": lambda rng: (
            *draw(rng, 2, 3)[:3],
            *np.zeros((3, 3)),
            np.ones((2, 2)),
            np.zeros((2, 3)),
            np.ones((2, 3)),
        ),
        "o opens in the very step in which c comes past its threshold": lambda rng: (
            np.zeros((4, 1)),
            np.zeros((4, 1)),
            np.array([500.0, 500.0, 500.0, -50.0]),
            np.zeros(1),
            np.zeros(1),
            np.array([20.0]),
            np.zeros((1, 1)),
            np.zeros((1, 1)),
            np.array([[2.0]]),
        ),
        "a unit looks at its own cell only: 0 beside 100": lambda rng: (
            np.zeros((8, 1)),
            np.zeros((8, 2)),
            np.zeros(8),
            *np.ones((3, 2)),
            np.zeros((1, 1)),
            np.zeros((1, 2)),
            np.array([[0.0, 100.0]]),
        ),
    },
)
