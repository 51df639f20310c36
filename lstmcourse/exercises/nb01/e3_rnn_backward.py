"""E1.3: one step back."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong
from lstmcourse.exercises.nb01 import e2_rnn_step as forward


def rnn_backward(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray, dh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The step h = tanh(W x + U h_ + b) backwards, for a batch.

    W, U, b, x (B, I) and h_ (B, H) are what went into the step. dh (B, H) is the gradient of the loss with respect to
    the h that came out, from all that happened to it later.
    Returns dW (H, I), dU (H, H), db (H,), dx (B, I), dh_ (B, H): the gradient with respect to each of the inputs.
    """
    h = np.tanh(x @ W.T + h_ @ U.T + b)
    da = dh * (1 - h**2)
    dW = da.T @ x
    dU = da.T @ h_
    db = da.sum(axis=0)
    dx = da @ W
    dh_ = da @ U
    return dW, dU, db, dx, dh_


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The inputs of a step, and dh (B, H)."""
    return (*forward.case(rng, n), rng.normal(size=(n.B, n.H)))


def loss(*base):
    """Whose gradient it is: the sum of dh times h."""
    return lambda W, U, b, x, h_, dh: float(np.sum(dh * forward.rnn_step(W, U, b, x, h_)[0]))


exercise = Exercise(
    id="E1.3",
    title="One step back",
    solution=rnn_backward,
    minutes=15,
    difficulty=3,
    importance=5,
    lines=8,
    can_now="send a gradient back through one step, with one backward line for each thing that went in",
    returns={"dW": "(H, I)", "dU": "(H, H)", "db": "(H,)", "dx": "(B, I)", "dh_": "(B, H)"},
    case=case,
    sizes=STEP_SIZES,
    loss=loss,
    wrt={"dW": "W", "dU": "U", "db": "b", "dx": "x", "dh_": "h_"},
    edges={
        "a saturated unit lets nothing through": lambda rng: (
            np.full((2, 1), 1e3),
            np.eye(2),
            np.zeros(2),
            np.ones((3, 1)),
            np.zeros((3, 2)),
            np.ones((3, 2)),
        ),
    },
    hints=(
        "Work out h once more. Then da, the gradient before tanh, as in the table: elementwise, nothing to transpose.\n"
        "Each of the five gradients is a product of da with one other thing, and has the shape of what it belongs to.",
        "For one row:  da = dh ∘ (1 − h²);  dW = da xᵀ,  dU = da h_ᵀ,  db = da,  dx = Wᵀ da,  dh_ = Uᵀ da.\n"
        "For a batch in rows every product turns round, and dW, dU, db add up over the rows. The shapes tell you how.",
        """
        h = np.tanh(x @ W.T + h_ @ U.T + b)
        da = dh * (1 - h**2)
        dW = da.T @ x
        dU = ...  # (H, H): the same, with the other thing that went in
        """,
    ),
    symptoms={
        "shapes do not fit": "Write the shape under each factor: da is (B, H), x is (B, I), and dW must be (H, I). "
        "Only da.T @ x does that, and it adds over the rows of the batch by itself.",
        "dh_ is wrong, all else is right": "U is square, so da @ U and da @ U.T both run. Forward it was h_ @ U.T; "
        "backward it is the transpose of that.",
        "everything is wrong": "Then da is: dh times the slope of tanh, which is 1 − h² at the h that comes *out* of "
        "the step.",
        "db has the wrong shape": "b was added to every row, so its gradient is the sum over the rows: (H,).",
    },
    wrong={
        "no slope": wrong(" * (1 - h**2)", "", "the slope of tanh is missing: da = dh ∘ (1 − h²)"),
        "slope at h_": wrong(
            "(1 - h**2)", "(1 - h_**2)", "the slope is taken at h_; it belongs to the h that came out"
        ),
        "no square": wrong("(1 - h**2)", "(1 - h)", "the square is missing: the slope of tanh is 1 − h², not 1 − h"),
        "slope of the sigmoid": wrong(
            "(1 - h**2)", "(h * (1 - h))", "h (1 − h) is the slope of the sigmoid; that of tanh is 1 − h²"
        ),
        "tanh twice": wrong(
            "(1 - h**2)", "(1 - np.tanh(h) ** 2)", "tanh is taken of h again: h went through it already, so 1 − h²"
        ),
        "slope of a": wrong(
            "np.tanh(x @ W.T + h_ @ U.T + b)",
            "x @ W.T + h_ @ U.T + b",
            "tanh is missing when h is worked out, and the slope is taken at a",
        ),
        "dU from h": wrong(
            "da.T @ h_", "da.T @ h", "dU is made with h; U was multiplied by h_, the state one step before"
        ),
        "dW from dh": wrong("da.T @ x", "dh.T @ x", "dW is made with dh, before it went through tanh; it takes da"),
        "dU from dh": wrong("da.T @ h_", "dh.T @ h_", "dU is made with dh, before it went through tanh; it takes da"),
        "db from dh": wrong(
            "da.sum(axis=0)", "dh.sum(axis=0)", "db is made with dh, before it went through tanh; it takes da"
        ),
        "dh_ from dh": wrong("da @ U", "dh @ U", "dh_ is made with dh, before it went through tanh; it takes da"),
        "dx from dh": wrong("da @ W", "dh @ W", "dx is made with dh, before it went through tanh; it takes da"),
        "U the wrong way round": wrong(
            "da @ U", "da @ U.T", "U.T is used on the way back; forward it was h_ @ U.T, so backward it is da @ U"
        ),
        "dU transposed": wrong(
            "da.T @ h_", "h_.T @ da", "dU is transposed: as in U, a row belongs to the unit that receives"
        ),
        "dW transposed": wrong("da.T @ x", "x.T @ da", "dW is transposed: it has the shape of W, (H, I)"),
        "db not summed": wrong(
            "da.sum(axis=0)", "da", "db is not summed over the rows: b served every row, so it has the shape (H,)"
        ),
        "db summed over units": wrong(
            "da.sum(axis=0)", "da.sum()", "db is summed over the units too; each unit has its own"
        ),
        "db averaged": wrong(
            "da.sum(axis=0)",
            "da.mean(axis=0)",
            "db is averaged over the rows; what each row sends back is added",
        ),
        "all averaged": wrong(
            "da.T @ x",
            "da.T @ x / len(x)",
            "da.T @ h_",
            "da.T @ h_ / len(x)",
            "da.sum(axis=0)",
            "da.mean(axis=0)",
            "dW, dU and db are averaged over the rows; what each row sends back is added",
        ),
        "dx and dh_ exchanged": wrong("db, dx, dh_", "db, dh_, dx", "dh_ and dx are returned in each other's place"),
        "dh added to dh_": wrong(
            "da @ U", "dh + da @ U", "dh is added to dh_: in this cell h_ reaches h through U alone"
        ),
    },
)
