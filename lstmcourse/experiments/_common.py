"""What the experiments share: ensembles with the course's initialisation, and figures as JSON knows them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from .. import training
from ..ensemble import Ensemble
from ..nn import LAYERS, Recurrent
from ..tasks import Batch

Seed = int | tuple[int, ...]
"""The first seed of a block, or those of several blocks that are trained together."""


def firsts(seed: Seed) -> tuple[int, ...]:
    """The first seed of each block."""
    return (seed,) if isinstance(seed, int) else seed


def each(seed: Seed, n: int, draw: Callable[[np.random.Generator], Batch]) -> Callable[[int], Batch]:
    """For `fit`: a batch a step, from a generator of its own for each block, whose n nets all get it."""
    rngs = [np.random.default_rng(first) for first in firsts(seed)]
    return lambda _: apart([draw(rng) for rng in rngs], n)


def apart(batches: list[Batch], n: int) -> Batch:
    """Batches as one whose arrays have a net axis, n nets for each: x (T, nets, B, I), y (nets, T, B, …), mask and what
    else is (T, B) in extra (nets, T, B), padded with zeros to the longest; a single one as it is.
    """
    if len(batches) == 1:
        return batches[0]
    T = max(len(batch.mask) for batch in batches)

    def stack(arrays: Sequence[np.ndarray]) -> np.ndarray:
        padded = [np.pad(a, [(0, T - len(a)), *[(0, 0)] * (a.ndim - 1)]) for a in arrays]
        return np.repeat(np.stack(padded), n, axis=0)

    steps = [key for key, value in batches[0].extra.items() if np.shape(value) == batches[0].mask.shape]
    extra = {key: stack([batch.extra[key] for batch in batches]) for key in steps}
    xs, ys, masks = zip(*(batch[:3] for batch in batches), strict=True)
    return Batch(stack(xs).swapaxes(0, 1), stack(ys), stack(masks), extra)


def nets(
    cell: str | type[Recurrent],
    inputs: int,
    hidden: int,
    outputs: int,
    n: int,
    seed: Seed = 0,
    device: str = "cpu",
    **kwargs: Any,
) -> Ensemble:
    """n nets of a cell (its name, or a layer): as the layer starts by itself, but for two things that the papers do.

    seed: the first net's; several: n nets from each, block by block.

    A forget gate (not a GRU's z) starts with the bias 1 (Jozefowicz et al. 2015), peepholes start small, uniform in
    ±0.1 (the range in which Gers et al. 2002 start all weights).
    """
    layer = LAYERS[cell] if isinstance(cell, str) else cell
    if layer.forget == "f" and "chrono" not in kwargs:
        kwargs.setdefault("forget_bias", 1.0)
    seeds = [first + k for first in firsts(seed) for k in range(n)]
    ensemble = Ensemble(layer, inputs, hidden, outputs, len(seeds), seed=seeds, **kwargs)
    with torch.no_grad():
        for name in ensemble.vectors:
            ensemble.get_parameter(f"{name}_l0").mul_(0.1 * hidden**0.5)  # from ±1/√H
    return ensemble.to(device)


def fit(model: torch.nn.Module, *args: Any, **kwargs: Any) -> training.History:
    """`training.fit`, but Ctrl-C is not the end of training: it stops what would measure a half-trained net.

    Numbers below 1e-38, to which the gradients of long lags fade, count as 0 meanwhile: processors are slow with them.
    Raises KeyboardInterrupt, and what `training.fit` raises.
    """
    torch.set_flush_denormal(True)
    try:
        history = training.fit(model, *args, **kwargs)
    finally:
        torch.set_flush_denormal(False)
    if history.interrupted:
        raise KeyboardInterrupt
    return history


EVER = 1_000_000
"""More updates than any run has: with `Solved(…, at_most=EVER)` a net has solved the task once it has a number."""


def reached(history: training.History, at_least: float = -np.inf, at_most: float = np.inf) -> list[int | None]:
    """For each net the step of the first evaluation whose value lies between the bounds, or None."""
    steps = [step for step, _ in history.evaluations]
    inside = np.array([(value >= at_least) & (value <= at_most) for _, value in history.evaluations])
    return [steps[int(net.argmax())] if net.any() else None for net in inside.T]


def at(value: float) -> float | None:
    """A number as a record can hold it: None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def weights(ensemble: Ensemble) -> int:
    """The number of parameters of one net, readout included (two biases a gate, as in torch)."""
    return sum(p[0].numel() for p in ensemble.parameters())


def plain(values: Any, digits: int = 4) -> Any:
    """Arrays and tensors as (nested) lists of numbers with `digits` significant digits."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, (list, tuple)):
        return [plain(value, digits) for value in values]
    return float(f"{values:.{digits}g}") if isinstance(values, float) else values
