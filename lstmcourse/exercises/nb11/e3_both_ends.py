"""E11.3: what each direction of a bidirectional layer knows at the end of its reading."""

from types import SimpleNamespace

import numpy as np
import torch

from lstmcourse.exercises import STAGES, Exercise, wrong
from lstmcourse.exercises.nb11.e2_mean_valid import batch, passes_a_gradient


def both_ends(out: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The outputs at which the two directions of a bidirectional layer have read the whole sequence.

    out (T, B, 2H): its output over a padded batch, the direction that reads from the beginning in the first H numbers,
    the one that reads from each sequence's end in the last H. lengths (B,): integers from 1 to T.
    Returns ends (B, 2H), in the same order. Both are tensors, and a gradient passes through.
    """
    H = out.shape[2] // 2
    forward = out[lengths - 1, torch.arange(len(lengths)), :H]
    backward = out[0, :, H:]
    return torch.cat([forward, backward], dim=1)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A padded batch; the longest sequence is shorter than T where that can be."""
    return batch(rng.normal(size=(n.T, n.B, 2 * n.H)), rng.integers(1, max(2, n.T), size=n.B))


HINTS = (
    "Each direction has read everything at the end of its own way. Where does the way of the one that reads backward\n"
    "end?",
    "ends[k] = (out[lengths[k] − 1, k, :H],  out[0, k, H:]): the forward half at the last word, the backward half at\n"
    "the first.",
    """
    H = out.shape[2] // 2
    forward = out[..., torch.arange(len(lengths)), :H]
    backward = out[..., H:]
    return torch.cat([forward, backward], dim=1)
    """,
)

SYMPTOMS = {
    "the first half is right, the second is not": "At its first step the backward direction has read one word, the "
    "last one. It has read all of them when it has come to step 0.",
    "ends must have shape (B, 2H), got (2B, H)": "Concatenate along dim=1: the halves stand side by side.",
    "Tensors must have same number of dimensions": "out[lengths - 1] picks whole steps; give the "
    "sequence's number as a second index.",
}

WRONG = {
    "last step for both": wrong(
        "out[0, :, H:]",
        "out[lengths - 1, torch.arange(len(lengths)), H:]",
        "both halves are read at the last word; there the backward direction has read one word",
    ),
    "first step for both": wrong(
        "out[lengths - 1, torch.arange(len(lengths)), :H]",
        "out[0, :, :H]",
        "both halves are read at step 0; there the forward direction has read one word",
    ),
    "turned round": wrong(
        "out[lengths - 1, torch.arange(len(lengths)), :H]",
        "out[0, :, :H]",
        "out[0, :, H:]",
        "out[lengths - 1, torch.arange(len(lengths)), H:]",
        "each half is read where its direction begins, after one word",
    ),
    "last of the batch": wrong(
        "out[lengths - 1, torch.arange(len(lengths)), :H]",
        "out[-1, :, :H]",
        "the forward half is read at the last step of the batch, which for most sequences is padding",
    ),
    "first of the padding": wrong(
        "out[lengths - 1, torch.arange(len(lengths)), :H]",
        "out[lengths.clamp(max=len(out) - 1), torch.arange(len(lengths)), :H]",
        "the step with the index lengths[k] is read: that is the first step of the padding",
    ),
    "last step of the batch for the backward half": wrong(
        "out[0, :, H:]", "out[-1, :, H:]", "the backward half is read at the end of the padding; it ends at step 0"
    ),
    "halves exchanged": wrong(
        "[forward, backward]", "[backward, forward]", "the halves are exchanged; the forward direction comes first"
    ),
    "wrong halves": wrong(
        "torch.arange(len(lengths)), :H]",
        "torch.arange(len(lengths)), H:]",
        "out[0, :, H:]",
        "out[0, :, :H]",
        "the forward direction is the first H numbers, and the backward one the last H",
    ),
    "added": wrong(
        "torch.cat([forward, backward], dim=1)",
        "(forward + backward).repeat(1, 2)",
        "the halves are added; they stand side by side",
    ),
}

exercise = Exercise(
    id="E11.3",
    title="Where each direction ends",
    solution=both_ends,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=4,
    can_now="take from a bidirectional layer what each direction knows after the whole sentence",
    returns={"ends": "(B, 2H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    stages=(*STAGES, ("a gradient passes", passes_a_gradient)),
    sizes=({"T": 7, "B": 4, "H": 3}, {"T": 5, "B": 1, "H": 2}, {"T": 3, "B": 6, "H": 1}, {"T": 1, "B": 2, "H": 2}),
    edges={
        "all sequences as long as the batch": lambda rng: batch(rng.normal(size=(4, 3, 4)), np.full(3, 4)),
        "all sequences of one step": lambda rng: batch(rng.normal(size=(4, 3, 4)), np.ones(3, int)),
    },
)
