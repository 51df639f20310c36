"""E9.1: the LSTM over all steps, with W x outside the loop."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STAGES, Exercise, wrong
from lstmcourse.exercises._cases import weights
from lstmcourse.exercises.nb09._products import enters_one_product


def lstm_forward(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, xs: np.ndarray, h0: np.ndarray, c0: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The LSTM along a sequence, with the inputs' products of all steps done in one.

    W (4H, I), U (4H, H), b (4H,): rows i, f, g, o; g goes through tanh, the others through a sigmoid.
    xs (T, B, I); h0 (B, H) and c0 (B, H) are the states before the first step. W may enter one matrix product only.
    Returns hs (T, B, H), cs (T, B, H): the states after every step; and gates (T, B, 4H): i, f, g, o after their
    sigmoid or tanh, side by side.
    """
    T, B, H = len(xs), *h0.shape
    gates = (xs.reshape(T * B, -1) @ W.T + b).reshape(T, B, 4 * H)
    hs, cs = np.empty((2, T, B, H), xs.dtype)
    h, c = h0, c0
    for t, a in enumerate(gates):  # a is a view: what is written into it stands in gates
        a += h @ U.T
        g = np.tanh(a[:, 2 * H : 3 * H])
        a[:] = 1 / (1 + np.exp(-a))
        a[:, 2 * H : 3 * H] = g
        i, f, _, o = np.split(a, 4, axis=1)
        c = cs[t] = f * c + i * g
        h = hs[t] = o * np.tanh(c)
    return hs, cs, gates


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """W, U, b, xs (T, B, I), h0 and c0 (B, H)."""
    xs, h0 = rng.normal(size=(n.T, n.B, n.I)), np.tanh(rng.normal(size=(n.B, n.H)))
    return (*weights(rng, n.I, n.H, gates=4), xs, h0, rng.normal(size=(n.B, n.H)))


HINTS = (
    "Which part of W x + U h₋ + b is known before the loop begins? Compute that for all steps at once; the loop adds\n"
    "what it had to wait for. To NumPy the T steps of B sequences are T · B rows.",
    "before the loop:  A_t = W x_t + b for all t, of shape (T, B, 4H)\n"
    "in the loop:      a = A_t + U h, cut into a_i, a_f, a_g, a_o, and then as in E4.1",
    """
    T, B, H = len(xs), *h0.shape
    gates = (xs.reshape(T * B, -1) @ W.T + b).reshape(T, B, 4 * H)
    hs, cs = np.empty((2, T, B, H), xs.dtype)
    h, c = h0, c0
    for t, a in enumerate(gates):
        a += ...
    """,
)

SYMPTOMS = {
    "W enters T matrix products": "x @ W.T still stands in the loop. xs.reshape(T * B, I) has all inputs as rows.",
    "right for B = 1, wrong for more": "reshape(T * B, I) and back to (T, B, 4H): the time stays the first axis.",
    "the first step is right, the others are not": "h and c must be those that the step before has left.",
    "gates is wrong and hs is right": "gates holds what comes out of sigmoid and tanh, in the order i, f, g, o.",
}

G = "a[:, 2 * H : 3 * H]"
RETURN = "return hs, cs, gates"

WRONG = {
    "no bias": wrong(" + b)", ")", "b is left out"),
    "bias twice": wrong("a += h @ U.T", "a += h @ U.T + b", "b is added before the loop and again in it"),
    "state not carried": wrong("h @ U.T", "h0 @ U.T", "every step sees h0 instead of the state before it"),
    "cell not carried": wrong("f * c + i", "f * c0 + i", "every step keeps a part of c0 instead of the c before it"),
    "i and f exchanged": wrong("f * c + i * g", "i * c + f * g", "i and f are exchanged in c"),
    "o before g": wrong(
        f"np.tanh({G})", "np.tanh(a[:, 3 * H :])", f"{G} = g", "a[:, 3 * H :] = g", "i, f, _, o", "i, f, o, _",
        "the rows are read as i, f, o, g",
    ),
    "no tanh of c": wrong("np.tanh(c)", "c", "h = o * c: the tanh of c is missing"),
    "sigmoid for g": wrong(
        f"np.tanh({G})", f"1 / (1 + np.exp(-{G}))",
        "g goes through a sigmoid; it goes through tanh",
    ),
    "into a copy": wrong(
        "enumerate(gates)", "enumerate(gates.copy())",
        "gates still holds W x + b; the gates of each step were asked for"
    ),
    "gates in another order": wrong(
        RETURN, f"{RETURN}[:, :, np.r_[: 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]]", "gates holds i, f, o, g; g comes third"
    ),
    "axes exchanged": wrong(
        ".reshape(T, B, 4 * H)", ".reshape(B, T, 4 * H).swapaxes(0, 1)",
        "the rows are taken apart as B sequences of T steps; they lie step by step",
    ),
    "states before": wrong(
        RETURN, "return np.concatenate([h0[None], hs[:-1]]), np.concatenate([c0[None], cs[:-1]]), gates",
        "hs and cs hold the states before each step; those after it were asked for",
    ),
    "the first state too": wrong(
        RETURN, "return np.concatenate([h0[None], hs]), np.concatenate([c0[None], cs]), gates",
        "hs and cs hold h0 and c0 first; those after each of the T steps were asked for",
    ),
    "backward in time": wrong(
        "enumerate(gates)", "reversed(list(enumerate(gates)))", "the sequence is read from its end"
    ),
}  # fmt: skip


def from_zero(rng: np.random.Generator) -> tuple:
    """A case whose states begin at 0."""
    *given, h0, c0 = case(rng, SimpleNamespace(T=3, B=2, I=3, H=2))
    return (*given, np.zeros_like(h0), np.zeros_like(c0))


exercise = Exercise(
    id="E9.1",
    title="W x out of the loop",
    solution=lstm_forward,
    minutes=15,
    difficulty=3,
    importance=5,
    lines=13,
    can_now="take out of a loop what does not wait for it, and show that the numbers stay the same",
    returns={"hs": "(T, B, H)", "cs": "(T, B, H)", "gates": "(T, B, 4H)"},
    rows="ifgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    edges={"states that begin at 0": from_zero},
    stages=(*STAGES, ("matrix products", enters_one_product("W"))),
)
