"""The adding problem: initialisations over a long lag, and the variants side by side."""

from typing import Any

import numpy as np
import torch

from .. import tasks, training
from ..nn import LAYERS
from ..training import History, Net
from ._common import EVER, fit
from ._registry import Solved, experiment

STARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "LSTM": ("lstm", {}),
    "LSTM, forget bias 1": ("lstm", {"forget_bias": 1.0}),
    "LSTM, chrono": ("lstm", {"chrono": True}),
    "GRU": ("gru", {}),
}


def train_adding(
    cell: str,
    T: int = 200,
    seed: int = 0,
    steps: int = 2000,
    hidden: int = 32,
    every: int = 100,
    chrono: bool = False,
    progress: bool = True,
    lr: float = 0.005,
    device: str = "cpu",
    **kwargs: Any,
) -> tuple[Net, History]:
    """One net on the adding problem of length T, fresh data, 50 sequences a step, until the test error is below 0.01.

    chrono: chrono initialisation with T_max = T. kwargs go to the layer. Evaluations: the error on 500 sequences.
    """
    rng = np.random.default_rng(seed)
    if chrono:
        kwargs["chrono"] = T
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Net(LAYERS[cell](2, hidden, **kwargs), 1).to(device)
    test = tasks.adding(np.random.default_rng(10_000), 500, T)
    history = fit(
        model,
        lambda _: tasks.adding(rng, 50, T),
        training.mse,
        steps=steps,
        lr=lr,
        evaluate=training.score(training.mse, test),
        every=every,
        stop=lambda error: error < 0.01,
        progress=progress,
    )
    return model, history


@experiment(
    "04",
    "Adding over 200 steps: the default LSTM, forget bias 1, chrono, and the GRU",
    grid={name: {"start": name} for name in STARTS},
    updates=2000,
    rates=(0.005, 0.01),
    nets=2,
    blocks=5,
    solved=Solved("learnt_at", at_most=EVER),
    pairs=(
        ("LSTM, chrono", "LSTM"),
        ("LSTM, chrono", "LSTM, forget bias 1"),
        ("LSTM, forget bias 1", "LSTM"),
        ("GRU", "LSTM"),
    ),
    control=("LSTM", "LSTM, forget bias 1"),
)
def adding_long(
    start: str, n: int, seed: int, updates: int, lr: float, device: str, T: int = 200, hidden: int = 32
) -> dict[str, list[Any]]:
    """32 units, 50 sequences an update, until the error on 500 test sequences is below 0.01.

    learnt_at: the first of every 100 updates after which it is, None where it never is; error: at the end.
    """
    cell, kwargs = STARTS[start]
    rows = [
        train_adding(cell, T, seed + k, updates, hidden, progress=False, lr=lr, device=device, **kwargs)[1]
        for k in range(n)
    ]
    learnt = [history.steps if history.stopped else None for history in rows]
    return {"learnt_at": learnt, "error": [history.evaluations[-1][1] for history in rows]}


@experiment(
    "04",
    "Adding over 1,000 steps: the LSTM with chrono initialisation",
    grid={"LSTM, chrono": {"start": "LSTM, chrono"}},
    updates=3000,
    rates=(0.005,),
    nets=1,
    blocks=3,
    solved=Solved("learnt_at", at_most=EVER),
)
def adding_1000(start: str, n: int, seed: int, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """`adding_long` over a thousand steps; T_max = 1000."""
    return adding_long(start, n, seed, updates, lr, device, T=1000)
