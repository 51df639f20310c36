r"""LSTM with a forget gate — Gers, Schmidhuber & Cummins (2000); the LSTM as used today.

    a = W x + U h₋ + b      (1)   rows i, f, g, o
    i = σ(a_i)              (2)
    f = σ(a_f)              (3)
    g = tanh(a_g)           (4)
    o = σ(a_o)              (5)
    c = f ∘ c₋ + i ∘ g      (6)
    h = o ∘ tanh(c)         (7)

x is (B, I), h and c (B, H); W (4H, I), U (4H, H), b (4H,).
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

gates = {"i": Gate("σ"), "f": Gate("σ"), "g": Gate("tanh"), "o": Gate("σ")}


def shapes(I, H):
    return {"W": (4 * H, I), "U": (4 * H, H), "b": (4 * H,)}


def forward(p, x, state):
    h_, c_ = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    a_i, a_f, a_g, a_o = split(a, 4)
    i = sigmoid(a_i)  # (2)
    f = sigmoid(a_f)  # (3)
    g = np.tanh(a_g)  # (4)
    o = sigmoid(a_o)  # (5)
    c = f * c_ + i * g  # (6)
    h = o * np.tanh(c)  # (7)
    return (h, c), dict(x=x, h_=h_, c_=c_, i=i, f=f, g=g, o=o, c=c, h=h)


def backward(p, d, cache, dh, dc):
    x, h_, c_, i, f, g, o, c, h = cache.values()
    tanh_c = np.tanh(c)
    do = dh * tanh_c  # from (7)
    dc = dc + dh * o * (1 - tanh_c**2)  # from (7)
    di = dc * g  # from (6)
    df = dc * c_  # from (6)
    dg = dc * i  # from (6)
    dc_ = dc * f  # from (6)
    da_i = di * i * (1 - i)  # from (2)
    da_f = df * f * (1 - f)  # from (3)
    da_g = dg * (1 - g**2)  # from (4)
    da_o = do * o * (1 - o)  # from (5)
    da = join(da_i, da_f, da_g, da_o)
    d.W += da.T @ x  # from (1)
    d.U += da.T @ h_  # from (1)
    d.b += da.sum(0)  # from (1)
    return da @ p.W, (da @ p.U, dc_)  # from (1)


LSTM = make_cell("lstm", ("h", "c"), shapes, forward, backward, gates)
