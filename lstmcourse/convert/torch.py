"""Reference parameters to and from layers of `lstmcourse.nn` and of torch.nn."""

from typing import Any

import numpy as np
import torch

from ..nn import LAYERS, RNN, Peepholes, Recurrent
from ..reference import Cell, Params
from ..reference._core import check_cell, check_params
from ..reference.odyssey import VARIANTS
from ._common import KNOWN, MADE, another, is_known

Made = tuple[type[Recurrent], dict[str, Any]]
MAKERS: dict[str, Made] = {  # cell name -> the layer, and the arguments that make it the variant
    **{cell.name: (LAYERS[name], {"peepholes": letters}) for (name, letters), cell in MADE.items()},
    **{name: (layer, {}) for name, layer in LAYERS.items()},
}
VARIANT_OF = {LAYERS[name]: name for name in VARIANTS} | {LAYERS["peephole"]: "vanilla"}
MODES = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn", "RNN_RELU": "rnn_relu"}  # torch.nn's
NAMES = {"R": "weight_gates"}  # in a layer, where it is not the reference's


def to_torch(cell: Cell, params: Params, dtype: torch.dtype = torch.float64) -> Recurrent:
    """The layer of `lstmcourse.nn` that computes what the cell does with these parameters.

    b becomes bias_ih and bias_hh is zero; a GRU's b_hn stands in bias_hh's last third. The layer has parameters of
    its own. Raises ValueError for a cell without a layer, and for parameters that do not fit the cell.
    """
    check_cell(cell)
    if not is_known(cell) or cell.name not in MAKERS:
        raise ValueError(f"cell must be one of {', '.join(LAYERS)}, or a variant, got {another(cell)}")
    layer_class, arguments = MAKERS[cell.name]
    _, H = check_params(cell, params, None)
    with torch.random.fork_rng(devices=[]):  # the initial weights are drawn, and replaced at once
        layer = layer_class(params.W.shape[1], H, dtype=dtype, **arguments)
    given = dict(vars(params))
    values = {"weight_ih": given.pop("W"), "weight_hh": given.pop("U"), "bias_ih": given.pop("b")}
    values["bias_hh"] = np.zeros_like(params.b)
    for name, at in _recurrent_biases(cell, H).items():
        values["bias_hh"][at] = given.pop(name)
    values |= {NAMES.get(name, name): value for name, value in given.items()}
    layer.load_state_dict({f"{k}_l0": torch.tensor(v, dtype=dtype) for k, v in values.items()})
    return layer


def from_torch(
    layer: torch.nn.Module, layer_index: int = 0, reverse: bool = False, dtype: Any = np.float64
) -> tuple[Cell, Params]:
    """One layer and direction of a PyTorch layer as (cell, params).

    Args:
        layer: of `lstmcourse.nn`, or torch.nn.RNN, LSTM or GRU.
        layer_index: which of its num_layers, 0 the lowest.
        reverse: the direction that reads from the end.
        dtype: of the parameters that are returned; they are copies.

    The two biases are added; without biases b is zero. A layer with a subset of peepholes gives the variant of that
    name. Raises TypeError for another module and for a layer with a step or inputs of its own, ValueError for a layer
    with proj_size, or an index it does not have.
    """
    cell, tensors = _tensors(layer, layer_index, reverse)
    return cell, named(cell, {name: _numpy(tensor, dtype) for name, tensor in tensors.items()})


def named(cell: Cell, w: dict[str, np.ndarray]) -> Params:
    """The cell's parameters from the arrays of a layer by their names there; the two biases are added."""
    return _params(cell, w, w.get("bias_ih", 0) + w.get("bias_hh", 0))


def gradients_from_torch(layer: torch.nn.Module, layer_index: int = 0, reverse: bool = False) -> Params:
    """The gradients that a layer's parameters hold, under the reference's names, in float64.

    They are what `reference.unroll_backward` returns: dL/db is that of bias_ih, dL/db_hn that of its rows in bias_hh.
    Raises as `from_torch` does, and ValueError for a parameter that holds none.
    """
    cell, tensors = _tensors(layer, layer_index, reverse)
    missing = [name for name, tensor in tensors.items() if tensor.grad is None]
    if missing:
        raise ValueError(f"every parameter must hold a gradient, {', '.join(missing)} holds none")
    w = {name: _numpy(tensor.grad, np.float64) for name, tensor in tensors.items()}
    return _params(cell, w, w.get("bias_ih", 0))


