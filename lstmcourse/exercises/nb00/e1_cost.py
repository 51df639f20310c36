"""E0.1: bits per character, and how an exercise works."""

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def bits_per_character(p: np.ndarray) -> float:
    """The loss of a model on a text, in bits per character.

    p (T,): the probability that the model gave to each letter that came.
    Returns the mean loss of the letters, one number.
    """
    return -np.mean(np.log2(p))


HINTS = (
    "A letter that had the probability p has a loss of log2(1 / p). Compute it for each letter; then take the mean.",
    "bits = -(log2 p[0] + log2 p[1] + …) / T. In NumPy, np.log2 is the logarithm to base 2.",
    """
    losses = -np.log2(p)
    return ...  # their mean
    """,
)

SYMPTOMS = {
    "the result is negative": "The logarithm of a probability is negative, or zero. The loss is minus that.",
    "the result grows with the text": "That is the sum. Bits per character are a mean.",
    "off by a factor of 0.69": "That is ln 2: you have nats (np.log), and the unit here is the bit (np.log2).",
}

WRONG = {
    "one over the logarithm": wrong(
        "-np.mean(np.log2(p))", "np.mean(1 / np.log2(p))",
        "1 / log2(p) is taken for log2(1 / p): the logarithm of the inverse is minus the logarithm",
    ),
    "one added": wrong(
        "np.log2(p)", "np.log2(1 + p)", "the logarithm is taken of 1 + p, as np.log1p does; the loss is -log2(p)"
    ),
    "nats": wrong("log2", "log", "the loss is in nats, with np.log; bits take np.log2"),
    "sum": wrong("mean", "sum", "the losses are added up, and not divided by the number of letters"),
    "sign": wrong("-np", "np", "the minus sign is missing: log2(1 / p) is -log2(p)"),
    "mean of p": wrong(
        "-np.mean(np.log2(p))", "np.mean(p)",
        "the mean of the probabilities is taken; the loss of a letter is log2(1 / p)",
    ),
    "log of the mean": wrong(
        "mean(np.log2(p))", "log2(np.mean(p))",
        "the mean is taken before the logarithm: then a letter thought impossible hardly counts",
    ),
    "base ten": wrong("log2", "log10", "the logarithm is to base ten; bits take np.log2"),
    "mean of 1 - p": wrong(
        "-np.mean(np.log2(p))", "np.mean(1 - p)", "the loss is taken as 1 - p, which is never above 1"
    ),
    "perplexity": wrong(
        "-np.mean(np.log2(p))", "2 ** -np.mean(np.log2(p))",
        "2 is raised to the loss: that is the number of equally likely letters (the perplexity), not the bits",
    ),
    "not averaged": wrong(
        "np.mean(np.log2(p))", "np.log2(p)", "the loss of each letter is returned, and not their mean"
    ),
    "weighted by p": wrong(
        "np.log2", "p * np.log2",
        "each loss is weighted by p, as in an entropy. p holds one number for each letter that came, and each of "
        "them counts once",
    ),
    "entropy": wrong(
        "mean(np.log2(p))", "sum(p * np.log2(p))",
        "-p log2 p is summed up, the entropy's formula: it sums over all the letters that might have come, and p here "
        "holds one number for each letter that did",
    ),
    "1 - p": wrong(
        "log2(p)", "log2(1 - p)", "the logarithm is taken of 1 - p: then sure and right has the largest loss"
    ),
    "two outcomes": wrong(
        "np.log2(p)", "p * np.log2(p) + (1 - p) * np.log2(1 - p)",
        "the cross-entropy of a yes-or-no question is taken; here only the letter that came counts",
    ),
    "a little added": wrong(
        "log2(p)", "log2(p + 1e-8)",
        "1e-8 is added to each p: then sure and right has no longer a loss of 0",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E0.1",
    title="Bits per character",
    slug="cost",
    solution=bits_per_character,
    minutes=5,
    difficulty=1,
    importance=4,
    lines=1,
    can_now="say how good a model of text is, and you know how an exercise works",
    returns={"bits": "one number"},
    case=lambda rng, n: (rng.uniform(0.001, 1.0, n.T),),
    sizes=({"T": 7}, {"T": 1}, {"T": 200}),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "sure and right has no loss": lambda rng: (np.ones(3),),
        "one letter of ninety-four": lambda rng: (np.full(5, 1 / 94),),
    },
)
