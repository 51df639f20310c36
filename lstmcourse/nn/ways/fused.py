"""impl="fused": the recurrence in Triton kernels, for every cell that has a scan, on a CUDA device.

One product makes W x + b of all steps; dW, db, dU and dx are products over all steps afterwards. Between them time goes
by in one of two ways:

- over time: where U is small enough (ON_CHIP), one kernel does all T steps. Each of its programs holds all of U and a
  tile of sequences, so none waits for another, and a step moves nothing but its own x, h, c and gates.
- step by step: else one matrix product and one kernel a step (the GRU that resets before its product: two of each).

The kernels, and the pointwise part of every cell in them, are in `fused_kernels`, which needs Triton: torch's CUDA
builds for Linux bring it along. With TRITON_INTERPRET=1 they run by NumPy on a CPU: slow, for tests.
"""

import functools
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from . import again
from .loop import State, Weights, dropped, parts, stacked
from .scan import Call, prepared
from .scan_gru import GRUResetBeforeScan, GRUScan
from .scan_lstm import LSTMScan
from .scan_rnn import RNNScan

ON_CHIP = 128 * 1024  # bytes of U, padded, up to which one kernel does all steps; not measured yet
TRITON = 3, 7  # the least version that was tried
TILE = 16  # sequences of a program; the least that a product of Triton takes
VECTORS = ("p_i", "p_f", "p_o", "b_hn")  # the parameters of shape (H,) that the kernels see
BLOCK = 1024  # elements of a program of the kernels of one step


class Program(NamedTuple):
    """What a kernel is compiled for. Rows and peepholes are numbered in their order, −1 where the cell has none."""

    kind: str  # "lstm", "gru", "tanh" or "relu"
    rows: int  # of gates in U
    kept: int  # values a unit and step that the backward needs beside the states
    vectors: int = 0  # of shape (H,): peepholes, or the GRU's b_hn
    has_c: bool = False
    i: int = -1
    f: int = -1
    g: int = -1
    o: int = -1
    p_i: int = -1
    p_f: int = -1
    p_o: int = -1
    coupled: bool = False
    squashes_g: bool = True
    squashes_y: bool = True
    resets: str = ""  # "before" or "after" the product, for a GRU
    after_reset: int = -1  # the row whose product waits for the reset gate


def program(scan: Any, vectors: tuple[str, ...] = ()) -> Program | None:
    """The program of a cell, from what its scan says of it; None for a scan of one's own."""
    if type(scan) is LSTMScan:
        numbers: dict[str, Any] = {k: scan.rows.find(k) for k in "ifgo"} | {p: vectors.index(p) for p in vectors}
        flags: dict[str, Any] = dict(has_c=True, coupled=scan.coupled, squashes_g=scan.g, squashes_y=scan.y)
        return Program("lstm", len(scan.rows), len(scan.rows), len(vectors), **numbers, **flags)
    if type(scan) is GRUScan:
        return Program("gru", 3, 4, len(vectors), resets="after")
    if type(scan) is GRUResetBeforeScan:
        return Program("gru", 3, 3, resets="before", after_reset=2)
    if type(scan) is RNNScan:
        return Program("relu" if scan.relu else "tanh", 1, 1)
    return None


class Fused(Function):
    """(T, B, I), the initial states and the parameters -> h over time (T, B, H) and the final states."""

    @staticmethod
    def forward(ctx, call: Call, save: bool, xs, *tensors):
        state, p = tensors[: call.scan.states], call.named(tensors[call.scan.states :])
        m = Kernels(call, xs, p)
        hs, cs, kept = m.forward(F.linear(m.in_order(xs), p.W, p.b).contiguous(), state, save)
        out = hs[1:].flip(0) if call.reverse else hs[1:].clone()
        if call.mask is not None:
            out *= call.mask
        if save:
            ctx.set_materialize_grads(False)
            ctx.call = call
            ctx.save_for_backward(xs, *tensors, hs, kept, *([cs] if m.program.has_c else []))
        final = (hs[-1], cs[-1]) if m.program.has_c else (hs[-1],)
        return out, *(s.clone() for s in final)

    @staticmethod
    def backward(ctx, *given):
        call, saved = ctx.call, again.saved(ctx)  # read once: torch.utils.checkpoint recomputes them at each reading
        n = 1 + call.scan.states + len(call.names)
        if again.needed(given):
            return None, None, *again.recomputed(call.by_loop, saved[:n], given)
        xs, p = saved[0], call.named(saved[1 + call.scan.states : n])
        m = Kernels(call, xs, p)
        dxs, dstate, d = m.backward(m.in_order(xs), *saved[n:], given=given)
        dxs = m.in_order(dxs @ p.W) if ctx.needs_input_grad[2] else None
        return None, None, dxs, *dstate, *(d[name] for name in call.names)


