r"""GRU with the reset gate before the recurrent product — Cho et al. (2014), as published.

    a = W x + b                     (1)   rows r, z, n
    r = σ(a_r + U_r h₋)             (2)
    z = σ(a_z + U_z h₋)             (3)
    s = r ∘ h₋                      (4)
    n = tanh(a_n + U_n s)           (5)
    h = (1 − z) ∘ n + z ∘ h₋        (6)

x is (B, I), h (B, H); weight_ih (3H, I), weight_hh (3H, H), bias_ih, bias_hh (3H,).
"""

from torch import sigmoid, tanh

from ._recurrent import Recurrent
from .ways.loop import affine
from .ways.scan_gru import GRUResetBeforeScan


class GRUResetBefore(Recurrent):
    """GRU, reset before the product (Cho et al., 2014); torch.nn.GRU's names and shapes, other numbers."""

    rows = "rzn"
    forget = "z"
    scan = GRUResetBeforeScan()

    @staticmethod
    def step(ax, state, w):
        (h_,) = state
        H = h_.size(-1)
        a_r, a_z, a_n = ax.chunk(3, -1)  # (1)
        U_rz, U_n = w.weight_hh.split([2 * H, H], -2)
        b_rz, b_n = (None, None) if w.bias_hh is None else w.bias_hh.split([2 * H, H], -1)
        u_r, u_z = affine(h_, U_rz, b_rz).chunk(2, -1)
        r = sigmoid(a_r + u_r)  # (2)
        z = sigmoid(a_z + u_z)  # (3)
        s = r * h_  # (4)
        n = tanh(a_n + affine(s, U_n, b_n))  # (5)
        h = (1 - z) * n + z * h_  # (6)
        return (h,)
