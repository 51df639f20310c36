"""A layer of the network as one operator of torch's, for what records operations: torch.compile, export and traces.

Recorded step by step, a loop has the length of the recording and a node for each operation of each step. The operator
``lstmcourse::layer`` is one node for all steps, both directions included; its kernel takes the way that an eager call
would, and for impl="graph" the scan. What is recorded with it runs wherever `lstmcourse.nn` is imported. Its backward
is the loop's, which autograd sees through.

Where torch.compile would need that backward, the graph breaks instead, as it does for torch.nn.LSTM: an eager call has
the scan's backward, and in a graph the operator would have to hand out what that needs, or compute it twice.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from .._input import Steps
from . import _torch_private, again, route
from .loop import State, Weights, by_loop, dropped, parts

CELLS: dict[str, Any] = {}  # name -> layer, for the operator to find: LAYERS, which stands above this module
SCHEMA = "(str cell, str impl, str names, bool bidirectional, Tensor xs, Tensor[] hx, Tensor[] weights, Tensor? mask)"


class OneLayer:
    """What the ways ask of a layer: a cell of LAYERS with the weights that the operator was given."""

    num_layers, dropout, training = 1, 0.0, False

    def __init__(self, cell: str, impl: str, names: str, bidirectional: bool, weights: list[Tensor]):
        self._class, self.bidirectional = CELLS[cell], bidirectional
        self.impl = "scan" if impl == "graph" else impl  # a recording would be made at each call and go with this
        self._names = names.split(",")
        self._weights = weights
        w = self.weights()
        self.weight_ih_l0, self.bias = w.weight_ih, w.bias_ih is not None
        self.vectors = tuple(name for name in self._names if name in ("p_i", "p_f", "p_o"))
        self.hidden_size = w.weight_hh.shape[0] // len(self.rows)
        self.proj_size = 0 if w.weight_hr is None else w.weight_hr.shape[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._class, name)  # rows, step, scan, vendor and what else the cell says of itself

    @property
    def _directions(self) -> int:
        return 1 + self.bidirectional

    def weights(self, layer: int = 0, reverse: bool = False) -> Weights:
        n = len(self._names)
        return Weights(**dict(zip(self._names, self._weights[reverse * n : (1 + reverse) * n], strict=True)))


def _steps(xs: Tensor, mask: Tensor | None) -> Steps:
    if mask is None:
        return Steps(xs)
    packed = PackedSequence(xs.masked_select(mask).view(-1, xs.size(-1)), mask.sum((1, 2)).cpu())
    return Steps(xs, packed, mask)


@torch.library.custom_op("lstmcourse::layer", mutates_args=(), schema=SCHEMA + " -> Tensor[]")
def layer_operator(cell, impl, names, bidirectional, xs, hx, weights, mask):
    """[output (T, B, D·H), *final states (D, B, H)] of xs (T, B, I) and the states hx; mask (T, B, 1) as in `loop`.

    cell: its name in LAYERS; names: of the weights of one direction, with commas; weights: of all directions.
    """
    with torch.no_grad():
        one, steps = OneLayer(cell, impl, names, bidirectional, weights), _steps(xs, mask)
        output, final = route.WAYS[route.eager(one, steps)](one, steps, tuple(hx))
        if output.dim() == 2:  # a kernel's answer to packed data
            output = output.new_zeros(*xs.shape[:2], output.size(-1)).masked_scatter(mask, output)
    return [t.contiguous() for t in (output, *final)]


@layer_operator.register_fake
def _(cell, impl, names, bidirectional, xs, hx, weights, mask):
    output = xs.new_empty(*xs.shape[:2], (1 + bidirectional) * hx[0].size(-1))
    return [output, *(torch.empty_like(s, memory_format=torch.contiguous_format) for s in hx)]


def _save(ctx, inputs, output) -> None:
    *what, xs, hx, weights, mask = inputs
    ctx.what, ctx.states, ctx.mask = what, len(hx), mask
    ctx.save_for_backward(xs, *hx, *weights)
    ctx.set_materialize_grads(False)


def _backward(ctx, given):
    """By the loop."""
    n = 1 + ctx.states

    def compute(xs, *tensors: Tensor) -> tuple[Tensor, ...]:
        cell, impl, names, bidirectional = ctx.what
        one = OneLayer(cell, impl, names, bidirectional, list(tensors[n - 1 :]))
        output, final = by_loop(one, Steps(xs, mask=ctx.mask), tensors[: n - 1])
        return output, *final

    dxs, *grads = again.recomputed(compute, again.saved(ctx), given)
    return None, None, None, None, dxs, grads[: n - 1], grads[n - 1 :], None


layer_operator.register_autograd(_backward, setup_context=_save)


def cell_of(layer) -> str | None:
    """The name in LAYERS of the cell that a layer computes, None for a step of its own."""
    for name, cls in CELLS.items():
        if cls.step is layer.step and cls.scan is layer.scan and cls.inputs is layer.inputs:
            return name
    return None


def applies(layer, steps: Steps) -> bool:
    """Whether the operator computes the layer: it has a cell of the package, and no autocast casts along the way."""
    return layer._cell is not None and not torch.is_autocast_enabled(steps.xs.device.type)


def compute(layer, steps: Steps, hx: State) -> tuple[Tensor, State]:
    """Output (T, B, D·H) or rows of packed data, and the final states, by the layer's route."""
    way = route.route(layer, steps)
    if way != "operator":
        return route.WAYS[way](layer, steps, hx)
    if torch.compiler.is_compiling() and _breaks(layer, steps, hx):
        return _aside(layer, steps, hx)
    return by_operator(layer, steps, hx) if applies(layer, steps) else by_loop(layer, steps, hx)


def by_operator(layer, steps: Steps, hx: State) -> tuple[Tensor, State]:
    """One operator for each layer, both directions in it."""
    xs, final, between = steps.xs, [], dropped(layer)
    cell, D = layer._cell, layer._directions
    for k, directions in enumerate(parts(layer)):
        names = list(layer._shapes(k))
        weights = [getattr(w, name) for w in directions for name in names]
        states = [s[k * D : (k + 1) * D] for s in hx]
        args = (cell, layer.impl, ",".join(names), layer.bidirectional, xs, states, weights, steps.mask)
        xs, *state = torch.ops.lstmcourse.layer(*args)
        final.append(state)
        if between is not None and k < layer.num_layers - 1:
            xs = between(xs)
    return xs, tuple(torch.cat(s) for s in zip(*final, strict=True))


def _breaks(layer, steps: Steps, hx: State) -> bool:
    """Whether the call is better left out of the graph of torch.compile, which is what no export can do."""
    if not _torch_private.TELLS_EXPORT or torch.compiler.is_exporting():
        return False
    recorded = torch.is_grad_enabled() and any(t.requires_grad for t in _tensors(layer, steps, hx))
    return recorded or not applies(layer, steps)


def _tensors(layer, steps: Steps, hx: State) -> Iterator[Tensor]:
    yield from (steps.xs, *hx)
    yield from layer.parameters()


@_torch_private.outside_compile
def _aside(layer, steps: Steps, hx: State) -> tuple[Tensor, State]:
    return route.WAYS[route.eager(layer, steps)](layer, steps, hx)
