"""Whole layers to and from ONNX: stacked and bidirectional, in the standard operators RNN, LSTM and GRU."""

from os import PathLike
from typing import Any

import numpy as np
import torch

from ..nn import Recurrent
from .onnx import (
    PER_DIRECTION,
    OnnxArrays,
    checked,
    from_onnx_arrays,
    onnx_arrays,
    read,
    side_by_side,
    to_onnx,
)
from .torch import MAKERS, from_torch, to_torch

DIRECTIONS = {1: "forward", 2: "bidirectional"}


@to_onnx.register
def layer_to_onnx(
    layer: torch.nn.Module, path: str | PathLike | None = None, *, states: bool = False, lengths: bool = False
):
    """A layer of `lstmcourse.nn` (or torch.nn's) as an ONNX model of one RNN, LSTM or GRU node for each of its layers.

    Args:
        layer: as for `from_torch`; its dropout is left out, as in eval().
        path: where to write the model; None does not write.
        states: whether the initial states are inputs, h_0 and, for an LSTM, c_0 (L·D, B, H); otherwise they are 0.
        lengths: whether the lengths of the sequences are an input, lengths (B,) int32: each sequence is read as if it
            were alone, as in a PackedSequence, and its output is 0 after its end.

    The other input is ``input``, (T, B, I), or (B, T, I) of a layer with batch_first; the outputs are ``output``,
    ``h_n`` and, for an LSTM, ``c_n``, as the layer's; all float32, of any T and B. Returns the model, which
    onnx.checker has passed. Raises TypeError and ValueError as `from_torch` and `onnx_arrays` do, with the reason why
    a cell, or a layer with proj_size, is no ONNX operator.
    """
    from onnx import TensorProto, helper, save

    nodes = _arrays(layer)
    L, D, H = len(nodes), len(nodes[0].W), nodes[0].attributes["hidden_size"]
    names = ["h", "c"] if nodes[0].op == "LSTM" else ["h"]
    graph = _Graph()
    x = graph.node("Transpose", ["input"], perm=[1, 0, 2]) if layer.batch_first else "input"
    initial = {s: graph.split(f"{s}_0", L, D) if states else [""] * L for s in names}
    final: dict[str, list[str]] = {s: [] for s in names}
    for k, node in enumerate(nodes):
        arrays = [graph.array(name, array) for name, array in _named(node, k).items()]
        given = [x, *arrays[:3], "lengths" * lengths, *(initial[s][k] for s in names)]
        given += [""] * (7 - len(given)) + arrays[3:] if node.P is not None else []
        while not given[-1]:
            given.pop()
        y, *ends = graph.node(node.op, given, 1 + len(names), direction=DIRECTIONS[D], **node.attributes)
        for s, end in zip(names, ends, strict=True):
            final[s].append(end)
        y = graph.node("Transpose", [y], perm=[0, 2, 1, 3])
        x = graph.node("Reshape", [y, graph.array("sides_by_side", np.array([0, 0, -1]))])
    if layer.batch_first:
        graph.node("Transpose", [x], "output", perm=[1, 0, 2])
    else:
        graph.node("Identity", [x], "output")
    for s in names:
        graph.node("Concat", final[s], f"{s}_n", axis=0)
    axes = ["B", "T"] if layer.batch_first else ["T", "B"]
    shapes = {"input": [*axes, nodes[0].W.shape[2]], "output": [*axes, D * H]}
    shapes |= {f"{s}_{at}": [L * D, "B", H] for s in names for at in "0n"}
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])
    inputs = [value(name) for name in ("input", *(f"{s}_0" for s in names if states))]
    if lengths:
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"]))
    outputs = [value(name) for name in ("output", *(f"{s}_n" for s in names))]
    model = checked(helper.make_graph(graph.nodes, type(layer).__name__, inputs, outputs, [*graph.arrays.values()]))
    if path is not None:
        save(model, path)
    return model


