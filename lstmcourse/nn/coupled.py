r"""LSTM with coupled gates: what is forgotten makes room for what is written, i = 1 − f (Greff et al., 2017, CIFG).

    a = W x + U h₋ + b              (1)   rows f, g, o
    f = σ(a_f)                      (2)
    g = tanh(a_g)                   (3)
    o = σ(a_o)                      (4)
    c = f ∘ c₋ + (1 − f) ∘ g        (5)
    h = o ∘ tanh(c)                 (6)

x is (B, I), h and c (B, H); weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,).
"""

import torch
from torch import sigmoid, tanh

from ._recurrent import Recurrent
from .ways.loop import affine
from .ways.scan_lstm import LSTMScan


class CoupledLSTM(Recurrent):
    """LSTM with i = 1 − f, f computed: three quarters of the LSTM's parameters (Greff et al., 2017, section 3)."""

    rows = "fgo"
    states = ("h", "c")
    forget = "f"
    coupled = True
    vendor = staticmethod(torch._VF.lstm)  # its input rows those of f, negated
    scan = LSTMScan("fgo", coupled=True)

    @staticmethod
    def step(ax, state, w):
        h_, c_ = state
        a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
        a_f, a_g, a_o = a.chunk(3, -1)
        f = sigmoid(a_f)  # (2)
        g = tanh(a_g)  # (3)
        o = sigmoid(a_o)  # (4)
        c = f * c_ + (1 - f) * g  # (5)
        h = o * tanh(c)  # (6)
        return h, c
