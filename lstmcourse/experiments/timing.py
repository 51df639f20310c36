"""Timing: intervals measured and repeated, and spikes generated without input."""

from functools import partial
from typing import Any

from .. import tasks, training
from ..ensemble import Ensemble
from ._common import fit, nets, weights
from ._registry import experiment


def train_interval(
    cell: str, hidden: int = 4, n: int = 30, steps: int = 3000, seed: int = 0, progress: bool = True
) -> Ensemble:
    """n nets trained on the interval copy, D = 1 … 10 as one batch; a missed spike costs three times a false one."""
    ensemble = nets(cell, 1, hidden, 1, n, seed)
    data, decay = tasks.interval_all(range(1, 11)), training.linear_decay()
    fit(ensemble, data, partial(training.bce, weight=3.0), steps=steps, lr=0.01, schedule=decay, progress=progress)
    return ensemble


def intervals_kept(ensemble: Ensemble, longest: int = 60) -> list[int]:
    """For each net the largest D up to `longest` such that every interval up to D is repeated without an error."""
    data = tasks.interval_all(range(1, longest + 1))
    return tasks.reach(tasks.accepted(training.answers(ensemble, data), data)).tolist()


@experiment("05", "Interval copy: nets with 4 units that repeat every interval from 1 to 10 exactly")
def interval(n: int = 30, steps: int = 3000, seed: int = 0) -> dict[str, Any]:
    """Thirty nets each of the LSTM without and with peepholes, the GRU and the RNN."""
    rows = []
    for cell in ("lstm", "peephole", "gru", "rnn"):
        ensemble = train_interval(cell, n=n, steps=steps, seed=seed)
        reach = intervals_kept(ensemble)
        perfect = sum(longest >= 10 for longest in reach)
        rows.append({"cell": cell, "weights": weights(ensemble), "perfect": perfect, "reach": sorted(reach)})
    return {"nets": n, "rows": rows}


def train_spikes(
    cell: str, hidden: int = 2, n: int = 20, steps: int = 1500, lr: float = 0.02, seed: int = 0, progress: bool = True
) -> Ensemble:
    """n nets trained to fire every 10 steps, ten times, from a zero state and without input."""
    ensemble = nets(cell, 1, hidden, 1, n, seed)
    fit(ensemble, tasks.timed_spikes(10, 10), training.bce, steps=steps, lr=lr, progress=progress)
    return ensemble


def beats(ensemble: Ensemble, periods: int) -> int:
    """How many of the nets fire rightly at every step of that many periods."""
    data = tasks.timed_spikes(10, periods)
    return int(tasks.accepted(training.answers(ensemble, data), data).sum())


@experiment("05", "Generating timed spikes without input: a null result for peepholes under full backpropagation")
def timed_spikes(n: int = 20, steps: int = 1500, seed: int = 0) -> dict[str, Any]:
    """Plain and peephole LSTM with h = o ∘ tanh(c) and, as in the paper, h = o ∘ c (noaf); one and two units."""
    grid = [(2, 0.02, cell) for cell in ("lstm", "peephole", "noaf_plain", "noaf")]
    grid += [(hidden, lr, cell) for hidden, lr in ((2, 0.03), (1, 0.02)) for cell in ("noaf_plain", "noaf")]
    rows = []
    for hidden, lr, cell in grid:
        ensemble = train_spikes(cell, hidden, n, steps, lr, seed)
        row = {"cell": cell, "hidden": hidden, "lr": lr, "weights": weights(ensemble)}
        rows.append(row | {"right_10_periods": beats(ensemble, 10), "right_20_periods": beats(ensemble, 20)})
    return {"nets": n, "rows": rows}
