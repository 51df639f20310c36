"""Images as sequences, row by row or point by point, and networks that say at the end of one what is on it.

images, labels, test = (data.load("digits")[0][name] for name in ("images", "labels", "test"))
x, y = pixels.sequences(images, "rows"), torch.from_numpy(labels).long()
nets = ensemble.Ensemble("lstm", 8, 32, 10, n=3)
for losses in pixels.train(nets, x, y, pixels.batches([np.flatnonzero(~test)], updates=300), lr=0.01): ...
right = pixels.answers(nets, x[:, test]) == y[test]
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from .ensemble import Ensemble
from .training import linear_decay

WAYS = ("rows", "pixels", "permuted")
INK = 16.0  # the darkest point of a digit


def order(points: int) -> NDArray:
    """The order of `points` points in which "permuted" reads every image, the same always."""
    return np.random.default_rng(0).permutation(points)


def sequences(images: NDArray, way: str) -> Tensor:
    """images (B, R, C), from 0 to 16, as sequences, time first, from 0 to 1.

    way: "rows", a row a step, (R, B, C); "pixels", a point a step, row after row, (R·C, B, 1); "permuted", the same
    points in one order for all images, that of `order`. Raises ValueError for another way or another shape.
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}, got {way!r}")
    if np.ndim(images) != 3:
        raise ValueError(f"images must have shape (B, R, C), got {np.shape(images)}")
    x = torch.from_numpy(images / INK).float()
    if way == "rows":
        return x.transpose(0, 1).contiguous()
    points = x.flatten(1)
    if way == "permuted":
        points = points[:, torch.from_numpy(order(points.shape[1]))]
    return points.T.unsqueeze(2).contiguous()


def batches(groups: Sequence[NDArray], updates: int, size: int = 32, seeds: Sequence[int] = (0,)) -> Tensor:
    """For each update which sequences are read: (updates, groups, size), drawn from each group's own numbers.

    groups: the numbers of the sequences to be trained on, for each net, or one for all nets. seeds: one for each group.
    """
    rngs = [np.random.default_rng(seed) for seed in seeds]
    drawn = [
        [rng.choice(group, size, replace=False) for rng, group in zip(rngs, groups, strict=True)]
        for _ in range(updates)
    ]
    return torch.from_numpy(np.array(drawn).reshape(updates, len(groups), size))


def train(
    nets: Ensemble, x: Tensor, y: Tensor, batches: Tensor, lr: float, at: Tensor | None = None
) -> Iterator[NDArray]:
    """Train all nets with Adam, each one's gradient clipped to 1; yields the losses of each update, (n,), in nats.

    x (T, N, I), y (N,) classes. batches (updates, n or 1, B): the sequences that each update reads. at (N,): the step
    of each sequence whose output answers, the last unless given. The rate falls in a straight line to a twentieth.
    """
    optimizer, rate = torch.optim.Adam(nets.parameters(), lr), linear_decay()
    for update, index in enumerate(batches.to(y.device)):
        optimizer.param_groups[0]["lr"] = lr * rate(update / len(batches))
        chosen = x[:, index] if len(index) > 1 else x[:, index[0]]
        logits = _read(nets, chosen, None if at is None else at[index].expand(nets.n, -1))
        wanted = y[index].expand(nets.n, -1)
        losses = cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none").view(wanted.shape).mean(1)
        optimizer.zero_grad()
        losses.sum().backward()
        nets.clip_gradients(1.0)
        optimizer.step()
        yield losses.detach().cpu().numpy()


@torch.no_grad()
def answers(nets: Ensemble, x: Tensor, at: Tensor | None = None) -> Tensor:
    """The class that each net gives each sequence, (n, B). x (T, B, I), or (T, n, B, I) where each net has its own.

    at (B,): the step whose output answers, the last unless given.
    """
    return _read(nets, x, None if at is None else at.expand(nets.n, -1)).argmax(-1)


def _read(nets: Ensemble, x: Tensor, at: Tensor | None) -> Tensor:
    out = nets(x)[0]  # (n, T, B, O)
    if at is None:
        return out[:, -1]
    return out.gather(1, at[:, None, :, None].expand(-1, 1, -1, out.shape[-1]))[:, 0]
