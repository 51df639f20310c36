"""`opinions`: short reviews of the course's own, by a small grammar, in which the order of the words decides.

"the plot is not , to be honest , dull and the acting is very fine ." An adjective counts 1 or -1, "very" doubles it,
"hardly" halves it and turns it round, "not" turns it round; the rating is the sum over one or two clauses. Most reviews
are twins: one clause has a good adjective and one a bad, and with what stands before the two exchanged the same words
have the opposite rating. Of twins a model that only counts words is right half of the time.
"""

import numpy as np

from ._card import Arrays, Card, DataSet, sha256

NOUNS = ("plot", "acting", "music", "ending", "script", "hero")
GOOD = ("good", "fine", "clever", "moving", "funny")
BAD = ("bad", "dull", "clumsy", "empty", "tedious")
DEGREES = {"": 1.0, "very": 2.0, "not": -1.0, "hardly": -0.5}
ASIDES = ("", "to be honest", "in my view", "all in all", "if you ask me", "as so often with this director")
PLAIN, PAIRS, TEST, SEED = 4000, 3000, 1000, 12


def make() -> Arrays:
    """Arrays: texts (10000,) str; ratings (10000,) float, from -4 to 4, never 0; test (10000,) bool, the last 2,000.

    The first 4,000 are plain reviews. Of the others, each and the next are twins. No text occurs twice.
    """
    rng = np.random.default_rng(SEED)
    rated: dict[str, float] = {}  # in their order
    while len(rated) < PLAIN:
        text, rating = plain(rng)
        if rating:
            rated[text] = rating
    while len(rated) < PLAIN + 2 * PAIRS:
        pair = dict(twins(rng))
        if not rated.keys() & pair.keys():
            rated |= pair
    test = np.arange(len(rated)) >= len(rated) - 2 * TEST
    return {"texts": np.array(list(rated)), "ratings": np.array(list(rated.values())), "test": test}


def plain(rng: np.random.Generator) -> tuple[str, float]:
    """One clause or two, each with any adjective, every second one with nothing before it: (text, rating)."""
    nouns = [NOUNS[k] for k in rng.permutation(len(NOUNS))[: rng.integers(1, 3)]]
    clauses, rating = [], 0.0
    for noun in nouns:
        degree = list(DEGREES)[max(0, int(rng.integers(-2, len(DEGREES))))]
        sign = 1 if rng.integers(2) else -1
        adjective = (GOOD if sign > 0 else BAD)[rng.integers(5)]
        clauses.append(_clause(noun, degree, ASIDES[rng.integers(len(ASIDES))], adjective))
        rating += sign * DEGREES[degree]
    return " and ".join(clauses) + " .", rating


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
        unit="reviews, 6,000 of them in pairs of the same words and opposite ratings",
        split=f"test: the last {arrays['test'].sum():,}, train: the rest",
    )


DATA = DataSet(make, describe)
