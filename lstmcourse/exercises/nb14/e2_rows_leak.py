"""E14.2: do the rows of a batch see each other?"""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def rows_leak(run, xs: np.ndarray, others: np.ndarray) -> float:
    """How much of the other rows gets into row 0 of a batch.

    run: xs (T, B, I) -> outputs (T, B, O). others (T, B, I): other inputs.
    Returns the largest change, at any step, of row 0's output when every row of xs but row 0 is replaced by others'.
    """
    changed = others.copy()
    changed[:, 0] = xs[:, 0]
    return np.abs(run(changed)[:, 0] - run(xs)[:, 0]).max()


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A run in which the mean of the batch gets into every row, more at some steps than at others."""
    W, share = rng.normal(size=(n.O, n.I)), rng.uniform(-1, 1, (n.T, 1, n.O))

    def run(xs: np.ndarray) -> np.ndarray:
        out = np.tanh(xs @ W.T)
        return out + share * out.mean(axis=1, keepdims=True)

    return run, rng.normal(size=(n.T, n.B, n.I)), rng.normal(size=(n.T, n.B, n.I))


def apart(rng: np.random.Generator) -> tuple:
    """Rows that do not see each other."""
    _, xs, others = case(rng, SimpleNamespace(T=3, B=4, I=2, O=2))
    return np.tanh, xs, others


def early(rng: np.random.Generator) -> tuple:
    """A leak at the first step alone."""
    _, xs, others = case(rng, SimpleNamespace(T=4, B=3, I=2, O=2))

    def run(xs: np.ndarray) -> np.ndarray:
        out = np.tanh(xs)
        out[0] += out[0].mean(axis=0)
        return out

    return run, xs, others


def last_row(rng: np.random.Generator) -> tuple:
    """A leak from the last row alone."""
    _, xs, others = case(rng, SimpleNamespace(T=3, B=4, I=2, O=2))
    return (lambda xs: np.tanh(xs) + xs[:, -1:]), xs, others


exercise = Exercise(
    id="E14.2",
    title="Rows that see each other",
    solution=rows_leak,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="test of anything that reads batches whether a sequence's result depends on what lies beside it",
    returns={"change": "one number"},
    case=case,
    sizes=({"T": 4, "B": 3, "I": 2, "O": 3}, {"T": 1, "B": 2, "I": 3, "O": 1}, {"T": 3, "B": 1, "I": 1, "O": 2}),
    edges={
        "rows that do not see each other": apart,
        "a leak at the first step alone": early,
        "a leak from the last row": last_row,
    },
    hints=(
        "Run it twice. What is the same in both batches, and what is not? Then look at row 0, at all its steps.",
        "changed: row 0 of xs, all others of others;  the largest |run(changed) − run(xs)| in row 0.\n"
        "Time is the first axis, the rows of the batch are the second: [:, 0].",
        """
        changed = others.copy()
        changed[:, 0] = ...
        return np.abs(...).max()
        """,
    ),
    symptoms={
        "inputs unchanged": "Change a copy: others.copy(), not others itself.",
        "rows that do not see each other give more than 0": "Row 0 itself was changed, or another row was compared.",
    },
    wrong={
        "signed the other way": wrong(
            "np.abs(run(changed)[:, 0] - run(xs)[:, 0])", "(run(xs)[:, 0] - run(changed)[:, 0])",
            "the sign stays, and an output that rises counts as unchanged",
        ),
        "row 0 changed too": wrong("changed[:, 0] = xs[:, 0]", "pass", "row 0 is changed as well, so it moves anyway"),
        "all rows": wrong(
            "run(changed)[:, 0] - run(xs)[:, 0]", "run(changed) - run(xs)", "all rows are compared, changed ones too"
        ),
        "the last step": wrong(
            "run(changed)[:, 0] - run(xs)[:, 0]", "run(changed)[-1, 0] - run(xs)[-1, 0]",
            "the last step alone is compared, and the leak may be at another one",
        ),
        "first axis": wrong(
            "run(changed)[:, 0] - run(xs)[:, 0]", "run(changed)[0] - run(xs)[0]",
            "step 0 of all rows is compared: time is the first axis, the batch the second",
        ),
        "step for row": wrong(
            "changed[:, 0] = xs[:, 0]", "changed[0] = xs[0]",
            "step 0 is kept instead of row 0: time is the first axis, the batch the second",
        ),
        "signed": wrong(
            "np.abs(run(changed)[:, 0] - run(xs)[:, 0])", "(run(changed)[:, 0] - run(xs)[:, 0])",
            "the sign stays, and an output that falls counts as unchanged",
        ),
        "mean": wrong(".max()", ".mean()", "you take the mean change, not the largest"),
    },
)  # fmt: skip
