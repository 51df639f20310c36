"""E12.1: the negative log-likelihood of frames in which each key has a probability of its own."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def frame_nll(logits: np.ndarray, frames: np.ndarray, mask: np.ndarray) -> float:
    """The negative log-likelihood of frames, in nats a frame.

    logits (T, B, K): key k sounds with the probability σ(logit), whatever the others do, and else is silent.
    frames (T, B, K): 1 where a key sounds, else 0. mask (T, B): True where a frame belongs to its piece.
    Returns the mean over the frames that count of −ln p(frame), a number. Logits may be as large as 1,000.
    """
    each = np.logaddexp(0, logits) - frames * logits
    return each.sum(axis=2)[mask].mean()


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Logits, frames and a mask that leaves out the ends of some pieces."""
    lengths = rng.integers(1, n.T + 1, size=n.B)
    frames = (rng.random((n.T, n.B, n.K)) < 0.3).astype(float)
    return 2 * rng.normal(size=(n.T, n.B, n.K)) - 1, frames, np.arange(n.T)[:, None] < lengths


def _softmax(logits, frames, mask):
    log_p = logits - np.log(np.exp(logits - logits.max(axis=2, keepdims=True)).sum(axis=2, keepdims=True))
    log_p = log_p - logits.max(axis=2, keepdims=True)
    return -(frames * log_p).sum(axis=2)[mask].mean()


def _by_piece(logits, frames, mask):
    each = (np.logaddexp(0, logits) - frames * logits).sum(axis=2)
    return np.mean([each[mask[:, k], k].mean() for k in range(mask.shape[1])])


HINTS = (
    "A frame is K decisions at once, independent given the logits: their probabilities are multiplied, so their\n"
    "logarithms add up over the keys. Then the mean over the frames that count.",
    "Of a key with the logit a, −ln σ(a) if it sounds and −ln (1 − σ(a)) if not: ln(1 + eᵃ) − y a, with y = 1 or 0.\n"
    "np.logaddexp(0, a) is ln(1 + eᵃ), for any a.",
    """
    each = np.logaddexp(0, logits) - ...
    return each.sum(axis=2)[mask].mean()
    """,
)

SYMPTOMS = {
    "inf or nan": "ln(1 + eᵃ) overflows for a large a, and ln of a probability that was rounded to 0 is −∞: "
    "np.logaddexp(0, a).",
    "88 times too small": "The keys of a frame are added up; the mean is over frames.",
    "right where no frame is left out": "The mask chooses the frames over which the mean goes.",
}

WRONG = {
    "mean over keys": wrong(
        "each.sum(axis=2)", "each.mean(axis=2)", "the mean is taken over the keys, too; a frame's keys are added up"
    ),
    "sum": wrong(".mean()", ".sum()", "the sum over all frames is returned; asked is the mean over those that count"),
    "all frames": wrong("[mask]", "", "the mask is not used: frames beyond a piece's end count"),
    "divided by all": wrong(
        "each.sum(axis=2)[mask].mean()",
        "each.sum(axis=2)[mask].sum() / mask.size",
        "the sum is right and divided by T · B; divide by the number of frames that count",
    ),
    "the others": wrong("[mask]", "[~mask | mask.all()]", "the mask is turned round: what is filled up is counted"),
    "likelihood": wrong(
        "np.logaddexp(0, logits) - frames * logits",
        "frames * logits - np.logaddexp(0, logits)",
        "the sign is turned round: the negative log-likelihood is positive",
    ),
    "sounding keys only": wrong(
        "np.logaddexp(0, logits) - frames * logits",
        "frames * np.logaddexp(0, -logits)",
        "only the keys that sound are counted; that the others are silent was predicted, too: −ln (1 − σ)",
    ),
    "silent keys only": wrong(
        "np.logaddexp(0, logits) - frames * logits",
        "(1 - frames) * np.logaddexp(0, logits)",
        "only the silent keys are counted; those that sound add −ln σ",
    ),
    "bits": wrong(".mean()", ".mean() / np.log(2)", "the unit is bits; asked are nats"),
    "softmax": wrong(
        _softmax, "the softmax makes the keys share one probability; here each key has its own, by σ"
    ),
    "exchanged": wrong(
        "np.logaddexp(0, logits) - frames * logits",
        "np.logaddexp(0, logits) - (1 - frames) * logits",
        "1 and 0 are exchanged: a key that sounds adds −ln σ(logit)",
    ),
    "by piece": wrong(_by_piece, "the mean is taken in each piece and then over pieces; every frame counts alike"),
}  # fmt: skip

exercise = Exercise(
    id="E12.1",
    title="The loss of a frame",
    solution=frame_nll,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=2,
    can_now="say what a model of many keys loses on a frame, and why its loss is a sum and not a mean",
    returns={"nll": "a number"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"T": 6, "B": 4, "K": 5}, {"T": 5, "B": 1, "K": 3}, {"T": 1, "B": 3, "K": 8}),
    edges={
        "logits of 1,000": lambda rng: (
            1000.0 * rng.choice([-1, 1], size=(3, 2, 4)),
            (rng.random((3, 2, 4)) < 0.5).astype(float),
            np.ones((3, 2), bool),
        ),
        "silence": lambda rng: (rng.normal(size=(3, 2, 4)), np.zeros((3, 2, 4)), np.ones((3, 2), bool)),
    },
)
