"""impl="scan": a whole sequence as one node of autograd, with the hand-derived backward in linearised form.

Linearised: every slope (the derivative of a gate by its pre-activation, times what multiplies that gate) depends on
forward values alone, so slopes are computed for many steps in a few large operations. The loop that remains in the
backward is linear: one matrix product and a handful of in-place products a step. Peepholes are folded into the slopes.

x, 1 and h lie side by side in one buffer, [x | 1 | h]: one product with [W | b | U]ᵀ is a step's pre-activation, and
one product over all steps is dW, db and dU.

A cell's scan has its parameters, ``parameters(w)`` of a layer's weights and ``weights(p)`` back, and ``forward`` and
``backward`` over arrays; see `scan_lstm`, `scan_gru` and `scan_rnn`. This module is what stands between them and
autograd; what they compute with is in `arithmetic`, and where it lies in `buffers`.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from . import again
from .arithmetic import computing
from .buffers import Buffers
from .loop import State, Weights, dropped, loop, parts, stacked


class Call(NamedTuple):
    """One layer in one direction."""

    scan: Any
    step: Callable
    names: tuple[str, ...]  # of the scan's parameters that are there
    sizes: list[int] | None  # how many sequences have each step, in the order of the input; None where all have
    mask: Tensor | None
    reverse: bool

    def named(self, values) -> SimpleNamespace:
        """The parameters by name, None for those that are not there."""
        return SimpleNamespace(**dict.fromkeys(self.scan.optional) | dict(zip(self.names, values, strict=True)))

    def by_loop(self, xs: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The outputs of `OneNode` from its inputs."""
        state, p = tensors[: self.scan.states], self.named(tensors[self.scan.states :])
        hs, final = loop(self.step, self.scan.weights(p), xs, state, self.mask, self.reverse)
        return hs, *final


class OneNode(Function):
    """(T, B, I), the initial states and the parameters -> h over time (T, B, H) and the final states."""

    @staticmethod
    def forward(ctx, call: Call, save: bool, xs, *tensors):
        scan, reverse = call.scan, call.reverse
        m = Buffers(xs, call.sizes[::-1] if call.sizes and reverse else call.sizes, save)
        ops = m.ops
        x, *arrays = map(ops.array, (xs, *tensors))
        with computing():
            x = ops.flip(x) if reverse else x
            X, final, tape = scan.forward(m, x, arrays[: scan.states], call.named(arrays[scan.states :]))
        hs = ops.tensor(m.outputs(X[1:, :, x.shape[2] + 1 :]))
        if save:
            ctx.set_materialize_grads(False)
            ctx.call, ctx.m = call, m
            ctx.save_for_backward(xs, *tensors, *map(ops.tensor, (X, *tape)))
        return (hs.flip(0) if reverse else _own(hs)), *(_own(ops.tensor(s)) for s in final)

    @staticmethod
    def backward(ctx, *given):
        call, saved = ctx.call, again.saved(ctx)  # read once: torch.utils.checkpoint recomputes them at each reading
        n = 1 + call.scan.states + len(call.names)
        if again.needed(given):
            return None, None, *again.recomputed(call.by_loop, saved[:n], given)
        return None, None, *_gradients(call, ctx.m, saved[:n], saved[n:], given, ctx.needs_input_grad[2])


def _gradients(call: Call, m: Buffers, inputs, tape, given, want_dx: bool) -> tuple[Tensor | None, ...]:
    """dL/dxs, dL/dstate and dL/dparameters, in the order of the inputs."""
    ops, scan, (dhs, *dstate) = m.ops, call.scan, given
    xs, *arrays = map(ops.array, inputs)
    X, *tape = map(ops.array, tape)
    state, p = arrays[: scan.states], call.named(arrays[scan.states :])
    grads = [m.zeros(*s.shape) if d is None else ops.copy(ops.array(d)) for s, d in zip(state, dstate, strict=True)]
    if dhs is not None:
        dhs = ops.array(dhs)
        dhs = m.each(ops.flip(dhs) if call.reverse else dhs)
    with computing():
        dxs, d = scan.backward(m, X, tape, p, dhs, grads, want_dx)
    if dxs is not None:
        dxs = dxs.reshape(xs.shape)
        dxs = ops.tensor(ops.copy(ops.flip(dxs)) if call.reverse else dxs)
    return dxs, *map(ops.tensor, grads), *(_own(ops.tensor(d[name])) for name in call.names)


def _own(tensor: Tensor) -> Tensor:
    """A contiguous copy in memory of torch's own: NumPy's could not be resized."""
    return tensor.clone(memory_format=torch.contiguous_format)


def prepared(
    layer, w: Weights, xs: Tensor, state: State, steps, reverse: bool, dtype=None
) -> tuple[Call, list[Tensor]]:
    """One direction of one layer, and its tensors xs, state and parameters in one dtype: that of W if none is given."""
    sizes = None if steps.packed is None else steps.packed.batch_sizes.tolist()
    p = {name: t for name, t in layer.scan.parameters(w).items() if t is not None}
    dtype = dtype or w.weight_ih.dtype  # autocast lets others through, in parametrized weights too
    tensors = [t.to(dtype) for t in (xs, *state, *p.values())]
    return Call(layer.scan, layer.step, tuple(p), sizes, steps.mask, reverse), tensors


def one_node(layer, w: Weights, xs: Tensor, state: State, steps, reverse: bool) -> tuple[Tensor, State]:
    """One direction of one layer by its scan."""
    call, tensors = prepared(layer, w, xs, state, steps, reverse)
    save = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    hs, *final = OneNode.apply(call, save, *tensors)
    return hs, tuple(final)


def by_scan(layer, steps, hx: State) -> tuple[Tensor, State]:
    """One node of autograd for each layer and direction."""

    def run(w, xs, state, reverse):
        return one_node(layer, w, xs, state, steps, reverse)

    return stacked(run, parts(layer), steps.xs, hx, dropped(layer))