class Kernels:
    """One layer and direction with its launches; time runs forwards here, so a reversed call is flipped outside."""

    def __init__(self, call: Call, xs: Tensor, p: SimpleNamespace):
        from . import fused_kernels

        self.kernels: Any = fused_kernels
        self.call, self.p = call, p
        self.names = tuple(name for name in call.names if name in VECTORS)
        compiled_for = program(call.scan, self.names)
        if compiled_for is None:
            raise RuntimeError(f'impl="fused" has no kernel for the scan {type(call.scan).__name__}')
        self.program = compiled_for
        (self.T, self.B), self.H = xs.shape[:2], p.U.shape[1]
        self.U = p.U.contiguous()
        self.like: dict[str, Any] = dict(dtype=xs.dtype, device=xs.device)
        self.vectors = torch.stack([getattr(p, k) for k in self.names]) if self.names else self.U
        self.start, self.stop = self._window()
        self.HP = max(16, 1 << (self.H - 1).bit_length())
        self.over_time = self.program.rows * self.HP**2 * xs.element_size() <= ON_CHIP
        self.constants = dict(
            CELL=self.program,
            PACKED=call.mask is not None,
            ACC=fused_kernels.tl.float64 if xs.dtype == torch.float64 else fused_kernels.tl.float32,
        )
        self.device = torch.cuda.device_of(xs)

    def _window(self) -> tuple[Tensor, Tensor]:
        """The first step of each sequence and the one after its last, (B,) each; any tensors where all have all."""
        if self.call.mask is None:
            return self.U, self.U
        lengths = self.call.mask.sum((0, 2), dtype=torch.int32)
        if self.call.reverse:
            return self.T - lengths, torch.full_like(lengths, self.T)
        return torch.zeros_like(lengths), lengths

    def in_order(self, over_time: Tensor) -> Tensor:
        """From the order of the input to that of the kernels, or back."""
        return over_time.flip(0) if self.call.reverse else over_time

    @property
    def tiled(self) -> dict:
        """The constants of a kernel over all time, and of its products."""
        tf32 = self.like["dtype"] == torch.float32 and torch.backends.cuda.matmul.allow_tf32
        size = dict(H=self.H, HP=self.HP, BB=TILE, num_warps=4 if self.HP <= 64 else 8)
        return self.constants | size | {"PRECISION": "tf32" if tf32 else "ieee"}

    def forward(self, x: Tensor, state: State, save: bool) -> tuple[Tensor, Tensor, Tensor]:
        """x = W x + b (T, B, G·H) -> h (T + 1, B, H), c (T + 1 or 1, B, H), what the backward needs (T, B, K·H)."""
        T, B, H, program = self.T, self.B, self.H, self.program
        hs = torch.empty(T + 1, B, H, **self.like)
        cs = torch.empty(T + 1 if save else 1, B, H, **self.like) if program.has_c else hs
        kept = torch.empty(T if save else 0, B, program.kept * H, **self.like)
        for buffer, s in zip((hs, cs), state):
            buffer[0] = s
        window = self.start, self.stop
        with self.device:
            if self.over_time:
                given = (x, self.U, self.vectors, hs, cs, kept, *window, T, B)
                self.kernels.forward_over_time[(-(-B // TILE),)](*given, SAVE=save, **self.tiled)
            else:
                self._forward_steps(x, hs, cs, kept, save)
        return hs, cs, kept

    def _launch(self, kernel, *given, **constants) -> None:
        """A kernel of one step, over all of its B·H elements."""
        grid = (-(-self.B * self.H // BLOCK),)
        kernel[grid](*given, H=self.H, BLOCK=BLOCK, **self.constants, **constants)

    def _forward_steps(self, x, hs, cs, kept, save: bool) -> None:
        kernel, split, waits = self.kernels.forward_step, 2 * self.H, self.program.after_reset >= 0
        u = torch.zeros(self.B, self.program.rows * self.H, **self.like)
        c = cs if save else cs.expand(self.T + 1, -1, -1)  # one step reads and writes an element in one place
        for t in range(self.T):
            states = (hs[t], c[t], hs[t + 1], c[t + 1])
            given = (x[t], u, self.vectors, *states, kept[t] if save else kept, self.start, self.stop, t, self.B)
            if waits:
                torch.mm(hs[t], self.U[:split].T, out=u[:, :split])
                self._launch(kernel, *given, SAVE=False, RESET=True)  # hs[t + 1] is r ∘ h₋ for a while
                torch.mm(hs[t + 1], self.U[split:].T, out=u[:, split:])
            else:
                torch.mm(hs[t], self.U.T, out=u)
            self._launch(kernel, *given, SAVE=save, RESET=False)

    def backward(self, xs: Tensor, hs: Tensor, kept: Tensor, cs: Tensor | None = None, *, given: State):
        """given: dL/doutputs -> da of all rows (T, B, G·H), dL/dstates, dL/dparameters by name."""
        T, B, H, program = self.T, self.B, self.H, self.program
        blank = torch.zeros(B, H, **self.like)
        dhs, *dstate = (None if d is None else d.to(self.like["dtype"]) for d in given)
        dhs = torch.zeros(T, B, H, **self.like) if dhs is None else self.in_order(dhs).contiguous()
        dh, *dc = [blank.clone() if d is None else d.clone(memory_format=torch.contiguous_format) for d in dstate]
        dx = torch.empty(T, B, program.rows * H, **self.like)
        dv = torch.empty(T, B, H, **self.like) if program.resets == "after" else dx
        buffers = (hs, hs if cs is None else cs, kept, dhs, dh, *(dc or [dh]), dx, dv)
        with self.device:
            (self._backward_over_time if self.over_time else self._backward_steps)(*buffers)
        return dx, (dh, *dc), self._weights(xs, hs, cs, kept, dx, dv)

    def _backward_over_time(self, hs, cs, kept, dhs, dh, dc, dx, dv) -> None:
        ends = (hs[-2], cs[-1], kept[-1], dhs[-1], dh, dc, dx[-1], dv[-1], self.start, self.stop, self.T, self.B)
        self.kernels.backward_over_time[(-(-self.B // TILE),)](self.U, self.vectors, *ends, **self.tiled)

    def _backward_steps(self, hs, cs, kept, dhs, dh, dc, dx, dv) -> None:
        kernel, split, waits = self.kernels.backward_step, 2 * self.H, self.program.after_reset >= 0
        back, ds = torch.zeros_like(dh), torch.empty_like(dh)
        for t in reversed(range(self.T)):
            given = (self.vectors, hs[t], cs[t], cs[t + 1], kept[t], dhs[t], dh)
            rest = (dc, dx[t], dv[t], self.start, self.stop, t, self.B)
            self._launch(kernel, *given, back, *rest, RESET=False)
            if waits:
                torch.mm(dx[t, :, split:], self.U[split:], out=ds)
                self._launch(kernel, *given, ds, *rest, RESET=True)
                torch.mm(dx[t, :, :split], self.U[:split], out=back)
            else:
                torch.mm(self._of_u(dx[t], dv[t]), self.U, out=back)
        dh += back

    def _of_u(self, dx: Tensor, dv: Tensor) -> Tensor:
        """The error of U h₋ from that of W x: the same, but for the candidate of the GRU that resets afterwards."""
        return torch.cat([dx[..., : 2 * self.H], dv], -1) if self.program.resets == "after" else dx

    def _weights(self, xs, hs, cs, kept, dx, dv) -> dict[str, Tensor]:
        """The gradients of the parameters, each one product or sum over all steps."""
        H, rows = self.H, dx.flatten(0, 1)
        d = {"W": rows.T @ xs.flatten(0, 1), "b": rows.sum(0)}
        if self.program.resets == "after":
            d["b_hn"] = dv.sum((0, 1))
        d["U"] = self._of_u(dx, dv).flatten(0, 1).T @ hs[:-1].flatten(0, 1)
        if self.program.after_reset >= 0:
            s = kept[..., :H] * hs[:-1]  # r ∘ h₋
            d["U"][2 * H :] = rows[:, 2 * H :].T @ s.flatten(0, 1)
        for name in self.names if cs is not None else ():
            k = self.call.scan.rows.index(name[-1])
            seen = cs[1:] if name == "p_o" else cs[:-1]
            d[name] = (dx[..., k * H : (k + 1) * H] * seen).sum((0, 1))
        return d


@functools.cache  # looked up on disk, which takes as long as a short call
def triton_version() -> str:
    """The version that is installed, "none" without one."""
    try:
        return version("triton")
    except PackageNotFoundError:
        return "none"


def refuse_other_machines(xs: Tensor) -> None:
    """RuntimeError where the kernels cannot run on this tensor's device."""
    installed = triton_version()
    if installed == "none" or tuple(map(int, installed.split(".")[:2])) < TRITON:
        raise RuntimeError(f'impl="fused" needs Triton {TRITON[0]}.{TRITON[1]} or newer (Linux only), got {installed}')
    from .fused_kernels import INTERPRETED

    if not xs.is_cuda and not INTERPRETED:
        raise RuntimeError(f'impl="fused" needs a CUDA device, got input on {xs.device}')


def by_fused(layer, steps, hx: State) -> tuple[Tensor, State]:
    """The kernels for each layer and direction; under autocast in its dtype, as cuDNN."""

    def run(w, xs, state, reverse):
        return fused(layer, w, xs, state, steps, reverse)

    return stacked(run, parts(layer), steps.xs, hx, dropped(layer))


def fused(layer, w: Weights, xs: Tensor, state: State, steps, reverse: bool) -> tuple[Tensor, State]:
    """One direction of one layer."""
    dtype, device = w.weight_ih.dtype, xs.device.type
    if dtype == torch.float32 and torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
    call, tensors = prepared(layer, w, xs, state, steps, reverse, dtype)
    save = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    hs, *final = Fused.apply(call, save, *tensors)
    return hs, tuple(final)
