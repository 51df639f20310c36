"""The variants of Greff et al. 2017 on two bases, and the other cells beside them, on five tasks."""

from functools import partial
from typing import Any

import numpy as np

from .. import tasks, training
from ._common import Seed, each, fit, nets
from ._registry import Solved, experiment
from .counting import COUNTS, measures, train_counting
from .grammar import OUTER, train_reber
from .tcn import recalled
from .timing import KEEPS, intervals_kept, train_interval

BASES = {
    "lstm": ("nig_plain", "nfg_plain", "nog_plain", "niaf_plain", "noaf_plain", "coupled"),
    "peephole": ("nig", "nfg", "nog", "niaf", "noaf", "cifg", "fgr"),
}
"""Each base with its variants: never compare a variant with the other base."""

OTHERS = ("gru", "gru_reset_before", "rnn")

CELLS = (*(cell for base, variants in BASES.items() for cell in (base, *variants)), *OTHERS)

PAIRS = (
    *((variant, base) for base, variants in BASES.items() for variant in variants),
    ("peephole", "lstm"),
    ("gru", "lstm"),
    ("gru_reset_before", "gru"),
    ("rnn", "lstm"),
)

odyssey = partial(
    experiment,
    "08",
    grid={cell: {"cell": cell} for cell in CELLS},
    rates=(0.01, 0.03),
    nets=5,
    blocks=5,
    pairs=PAIRS,
    together=True,
)
"""Controls are for the cells that should fail by the course's reasons; of others one says "within this budget"."""

BOUNDED = ("coupled", "cifg", "gru", "gru_reset_before", "noaf_plain", "noaf", "rnn")


@odyssey("Odyssey: counting aⁿbⁿ with 4 units, eighteen cells", updates=2000, solved=COUNTS, control=BOUNDED)
def odyssey_counting(cell: str, n: int, seed: Seed, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """As `counting_cells`."""
    return measures(train_counting(cell, 4, n, updates, seed, False, lr, device))


@odyssey(
    "Odyssey: the embedded Reber grammar with 8 units, eighteen cells", updates=800, solved=OUTER, control=("rnn",)
)
def odyssey_reber(cell: str, n: int, seed: Seed, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """As `reber_cells`."""
    _, history = train_reber(cell, 8, n, updates, updates, seed=seed, progress=False, lr=lr, device=device)
    return {"right": history.evaluations[-1][1].tolist()}


@odyssey(
    "Odyssey: adding over 50 steps with 8 units, eighteen cells",
    updates=800,
    solved=Solved("error", at_most=0.01),
    control=("nig_plain", "nig", "rnn"),
)
def odyssey_adding(
    cell: str, n: int, seed: Seed, updates: int, lr: float, device: str, T: int = 50
) -> dict[str, list[Any]]:
    """32 sequences an update, a constant rate; error: on 256 test sequences at the end."""
    ensemble = nets(cell, 2, 8, 1, n, seed, device)
    fit(
        ensemble,
        each(seed, n, lambda rng: tasks.adding(rng, 32, T)),
        training.mse,
        steps=updates,
        lr=lr,
        progress=False,
    )
    test = tasks.adding(np.random.default_rng(10_000), 256, T)
    return {"error": training.score(training.mse, test)(ensemble).tolist()}


@odyssey(
    "Odyssey: repeating intervals of 1 to 10 steps with 4 units, eighteen cells",
    updates=2000,
    solved=KEEPS,
    control=("rnn",),
)
def odyssey_intervals(cell: str, n: int, seed: Seed, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """As `intervals`."""
    return {"reach": intervals_kept(train_interval(cell, 4, n, updates, seed, False, lr, device))}


@odyssey(
    "Odyssey: copying three letters after ten steps with 12 units, eighteen cells",
    updates=2000,
    solved=Solved("right", at_least=0.99),
    control=("nig_plain", "nig", "rnn"),
)
def odyssey_copying(
    cell: str, n: int, seed: Seed, updates: int, lr: float, device: str, T: int = 10
) -> dict[str, list[Any]]:
    """Three letters out of four, 32 sequences an update, a constant rate; right: letters of 200 test sequences."""
    ensemble = nets(cell, 6, 12, 5, n, seed, device)
    batch = each(seed, n, lambda rng: tasks.copy_memory(rng, 32, T, 3, 4))
    fit(ensemble, batch, training.cross_entropy, steps=updates, lr=lr, progress=False)
    return {"right": recalled(ensemble, tasks.copy_memory(np.random.default_rng(10_000), 200, T, 3, 4)).tolist()}
