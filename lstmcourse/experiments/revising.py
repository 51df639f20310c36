"""The highest bid: what is stored has to be revised whenever a higher one comes. LSTM against exponential gates."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..beyond import STEPS
from ..training import linear_decay
from ._registry import experiment


def bids(rng: np.random.Generator, batch: int, T: int) -> tuple[Tensor, Tensor]:
    """T bids, each a price and a value from 0 to 1: x (T, batch, 2), and y (T, batch), the value of the highest so far.

    Always answering 1/2 has a mean squared error of 1/12.
    """
    price, value = rng.random((2, T, batch), dtype=np.float32)
    is_higher = price >= np.maximum.accumulate(price)
    at = np.maximum.accumulate(np.where(is_higher, np.arange(T)[:, None], 0))
    x = np.stack([price, value], axis=2)
    return torch.from_numpy(x), torch.from_numpy(np.take_along_axis(value, at, axis=0))


class Holders(nn.Module):
    """n networks side by side, each `units` of one cell of `STEPS` and a readout at every step.

    ValueError for an unknown cell. Network k of a seed is the same whatever n is.
    """

    def __init__(self, cell: str, n: int, units: int = 8, seed: int = 0):
        super().__init__()
        if cell not in STEPS:
            raise ValueError(f"cell must be one of {', '.join(STEPS)}, got {cell!r}")
        self.step, self.begin = STEPS[cell]
        shapes = {"W": (2, 4 * units), "U": (units, 4 * units), "readout": (units, 1)}
        random = [torch.Generator().manual_seed(seed + k) for k in range(n)]
        starts = {
            name: torch.stack([(2 * torch.rand(shape, generator=each) - 1) / units**0.5 for each in random])
            for name, shape in shapes.items()
        }
        self.W, self.U, self.readout = (nn.Parameter(starts[name]) for name in shapes)
        forget = torch.arange(4 * units) // units == 1
        self.b = nn.Parameter(forget.float().repeat(n, 1, 1))  # a forget bias of 1
        self.mean = nn.Parameter(torch.full((n, 1, 1), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        """x (T, B, 2) -> answers (T, n, B)."""
        ax = x[:, None] @ self.W + self.b
        state = tuple(ax.new_full((*ax.shape[1:3], len(self.U[0])), start) for start in self.begin)
        out = []
        for a in ax:
            state = self.step(a + state[0] @ self.U, state)
            out.append((state[0] @ self.readout + self.mean).squeeze(-1))
        return torch.stack(out)


def train_holders(
    nets: Holders, rng: np.random.Generator, updates: int, lr: float, T: int = 10
) -> Iterator[np.ndarray]:
    """Train with Adam on batches of 64 times T bids, each net's gradient clipped to 1; yields the losses (n,)."""
    optimizer, rate = torch.optim.Adam(nets.parameters(), lr), linear_decay()
    for update in range(updates):
        optimizer.param_groups[0]["lr"] = lr * rate(update / updates)
        x, y = bids(rng, 64, T)
        losses = (nets(x) - y[:, None]).square().mean(dim=(0, 2))
        optimizer.zero_grad()
        losses.sum().backward()
        grads = [p.grad for p in nets.parameters() if p.grad is not None]
        norms = torch.stack([grad.square().flatten(1).sum(dim=1) for grad in grads]).sum(dim=0).sqrt()
        for grad in grads:
            grad *= (1 / norms).clamp(max=1)[:, None, None]
        optimizer.step()
        yield losses.detach().numpy()


@experiment(
    "15",
    "The highest bid: LSTM, sLSTM, and the sLSTM with a sigmoid for its exponential gate",
    grid={"lstm": {"cell": "lstm"}, "slstm": {"cell": "slstm"}, "sigmoid": {"cell": "sigmoid"}},
    updates=500,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    measure="error",
    pairs=(("slstm", "lstm"), ("slstm", "sigmoid"), ("sigmoid", "lstm")),
)
def revising(cell: str, n: int, seed: int, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """Networks of 8 units, trained on rows of 10 bids, each batch drawn anew.

    error: the mean squared error of the answer after the last of 10 bids, over 2,000 rows; error_40: after 40 bids.
    Always answering 1/2 has 1/12. It runs on the CPU whatever the device.
    """
    nets = Holders(cell, n, seed=seed)
    for _ in train_holders(nets, np.random.default_rng(seed), updates, lr):
        pass
    return {"error": last_error(nets, 10), "error_40": last_error(nets, 40)}


@torch.no_grad()
def last_error(nets: Holders, T: int) -> list[float]:
    """Each net's mean squared error after the last of T bids, over 2,000 rows that are always the same."""
    x, y = bids(np.random.default_rng(T), 2000, T)
    return (nets(x)[-1] - y[-1]).square().mean(dim=1).tolist()
