r"""Recurrent network after Elman (1990), with tanh or ReLU; a drop-in for torch.nn.RNN.

    a = W x + U h₋ + b      (1)
    h = tanh(a)             (2)   nonlinearity="tanh"
    h = max(0, a)           (3)   nonlinearity="relu"

x is (B, I), h (B, H); weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,).
"""

from typing import Literal

import torch
from torch.types import Device

from ._recurrent import Impl, Recurrent
from .ways.loop import affine
from .ways.scan_rnn import RNNScan


def step_tanh(ax, state, w):
    (h_,) = state
    a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
    return (torch.tanh(a),)  # (2)


def step_relu(ax, state, w):
    (h_,) = state
    a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
    return (torch.relu(a),)  # (3)


class RNN(Recurrent):
    """RNN with tanh or ReLU (after Elman, 1990): torch.nn.RNN's constructor, positions, names, states and results.

    nonlinearity: "tanh" or "relu"; ValueError for anything else. The other arguments are those of `Recurrent`.
    """

    rows = "h"
    step = staticmethod(step_tanh)
    vendor = staticmethod(torch._VF.rnn_tanh)
    scan = RNNScan()

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
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
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        self.__dict__["nonlinearity"] = nonlinearity
        if nonlinearity == "relu" and type(self).step is step_tanh:
            self.__dict__["step"] = step_relu
            if type(self).scan is not None:
                self.__dict__.update(vendor=torch._VF.rnn_relu, scan=RNNScan(relu=True))
        args = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
        super().__init__(*args, proj_size=proj_size, impl=impl, forget_bias=forget_bias, chrono=chrono)

    def extra_repr(self) -> str:
        return super().extra_repr() + (", nonlinearity='relu'" if self.nonlinearity == "relu" else "")


class RNNReLU(RNN):
    """RNN with nonlinearity="relu": the layer of the reference's RNN_RELU."""

    step = staticmethod(step_relu)
    vendor = staticmethod(torch._VF.rnn_relu)
    scan = RNNScan(relu=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["relu"] = "relu",
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
        if nonlinearity != "relu":
            raise ValueError(f"nonlinearity of RNNReLU is 'relu', got {nonlinearity!r}")
        args = (input_size, hidden_size, num_layers, nonlinearity, bias, batch_first, dropout, bidirectional)
        super().__init__(*args, device, dtype, proj_size=proj_size, impl=impl, forget_bias=forget_bias, chrono=chrono)
