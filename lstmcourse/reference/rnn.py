r"""Recurrent network after Elman (1990), "Finding Structure in Time", with tanh or ReLU, and trained by BPTT.

    a = W x + U h₋ + b      (1)
    h = tanh(a)             (2)   RNN
    h = max(0, a)           (3)   RNN_RELU, the cell of Le, Jaitly & Hinton (2015)

x is (B, I), h (B, H); W (H, I), U (H, H), b (H,).
"""

import numpy as np

from ._core import Gate, make_cell


def shapes(I, H):
    return {"W": (H, I), "U": (H, H), "b": (H,)}


def forward(p, x, state):
    (h_,) = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    h = np.tanh(a)  # (2)
    return (h,), dict(x=x, h_=h_, a=a, h=h)


def forward_relu(p, x, state):
    (h_,) = state
    a = x @ p.W.T + h_ @ p.U.T + p.b  # (1)
    h = np.maximum(0, a)  # (3)
    return (h,), dict(x=x, h_=h_, a=a, h=h)


def backward(p, d, cache, dh):
    x, h_, a, h = cache.values()
    da = dh * (1 - h**2)  # from (2)
    return _backward_affine(p, d, x, h_, da)


def backward_relu(p, d, cache, dh):
    x, h_, a, h = cache.values()
    da = dh * (a > 0)  # from (3)
    return _backward_affine(p, d, x, h_, da)


def _backward_affine(p, d, x, h_, da):
    d.W += da.T @ x  # from (1)
    d.U += da.T @ h_  # from (1)
    d.b += da.sum(0)  # from (1)
    return da @ p.W, (da @ p.U,)  # from (1)


RNN = make_cell("rnn", ("h",), shapes, forward, backward, {"h": Gate("tanh")})
RNN_RELU = make_cell("rnn_relu", ("h",), shapes, forward_relu, backward_relu, {"h": Gate("relu")})
