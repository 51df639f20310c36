"""The ways over time that a layer has, and which of them impl="auto" takes."""

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from .loop import State, by_loop, stacked
from .scan import one_node
from .vendor import by_vendor, kernel, tied

SHORT = 2  # steps up to which the loop is fastest
TIED_BELOW = 4096  # B · H from which three gates by the scan are faster than four by oneDNN


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


def check(layer, impl: str) -> None:
    """ValueError where ``impl`` is no way of the layer."""
    if impl not in ways(layer):
        raise ValueError(f"impl of {type(layer).__name__} must be one of {ways(layer)}, got {impl!r}")


def route(layer, input: Tensor | PackedSequence) -> str:
    """The way that a call takes: the layer's impl, or for "auto" the fastest that applies.

    On a CPU, by `python -m lstmcourse bench`: one or two steps are not worth more than the loop; oneDNN has an LSTM
    for float32 that is not packed; for everything else torch itself steps through time, and the scan is faster. Gates
    tied for oneDNN's LSTM cost four products instead of three, which in large nets the scan makes good (TIED_BELOW).
    On a GPU cuDNN comes first. Inside a torch.func transform, forward-mode differentiation, torch.compile,
    torch.export, torch.jit.trace or a dispatch mode (make_fx, FlopCounterMode) it is the loop, which they can see
    through.

    Raises RuntimeError where a fast way was asked for by name and none of these can see through it, ValueError where
    ``impl`` was set to a way that the layer does not have.
    """
    if layer.impl in ("auto", "loop") and torch.compiler.is_compiling():  # first: torch 2.4 compiles no more than this
        return "loop"
    if layer.impl != "auto":
        _refuse_the_blind(layer.impl)
        check(layer, layer.impl)
        return layer.impl
    packed = isinstance(input, PackedSequence)
    xs = input.data if packed else input
    if _recorded() or _differentiated_forwards() or type(xs) not in (Tensor, torch.nn.Parameter):
        return "loop"
    vendor, scan = kernel(layer) is not None, layer.scan is not None
    if xs.device.type != "cpu":
        return "vendor" if vendor else "scan" if scan and xs.is_cuda else "loop"
    T, B = _steps(layer, input)
    if T <= SHORT:
        return "loop"
    dtype = layer.weight_ih_l0.dtype  # under autocast the input may have another
    if dtype not in (torch.float32, torch.float64):
        return "vendor" if vendor else "loop"
    if vendor and not packed and _onednn(layer, dtype) and not (tied(layer) and B * layer.hidden_size >= TIED_BELOW):
        return "vendor"
    return "scan" if scan else "vendor" if vendor else "loop"


def _steps(layer, input: Tensor | PackedSequence) -> tuple[int, int]:
    """T and B of an input."""
    if isinstance(input, PackedSequence):
        return len(input.batch_sizes), int(input.batch_sizes[0])
    if input.dim() == 2:
        return input.size(0), 1
    return (input.size(1), input.size(0)) if layer.batch_first else (input.size(0), input.size(1))


def _onednn(layer, dtype: torch.dtype) -> bool:
    """Whether torch's kernel for the layer is oneDNN's, which under autocast knows bfloat16 and not float16."""
    if torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.float16:
        return False
    fits = layer.vendor is torch._VF.lstm and dtype == torch.float32 and not layer.proj_size
    return fits and torch.backends.mkldnn.is_available() and bool(torch.backends.mkldnn.enabled)


def _refuse_the_blind(impl: str) -> None:
    """RuntimeError where what surrounds the call would see nothing, or constants, of a way asked for by name."""
    if impl != "loop" and _differentiated_forwards():
        what = "cannot go through torch.func or forward-mode differentiation"
    elif impl == "scan" and _recorded():
        what = "cannot be traced, exported or counted, since torch does not see its arithmetic"
    else:
        return
    raise RuntimeError(f'impl="{impl}" {what}; impl="loop" can, and impl="auto" takes it there')


def _differentiated_forwards() -> bool:
    functorch = torch._C._functorch.peek_interpreter_stack() is not None
    return functorch or torch.autograd.forward_ad._current_level >= 0


def _recorded() -> bool:
    """Whether torch.jit.trace or a dispatch mode, such as torch.export's, writes down the operations."""
    return torch.jit.is_tracing() or torch._C._len_torch_dispatch_stack() > 0
