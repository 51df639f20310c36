r"""Full gate recurrence — Greff et al. (2017), variant FGR: the gates also see all gates of the step before.

    a = W x + U h₋ + b                      (1)   rows i, f, g, o
    q = R [i₋, f₋, o₋]                      (2)   rows i, f, o
    i = σ(a_i + q_i + p_i ∘ c₋)             (3)
    f = σ(a_f + q_f + p_f ∘ c₋)             (4)
    g = tanh(a_g)                           (5)
    c = f ∘ c₋ + i ∘ g                      (6)
    o = σ(a_o + q_o + p_o ∘ c)              (7)
    h = o ∘ tanh(c)                         (8)

x is (B, I), states (B, H); weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,); R is weight_gates (3H, 3H);
p_i, p_f, p_o (H,).
"""

import torch
from torch import sigmoid, tanh

from ._recurrent import Recurrent
from .ways.loop import affine


class FGRLSTM(Recurrent):
    """Peephole LSTM with full gate recurrence: ``weight_gates`` (3H, 3H) holds the nine matrices, rows and columns
    in the order i, f, o; the state is the tuple (h, c, i, f, o)."""

    rows = "ifgo"
    states = ("h", "c", "i", "f", "o")
    vectors = ("p_i", "p_f", "p_o")
    forget = "f"

    def _shapes(self, layer):
        return super()._shapes(layer) | {"weight_gates": (3 * self.hidden_size, 3 * self.hidden_size)}

    @staticmethod
    def step(ax, state, w):
        h_, c_, i_, f_, o_ = state
        a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
        a_i, a_f, a_g, a_o = a.chunk(4, -1)
        q_i, q_f, q_o = affine(torch.cat([i_, f_, o_], -1), w.weight_gates).chunk(3, -1)  # (2)
        i = sigmoid(a_i + q_i + w.p_i * c_)  # (3)
        f = sigmoid(a_f + q_f + w.p_f * c_)  # (4)
        g = tanh(a_g)  # (5)
        c = f * c_ + i * g  # (6)
        o = sigmoid(a_o + q_o + w.p_o * c)  # (7)
        h = o * tanh(c)  # (8)
        return h, c, i, f, o
