"""E15.2: one step of attention: where to look, and what is seen there."""

from types import SimpleNamespace

import numpy as np
import torch

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong
from lstmcourse.exercises._running import call


def attend(query: torch.Tensor, keys: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """One step of attention by dot products, with a mask.

    query (B, H): the writer's state. keys (T, B, H): the reader's state at each letter of a padded batch; lengths (B,):
    how many letters of each sequence are valid, integers from 1 to T. A letter's score is the dot product of its key
    with the query, divided by √H. The weights are the softmax of the scores over the valid letters, and 0 elsewhere.
    Returns context (B, H), the sum of the keys, each times its weight, and weights (T, B). Operations of torch only.
    """
    scores = (keys * query).sum(dim=2) / query.shape[1] ** 0.5
    valid = torch.arange(len(keys))[:, None] < lengths
    weights = scores.masked_fill(~valid, -torch.inf).softmax(dim=0)
    return (weights[:, :, None] * keys).sum(dim=0), weights


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A query and keys, also in the padding, and lengths."""
    return tensors(rng.normal(size=(n.B, n.H)), rng.normal(size=(n.T, n.B, n.H)), rng.integers(1, n.T + 1, size=n.B))


def tensors(query: np.ndarray, keys: np.ndarray, lengths: np.ndarray) -> tuple:
    """The arguments, so that a gradient can pass to query and keys."""
    return torch.tensor(query, requires_grad=True), torch.tensor(keys, requires_grad=True), torch.tensor(lengths)


def passes_a_gradient(trial: Trial) -> str:
    """The stage of a check that fails where the context has no record of how it came about."""
    if call(lambda *args: trial.fn(*args)[0].requires_grad, *next(trial.cases())).result is not True:
        raise Failed("no gradient passes through context: use operations of torch only")
    return ""


def _masked_after(query, keys, lengths):
    weights = ((keys * query).sum(dim=2) / query.shape[1] ** 0.5).softmax(dim=0)
    weights = weights * (torch.arange(len(keys))[:, None] < lengths)
    return (weights[:, :, None] * keys).sum(dim=0), weights


def _best(query, keys, lengths):
    _, weights = attend(query, keys, lengths)
    weights = torch.nn.functional.one_hot(weights.argmax(dim=0), len(keys)).T.to(keys.dtype)
    return (weights[:, :, None] * keys).sum(dim=0), weights


HINTS = (
    "Three steps: a score for each letter, (T, B); weights that are positive and sum to 1 over the valid letters of\n"
    "each sequence; a weighted sum. What score gives a weight of exactly 0?",
    "s_t = keys_t · query / √H for t < length, −∞ elsewhere;  w = softmax over t;  context = Σ_t w_t keys_t.",
    """
    scores = (keys * query).sum(dim=2) / query.shape[1] ** 0.5
    valid = torch.arange(len(keys))[:, None] < lengths
    weights = scores.masked_fill(...).softmax(dim=...)
    """,
)

SYMPTOMS = {
    "the weights sum to less than 1": "A mask after the softmax takes away what the padding had got. Mask the scores.",
    "weights sum to 1 over the batch": "The softmax goes over the letters of a sequence, dim 0, not over the batch.",
    "must match the size": "weights are (T, B) and keys (T, B, H): weights[:, :, None] * keys.",
    "numpy() on Tensor that requires grad": "A function of NumPy ends the record of autograd: take torch's own.",
}

WRONG = {
    "no mask": wrong(
        ".masked_fill(~valid, -torch.inf)", "", "the padding takes part; where t ≥ lengths[k] the weight is 0"
    ),
    "masked with 0": wrong("-torch.inf", "0.0", "the padding gets the score 0, and e⁰ is not 0: it needs −∞"),
    "masked after the softmax": wrong(
        _masked_after, "the mask comes after the softmax, so that the weights of a short sequence sum to less than 1"
    ),
    "mask turned round": wrong("(~valid,", "(valid,", "the valid letters are masked, and the padding is looked at"),
    "one step more": wrong("[:, None] < lengths", "[:, None] <= lengths", "the first step of the padding takes part"),
    "no scale": wrong(" / query.shape[1] ** 0.5", "", "the scores are not divided by √H"),
    "divided by H": wrong("query.shape[1] ** 0.5", "query.shape[1]", "the scores are divided by H, and not by √H"),
    "root of T": wrong("query.shape[1] ** 0.5", "len(keys) ** 0.5", "the scores are divided by √T, and not by √H"),
    "over the batch": wrong(
        "softmax(dim=0)", "softmax(dim=1)", "the softmax goes over the batch; each sequence has its own weights"
    ),
    "a mean": wrong(
        "* keys).sum(dim=0), weights", "* keys).mean(dim=0), weights", "the context is divided by T; weights sum to 1"
    ),
    "not weighted": wrong(
        "(weights[:, :, None] * keys)", "keys", "the keys are added up without their weights"
    ),
    "the best one": wrong(_best, "one letter gets all the weight: that is argmax, through which no gradient goes"),
    "scores for weights": wrong(
        ".softmax(dim=0)\n", ".softmax(dim=0)\n    weights = scores\n", "the weights are the scores, without softmax"
    ),
    "sigmoid": wrong(
        ".softmax(dim=0)", ".sigmoid()", "each score goes through σ by itself; softmax lets the letters compete"
    ),
}  # fmt: skip

exercise = Exercise(
    id="E15.2",
    title="One step of attention",
    solution=attend,
    minutes=12,
    difficulty=3,
    importance=5,
    lines=4,
    can_now="write the step on which every transformer rests, and keep the padding out of it",
    returns={"context": "(B, H)", "weights": "(T, B)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    stages=(*STAGES, ("a gradient passes", passes_a_gradient)),
    sizes=({"T": 7, "B": 4, "H": 3}, {"T": 5, "B": 1, "H": 2}, {"T": 1, "B": 2, "H": 4}, {"T": 4, "B": 6, "H": 5}),
    edges={
        "all sequences have one letter": lambda rng: tensors(
            rng.normal(size=(3, 2)), rng.normal(size=(4, 3, 2)), np.ones(3, int)
        ),
        "scores of 1000": lambda rng: tensors(1000 * np.ones((2, 2)), rng.normal(size=(4, 2, 2)), np.array([4, 2])),
    },
)
