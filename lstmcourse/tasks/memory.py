"""Tasks whose whole difficulty is to keep symbols over a lag: copy memory and temporal order."""

import math

import numpy as np

from ._core import Batch, Vocabulary, generator, integer, one_hot

TEMPORAL_ORDER = Vocabulary(tuple("EBabcdXY"))
WINDOWS = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}  # in hundredths of T


def copy_memory(rng: np.random.Generator, batch: int, T: int, symbols: int = 10, alphabet: int = 8) -> Batch:
    """Copy memory: repeat a list of symbols after a wait.

    `symbols` letters out of `alphabet`, T - 1 blanks, a delimiter, `symbols` blanks; during those last steps the
    answer is the list, in order, before them the blank (class 0; the letters are classes 1 … alphabet).

    Source: Arjovsky, Shah and Bengio 2016, the copying memory problem. Baseline: a net without memory reaches
    the cross-entropy `copy_baseline(T, symbols, alphabet)`. Solved: over 99 % of the repeated letters right.

    x (T + 2 symbols, batch, alphabet + 2) one-hot, y (T + 2 symbols, batch) int, mask all true;
    extra: recall (T + 2 symbols, batch) bool, true at the steps of the answer. Raises ValueError for sizes below 1.
    """
    rng, B, T = generator(rng), integer("batch", batch, 1), integer("T", T, 1)
    K, S = integer("symbols", symbols, 1), integer("alphabet", alphabet, 1)
    letters = rng.integers(1, S + 1, (K, B))
    shown, y, recall = np.zeros((T + 2 * K, B), np.int64), np.zeros((T + 2 * K, B), np.int64), np.zeros(T + 2 * K, bool)
    shown[:K], shown[K + T - 1], y[-K:], recall[-K:] = letters, S + 1, letters, True
    recall = np.repeat(recall[:, None], B, 1)
    return Batch(one_hot(shown, S + 2), y, np.ones_like(recall), {"recall": recall})


def copy_baseline(T: int, symbols: int = 10, alphabet: int = 8) -> float:
    """Cross-entropy (nats a step) of knowing the format but none of the letters: K ln S / (T + 2K)."""
    return symbols * math.log(alphabet) / (T + 2 * symbols)


def temporal_order(rng: np.random.Generator, batch: int, T: int = 100, relevant: int = 2) -> Batch:
    """Temporal order: in which order did the X's and Y's come?

    A sequence starts with E and ends with the trigger B; between them stand random letters a b c d, and at two
    (or three) places an X or a Y. The length is uniform between T and T + T/10; the places are uniform in windows of
    10-20 and 50-60 (or 10-20, 33-43 and 66-76) hundredths of T. The class, at the last step, reads the X's (0) and
    Y's (1) as a binary number, first come first: XX 0, XY 1, YX 2, YY 3.

    Source: Hochreiter and Schmidhuber 1997, section 5.6 (experiments 6a and 6b, table 9); with T = 100 theirs.
    Baseline: 1/4 (1/8) of the classes right. Solved: a class never wrong over 2560 test sequences.

    x (T + T//10, batch, 8) one-hot in the order of `TEMPORAL_ORDER`, zero after the end, y (·, batch) int, mask true
    at each sequence's last step; extra: lengths (batch,), places (relevant, batch).
    Raises ValueError for T < 20, relevant not 2 or 3, or batch < 1.
    """
    rng, B, T = generator(rng), integer("batch", batch, 1), integer("T", T, 20)
    if relevant not in WINDOWS:
        raise ValueError(f"relevant must be 2 (experiment 6a) or 3 (experiment 6b), got {relevant!r}")
    lengths = rng.integers(T, T + T // 10 + 1, B)
    steps, column = np.arange(T + T // 10)[:, None], np.arange(B)
    shown = rng.integers(2, 6, (len(steps), B))
    places = np.stack([rng.integers(T * low // 100, T * high // 100 + 1, B) for low, high in WINDOWS[relevant]])
    bits = rng.integers(0, 2, (relevant, B))
    np.put_along_axis(shown, places, 6 + bits, axis=0)
    shown[0], shown[lengths - 1, column] = 0, 1
    x = one_hot(shown, 8) * (steps < lengths)[..., None]
    mask = steps == lengths - 1
    y = mask * (bits * 2 ** np.arange(relevant - 1, -1, -1)[:, None]).sum(0)
    return Batch(x, y, mask, {"lengths": lengths, "places": places})
