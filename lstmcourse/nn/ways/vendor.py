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

from .scan import FirstOnly

SATURATED = 40.0
MODES = {torch._VF.lstm: "LSTM", torch._VF.gru: "GRU", torch._VF.rnn_tanh: "RNN_TANH", torch._VF.rnn_relu: "RNN_RELU"}


def kernel(layer) -> Callable | None:
    """Torch's kernel for a layer or a class of layers; None where gates see the cell state or no kernel fits."""
    return None if layer.vectors else layer.vendor


class Once(Function):
    """The identity, with a gradient that says clearly that it cannot be differentiated again."""

    @staticmethod
    def forward(ctx, *tensors):
        return tuple(t.detach() for t in tensors)  # no views, of which autograd forbids several to be changed in place

    @staticmethod
    def backward(ctx, *grads):
        if not torch.is_grad_enabled():
            return grads
        given = [g for g in grads if g is not None]
        return FirstOnly.apply("vendor", lambda: tuple(None if g is None else g.view_as(g) for g in grads), *given)


def once(*tensors: Tensor) -> list[Tensor]:
    """The tensors, those that need a gradient through `Once`; torch.jit.trace, which could not save it, sees none."""
    needing = [t for t in tensors if t.requires_grad and torch.is_grad_enabled() and not torch.jit.is_tracing()]
    if not needing:
        return list(tensors)
    marked = iter(Once.apply(*needing))
    return [next(marked) if t.requires_grad else t for t in tensors]


def by_vendor(layer, steps, hx):
    """One call into torch's own kernel for all layers and directions."""
    packed = steps.packed
    xs = steps.xs if packed is None else packed.data
    xs, *rest = once(xs, *hx, *flat_weights(layer))
    hx, weights = tuple(rest[: len(hx)]), rest[len(hx) :]
    biases = layer.bias or (tied(layer) and not layer.coupled)  # saturated rows need them
    flags = (biases, layer.num_layers, layer.dropout, layer.training, layer.bidirectional)
    state = hx if len(hx) > 1 else hx[0]
    if packed is None:
        output, *final = kernel(layer)(xs, state, weights, *flags, False)
    else:
        output, *final = kernel(layer)(xs, packed.batch_sizes, state, weights, *flags)
    return output, tuple(final)


def flat_weights(layer) -> list[Tensor]:
    """The weights of all layers and directions in the order that torch's kernels take."""
    each = [layer.weights(k, bool(r)) for k in range(layer.num_layers) for r in range(layer._directions)]
    if not tied(layer):
        return [t for w in each for t in _given(w)]
    lists = [as_lstm(w, layer.rows, layer.coupled) for w in each]
    return one_buffer(lists) if lists[0][0].is_cuda else [t for ts in lists for t in ts]


def tied(layer) -> bool:
    """Whether the cell has other gates than torch's LSTM and runs on its kernel."""
    return layer.vendor is torch._VF.lstm and layer.rows != "ifgo"


def _given(w) -> list[Tensor]:
    return [t for t in (w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr) if t is not None]


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
    weights = flat_weights(layer)
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
                len(_given(layer.weights())),
                layer.input_size,
                rnn.get_cudnn_mode(MODES[layer.vendor]),
                layer.hidden_size,
                layer.proj_size,
                layer.num_layers,
                layer.batch_first,
                layer.bidirectional,
            )
