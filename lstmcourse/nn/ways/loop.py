"""The loop over time, which every other way must equal, and what stands around one pass: layers and directions."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

State = tuple[Tensor, ...]


class Weights:
    """The parameters of one layer in one direction by name: a plain class, which torch.compile can see through.

    Beside these it has what else the cell needs, such as the peepholes p_i, p_f and p_o.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    weight_hr: Tensor | None = None

    def __init__(self, **tensors: Tensor | None):
        for name, tensor in tensors.items():
            setattr(self, name, tensor)

    def given(self) -> dict[str, Tensor]:
        """Those that are there, by name, in torch.nn's order for a layer's."""
        return {name: t for name, t in vars(self).items() if t is not None}


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """W x + b over the last dimension; weights with a leading dimension of nets make it a batched product."""
    if weight.dim() == 2:
        return F.linear(x, weight, bias)
    y = x @ weight.mT
    return y if bias is None else y + bias


def inputs(xs: Tensor, w: Weights) -> Tensor:
    """W x + b_ih of every step in one product: what a step takes as ax, where its layer says nothing else."""
    return affine(xs, w.weight_ih, w.bias_ih)


def loop(
    step, w: Weights, xs: Tensor, state: State, mask: Tensor | None = None, reverse: bool = False, *, inputs=inputs
):
    """One direction of one layer, step by step under plain autograd: the contract that every other way must meet.

    xs (T, B, I), state (B, ·) each -> h over time (T, B, ·) and the final state. Where the mask (T, B, 1) is False
    the state stands still and h is zero. step and inputs: a layer's.
    """
    ax = inputs(xs, w).unbind(0)
    order = range(len(ax) - 1, -1, -1) if reverse else range(len(ax))
    hs: list[Tensor] = [ax[0]] * len(ax)
    for t in order:
        new = step(ax[t], state, w)
        if mask is not None:
            new = tuple(torch.where(mask[t], n, s) for n, s in zip(new, state, strict=True))
        state = new
        hs[t] = state[0]
    out = torch.stack(hs)
    return (out if mask is None else out * mask), state


def stacked(run, weights: list[list[Weights]], xs: Tensor, hx: State, between=None) -> tuple[Tensor, State]:
    """Layers and directions around a function ``run(w, xs, state, reverse)`` that does one of them.

    weights: of each layer, for each direction; between: a function of the output of every layer but the last.
    """
    final = []
    for k, directions in enumerate(weights):
        outs = []
        for reverse, w in enumerate(directions):
            state = tuple(s[k * len(directions) + reverse] for s in hx)
            out, state = run(w, xs, state, bool(reverse))
            outs.append(out)
            final.append(state)
        xs = torch.cat(outs, -1) if len(outs) == 2 else outs[0]
        if between is not None and k < len(weights) - 1:
            xs = between(xs)
    return xs, tuple(torch.stack(s) for s in zip(*final, strict=True))


def parts(layer) -> list[list[Weights]]:
    """The weights of each layer, for each direction."""
    return [[layer.weights(k, bool(r)) for r in range(layer._directions)] for k in range(layer.num_layers)]


def dropped(layer) -> Callable[[Tensor], Tensor] | None:
    """The dropout between layers, None where there is none."""
    if not layer.dropout:
        return None
    return lambda xs: F.dropout(xs, layer.dropout, layer.training)


def by_loop(layer, steps, hx: State) -> tuple[Tensor, State]:
    """Plain autograd, one step after the other."""

    def run(w, xs, state, reverse):
        return loop(layer.step, w, xs, state, steps.mask, reverse, inputs=layer.inputs)

    return stacked(run, parts(layer), steps.xs, hx, dropped(layer))
