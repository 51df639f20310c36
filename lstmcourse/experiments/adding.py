"""The adding problem: initialisations over a long lag, and the variants side by side."""

from typing import Any

import numpy as np
import torch

from .. import tasks, training
from ..nn import LAYERS
from ..training import History, Net
from ._common import fit, nets, plain, weights
from ._registry import experiment

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
        model = Net(LAYERS[cell](2, hidden, **kwargs), 1)
    test = tasks.adding(np.random.default_rng(10_000), 500, T)
    history = fit(
        model,
        lambda _: tasks.adding(rng, 50, T),
        training.mse,
        steps=steps,
        lr=0.005,
        evaluate=training.score(training.mse, test),
        every=every,
        stop=lambda error: error < 0.01,
        progress=progress,
    )
    return model, history


@experiment("04", "Adding over 200 steps: the default LSTM, forget bias 1, chrono, and the GRU (three seeds each)")
def adding_long(T: int = 200, seeds: int = 3, steps: int = 2000) -> dict[str, Any]:
    """Steps until the test error is below 0.01, and the error every 100 steps; baseline 1/6."""
    rows = []
    for name, (cell, kwargs) in STARTS.items():
        for seed in range(seeds):
            _, history = train_adding(cell, T, seed, steps, **kwargs)
            errors = [error for _, error in history.evaluations]
            solved = history.steps if history.stopped else None
            row = {"name": name, "cell": cell, "seed": seed, "solved_at": solved, "seconds": round(history.seconds, 1)}
            rows.append(row | {"errors": plain(errors)})
    return {"baseline": tasks.ADDING_BASELINE, "every": 100, "rows": rows}


@experiment("06", "Adding over 50 steps: which LSTM variant adds best, on both bases")
def adding_variants(T: int = 50, n: int = 10, steps: int = 800, seed: int = 0) -> dict[str, Any]:
    """Ten nets with 8 units of every variant without and with peepholes, and both GRUs; test error of each net."""
    bases = {
        "plain": ("lstm", "nig_plain", "nfg_plain", "nog_plain", "niaf_plain", "noaf_plain", "coupled"),
        "peephole": ("peephole", "nig", "nfg", "nog", "niaf", "noaf", "cifg"),
        "": ("gru", "gru_reset_before"),
    }
    test = tasks.adding(np.random.default_rng(10_000), 256, T)
    rows = []
    for base, cells in bases.items():
        for cell in cells:
            rng = np.random.default_rng(seed)
            ensemble = nets(cell, 2, 8, 1, n, seed)
            fit(ensemble, lambda _: tasks.adding(rng, 32, T), training.mse, steps=steps, lr=0.01)  # noqa: B023
            errors = np.sort(training.score(training.mse, test)(ensemble))
            solved = int((errors < 0.01).sum())
            rows.append(
                {"cell": cell, "base": base, "weights": weights(ensemble), "solved": solved, "errors": plain(errors)}
            )
    return {"nets": n, "baseline": tasks.ADDING_BASELINE, "rows": rows}
