"""Timing: intervals measured and repeated, and spikes generated without input."""

from functools import partial
from typing import Any

import numpy as np

from .. import tasks, training
from ..ensemble import Ensemble
from ._common import Seed, fit, nets
from ._registry import Solved, experiment


def train_interval(
    cell: str,
    hidden: int = 4,
    n: int = 30,
    steps: int = 3000,
    seed: Seed = 0,
    progress: bool = True,
    lr: float = 0.01,
    device: str = "cpu",
    **kwargs: Any,
) -> Ensemble:
    """n nets trained on the interval copy, D = 1 … 10 as one batch; a missed spike costs three times a false one."""
    ensemble = nets(cell, 1, hidden, 1, n, seed, device, **kwargs)
    data, decay = tasks.interval_all(range(1, 11)), training.linear_decay()
    fit(ensemble, data, partial(training.bce, weight=3.0), steps=steps, lr=lr, schedule=decay, progress=progress)
    return ensemble


def intervals_kept(ensemble: Ensemble, longest: int = 60) -> list[int]:
    """For each net the largest D up to `longest` such that every interval up to D is repeated without an error."""
    data = tasks.interval_all(range(1, longest + 1))
    return tasks.reach(tasks.accepted(training.answers(ensemble, data).cpu().numpy(), data)).tolist()


def train_spikes(
    cell: str,
    hidden: int = 2,
    n: int = 20,
    steps: int = 1500,
    lr: float = 0.02,
    seed: Seed = 0,
    progress: bool = True,
    device: str = "cpu",
) -> Ensemble:
    """n nets trained to fire every 10 steps, ten times, from a zero state and without input."""
    ensemble = nets(cell, 1, hidden, 1, n, seed, device)
    fit(ensemble, tasks.timed_spikes(10, 10), training.bce, steps=steps, lr=lr, progress=progress)
    return ensemble


def beats(ensemble: Ensemble, periods: int) -> int:
    """How many of the nets fire rightly at every step of that many periods."""
    data = tasks.timed_spikes(10, periods)
    return int(tasks.accepted(training.answers(ensemble, data).cpu().numpy(), data).sum())


KEEPS = Solved("reach", at_least=10)
"""A net keeps intervals when it repeats every one from 1 to 10, all that it was trained on, without an error."""


@experiment(
    "05",
    "Interval copy: nets with 4 units that repeat every interval from 1 to 10 exactly",
    grid={name: {"cell": name} for name in ("lstm", "peephole", "gru", "rnn")}
    | {f"peephole {gate} alone": {"cell": "peephole", "peepholes": gate} for gate in "ifo"},
    updates=3000,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=KEEPS,
    pairs=(
        ("peephole", "lstm"),
        ("peephole", "gru"),
        ("peephole o alone", "lstm"),
        ("peephole o alone", "peephole f alone"),
        ("peephole o alone", "peephole i alone"),
    ),
    control=("rnn",),
    together=True,
)
def intervals(
    cell: str, n: int, seed: Seed, updates: int, lr: float, device: str, **kwargs: Any
) -> dict[str, list[Any]]:
    """4 units, all intervals as one batch, a missed spike costs three times a false one, the rate falls to a twentieth.

    reach: the largest interval up to which every one is repeated without an error.
    """
    return {"reach": intervals_kept(train_interval(cell, 4, n, updates, seed, False, lr, device, **kwargs))}


@experiment(
    "05",
    "Generating timed spikes without input, with h = o ∘ tanh(c) and, as in 2002, h = o ∘ c",
    grid={name: {"cell": name} for name in ("lstm", "peephole", "noaf_plain", "noaf")},
    updates=1500,
    rates=(0.02, 0.03),
    nets=10,
    blocks=5,
    solved=Solved("periods", at_least=10),
    pairs=(("noaf_plain", "noaf"), ("noaf_plain", "lstm"), ("noaf", "peephole")),
    control=("lstm", "peephole"),
    together=True,
)
def spikes(cell: str, n: int, seed: Seed, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """2 units, a spike every ten steps. periods: how many, up to 20, come without an error before and between them."""
    ensemble = train_spikes(cell, 2, n, updates, lr, seed, False, device)
    data = tasks.timed_spikes(10, 20)
    right = ((training.answers(ensemble, data).cpu().numpy() > 0) == (data.y > 0.5)).all((2, 3))  # (n, T)
    return {"periods": (np.cumprod(right, 1).sum(1) // 10).tolist()}
