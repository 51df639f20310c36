r"""LSTM without a forget gate — Hochreiter & Schmidhuber (1997), with tanh where they squash by shifted sigmoids.

    a = W x + U h₋ + b      (1)   rows i, g, o
    i = σ(a_i)              (2)
    g = tanh(a_g)           (3)
    o = σ(a_o)              (4)
    c = c₋ + i ∘ g          (5)   the constant error carousel
    h = o ∘ tanh(c)         (6)

x is (B, I), h and c (B, H); W (3H, I), U (3H, H), b (3H,).
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

gates = {"i": Gate("σ"), "g": Gate("tanh"), "o": Gate("σ")}


def shapes(I, H):
    return {"W": (3 * H, I), "U": (3 * H, H), "b": (3 * H,)}


def forward(p, x, state):
    h_, c_ = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    a_i, a_g, a_o = split(a, 3)
    i = sigmoid(a_i)  # (2)
    g = np.tanh(a_g)  # (3)
    o = sigmoid(a_o)  # (4)
    c = c_ + i * g  # (5)
    h = o * np.tanh(c)  # (6)
    return (h, c), dict(x=x, h_=h_, c_=c_, i=i, g=g, o=o, c=c, h=h)


def backward(p, d, cache, dh, dc):
    x, h_, c_, i, g, o, c, h = cache.values()
    tanh_c = np.tanh(c)
    do = dh * tanh_c  # from (6)
    dc = dc + dh * o * (1 - tanh_c**2)  # from (6)
    di = dc * g  # from (5)
    dg = dc * i  # from (5)
    dc_ = dc  # from (5): the error rides on, unchanged
    da_i = di * i * (1 - i)  # from (2)
    da_g = dg * (1 - g**2)  # from (3)
    da_o = do * o * (1 - o)  # from (4)
    da = join(da_i, da_g, da_o)
    d.W += da.T @ x  # from (1)
    d.U += da.T @ h_  # from (1)
    d.b += da.sum(0)  # from (1)
    return da @ p.W, (da @ p.U, dc_)  # from (1)


LSTM97 = make_cell("lstm97", ("h", "c"), shapes, forward, backward, gates)
