"""Many nets at once: N seeds of one small net as one batched net, so that a success rate costs what a single curve did.

Every parameter gets a leading dimension N and the layer's own `step` runs on it (`lstmcourse.nn` writes its steps so
that batched weights work); Adam is elementwise, the gradient is clipped net by net, and so each net trains exactly as
it would alone.
"""

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from . import training
from ._errors import kind
from .nn import LAYERS, Recurrent, Weights, loop

State = tuple[Tensor, ...]


class Ensemble(nn.Module):
    """N nets, each a recurrent layer with a linear readout at every step.

    layer: a class of `lstmcourse.nn.LAYERS`, or its name there. n: how many nets. seed: net k is the one that
    `torch.manual_seed(seed + k)` gives, so that Ensemble(..., n=10).member(3) = Ensemble(..., n=1, seed=3).member(0);
    or n seeds, one for each net.
    kwargs go to the layer (forget_bias, chrono, bias, dtype, peepholes …); it has one layer and one direction.

    Parameters carry the layer's names: weight_ih_l0 (n, G·H, I), bias_ih_l0 (n, 1, G·H) …, and readout_weight
    (n, O, H), readout_bias (n, 1, O). Raises ValueError for n < 1, another number of seeds than n, an unknown layer's
    name or more than one layer,
    TypeError for what is no layer's class and an n that is no integer.
    """

    _template: Recurrent  # whose step serves all nets

    def __init__(
        self,
        layer: type[Recurrent] | str,
        input_size: int,
        hidden_size: int,
        output_size: int,
        n: int,
        *,
        seed: int | Sequence[int] = 0,
        **kwargs: Any,
    ):
        super().__init__()
        if isinstance(layer, str):
            if layer not in LAYERS:
                raise ValueError(f"layer must be one of {', '.join(LAYERS)}, got {layer!r}")
            layer = LAYERS[layer]
        if not (isinstance(layer, type) and issubclass(layer, Recurrent)):
            raise TypeError(f"layer must be a class of lstmcourse.nn or its name, got {layer!r:.60}")
        if operator.index(n) < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        seeds = [seed + k for k in range(n)] if isinstance(seed, int) else seed
        if len(seeds) != n:
            raise ValueError(f"seed must be a number, or one for each of {n} nets, got {len(seeds)}")
        nets = [_net(one, layer, input_size, hidden_size, output_size, kwargs) for one in seeds]
        template = nets[0][0]
        if template.num_layers > 1 or template.bidirectional or template.batch_first or template.proj_size:
            raise ValueError(
                "an ensemble's layer must be a single one, in one direction, time first, without proj_size"
            )
        self.n, self.states, self.vectors = n, template.states, template.vectors
        self.input_size, self.hidden_size, self.output_size = input_size, hidden_size, output_size
        self._made = (layer, input_size, hidden_size, kwargs)
        self._names = list(template._parameters)
        for name in self._names:
            self.register_parameter(name, _stack([layer.get_parameter(name) for layer, _ in nets]))
        self.__dict__["_template"] = template.to("meta")  # whose step serves all nets; no submodule of this one
        self.readout_weight = _stack([readout.weight for _, readout in nets])
        self.readout_bias = _stack([readout.bias for _, readout in nets])

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """x (T, B, I), the same for all nets, or (T, n, B, I) -> out (n, T, B, O) and the states (n, B, H) each.

        state: a tuple of (n, B, H), unless given zeros, or the layer's ``initial``. Raises TypeError for what is no
        tensor, or no tuple of them, ValueError for other shapes or dtypes.
        """
        hs, state = self._loop(self._template.step, x, state)
        return self._read(hs), state

    def trace(self, x: Tensor, state: State | None = None) -> dict[str, Tensor]:
        """Every state at every step, by name ("h", "c" …): (n, T, B, H) each; and "out" (n, T, B, O)."""
        kept: list[State] = []

        def step(ax: Tensor, state: State, w: Weights) -> State:
            kept.append(self._template.step(ax, state, w))
            return kept[-1]

        hs, _ = self._loop(step, x, state)
        steps = (torch.stack(values, 1) for values in zip(*kept, strict=True))
        return dict(zip(self.states, steps, strict=True)) | {"out": self._read(hs)}

    def member(self, k: int) -> tuple[Recurrent, nn.Linear]:
        """Net k as an ordinary layer and readout, with its weights as they are now."""
        if not 0 <= k < self.n:
            raise IndexError(f"k must be between 0 and {self.n - 1}, got {k}")
        made, input_size, hidden_size, kwargs = self._made
        layer, readout = _net(0, made, input_size, hidden_size, self.output_size, kwargs)
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                parameter.copy_(self.get_parameter(name)[k].view_as(parameter))
            readout.weight.copy_(self.readout_weight[k])
            readout.bias.copy_(self.readout_bias[k, 0])
        device = self.readout_bias.device
        return layer.to(device), readout.to(device)

    def fit(self, batch: Any, loss: Any, **kwargs: Any) -> training.History:
        """`training.fit` for all nets at once; its loss and grad_norm hold an array (n,) a step."""
        return training.fit(self, batch, loss, **kwargs)

    @torch.no_grad()
    def clip_gradients(self, clip: float | None) -> Tensor:
        """Scale each net's gradient down to the norm `clip`; returns the norms before, (n,).

        A net whose gradient is not finite gets none, and stands still for that step.
        """
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        norms = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()
        factor = torch.ones_like(norms) if clip is None else (clip / (norms + 1e-6)).clamp(max=1)
        for g in gradients:
            g.mul_(torch.where(norms.isfinite(), factor, 0.0).view(-1, 1, 1))
            if not norms.isfinite().all():
                g.nan_to_num_(0.0, 0.0, 0.0)
        return norms

    def extra_repr(self) -> str:
        name = self._made[0].__name__
        return f"{self.n} x {name}({self.input_size}, {self.hidden_size}) -> {self.output_size}"

    def _loop(self, step: Any, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        x = self._input(x)
        return loop(step, self._weights(), x, self._state(x, state), inputs=self._template.inputs)

    def _input(self, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"Ensemble expects a torch.Tensor as input, got {kind(x)}")
        if x.dtype != self.readout_bias.dtype:
            raise ValueError(f"Ensemble expects input of dtype {self.readout_bias.dtype}, got {x.dtype}")
        nets = x.unsqueeze(1) if x.dim() == 3 else x
        if nets.dim() != 4 or nets.shape[1] not in (1, self.n) or nets.shape[-1] != self.input_size:
            shapes = f"(T, B, {self.input_size}) or (T, {self.n}, B, {self.input_size})"
            raise ValueError(f"Ensemble expects input of shape {shapes}, got {tuple(x.shape)}")
        if not len(nets):
            raise ValueError(f"Ensemble expects at least one time step, got input of shape {tuple(x.shape)}")
        return nets

    def _weights(self) -> Weights:
        return Weights(**{name.removesuffix("_l0"): getattr(self, name) for name in self._names})

    def _state(self, x: Tensor, state: State | None) -> State:
        shape = (self.n, x.shape[2], self.hidden_size)
        if state is None:
            return tuple(x.new_full(shape, self._template.initial.get(s, 0.0)) for s in self.states)
        if not isinstance(state, tuple) or len(state) != len(self.states):
            raise TypeError(f"Ensemble expects state to be a tuple ({', '.join(self.states)}), got {kind(state)}")
        for name, value in zip(self.states, state, strict=True):
            if not isinstance(value, Tensor) or value.shape != shape:
                raise ValueError(f"{name} must be a tensor of shape {shape}, got {kind(value)}")
        return state

    def _read(self, hs: Tensor) -> Tensor:
        T, n, B, H = hs.shape
        flat = hs.transpose(0, 1).reshape(n, T * B, H)
        return torch.baddbmm(self.readout_bias, flat, self.readout_weight.mT).view(n, T, B, -1)


def _net(
    seed: int, layer: type[Recurrent], input_size: int, hidden_size: int, output_size: int, kwargs: dict[str, Any]
) -> tuple[Recurrent, nn.Linear]:
    """One net as `torch.manual_seed(seed)` gives it; torch's own random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = layer(input_size, hidden_size, **kwargs)
        like = next(made.parameters())
        return made, nn.Linear(hidden_size, output_size, device=like.device, dtype=like.dtype)


def _stack(parameters: list[Tensor]) -> nn.Parameter:
    """N vectors -> (N, 1, size), N matrices -> (N, rows, columns)."""
    stacked = torch.stack([p.detach() for p in parameters])
    return nn.Parameter(stacked.unsqueeze(1) if stacked.dim() == 2 else stacked)
