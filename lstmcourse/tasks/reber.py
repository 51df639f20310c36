"""The embedded Reber grammar, string by string and as one stream without marks between the strings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._core import Batch, Vocabulary, generator, integer, one_hot, span

REBER = Vocabulary(tuple("BTPSXVE"))
GRAMMAR = (  # state -> the letters that may come, each with the state it leads to; state 5 is left by E
    {"T": 1, "P": 2},
    {"S": 1, "X": 3},
    {"T": 2, "V": 4},
    {"X": 2, "S": 5},
    {"P": 3, "V": 5},
    {"E": 6},
)
SHORTEST = 9  # B T BTXSE T E


def reber_string(rng: np.random.Generator) -> str:
    """One string of the Reber grammar, from B to E: at each state both ways are equally likely."""
    rng = generator(rng)
    string, state = "B", 0
    while state != 6:
        letter = tuple(GRAMMAR[state])[rng.integers(len(GRAMMAR[state]))]
        string, state = string + letter, GRAMMAR[state][letter]
    return string


def embedded_reber_string(rng: np.random.Generator, low: int = SHORTEST, high: int = 40) -> str:
    """One string of the embedded grammar with low … high letters: B T (Reber string) T E, or with P for both T.

    Strings are drawn until one fits, so low may be 30 at most: hardly one in a thousand is that long.
    """
    rng, (low, high) = generator(rng), _lengths(low, high)
    while True:
        outer = "TP"[rng.integers(2)]
        string = "B" + outer + reber_string(rng) + outer + "E"
        if low <= len(string) <= high:
            return string


def is_embedded_reber(string: str) -> bool:
    """Whether the string belongs to the embedded grammar."""
    if len(string) < SHORTEST or string[0] != "B" or string[-1] != "E" or string[1] not in "TP":
        return False
    return string[1] == string[-2] and _legal_inside(string[2:-2]) is not None


def legal_next(string: str) -> NDArray:
    """The letters that the grammar allows after each letter of an embedded Reber string but the last.

    Returns (len(string) - 1, 7) float32 in the order of `REBER`. Raises ValueError for a string not of the grammar.
    """
    if not is_embedded_reber(string):
        raise ValueError(f"string must belong to the embedded Reber grammar, got {string!r}")
    sets = ["TP", "B", *(_legal_inside(string[2:-2]) or ()), string[1], "E"]
    return np.stack([REBER.encode(letters).sum(0) for letters in sets])


def embedded_reber(rng: np.random.Generator, batch: int, low: int = SHORTEST, high: int = 40) -> Batch:
    """Strings of the embedded Reber grammar; at each step the answer is the next letter.

    The letter before the last repeats the second one, six steps or more back; all others depend on the last few only.

    Source: Hochreiter and Schmidhuber 1997, section 5.1 (experiment 1, table 1), there with the legal next letters as
    answers (`legal_next`). Baseline: half of the outer letters right. Solved: at least 99.5 % of them right.

    x (T, batch, 7) one-hot in the order of `REBER`, T = longest string - 1, y (T, batch) int, mask true inside a
    string; extra: outer (T, batch) bool, the step whose answer is the outer letter, and strings, the texts.
    Raises ValueError for low outside 9 … 30, high < low or batch < 1.
    """
    return _encode([[embedded_reber_string(rng, low, high)] for _ in range(integer("batch", batch, 1))])


def continual_reber(rng: np.random.Generator, batch: int, strings: int, low: int = SHORTEST, high: int = 20) -> Batch:
    """Streams of `strings` embedded Reber strings one after the other; nothing marks where a string begins.

    Source: Gers, Schmidhuber and Cummins 2000, section 4. Baseline: half of the outer letters right. Solved: the outer
    letters stay right to the end of a stream longer than any trained on.

    Shapes as in `embedded_reber`; extra: outer (T, batch) bool (one step a string) and strings, the streams' texts.
    """
    count = integer("strings", strings, 1)
    return _encode(
        [[embedded_reber_string(rng, low, high) for _ in range(count)] for _ in range(integer("batch", batch, 1))]
    )


def encode(strings: Sequence[str]) -> Batch:
    """The given embedded Reber strings as one batch, as `embedded_reber` makes it.

    Raises ValueError for a string that is none, and for no strings.
    """
    for string in strings:
        if not is_embedded_reber(string):
            raise ValueError(f"each string must belong to the embedded Reber grammar, got {string!r}")
    if not strings:
        raise ValueError("strings must hold at least one string, got none")
    return _encode([[string] for string in strings])


def _encode(streams: list[list[str]]) -> Batch:
    texts = ["".join(stream) for stream in streams]
    T = max(map(len, texts)) - 1
    x, y = np.zeros((T, len(texts), len(REBER)), np.float32), np.zeros((T, len(texts)), np.int64)
    mask, outer = np.zeros(y.shape, bool), np.zeros(y.shape, bool)
    for k, text in enumerate(texts):
        letters = np.array([REBER.index(letter) for letter in text])
        x[: len(text) - 1, k] = one_hot(letters[:-1], len(REBER))
        y[: len(text) - 1, k], mask[: len(text) - 1, k] = letters[1:], True
        ends = np.cumsum([len(string) for string in streams[k]])
        outer[ends - 3, k] = True  # the letter there is the last before the outer one
    return Batch(x, y, mask, {"outer": outer, "strings": texts})


def _lengths(low: int, high: int) -> tuple[int, int]:
    low, high = span(low, high, SHORTEST)
    if low > 30:
        raise ValueError(f"low must be at most 30, since longer strings are too rare to wait for, got {low}")
    return low, high


def _legal_inside(string: str) -> list[str] | None:
    """The legal next letters after each letter of a Reber string but its last; None if it is no Reber string."""
    if not string.startswith("B"):
        return None
    state, sets = 0, ["TP"]
    for letter in string[1:]:
        if state == 6 or letter not in GRAMMAR[state]:
            return None
        state = GRAMMAR[state][letter]
        sets.append("".join(GRAMMAR[state]) if state != 6 else "")
    return sets[:-1] if state == 6 else None
