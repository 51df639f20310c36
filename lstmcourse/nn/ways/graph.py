"""impl="graph": the one-node scan, recorded once as a CUDA graph and replayed for every call of the same kind.

A scan issues some ten kernels a step, and on a GPU their issue may cost more than what they compute. A replay issues
all of them at once. What moves: the inputs, parameters included, are copied into the recording's own memory; the graph
runs there; outputs and gradients are copied out, so that nobody holds memory which the next replay writes to.

What may differ between two calls without a word is in the key, and another key is another recording: shapes, dtypes,
device, which inputs need gradients, training, the precision of products, stream and thread. Each layer and direction
has recordings of its own, since a replay ends what the one before it kept. Where a second call has run before the
backward of the first, the gradient of the first is computed anew by the scan.
"""

import itertools
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.autograd import Function

from . import again
from .loop import State, Weights, dropped, parts, stacked
from .scan import Call, OneNode, prepared

MOST = 8  # recordings of a layer and direction; the one that was not used for longest makes room
# Of each network, by its layers and directions; a copy of it begins with none.
RECORDINGS: WeakKeyDictionary[Any, defaultdict[int, OrderedDict]] = WeakKeyDictionary()


class Recording:
    """A function of tensors and its backward, each recorded once over memory of its own."""

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], tensors: Sequence[Tensor]):
        self.lock, self.ticket = threading.Lock(), 0
        self.inputs = [t.detach().clone().requires_grad_(needed) for t, needed in zip(tensors, needs_gradient(tensors))]
        self.wanted = [t for t in self.inputs if t.requires_grad]
        self.outputs: tuple[Tensor, ...] = ()
        self.outputs, self.replay = self.record(lambda: function(*self.inputs))
        if self.wanted:
            self.given = [torch.zeros_like(output) for output in self.outputs]
            self.grads, self.replay_backward = self.record(
                lambda: torch.autograd.grad(self.outputs, self.wanted, self.given, retain_graph=True, allow_unused=True)
            )

    def record(self, function: Callable[[], tuple]) -> tuple[tuple, Callable[[], None]]:
        """(the results' memory, what computes them anew); before that a warm-up, for what a first call chooses."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            function()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            results = function()
        return results, graph.replay

    def forward(self, tensors: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], int]:
        """The outputs, and a ticket for the backward."""
        with self.lock, torch.no_grad():
            for memory, value in zip(self.inputs, tensors, strict=True):
                memory.copy_(value)
            self.replay()
            self.ticket += 1
            return tuple(output.detach().clone() for output in self.outputs), self.ticket

    def backward(self, ticket: int, given: Sequence[Tensor | None]) -> list[Tensor | None] | None:
        """The gradients of the inputs; None where another forward has run since the ticket was given."""
        with self.lock:
            if ticket != self.ticket:
                return None
            for memory, value in zip(self.given, given, strict=True):
                memory.zero_() if value is None else memory.copy_(value)
            self.replay_backward()
            grads = iter([None if g is None else g.clone() for g in self.grads])
            return [next(grads) if t.requires_grad else None for t in self.inputs]


class Replayed(Function):
    """`scan.OneNode` by a recording: (T, B, I), the initial states, the parameters -> h over time, the final states."""

    @staticmethod
    def forward(ctx, recording: Recording, call: Call, *tensors):
        outputs, ctx.ticket = recording.forward(tensors)
        ctx.recording, ctx.call = recording, call
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors)
        return outputs

    @staticmethod
    def backward(ctx, *given):
        call, tensors = ctx.call, again.saved(ctx)  # read once: torch.utils.checkpoint recomputes them at each reading
        if again.needed(given):
            return None, None, *again.recomputed(call.by_loop, tensors, given)
        grads = ctx.recording.backward(ctx.ticket, given)
        if grads is None:
            grads = again.recomputed(lambda *t: OneNode.apply(call, True, *t), tensors, given)
        return None, None, *grads


def needs_gradient(tensors: Sequence[Tensor]) -> list[bool]:
    """Which of them need a gradient here and now."""
    return [torch.is_grad_enabled() and t.requires_grad for t in tensors]


def key(layer, call: Call, tensors: Sequence[Tensor]) -> tuple:
    """All that decides whether a recording computes what this call asks for."""
    device, needed = tensors[0].device, needs_gradient(tensors)
    kinds = tuple((t.shape, t.dtype, t.device, n) for t, n in zip(tensors, needed, strict=True))
    precision = torch.get_float32_matmul_precision(), torch.backends.cuda.matmul.allow_tf32
    stream = torch.cuda.current_stream(device).cuda_stream if device.type == "cuda" else 0
    return (
        call.scan,
        call.step,
        call.names,
        call.reverse,
        layer.training,
        kinds,
        precision,
        stream,
        threading.get_ident(),
    )


def recording(layer, place: int, call: Call, tensors: Sequence[Tensor]) -> Recording:
    """The recording for such a call, made where there is none; place: which layer and direction of the network."""
    known, wanted = RECORDINGS.setdefault(layer, defaultdict(OrderedDict))[place], key(layer, call, tensors)
    if wanted not in known:
        save = any(needs_gradient(tensors))
        xs = tensors[0]
        with torch.cuda.device_of(xs), torch.autocast(xs.device.type, enabled=False):  # which no backward should see
            known[wanted] = Recording(lambda *t: OneNode.apply(call, save, *t), tensors)
        if len(known) > MOST:
            known.popitem(last=False)
    known.move_to_end(wanted)
    return known[wanted]


def applies(steps) -> bool:
    """Whether such a call can be recorded: on a GPU, sequences of one length, and no other recording under way."""
    return steps.xs.is_cuda and steps.packed is None and not torch.cuda.is_current_stream_capturing()


def by_graph(layer, steps, hx: State) -> tuple[Tensor, State]:
    """One replay for each layer and direction; dropout between them is drawn outside."""
    places = itertools.count()

    def run(w: Weights, xs: Tensor, state: State, reverse: bool) -> tuple[Tensor, State]:
        call, tensors = prepared(layer, w, xs, state, steps, reverse)
        hs, *final = Replayed.apply(recording(layer, next(places), call, tensors), call, *tensors)
        return hs, tuple(final)

    return stacked(run, parts(layer), steps.xs, hx, dropped(layer))
