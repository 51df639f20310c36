"""Regularisers inside a layer: zoneout and variational dropout around its steps, weight drop on its matrices."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from .._errors import kind
from . import _input
from ._recurrent import Recurrent, probability
from .ways.loop import State, Weights, dropped, loop, parts, stacked


class Wrapper(nn.Module):
    """A layer whose steps a subclass changes in ``run``, by the loop; call, states and shapes are the layer's."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        _check_layer(layer)
        self.layer = layer
        self.input_size, self.hidden_size, self.proj_size = layer.input_size, layer.hidden_size, layer.proj_size
        self.num_layers, self.bidirectional, self.batch_first = layer.num_layers, layer.bidirectional, layer.batch_first

    def run(self, mask: Tensor | None, w: Weights, xs: Tensor, state: State, reverse: bool) -> tuple[Tensor, State]:
        """One direction of one layer, as `loop` does it."""
        raise NotImplementedError

    def forward(self, input, hx=None):
        """(output, state), as of the layer."""
        steps = _input.unpack(self.layer, input)
        _input.check_memory(self.layer, steps)
        state = _input.initial_state(self.layer, hx, steps)
        run = partial(self.run, steps.mask)
        output, state = stacked(run, parts(self.layer), steps.xs, state, dropped(self.layer))
        return _input.repack(self.layer, self.finish(output), state, steps)

    def finish(self, output: Tensor) -> Tensor:
        """What becomes of the output (T, B, ·) of the last layer."""
        return output


class Zoneout(Wrapper):
    """Zoneout — Krueger et al. (2017), equations 4 and 5: a unit of a state keeps its old value now and then.

        s = d ∘ s₋ + (1 − d) ∘ s̃,  d ~ Bernoulli(rate), drawn at each step; in evaluation d is the rate itself

    For small data where dropout on h would make the net forget: what is passed over is kept, not set to zero, so
    gradients go on through time. The paper takes c=0.5, h=0.05 for LSTMs on text.

    Args:
        layer: of `lstmcourse.nn`.
        rates: by the name of a state, such as ``Zoneout(layer, c=0.5, h=0.05)``; 0 where none is given.

    Raises TypeError for another layer, ValueError for a state that it has not and for a rate outside 0 … 1.
    """

    def __init__(self, layer: Recurrent, **rates: float) -> None:
        super().__init__(layer)
        for name in rates:
            if name not in layer.states:
                states = ", ".join(layer.states)
                raise ValueError(f"rates must be of the states of {type(layer).__name__}, {states}, got {name}")
        self.rates = {name: probability(name, rates.get(name, 0.0)) for name in layer.states}

    def run(self, mask, w, xs, state, reverse):
        def step(ax, state, w):
            new = self.layer.step(ax, state, w)
            return tuple(self._mixed(*each) for each in zip(state, new, self.rates.values(), strict=True))

        return loop(step, w, xs, state, mask, reverse, inputs=self.layer.inputs)

    def _mixed(self, old: Tensor, new: Tensor, rate: float) -> Tensor:
        if not rate:
            return new
        return torch.where(_drawn(new, rate), old, new) if self.training else rate * old + (1 - rate) * new

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={rate}" for name, rate in self.rates.items())


class VariationalDropout(Wrapper):
    """Variational dropout — Gal & Ghahramani (2016), equation 7: one mask for all steps of a sequence.

        a = W (x ∘ z_x) + U (h₋ ∘ z_h) + b,  z drawn once for a sequence, layer and direction, scaled by 1 / (1 − p)

    For larger nets on small data: a mask drawn anew at each step, on the recurrent path, would wipe out what is
    remembered; one for all steps takes the same units out of the whole sequence. In evaluation it is the layer.

    Args:
        layer: of `lstmcourse.nn`, with dropout=0: its own dropout has a new mask at each step.
        input, recurrent, output: the probabilities of dropping a unit of x of each layer, of h₋, and of the output.

    Raises TypeError for another layer, ValueError for probabilities outside 0 … 1, for a layer with dropout, and for
    ``recurrent`` with a GRU, whose h is not only multiplied by U but kept.
    """

    def __init__(self, layer: Recurrent, input: float = 0.0, recurrent: float = 0.0, output: float = 0.0) -> None:
        super().__init__(layer)
        self.input, self.recurrent = probability("input", input), probability("recurrent", recurrent)
        self.output = probability("output", output)
        if layer.dropout:
            raise ValueError(f"layer must have dropout=0, got {layer.dropout}: its masks change at each step")
        if recurrent and layer.forget and "c" not in layer.states:
            name = type(layer).__name__
            raise ValueError(f"recurrent drops h from U h alone, and {name} also keeps h; weight_drop is for it")

    def forward(self, input, hx=None):
        """(output, state), as of the layer."""
        return super().forward(input, hx) if self.training else self.layer(input, hx)

    def run(self, mask, w, xs, state, reverse):
        z_x, z_h = _mask(xs[0], self.input), _mask(state[0], self.recurrent)

        def step(ax, state, w):
            return self.layer.step(ax, (state[0] * z_h, *state[1:]), w)

        return loop(step, w, xs * z_x, state, mask, reverse, inputs=self.layer.inputs)

    def finish(self, output):
        return output * _mask(output[0], self.output)

    def extra_repr(self) -> str:
        return f"input={self.input}, recurrent={self.recurrent}, output={self.output}"


def weight_drop(layer: Recurrent, p: float = 0.5) -> Recurrent:
    """Weight drop — Merity, Keskar & Socher (2018), section 2: DropConnect on the recurrent matrices U.

        a = W x + (U ∘ m) h₋ + b,  m drawn once for a call, for each weight, scaled by 1 / (1 − p)

    For language models and whatever overfits through its recurrent weights; as the mask is one of weights, every way of
    the layer computes it, and no slower. In evaluation the weights are whole. It is a parametrisation of torch, in
    place: the raw weights are ``parametrizations.weight_hh_l0.original`` in the state_dict, and
    torch.nn.utils.parametrize.remove_parametrizations ends it.

    Returns the layer. Raises TypeError for another layer, ValueError for a p outside 0 … 1.
    """
    _check_layer(layer)
    dropping = WeightDrop(p)
    for names in layer._all_weights:
        parametrize.register_parametrization(layer, next(n for n in names if n.startswith("weight_hh")), dropping)
    return layer


class WeightDrop(nn.Module):
    """The parametrisation that `weight_drop` registers: weights dropped with probability p while training."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = probability("p", p)

    def forward(self, weight: Tensor) -> Tensor:
        """(G·H, H) -> (G·H, H)"""
        return F.dropout(weight, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


def _check_layer(layer: object) -> None:
    if not isinstance(layer, Recurrent):
        raise TypeError(f"layer must be a layer of lstmcourse.nn, got {kind(layer)}")


def _drawn(like: Tensor, rate: float) -> Tensor:
    """True with that probability, in like's shape."""
    return torch.rand_like(like) < rate


def _mask(like: Tensor, p: float) -> Tensor:
    """0 with probability p, else 1 / (1 − p), in like's shape."""
    return F.dropout(torch.ones_like(like), p)
