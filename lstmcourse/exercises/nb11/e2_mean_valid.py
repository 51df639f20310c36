"""E11.2: the mean of a layer's output over the words of each sentence, the padding left out."""

from types import SimpleNamespace

import numpy as np
import torch

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong
from lstmcourse.exercises._running import call


def mean_valid(out: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The mean of a layer's output over the valid steps of each sequence.

    out (T, B, H): the output over a padded batch; beyond its length a sequence may hold anything. lengths (B,): how
    many steps of each sequence are valid, integers from 1 to T.
    Returns mean (B, H). Both are tensors, and a gradient passes through: operations of torch only.
    """
    valid = torch.arange(len(out))[:, None] < lengths
    return out.masked_fill(~valid[:, :, None], 0).sum(dim=0) / lengths[:, None]


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A padded batch with numbers in its padding; the longest sequence is shorter than T where that can be."""
    return batch(rng.normal(size=(n.T, n.B, n.H)), rng.integers(1, max(2, n.T), size=n.B))


def batch(out: np.ndarray, lengths: np.ndarray) -> tuple:
    """An output through which a gradient is to pass, and lengths, as tensors."""
    return torch.tensor(out, requires_grad=True), torch.tensor(lengths)


def passes_a_gradient(trial: Trial) -> str:
    """The stage of a check that fails where what is returned has no record of how it came about."""
    if call(lambda *args: getattr(trial.fn(*args), "requires_grad", False), *next(trial.cases())).result is not True:
        raise Failed(f"no gradient passes through {next(iter(trial.exercise.returns))}: use operations of torch only")
    return ""


def _last(out, lengths):
    return out[lengths - 1, torch.arange(len(lengths))]


def _of_batch(out, lengths):
    valid = torch.arange(len(out))[:, None] < lengths
    return out.masked_fill(~valid[:, :, None], 0).sum(dim=0) / lengths.double().mean()


HINTS = (
    "A mask says which steps are words: true at step t of sequence k where t < lengths[k]. What is outside must not\n"
    "enter the sum, and must not be counted either.",
    "valid[t, k] = t < lengths[k], (T, B);  mean[k] = Σ_{t < lengths[k]} out[t, k] / lengths[k].\n"
    "The comparison of a column (T, 1) with a row (B,) gives (T, B).",
    """
    valid = torch.arange(len(out))[:, None] < lengths
    ... .sum(dim=0) / lengths[:, None]
    """,
)

SYMPTOMS = {
    "operands could not be broadcast": "lengths is (B,), and the sum (B, H): lengths[:, None] is a column.",
    "nan": "0 · nan is nan: replace with out.masked_fill(mask, 0) or torch.where, in place of multiplying by a mask.",
    "numpy() on Tensor that requires grad": "A function of NumPy ends the record of autograd: take torch's own, "
    "torch.arange and torch.where.",
    "right for the longest sequence only": "The padding of the others is in the sum, or T in the denominator.",
}

SUM = "out.masked_fill(~valid[:, :, None], 0).sum(dim=0)"

WRONG = {
    "all steps": wrong(
        f"{SUM} / lengths[:, None]", "out.mean(dim=0)", "the mean is taken over all T steps, the padding among them"
    ),
    "divided by T": wrong(
        "lengths[:, None]\n",
        "len(out)\n",
        "the sum is right and divided by T; each sequence has its own number of steps",
    ),
    "divided by the longest": wrong(
        "/ lengths[:, None]", "/ lengths.max()", "every sum is divided by the longest length"
    ),
    "divided by the mean length": wrong(_of_batch, "every sum is divided by the mean length of the batch"),
    "padding in the sum": wrong(
        SUM, "out.sum(dim=0)", "the padding enters the sum; only the division knows the lengths"
    ),
    "one step more": wrong(
        "[:, None] < lengths", "[:, None] <= lengths", "the first step of the padding counts: t < lengths[k]"
    ),
    "one step less": wrong(
        "[:, None] < lengths", "[:, None] < lengths - 1", "the last word of each sentence is left out"
    ),
    "the padding's mean": wrong(
        "~valid[:, :, None]", "valid[:, :, None]", "the mask is turned round: the padding is summed"
    ),
    "sum": wrong(" / lengths[:, None]", "", "the sum is returned; divided by each length it is the mean"),
    "over the batch": wrong(
        f"{SUM} / lengths[:, None]",
        "out.masked_fill(~valid[:, :, None], 0).mean(dim=1)",
        "the mean is taken over the batch (dim 1) and not over time (dim 0)",
    ),
    "last step": wrong(_last, "you take the last valid step; asked is the mean over all of them"),
}

exercise = Exercise(
    id="E11.2",
    title="A mean without the padding",
    solution=mean_valid,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=2,
    can_now="average over sequences of different lengths, and show that the padding has no part in it",
    returns={"mean": "(B, H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    stages=(*STAGES, ("a gradient passes", passes_a_gradient)),
    sizes=({"T": 7, "B": 4, "H": 3}, {"T": 5, "B": 1, "H": 2}, {"T": 1, "B": 2, "H": 4}),
    edges={
        "all sequences as long as the batch": lambda rng: batch(rng.normal(size=(4, 3, 2)), np.full(3, 4)),
        "all sequences of one step": lambda rng: batch(rng.normal(size=(4, 3, 2)), np.ones(3, int)),
        "what stands in the padding is nan": lambda rng: batch(
            np.where(np.arange(4)[:, None, None] < [[2], [1], [2]], rng.normal(size=(4, 3, 2)), np.nan),
            np.array([2, 1, 2]),
        ),
    },
)
