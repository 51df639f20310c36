r"""LSTM with coupled gates: what is forgotten makes room for what is written, i = 1 − f.

Greff et al. (2017) call it CIFG and compute i, with f = 1 − i; here f is computed. Since 1 − σ(a) = σ(−a), the two
are the same functions with the rows of that gate negated.

    a = W x + U h₋ + b              (1)   rows f, g, o
    f = σ(a_f)                      (2)
    g = tanh(a_g)                   (3)
    o = σ(a_o)                      (4)
    c = f ∘ c₋ + (1 − f) ∘ g        (5)
    h = o ∘ tanh(c)                 (6)

x is (B, I), h and c (B, H); W (3H, I), U (3H, H), b (3H,).
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

gates = {"f": Gate("σ"), "g": Gate("tanh"), "o": Gate("σ"), "i": Gate(coupled="f")}


def shapes(I, H):
    return {"W": (3 * H, I), "U": (3 * H, H), "b": (3 * H,)}


def forward(p, x, state):
    h_, c_ = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    a_f, a_g, a_o = split(a, 3)
    f = sigmoid(a_f)  # (2)
    g = np.tanh(a_g)  # (3)
    o = sigmoid(a_o)  # (4)
    c = f * c_ + (1 - f) * g  # (5)
    h = o * np.tanh(c)  # (6)
    return (h, c), dict(x=x, h_=h_, c_=c_, f=f, g=g, o=o, c=c, h=h)


def backward(p, d, cache, dh, dc):
    x, h_, c_, f, g, o, c, h = cache.values()
    tanh_c = np.tanh(c)
    do = dh * tanh_c  # from (6)
    dc = dc + dh * o * (1 - tanh_c**2)  # from (6)
    df = dc * (c_ - g)  # from (5): more of the old, less of the new
    dg = dc * (1 - f)  # from (5)
    dc_ = dc * f  # from (5)
    da_f = df * f * (1 - f)  # from (2)
    da_g = dg * (1 - g**2)  # from (3)
    da_o = do * o * (1 - o)  # from (4)
    da = join(da_f, da_g, da_o)
    d.W += da.T @ x  # from (1)
    d.U += da.T @ h_  # from (1)
    d.b += da.sum(0)  # from (1)
    return da @ p.W, (da @ p.U, dc_)  # from (1)


COUPLED = make_cell("coupled", ("h", "c"), shapes, forward, backward, gates)
