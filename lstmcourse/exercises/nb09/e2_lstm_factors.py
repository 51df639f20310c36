"""E9.2: what of the LSTM's way back is known before the gradient arrives, for all steps at once."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, slopes, wrong
from lstmcourse.exercises.nb09 import e1_lstm_forward


def lstm_factors(c0: np.ndarray, cs: np.ndarray, gates: np.ndarray) -> tuple[np.ndarray, ...]:
    """The five factors of the LSTM's way back, for all steps at once.

    c0 (B, H): c before the first step; cs (T, B, H): c after each step; gates (T, B, 4H): i, f, g, o of each step,
    after their sigmoid or tanh, side by side.
    Returns A_i, A_f, A_g, A_o, A_c, each (T, B, H): da_i, da_f and da_g are dc times the first three; da_o is dh times
    A_o; and dh times A_c is what goes through h into dc.
    """
    i, f, g, o = np.split(gates, 4, axis=2)
    c_, y = np.concatenate([c0[None], cs[:-1]]), np.tanh(cs)
    return g * i * (1 - i), c_ * f * (1 - f), i * (1 - g**2), y * o * (1 - o), o * (1 - y**2)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """c0, and the cs and gates that lstm_forward made."""
    given = e1_lstm_forward.case(rng, n)
    _, cs, gates = e1_lstm_forward.lstm_forward(*given)
    return given[-1], cs, gates


HINTS = (
    "Write h = o tanh(c) and c = f c₋ + i g on paper, and differentiate each with respect to one letter. A gate's\n"
    "factor is what it was multiplied by, times its own slope.",
    "A_f = c₋ · f(1 − f), and i in the same way with what i was multiplied by; g comes out of a tanh: its slope is\n"
    "1 − g². From h = o tanh(c): one factor for o, with its slope, and one for c.",
    """
    i, f, g, o = np.split(gates, 4, axis=2)
    c_, y = np.concatenate([c0[None], cs[:-1]]), np.tanh(cs)
    return ..., c_ * f * (1 - f), ...
    """,
)

SYMPTOMS = {
    "A_f is wrong": "f multiplied the c before the step: c0 first, then cs without its last.",
    "all but A_c are wrong": "gates holds i, f, g, o after σ and tanh. The slope of σ is k(1 − k), of tanh 1 − k².",
    "A_o and A_c are wrong": "In h = o tanh(c) it is the tanh of c that o multiplies, and c goes through a tanh.",
}

TOLD = tuple(f"{what} {k}" for what in ("sign of", "no gradient for") for k in "ifgo")  # of a single array, by itself

WRONG = slopes("ifo", "g", without=TOLD) | {
    "no slopes": wrong(
        "g * i * (1 - i), c_ * f * (1 - f), i * (1 - g**2), y * o * (1 - o)", "g, c_, i, y",
        "the slopes of σ and tanh are left out: that is what each gate was multiplied by, and no more",
    ),
    "c after for f": wrong(
        "np.concatenate([c0[None], cs[:-1]])", "cs", "A_f is made with c after each step; f multiplied the c before it"
    ),
    "no tanh slope at c": wrong("o * (1 - y**2)", "o", "the slope 1 - tanh²(c) is missing between h and c"),
    "no o at c": wrong("o * (1 - y**2)", "1 - y**2", "o is missing between h and c: h = o tanh(c)"),
    "slope at c for its tanh": wrong(
        "(1 - y**2)", "(1 - cs**2)", "the slope of tanh(c) is written 1 - c²; it is 1 - tanh²(c)"
    ),
    "c for its tanh in o": wrong("y * o", "cs * o", "A_o has c where tanh(c) belongs"),
    "i and g exchanged": wrong(
        "g * i * (1 - i)", "i * i * (1 - i)", "i * (1 - g**2)", "g * (1 - g**2)",
        "A_i and A_g are each multiplied by the wrong one of i and g: i multiplied g, and g multiplied i",
    ),
    "o before g": wrong("i, f, g, o = ", "i, f, o, g = ", "the gates are read as i, f, o, g"),
}  # fmt: skip

exercise = Exercise(
    id="E9.2",
    title="Known before the gradient arrives",
    solution=lstm_factors,
    minutes=10,
    difficulty=3,
    importance=4,
    lines=4,
    can_now="take out of the way back what does not wait for the gradient",
    returns=dict.fromkeys(("A_i", "A_f", "A_g", "A_o", "A_c"), "(T, B, H)"),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
)
