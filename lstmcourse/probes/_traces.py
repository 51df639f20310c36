"""The values inside: every gate and state over time."""

import numpy as np

from ..reference import Cell, Params, unroll


def gate_traces(model, x, hx=None, layer_index: int = 0, reverse: bool = False) -> dict[str, np.ndarray]:
    """Every named intermediate of a run: the gates, the candidate, the states, by the names of the equations.

    Args:
        model: a layer, or (cell, params).
        x: the input, (T, B, I), a NumPy array or a tensor; (B, T, I) for a layer with batch_first.
        hx: the initial state as the layer takes it; for (cell, params) a tuple of (B, H). By default the cell's start.
        layer_index, reverse: which layer and direction of a layer that has several. Dropout is not applied.

    Returns:
        name -> (T, B, H), time first whatever the layer's batch_first, in the order of the input for both directions;
        "x" is the input of that layer, (T, B, ·), "h_" and "c_" are the states one step before.
    """
    cell, p, xs, state = _at_layer(model, x, hx, layer_index, reverse)
    _, caches = unroll(cell, p, xs[::-1] if reverse else xs, state)
    if reverse:
        caches = caches[::-1]
    return {name: np.stack([cache[name] for cache in caches]) for name in caches[0]}


def pair(model) -> tuple[Cell, Params]:
    """(cell, params) of a model with one layer, in float64."""
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Cell):
        return model[0], Params(**{k: np.asarray(v, float) for k, v in vars(model[1]).items()})
    from .. import convert

    cell, p = convert.from_torch(model)
    if model.num_layers > 1 or model.bidirectional:
        raise ValueError(
            f"model must have one layer and one direction, got num_layers={model.num_layers}, "
            f"bidirectional={model.bidirectional}; pass convert.from_torch(layer, layer_index, reverse)"
        )
    return cell, p


def _at_layer(model, x, hx, layer_index: int, reverse: bool):
    """(cell, params, input, initial state) of one layer and direction: the layers below are run on the way."""
    x = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x, float)
    if isinstance(model, tuple):
        if layer_index or reverse:
            raise ValueError(f"(cell, params) is one layer, got layer_index={layer_index}, reverse={reverse}")
        return *pair(model), x, float64(hx)
    from .. import convert

    def of(index, direction):
        cell, p = convert.from_torch(model, index, direction)
        return cell, p, _initial(hx, index * (1 + model.bidirectional) + direction)

    cell, p, state = of(layer_index, reverse)
    if x.ndim != 3:
        raise ValueError(f"x must have shape (T, B, I), got {x.shape}")
    xs = x.swapaxes(0, 1) if model.batch_first else x
    directions = [False, True] if model.bidirectional else [False]
    for index in range(layer_index):
        outputs = []
        for direction in directions:
            lower, weights, start = of(index, direction)
            states, _ = unroll(lower, weights, xs[::-1] if direction else xs, start)
            outputs.append(states[0][::-1] if direction else states[0])
        xs = np.concatenate(outputs, -1)
    return cell, p, xs, state


def _initial(hx, n: int):
    """The n-th of a layer's initial states, (L·D, B, H) each, as a reference state."""
    states = float64(hx if hx is None or isinstance(hx, tuple) else (hx,))
    return states and tuple(s[n] for s in states)


def float64(states):
    """A tuple of arrays or tensors as NumPy arrays; None stays None."""
    return states and tuple(np.asarray(s.detach().cpu() if hasattr(s, "detach") else s, float) for s in states)
