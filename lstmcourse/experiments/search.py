"""A random search over settings, and which of them the result depends on, in the manner of Greff et al. 2017."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from .. import tasks, training
from ._common import fit, nets
from ._records import Record
from ._registry import Solved, experiment

RANGES = {"rate": (0.001, 0.1), "hidden": (2, 32), "forget_bias": (0.0, 4.0), "batch": (8, 64)}
"""What is drawn, and between which bounds: the bias uniformly, the others uniformly in their logarithm."""

LOGARITHMIC = ("rate", "hidden", "batch")
DRAWS = 48


def draws(count: int = DRAWS, seed: int = 0) -> dict[str, dict[str, Any]]:
    """The settings of `count` random trials, by name."""
    rng = np.random.default_rng(seed)
    trials = {}
    for k in range(count):
        trial: dict[str, Any] = {}
        for name, (low, high) in RANGES.items():
            value = np.exp(rng.uniform(np.log(low), np.log(high))) if name in LOGARITHMIC else rng.uniform(low, high)
            trial[name] = float(f"{value:.3g}") if isinstance(low, float) else round(value)
        trials[f"trial {k + 1:02}"] = trial
    return trials


@experiment(
    "08",
    "Random search: the LSTM on adding over 30 steps, by learning rate, size, forget bias and batch",
    grid=draws(),
    updates=600,
    rates=(1.0,),
    nets=5,
    blocks=3,
    solved=Solved("error", at_most=0.01),
)
def random_search(
    rate: float, hidden: int, forget_bias: float, batch: int, n: int, seed: int, updates: int, lr: float, device: str
) -> dict[str, list[Any]]:
    """Adam at the constant rate `lr` · `rate`; error: on 256 test sequences at the end."""
    rng = np.random.default_rng(seed)
    ensemble = nets("lstm", 2, hidden, 1, n, seed, device, forget_bias=forget_bias)
    made = lambda _: tasks.adding(rng, batch, 30)
    fit(ensemble, made, training.mse, steps=updates, lr=lr * rate, progress=False)
    test = tasks.adding(np.random.default_rng(10_000), 256, 30)
    return {"error": training.score(training.mse, test)(ensemble).tolist()}


def shares(record: Record, trials: Sequence[str] = (), grid: int = 12, seed: int = 0) -> dict[str, float]:
    """How much of the variance of ln error each setting explains, and each pair beyond its two: fractions by name.

    trials: the names of those to look at, all of them unless given.

    A forest of regression trees is fitted to the trials; on a grid over RANGES its prediction is split into the means
    over all but one setting, over all but two, and the rest: Hutter, Hoos and Leyton-Brown (2014), "An efficient
    approach for assessing hyperparameter importance", as Greff et al. (2017) used it. Needs scikit-learn.
    """
    from sklearn.ensemble import RandomForestRegressor

    names = tuple(RANGES)
    scale = lambda name, value: np.log(value) if name in LOGARITHMIC else value
    x, y = [], []
    for label in trials or record.grid:
        for error in record.pooled(label):
            x.append([scale(name, record.grid[label][name]) for name in names])
            y.append(np.log(error))
    forest = RandomForestRegressor(200, min_samples_leaf=3, random_state=seed).fit(x, y)
    axes = [np.linspace(scale(name, RANGES[name][0]), scale(name, RANGES[name][1]), grid) for name in names]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    f = forest.predict(points.reshape(-1, len(names))).reshape((grid,) * len(names))
    f, total = f - f.mean(), f.var()
    mean_over = lambda kept: f.mean(tuple(k for k in range(len(names)) if k not in kept))
    alone = {names[k]: float(mean_over((k,)).var() / total) for k in range(len(names))}
    both = {
        f"{names[i]} × {names[j]}": float(mean_over((i, j)).var() / total) - alone[names[i]] - alone[names[j]]
        for i, j in combinations(range(len(names)), 2)
    }
    return alone | both
