"""The ways over time that a layer has, and which of them impl="auto" takes."""

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from ._fast import one_node
from ._scan import State, by_loop, stacked
from ._vendor import by_vendor, kernel


def by_scan(layer, steps, hx: State) -> tuple[Tensor, State]:
    """One node of autograd for each layer and direction."""
    sizes = None if steps.packed is None else steps.packed.batch_sizes.tolist()

    def run(layer, w, xs, state, steps, reverse):
        return one_node(layer.scan, w, xs, state, sizes, reverse)

    return stacked(run, layer, steps, hx)


WAYS = {"loop": by_loop, "scan": by_scan, "vendor": by_vendor}


def ways(layer) -> tuple[str, ...]:
    """The values of ``impl`` that a layer, or a class of layers, has."""
    return ("auto", "loop", *(["scan"] if layer.scan else []), *(["vendor"] if kernel(layer) else []))


def route(layer, input: Tensor | PackedSequence) -> str:
    """The way that a call takes: the layer's impl, or for "auto" the fastest that applies.

    On a CPU, as `python -m lstmcourse bench` measures it: oneDNN has an LSTM for unpacked float32; for everything
    else torch steps through time in ATen, and the scan is faster. On a GPU cuDNN comes first. Inside a torch.func
    transform, forward-mode differentiation, torch.compile or torch.export it is the loop, which they can see through.
    """
    if layer.impl != "auto":
        return layer.impl
    packed = isinstance(input, PackedSequence)
    xs = input.data if packed else input
    if _transformed(xs):
        return "loop"
    vendor, scan = kernel(layer) is not None, layer.scan is not None
    if xs.device.type == "cpu" and xs.dtype in (torch.float32, torch.float64):
        if vendor and _onednn(layer, xs, packed):
            return "vendor"
        return "scan" if scan else "vendor" if vendor else "loop"
    if vendor:
        return "vendor"
    return "scan" if scan and xs.is_cuda else "loop"


def _onednn(layer, xs: Tensor, packed: bool) -> bool:
    """Whether torch.nn.LSTM would run on oneDNN's kernel."""
    fits = layer.vendor is torch._VF.lstm and xs.dtype == torch.float32 and not packed and not layer.proj_size
    return fits and torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled


def _transformed(xs: Tensor) -> bool:
    return (
        torch._C._functorch.peek_interpreter_stack() is not None
        or torch.autograd.forward_ad._current_level >= 0
        or torch.compiler.is_compiling()
        or type(xs) not in (Tensor, torch.nn.Parameter)
    )
