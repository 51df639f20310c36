"""The arithmetic of the scans: NumPy's on a CPU, torch's elsewhere. An operation is called as op(a, b, out).

On a CPU NumPy works on the tensors' own memory: its calls cost half of an eager torch operation's, and its tanh a
fifth. `python -m lstmcourse bench` shows what that brings.
"""

import functools
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor
from torch.utils.dlpack import to_dlpack

from . import _torch_private


@dataclass(frozen=True)
class Arithmetic:
    """The operations of a scan on one kind of arrays."""

    dot: Callable
    matmul: Callable
    mul: Callable
    add: Callable
    sub: Callable
    tanh: Callable
    relu: Callable
    one_minus: Callable
    empty: Callable  # (shape, **kind)
    zeros: Callable  # (shape, **kind)
    flip: Callable  # along time
    stack: Callable
    copy: Callable  # contiguous
    kind: Callable[[Tensor], dict]  # of the arrays that belong to a tensor: their dtype and device
    array: Callable[[Tensor], Any]  # on the tensor's memory, for reading
    tensor: Callable[[Any], Tensor]  # on the array's memory
    block: int  # elements of gate slopes made together

    def sigmoid(self, a) -> None:
        """σ(2a), in place, from tanh(a): ½ + ½ tanh(a). So a pre-activation comes halved, and already in tanh.

        The error is that of a number near ½, wherever σ is: in float32 a gate below 3e-8 is 0.
        """
        self.mul(a, 0.5, a)
        self.add(a, 0.5, a)

    def slope_of_sigmoid(self, s, out) -> None:
        """s (1 − s)"""
        self.one_minus(s, out)
        self.mul(out, s, out)

    def slope_of_tanh(self, y, out) -> None:
        """1 − y²"""
        self.mul(y, y, out)
        self.one_minus(out, out)

    def sum(self, a, b, tmp):
        """Σ a ∘ b over steps and sequences: (n, B, H) each, tmp too -> (H,)."""
        self.mul(a, b, tmp)
        return tmp.reshape(-1, tmp.shape[-1]).sum(0)


class _Lent:
    """A tensor's memory, lent to NumPy by DLPack for reading.

    Tensor.numpy() would do the same and mark the storage for ever as one that cannot be resized, which ends
    ``resize_`` and FSDP. The array must not outlive the call: after a resize the memory is no longer the tensor's.
    """

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor):
        self.tensor = tensor

    def __dlpack__(self, **_):
        return to_dlpack(self.tensor)  # Tensor.__dlpack__ does no more, but takes three times as long

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0  # the CPU


def _array(tensor: Tensor) -> np.ndarray:
    if _torch_private.is_zero_by_a_flag(tensor):  # with nothing in its memory
        tensor = tensor.clone()
    return np.from_dlpack(_Lent(tensor.detach().resolve_neg()))


NUMPY = Arithmetic(
    dot=np.dot,
    matmul=np.matmul,
    mul=np.multiply,
    add=np.add,
    sub=np.subtract,
    tanh=np.tanh,
    relu=lambda a, out: np.maximum(a, 0, out=out),
    one_minus=lambda a, out: np.subtract(1, a, out),
    empty=np.empty,
    zeros=np.zeros,
    flip=lambda a: a[::-1],
    stack=np.stack,
    copy=np.copy,
    kind=lambda xs: {"dtype": np.dtype(str(xs.dtype).removeprefix("torch."))},
    array=_array,
    tensor=torch.from_numpy,
    block=1 << 17,  # they stay in a cache of 1 MiB
)

TORCH = Arithmetic(
    dot=lambda a, b, out: torch.mm(a, b, out=out),
    matmul=lambda a, b, out: torch.matmul(a, b, out=out),
    mul=lambda a, b, out: torch.mul(a, b, out=out),
    add=lambda a, b, out: torch.add(a, b, out=out),
    sub=lambda a, b, out: torch.sub(a, b, out=out),
    tanh=lambda a, out: torch.tanh(a, out=out),
    relu=lambda a, out: torch.clamp(a, min=0, out=out),
    one_minus=lambda a, out: torch.add(1, torch.neg(a, out=out), out=out),
    empty=torch.empty,
    zeros=torch.zeros,
    flip=lambda a: a.flip(0),
    stack=torch.stack,
    copy=lambda a: a.clone(memory_format=torch.contiguous_format),
    kind=lambda xs: {"dtype": xs.dtype, "device": xs.device},
    array=Tensor.detach,
    tensor=lambda a: a,
    block=sys.maxsize,  # one block: calls cost most on a device
)


def arithmetic(xs: Tensor) -> Arithmetic:
    """NumPy's for float32 and float64 on a CPU, torch's for everything else."""
    return NUMPY if xs.device.type == "cpu" and xs.dtype in (torch.float32, torch.float64) else TORCH


@contextmanager
def computing() -> Iterator[None]:
    """Infinities and NaNs pass without a word, as they do in torch, and NumPy takes no more threads than torch has.

    NumPy's BLAS has threads of its own, of which torch.set_num_threads says nothing; in products as small as those
    of one step they cost more than they bring.
    """
    allowed = torch.get_num_threads()
    before = [(library, library.num_threads or 1) for library in _blas()]  # None where a library does not tell
    many = [(library, threads) for library, threads in before if threads > allowed]
    for library, _ in many:
        library.set_num_threads(allowed)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        for library, threads in many:
            library.set_num_threads(threads)


@functools.cache
def _blas() -> list:
    """The libraries behind NumPy's products whose threads can be set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of two OpenMP libraries in one process
        return ThreadpoolController().select(user_api="blas").lib_controllers