def _tensors(layer: Any, layer_index: int, reverse: bool) -> tuple[Cell, dict[str, torch.Tensor]]:
    """The cell, and the tensors of one layer and direction without their suffix."""
    cell = _cell(layer)
    if getattr(layer, "proj_size", 0):
        raise ValueError(f"a layer with proj_size has no reference cell, got proj_size={layer.proj_size}")
    if not 0 <= layer_index < layer.num_layers:
        raise ValueError(f"layer_index must be 0 … {layer.num_layers - 1}, got {layer_index}")
    if reverse and not layer.bidirectional:
        raise ValueError("reverse asks for the second direction of a layer that has one")
    suffix = f"_l{layer_index}" + "_reverse" * bool(reverse)
    names: list[list[str]] = layer._all_weights  # and not named_parameters: a parametrised weight is none of them
    return cell, {n.removesuffix(suffix): getattr(layer, n) for each in names for n in each if n.endswith(suffix)}


def _params(cell: Cell, w: dict[str, np.ndarray], b: Any) -> Params:
    """The arrays of a layer under the reference's names, with b for the bias."""
    G, H = w["weight_hh"].shape
    zeros = np.zeros(G, w["weight_hh"].dtype)
    b_ih, b_hh = w.pop("bias_ih", zeros), w.pop("bias_hh", zeros)
    p = Params(W=w.pop("weight_ih"), U=w.pop("weight_hh"), b=zeros + b)
    for name, at in _recurrent_biases(cell, H).items():
        p.b[at] = b_ih[at]
        setattr(p, name, b_hh[at].copy())
    ours = {theirs: name for name, theirs in NAMES.items()}
    vars(p).update({ours.get(name, name): value for name, value in w.items()})
    check_params(cell, p, None)
    return p


def _recurrent_biases(cell: Cell, H: int) -> dict[str, slice]:
    """Biases that a cell keeps apart from b, such as the GRU's b_hn, and the rows of bias_hh where they stand."""
    at = {name: cell.rows.index(gate) for name, gate in cell.stacks.items() if name == f"b_h{gate}"}
    return {name: slice(n * H, (n + 1) * H) for name, n in at.items()}


def _numpy(tensor: Any, dtype: Any) -> np.ndarray:
    return tensor.detach().cpu().to(torch.float64).numpy().astype(dtype)


def _cell(layer: Any) -> Cell:
    if isinstance(layer, torch.nn.RNNBase):
        return KNOWN[MODES[str(layer.mode)]]
    kind = type(layer)
    if not isinstance(layer, Recurrent):
        got = f"{kind.__module__}.{kind.__qualname__}"
        raise TypeError(f"layer must be a layer of lstmcourse.nn or torch.nn.RNN, LSTM or GRU, got {got}")
    name = next((name for base in kind.__mro__ for name, ours in LAYERS.items() if base is ours), None)
    if isinstance(layer, RNN) and layer.nonlinearity == "relu":
        name = "rnn_relu"
    if name is None or layer.step is not LAYERS[name].step or layer.inputs is not LAYERS[name].inputs:
        raise TypeError(f"{kind.__name__} is no layer of lstmcourse.nn.LAYERS: it has a step or inputs of its own")
    return cell_of(name, "".join(k for k in "ifo" if k in getattr(layer, "peepholes", "")))


def cell_of(name: str, peepholes: str) -> Cell:
    """The cell of the layer of that name in LAYERS, or its variant with these peepholes where it can have others."""
    layer = LAYERS[name]
    if not issubclass(layer, Peepholes) or peepholes == layer.peepholes:
        return KNOWN[name]
    of = next(VARIANT_OF[base] for base in layer.__mro__ if base in VARIANT_OF)
    return KNOWN[MADE[of, peepholes].name]
