"""Counting languages: aⁿbⁿ and aⁿbⁿcⁿ, judged by how far a net trained on short strings still counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._core import Batch, Vocabulary, generator, integer, integers, span

ANBN = Vocabulary(("S", "a", "b", "T"))
ANBNCN = Vocabulary(("S", "a", "b", "c", "T"))


def anbn(rng: np.random.Generator, batch: int, low: int = 1, high: int = 10) -> Batch:
    """Strings S aⁿ bⁿ T with n uniform on low … high; see `anbn_all` for what is asked."""
    low, high = span(low, high, 1)
    return anbn_all(generator(rng).integers(low, high + 1, integer("batch", batch, 1)).tolist())


def anbncn(rng: np.random.Generator, batch: int, low: int = 1, high: int = 10) -> Batch:
    """Strings S aⁿ bⁿ cⁿ T with n uniform on low … high; see `anbncn_all` for what is asked."""
    low, high = span(low, high, 1)
    return anbncn_all(generator(rng).integers(low, high + 1, integer("batch", batch, 1)).tolist())


def anbn_all(ns: Sequence[int]) -> Batch:
    """One string S aⁿ bⁿ for each n; at every step the answer is the set of symbols that may come next.

    After S comes a; after an a comes a or b; after a b comes b, until n of them have come; then T, the end.

    Source: Gers and Schmidhuber 2001. Baseline: a net that cannot count
    accepts no n, or only those it has learnt by heart. Solved: the generalisation is the largest n such that
    every string up to it has every step right (`reach(accepted(out, batch))`); over 10 is counting.

    x (2 max(ns) + 1, len(ns), 4) one-hot in the order of `ANBN`, y the same shape with 1 for each legal next symbol,
    mask true inside the string; extra: n (len(ns),). Raises ValueError for no n or an n below 1.
    """
    return _strings(ns, ANBN)


def anbncn_all(ns: Sequence[int]) -> Batch:
    """One string S aⁿ bⁿ cⁿ for each n, the answers as in `anbn_all`; a language that no stack can accept.

    Source: Gers and Schmidhuber 2001. x and y (3 max(ns) + 1, len(ns), 5) in the order of `ANBNCN`.
    """
    return _strings(ns, ANBNCN)


def _strings(ns: Sequence[int], vocabulary: Vocabulary) -> Batch:
    numbers = integers("ns", ns, 1)
    letters = len(vocabulary) - 2
    T = letters * max(numbers) + 1
    x = np.zeros((T, len(numbers), len(vocabulary)), np.float32)
    y, mask = np.zeros_like(x), np.zeros(x.shape[:2], bool)
    for k, n in enumerate(numbers):
        string = [0] + [letter for letter in range(1, letters + 1) for _ in range(n)]
        x[np.arange(len(string)), k, string] = 1
        y[np.arange(len(string)), k, [*string[1:], letters + 1]] = 1
        y[1 : n + 1, k, 1:3] = 1  # after an a, both a and b are legal
        mask[: len(string), k] = True
    return Batch(x, y, mask, {"n": np.array(numbers)})


def accepted(out: NDArray, batch: Batch) -> NDArray:
    """Which sequences have every mark right at every step that counts: out > 0 against y = 1.

    out (..., T, B, O) logits, any leading dimensions (an ensemble's nets); returns (..., B) bool.
    Raises ValueError for another shape.
    """
    out = np.asarray(out)
    if out.shape[-3:] != batch.y.shape:
        raise ValueError(f"out must have shape (..., {', '.join(map(str, batch.y.shape))}), got {out.shape}")
    right = ((out > 0) == (batch.y > 0.5)).all(-1) | ~batch.mask
    return right.all(-2)


def reach(accepted: NDArray) -> NDArray:
    """How many sequences from the first on are accepted without a gap: (..., B) bool -> (...) int."""
    return np.cumprod(np.asarray(accepted, dtype=np.int64), -1).sum(-1)
