"""E1.2: one step of the recurrent network."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises._cases import weights


def rnn_step(W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray) -> tuple[np.ndarray]:
    """One step of a recurrent network, h = tanh(W x + U h_ + b), for every row of the batch at once.

    W (H, I), U (H, H), b (H,); x (B, I) is the input now, h_ (B, H) the hidden state one step ago.
    Returns (h,), a tuple that holds h (B, H) alone. (Later cells have a state of two parts.)
    """
    a = x @ W.T + h_ @ U.T + b
    h = np.tanh(a)
    return (h,)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """W, U, b, x, h_ at random."""
    return (*weights(rng, n.I, n.H, gates=1), rng.normal(size=(n.B, n.I)), rng.normal(size=(n.B, n.H)))


def _units_one_by_one(W, U, b, x, h_):
    h = h_.copy()
    for j in range(len(b)):
        h[:, j] = np.tanh(x @ W[j] + h @ U[j] + b[j])
    return (h,)


exercise = Exercise(
    id="E1.2",
    title="The recurrent step",
    solution=rnn_step,
    minutes=8,
    difficulty=1,
    importance=5,
    lines=3,
    can_now="write the recurrent cell for a whole batch, and say why W stands transposed in the code",
    returns={"state h": "(B, H)"},
    case=case,
    sizes=STEP_SIZES,
    edges={
        "a saturated unit stays at ±1": lambda rng: (
            np.full((2, 1), 1e3),
            np.zeros((2, 2)),
            np.zeros(2),
            np.array([[1.0], [-1.0]]),
            np.zeros((2, 2)),
        ),
        "the state is zero, as at the start": lambda rng: (
            *weights(rng, 2, 3, gates=1),
            np.ones((1, 2)),
            np.zeros((1, 3)),
        ),
    },
    hints=(
        "Two things reach the state: what comes in now, and what was there before. Add them, add b, squash the sum.",
        "h = tanh(W x + U h_ + b) is written for one column x. In the batch each x is a row, and for rows\n"
        "W x becomes x @ W.T: (B, I) @ (I, H) gives (B, H).",
        """
        a = x @ W.T + ...  # what comes from the old state, and b
        h = ...  # squash a
        return (h,)
        """,
    ),
    symptoms={
        "ValueError: matmul … mismatch": "Write the shape under each factor. x is (B, I) and W is (H, I): the inner "
        "numbers meet only in x @ W.T. For U both orders have fitting shapes, and only one is right.",
        "the shape is right, the numbers are not": "Look at U: it is square, so h_ @ U runs as well as h_ @ U.T. The "
        "row i of U belongs to the unit i that receives. Then see whether b stands inside tanh.",
        "must be a tuple of 1": "The state is a tuple, even with one part: return (h,) with the comma.",
        "broadcast error with b": "b has shape (H,), and NumPy adds it to every row of a (B, H) array by itself: "
        "no reshape, no loop.",
    },
    wrong={
        "product for sum": wrong(
            "x @ W.T + h_ @ U.T",
            "(x @ W.T) * (h_ @ U.T)",
            "W x and U h_ are multiplied by each other; they are added",
        ),
        "only the diagonal": wrong(
            "h_ @ U.T", "h_ * np.diag(U)", "only the diagonal of U is used, so that a unit sees itself and no other"
        ),
        "units one by one": wrong(
            _units_one_by_one,
            "h_ is overwritten unit by unit, so that a unit sees the new state of those before it; all see the old one",
        ),
        "no tuple": wrong("return (h,)", "return h", "h is returned by itself; the state is a tuple: return (h,)"),
        "U not transposed": wrong(
            "h_ @ U.T", "h_ @ U", "U is used where U.T is needed; U is square, so the shapes do not complain"
        ),
        "no bias": wrong(" + b\n", "\n", "the bias b is left out"),
        "bias outside": wrong(
            " + b\n", "\n", "np.tanh(a)", "np.tanh(a) + b", "b is added after tanh instead of before"
        ),
        "linear": wrong("np.tanh(a)", "a", "tanh is missing: a linear network, however many steps it takes"),
        "no state": wrong(" + h_ @ U.T", "", "h_ is not used, so that nothing is remembered"),
        "no input": wrong("x @ W.T + ", "", "x is not used, so that nothing comes in"),
        "sigmoid": wrong("np.tanh(a)", "1 / (1 + np.exp(-a))", "the logistic sigmoid is used in place of tanh"),
        "relu": wrong("np.tanh(a)", "np.maximum(0, a)", "ReLU is used in place of tanh"),
        "columns": wrong(
            "x @ W.T + h_ @ U.T + b",
            "W @ x.T + U @ h_.T + b[:, None]",
            "the batch lies in columns, as in the equation: the result is (H, B). Here a batch lies in rows",
        ),
        "no transposition": wrong(
            "x @ W.T + h_ @ U.T",
            "x @ W + h_ @ U",
            "W and U are not transposed: x is (B, I) and W is (H, I), so x @ W has no numbers that meet",
        ),
        "the equation as it stands": wrong(
            "x @ W.T + h_ @ U.T",
            "W @ x + U @ h_",
            "W x is written for one column x. Here x holds a batch in rows, and W x becomes x @ W.T",
        ),
        "joined in the wrong order": wrong(
            "x @ W.T + h_ @ U.T",
            "np.hstack([h_, x]) @ np.hstack([W, U]).T",
            "[h_, x] meets [W, U]: joined vectors and joined matrices must stand in the same order",
        ),
        "bias twice": wrong(
            " + b\n", " + b + b\n", "b is added twice. PyTorch has two bias vectors, this cell has one"
        ),
        "tanh of each": wrong(
            "np.tanh(a)",
            "np.tanh(x @ W.T) + np.tanh(a - x @ W.T)",
            "tanh is taken of each part, and then the parts are added: the state may reach 2. Add first, squash once",
        ),
        "state added": wrong(
            "np.tanh(a)", "h_ + np.tanh(a)", "h_ is added to the result: a useful idea, and another cell"
        ),
        "state squashed again": wrong(
            "h_ @ U.T", "np.tanh(h_) @ U.T", "tanh is taken of h_ again; h_ went through it one step ago"
        ),
    },
)
