"""E8.4: the rule by which the course says that one network is better than another."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.experiments import fisher

Counts = list[tuple[int, int]]


def ahead(one: list[tuple[int, int]], other: list[tuple[int, int]], looks: int) -> int:
    """Which of two kinds of network may be called better: 1 the first, -1 the other, 0 no difference is shown.

    one, other: (solved, trained) of each block; looks: how many comparisons are made with this one.
    Three conditions: there are five blocks or more; fisher((solved, trained), (solved, trained)) over all blocks
    together, times looks, is below 0.05; and the one that is behind over all blocks is ahead in none of them.
    """
    pooled = [(sum(k for k, _ in blocks), sum(n for _, n in blocks)) for blocks in (one, other)]
    (a, m), (b, n) = pooled
    sign = int(np.sign(a / m - b / n))
    turned = any(np.sign(p / q - r / s) == -sign for (p, q), (r, s) in zip(one, other))
    if len(one) < 5 or looks * fisher(*pooled) >= 0.05 or turned:
        return 0
    return sign


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple[Counts, Counts, int]:
    """Five blocks of five; one is ahead in every block or ties."""
    few, many = rng.integers(0, 2, n.blocks).tolist(), rng.integers(4, 6, n.blocks).tolist()
    low, high = [(k, 5) for k in few], [(k, 5) for k in many]
    return (high, low, n.looks) if n.first else (low, high, n.looks)


def _blocks(*solved: int, of: int = 5) -> Counts:
    return [(k, of) for k in solved]


HINTS = (
    "Add up over the blocks first: (solved, trained) of each of the two. The test takes these two pairs.",
    "The sign is that of a/m - b/n. A block turns it round where its own difference has the other sign; no tie does.",
    """
    pooled = [(sum(k for k, _ in blocks), sum(n for _, n in blocks)) for blocks in (one, other)]
    (a, m), (b, n) = pooled
    sign = int(np.sign(a / m - b / n))
    """,
)

SYMPTOMS = {
    "a difference is found in too many comparisons": "Is p multiplied by the number of looks? Is a block looked for "
    "that turns the difference round?",
    "the result is a float or a bool": "Return int(np.sign(...)), or 0.",
}

WRONG = {
    "looks forgotten": wrong("looks * fisher", "fisher", "p is not multiplied by the number of looks"),
    "turned round": wrong(" or turned", "", "a block that turns the difference round is not looked for"),
    "a tie turns": wrong("== -sign", "!= sign", "a block that is a tie counts against the difference; it does not"),
    "few blocks": wrong("len(one) < 5 or ", "", "a difference is claimed over fewer than five blocks"),
    "solved for rates": wrong("a / m - b / n", "a - b", "p / q - r / s", "p - r",
        "the numbers solved are compared, and not the parts of those trained: blocks may differ in size"),
    "solved for rates, and a tie turns": wrong(
        "a / m - b / n", "a - b", "p / q - r / s", "p - r", "== -sign", "!= sign",
        "the numbers solved are compared, and not the parts of those trained; and a tie counts against the difference"),
    "more than five": wrong("len(one) < 5", "len(one) <= 5", "five blocks are enough"),
    "exchanged": wrong("return sign", "return -sign", "the sign is turned: 1 is the first, -1 the other"),
    "size of the difference": wrong(
        "return sign", "return abs(sign)", "the result says that there is a difference, and not who is ahead"
    ),
    "wrong level": wrong(">= 0.05", ">= 0.01", "the level is 0.05"),
    "divided": wrong("looks * fisher(*pooled)", "fisher(*pooled) / looks", "p is divided by the looks; multiply it"),
    "the first block alone": wrong("fisher(*pooled)", "fisher(one[0], other[0])",
                                   "the test is given one block; it is for all of them together"),
}  # fmt: skip

exercise = Exercise(
    id="E8.4",
    title="Who is ahead?",
    solution=ahead,
    minutes=12,
    difficulty=3,
    importance=5,
    lines=7,
    can_now="say whether an experiment shows that one network is better, by a rule that was fixed before it ran",
    returns={"sign": "a whole number"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=(
        {"blocks": 5, "looks": 1, "first": True},
        {"blocks": 6, "looks": 17, "first": False},
        {"blocks": 5, "looks": 4, "first": True},
    ),
    edges={
        "15 against 25, seventeen looks": lambda rng: (_blocks(2, 3, 4, 3, 3), _blocks(5, 5, 5, 5, 5), 17),
        "15 against 25, four looks": lambda rng: (_blocks(2, 3, 4, 3, 3), _blocks(5, 5, 5, 5, 5), 4),
        "one block turns it round": lambda rng: (_blocks(5, 5, 0, 5, 5), _blocks(0, 0, 1, 0, 0), 1),
        "one block is a tie": lambda rng: (_blocks(5, 5, 1, 5, 5), _blocks(0, 0, 1, 0, 0), 1),
        "three blocks": lambda rng: (_blocks(10, 10, 10, of=10), _blocks(0, 0, 0, of=10), 1),
        "no network of either": lambda rng: (_blocks(0, 0, 0, 0, 0), _blocks(0, 0, 0, 0, 0), 1),
        "the other is ahead, by blocks of two sizes": lambda rng: (
            [(1, 10), (0, 10), (2, 10), (1, 10), (0, 10)], [(4, 5), (5, 5), (4, 5), (5, 5), (3, 5)], 2,
        ),
        "the first solves more, of more": lambda rng: (_blocks(6, 7, 6, 7, 6, of=10), _blocks(5, 5, 5, 5, 5), 1),
        "close to the level, from above": lambda rng: (_blocks(5, 5, 4, 5, 4), _blocks(4, 3, 4, 3, 3), 2),
        "close to the level": lambda rng: (_blocks(5, 5, 4, 5, 4), _blocks(3, 3, 4, 3, 3), 2),
    },
)  # fmt: skip
