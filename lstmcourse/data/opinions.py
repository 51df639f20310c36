"""`opinions`: short reviews of the course's own, by a small grammar, in which the order of the words decides.

"the plot is not , to be honest , dull and the acting is very fine ." An adjective counts 1 or -1, "very" doubles it,
"hardly" halves it and turns it round, "not" turns it round; the rating is the sum of both clauses. Whatever the
words, exchanging what stands before the two adjectives gives a review of the same words and the opposite rating: a
model that only counts words is right half of the time, exactly.
"""

import numpy as np

from ._card import Arrays, Card, DataSet, sha256

NOUNS = ("plot", "acting", "music", "ending", "script", "hero")
GOOD = ("good", "fine", "clever", "moving", "funny")
BAD = ("bad", "dull", "clumsy", "empty", "tedious")
DEGREES = {"": 1.0, "very": 2.0, "not": -1.0, "hardly": -0.5}
ASIDES = ("", "to be honest", "in my view", "all in all", "if you ask me", "as so often with this director")
PAIRS, TEST, SEED = 5000, 1000, 12


def make() -> Arrays:
    """Arrays: texts (10000,) str; ratings (10000,) float, from -3 to 3, never 0; test (10000,) bool, the last 2,000.

    Reviews 2k and 2k + 1 are twins: the same words and opposite ratings. No pair occurs twice.
    """
    rng = np.random.default_rng(SEED)
    texts: dict[str, None] = {}  # in their order
    ratings: list[float] = []
    while len(texts) < 2 * PAIRS:
        pair = twins(rng)
        if pair[0][0] not in texts and pair[1][0] not in texts:
            texts |= dict.fromkeys(text for text, _ in pair)
            ratings += [rating for _, rating in pair]
    test = np.arange(2 * PAIRS) >= 2 * (PAIRS - TEST)
    return {"texts": np.array(list(texts)), "ratings": np.array(ratings), "test": test}


def twins(rng: np.random.Generator) -> tuple[tuple[str, float], tuple[str, float]]:
    """Two reviews of the same words with opposite ratings: (text, rating) each."""
    nouns = [NOUNS[k] for k in rng.permutation(len(NOUNS))[:2]]
    degrees = [list(DEGREES)[k] for k in rng.permutation(len(DEGREES))[:2]]
    asides = [ASIDES[k] for k in rng.integers(len(ASIDES), size=2)]
    signs = [1, -1] if rng.integers(2) else [-1, 1]
    adjectives = [(GOOD if sign > 0 else BAD)[k] for sign, k in zip(signs, rng.integers(5, size=2), strict=True)]
    made = []
    for chosen in (degrees, degrees[::-1]):
        clauses = [_clause(*parts) for parts in zip(nouns, chosen, asides, adjectives, strict=True)]
        made.append((" and ".join(clauses) + " .", sum(s * DEGREES[d] for s, d in zip(signs, chosen, strict=True))))
    return made[0], made[1]


def _clause(noun: str, degree: str, aside: str, adjective: str) -> str:
    between = f", {aside} ," if aside else ""
    return " ".join(part for part in ("the", noun, "is", degree, between, adjective) if part)


def describe(arrays: Arrays) -> Card:
    """The card."""
    return Card(
        name="opinions",
        title="short reviews by a small grammar, in which the order of the words decides",
        source="made here, by lstmcourse.data.opinions",
        version="1",
        licence="MIT",
        sha256=sha256(arrays),
        n=len(arrays["texts"]),
        unit="reviews in pairs of the same words and opposite ratings",
        split=f"test: the last {arrays['test'].sum():,}, train: the rest",
    )


DATA = DataSet(make, describe)
