"""What every task shares: the batch, its vocabulary and its argument checks."""

import operator
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Batch(NamedTuple):
    """One batch of a task, time first.

    x: (T, B, I) float32, the inputs.
    y: (T, B, O) float32 for numbers and marks, or (T, B) int64 for classes.
    mask: (T, B) bool, true where y counts: `out[mask]` and `y[mask]` are the answers and what they should be.
    extra: what a task knows beyond that, by name; each task's docstring lists it.
    """

    x: NDArray
    y: NDArray
    mask: NDArray
    extra: Mapping[str, Any] = MappingProxyType({})


class Vocabulary(NamedTuple):
    """The symbols of a task: word k is the one-hot input k."""

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)

    def index(self, word: str) -> int:  # type: ignore[override]  # it answers for words, as tuple's would for any value
        """The number of a word; ValueError names the words there are."""
        if word not in self.words:
            raise ValueError(f"word must be one of {', '.join(self.words)}, got {word!r}")
        return self.words.index(word)

    def encode(self, text: Sequence[str]) -> NDArray:
        """Words (a string counts as a sequence of letters) -> (T, len(self)) float32, one-hot."""
        return one_hot(np.array([self.index(word) for word in text], dtype=np.int64), len(self))

    def decode(self, x: NDArray, separator: str = " ") -> str:
        """(T, len(self)) one-hot rows, or (T,) numbers -> text; all-zero rows (padding) are left out."""
        x = np.asarray(x)
        if x.ndim == 2:
            if x.shape[1] != len(self):
                raise ValueError(f"x must have shape (T, {len(self)}), got {x.shape}")
            x = x.argmax(1)[x.any(1)]
        if x.ndim != 1:
            raise ValueError(f"x must have shape (T,) or (T, {len(self)}), got {x.shape}")
        return separator.join(self.words[k] for k in x)


def one_hot(numbers: NDArray, size: int) -> NDArray:
    """(...) integers below size -> (..., size) float32."""
    return np.eye(size, dtype=np.float32)[numbers]


def integer(name: str, value: Any, at_least: int) -> int:
    """value as an int of at least `at_least`; TypeError or ValueError names the argument."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}") from None
    if number < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {number}")
    return number


def integers(name: str, values: Any, at_least: int) -> list[int]:
    """A non-empty list of ints, each at least `at_least`."""
    if not isinstance(values, (Sequence, range, np.ndarray)):
        raise TypeError(f"{name} must be a sequence of integers, got {values!r} of type {type(values).__name__}")
    numbers = [integer(f"each of {name}", value, at_least) for value in values]
    if not numbers:
        raise ValueError(f"{name} must hold at least one number, got none")
    return numbers


def span(low: Any, high: Any, at_least: int) -> tuple[int, int]:
    """low and high with at_least <= low <= high."""
    low = integer("low", low, at_least)
    high = integer("high", high, at_least)
    if high < low:
        raise ValueError(f"high must be at least low = {low}, got {high}")
    return low, high


def fraction(name: str, value: float) -> float:
    """A probability, 0 <= value <= 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be a probability between 0 and 1, got {value!r}")
    return float(value)


def generator(rng: Any) -> np.random.Generator:
    """The rng itself, or a TypeError that says how to make one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator such as numpy.random.default_rng(0), got {type(rng).__name__}"
        )
    return rng
