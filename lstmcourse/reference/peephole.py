r"""Peephole LSTM — Gers, Schraudolph & Schmidhuber (2002): the gates also see the cell state.

    a = W x + U h₋ + b          (1)   rows i, f, g, o
    i = σ(a_i + p_i ∘ c₋)       (2)
    f = σ(a_f + p_f ∘ c₋)       (3)
    g = tanh(a_g)               (4)
    c = f ∘ c₋ + i ∘ g          (5)
    o = σ(a_o + p_o ∘ c)        (6)   the output gate sees the new cell state
    h = o ∘ tanh(c)             (7)

x is (B, I), h and c (B, H); W (4H, I), U (4H, H), b (4H,), p_i, p_f, p_o (H,).
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

sees_old, sees_new = Gate("σ", peephole="c_"), Gate("σ", peephole="c")
gates = {"i": sees_old, "f": sees_old, "g": Gate("tanh"), "o": sees_new}


def shapes(I, H):
    return {"W": (4 * H, I), "U": (4 * H, H), "b": (4 * H,), "p_i": (H,), "p_f": (H,), "p_o": (H,)}


def forward(p, x, state):
    h_, c_ = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    a_i, a_f, a_g, a_o = split(a, 4)
    i = sigmoid(a_i + p.p_i * c_)  # (2)
    f = sigmoid(a_f + p.p_f * c_)  # (3)
    g = np.tanh(a_g)  # (4)
    c = f * c_ + i * g  # (5)
    o = sigmoid(a_o + p.p_o * c)  # (6)
    h = o * np.tanh(c)  # (7)
    return (h, c), dict(x=x, h_=h_, c_=c_, i=i, f=f, g=g, o=o, c=c, h=h)


def backward(p, d, cache, dh, dc):
    x, h_, c_, i, f, g, o, c, h = cache.values()
    tanh_c = np.tanh(c)
    do = dh * tanh_c  # from (7)
    da_o = do * o * (1 - o)  # from (6)
    dc = dc + dh * o * (1 - tanh_c**2) + da_o * p.p_o  # from (7) and (6)
    di = dc * g  # from (5)
    df = dc * c_  # from (5)
    dg = dc * i  # from (5)
    da_i = di * i * (1 - i)  # from (2)
    da_f = df * f * (1 - f)  # from (3)
    da_g = dg * (1 - g**2)  # from (4)
    dc_ = dc * f + da_i * p.p_i + da_f * p.p_f  # from (5), (2) and (3)
    d.p_i += (da_i * c_).sum(0)  # from (2)
    d.p_f += (da_f * c_).sum(0)  # from (3)
    d.p_o += (da_o * c).sum(0)  # from (6)
    da = join(da_i, da_f, da_g, da_o)
    d.W += da.T @ x  # from (1)
    d.U += da.T @ h_  # from (1)
    d.b += da.sum(0)  # from (1)
    return da @ p.W, (da @ p.U, dc_)  # from (1)


PEEPHOLE = make_cell("peephole", ("h", "c"), shapes, forward, backward, gates)
