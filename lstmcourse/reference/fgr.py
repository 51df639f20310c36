r"""Full gate recurrence — Greff et al. (2017), variant FGR: the gates also see all gates of the step before.

It takes up again what the LSTM of 1997 had: nine more recurrent matrices, here the nine H × H blocks of R, on the
peephole LSTM. The state carries the gates along: (h, c, i, f, o).

    a = W x + U h₋ + b                      (1)   rows i, f, g, o
    q = R [i₋, f₋, o₋]                      (2)   rows i, f, o
    i = σ(a_i + q_i + p_i ∘ c₋)             (3)
    f = σ(a_f + q_f + p_f ∘ c₋)             (4)
    g = tanh(a_g)                           (5)
    c = f ∘ c₋ + i ∘ g                      (6)
    o = σ(a_o + q_o + p_o ∘ c)              (7)
    h = o ∘ tanh(c)                         (8)

x is (B, I), states (B, H); W (4H, I), U (4H, H), b (4H,), R (3H, 3H), p_i, p_f, p_o (H,).
"""

import numpy as np

from . import peephole
from ._core import join, make_cell, sigmoid, split


def shapes(I, H):
    return peephole.shapes(I, H) | {"R": (3 * H, 3 * H)}


def forward(p, x, state):
    h_, c_, i_, f_, o_ = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    q = join(i_, f_, o_) @ p.R.T  # (2)
    a_i, a_f, a_g, a_o = split(a, 4)
    q_i, q_f, q_o = split(q, 3)
    i = sigmoid(a_i + q_i + p.p_i * c_)  # (3)
    f = sigmoid(a_f + q_f + p.p_f * c_)  # (4)
    g = np.tanh(a_g)  # (5)
    c = f * c_ + i * g  # (6)
    o = sigmoid(a_o + q_o + p.p_o * c)  # (7)
    h = o * np.tanh(c)  # (8)
    return (h, c, i, f, o), dict(x=x, h_=h_, c_=c_, i_=i_, f_=f_, o_=o_, i=i, f=f, g=g, o=o, c=c, h=h)


def backward(p, d, cache, dh, dc, di, df, do):
    x, h_, c_, i_, f_, o_, i, f, g, o, c, h = cache.values()
    tanh_c = np.tanh(c)
    do = do + dh * tanh_c  # from (8)
    da_o = do * o * (1 - o)  # from (7)
    dc = dc + dh * o * (1 - tanh_c**2) + da_o * p.p_o  # from (8) and (7)
    di = di + dc * g  # from (6)
    df = df + dc * c_  # from (6)
    dg = dc * i  # from (6)
    da_i = di * i * (1 - i)  # from (3)
    da_f = df * f * (1 - f)  # from (4)
    da_g = dg * (1 - g**2)  # from (5)
    dc_ = dc * f + da_i * p.p_i + da_f * p.p_f  # from (6), (3) and (4)
    d.p_i += (da_i * c_).sum(0)  # from (3)
    d.p_f += (da_f * c_).sum(0)  # from (4)
    d.p_o += (da_o * c).sum(0)  # from (7)
    dq = join(da_i, da_f, da_o)
    d.R += dq.T @ join(i_, f_, o_)  # from (2)
    di_, df_, do_ = split(dq @ p.R, 3)  # from (2)
    da = join(da_i, da_f, da_g, da_o)
    d.W += da.T @ x  # from (1)
    d.U += da.T @ h_  # from (1)
    d.b += da.sum(0)  # from (1)
    return da @ p.W, (da @ p.U, dc_, di_, df_, do_)  # from (1)


FGR = make_cell("fgr", ("h", "c", "i", "f", "o"), shapes, forward, backward, peephole.gates, stacks={"R": "ifo"})
