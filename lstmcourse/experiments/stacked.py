"""The character model grown up: two layers with dropout; cells at equal parameters and in equal time."""

from typing import Any

import numpy as np
import torch

from .. import training
from ..nn import LAYERS
from ..training import Net
from ._common import fit
from ._registry import experiment
from .characters import STREAMS, WINDOW, begin_with_frequencies, bits_held_out, text

UNITS, LAYER_COUNT, DROPOUT = 96, 2, 0.2
SHARES = {"lstm": 1.0, "gru": 0.76, "rnn": 0.88}
"""Of the LSTM's updates those that take as long: one takes 8.9, 11.7 and 10.1 ms on one core with torch 2.13."""


def stacked_model(cell: str, hidden: int, size: int) -> Net:
    """`LAYER_COUNT` layers of a cell, dropout between them, and a readout; inputs and outputs are `size` symbols."""
    return Net(LAYERS[cell](size, hidden, num_layers=LAYER_COUNT, dropout=DROPOUT), size)


def equal_units(cell: str, size: int, hidden: int = UNITS) -> int:
    """The largest H for which `stacked_model(cell, H, size)` has no more parameters than an LSTM's with `hidden`."""

    def parameters(cell: str, H: int) -> int:
        with torch.device("meta"):
            return sum(p.numel() for p in stacked_model(cell, H, size).parameters())

    budget, H = parameters("lstm", hidden), hidden
    while parameters(cell, H + 1) <= budget:
        H += 1
    return H


@experiment(
    "10",
    "A character model of two layers: LSTM, GRU and RNN of equal parameters, trained for an equal time",
    grid={"lstm": {"cell": "lstm"}, "gru": {"cell": "gru"}, "rnn": {"cell": "rnn"}},
    updates=3600,
    rates=(0.004, 0.008),
    nets=1,
    blocks=5,
    measure="bits",
    pairs=(("lstm", "gru"), ("lstm", "rnn"), ("gru", "rnn")),
)
def stacked_characters(
    cell: str, n: int, seed: int, updates: int, lr: float, device: str, hidden: int = UNITS
) -> dict[str, list[Any]]:
    """Two layers, as wide as the parameters of an LSTM with 96 units allow; dropout 0.2 between them; 16 streams, the
    error back over 32 steps, the state carried on and detached, Adam with a rate that falls to a twentieth, the
    gradient clipped to 1; the readout's bias starts at the logarithms of the symbols' frequencies.

    Each makes its share (SHARES) of the updates, so that all take about as long.
    bits: per character on the held-out text, from zero states; bits_train: the mean of the last 200 updates, with
    dropout; weights: parameters; units: of each layer; made: updates.
    """
    updates = max(1, round(updates * SHARES[cell]))
    nets = [_train(cell, seed + k, updates, lr, device, hidden) for k in range(n)]
    return {measure: [net[measure] for net in nets] for measure in nets[0]}


def _train(cell: str, seed: int, updates: int, lr: float, device: str, hidden: int) -> dict[str, Any]:
    train, test, size = text()
    units = equal_units(cell, size, hidden)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for the weights, and then for dropout
        model = stacked_model(cell, units, size).to(device)
        begin_with_frequencies(model, train)
        history = fit(
            model,
            training.windows(train, STREAMS, WINDOW, size),
            training.cross_entropy,
            steps=updates,
            lr=lr,
            carry=True,
            schedule=training.linear_decay(),
            progress=False,
        )
    model.eval()
    return {
        "bits": bits_held_out(model, test, size),
        "bits_train": float(np.mean(history.loss[-200:]) / np.log(2)),
        "weights": sum(p.numel() for p in model.parameters()),
        "units": units,
        "made": updates,
    }
