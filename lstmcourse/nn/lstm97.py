r"""LSTM without a forget gate — Hochreiter & Schmidhuber (1997), with tanh where they squash by shifted sigmoids.

    a = W x + U h₋ + b      (1)   rows i, g, o
    i = σ(a_i)              (2)
    g = tanh(a_g)           (3)
    o = σ(a_o)              (4)
    c = c₋ + i ∘ g          (5)   the constant error carousel
    h = o ∘ tanh(c)         (6)

x is (B, I), h and c (B, H); weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,).
"""

import torch
from torch import sigmoid, tanh

from ._recurrent import Recurrent
from .ways.loop import affine
from .ways.scan_lstm import LSTMScan


class LSTM97(Recurrent):
    """LSTM of 1997, whose cell adds up and never forgets (Hochreiter & Schmidhuber, 1997, section 4)."""

    rows = "igo"
    states = ("h", "c")
    vendor = staticmethod(torch._VF.lstm)  # its forget rows saturated
    scan = LSTMScan("igo")

    @staticmethod
    def step(ax, state, w):
        h_, c_ = state
        a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
        a_i, a_g, a_o = a.chunk(3, -1)
        i = sigmoid(a_i)  # (2)
        g = tanh(a_g)  # (3)
        o = sigmoid(a_o)  # (4)
        c = c_ + i * g  # (5)
        h = o * tanh(c)  # (6)
        return h, c
