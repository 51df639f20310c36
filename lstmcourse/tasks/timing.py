"""Timing: measure an interval and repeat it, and keep a beat without any input."""

from collections.abc import Sequence

import numpy as np

from ._core import Batch, generator, integer, integers, span


def interval(rng: np.random.Generator, batch: int, low: int = 1, high: int = 10, lead: int = 2) -> Batch:
    """Interval copy with the interval D uniform on low … high; see `interval_all` for what is asked."""
    low, high = span(low, high, 1)
    return interval_all(generator(rng).integers(low, high + 1, integer("batch", batch, 1)).tolist(), lead)


def interval_all(delays: Sequence[int], lead: int = 2, tail: int = 3) -> Batch:
    """One sequence for each D: spikes come in at t and t + D; fire at t + 2D exactly, and at no other step.

    Source: a small relative of the timing tasks of Gers, Schraudolph and Schmidhuber 2002, section 4, made for this
    course: the net must measure an interval and then reproduce it. Baseline: never firing is right at all steps but
    one, and counts as no success. Solved: every step right (`accepted`) for every D trained on.

    `lead` silent steps come before the first spike and `tail` steps (its own among them) from the answer on.
    x (lead + 2 max(delays) + tail, len(delays), 1), y the same shape, mask true until `tail` steps are over;
    extra: D (len(delays),). Raises ValueError for no delay, a delay below 1, lead < 0 or tail < 1.
    """
    numbers = np.array(integers("delays", delays, 1))
    lead, tail = integer("lead", lead, 0), integer("tail", tail, 1)
    T, column = lead + 2 * numbers.max() + tail, np.arange(len(numbers))
    x = np.zeros((T, len(numbers), 1), np.float32)
    y = np.zeros_like(x)
    x[lead, :, 0] = 1
    x[lead + numbers, column, 0] = 1
    y[lead + 2 * numbers, column, 0] = 1
    mask = np.arange(T)[:, None] < lead + 2 * numbers + tail
    return Batch(x, y, mask, {"D": numbers})


def timed_spikes(period: int = 10, periods: int = 10) -> Batch:
    """Generating timed spikes: fire every `period` steps, with no input at all.

    Source: Gers, Schraudolph and Schmidhuber 2002, section 4 (GTS).
    Baseline: never firing is right at all steps but one in a period, and counts as no success. Solved: every step
    right (`accepted`) over all periods. There is nothing random in it, and so no rng.

    x (period · periods, 1, 1) zeros, y the same shape with 1 at the last step of each period, mask all true.
    Raises ValueError for period < 2 or periods < 1.
    """
    period, periods = integer("period", period, 2), integer("periods", periods, 1)
    T = period * periods
    y = np.zeros((T, 1, 1), np.float32)
    y[period - 1 :: period] = 1
    return Batch(np.zeros_like(y), y, np.ones((T, 1), bool))
