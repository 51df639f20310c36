"""A convolutional network beside the recurrent ones, on adding and on copying."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import tasks, training
from ..nn import LAYERS
from ..training import Net
from ._common import EVER, fit
from ._registry import Solved, experiment


class TCN(nn.Module):
    """A causal dilated convolutional network: Bai, Kolter and Koltun (2018), section 3, without dropout.

    Each level has two convolutions of 3 steps, the steps 1, 2, 4 … apart, a ReLU after each, and a way around both.
    x (T, B, I) -> out (T, B, O); output t sees the inputs t - reach + 1 … t, where reach = 1 + 4 (2^levels - 1).
    """

    def __init__(self, inputs: int, channels: int, levels: int, outputs: int):
        super().__init__()
        sizes = [inputs] + [channels] * levels
        self.first = nn.ModuleList(nn.Conv1d(i, channels, 3, dilation=2**k) for k, i in enumerate(sizes[:-1]))
        self.second = nn.ModuleList(nn.Conv1d(channels, channels, 3, dilation=2**k) for k in range(levels))
        self.around = nn.Conv1d(inputs, channels, 1)
        self.readout = nn.Linear(channels, outputs)
        self.reach = 1 + 4 * (2**levels - 1)

    def forward(self, x: Tensor) -> Tensor:
        """x (T, B, I) -> out (T, B, O)."""
        y = x.permute(1, 2, 0)
        for k, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            pad = (2 * 2**k, 0)  # the past alone, so that no output sees what comes after it
            inner = F.relu(second(F.pad(F.relu(first(F.pad(y, pad))), pad)))
            y = F.relu(inner + (self.around(y) if k == 0 else y))
        return self.readout(y.permute(2, 0, 1))


MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "LSTM": ("lstm", {}),
    "LSTM, chrono": ("lstm", {"chrono": True}),
    "GRU": ("gru", {}),
}


def model_of(name: str, inputs: int, outputs: int, T: int, seed: int, channels: int, hidden: int = 32) -> nn.Module:
    """The TCN that sees T steps or more, or a recurrent net of MODELS with `hidden` units (T_max = T for chrono)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "TCN":
            levels = next(k for k in range(1, 20) if 1 + 4 * (2**k - 1) >= T)
            return TCN(inputs, channels, levels, outputs)
        cell, kwargs = MODELS[name]
        return Net(LAYERS[cell](inputs, hidden, **kwargs | ({"chrono": T} if "chrono" in kwargs else {})), outputs)


@experiment(
    "08",
    "Adding over 200 steps: a small convolutional network beside the LSTM and the GRU",
    grid={name: {"model": name} for name in ("TCN", "LSTM, chrono", "GRU")},
    updates=2000,
    rates=(0.002, 0.005),
    nets=2,
    blocks=5,
    solved=Solved("learnt_at", at_most=EVER),
    pairs=(("TCN", "LSTM, chrono"), ("TCN", "GRU")),
    control=("TCN",),
)
def convolution_adding(
    model: str, n: int, seed: int, updates: int, lr: float, device: str, T: int = 200
) -> dict[str, list[Any]]:
    """About 5,000 weights each, 50 sequences an update, until the error on 500 test sequences is below 0.01.

    learnt_at: the first of every 100 updates after which it is, None where it never is; error: at the end.
    """
    test = tasks.adding(np.random.default_rng(10_000), 500, T)
    histories = []
    for k in range(n):
        rng = np.random.default_rng(seed + k)
        histories.append(
            fit(
                model_of(model, 2, 1, T, seed + k, channels=12).to(device),
                lambda _, rng=rng: tasks.adding(rng, 50, T),
                training.mse,
                steps=updates,
                lr=lr,
                evaluate=training.score(training.mse, test),
                stop=lambda error: error < 0.01,
                progress=False,
            )
        )
    learnt = [history.steps if history.stopped else None for history in histories]
    return {"learnt_at": learnt, "error": [history.evaluations[-1][1] for history in histories]}


@experiment(
    "08",
    "Copying five letters after twenty steps: a small convolutional network beside the LSTM and the GRU",
    grid={name: {"model": name} for name in ("TCN", *MODELS)},
    updates=2000,
    rates=(0.005, 0.02),
    nets=2,
    blocks=5,
    solved=Solved("learnt_at", at_most=EVER),
    pairs=(("TCN", "LSTM"), ("TCN", "LSTM, chrono"), ("TCN", "GRU")),
    control=("LSTM", "LSTM, chrono", "GRU"),
)
def convolution_copying(
    model: str, n: int, seed: int, updates: int, lr: float, device: str, T: int = 20
) -> dict[str, list[Any]]:
    """About 5,000 weights each, 32 sequences an update, until 99 % of the letters of 200 test sequences are right.

    learnt_at: the first of every 100 updates after which they are, None where they never are; right: at the end.
    """
    symbols, alphabet = 5, 4
    test = tasks.copy_memory(np.random.default_rng(10_000), 200, T, symbols, alphabet)
    histories = []
    for k in range(n):
        rng = np.random.default_rng(seed + k)
        histories.append(
            fit(
                model_of(model, alphabet + 2, alphabet + 1, T + 2 * symbols, seed + k, channels=14).to(device),
                lambda _, rng=rng: tasks.copy_memory(rng, 32, T, symbols, alphabet),
                training.cross_entropy,
                steps=updates,
                lr=lr,
                evaluate=lambda net: float(recalled(net, test)),
                stop=lambda right: right >= 0.99,
                progress=False,
            )
        )
    learnt = [history.steps if history.stopped else None for history in histories]
    return {"learnt_at": learnt, "right": [history.evaluations[-1][1] for history in histories]}


def recalled(model: nn.Module, batch: tasks.Batch) -> np.ndarray:
    """The fraction of the letters of `copy_memory` that are right, for each net of an ensemble where it is one."""
    right = training.answers(model, batch).argmax(-1).cpu().numpy() == batch.y
    return right[..., batch.extra["recall"]].mean(-1)
