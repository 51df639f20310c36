"""E15.3: all states of h = a h₋ + b in a few rounds, and not one after the other."""

import sys
from types import FrameType, SimpleNamespace
from typing import Any

import numpy as np

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong
from lstmcourse.exercises._running import call


def scan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All states h_t = a_t h_{t-1} + b_t, with h = 0 before the first step, in a number of rounds that grows as log T.

    a and b have the shape (T, B, H), T at least 1, and multiply number by number. A round is an operation of NumPy on
    many steps at once: no loop over the steps.
    Returns h (T, B, H).
    """
    a, h, far = a.copy(), b.copy(), 1
    while far < len(h):
        h[far:] = a[far:] * h[:-far] + h[far:]
        a[far:] = a[far:] * a[:-far]
        far = 2 * far
    return h


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """a from 0 to 1, at some places 0, and b (T, B, H)."""
    a = rng.random((n.T, n.B, n.H))
    a[rng.random(a.shape) < 0.1] = 0
    return a, rng.normal(size=a.shape)


STEPS, LINES = 512, 400


def in_few_rounds(trial: Trial) -> str:
    """The stage of a check that fails where Python executes nearly as many lines as there are steps."""
    lines = 0

    def count(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal lines
        if "numpy" in frame.f_code.co_filename:
            return None
        lines += 1
        return count

    def watched(*args: Any) -> Any:
        before = sys.gettrace()
        sys.settrace(count)
        try:
            return trial.fn(*args)
        finally:
            sys.settrace(before)

    rng = np.random.default_rng(0)
    call(watched, f"T = {STEPS}", (rng.random((STEPS, 1, 1)), rng.normal(size=(STEPS, 1, 1))))
    if lines > LINES:
        raise Failed(f"the values are right, but for {STEPS} steps Python goes through {lines} lines: that is a loop")
    return f"{STEPS} steps in {lines} lines"


def _by_products(a, b):
    product = np.cumprod(a, axis=0)
    with np.errstate(all="ignore"):
        return product * np.cumsum(b / product, axis=0)


def _sum(a, b):
    return np.cumsum(b, axis=0)


HINTS = (
    "Two steps, one after the other, are one step of the same kind: with which a and which b? If each place knows\n"
    "what its last two steps do together, how far do the next two rounds reach?",
    "a₂ (a₁ h + b₁) + b₂ = (a₂ a₁) h + (a₂ b₁ + b₂).  In the round with reach far, place t joins what it knows to\n"
    "what place t − far knows: h_t = a_t h_{t−far} + h_t, a_t = a_t a_{t−far}, for t ≥ far.  Then far doubles.",
    """
    a, h, far = a.copy(), b.copy(), 1
    while far < len(h):
        h[far:] = a[far:] * h[:-far] + h[far:]
        ...
    """,
)

SYMPTOMS = {
    "right for T = 2, wrong for more": "After each round place t knows twice as many steps, so a has to be joined too, "
    "and far doubles.",
    "a was changed in place": "a[far:] = … writes into what was handed in: begin with a.copy().",
    "nan": "Dividing by the product of all a so far fails where one of them is 0, and where the product gets tiny.",
    "that is a loop": "One line of NumPy for all steps of a round, and 9 rounds for 512 steps.",
}

JOIN, FACTORS = "a[far:] * h[:-far] + h[far:]", "a[far:] * a[:-far]"

WRONG = {
    "divided by the products": wrong(
        _by_products, "b is divided by the product of all a so far, which is 0 where a gate is shut, or too small"
    ),
    "nothing fades": wrong(_sum, "the b are added up, and a has no part in it"),
    "one round": wrong("while far", "if far", "one round is made: each state knows its own step and the one before it"),
    "a round too few": wrong("while far", "while 2 * far", "the last round is missing: the reach must come to T"),
    "a never joined": wrong(FACTORS, "a[far:]", "a stays that of one step; after a round it stands for twice as many"),
    "a joined before h": wrong(
        f"h[far:] = {JOIN}\n        a[far:] = {FACTORS}",
        f"a[far:] = {FACTORS}\n        h[far:] = {JOIN}",
        "a is joined before h, which needs the a of before the round",
    ),
    "a of the earlier": wrong(
        JOIN, "a[:-far] * h[:-far] + h[far:]", "what is earlier fades by its own a; it fades by that of the later steps"
    ),
    "the later fades": wrong(
        JOIN, "a[far:] * h[far:] + h[:-far]", "the later part fades and the earlier does not: it is a₂ b₁ + b₂"
    ),
    "b of the first lost": wrong(JOIN, "h[far:]", "what is earlier is lost: it is a₂ b₁ + b₂"),
    "b of the second lost": wrong(JOIN, "a[far:] * h[:-far]", "what is later is lost: it is a₂ b₁ + b₂"),
    "a added": wrong(FACTORS, "a[far:] + a[:-far]", "the two a are added; they multiply"),
    "a squared": wrong(FACTORS, "a[far:] ** 2", "a is multiplied by itself, and not by that of the earlier steps"),
    "reach grows by one": wrong("2 * far\n", "far + 1\n", "the reach grows by 1 a round, and steps are counted twice"),
    "a state too early": wrong(
        "return h\n",
        "return np.concatenate([0 * h[:1], h[:-1]])\n",
        "the states before each step are returned, and not those after it",
    ),
    "the last only": wrong("return h\n", "return h[-1:]\n", "only the last state is returned; all are asked for"),
}

exercise = Exercise(
    id="E15.3",
    title="A scan in place of a loop",
    solution=scan,
    minutes=15,
    difficulty=4,
    importance=5,
    lines=6,
    can_now="compute a linear recurrence in log₂ T rounds, and say why no gate may see h for that",
    returns={"h": "(T, B, H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    stages=(*STAGES, ("few rounds", in_few_rounds)),
    sizes=({"T": 8, "B": 2, "H": 3}, {"T": 5, "B": 1, "H": 2}, {"T": 1, "B": 3, "H": 2}, {"T": 13, "B": 2, "H": 1}),
    edges={
        "two steps": lambda rng: tuple(rng.random((2, 2, 1, 1))),
        "2,000 steps that fade": lambda rng: (np.full((2000, 1, 1), 0.5), rng.normal(size=(2000, 1, 1))),
    },
)
