r"""GRU with the reset gate after the recurrent product: cuDNN's, and a drop-in for torch.nn.GRU.

    a = W x + b                     (1)   rows r, z, n
    u = U h₋                        (2)   rows r, z, n, here with the r and z rows of bias_hh
    r = σ(a_r + u_r)                (3)
    z = σ(a_z + u_z)                (4)
    v = u_n + b_hn                  (5)
    n = tanh(a_n + r ∘ v)           (6)
    h = (1 − z) ∘ n + z ∘ h₋        (7)

x is (B, I), h (B, H); weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,).
"""

import torch
from torch import sigmoid, tanh

from ._recurrent import Recurrent
from .ways.loop import affine
from .ways.scan_gru import GRUScan


class GRU(Recurrent):
    """GRU, reset after the product: torch.nn.GRU's constructor, positions, names, states and results."""

    rows = "rzn"
    forget = "z"
    vendor = staticmethod(torch._VF.gru)
    scan = GRUScan()

    @staticmethod
    def step(ax, state, w):
        (h_,) = state
        a_r, a_z, a_n = ax.chunk(3, -1)  # (1)
        u_r, u_z, v = affine(h_, w.weight_hh, w.bias_hh).chunk(3, -1)  # (2), (5)
        r = sigmoid(a_r + u_r)  # (3)
        z = sigmoid(a_z + u_z)  # (4)
        n = tanh(a_n + r * v)  # (6)
        h = (1 - z) * n + z * h_  # (7)
        return (h,)
