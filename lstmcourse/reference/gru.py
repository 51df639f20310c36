r"""GRU with the reset gate after the recurrent product: the form of cuDNN and PyTorch.

Cho et al. (2014) put the reset before the product in the published paper; that cell is GRU_RESET_BEFORE.
z multiplies the old state, as in Cho et al. and PyTorch.

    a = W x + b                     (1)   rows r, z, n
    u = U h₋                        (2)   rows r, z, n
    r = σ(a_r + u_r)                (3)
    z = σ(a_z + u_z)                (4)
    v = u_n + b_hn                  (5)
    n = tanh(a_n + r ∘ v)           (6)
    h = (1 − z) ∘ n + z ∘ h₋        (7)

x is (B, I), h (B, H); W (3H, I), U (3H, H), b (3H,), b_hn (H,).
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

gates = {"r": Gate("σ"), "z": Gate("σ"), "n": Gate("tanh")}


def shapes(I, H):
    return {"W": (3 * H, I), "U": (3 * H, H), "b": (3 * H,), "b_hn": (H,)}


def forward(p, x, state):
    (h_,) = state
    a = x @ p.W.T + p.b  # (1)
    u = h_ @ p.U.T  # (2)
    a_r, a_z, a_n = split(a, 3)
    u_r, u_z, u_n = split(u, 3)
    r = sigmoid(a_r + u_r)  # (3)
    z = sigmoid(a_z + u_z)  # (4)
    v = u_n + p.b_hn  # (5)
    n = np.tanh(a_n + r * v)  # (6)
    h = (1 - z) * n + z * h_  # (7)
    return (h,), dict(x=x, h_=h_, r=r, z=z, v=v, n=n, h=h)


def backward(p, d, cache, dh):
    x, h_, r, z, v, n, h = cache.values()
    dz = dh * (h_ - n)  # from (7)
    dn = dh * (1 - z)  # from (7)
    da_n = dn * (1 - n**2)  # from (6)
    dr = da_n * v  # from (6)
    dv = da_n * r  # from (6)
    da_z = dz * z * (1 - z)  # from (4)
    da_r = dr * r * (1 - r)  # from (3)
    da = join(da_r, da_z, da_n)
    du = join(da_r, da_z, dv)
    d.W += da.T @ x  # from (1)
    d.b += da.sum(0)  # from (1)
    d.U += du.T @ h_  # from (2)
    d.b_hn += dv.sum(0)  # from (5)
    return da @ p.W, (dh * z + du @ p.U,)  # from (1), (7) and (2)


GRU = make_cell("gru", ("h",), shapes, forward, backward, gates, stacks={"b_hn": "n"})
