"""What the experiments share: ensembles with the course's initialisation, and figures as JSON knows them."""

from typing import Any

import numpy as np
import torch

from .. import training
from ..ensemble import Ensemble
from ..nn import LAYERS, Recurrent


def nets(
    cell: str | type[Recurrent], inputs: int, hidden: int, outputs: int, n: int, seed: int = 0, **kwargs: Any
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
        for name, parameter in ensemble.named_parameters():
            if name.startswith("p_"):
                parameter.mul_(0.1 * hidden**0.5)  # from ±1/√H
    return ensemble


def fit(model: torch.nn.Module, *args: Any, **kwargs: Any) -> training.History:
    """`training.fit`, but Ctrl-C is not the end of training: it stops what would measure a half-trained net.

    Raises KeyboardInterrupt, and what `training.fit` raises.
    """
    history = training.fit(model, *args, **kwargs)
    if history.interrupted:
        raise KeyboardInterrupt
    return history


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
