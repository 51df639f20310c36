"""How many multiplications a call costs, and hooks that tell it to those who count by class.

fvcore and torch's FlopCounterMode count a layer by themselves, since impl="auto" shows them its products.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from . import _input
from ._recurrent import Recurrent


def multiply_adds(layer: Recurrent, input: Tensor | PackedSequence) -> int:
    """The multiply-adds of the matrix products of a call: one for each weight, step and sequence.

    input: (T, B, I), (T, I) or packed. What is done unit by unit, gates and peepholes, is not counted: it grows with H
    and the products with H². Raises TypeError and ValueError for an input that the layer does not take.
    """
    _input.unpack(layer, input)
    steps = (input.data if isinstance(input, PackedSequence) else input).shape[:-1].numel()
    return steps * sum(p.numel() for p in layer._flat_weights if p.dim() == 2)


def _thop(layer: Any, inputs: tuple, output: Any) -> None:
    layer.total_ops += torch.tensor([multiply_adds(layer, inputs[0])], dtype=torch.float64)


def _ptflops(layer: Any, inputs: tuple, output: Any) -> None:
    layer.__flops__ += multiply_adds(layer, inputs[0])


def for_thop(model: nn.Module) -> dict[type, Any]:
    """For thop: ``profile(model, (x,), custom_ops=for_thop(model))``."""
    return {type(m): _thop for m in model.modules() if isinstance(m, Recurrent)}


def for_ptflops(model: nn.Module) -> dict[type, Any]:
    """For ptflops: ``get_model_complexity_info(model, …, custom_modules_hooks=for_ptflops(model))``."""
    return {type(m): _ptflops for m in model.modules() if isinstance(m, Recurrent)}
