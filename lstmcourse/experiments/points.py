"""Digits read point by point, in their order and in another one: cells and starts that have to keep what they saw."""

from typing import Any

import numpy as np
import torch

from .. import data, pixels
from ..ensemble import Ensemble
from ._common import Seed, firsts
from ._registry import experiment

UNITS, TEST = 32, 360
CELLS: dict[str, tuple[str, bool]] = {
    "RNN": ("rnn", False),
    "LSTM": ("lstm", False),
    "LSTM, chrono": ("lstm", True),
    "GRU": ("gru", False),
}
"""The layer's name, and whether it starts by chrono initialisation; else as the layer starts by itself."""


@experiment(
    "13",
    "Digits point by point, in order and permuted: RNN, LSTM with its default and the chrono start, GRU",
    grid={f"{name}, {way}": {"cell": name, "way": way} for way in ("pixels", "permuted") for name in CELLS},
    updates=500,
    rates=(0.01, 0.02),
    nets=1,
    blocks=5,
    measure="wrong",
    pairs=(
        ("LSTM, pixels", "RNN, pixels"),
        ("LSTM, permuted", "RNN, permuted"),
        ("LSTM, chrono, pixels", "LSTM, pixels"),
        ("LSTM, chrono, permuted", "LSTM, permuted"),
        ("GRU, pixels", "LSTM, pixels"),
        ("GRU, permuted", "LSTM, permuted"),
    ),
    together=True,
)
def digits_by_points(
    cell: str, way: str, n: int, seed: Seed, updates: int, lr: float, device: str
) -> dict[str, list[Any]]:
    """32 units, 32 digits an update, 64 steps; chrono initialisation with T_max = 64. Adam, its rate falling in a line
    to a twentieth, each net's gradient clipped to 1. Each block has its own 360 digits for testing.

    wrong: share of the test digits judged wrongly; wrong_train: the same of those trained on.
    """
    arrays, _ = data.load("digits")
    x = pixels.sequences(arrays["images"], way).to(device)
    y = torch.from_numpy(arrays["labels"]).long().to(device)
    seeds = firsts(seed)
    shuffled = [np.random.default_rng(one).permutation(len(y)) for one in seeds for _ in range(n)]
    test, train = (np.stack([numbers[part] for numbers in shuffled]) for part in (np.s_[:TEST], np.s_[TEST:]))
    layer, chrono = CELLS[cell]
    numbers = [one + k for one in seeds for k in range(n)]
    nets = Ensemble(
        layer, x.shape[2], UNITS, 10, len(numbers), seed=numbers, **({"chrono": len(x)} if chrono else {})
    ).to(device)
    torch.set_flush_denormal(True)  # gradients fade over 64 steps, and processors are slow with such numbers
    try:
        for _ in pixels.train(nets, x, y, pixels.batches(list(train), updates, seeds=numbers), lr):
            pass
        return {name: _wrong(nets, x, y, part) for name, part in (("wrong", test), ("wrong_train", train))}
    finally:
        torch.set_flush_denormal(False)


def _wrong(nets: Ensemble, x: torch.Tensor, y: torch.Tensor, part: np.ndarray) -> list[float]:
    index = torch.from_numpy(part).to(y.device)
    return (pixels.answers(nets, x[:, index]) != y[index]).float().mean(1).tolist()
