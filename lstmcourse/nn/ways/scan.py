"""impl="scan": a whole sequence as one node of autograd, with the hand-derived backward in linearised form.

Linearised: every slope (the derivative of a gate by its pre-activation, times what multiplies that gate) depends on
forward values alone, so slopes are computed for many steps in a few large operations. The loop that remains in the
backward is linear: one matrix product and a handful of in-place products a step. Peepholes are folded into the slopes.

x, 1 and h lie side by side in one buffer, [x | 1 | h]: one product with [W | b | U]ᵀ is a step's pre-activation, and
one product over all steps is dW, db and dU.

A cell's scan has the names of its parameters, ``parameters(w)``, and ``forward`` and ``backward`` over arrays; see
`scan_lstm`, `scan_gru` and `scan_rnn`. This module is what stands between them and autograd; what they compute with is
in `arithmetic`, and where it lies in `buffers`.
"""

from types import SimpleNamespace

import torch
from torch import Tensor
from torch.autograd import Function

from . import _torch_private
from .arithmetic import computing
from .buffers import Buffers
from .loop import State, stacked

UNBATCHED = 'impl="scan" takes one gradient at a time; make the layer with impl="loop" for is_grads_batched=True'
ONCE = 'impl="{}" has first derivatives only; make the layer with impl="loop" to differentiate its gradient again'


class FirstOnly(Function):
    """Gradients that say clearly that they cannot be differentiated again. ``inputs`` are what they depend on."""

    @staticmethod
    def forward(ctx, way, compute, *inputs):
        ctx.way = way
        return compute()

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError(ONCE.format(ctx.way))


class OneNode(Function):
    """One layer in one direction: (T, B, I) and the initial states -> h over time (T, B, H) and the final states."""

    @staticmethod
    def forward(ctx, scan, names, sizes, reverse, save, xs, *tensors):
        m = Buffers(xs, sizes, save)
        ops = m.ops
        x, *arrays = map(ops.array, (xs, *tensors))
        state, p = arrays[: scan.states], _namespace(scan, names, arrays[scan.states :])
        with computing():
            X, final, tape = scan.forward(m, ops.flip(x) if reverse else x, state, p)
        hs = m.outputs(X[1:, :, x.shape[2] + 1 :])
        hs = ops.copy(ops.flip(hs) if reverse else hs)
        if save:
            ctx.set_materialize_grads(False)
            ctx.scan, ctx.names, ctx.m, ctx.reverse = scan, names, m, reverse
            ctx.save_for_backward(xs, *tensors, *map(ops.tensor, (X, *tape)))
        return ops.tensor(hs), *map(ops.tensor, final)

    @staticmethod
    def backward(ctx, dhs, *dstate):
        saved = ctx.saved_tensors  # read once: torch.utils.checkpoint recomputes them at each reading
        inputs = saved[: len(ctx.names) + ctx.scan.states + 1]
        compute = lambda: _gradients(ctx, saved, dhs, dstate)
        given = [d for d in (dhs, *dstate) if d is not None]
        if any(map(_torch_private.is_batched_gradient, given)):
            raise RuntimeError(UNBATCHED)
        if torch.is_grad_enabled():  # create_graph=True
            return None, None, None, None, None, *FirstOnly.apply("scan", compute, *inputs, *given)
        return None, None, None, None, None, *compute()


def _gradients(ctx, saved: tuple[Tensor, ...], dhs: Tensor | None, dstate) -> tuple[Tensor | None, ...]:
    """dL/dxs, dL/dstate and dL/dparameters, in the order of the inputs."""
    m, ops, scan, names = ctx.m, ctx.m.ops, ctx.scan, ctx.names
    xs, *arrays = map(ops.array, saved)
    state, p = arrays[: scan.states], _namespace(scan, names, arrays[scan.states :][: len(names)])
    X, *tape = arrays[scan.states + len(names) :]
    grads = [m.zeros(*s.shape) if d is None else ops.copy(ops.array(d)) for s, d in zip(state, dstate, strict=True)]
    if dhs is not None:
        dhs = ops.array(dhs)
        dhs = m.each(ops.flip(dhs) if ctx.reverse else dhs)
    with computing():
        dxs, d = scan.backward(m, X, tape, p, dhs, grads, ctx.needs_input_grad[5])
    if dxs is not None:
        dxs = dxs.reshape(xs.shape)
        dxs = ops.tensor(ops.copy(ops.flip(dxs)) if ctx.reverse else dxs)
    return dxs, *map(ops.tensor, grads), *(ops.tensor(d[name]) for name in names)


def _namespace(scan, names, arrays) -> SimpleNamespace:
    return SimpleNamespace(**dict.fromkeys(scan.optional) | dict(zip(names, arrays, strict=True)))


def one_node(scan, w, xs: Tensor, state, sizes: list[int] | None, reverse: bool):
    """One direction of one layer by its scan; sizes: how many sequences have each step, None where all have."""
    if sizes is not None and reverse:
        sizes = sizes[::-1]
    p = {name: t for name, t in scan.parameters(w).items() if t is not None}
    dtype = w.weight_ih.dtype  # autocast lets others through, in parametrized weights too
    tensors = [t.to(dtype) for t in (xs, *state, *p.values())]
    save = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    hs, *final = OneNode.apply(scan, tuple(p), sizes, reverse, save, *tensors)
    return hs, tuple(final)


def by_scan(layer, steps, hx: State) -> tuple[Tensor, State]:
    """One node of autograd for each layer and direction."""
    sizes = None if steps.packed is None else steps.packed.batch_sizes.tolist()

    def run(layer, w, xs, state, steps, reverse):
        return one_node(layer.scan, w, xs, state, sizes, reverse)

    return stacked(run, layer, steps, hx)
