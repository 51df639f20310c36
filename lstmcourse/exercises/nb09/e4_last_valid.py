"""E9.4: the output of each sequence of a padded batch at its own last step."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def last_valid(out: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The output of each sequence at its own last step.

    out (T, B, H): a layer's output over a padded batch; in sequence k, lengths[k] steps are valid.
    lengths (B,): integers from 1 to T.
    Returns last (B, H).
    """
    return out[lengths - 1, np.arange(len(lengths))]


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A padded batch; the longest sequence is shorter than T where that can be."""
    return rng.normal(size=(n.T, n.B, n.H)), rng.integers(1, max(2, n.T), size=n.B)


def _mean_valid(out, lengths):
    valid = np.arange(len(out))[:, None, None] < lengths[:, None]
    return (out * valid).sum(axis=0) / lengths[:, None]


HINTS = (
    "Each sequence ends at a step of its own: two index arrays side by side, one for the time, one for the batch.",
    "last[k] = out[lengths[k] − 1, k] for k = 0 … B − 1; the first step has the index 0.",
    """
    k = np.arange(len(lengths))
    return out[..., k]
    """,
)

SYMPTOMS = {
    "last must have shape (B, H), got (B, B, H)": "out[lengths - 1] picks a step for the whole batch, B times. "
    "Give the sequence as a second index.",
    "IndexError: index is out of bounds": "Time is the first axis here, and the last step of n steps "
    "has the index n - 1.",
    "only the longest sequence is right": "out[-1] is the last step of the batch, not of each sequence.",
}

WHOLE = "out[lengths - 1, np.arange(len(lengths))]"


def _max_valid(out, lengths):
    return np.array([out[:length, k].max(axis=0) for k, length in enumerate(lengths)])


WRONG = {
    "max": wrong(_max_valid, "you take the largest of the valid steps; the last one of them was asked for"),
    "from the end": wrong(
        "lengths - 1", "-lengths", "out[-lengths] counts from the end, where the padding lies; count from the beginning"
    ),
    "last of the shortest": wrong(
        WHOLE, "out[lengths.min() - 1]", "every sequence is read at the step at which the shortest one ends"
    ),
    "sequence 0 for all": wrong(
        WHOLE, "out[lengths - 1][:, 0]", "sequence 0 is read for all, at the others' last steps; each has its own"
    ),
    "last of the batch": wrong(
        WHOLE, "out[-1]", "out[-1] is taken: the last step of the longest row, which for all others is padding"
    ),
    "last of the longest": wrong(
        WHOLE, "out[lengths.max() - 1]", "every sequence is read at the step at which the longest one ends"
    ),
    "off by one": wrong(
        "lengths - 1", "np.minimum(lengths, len(out) - 1)",
        "the step with the index lengths[k] is read: that is the first step of the padding",
    ),
    "one before": wrong(
        "lengths - 1", "np.maximum(lengths - 2, 0)", "the step before the last is read, lengths[k] - 2"
    ),
    "all pairs": wrong(
        ", np.arange(len(lengths))", "",
        "out[lengths - 1] picks whole steps, each with all B sequences: the second index is missing",
    ),
    "reshaped": wrong(
        WHOLE, "out.reshape(out.shape[1], len(out), -1)[np.arange(len(lengths)), lengths - 1]",
        "the output is reshaped to (B, T, H) as if it were batch_first; reshaping mixes the sequences, "
        "only a transposition exchanges the axes",
    ),
    "mean with padding": wrong(
        WHOLE, "out.mean(axis=0)", "you take the mean over all T steps, and the padding is counted in"
    ),
    "mean": wrong(_mean_valid, "you take the mean over the valid steps; the last one of them was asked for"),
}  # fmt: skip

exercise = Exercise(
    id="E9.4",
    title="The last valid step",
    solution=last_valid,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=1,
    can_now="take the state at which each sequence of a padded batch ended, and show that padding has no part in it",
    returns={"last": "(B, H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"T": 7, "B": 4, "H": 3}, {"T": 5, "B": 1, "H": 2}, {"T": 1, "B": 2, "H": 4}),
    edges={
        "all sequences as long as the batch": lambda rng: (rng.normal(size=(4, 3, 2)), np.full(3, 4)),
        "all sequences of one step": lambda rng: (rng.normal(size=(4, 3, 2)), np.ones(3, int)),
    },
)
