"""E0.1: what a model pays for a text, and how an exercise works."""

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def cost(p: np.ndarray) -> float:
    """What a model pays for a text, in nats a character.

    p (T,): the probability that the model gave to each character that came.
    Returns the mean of -ln p, one number.
    """
    return -np.mean(np.log(p))


HINTS = (
    "A character that had the probability p costs -ln p. Each is paid for by itself; then take the mean.",
    "cost = -(ln p[0] + ln p[1] + …) / T. In NumPy, np.log is the natural logarithm.",
    """
    paid = -np.log(p)
    return ...  # the mean of what was paid
    """,
)

SYMPTOMS = {
    "the result is negative": "The logarithm of a probability is negative, or zero. The price is minus that.",
    "the result grows with the text": "That is the sum. A price a character is the mean.",
    "off by a factor of 1.44": "That is 1 / ln 2: you have bits (np.log2), and the course counts in nats (np.log).",
}

WRONG = {
    "bits": wrong("log", "log2", "the cost is in bits, with np.log2; the course counts in nats"),
    "sum": wrong("mean", "sum", "the prices are added up, and not divided by the number of characters"),
    "sign": wrong("-np", "np", "the minus sign is missing"),
    "log of the mean": wrong(
        "mean(np.log(p))", "log(np.mean(p))",
        "the mean is taken before the logarithm: then a character thought impossible costs almost nothing",
    ),
    "base ten": wrong("log", "log10", "the logarithm is to base ten; the course counts in nats, np.log"),
    "mean of 1 - p": wrong(
        "-np.mean(np.log(p))", "np.mean(1 - p)",
        "the price is taken as 1 - p, which never costs more than 1",
    ),
    "perplexity": wrong(
        "-np.mean(np.log(p))", "np.exp(-np.mean(np.log(p)))",
        "e is raised to the cost: that is the number of equally likely letters (the perplexity), not the nats",
    ),
    "not averaged": wrong(
        "np.mean(np.log(p))", "np.log(p)",
        "the price of each character is returned, and not their mean",
    ),
    "weighted by p": wrong(
        "np.log", "p * np.log",
        "each price is weighted by p, as in an entropy. p holds one number for each character that came, and each of "
        "them counts once",
    ),
    "entropy": wrong(
        "mean(np.log(p))", "sum(p * np.log(p))",
        "-p ln p is summed up, the entropy's formula: it sums over all the letters that might have come, and p here "
        "holds one number for each letter that did",
    ),
    "1 - p": wrong("log(p)", "log(1 - p)", "the logarithm is taken of 1 - p: then being sure and right costs most"),
    "two outcomes": wrong(
        "np.log(p)", "p * np.log(p) + (1 - p) * np.log(1 - p)",
        "the cross-entropy of a yes-or-no question is taken; here only the letter that came is paid for",
    ),
    "a little added": wrong(
        "log(p)", "log(p + 1e-8)",
        "1e-8 is added to each p: then certain and right no longer costs nothing, and impossible no longer costs "
        "everything",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E0.1",
    title="What does a model pay?",
    solution=cost,
    minutes=5,
    difficulty=1,
    importance=4,
    lines=1,
    can_now="put a price on a prediction, and you know how an exercise works",
    returns={"cost": "one number"},
    case=lambda rng, n: (rng.uniform(0.001, 1.0, n.T),),
    sizes=({"T": 7}, {"T": 1}, {"T": 200}),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "certain and right costs nothing": lambda rng: (np.ones(3),),
        "one character of ninety-four": lambda rng: (np.full(5, 1 / 94),),
    },
)
