"""Forecasts of a series: windows of it, a linear autoregression, and networks trained on windows, several at once.

x, y = forecasting.windows(series, window=22)
model = forecasting.Forecasters("gru", [forecasting.Part(x[train], y[train], mean, deviation)], nets=5)
losses = list(model.train(updates=300))
forecasts = model(0, x[test])                    # (5, n): those of each net
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .ensemble import Ensemble
from .training import linear_decay


def windows(series: NDArray, window: int, horizon: int = 1) -> tuple[NDArray, NDArray]:
    """x (S, window) and y (S,): window s of a series (n,) and the number `horizon` steps after the window's last one.

    Raises ValueError where the series is too short for one window and its target.
    """
    count = len(series) - window - horizon + 1
    if count < 1:
        raise ValueError(f"series must hold at least {window + horizon} numbers, got {len(series)}")
    x = np.lib.stride_tricks.sliding_window_view(series, window)[:count]
    return x, series[window + horizon - 1 :]


def monthly(week: NDArray, values: NDArray) -> tuple[NDArray, NDArray]:
    """Means by month of weekly values, nan where there is none: months (n,) datetime64[M] without a gap, means (n,).

    A month without any value gets what lies on the straight line between its neighbours.
    """
    there = ~np.isnan(values)
    months = week[there].astype("datetime64[M]")
    every = np.arange(months.min(), months.max() + 1)
    place = (months - every[0]).astype(int)
    weeks, sums = np.bincount(place, minlength=len(every)), np.bincount(place, values[there], len(every))
    known = np.flatnonzero(weeks)
    return every, np.interp(np.arange(len(every)), known, sums[known] / weeks[known])


def linear(x: NDArray, y: NDArray) -> Callable[[NDArray], NDArray]:
    """The autoregression: a weight for each step of a window and a constant, by least squares on x (S, W) and y (S,).

    Returns a function of windows (n, W) that gives their forecasts (n,).
    """
    weights = np.linalg.lstsq(_with_ones(x), y, rcond=None)[0]
    return lambda x: _with_ones(x) @ weights


def _with_ones(x: NDArray) -> NDArray:
    return np.column_stack([x, np.ones(len(x))])


class Part(NamedTuple):
    """What one group of networks is trained on: windows x (S, W), targets y (S,), and by what both are scaled.

    mean, deviation: what the networks read and learn is (number - mean) / deviation.
    """

    x: NDArray
    y: NDArray
    mean: float
    deviation: float


class Forecasters:
    """Small recurrent networks that read a window, a number a step, and forecast one number; all trained at once.

    cell: a layer's name. parts: the training data, one for each group of networks, all with windows of one length.
    nets: how many networks each part has, from different seeds.
    """

    def __init__(self, cell: str, parts: Sequence[Part], nets: int = 3, units: int = 16, seed: int = 0):
        self.parts, self.nets = tuple(parts), nets
        self.ensemble = Ensemble(cell, 1, units, 1, n=len(parts) * nets, seed=seed)
        self._rng = np.random.default_rng(seed)

    def train(self, updates: int, lr: float = 0.01, size: int = 32) -> Iterator[NDArray]:
        """Adam on `size` windows an update, drawn for each network from its own part, each gradient clipped to 1.

        Yields each update's mean squared errors of the scaled numbers, (parts, nets). The rate falls in a straight line
        to a twentieth.
        """
        optimizer, rate = torch.optim.Adam(self.ensemble.parameters(), lr), linear_decay()
        for update in range(updates):
            optimizer.param_groups[0]["lr"] = lr * rate(update / updates)
            drawn = [self._drawn(part, size) for part in self.parts for _ in range(self.nets)]
            x, y = (torch.from_numpy(np.stack(arrays)).float() for arrays in zip(*drawn, strict=True))
            losses = (self._read(x) - y).square().mean(1)
            optimizer.zero_grad()
            losses.sum().backward()
            self.ensemble.clip_gradients(1.0)
            optimizer.step()
            yield losses.detach().numpy().reshape(len(self.parts), self.nets)

    @torch.no_grad()
    def __call__(self, part: int, x: NDArray) -> NDArray:
        """The forecasts of each network of a part for windows x (n, W), as they are: (nets, n)."""
        _, _, mean, deviation = self.parts[part]
        scaled = torch.from_numpy((x - mean) / deviation).float()
        out = self._read(scaled.expand(self.ensemble.n, *scaled.shape))
        return mean + deviation * out[part * self.nets : (part + 1) * self.nets].double().numpy()

    def _drawn(self, part: Part, size: int) -> tuple[NDArray, NDArray]:
        chosen = self._rng.integers(len(part.y), size=size)
        return (part.x[chosen] - part.mean) / part.deviation, (part.y[chosen] - part.mean) / part.deviation

    def _read(self, x: Tensor) -> Tensor:
        """x (n, B, W) -> what each net says after the last step, (n, B)."""
        out, _ = self.ensemble(x.permute(2, 0, 1).unsqueeze(3))
        return out[:, -1, :, 0]
