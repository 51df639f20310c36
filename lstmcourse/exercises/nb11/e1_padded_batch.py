"""E11.1: sentences as numbers, filled up to one length."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def padded_batch(sentences: list[list[str]], number: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The words of some sentences as numbers, time first, the shorter sentences filled up with 0.

    sentences: B lists of words, each with at least one word. number: the number of each known word, from 2 on.
    An unknown word gets the number 1; 0 is padding and stands after the last word.
    Returns x (T, B), integers, where T is the length of the longest sentence, and lengths (B,), integers.
    """
    lengths = np.array([len(words) for words in sentences])
    x = np.zeros((lengths.max(), len(sentences)), dtype=int)
    for k, words in enumerate(sentences):
        x[: len(words), k] = [number.get(word, 1) for word in words]
    return x, lengths


WORDS = ("a", "film", "that", "moves", "drags", "and", "never", "ends", "well", "sadly")


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """B sentences of up to T words, and numbers for two thirds of the words."""
    lengths = rng.integers(1, n.T + 1, size=n.B)
    sentences = [[WORDS[k] for k in rng.integers(len(WORDS), size=length)] for length in lengths]
    sentences[int(rng.integers(n.B))][0] = "sadly"  # which has no number
    return sentences, {word: 2 + k for k, word in enumerate(WORDS[:7])}


def _at_the_front(sentences, number):
    x, lengths = padded_batch(sentences, number)
    return np.stack([np.roll(row, len(x) - n) for row, n in zip(x.T, lengths)], axis=1), lengths


def _left_out(sentences, number):
    x, _ = padded_batch([[w for w in words if w in number] or words[:1] for words in sentences], number)
    return x, (x > 0).sum(axis=0)


HINTS = (
    "First how long each sentence is, then an array of zeros that holds the longest, then its column for each one.",
    "x[t, k] = the number of word t of sentence k, or 1 where it has none, for t < lengths[k], else 0.\n"
    "number.get(word, 1) is the number of a word, or 1.",
    """
    lengths = np.array([len(words) for words in sentences])
    x = np.zeros((lengths.max(), len(sentences)), dtype=int)
    for k, words in enumerate(sentences):
        ...
    """,
)

SYMPTOMS = {
    "KeyError": "number[word] raises for a word that has no number; number.get(word, 1) gives 1.",
    "x must have shape (T, B), got (B, T)": "Time is the first axis in this course: a sentence is a column of x.",
    "could not broadcast": "Sentence k fills only its own first lengths[k] places: x[: len(words), k].",
    "inhomogeneous shape": "np.array cannot hold rows of different lengths; begin with np.zeros((T, B), dtype=int).",
}

WRONG = {
    "batch first": wrong(
        "return x, lengths", "return x.T, lengths", "x is (B, T): a sentence is a row and not a column"
    ),
    "padding in front": wrong(
        _at_the_front, "the padding stands before the sentences; then the first step of all but the longest is padding"
    ),
    "unknown is padding": wrong(
        "number.get(word, 1)", "number.get(word, 0)", "an unknown word gets 0, the number of the padding; it gets 1"
    ),
    "unknown left out": wrong(
        _left_out, "unknown words are left out, so that the sentences become shorter; they get 1"
    ),
    "padding is unknown": wrong(
        "np.zeros((lengths.max(), len(sentences)), dtype=int)",
        "np.ones((lengths.max(), len(sentences)), dtype=int)",
        "the padding is 1, the number of an unknown word; it is 0",
    ),
    "longest for all": wrong(
        "return x, lengths",
        "return x, np.full_like(lengths, len(x))",
        "every sentence is said to be as long as the longest; lengths has to tell where each one ends",
    ),
    "last step": wrong(
        "return x, lengths", "return x, lengths - 1", "lengths holds the last step of each sentence; it counts words"
    ),
    "cut": wrong(
        "x = np.zeros((lengths.max(), len(sentences)), dtype=int)",
        "x = np.zeros((lengths.min(), len(sentences)), dtype=int)",
        "x[: len(words), k] = [number.get(word, 1) for word in words]",
        "x[:, k] = [number.get(word, 1) for word in words[: len(x)]]",
        "the sentences are cut to the shortest one; the others are filled up to the longest",
    ),
    "one too long": wrong(
        "lengths.max()", "lengths.max() + 1", "x has one step more than the longest sentence has words"
    ),
    "sorted": wrong(
        "enumerate(sentences)",
        "enumerate(sorted(sentences, key=len, reverse=True))",
        "the sentences are sorted by their length and x is in another order than lengths",
    ),
}

exercise = Exercise(
    id="E11.1",
    title="Sentences in a batch",
    solution=padded_batch,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="turn sentences of any length into one array, and tell the network where each of them ends",
    returns={"x": "(T, B)", "lengths": "(B,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"T": 7, "B": 4}, {"T": 5, "B": 1}, {"T": 3, "B": 6}, {"T": 1, "B": 2}),
    edges={
        "no word is known": lambda rng: ([["sadly", "ends"], ["well"]], {"film": 2}),
        "all sentences have one word": lambda rng: ([["film"], ["sadly"], ["moves"]], {"film": 2, "moves": 3}),
    },
)
