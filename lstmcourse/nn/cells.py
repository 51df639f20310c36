"""One step at a time: a cell for each layer, those of torch.nn drop-ins for torch.nn.LSTMCell, GRUCell and RNNCell."""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.types import Device

from . import _input
from ._recurrent import Recurrent, States
from .coupled import CoupledLSTM
from .fgr import FGRLSTM
from .gru import GRU
from .gru_reset_before import GRUResetBefore
from .layer_norm import LayerNormLSTM
from .lstm import LSTM
from .lstm97 import LSTM97
from .odyssey import (
    CIFGLSTM,
    NFGLSTM,
    NIAFLSTM,
    NIGLSTM,
    NOAFLSTM,
    NOGLSTM,
    NFGPlainLSTM,
    NIAFPlainLSTM,
    NIGPlainLSTM,
    NOAFPlainLSTM,
    NOGPlainLSTM,
    VanillaLSTM,
)
from .peephole import PeepholeLSTM, Peepholes, Seen
from .rnn import RNN, RNNReLU
from .ways.loop import Weights


class RecurrentCell(nn.Module):
    """One step of a layer, for code that acts between two steps: a decoder that reads what it wrote, an agent.

    A sequence that is there as a whole is faster in the layer. A subclass states its ``layer``; args are the layer's.

    Call: ``cell(input, hx=None) -> state``: input (B, I) or (I,), hx and the new state (B, H) or (H,), one tensor where
    the cell has one state, a tuple of them where it has more; without hx the layer's start. Parameters have the layer's
    names without the ``_l0``, so that the cells of torch.nn load into ours and ours into theirs.

    Raises:
        ValueError, TypeError: as the layer does.
    """

    layer: type[Recurrent]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        forget_bias: float | None = None,
        chrono: float | None = None,
    ) -> None:
        self._make(input_size, hidden_size, device, dtype, bias=bias, forget_bias=forget_bias, chrono=chrono)

    def _make(
        self, input_size: int, hidden_size: int, device: Device, dtype: torch.dtype | None, **options: Any
    ) -> None:
        super().__init__()
        self._options = options
        made = self.layer(input_size, hidden_size, device=device, dtype=dtype, **self._options)
        self.input_size, self.hidden_size, self.bias = made.input_size, made.hidden_size, made.bias
        self.states, self.initial = made.states, made.initial
        self.rows, self.forget, self.mode = made.rows, made.forget, made.mode
        self._names = [name.removesuffix("_l0") for name, _ in made.named_parameters()]
        for name, parameter in zip(self._names, made.parameters(), strict=True):
            self.register_parameter(name, parameter)
        for name in ("bias_ih", "bias_hh"):
            if name not in self._names:
                self.register_parameter(name, None)

    def reset_parameters(self) -> None:
        """Draw them anew, as the layer does."""
        like: Any = {"device": self.weight_ih.device, "dtype": self.weight_ih.dtype}
        made = self.layer(self.input_size, self.hidden_size, **like, **self._options)
        with torch.no_grad():
            for name, drawn in zip(self._names, made.parameters(), strict=True):
                getattr(self, name).copy_(drawn)

    def forward(self, input: Tensor, hx: States | None = None) -> States:
        """The new state; see the class for shapes and errors."""
        x, state = _input.one_step(self, input, hx)
        w = Weights(**{name: getattr(self, name) for name in self._names})
        new = self.layer.step(self.layer.inputs(x, w), state, w)
        if input.dim() == 1:
            new = tuple(s.squeeze(0) for s in new)
        return new if len(new) > 1 else new[0]

    def extra_repr(self) -> str:
        usual = {"bias": True, "nonlinearity": "tanh"}
        given = [f"{name}={value!r}" for name, value in self._options.items() if value != usual.get(name)]
        return ", ".join([str(self.input_size), str(self.hidden_size), *given])


class RNNCell(RecurrentCell):
    """One step of `RNN`: torch.nn.RNNCell's constructor, positions, names and results."""

    layer = RNN

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if nonlinearity == "relu":
            self.__dict__["layer"] = RNNReLU
        self._make(input_size, hidden_size, device, dtype, bias=bias, nonlinearity=nonlinearity)
        self.nonlinearity = nonlinearity


class RNNReLUCell(RecurrentCell):
    """One step of `RNNReLU`."""

    layer = RNNReLU


class LSTMCell(RecurrentCell):
    """One step of `LSTM`: torch.nn.LSTMCell's constructor, positions, names and results."""

    layer = LSTM


class GRUCell(RecurrentCell):
    """One step of `GRU`: torch.nn.GRUCell's constructor, positions, names and results."""

    layer = GRU


class GRUResetBeforeCell(RecurrentCell):
    """One step of `GRUResetBefore`."""

    layer = GRUResetBefore


class LSTM97Cell(RecurrentCell):
    """One step of `LSTM97`."""

    layer = LSTM97


class CoupledLSTMCell(RecurrentCell):
    """One step of `CoupledLSTM`."""

    layer = CoupledLSTM


class FGRLSTMCell(RecurrentCell):
    """One step of `FGRLSTM`."""

    layer = FGRLSTM


class LayerNormLSTMCell(RecurrentCell):
    """One step of `LayerNormLSTM`."""

    layer = LayerNormLSTM


class PeepholesCell(RecurrentCell):
    """One step of a layer whose gates may see the cell state; peepholes: any subset of "ifo"."""

    layer: type[Peepholes]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        peepholes: Seen | None = None,
        forget_bias: float | None = None,
        chrono: float | None = None,
    ) -> None:
        options = {"bias": bias, "forget_bias": forget_bias, "chrono": chrono, "peepholes": peepholes}
        self._make(input_size, hidden_size, device, dtype, **options)


class PeepholeLSTMCell(PeepholesCell):
    """One step of `PeepholeLSTM`."""

    layer = PeepholeLSTM


class VanillaLSTMCell(PeepholesCell):
    """One step of `VanillaLSTM`."""

    layer = VanillaLSTM


class NIGLSTMCell(PeepholesCell):
    """One step of `NIGLSTM`."""

    layer = NIGLSTM


class NFGLSTMCell(PeepholesCell):
    """One step of `NFGLSTM`."""

    layer = NFGLSTM


class NOGLSTMCell(PeepholesCell):
    """One step of `NOGLSTM`."""

    layer = NOGLSTM


class NIAFLSTMCell(PeepholesCell):
    """One step of `NIAFLSTM`."""

    layer = NIAFLSTM


class NOAFLSTMCell(PeepholesCell):
    """One step of `NOAFLSTM`."""

    layer = NOAFLSTM


class CIFGLSTMCell(PeepholesCell):
    """One step of `CIFGLSTM`."""

    layer = CIFGLSTM


class NIGPlainLSTMCell(PeepholesCell):
    """One step of `NIGPlainLSTM`."""

    layer = NIGPlainLSTM


class NFGPlainLSTMCell(PeepholesCell):
    """One step of `NFGPlainLSTM`."""

    layer = NFGPlainLSTM


class NOGPlainLSTMCell(PeepholesCell):
    """One step of `NOGPlainLSTM`."""

    layer = NOGPlainLSTM


class NIAFPlainLSTMCell(PeepholesCell):
    """One step of `NIAFPlainLSTM`."""

    layer = NIAFPlainLSTM


class NOAFPlainLSTMCell(PeepholesCell):
    """One step of `NOAFPlainLSTM`."""

    layer = NOAFPlainLSTM
