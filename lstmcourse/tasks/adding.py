"""The adding problem in its two forms: remember two numbers across a long lag and add them."""

import numpy as np

from ._core import Batch, generator, integer

ADDING_BASELINE = 1 / 6
"""Mean squared error of always answering 1, the mean: the variance of the sum of two U[0, 1]."""

ADDING_1997_BASELINE = 1 / 24
"""Mean squared error of always answering 0.5 when both values are U[-1, 1] (a marked first pair, rare, lowers it)."""


def adding(rng: np.random.Generator, batch: int, T: int) -> Batch:
    """The adding problem as it is mostly posed today.

    Each step shows a value, uniform on [0, 1], and a marker, which is 1 at one step of the first half and at one step
    of the second half. At the last step the answer is the sum of the two marked values.

    Source: Arjovsky, Shah and Bengio 2016, the adding problem (after Hochreiter and Schmidhuber 1997, experiment 4).
    Baseline: mean squared error 1/6 (`ADDING_BASELINE`). Solved: mean squared error below 0.01.

    x (T, batch, 2), y (T, batch, 1), mask true at the last step; extra: marked (2, batch), the marked steps.
    Raises ValueError for T < 2 or batch < 1.
    """
    rng, B, T = generator(rng), integer("batch", batch, 1), integer("T", T, 2)
    values = rng.random((T, B))
    marked = np.stack([rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)])
    markers = np.zeros((T, B))
    np.put_along_axis(markers, marked, 1, axis=0)
    y, mask = np.zeros((T, B, 1), np.float32), np.zeros((T, B), bool)
    y[-1, :, 0] = (values * markers).sum(0)
    mask[-1] = True
    return Batch(np.stack([values, markers], -1).astype(np.float32), y, mask, {"marked": marked})


def adding_1997(rng: np.random.Generator, batch: int, T: int) -> Batch:
    """The adding problem as Hochreiter and Schmidhuber posed it.

    Each step shows a value, uniform on [-1, 1], and a marker: 1 at one of the first ten pairs (its value is X1), 1 at
    one of the first T/2 - 1 pairs still unmarked (X2), -1 at the first and the last pair, else 0. A marked first pair
    keeps the marker 1, and its value becomes 0. The length is uniform between T and T + T/10. The answer, at the last
    step of each sequence, is 0.5 + (X1 + X2) / 4.

    Source: Hochreiter and Schmidhuber 1997, section 5.4 (experiment 4, table 7).
    Baseline: mean squared error 1/24 (`ADDING_1997_BASELINE`). Solved: the last 2000 sequences all within 0.04 and
    a mean error below 0.01.

    x (T + T//10, batch, 2), zero after a sequence's end, y (·, batch, 1), mask true at each sequence's last step;
    extra: lengths (batch,), marked (2, batch). Raises ValueError for T < 22 (the first T/2 - 1 pairs must reach
    past the first ten) or batch < 1.
    """
    rng, B, T = generator(rng), integer("batch", batch, 1), integer("T", T, 22)
    lengths = rng.integers(T, T + T // 10 + 1, B)
    first = rng.integers(0, 10, B)
    second = rng.integers(0, T // 2 - 1, B)
    second = second + (second >= first)  # the pair already marked is passed over
    steps, column = np.arange(T + T // 10)[:, None], np.arange(B)
    inside = steps < lengths
    values = np.where(inside, rng.uniform(-1, 1, inside.shape), 0)
    markers = np.where((steps == 0) | (steps == lengths - 1), -1.0, 0.0)
    marked = np.stack([first, second])
    np.put_along_axis(markers, marked, 1, axis=0)
    values[0, (marked == 0).any(0)] = 0
    mask = steps == lengths - 1
    y = np.zeros((*mask.shape, 1), np.float32)
    y[lengths - 1, column, 0] = 0.5 + (values[first, column] + values[second, column]) / 4
    x = np.stack([values, markers], -1).astype(np.float32)
    return Batch(x, y, mask, {"lengths": lengths, "marked": marked})
