r"""GRU with the reset gate before the recurrent product — Cho et al. (2014), as published.

    a = W x + b                     (1)   rows r, z, n
    r = σ(a_r + U_r h₋)             (2)
    z = σ(a_z + U_z h₋)             (3)
    s = r ∘ h₋                      (4)
    n = tanh(a_n + U_n s)           (5)
    h = (1 − z) ∘ n + z ∘ h₋        (6)

x is (B, I), h (B, H); W (3H, I), U (3H, H), b (3H,), U_r, U_z, U_n its blocks.
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

gates = {"r": Gate("σ"), "z": Gate("σ"), "n": Gate("tanh")}


def shapes(I, H):
    return {"W": (3 * H, I), "U": (3 * H, H), "b": (3 * H,)}


def forward(p, x, state):
    (h_,) = state
    a = x @ p.W.T + p.b  # (1)
    a_r, a_z, a_n = split(a, 3)
    U_r, U_z, U_n = np.split(p.U, 3)
    r = sigmoid(a_r + h_ @ U_r.T)  # (2)
    z = sigmoid(a_z + h_ @ U_z.T)  # (3)
    s = r * h_  # (4)
    n = np.tanh(a_n + s @ U_n.T)  # (5)
    h = (1 - z) * n + z * h_  # (6)
    return (h,), dict(x=x, h_=h_, r=r, z=z, s=s, n=n, h=h)


def backward(p, d, cache, dh):
    x, h_, r, z, s, n, h = cache.values()
    U_r, U_z, U_n = np.split(p.U, 3)
    dz = dh * (h_ - n)  # from (6)
    dn = dh * (1 - z)  # from (6)
    da_n = dn * (1 - n**2)  # from (5)
    ds = da_n @ U_n  # from (5)
    dr = ds * h_  # from (4)
    da_z = dz * z * (1 - z)  # from (3)
    da_r = dr * r * (1 - r)  # from (2)
    da = join(da_r, da_z, da_n)
    d.W += da.T @ x  # from (1)
    d.b += da.sum(0)  # from (1)
    d.U += np.concatenate([da_r.T @ h_, da_z.T @ h_, da_n.T @ s])  # from (2), (3) and (5)
    dh_ = dh * z + ds * r + da_r @ U_r + da_z @ U_z  # from (6), (4), (2) and (3)
    return da @ p.W, (dh_,)  # from (1)


GRU_RESET_BEFORE = make_cell("gru_reset_before", ("h",), shapes, forward, backward, gates)
