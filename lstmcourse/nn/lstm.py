r"""LSTM with a forget gate — Gers, Schmidhuber & Cummins (2000); a drop-in for torch.nn.LSTM.

    a = W x + U h₋ + b      (1)   rows i, f, g, o
    i = σ(a_i)              (2)
    f = σ(a_f)              (3)
    g = tanh(a_g)           (4)
    o = σ(a_o)              (5)
    c = f ∘ c₋ + i ∘ g      (6)
    h = o ∘ tanh(c)         (7)   with proj_size, h = V (o ∘ tanh(c))  (Sak, Senior & Beaufays, 2014)

x is (B, I), h and c (B, H); weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,).
"""

import torch
from torch import sigmoid, tanh
from torch.types import Device

from ._recurrent import Impl, Recurrent
from .ways.loop import affine
from .ways.scan_lstm import LSTMScan


class LSTM(Recurrent):
    """LSTM with a forget gate: torch.nn.LSTM's constructor, positions, names, states and results.

    proj_size: where over 0, h is projected to that many units (weight_hr). The other arguments: see `Recurrent`.
    """

    rows = "ifgo"
    states = ("h", "c")
    forget = "f"
    projects = True
    vendor = staticmethod(torch._VF.lstm)
    scan = LSTMScan("ifgo")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        impl: Impl = "auto",
        forget_bias: float | None = None,
        chrono: float | None = None,
    ) -> None:
        args = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
        super().__init__(*args, proj_size=proj_size, impl=impl, forget_bias=forget_bias, chrono=chrono)

    @staticmethod
    def step(ax, state, w):
        h_, c_ = state
        a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
        a_i, a_f, a_g, a_o = a.chunk(4, -1)
        i = sigmoid(a_i)  # (2)
        f = sigmoid(a_f)  # (3)
        g = tanh(a_g)  # (4)
        o = sigmoid(a_o)  # (5)
        c = f * c_ + i * g  # (6)
        h = o * tanh(c)  # (7)
        return (h if w.weight_hr is None else affine(h, w.weight_hr)), c
