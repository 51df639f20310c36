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

N(v) = (v − mean v) / √(var v + ε), over the units of one sequence at one step: all 4H rows of q and of u, the H of c.
The shifts that the paper gives the first two norms are in b. x is (B, I), h and c (B, H); W (4H, I), U (4H, H),
b, gain_x, gain_h (4H,), gain_c, shift_c (H,); ε = 1e-5.
"""

import numpy as np

from ._core import Gate, join, make_cell, sigmoid, split

EPSILON = 1e-5

gates = {"i": Gate("σ"), "f": Gate("σ"), "g": Gate("tanh"), "o": Gate("σ")}
stacks = {"W": "qqqq", "U": "uuuu", "gain_x": "ifgo", "gain_h": "ifgo", "gain_c": "c", "shift_c": "c"}  # N mixes rows


def shapes(I, H):
    gains = {"gain_x": (4 * H,), "gain_h": (4 * H,), "gain_c": (H,), "shift_c": (H,)}
    return {"W": (4 * H, I), "U": (4 * H, H), "b": (4 * H,)} | gains


def normalised(v):
    """N(v), (B, n)."""
    v = v - v.mean(1, keepdims=True)
    return v / np.sqrt((v**2).mean(1, keepdims=True) + EPSILON)


def normalised_backward(v, dn):
    """dL/dv from dn = dL/dN(v), (B, n) each: what N takes out of v, its mean and its scale, has no gradient."""
    n = normalised(v)
    dn = dn - dn.mean(1, keepdims=True) - n * (dn * n).mean(1, keepdims=True)
    return dn / np.sqrt(v.var(1, keepdims=True) + EPSILON)


def forward(p, x, state):
    h_, c_ = state
    q = x @ p.W.T  # (1)
    u = h_ @ p.U.T  # (2)
    a = p.gain_x * normalised(q) + p.gain_h * normalised(u) + p.b  # (3)
    a_i, a_f, a_g, a_o = split(a, 4)
    i = sigmoid(a_i)  # (4)
    f = sigmoid(a_f)  # (5)
    g = np.tanh(a_g)  # (6)
    o = sigmoid(a_o)  # (7)
    c = f * c_ + i * g  # (8)
    h = o * np.tanh(p.gain_c * normalised(c) + p.shift_c)  # (9)
    return (h, c), dict(x=x, h_=h_, c_=c_, q=q, u=u, i=i, f=f, g=g, o=o, c=c, h=h)


def backward(p, d, cache, dh, dc):
    x, h_, c_, q, u, i, f, g, o, c, h = cache.values()
    y = np.tanh(p.gain_c * normalised(c) + p.shift_c)
    do = dh * y  # from (9)
    dm = dh * o * (1 - y**2)  # from (9)
    d.gain_c += (dm * normalised(c)).sum(0)  # from (9)
    d.shift_c += dm.sum(0)  # from (9)
    dc = dc + normalised_backward(c, dm * p.gain_c)  # from (9)
    di = dc * g  # from (8)
    df = dc * c_  # from (8)
    dg = dc * i  # from (8)
    dc_ = dc * f  # from (8)
    da_i = di * i * (1 - i)  # from (4)
    da_f = df * f * (1 - f)  # from (5)
    da_g = dg * (1 - g**2)  # from (6)
    da_o = do * o * (1 - o)  # from (7)
    da = join(da_i, da_f, da_g, da_o)
    d.gain_x += (da * normalised(q)).sum(0)  # from (3)
    d.gain_h += (da * normalised(u)).sum(0)  # from (3)
    d.b += da.sum(0)  # from (3)
    dq = normalised_backward(q, da * p.gain_x)  # from (3)
    du = normalised_backward(u, da * p.gain_h)  # from (3)
    d.W += dq.T @ x  # from (1)
    d.U += du.T @ h_  # from (2)
    return dq @ p.W, (du @ p.U, dc_)  # from (1) and (2)


LAYER_NORM = make_cell("layer_norm", ("h", "c"), shapes, forward, backward, gates, stacks=stacks)
