"""Who does the arithmetic of the one-node scans: NumPy on a CPU, torch elsewhere; and buffers with one slot a step.

Every operation is called as op(a, b, out). On a CPU NumPy works on the tensors' own memory: its calls cost half of an
eager torch operation's, and its tanh a fifth. `python -m lstmcourse bench` shows what that brings.
"""

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

BLOCK = 1 << 17  # elements of gate slopes made together: they stay in a cache of 1 MiB


class NumPy:
    """Steps of (B, ·) arrays in the memory of CPU tensors, float32 or float64.

    sizes: how many sequences have each step, in the order of the steps; None where all have. save: keep every step,
    for a backward to come; else buffers hold only the step before.
    """

    dot: Any = staticmethod(np.dot)
    matmul: Any = staticmethod(np.matmul)
    mul: Any = staticmethod(np.multiply)
    add: Any = staticmethod(np.add)
    sub: Any = staticmethod(np.subtract)
    tanh: Any = staticmethod(np.tanh)

    def __init__(self, xs: Tensor, sizes: list[int] | None, save: bool):
        self.T, self.B = xs.shape[:2]
        self.sizes, self.save = sizes, save or sizes is not None
        self.kind = self._kind(xs)

    def _kind(self, xs: Tensor) -> dict:
        return {"dtype": np.dtype(str(xs.dtype).removeprefix("torch."))}

    def empty(self, *shape: int):
        return np.empty(shape, **self.kind)

    def zeros(self, *shape: int):
        return np.zeros(shape, **self.kind)

    @staticmethod
    def array(tensor: Tensor):
        if tensor._is_zerotensor():  # zero by a flag, with nothing in its memory
            tensor = tensor.clone()
        return tensor.numpy(force=True)  # shares the memory; force is for what is negated only by a flag

    @staticmethod
    def tensor(array) -> Tensor:
        return torch.from_numpy(array)

    @staticmethod
    def flip(a):
        return a[::-1]

    @staticmethod
    def stack(arrays):
        return np.stack(arrays)

    @staticmethod
    def copy(a):
        return a.copy()

    @staticmethod
    def one_minus(a, out):
        np.subtract(1, a, out)

    @staticmethod
    def relu(a, out):
        np.maximum(a, 0, out=out)

    # ---- what is built on them

    def gates(self, G: int, H: int):
        """A buffer (T, G, B, H) of one slot for each step; zeros where a slot's last rows may stay unwritten.

        Gates lie one after the other and not side by side: operations on contiguous memory are several times faster.
        """
        make = self.empty if self.sizes is None else self.zeros
        return make(self.T if self.save else 1, G, self.B, H)

    def states(self, H: int):
        """A buffer (T + 1, B, H), with a slot for the state before the first step."""
        make = self.empty if self.sizes is None else self.zeros
        return make(self.T + 1 if self.save else 2, self.B, H)

    def row(self, *shape: int) -> list:
        """One array (…, B, H) for each step to write on, the same for all steps."""
        return self.each(self.empty(1, *shape))

    def spread(self, p):
        """p (H,) for each sequence, (B, H): a broadcast in every step would cost more."""
        rows = self.empty(self.B, p.shape[-1])
        rows[:] = p
        return rows

    def each(self, buffer, shift: int = 0) -> list:
        """The slot of each step (or of ``shift`` steps later), cut to the sequences that have the step."""
        slots = list(buffer)
        if len(slots) < self.T + shift:
            slots *= 1 + (self.T + shift) // len(slots)
        slots = slots[shift : shift + self.T]
        return slots if self.sizes is None else [slot[..., :n, :] for slot, n in zip(slots, self.sizes, strict=True)]

    def enter(self, buffer, state) -> None:
        """Write the initial state where each sequence reads it: at its own first step."""
        buffer[0][:] = state
        sizes = self.sizes or []
        for t in range(1, len(sizes)):
            if sizes[t] > sizes[t - 1]:
                new = slice(sizes[t - 1], sizes[t])
                buffer[t][new] = state[new]

    def leave(self, buffer):
        """The state of each sequence after its own last step, (B, ·)."""
        final = self.empty(*buffer[0].shape)
        final[:] = buffer[self.T % len(buffer)]
        sizes = self.sizes or []
        for t in range(1, len(sizes)):
            if sizes[t] < sizes[t - 1]:
                done = slice(sizes[t], sizes[t - 1])
                final[done] = buffer[t][done]
        return final

    def outputs(self, h):
        """h of every step, (T, B, H), zero where a sequence does not have the step."""
        if self.sizes is None:
            return h
        hs = self.zeros(*h.shape)
        for out, row in zip(self.each(hs), self.each(h), strict=True):
            out[:] = row
        return hs

    def joined(self, xs, h0):
        """The buffer [x | 1 | h] (T + 1, B, I + 1 + H): in slot t the input of step t and the state before it."""
        T, B, I = xs.shape
        make = self.empty if self.sizes is None else self.zeros
        X = make(T + 1, B, I + 1 + h0.shape[-1])
        X[:T, :, :I] = xs
        X[:, :, I] = 1
        self.enter(X[:, :, I + 1 :], h0)
        return X

    def weights(self, p, H: int, scale: list[float]):
        """[W | b | U]ᵀ of each gate times its scale, (G, I + 1 + H, H): what a slot of `joined` is multiplied by."""
        I = p.W.shape[1]
        K = self.empty(len(scale), I + 1 + p.U.shape[1], H)
        for k, factor in enumerate(scale):
            at = slice(k * H, (k + 1) * H)
            K[k, :I], K[k, I + 1 :] = p.W[at].T, p.U[at].T
            K[k, I] = 0 if p.b is None else p.b[at]
            self.mul(K[k], factor, K[k])
        return K

    def clear(self, buffer, block: range) -> None:
        """Zeros in the rows of sequences that do not have a step."""
        if self.sizes is not None:
            for t in block:
                buffer[t][self.sizes[t] :] = 0

    def blocks(self, elements: int) -> list[range]:
        """The steps from last to first, in blocks of which each has about BLOCK elements."""
        size = self.block(elements)
        return [range(lo, min(lo + size, self.T)) for lo in range(0, self.T, size)][::-1]

    def block(self, elements: int) -> int:
        """How many steps of so many elements make a block."""
        return max(1, min(self.T, BLOCK // max(elements, 1)))

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

    @staticmethod
    def unjoin(dK, I: int) -> dict:
        """The gradients of W, b and U from that of [W | b | U]."""
        return {"W": dK[:, :I], "b": dK[:, I], "U": dK[:, I + 1 :]}


class Torch(NumPy):
    """The same on torch's operations, for any device and dtype; one block, since calls cost most on a device."""

    dot = staticmethod(lambda a, b, out: torch.mm(a, b, out=out))
    matmul = staticmethod(lambda a, b, out: torch.matmul(a, b, out=out))
    mul = staticmethod(lambda a, b, out: torch.mul(a, b, out=out))
    add = staticmethod(lambda a, b, out: torch.add(a, b, out=out))
    sub = staticmethod(lambda a, b, out: torch.sub(a, b, out=out))
    tanh = staticmethod(lambda a, out: torch.tanh(a, out=out))
    relu = staticmethod(lambda a, out: torch.clamp(a, min=0, out=out))
    one_minus = staticmethod(lambda a, out: torch.add(1, torch.neg(a, out=out), out=out))
    flip = staticmethod(lambda a: a.flip(0))
    stack = staticmethod(torch.stack)
    copy = staticmethod(lambda a: a.clone(memory_format=torch.contiguous_format))
    array = staticmethod(torch.Tensor.detach)
    tensor = staticmethod(lambda a: a)

    def _kind(self, xs):
        return {"dtype": xs.dtype, "device": xs.device}

    def empty(self, *shape):
        return torch.empty(shape, **self.kind)

    def zeros(self, *shape):
        return torch.zeros(shape, **self.kind)

    def block(self, elements):
        return self.T


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
        warnings.simplefilter("ignore", RuntimeWarning)  # of two OpenMP libraries in one process, whoever loaded them
        return ThreadpoolController().select(user_api="blas").lib_controllers


def arithmetic(xs: Tensor) -> type[NumPy]:
    """NumPy for float32 and float64 on a CPU, torch for everything else."""
    return NumPy if xs.device.type == "cpu" and xs.dtype in (torch.float32, torch.float64) else Torch
