"""E6.4: where the count of a coupled cell gets stuck."""

from functools import partial

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def _stuck(dtype=np.float32, f=0.9, start=0.0, differs=lambda new, old: new != old) -> int:
    f, one = dtype(f), dtype(1)
    c, n = dtype(start), 0
    while differs(new := f * c + (one - f) * one, c):
        c, n = new, n + 1
    return n


def steps_until_stuck() -> int:
    """How many ones a coupled cell with f = 0.9, g = 1, at first c = 0, takes in until c does not change any more.

    In float32, as a network on a GPU has it: the first n for which c after n + 1 steps equals c after n steps.
    """
    return _stuck()


HINTS = (
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
)

SYMPTOMS = {
    "the number is more than twice too large": "That is float64. Make f, 1 and c np.float32 and look at new.dtype.",
    "the loop never ends": "Compare the new c with the old one, not with 1.0: rounding may stop it a little below.",
}

WRONG = {
    "float64": wrong(partial(_stuck, np.float64), "the loop runs in float64, which has 29 bits more to lose"),
    "nearly one": wrong(
        partial(_stuck, differs=lambda new, old: new < 0.99),
        "you stop when c reaches 0.99; it can still tell n from n + 1 there",
    ),
    "time constant": wrong(
        lambda: 10,
        "you give 10, the time constant 1/(1 - f): a third of the way is still to go there",
    ),
    "half-life": wrong(lambda: 7, "you give 7, the half-life of what is in c, ln 2 / -ln 0.9"),
    "f = 0.99": wrong(partial(_stuck, f=0.99), "f is 0.99 in your loop"),
    "estimated": wrong(
        lambda: 164,
        "you give 164, the estimate by logarithms, ln 2⁻²⁵ / ln 0.9; rounding at every step ends it earlier: run the "
        "loop",
    ),
    "estimated with 24 bits": wrong(
        lambda: 158,
        "you give 158, the estimate by logarithms with 24 bits, ln 2⁻²⁴ / ln 0.9; rounding at every step ends it "
        "earlier: run the loop",
    ),
    "by the formula": wrong(
        lambda: 139,
        "you give 139, where 1 - fⁿ, rounded once, stops changing; the cell rounds at every step: run the loop",
    ),
    "a hundredth": wrong(
        lambda: 22,
        "you give 22, where the next step adds less than a hundredth; float32 still sees that",
    ),
    "float16": wrong(partial(_stuck, np.float16), "the loop runs in float16, which has 11 bits"),
}  # fmt: skip

exercise = Exercise(
    id="E6.4",
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
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
