"""E14.3: does an output see what comes later?"""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def looks_ahead(run, xs: np.ndarray, others: np.ndarray) -> int:
    """How many steps ahead of itself an output sees.

    run: xs (T, B, I) -> outputs (T, B, O). others (T, B, I): other inputs, different from xs at every step.
    Returns the largest s for which the output of some step t changes when xs[t + s] is replaced by others[t + s], and
    0 where no output sees what comes after its own step.
    """
    before, ahead = run(xs), 0
    for k in range(len(xs)):
        changed = xs.copy()
        changed[k] = others[k]
        moved = (run(changed) != before).any(axis=(1, 2))
        if moved.any():
            ahead = max(ahead, k - int(moved.argmax()))
    return ahead


def seeing(ahead: int, behind: int = 1, at: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """A run whose outputs see so many steps ahead and behind; `at`: only that step's output sees ahead."""

    def run(xs: np.ndarray) -> np.ndarray:
        out = np.zeros_like(xs)
        for t in range(len(xs)):
            last = t + ahead if at in (None, t) else t
            out[t] = xs[max(0, t - behind) : last + 1].sum(axis=0)
        return out

    return run


def late(xs: np.ndarray) -> np.ndarray:
    """A run whose outputs are the inputs, two steps late."""
    return np.concatenate([np.zeros_like(xs[:2]), xs[:-2]])


def inputs(rng: np.random.Generator, T: int, B: int = 2, I: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """xs and others, (T, B, I)."""
    return rng.normal(size=(T, B, I)), rng.normal(size=(T, B, I))


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A run that sees n.ahead steps ahead."""
    return seeing(n.ahead), *inputs(rng, n.T, n.B)


exercise = Exercise(
    id="E14.3",
    title="How far it looks ahead",
    solution=looks_ahead,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=8,
    can_now="prove that a model has not seen what it is to predict, before you believe its loss",
    returns={"ahead": "one number"},
    case=case,
    sizes=({"T": 6, "B": 2, "ahead": 2}, {"T": 1, "B": 1, "ahead": 0}, {"T": 7, "B": 3, "ahead": 5}),
    edges={
        "outputs that look back alone": lambda rng: (seeing(0, 3), *inputs(rng, 5)),
        "outputs that see nothing at all": lambda rng: (lambda xs: np.ones_like(xs), *inputs(rng, 4)),
        "the outputs come two steps late": lambda rng: (late, *inputs(rng, 5)),
        "read from the end": lambda rng: (lambda xs: xs[::-1].cumsum(axis=0)[::-1], *inputs(rng, 5)),
        "the first output alone looks ahead": lambda rng: (seeing(2, at=0), *inputs(rng, 6)),
    },
    hints=(
        "Change one step of the input at a time, and see which is the first output that moves.",
        "for each k: replace xs[k]; t = the first step at which the output differs; it has looked k − t steps ahead.\n"
        "The answer is the largest of these, and 0 where none is positive.",
        """
        before, ahead = run(xs), 0
        for k in range(len(xs)):
            changed = xs.copy()
            changed[k] = others[k]
            moved = ...  # (T,): at which steps does the output differ?
            ...
        return ahead
        """,
    ),
    symptoms={
        "inputs unchanged": "Change a copy of xs at each k, not xs itself.",
        "more than 0 for a run that looks back": "k − t is positive only when the output of an earlier step moves; "
        "later ones may move, that is memory.",
    },
    wrong={
        "either way": wrong(
            "k - int(moved.argmax())", "abs(k - int(moved.argmax()))",
            "the sign is dropped, so that an output that comes late counts as one that looks ahead",
        ),
        "not the largest": wrong(
            "max(ahead, k - int(moved.argmax()))", "k - int(moved.argmax())",
            "the last input that moves an output decides; asked is the largest of all",
        ),
        "the last that moves": wrong(
            "k - int(moved.argmax())", "k - int(len(xs) - 1 - moved[::-1].argmax())",
            "the last output that moves is taken; the first is the one that has looked ahead",
        ),
        "memory counted": wrong(
            "k - int(moved.argmax())", "abs(k - int(len(xs) - 1 - moved[::-1].argmax()))",
            "the last output that moves is taken, not the first: that is how long it remembers",
        ),
        "the last input alone": wrong(
            "range(len(xs))", "range(len(xs) - 1, len(xs))", "the last input alone is changed, not each in turn"
        ),
        "the last input left out": wrong("range(len(xs))", "range(len(xs) - 1)", "the last input is never changed"),
        "counted": wrong(
            "k - int(moved.argmax())", "int(moved[:k].any())", "you say whether it looks ahead, not how far"
        ),
        "changes add up": wrong(
            "changed = xs.copy()", "changed = xs.copy() if k == 0 else changed",
            "an input that was changed stays changed when the next one is",
        ),
        "one less": wrong(
            "k - int(moved.argmax())", "k - int(moved.argmax()) - 1", "the step itself is counted out: one step too few"
        ),
    },
)  # fmt: skip
