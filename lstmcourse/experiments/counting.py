"""Counting: aⁿbⁿ learnt on n = 1 … 10, judged by how far each net then counts."""

from typing import Any

import torch

from .. import tasks, training
from ..ensemble import Ensemble
from ..nn import Peepholes, variant_step
from ._common import fit, nets, plain, weights
from ._registry import experiment


class SigmaCandidateLSTM(Peepholes):
    """The LSTM with σ in place of tanh for the candidate, as some articles have it: c can then only grow."""

    rows, forget, peepholes = "ifgo", "f", ""
    step = variant_step("ifgo", g=torch.sigmoid)


def train_counting(
    cell: str | type, hidden: int = 2, n: int = 10, steps: int = 4000, seed: int = 0, progress: bool = True
) -> Ensemble:
    """n nets trained on all of aⁿbⁿ, n = 1 … 10, as one batch; Adam with 0.01, falling in a line to a twentieth."""
    if isinstance(cell, str):
        ensemble = nets(cell, 4, hidden, 4, n, seed)
    else:
        ensemble = Ensemble(cell, 4, hidden, 4, n, seed=seed, forget_bias=1.0)
    strings, decay = tasks.anbn_all(range(1, 11)), training.linear_decay()
    fit(ensemble, strings, training.bce, steps=steps, lr=0.01, schedule=decay, progress=progress)
    return ensemble


def counted(ensemble: Ensemble, longest: int = 100) -> list[int]:
    """For each net the largest n up to `longest` such that it accepts every string up to aⁿbⁿ."""
    strings = tasks.anbn_all(range(1, longest + 1))
    return tasks.reach(tasks.accepted(training.answers(ensemble, strings), strings)).tolist()


def largest_state(ensemble: Ensemble, n: int = 100) -> list[float]:
    """For each net the largest |c| (|h| where there is no c) of any unit while it reads aⁿbⁿ."""
    with torch.no_grad():
        traces = ensemble.trace(torch.as_tensor(tasks.anbn_all([n]).x))
    state = traces["c" if "c" in traces else "h"]
    return plain(state.abs().amax((1, 2, 3)))


def _row(cell: str, ensemble: Ensemble, hidden: int) -> dict[str, Any]:
    return {
        "cell": cell,
        "hidden": hidden,
        "weights": weights(ensemble),
        "reach": sorted(counted(ensemble)),
        "largest_state": sorted(largest_state(ensemble)),
    }


@experiment("05", "aⁿbⁿ: how far each cell counts after training on n = 1 … 10 (twenty nets each, cap 100)")
def anbn(n: int = 20, steps: int = 4000, seed: int = 0) -> dict[str, Any]:
    """Eight cells with 2 units, and LSTM, GRU and RNN with 8."""
    small = ("lstm", "peephole", "coupled", "gru", "gru_reset_before", "rnn", "nfg_plain", "nfg")
    grid = [(cell, 2) for cell in small] + [(cell, 8) for cell in ("lstm", "gru", "rnn")]
    return {"rows": [_row(c, train_counting(c, hidden, n, steps, seed), hidden) for c, hidden in grid]}


@experiment("08", "aⁿbⁿ with σ in place of tanh for the candidate: the cell cannot count down")
def anbn_sigma_candidate(n: int = 10, steps: int = 2000, seed: int = 0) -> dict[str, Any]:
    """The LSTM as some articles have it, beside the LSTM as it is, with 2 and with 4 units."""
    cells = {"sigma": SigmaCandidateLSTM, "tanh": "lstm"}
    rows = []
    for hidden in (2, 4):
        rows += [_row(name, train_counting(c, hidden, n, steps, seed), hidden) for name, c in cells.items()]
    return {"rows": rows}


@experiment("06", "Coupled gates cannot count: c is a convex average, so it stays below 1")
def counting_coupled(n: int = 20, steps: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Coupled against separate gates on both bases, without and with peepholes, and the GRU; 4 units."""
    grid = [(cell, 4) for cell in ("lstm", "coupled", "peephole", "cifg", "gru")]
    return {"rows": [_row(c, train_counting(c, hidden, n, steps, seed), hidden) for c, hidden in grid]}
