"""impl="vendor": torch's own kernels, cuDNN on a GPU and oneDNN or ATen on a CPU, for every cell that fits into one.

An LSTM kernel computes other cells exactly when its rows are tied or saturated:

- coupled gates: 1 − σ(a) = σ(−a), so the rows of i are those of f with the sign turned;
- a gate that is 1 (no forget gate in LSTM97; NIG, NFG, NOG): its weights are 0 and its bias is so large that the
  kernel's own σ is exactly 1. 17 would do for a rounded σ in float32, but oneDNN's needs more; 40 is enough in both
  precisions (tests/nn/test_ways.py holds it over long sequences).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import Function

from . import again
from .loop import State, Weights, dropped, loop, parts, stacked

SATURATED = 40.0
ONCE = (
    'impl="vendor" with dropout on a GPU has first derivatives of one gradient at a time, since cuDNN does not tell '
    'what it dropped; impl="loop" and impl="scan" have the others'
)
MODES = {torch._VF.lstm: "LSTM", torch._VF.gru: "GRU", torch._VF.rnn_tanh: "RNN_TANH", torch._VF.rnn_relu: "RNN_RELU"}


def kernel(layer) -> Callable | None:
    """Torch's kernel for a layer or a class of layers; None where gates see the cell state or no kernel fits."""
    return None if layer.vectors else layer.vendor


class Tape:
    """What the two ends of a call into a kernel tell each other."""

    def __init__(self, compute: again.Compute | None):
        self.compute = compute  # the same by the loop; None where the loop cannot draw the same dropout
        self.given: tuple[Tensor | None, ...] | None = None  # gradients that the loop has to answer for


class Entry(Function):
    """The inputs of a kernel, unchanged. Its backward is the kernel's, or the loop's where `Exit` says so."""

    @staticmethod
    def forward(ctx, tape: Tape, *inputs):
        ctx.tape = tape
        ctx.save_for_backward(*inputs)
        ctx.set_materialize_grads(False)
        outputs = tuple(t.detach() for t in inputs)  # no views, several of which autograd lets nobody change in place
        needed = zip(outputs, ctx.needs_input_grad[1:], strict=True)
        ctx.mark_non_differentiable(*(t for t, needs in needed if not needs))  # the kernel need not work for those
        return outputs

    @staticmethod
    def backward(ctx, *grads):
        given, ctx.tape.given = ctx.tape.given, None
        return None, *(grads if given is None else again.recomputed(ctx.tape.compute, ctx.saved_tensors, given))


class Exit(Function):
    """The outputs of a kernel, unchanged. Gradients that are the loop's affair do not enter the kernel's backward."""

    @staticmethod
    def forward(ctx, tape: Tape, *outputs):
        ctx.tape, ctx.sizes = tape, [t.shape for t in outputs]
        ctx.like = {"dtype": outputs[0].dtype, "device": outputs[0].device}
        ctx.save_for_backward(outputs[0].new_empty(0))  # freed with the kernel's own, it tells before the kernel does
        ctx.set_materialize_grads(False)
        return tuple(t.detach() for t in outputs)

    @staticmethod
    def backward(ctx, *given):
        again.saved(ctx)
        if not again.needed(given):
            ctx.tape.given = None
            return None, *given
        if ctx.tape.compute is None:
            raise RuntimeError(ONCE)
        ctx.tape.given = given
        return None, *(torch.zeros(size, **ctx.like) for size in ctx.sizes)


def by_vendor(layer, steps, hx: State) -> tuple[Tensor, State]:
    """Torch's own kernel for all layers and directions in one call; layer by layer where the loop must be able to
    repeat what dropout drew between them."""
    xs = steps.xs if steps.packed is None else steps.packed.data
    between = dropped(layer) if layer.training and layer.num_layers > 1 else None
    if between is None or keeps_its_mask(xs):
        return _one_call(layer, steps, parts(layer), xs, hx, between is not None)
    final = []
    for k, directions in enumerate(parts(layer)):
        at = slice(k * layer._directions, (k + 1) * layer._directions)
        xs, state = _one_call(layer, steps, [directions], xs, tuple(s[at] for s in hx), False)
        final.append(state)
        if k < layer.num_layers - 1:
            xs = between(xs)
    return xs, tuple(torch.cat(s) for s in zip(*final, strict=True))


def keeps_its_mask(xs: Tensor) -> bool:
    """Whether the kernel would rather drop by itself, without telling what: cuDNN is faster with all layers at once."""
    return xs.is_cuda


