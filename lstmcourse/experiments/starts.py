"""How far back an RNN learns, by its initialisation: the adding problem over growing lags."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import tasks, training
from ..ensemble import Ensemble
from ..training import History
from ._common import fit, nets, plain
from ._registry import experiment

RNN_STARTS = ("default", "orthogonal", "identity")
"""torch.nn's tanh RNN; the same with an orthogonal U; the IRNN: ReLU with U the identity (Le, Jaitly & Hinton 2015)."""


def rnn_start(start: str, hidden: int = 32, n: int = 10, seed: int = 0) -> Ensemble:
    """n RNNs with 2 inputs and one output, initialised as `start`, one of RNN_STARTS, says.

    "orthogonal" draws U uniformly from the orthogonal matrices and sets the biases to 0. "identity" sets U to the
    identity and the biases to 0, and draws W from a normal distribution with standard deviation 0.001.
    Raises ValueError for another name.
    """
    if start not in RNN_STARTS:
        raise ValueError(f"start must be one of {', '.join(RNN_STARTS)}, got {start!r}")
    ensemble = nets("rnn_relu" if start == "identity" else "rnn", 2, hidden, 1, n, seed)
    if start == "default":
        return ensemble
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        ensemble.bias_ih_l0.zero_()
        ensemble.bias_hh_l0.zero_()
        if start == "identity":
            ensemble.weight_hh_l0.copy_(torch.eye(hidden))
            ensemble.weight_ih_l0.normal_(0, 0.001, generator=rng)
        else:
            for U in ensemble.weight_hh_l0:
                torch.nn.init.orthogonal_(U, generator=rng)
    return ensemble


def train_rnn_start(
    start: str,
    T: int,
    n: int = 10,
    steps: int = 2000,
    lr: float = 0.01,
    hidden: int = 32,
    batch: int = 50,
    seed: int = 0,
    progress: bool = True,
) -> tuple[Ensemble, np.ndarray, History]:
    """n RNNs on the adding problem of length T: the nets, their errors on 500 test sequences (n,), and the history.

    Adam, its rate falling in a line to a twentieth, each net's gradient clipped to 1. A net whose state overflows
    stands still for that step, and the others go on; its test error may be infinite.
    """
    rng = np.random.default_rng(seed)
    ensemble = rnn_start(start, hidden, n, seed)
    test = tasks.adding(np.random.default_rng(10_000), 500, T)
    history = fit(
        ensemble,
        lambda _: tasks.adding(rng, batch, T),
        _finite_mse,
        steps=steps,
        lr=lr,
        schedule=training.linear_decay(),
        progress=progress,
    )
    errors = np.nan_to_num(training.score(training.mse, test)(ensemble), nan=np.inf)
    return ensemble, errors, history


def _finite_mse(out: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    return training.mse(out, y, mask).nan_to_num(nan=1e6, posinf=1e6).clamp(max=1e6)


@experiment("02", "Where an RNN stops learning: adding over growing lags, three initialisations (ten nets each)")
def adding_starts(
    lengths: tuple[int, ...] = (10, 20, 40, 80),
    rates: tuple[float, ...] = (0.002, 0.01),
    n: int = 10,
    steps: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Test errors of every net, and how many left less than half of the baseline's error of 1/6, or less than 0.01."""
    rows = []
    for T in lengths:
        for start in RNN_STARTS:
            for lr in rates:
                _, errors, history = train_rnn_start(start, T, n, steps, lr, seed=seed)
                cell = "rnn_relu" if start == "identity" else "rnn"
                row: dict[str, Any] = {"start": start, "cell": cell, "T": T, "lr": lr}
                row["errors"] = plain(np.minimum(np.sort(errors), 1e6))
                row["learnt"] = int((errors < tasks.ADDING_BASELINE / 2).sum())
                row["solved"] = int((errors < 0.01).sum())
                row["largest_norm"] = plain(float(np.nan_to_num(np.max(history.grad_norm), posinf=1e38)))
                rows.append(row)
    return {"nets": n, "baseline": tasks.ADDING_BASELINE, "rows": rows}
