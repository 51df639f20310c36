r"""LSTM with layer normalisation — Ba, Kiros & Hinton (2016), equations 20 to 22.

    q = W x                                 (1)
    u = U h₋                                (2)
    a = γ_x ∘ N(q) + γ_h ∘ N(u) + b         (3)   rows i, f, g, o
    i = σ(a_i)                              (4)
    f = σ(a_f)                              (5)
    g = tanh(a_g)                           (6)
    o = σ(a_o)                              (7)
    c = f ∘ c₋ + i ∘ g                      (8)
    h = o ∘ tanh(γ_c ∘ N(c) + β_c)          (9)

N(v) = (v − mean v) / √(var v + ε), over the units of one sequence at one step. x is (B, I), h and c (B, H);
weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh, gain_x, gain_h (4H,), gain_c, shift_c (H,); ε = 1e-5.
"""

import torch
from torch import sigmoid, tanh
from torch.nn import functional as F

from ._recurrent import Recurrent
from .ways.loop import affine

EPSILON = 1e-5


def normalised(v):
    """N(v) over the last dimension."""
    return F.layer_norm(v, v.shape[-1:], eps=EPSILON)


class LayerNormLSTM(Recurrent):
    """LSTM whose products W x and U h₋ and whose cell state are normalised, each with a gain (Ba et al., 2016).

    For recurrent networks that train slowly or whose states drift: the gates see pre-activations of one scale, whatever
    the scale of weights and inputs. It needs no statistics of the batch, so it computes the same in training and
    evaluation. The gains ``gain_x``, ``gain_h``, ``gain_c`` start at 1, ``shift_c`` at 0; biases stand outside the
    norms. It runs by the loop.
    """

    rows = "ifgo"
    states = ("h", "c")
    forget = "f"

    def _shapes(self, layer):
        H = self.hidden_size
        return super()._shapes(layer) | {"gain_x": (4 * H,), "gain_h": (4 * H,), "gain_c": (H,), "shift_c": (H,)}

    def reset_parameters(self) -> None:
        """As in every layer; then the gains are 1 and the shift is 0."""
        super().reset_parameters()
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith(("gain_", "shift_")):
                    parameter.fill_(float(name.startswith("gain_")))

    @staticmethod
    def inputs(xs, w):
        q = affine(xs, w.weight_ih)  # (1)
        ax = w.gain_x * normalised(q)  # (3)
        return ax if w.bias_ih is None else ax + w.bias_ih

    @staticmethod
    def step(ax, state, w):
        h_, c_ = state
        u = affine(h_, w.weight_hh)  # (2)
        a = ax + w.gain_h * normalised(u)  # (3)
        a = a if w.bias_hh is None else a + w.bias_hh
        a_i, a_f, a_g, a_o = a.chunk(4, -1)
        i = sigmoid(a_i)  # (4)
        f = sigmoid(a_f)  # (5)
        g = tanh(a_g)  # (6)
        o = sigmoid(a_o)  # (7)
        c = f * c_ + i * g  # (8)
        h = o * tanh(w.gain_c * normalised(c) + w.shift_c)  # (9)
        return h, c