def _one_call(layer, steps, weights: list[list[Weights]], xs: Tensor, hx: State, drops: bool) -> tuple[Tensor, State]:
    step, packed, mask, dtype = layer.step, steps.packed, steps.mask, weights[0][0].weight_ih.dtype
    names = [[tuple(w.given()) for w in directions] for directions in weights]

    def named(tensors) -> list[list[Weights]]:
        values = iter(tensors)
        return [[Weights(**{name: next(values) for name in one}) for one in directions] for directions in names]

    def by_steps(w, xs, state, reverse):
        return loop(step, w, xs, state, mask, reverse)

    def compute(xs, *tensors) -> tuple[Tensor, ...]:
        """The same by the loop, and all in one dtype: autocast may have let others through."""
        xs, tensors = xs.to(dtype), tuple(t.to(dtype) for t in tensors)
        if packed is not None:
            xs = xs.new_zeros(*mask.shape[:2], xs.size(-1)).masked_scatter(mask, xs)
        output, final = stacked(by_steps, named(tensors[len(hx) :]), xs, tensors[: len(hx)])
        return (output if packed is None else output.masked_select(mask).view(-1, output.size(-1))), *final

    tape = Tape(None if drops else compute)
    tensors = [xs, *hx, *(t for ws in weights for w in ws for t in w.given().values())]
    recorded = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    recorded = recorded and not torch.jit.is_tracing()  # which could not save a Function
    if recorded:
        tensors = Entry.apply(tape, *tensors)
    xs, state, flat = tensors[0], tensors[1 : 1 + len(hx)], flat_weights(layer, named(tensors[1 + len(hx) :]))
    biases = layer.bias or (tied(layer) and not layer.coupled)  # saturated rows need them
    flags = (biases, len(weights), layer.dropout, layer.training, layer.bidirectional)
    first = state if len(state) > 1 else state[0]
    if packed is None:
        outputs = layer.vendor(xs, first, flat, *flags, False)
    else:
        outputs = layer.vendor(xs, packed.batch_sizes, first, flat, *flags)
    if recorded:
        outputs = Exit.apply(tape, *outputs)
    return outputs[0], tuple(outputs[1:])


def flat_weights(layer, weights: list[list[Weights]]) -> list[Tensor]:
    """The weights of layers and directions in the order that torch's kernels take."""
    each = [w for directions in weights for w in directions]
    if not tied(layer):
        return [t for w in each for t in w.given().values()]
    lists = [as_lstm(w, layer.rows, layer.coupled) for w in each]
    return one_buffer(lists) if lists[0][0].is_cuda else [t for ts in lists for t in ts]


def tied(layer) -> bool:
    """Whether the cell has other gates than torch's LSTM and runs on its kernel."""
    return layer.vendor is torch._VF.lstm and layer.rows != "ifgo"


def as_lstm(w, rows: str, coupled: bool) -> list[Tensor]:
    """W, U and biases of the LSTM (rows i, f, g, o) that does exactly what a cell with fewer gates does."""

    def widen(parameter: Tensor, absent: float) -> Tensor:
        part = dict(zip(rows, parameter.chunk(len(rows)), strict=True))
        if coupled:
            part["i"] = -part["f"]
        blank = torch.full_like(part["g"], absent, requires_grad=False)
        return torch.cat([part.get(k, blank) for k in "ifgo"])

    weights = [widen(w.weight_ih, 0.0), widen(w.weight_hh, 0.0)]
    if w.bias_ih is not None:
        return [*weights, widen(w.bias_ih, SATURATED), widen(w.bias_hh, 0.0)]
    if coupled:
        return weights
    none = w.weight_ih.new_zeros(w.weight_ih.size(0))
    return [*weights, widen(none, SATURATED), widen(none, 0.0)]


def one_buffer(lists: list[list[Tensor]]) -> list[Tensor]:
    """The same weights as views of one buffer in cuDNN's order, all matrices and then all biases.

    So cuDNN need not collect them at every call (nor warn that it does). Were its order another, it would.
    """
    order = [t for ts in lists for t in ts[:2]] + [t for ts in lists for t in ts[2:]]
    parts = torch.cat([t.reshape(-1) for t in order]).split([t.numel() for t in order])
    views = iter([part.view(t.shape) for part, t in zip(parts, order, strict=True)])
    matrices = [[next(views), next(views)] for _ in lists]
    return [t for m, ts in zip(matrices, lists, strict=True) for t in (*m, *(next(views) for _ in ts[2:]))]


def flatten(layer) -> None:
    """Lay the parameters of a layer that is torch's own (LSTM, GRU, RNN) out in one cuDNN buffer, as torch.nn does.

    Does nothing without CUDA and cuDNN, for other dtypes than cuDNN's, or where parameters share memory.
    """
    if kernel(layer) is None or tied(layer):
        return
    weights = flat_weights(layer, parts(layer))
    first = weights[0]
    if not first.is_cuda or any(w.dtype != first.dtype or w.device != first.device for w in weights):
        return
    if not torch.backends.cudnn.is_acceptable(first) or len({w.data_ptr() for w in weights}) != len(weights):
        return
    from torch.backends.cudnn import rnn

    with torch.cuda.device_of(first), torch.no_grad():
        if torch._use_cudnn_rnn_flatten_weight():
            torch._cudnn_rnn_flatten_weight(
                weights,
                len(layer.weights().given()),
                layer.input_size,
                rnn.get_cudnn_mode(MODES[layer.vendor]),
                layer.hidden_size,
                layer.proj_size,
                layer.num_layers,
                layer.batch_first,
                layer.bidirectional,
            )
