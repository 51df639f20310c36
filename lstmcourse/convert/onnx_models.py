"""Whole models that hold layers of ours, through torch.onnx.export: what ``lstmcourse::layer`` is in ONNX."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from .onnx import OnnxArrays, onnx_arrays, operator, side_by_side
from .torch import cell_of, named

Read = Callable[[Any], np.ndarray]  # a weight of the model in the making -> its numbers


def onnx_translations() -> dict[Any, Callable]:
    """For ``torch.onnx.export(model, args, dynamo=True, custom_translation_table=onnx_translations())``.

    Each layer of ours in the model becomes standard RNN, LSTM or GRU nodes, of any number of steps and sequences where
    ``dynamic_shapes`` says so. Needs torch 2.6 and the package onnxscript (extra ``[onnx]``), without which this raises
    ImportError. The export itself raises, with our ValueError as the cause, for a cell that is no ONNX operator, for
    another dtype than float32, and for weights that are computed, as by a parametrisation, and no parameters. A layer
    with impl="loop", or with a step of its own, is written step by step, for the length of the example alone.
    """
    from onnxscript import opset18

    return {torch.ops.lstmcourse.layer.default: partial(_translated, opset18)}


def _translated(op, cell, impl, names, bidirectional, xs, hx, weights, mask=None) -> list:
    """`nn.ways.operator.layer_operator` in nodes of the opset: [output (T, B, D·H), *final states (D, B, H)]."""
    from onnxscript import ir

    names = names.split(",")
    _refuse(xs, names, weights, mask, ir.DataType.FLOAT)
    one = cell_of(cell, "".join(k for k in "ifo" if f"p_{k}" in names))
    operator(one)

    def node(read: Read) -> OnnxArrays:
        each = [dict(zip(names, weights[d * len(names) :])) for d in range(1 + bidirectional)]
        arrays = [{name: read(weight) for name, weight in one_way.items()} for one_way in each]
        return side_by_side([onnx_arrays(one, named(one, w)) for w in arrays])

    like = node(lambda weight: np.zeros(weight.shape))  # the exporter gives weights their numbers only after this

    def later(name: str) -> Any:
        shape = ir.Shape(getattr(like, name).shape)
        value = lambda: ir.tensor(getattr(node(lambda weight: weight.const_value.numpy()), name))
        return op.Constant(value=ir.LazyTensor(value, ir.DataType.FLOAT, shape))

    given = [xs, later("W"), later("R"), later("B"), None, *hx, *([later("P")] if like.P is not None else [])]
    direction = "bidirectional" if bidirectional else "forward"
    y, *final = getattr(op, like.op)(*given, direction=direction, **like.attributes)
    return [op.Reshape(op.Transpose(y, perm=[0, 2, 1, 3]), [0, 0, -1]), *final[: len(hx)]]


def _refuse(xs, names, weights, mask, float32) -> None:
    """ValueError for what no node computes, whatever the cell."""
    if xs.dtype != float32:
        raise ValueError(f"the layer must be of float32, which is what ONNX's runtimes compute, got {xs.dtype}")
    if "weight_hr" in names:
        raise ValueError("ONNX's LSTM has no projection, and the layer has proj_size")
    if mask is not None:
        raise ValueError(
            "packed sequences are no ONNX input; to_onnx(layer, lengths=True) writes a layer that has them"
        )
    computed = [weight.name for weight in weights if weight.producer() is not None]
    if computed:
        raise ValueError(f"weights must be parameters of the model, and these are computed: {', '.join(computed)}")
