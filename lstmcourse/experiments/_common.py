"""What the experiments share: ensembles with the course's initialisation, and figures as JSON knows them."""

from typing import Any

import numpy as np
import torch

from .. import training
from ..ensemble import Ensemble
from ..nn import LAYERS, Recurrent


def nets(
    cell: str | type[Recurrent],
    inputs: int,
    hidden: int,
    outputs: int,
    n: int,
    seed: int = 0,
    device: str = "cpu",
    **kwargs: Any,
) -> Ensemble:
    """n nets of a cell (its name, or a layer): as the layer starts by itself, but for two things that the papers do.

    A forget gate (not a GRU's z) starts with the bias 1 (Jozefowicz et al. 2015), peepholes start small, uniform in
    ±0.1 (the range in which Gers et al. 2002 start all weights).
    """
    layer = LAYERS[cell] if isinstance(cell, str) else cell
    if layer.forget == "f" and "chrono" not in kwargs:
        kwargs.setdefault("forget_bias", 1.0)
    ensemble = Ensemble(layer, inputs, hidden, outputs, n, seed=seed, **kwargs)
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
