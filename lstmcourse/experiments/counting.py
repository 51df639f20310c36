"""Counting: aⁿbⁿ learnt on n = 1 … 10, judged by how far each net then counts."""

from typing import Any

import torch

from .. import tasks, training
from ..ensemble import Ensemble
from ..nn import Peepholes, variant_step
from ._common import Seed, firsts, fit, nets, plain
from ._registry import Solved, experiment


class SigmaCandidateLSTM(Peepholes):
    """The LSTM with σ in place of tanh for the candidate, as some articles have it: c can then only grow."""

    rows, forget, peepholes = "ifgo", "f", ""
    step = variant_step("ifgo", g=torch.sigmoid)


def train_counting(
    cell: str | type,
    hidden: int = 2,
    n: int = 10,
    steps: int = 4000,
    seed: Seed = 0,
    progress: bool = True,
    lr: float = 0.01,
    device: str = "cpu",
) -> Ensemble:
    """n nets trained on all of aⁿbⁿ, n = 1 … 10, as one batch; Adam, its rate falling in a line to a twentieth."""
    ensemble = nets(cell, 4, hidden, 4, n, seed, device)
    strings, decay = tasks.anbn_all(range(1, 11)), training.linear_decay()
    fit(ensemble, strings, training.bce, steps=steps, lr=lr, schedule=decay, progress=progress)
    return ensemble


def counted(ensemble: Ensemble, longest: int = 100) -> list[int]:
    """For each net the largest n up to `longest` such that it accepts every string up to aⁿbⁿ."""
    strings = tasks.anbn_all(range(1, longest + 1))
    return tasks.reach(tasks.accepted(training.answers(ensemble, strings).cpu().numpy(), strings)).tolist()


def largest_state(ensemble: Ensemble, n: int = 100) -> list[float]:
    """For each net the largest |c| (|h| where there is no c) of any unit while it reads aⁿbⁿ."""
    with torch.no_grad():
        traces = ensemble.trace(torch.as_tensor(tasks.anbn_all([n]).x, device=ensemble.readout_bias.device))
    state = traces["c" if "c" in traces else "h"]
    return plain(state.abs().amax((1, 2, 3)))


COUNTS = Solved("reach", at_least=11)
"""A net counts when it accepts a string longer than any it was trained on, and all shorter ones."""


def measures(ensemble: Ensemble) -> dict[str, list[Any]]:
    """reach: see `counted`; largest_state: see `largest_state`."""
    return {"reach": counted(ensemble), "largest_state": largest_state(ensemble)}


@experiment(
    "05",
    "aⁿbⁿ: which cells count further than the n = 1 … 10 that they were trained on (cap 100)",
    grid={
        f"{cell}, {hidden} units": {"cell": cell, "hidden": hidden}
        for cell, hidden in (
            *((cell, 2) for cell in ("lstm", "peephole", "coupled", "gru", "gru_reset_before", "rnn", "nfg_plain")),
            *((cell, 4) for cell in ("lstm", "peephole", "coupled", "cifg", "gru")),
        )
    },
    updates=3000,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=COUNTS,
    pairs=(
        ("peephole, 2 units", "lstm, 2 units"),
        ("lstm, 2 units", "gru, 2 units"),
        ("gru, 2 units", "gru_reset_before, 2 units"),
        ("lstm, 4 units", "coupled, 4 units"),
        ("peephole, 4 units", "cifg, 4 units"),
        ("nfg_plain, 2 units", "lstm, 2 units"),
    ),
    control=("gru, 2 units", "gru_reset_before, 2 units", "coupled, 4 units", "cifg, 4 units"),
    together=True,
)
def counting_cells(
    cell: str, hidden: int, n: int, seed: Seed, updates: int, lr: float, device: str
) -> dict[str, list[Any]]:
    """All strings as one batch, Adam, the rate falling in a line to a twentieth. Measures: see `measures`."""
    return measures(train_counting(cell, hidden, n, updates, seed, False, lr, device))


@experiment(
    "05",
    "aⁿbⁿ to n = 100 with 2 units, peepholes or none: networks other than those after which this mark was chosen",
    grid={"peephole": {"cell": "peephole"}, "lstm": {"cell": "lstm"}},
    updates=3000,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=Solved("reach", at_least=100),
    pairs=(("peephole", "lstm"),),
    together=True,
)
def counting_to_100(cell: str, n: int, seed: Seed, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """As `counting_cells`, whose networks suggested the mark, but from seeds that no run had before."""
    fresh = tuple(5_000_000 + first for first in firsts(seed))
    return measures(train_counting(cell, 2, n, updates, fresh, False, lr, device))


@experiment(
    "08",
    "aⁿbⁿ with σ in place of tanh for the candidate",
    grid={
        f"{name}, {hidden} units": {"candidate": name, "hidden": hidden} for name in ("σ", "tanh") for hidden in (2, 4)
    },
    updates=2000,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=COUNTS,
    pairs=(("tanh, 2 units", "σ, 2 units"), ("tanh, 4 units", "σ, 4 units")),
    control=("σ, 2 units", "σ, 4 units"),
    together=True,
)
def sigma_candidate(
    candidate: str, hidden: int, n: int, seed: Seed, updates: int, lr: float, device: str
) -> dict[str, list[Any]]:
    """`counting_cells` for the LSTM as it is, and as some articles have it."""
    cell = SigmaCandidateLSTM if candidate == "σ" else "lstm"
    return measures(train_counting(cell, hidden, n, updates, seed, False, lr, device))