def layer_from_onnx(model, *, batch_first: bool = False, dtype: torch.dtype = torch.float32) -> Recurrent:
    """The layer of `lstmcourse.nn` that computes what a model's RNN, LSTM or GRU nodes do, each reading the one before.

    Args:
        model: an onnx.ModelProto, or the path of one.
        batch_first: of the layer; the nodes do not tell.
        dtype: of its parameters.

    Only the recurrent nodes are read: what else the model computes is not in the layer. Raises ValueError for nodes of
    different cells, sizes or directions, for direction="reverse", and as `from_onnx` does; of a file the message begins
    with its name, and damage that ONNX lets one see is among the reasons.
    """
    with read(model) as nodes:
        return _layer(nodes, batch_first, dtype)


def _layer(nodes: list[OnnxArrays], batch_first: bool, dtype: torch.dtype) -> Recurrent:
    """The layer of nodes that were read. Raises ValueError where they make none."""
    if not nodes:
        raise ValueError("model must have RNN, LSTM or GRU nodes, got none")
    D, H = len(nodes[0].W), nodes[0].R.shape[2]
    halves = [[_direction(node, d) for d in range(len(node.W))] for node in nodes]
    kinds = {(cell.name, len(each), p.U.shape[1]) for each in halves for cell, p in each}
    if len(kinds) != 1:
        raise ValueError(f"the nodes must be of one cell, with equal directions and hidden sizes, got {sorted(kinds)}")
    sizes = [node.W.shape[2] for node in nodes]
    if any(size != D * H for size in sizes[1:]):
        raise ValueError(f"every node after the first must read the {D * H} outputs of the one before, got {sizes[1:]}")
    layer_class, arguments = MAKERS[halves[0][0][0].name]
    with torch.random.fork_rng(devices=[]):
        layer = layer_class(
            sizes[0], H, len(nodes), batch_first=batch_first, bidirectional=D == 2, dtype=dtype, **arguments
        )
    values: dict[str, torch.Tensor] = {}
    for k, each in enumerate(halves):
        for d, (cell, p) in enumerate(each):
            one = to_torch(cell, p, dtype).state_dict()
            values |= {name.removesuffix("_l0") + f"_l{k}" + "_reverse" * d: value for name, value in one.items()}
    layer.load_state_dict(values)
    return layer


class _Graph:
    """The nodes and arrays of a model in the making; names are made of the operator and a number."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: dict[str, Any] = {}

    def node(self, op: str, inputs: list[str], outputs: int | str = 1, **attributes: Any) -> Any:
        """Add a node with so many outputs, or with one of that name; returns their names, or the name of one."""
        from onnx import helper

        n = len(self.nodes)
        names = [outputs] if isinstance(outputs, str) else [f"{op}_{n}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{n}", **attributes))
        return names[0] if len(names) == 1 else names

    def array(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        self.arrays[name] = numpy_helper.from_array(array, name)
        return name

    def split(self, name: str, parts: int, size: int) -> list[str]:
        if parts == 1:
            return [name]
        return self.node("Split", [name, self.array("of_each_layer", np.full(parts, size))], parts, axis=0)


def _arrays(layer: Any) -> list[OnnxArrays]:
    """One node for each layer, its directions side by side."""
    if getattr(layer, "proj_size", 0):
        raise ValueError(f"ONNX's LSTM has no projection, and the layer has proj_size={layer.proj_size}")
    from_torch(layer)  # refuses other modules before their attributes are read
    directions = range(2 if layer.bidirectional else 1)
    return [
        side_by_side([onnx_arrays(*from_torch(layer, k, bool(d))) for d in directions]) for k in range(layer.num_layers)
    ]


def _named(node: OnnxArrays, k: int) -> dict[str, np.ndarray]:
    arrays = {"W": node.W, "R": node.R, "B": node.B} | ({} if node.P is None else {"P": node.P})
    return {f"{name}_{k}": array for name, array in arrays.items()}


def _direction(node: OnnxArrays, d: int):
    """(cell, params) of one direction of a node."""
    direction = node.attributes.get("direction", "forward")
    if direction == "reverse":
        raise ValueError('no layer reads from the end alone, and the node has direction="reverse"')
    one, n = slice(d, d + 1), len(node.W)
    attributes = dict(node.attributes)
    for name in PER_DIRECTION & attributes.keys():
        each = len(attributes[name]) // n
        attributes[name] = attributes[name][d * each : (d + 1) * each]
    P = None if node.P is None else node.P[one]
    return from_onnx_arrays(OnnxArrays(node.op, node.W[one], node.R[one], node.B[one], P, attributes))
