"""What torch tells only by names of its own: one function each, so that a torch without one is mended here.

tests/nn/test_torch_private.py holds each to what it must say, and says what to do when torch takes it away.
"""

from collections.abc import Callable

import torch
from torch import Tensor

TELLS_EXPORT = hasattr(torch.compiler, "is_exporting")  # since torch 2.7; before it an export passes for a compile


def in_functorch() -> bool:
    """Whether a transform of torch.func surrounds the call."""
    return torch._C._are_functorch_transforms_active()


def in_forward_mode() -> bool:
    """Whether forward-mode differentiation surrounds the call."""
    return torch.autograd.forward_ad._current_level >= 0


def in_dispatch_mode() -> bool:
    """Whether a mode such as torch.export's, make_fx's or FlopCounterMode's writes down the operations."""
    return torch._C._len_torch_dispatch_stack() > 0


def is_batched_gradient(tensor: Tensor) -> bool:
    """Whether it stands for many gradients at once, as under torch.autograd.grad(…, is_grads_batched=True)."""
    return torch._C._functorch.is_legacy_batchedtensor(tensor)


def is_zero_by_a_flag(tensor: Tensor) -> bool:
    """Whether it is zero without memory that says so, as gradients of autograd can be."""
    return tensor._is_zerotensor()


def outside_compile(function: Callable) -> Callable:
    """The function, called eagerly by torch.compile: torch.compiler.disable, which would load the compiler at once."""
    return torch._compile._disable_dynamo(function)
