"""Everything that a recurrent layer needs except its equations: torch.nn's constructor, call, names and errors."""

import math
import numbers
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NoReturn, Self, overload

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.types import Device

from .._errors import InputError
from . import _input
from ._biases import chrono_, set_bias_
from ._torch_names import TorchNames
from .ways import operator as _operator
from .ways import route as _route
from .ways import vendor as _vendor
from .ways.loop import Weights
from .ways.loop import inputs as _inputs

Impl = Literal["auto", "loop", "scan", "vendor", "graph", "fused"]  # a layer's ways() say which of them it has
States = Tensor | tuple[Tensor, ...]  # one tensor where the cell has one state, a tuple where it has more


class Recurrent(TorchNames):
    """Base of every layer. A subclass states ``rows``, ``states``, ``vectors`` and ``step``, and little else.

    A class with a ``step`` or ``inputs`` of its own has the fast ways that it states itself, ``scan`` and ``vendor``;
    without them it runs by the loop.

    Args:
        input_size: features of the input, I.
        hidden_size: units, H.
        num_layers: layers on top of each other; each reads the output of the one below.
        bias: with ``False`` there are no ``bias_ih`` and ``bias_hh``.
        batch_first: input and output are (B, T, ·) instead of (T, B, ·); states are not affected.
        dropout: probability of dropping an element of the output of each layer but the last, while training.
        bidirectional: a second set of weights reads the sequence from its end.
        device, dtype: of the parameters.
        impl: the way that computes it: ``"loop"`` (plain autograd), ``"scan"`` (one autograd node for the sequence),
            ``"vendor"`` (cuDNN, oneDNN), ``"graph"`` (the scan as a CUDA graph), ``"fused"`` (Triton, on a GPU) or
            ``"auto"``, the fastest that applies; see `route`. A gradient that is to be differentiated again
            (create_graph=True) is always the loop's.
        forget_bias: b_ih + b_hh of the forget rows (a GRU's z rows) equals this number (Gers et al., 2000;
            Jozefowicz et al., 2015, recommend 1).
        chrono: T_max of the chrono initialisation (Tallec & Ollivier, 2018, eq. 16); see `chrono_`.

    Call: ``layer(input, hx=None) -> output, state``, as in torch.nn: input (T, B, I), (T, I) or a PackedSequence;
    state one tensor (L·D, B, H) where the cell has one state, a tuple of them where it has more. What differs from
    torch.nn: an LSTM of ours is no instance of torch.nn.LSTM, so code that looks for torch's classes passes it over;
    `as_torch` makes one of them. A state that goes on to the next batch must be detached, as `training.fit` does with
    carry=True, or backward comes to the batch before, whose graph is no longer there. The error of the fast ways says
    so; with impl="loop", and for one or two steps, it is torch's own.

    Raises:
        ValueError, TypeError: for sizes, shapes, dtypes or devices that do not fit; the message names the argument,
            what was expected and what was got. In a call the ValueError is a RuntimeError too, as it is in torch.nn.
    """

    rows: ClassVar[str]  # one letter for each gate, in the order of the rows of weight_ih
    states: tuple[str, ...] = ("h",)
    initial: ClassVar[Mapping[str, float]] = {}  # the number at which a state starts where that is not 0
    _starts: ClassVar[tuple[float, ...]] = (0.0,)  # of ``states``, from ``initial``
    vectors: tuple[str, ...] = ()  # parameters of shape (H,) beside the weights: the peepholes
    coupled: ClassVar[bool] = False  # whether i = 1 − f, with no rows of its own
    forget: ClassVar[str | None] = None  # the row that keeps the old state: f, or the GRU's z
    vendor: ClassVar[Callable | None] = None  # torch's kernel that computes this cell exactly, see ways.vendor
    projects: ClassVar[bool] = False  # whether proj_size is for this cell
    scan: ClassVar[Any] = None  # the cell's one-node scan, see ways.scan
    inputs: Callable = staticmethod(_inputs)  # (xs, w) -> ax = W x + b_ih, for all t at once
    step: Callable  # (ax, state, w) -> state

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if {"step", "inputs"} & vars(cls).keys():  # another cell than that of the class above, whose ways do not fit
            cls.scan, cls.vendor = cls.__dict__.get("scan"), cls.__dict__.get("vendor")
        cls._starts = tuple(cls.initial.get(s, 0.0) for s in cls.states)  # torch 2.4 compiles no mapping of a class

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int = 0,
        impl: Impl = "auto",
        forget_bias: float | None = None,
        chrono: float | None = None,
    ) -> None:
        super().__init__()
        self.input_size = _size("input_size", input_size)
        self.hidden_size = _size("hidden_size", hidden_size)
        self.num_layers = _size("num_layers", num_layers)
        self.proj_size = _size("proj_size", proj_size, least=0)
        if self.proj_size and not self.projects:
            raise ValueError(f"proj_size is for LSTM alone, {type(self).__name__} has no projection; got {proj_size}")
        if self.proj_size >= self.hidden_size:
            raise ValueError(f"proj_size must be smaller than hidden_size ({hidden_size}), got {proj_size}")
        self.bias = _flag("bias", bias)
        self.batch_first = _flag("batch_first", batch_first)
        self.bidirectional = _flag("bidirectional", bidirectional)
        self.dropout = probability("dropout", dropout)
        if self.dropout and self.num_layers == 1:
            warnings.warn("dropout acts between layers, so it does nothing with num_layers=1", stacklevel=3)
        _route.check(self, impl)
        if forget_bias is not None and not (_is_number(forget_bias) and math.isfinite(forget_bias)):
            raise ValueError(f"forget_bias must be a finite number, got {forget_bias!r}")
        self.impl, self.forget_bias, self.chrono = impl, forget_bias, chrono
        self._cell = _operator.cell_of(self)
        for layer in range(self.num_layers):
            for suffix in self._suffixes(layer):
                for name, shape in self._shapes(layer).items():
                    parameter = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                    self.register_parameter(name + suffix, parameter)
        self.reset_parameters()
        self.flatten_parameters()

    # ---- parameters

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _output_size(self) -> int:
        return self.proj_size or self.hidden_size

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        """The parameters of one layer in one direction, in torch.nn's order."""
        G, H, P = len(self.rows), self.hidden_size, self._output_size
        I = self.input_size if layer == 0 else self._directions * P
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (G * H, I), "weight_hh": (G * H, P)}
        if self.bias:
            shapes |= {"bias_ih": (G * H,), "bias_hh": (G * H,)}
        if self.proj_size:
            shapes["weight_hr"] = (P, H)
        return shapes | dict.fromkeys(self.vectors, (H,))

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self._directions]

    def weights(self, layer: int = 0, reverse: bool = False) -> Weights:
        """The parameters of one layer and direction without their suffix; absent biases are None.

        Raises InputError where one has been replaced by a tensor of another shape or dtype: with a smaller one torch's
        LSTM kernel for CPUs reads memory that is not the tensor's.
        """
        suffix = self._suffixes(layer)[int(reverse)]
        w: dict[str, Any] = {}
        for name, shape in self._shapes(layer).items():
            w[name] = value = getattr(self, name + suffix)
            if value.shape != shape:
                raise InputError(f"{name}{suffix} must have shape {shape}, got {tuple(value.shape)}")
            dtype = w["weight_ih"].dtype
            if value.dtype != dtype and not torch.is_autocast_enabled(value.device.type):
                raise InputError(f"{name}{suffix} must have weight_ih{suffix}'s dtype {dtype}, got {value.dtype}")
        return Weights(**w)

    @property
    def _all_weights(self) -> list[list[str]]:
        """Their names; torch.nn's is not public, but its users loop over it."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[name + suffix for name in self._shapes(0)] for suffix in suffixes]

    def reset_parameters(self) -> None:
        """Every parameter uniform in ±1/√H, as in torch.nn; then forget_bias and chrono, where given."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            nn.init.uniform_(p, -bound, bound)
        if self.forget_bias is not None and self.chrono is not None:
            raise ValueError("forget_bias and chrono both set the forget rows: give one of them")
        bias = self.forget_bias
        if bias is not None:
            set_bias_(self, "forget_bias", self.forget, lambda b: b.fill_(bias))
        if self.chrono is not None:
            chrono_(self, self.chrono)

    def flatten_parameters(self) -> None:
        """Lay the weights out in one buffer for cuDNN; does nothing where cuDNN is not used."""
        _vendor.flatten(self)

    def __prepare_scriptable__(self) -> NoReturn:
        """torch.jit.script calls this first; without it, it would complain of some line in our code."""
        name = type(self).__name__
        raise RuntimeError(f"torch.jit.script cannot compile {name}; torch.jit.trace and torch.export can record it")

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        self.flatten_parameters()
        return self

    # ---- the call

    @classmethod
    def ways(cls, device: str = "cpu") -> tuple[str, ...]:
        """The values that ``impl`` may take for tensors on a device of that type, "cpu" or "cuda"."""
        return _route.ways(cls, device)

    def route(self, input: Tensor | PackedSequence) -> str:
        """The way that a call on this input takes: one of `ways` but "auto", or "operator" while recorded."""
        return _route.route(self, _input.unpack(self, input))

    @overload
    def forward(self, input: Tensor, hx: States | None = None) -> tuple[Tensor, States]: ...
    @overload
    def forward(self, input: PackedSequence, hx: States | None = None) -> tuple[PackedSequence, States]: ...
    def forward(self, input, hx=None):
        """(output, state); see the class for shapes and errors."""
        steps = _input.unpack(self, input)  # (T, B, I), whatever it came as
        _input.check_memory(self, steps)
        state = _input.initial_state(self, hx, steps)
        output, state = _operator.compute(self, steps, state)
        return _input.repack(self, output, state, steps)

    def extra_repr(self) -> str:
        defaults: dict[str, Any] = dict(num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False)
        defaults |= dict(proj_size=0, impl="auto", forget_bias=None, chrono=None)
        given = [f"{k}={getattr(self, k)!r}" for k, v in defaults.items() if getattr(self, k) != v]
        return ", ".join([str(self.input_size), str(self.hidden_size), *given])


def _size(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least ``least``; NumPy's integers count, booleans and floats do not."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    value = operator.index(value)
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return value


def _flag(name: str, value: Any) -> bool:
    """True or False and nothing that Python takes for one: bool("False") is True."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, got {value!r} of type {type(value).__name__}")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def probability(name: str, value: Any) -> float:
    """A number from 0 to 1."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number between 0 and 1, got {value!r}")
    return float(value)
