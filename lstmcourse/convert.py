"""The same weights in other hands: reference parameters to and from PyTorch layers, Keras and ONNX.

A library stacks its gates in rows of one matrix, in an order of its own:

    torch   LSTM i f g o    GRU r z n
    Keras   LSTM i f g o    GRU z r n     (g is called c there, n is called h); its matrices are transposed
    ONNX    LSTM i o f g    GRU z r n

All of them let z multiply the old state. ONNX's ``input_forget`` computes i and sets f = 1 − i, ours computes f and
sets i = 1 − f: the same function with the rows of that gate negated, because 1 − σ(a) = σ(−a).
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from . import reference
from .nn import LAYERS, Recurrent
from .nn.peephole import Peepholes
from .reference import Cell, Params
from .reference._core import _check_cell, _check_params

ORDERS = {
    "torch": {"lstm": "ifgo", "gru": "rzn"},
    "keras": {"lstm": "ifgo", "gru": "zrn"},
    "onnx": {"lstm": "iofg", "gru": "zrn"},
}
_BY_NAME = {cell.name: cell for cell in reference.CELLS}


def reorder(array: np.ndarray, old: str, new: str, axis: int = 0) -> np.ndarray:
    """The gates of a stacked array in another order: ``reorder(W, "ifgo", "iofg")`` is torch's order in ONNX's.

    Raises ValueError if the letters of old and new are not the same, or do not divide the axis.
    """
    if sorted(old) != sorted(new) or len(set(old)) != len(old):
        raise ValueError(f"old and new must have the same letters, each once, got {old!r} and {new!r}")
    if array.shape[axis] % len(old):
        raise ValueError(f"axis {axis} must hold {len(old)} gates of one size, got shape {array.shape}")
    blocks = np.split(array, len(old), axis)
    return np.concatenate([blocks[old.index(k)] for k in new], axis)


def rows(cell: Cell) -> str:
    """The gates that a cell's W, U and b stack, one letter each, in order: "ifgo" for LSTM, "h" for RNN.

    Raises ValueError for a cell that the package does not have.
    """
    return _layer_class(cell)[0].rows


# ---- PyTorch


def to_torch(cell: Cell, params: Params, dtype: torch.dtype = torch.float64) -> Recurrent:
    """The layer of `lstmcourse.nn` that computes what the cell does with these parameters.

    b becomes bias_ih and bias_hh is zero; a GRU's b_hn stands in bias_hh's last third. The layer has parameters of
    its own. Raises ValueError for a cell without a layer, and for parameters that do not fit the cell.
    """
    layer_class, peepholes = _layer_class(cell)
    _, H = _check_params(cell, params, None)
    with torch.random.fork_rng(devices=[]):  # the initial weights are drawn, and replaced at once
        layer = layer_class(params.W.shape[1], H, dtype=dtype, **peepholes)
    bias_hh = np.zeros_like(params.b)
    if hasattr(params, "b_hn"):
        bias_hh[2 * H :] = params.b_hn
    values = {"weight_ih": params.W, "weight_hh": params.U, "bias_ih": params.b, "bias_hh": bias_hh}
    values |= {k: v for k, v in vars(params).items() if k.startswith("p_")}
    if hasattr(params, "R"):
        values["weight_gates"] = params.R
    layer.load_state_dict({f"{k}_l0": torch.tensor(v, dtype=dtype) for k, v in values.items()})
    return layer


def from_torch(layer: torch.nn.Module, layer_index: int = 0, reverse: bool = False, dtype=np.float64):
    """One layer and direction of a PyTorch layer as (cell, params).

    Args:
        layer: of `lstmcourse.nn`, or torch.nn.RNN, LSTM or GRU.
        layer_index: which of its num_layers, 0 the lowest.
        reverse: the direction that reads from the end.
        dtype: of the parameters that are returned; they are copies.

    The two biases are added; without biases b is zero. A layer with a subset of peepholes gives the variant of that
    name. Raises TypeError for another module, ValueError for a layer with proj_size, or an index it does not have.
    """
    cell = _cell(layer)
    if getattr(layer, "proj_size", 0):
        raise ValueError(f"a layer with proj_size has no reference cell, got proj_size={layer.proj_size}")
    if not 0 <= layer_index < layer.num_layers:
        raise ValueError(f"layer_index must be 0 … {layer.num_layers - 1}, got {layer_index}")
    if reverse and not layer.bidirectional:
        raise ValueError("reverse asks for the second direction of a layer that has one")
    suffix = f"_l{layer_index}" + "_reverse" * bool(reverse)
    names: list[list[str]] = layer._all_weights  # and not named_parameters: a parametrised weight is none of them
    w = {name: _numpy(getattr(layer, name), dtype) for each in names for name in each if name.endswith(suffix)}
    w = {name.removesuffix(suffix): value for name, value in w.items()}
    b_ih = w.pop("bias_ih", np.zeros(len(w["weight_ih"]), dtype))
    b_hh = w.pop("bias_hh", np.zeros_like(b_ih))
    p = Params(W=w.pop("weight_ih"), U=w.pop("weight_hh"), b=b_ih + b_hh)
    if "b_hn" in cell.shapes(1, 1):
        n = slice(2 * layer.hidden_size, None)
        p.b[n] = b_ih[n]
        p.b_hn = b_hh[n].copy()
    if "weight_gates" in w:
        p.R = w.pop("weight_gates")
    vars(p).update(w)
    return cell, p


def _numpy(tensor, dtype) -> np.ndarray:
    return tensor.detach().cpu().to(torch.float64).numpy().astype(dtype)


def _layer_class(cell: Cell) -> tuple[type[Recurrent], dict]:
    """The layer of a cell, and the peepholes that make it the variant: "nig_io" is NIGLSTM(peepholes="io")."""
    _check_cell(cell)
    if cell.name in LAYERS:
        return LAYERS[cell.name], {}
    base, _, letters = cell.name.partition("_")
    if base in LAYERS and issubclass(LAYERS[base], Peepholes):
        return LAYERS[base], {"peepholes": "" if letters == "plain" else letters}
    raise ValueError(f"cell must be one of {', '.join(LAYERS)}, or a variant, got {cell.name!r}")


def _cell(layer: Any) -> Cell:
    if isinstance(layer, torch.nn.RNNBase):
        modes = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn", "RNN_RELU": "rnn_relu"}
        return _BY_NAME[modes[str(layer.mode)]]
    if not isinstance(layer, Recurrent):
        got = f"{type(layer).__module__}.{type(layer).__qualname__}"
        raise TypeError(f"layer must be a layer of lstmcourse.nn or torch.nn.RNN, LSTM or GRU, got {got}")
    names = [name for kind in type(layer).__mro__ for name, ours in LAYERS.items() if kind is ours]
    if not names:
        raise TypeError(f"{type(layer).__name__} is no layer of lstmcourse.nn.LAYERS")
    name = names[0]
    if name == "rnn" and layer.nonlinearity == "relu":
        name = "rnn_relu"
    known = LAYERS[name]
    if isinstance(layer, Peepholes) and issubclass(known, Peepholes) and layer.peepholes != known.peepholes:
        base = "vanilla" if name == "peephole" else name.removesuffix("_plain")
        variant = reference.variant(base, layer.peepholes)
        return _BY_NAME.get(variant.name, variant)
    return _BY_NAME[name]


# ---- Keras


def to_keras(cell: Cell, params: Params) -> list[np.ndarray]:
    """What ``set_weights`` of a Keras SimpleRNN, LSTM or GRU takes: kernel (I, G·H), recurrent_kernel (H, G·H), bias.

    GRU is Keras' ``GRU(reset_after=True)``, its default, with a bias (2, 3H); GRU_RESET_BEFORE its
    ``reset_after=False``. Raises ValueError for a cell that Keras does not have.
    """
    old, new = _keras_orders(cell)
    _, H = _check_params(cell, params, None)
    b = params.b
    if hasattr(params, "b_hn"):
        b = np.stack([b, np.concatenate([np.zeros(2 * H, b.dtype), params.b_hn])])
    return [reorder(a, old, new, axis=-1) for a in (params.W.T, params.U.T, b)]


def from_keras(cell: Cell, weights: list[np.ndarray]) -> Params:
    """The inverse of `to_keras`: the three arrays of Keras' ``get_weights`` as parameters of the cell.

    Raises ValueError for another number of arrays, a cell that Keras does not have, or shapes that do not fit.
    """
    old, new = _keras_orders(cell)
    if len(weights) != 3:
        raise ValueError(f"weights must be kernel, recurrent_kernel and bias, got {len(weights)} arrays")
    W, U, b = (reorder(np.asarray(a), new, old, axis=-1).T for a in weights)
    p = Params(W=np.ascontiguousarray(W), U=np.ascontiguousarray(U), b=b)
    if "b_hn" in cell.shapes(1, 1):
        if b.ndim != 2 or b.shape[1] != 2:
            raise ValueError(f"bias of a GRU with reset_after=True must have shape (2, 3H), got {np.shape(weights[2])}")
        p = _with_gru_biases(p, b[:, 0], b[:, 1])
    _check_params(cell, p, None)
    return p


def _keras_orders(cell: Cell) -> tuple[str, str]:
    _check_cell(cell)
    if cell.name == "rnn":
        return "h", "h"
    kinds = {"lstm": "lstm", "gru": "gru", "gru_reset_before": "gru"}
    if cell.name not in kinds:
        raise ValueError(f"Keras has rnn, lstm, gru and gru_reset_before, got {cell.name!r}")
    kind = kinds[cell.name]
    return ORDERS["torch"][kind], ORDERS["keras"][kind]


def _with_gru_biases(p: Params, b_ih: np.ndarray, b_hh: np.ndarray) -> Params:
    """The r and z biases in one; the n row of b_hh is a bias of its own, because r multiplies it."""
    H = len(b_ih) // 3
    p.b = np.concatenate([(b_ih + b_hh)[: 2 * H], b_ih[2 * H :]])
    p.b_hn = b_hh[2 * H :].copy()
    return p


# ---- ONNX


class OnnxArrays(NamedTuple):
    """One ONNX node: op RNN, LSTM or GRU; W (1, G·H, I), R (1, G·H, H), B (1, 2·G·H), P (1, 3H) or None, float32."""

    op: str
    W: np.ndarray
    R: np.ndarray
    B: np.ndarray
    P: np.ndarray | None
    attributes: dict[str, Any]


OPEN = 100.0  # a bias that holds a gate open: σ(100) = 1 in float32 and in float64


def onnx_arrays(cell: Cell, params: Params) -> OnnxArrays:
    """The cell as one ONNX node.

    ONNX's LSTM has peepholes and coupled gates. A gate that a variant lacks is held open by its bias, an activation
    that it lacks is the Affine a ↦ 1·a + 0, so that every cell but FGR has a node. Raises ValueError for FGR and for
    cells that the package does not have.
    """
    _check_cell(cell)
    _, H = _check_params(cell, params, None)
    if cell.name.startswith("rnn"):
        attributes = {"hidden_size": H, "activations": ["Relu" if cell.name == "rnn_relu" else "Tanh"]}
        return _node("RNN", params.W, params.U, params.b, np.zeros_like(params.b), None, attributes)
    if cell.name.startswith("gru"):
        after = cell.name == "gru"
        b_hn = params.b_hn if after else np.zeros(H)
        parts = (params.W, params.U, params.b, np.concatenate([np.zeros(2 * H), b_hn]))
        W, R, Wb, Rb = (reorder(a, "rzn", "zrn") for a in parts)
        return _node("GRU", W, R, Wb, Rb, None, {"hidden_size": H, "linear_before_reset": int(after)})
    if cell.name == "fgr":
        raise ValueError("ONNX has no node with full gate recurrence (fgr)")
    return _onnx_lstm(cell, params, H)


def _onnx_lstm(cell: Cell, params: Params, H: int) -> OnnxArrays:
    have, kind = rows(cell), cell.name.split("_")[0]
    coupled = kind in ("cifg", "coupled")
    blocks = {k: dict(zip(have, np.split(getattr(params, k), len(have)), strict=True)) for k in ("W", "U", "b")}
    peep = {k: getattr(params, f"p_{k}", np.zeros(H)) for k in "ifo"}
    for name, gates in blocks.items():
        for k in "ifgo":
            if k not in gates:
                gates[k] = np.full_like(gates["g"], OPEN if name == "b" else 0.0)
        if coupled:
            gates["i"], gates["f"] = -gates["f"], np.zeros_like(gates["f"])
    if coupled:
        peep["i"], peep["f"] = -peep["f"], np.zeros(H)
    order = ORDERS["onnx"]["lstm"]
    W, R, b = (np.concatenate([blocks[k][gate] for gate in order]) for k in ("W", "U", "b"))
    P = np.concatenate([peep[k] for k in "iof"]) if any(hasattr(params, f"p_{k}") for k in "ifo") else None
    attributes: dict[str, Any] = {"hidden_size": H, "input_forget": int(coupled)}
    if kind in ("niaf", "noaf"):
        affine = {"niaf": ["Sigmoid", "Affine", "Tanh"], "noaf": ["Sigmoid", "Tanh", "Affine"]}
        attributes |= {"activations": affine[kind], "activation_alpha": [1.0], "activation_beta": [0.0]}
    return _node("LSTM", W, R, b, np.zeros_like(b), P, attributes)


def _node(op, W, R, Wb, Rb, P, attributes) -> OnnxArrays:
    as32 = lambda a: np.ascontiguousarray(a[None], np.float32)
    return OnnxArrays(op, as32(W), as32(R), as32(np.concatenate([Wb, Rb])), None if P is None else as32(P), attributes)


def to_onnx(cell: Cell, params: Params, direction: str = "forward", sequence_lens: bool = False):
    """The cell as an ONNX model of one node (needs the package onnx).

    Inputs X (T, B, I), initial_h and, for an LSTM, initial_c (1, B, H), all float32; with ``sequence_lens`` also
    sequence_lens (B,) int32. Outputs Y (T, 1, B, H), Y_h and, for an LSTM, Y_c (1, B, H).
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    node = onnx_arrays(cell, params)
    H, inputs = node.attributes["hidden_size"], node.W.shape[2]
    arrays = {"W": node.W, "R": node.R, "B": node.B} | ({} if node.P is None else {"P": node.P})
    lstm = node.op == "LSTM"
    names = ["X", "W", "R", "B", "sequence_lens" if sequence_lens else "", "initial_h", *["initial_c"] * lstm]
    outputs = ["Y", "Y_h", *["Y_c"] * lstm]
    shapes = {"X": ["T", "B", inputs], "Y": ["T", 1, "B", H]}
    shapes |= {name: [1, "B", H] for name in ("initial_h", "initial_c", "Y_h", "Y_c")}
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])
    given = [value(name) for name in names if name in shapes]
    if sequence_lens:
        given.append(helper.make_tensor_value_info("sequence_lens", TensorProto.INT32, ["B"]))
    graph = helper.make_graph(
        [helper.make_node(node.op, names + ["P"] * ("P" in arrays), outputs, direction=direction, **node.attributes)],
        cell.name,
        given,
        [value(name) for name in outputs],
        [numpy_helper.from_array(a, name) for name, a in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    checker.check_model(model)
    return model


def from_onnx(model, dtype=np.float64) -> tuple[Cell, Params]:
    """(cell, params) of a model with one RNN, LSTM or GRU node of one direction and default activations.

    The inverse of `to_onnx` for the cells that need nothing held open. Raises ValueError for a model with another
    number of such nodes, whose weights are no initializers, and as `from_onnx_arrays` does.
    """
    from onnx import helper, numpy_helper

    nodes = [n for n in model.graph.node if n.op_type in _ACTIVATIONS]
    if len(nodes) != 1:
        raise ValueError(f"model must have one RNN, LSTM or GRU node, got {len(nodes)}")
    names = [*nodes[0].input, *[""] * 8]
    known = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    missing = [names[k] for k in (1, 2, 3, 7) if names[k] and names[k] not in known]
    if missing:
        raise ValueError(f"W, R, B and P must be initializers of the model, {', '.join(missing)} is none")
    W, R, B, P = (known.get(names[k]) for k in (1, 2, 3, 7))
    B = np.zeros((len(W), 2 * W.shape[1])) if B is None else B
    options = {a.name: helper.get_attribute_value(a) for a in nodes[0].attribute}
    if "activations" in options:
        options["activations"] = [a.decode() for a in options["activations"]]
    return from_onnx_arrays(OnnxArrays(nodes[0].op_type, W, R, B, P, options), dtype)


def from_onnx_arrays(node: OnnxArrays, dtype=np.float64) -> tuple[Cell, Params]:
    """(cell, params) of one ONNX node of one direction.

    ``input_forget`` gives the cell with i = 1 − f: COUPLED, or CIFG where there are peepholes. Raises ValueError for
    two directions, for activations other than the default ones (and Relu of RNN), and for ``clip``.
    """
    if len(node.W) != 1:
        raise ValueError(f"the node must have one direction, got {len(node.W)}")
    if node.attributes.get("clip"):
        raise ValueError(f"no cell clips its pre-activations, and the node has clip={node.attributes['clip']}")
    activations = tuple(node.attributes.get("activations", _ACTIVATIONS[node.op]))
    if activations not in (_ACTIVATIONS[node.op], ("Relu",)):
        raise ValueError(f"activations must be {_ACTIVATIONS[node.op]}, got {activations}")
    W, R, biases = (a.astype(dtype) for a in (node.W[0], node.R[0], node.B.reshape(2, -1)))
    if node.op == "LSTM":
        P = None if node.P is None else node.P[0].astype(dtype)
        return _from_onnx_lstm(W, R, biases.sum(0), P, bool(node.attributes.get("input_forget", 0)))
    if node.op == "RNN":
        return _BY_NAME["rnn_relu" if activations == ("Relu",) else "rnn"], Params(W=W, U=R, b=biases.sum(0))
    W, U, b_ih, b_hh = (reorder(a, "zrn", "rzn") for a in (W, R, *biases))
    p = Params(W=W, U=U, b=b_ih + b_hh)
    if node.attributes.get("linear_before_reset", 0):
        return _BY_NAME["gru"], _with_gru_biases(p, b_ih, b_hh)
    return _BY_NAME["gru_reset_before"], p


_ACTIVATIONS = {"RNN": ("Tanh",), "LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}


def _from_onnx_lstm(W, R, b, P, coupled: bool) -> tuple[Cell, Params]:
    arrays = {k: np.split(reorder(a, "iofg", "ifgo"), 4) for k, a in {"W": W, "U": R, "b": b}.items()}
    peepholes = {} if P is None else dict(zip(("p_i", "p_o", "p_f"), np.split(P, 3), strict=True))
    if coupled:  # f is not computed there: its rows and its peephole are not used
        arrays = {k: [-i, g, o] for k, (i, _, g, o) in arrays.items()}
        peepholes = {"p_f": -peepholes["p_i"], "p_o": peepholes["p_o"]} if peepholes else {}
    names = {(False, False): "lstm", (False, True): "peephole", (True, False): "coupled", (True, True): "cifg"}
    cell = _BY_NAME[names[coupled, bool(peepholes)]]
    return cell, Params(**{k: np.concatenate(parts) for k, parts in arrays.items()}, **peepholes)
