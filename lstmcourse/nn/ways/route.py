"""The ways over time that a layer has, and which of them impl="auto" takes."""

import torch
from torch import Tensor

from .._input import Steps
from ._torch_private import TELLS_EXPORT, in_dispatch_mode, in_forward_mode, in_functorch
from .fused import by_fused, program, refuse_other_machines
from .graph import applies, by_graph
from .loop import by_loop
from .scan import by_scan
from .vendor import by_vendor, kernel, tied

SHORT = 2  # steps up to which the loop is fastest
TIED_BELOW = 4096  # B · H from which three gates by the scan are faster than four by oneDNN
RNNS = (torch._VF.rnn_tanh, torch._VF.rnn_relu)
WAYS = {"loop": by_loop, "scan": by_scan, "vendor": by_vendor, "graph": by_graph, "fused": by_fused}


def ways(layer, device: str = "cpu") -> tuple[str, ...]:
    """The values of ``impl`` that a layer, or a class of layers, has for tensors on that type of device."""
    everywhere = ("auto", "loop", *(["scan"] if layer.scan else []), *(["vendor"] if kernel(layer) else []))
    if device != "cuda" or layer.scan is None:
        return everywhere
    fused = program(layer.scan) is not None and not getattr(layer, "proj_size", False)
    return (*everywhere, "graph", *(["fused"] if fused else []))


def check(layer, impl: str) -> None:
    """ValueError where ``impl`` is no way of the layer on any device."""
    known = ways(layer, "cuda")
    if impl not in known:
        raise ValueError(f"impl of {type(layer).__name__} must be one of {known}, got {impl!r}")


def route(layer, steps: Steps) -> str:
    """The way that a call on what `unpack` made takes, or "operator"; see `eager` for one that nothing surrounds.

    What torch.compile, torch.export and torch.jit.trace record of a layer is the "operator", which takes the eager way
    when it runs, or the vendor's kernel, where TorchScript knows it. Inside a torch.func transform, forward-mode
    differentiation or a dispatch mode (make_fx, FlopCounterMode) it is the loop, which they see through.

    Raises RuntimeError where a fast way was asked for by name and none of these can see through it, ValueError where
    ``impl`` was set to a way that the layer does not have.
    """
    if layer.impl == "loop":
        return "loop"
    if torch.compiler.is_compiling():  # before the rest: torch 2.4 compiles no more than this
        return "loop" if TELLS_EXPORT and in_functorch() else "operator"
    if layer.impl != "auto":
        check(layer, layer.impl)
        _refuse_the_blind(layer.impl)
    elif _differentiated_forwards() or type(steps.xs) not in (Tensor, torch.nn.Parameter):
        return "loop"
    if torch.jit.is_tracing():
        known = kernel(layer) is not None and layer.impl in ("auto", "vendor")
        return "vendor" if known and not torch.onnx.is_in_onnx_export() else "operator"
    return "loop" if layer.impl == "auto" and in_dispatch_mode() else eager(layer, steps)


def eager(layer, steps: Steps) -> str:
    """The way of an eager call: the layer's impl, or for "auto" the fastest that applies.

    On a CPU, by `python -m lstmcourse bench`: one or two steps are not worth more than the loop; oneDNN has an LSTM
    for float32 that is not packed; for everything else torch itself steps through time, and the scan is faster. Gates
    tied for oneDNN's LSTM cost four products instead of three, which in large nets the scan makes good (TIED_BELOW).
    On a GPU cuDNN comes first; "graph" and "fused", which nobody has measured yet, run only where they are asked for by
    name, and where a "graph" cannot be recorded, the scan that it would hold runs as it is.
    """
    if layer.impl != "auto":
        if layer.impl == "fused":
            refuse_other_machines(steps.xs)
        return "scan" if layer.impl == "graph" and not applies(steps) else layer.impl
    xs, packed = steps.xs, steps.packed is not None
    vendor, scan = kernel(layer) is not None, layer.scan is not None
    if xs.device.type != "cpu":
        return "vendor" if vendor else "scan" if scan and xs.is_cuda else "loop"
    T, B = xs.shape[:2]
    if T <= SHORT:
        return "loop"
    dtype = layer.weight_ih_l0.dtype  # under autocast the input may have another
    if dtype not in (torch.float32, torch.float64):
        return "vendor" if vendor else "loop"
    if layer.vendor in RNNS and torch.is_autocast_enabled("cpu"):  # whose result has autocast's dtype, as torch.nn's
        return "vendor"
    if vendor and not packed and _onednn(layer, dtype) and not (tied(layer) and B * layer.hidden_size >= TIED_BELOW):
        return "vendor"
    return "scan" if scan else "vendor" if vendor else "loop"


def _onednn(layer, dtype: torch.dtype) -> bool:
    """Whether torch's kernel for the layer is oneDNN's, which under autocast knows bfloat16 and not float16."""
    if torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.float16:
        return False
    fits = layer.vendor is torch._VF.lstm and dtype == torch.float32 and not layer.proj_size
    return fits and torch.backends.mkldnn.is_available() and bool(torch.backends.mkldnn.enabled)


def _refuse_the_blind(impl: str) -> None:
    """RuntimeError where what surrounds the call would see nothing, or constants, of a way asked for by name."""
    if _differentiated_forwards():
        what = "cannot go through torch.func or forward-mode differentiation"
    elif impl in ("scan", "graph", "fused") and in_dispatch_mode():
        what = "cannot be written down or counted by a dispatch mode, since torch does not see its arithmetic"
    else:
        return
    raise RuntimeError(f'impl="{impl}" {what}; impl="loop" can, and impl="auto" takes it there')


def _differentiated_forwards() -> bool:
    return in_functorch() or in_forward_mode()
