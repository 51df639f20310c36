"""How many multiplications a call costs, and hooks that tell it to those who count by class or by operator.

torch's FlopCounterMode counts a layer by itself, since impl="auto" shows it its products.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from . import _input
from ._recurrent import Recurrent
from .cells import RecurrentCell
from .wrappers import Wrapper


def multiply_adds(module: Recurrent | Wrapper | RecurrentCell, input: Tensor | PackedSequence) -> int:
    """The multiply-adds of the matrix products of a call: one for each weight, step and sequence.

    input: (T, B, I), (T, I) or packed, (B, I) or (I,) of a cell. What is done unit by unit, gates and peepholes, is not
    counted: it grows with H and the products with H². Raises TypeError and ValueError for an input that the module does
    not take.
    """
    if isinstance(module, RecurrentCell):
        weights: list[Tensor] = [*module.parameters()]
        _input.one_step(module, input, None)
    else:
        layer = module.layer if isinstance(module, Wrapper) else module
        weights = layer._flat_weights
        _input.unpack(layer, input)
    steps = (input.data if isinstance(input, PackedSequence) else input).shape[:-1].numel()
    return steps * sum(p.numel() for p in weights if p.dim() == 2)


def _thop(module: Any, inputs: tuple, output: Any) -> None:
    module.total_ops += torch.tensor([multiply_adds(module, inputs[0])], dtype=torch.float64)


def _ptflops(module: Any, inputs: tuple, output: Any) -> None:
    module.__flops__ += multiply_adds(module, inputs[0])


def _ours(model: nn.Module) -> set[type]:
    return {type(m) for m in model.modules() if isinstance(m, Recurrent | Wrapper | RecurrentCell)}


def for_thop(model: nn.Module) -> dict[type, Any]:
    """For thop: ``profile(model, (x,), custom_ops=for_thop(model))``."""
    return dict.fromkeys(_ours(model), _thop)


def for_ptflops(model: nn.Module) -> dict[type, Any]:
    """For ptflops: ``get_model_complexity_info(model, …, custom_modules_hooks=for_ptflops(model))``."""
    return dict.fromkeys(_ours(model), _ptflops)


def for_fvcore() -> dict[str, Callable]:
    """For fvcore: ``FlopCountAnalysis(model, x).set_op_handle(**for_fvcore())``; it counts the operators of a trace.

    These are ``lstmcourse::layer``, and torch's own where they compute the cell: with the rows that run there, which
    are four for coupled gates. It knows neither by itself, torch.nn's layers included.
    """
    of_torch = dict.fromkeys((f"aten::{name}" for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")), _of_vendor)
    return {"lstmcourse::layer": _of_layer, **of_torch}


def _of_layer(inputs: list, outputs: list) -> int:
    return _in_trace(inputs[4], inputs[6])


def _of_vendor(inputs: list, outputs: list) -> int:
    return _in_trace(inputs[0], inputs[2])


def _in_trace(xs: Any, weights: Any) -> int:
    """The same as `multiply_adds` from values of a trace."""
    sizes = [value.type().sizes() for value in weights.node().inputs()]
    return torch.Size(xs.type().sizes()[:-1]).numel() * sum(torch.Size(s).numel() for s in sizes if len(s) == 2)
