"""What a fast way leaves to the loop: derivatives of derivatives, and many gradients at once.

A fast way's backward computes numbers of which autograd records nothing. Where a gradient is to be differentiated again
(create_graph=True), or stands for many (is_grads_batched=True), the call is computed once more by the loop.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..._errors import carried_states_explained
from . import _torch_private

Compute = Callable[..., tuple[Tensor, ...]]  # the tensors that a call was given -> its outputs


def needed(given: Sequence[Tensor | None]) -> bool:
    """Whether a backward with these gradients, None for an output without one, must be left to the loop."""
    return torch.is_grad_enabled() or any(_torch_private.is_batched_gradient(g) for g in given if g is not None)


def saved(ctx) -> tuple[Tensor, ...]:
    """The tensors that a call saved; where a backward before this one has freed them, the error says what to detach."""
    with carried_states_explained():
        return ctx.saved_tensors


def recomputed(compute: Compute, inputs: Sequence[Tensor], given: Sequence[Tensor | None]) -> list[Tensor | None]:
    """dL/dinputs by autograd through ``compute(*inputs)``, None for an input that needs none; given: dL/doutputs."""
    graph = torch.is_grad_enabled()
    with torch.enable_grad(), torch.autocast(inputs[0].device.type, enabled=False):
        aliases = [t.view_as(t) for t in inputs]  # so that a tensor that comes in twice has a gradient for each place
        outputs = compute(*aliases)
    wanted = [t for t in aliases if t.requires_grad]
    roots = [output for output, g in zip(outputs, given, strict=True) if g is not None]
    seeds = [g.to(output.dtype) for output, g in zip(outputs, given, strict=True) if g is not None]
    grads = iter(torch.autograd.grad(roots, wanted, seeds, create_graph=graph, allow_unused=True))
    return [next(grads) if t.requires_grad else None for t in aliases]
