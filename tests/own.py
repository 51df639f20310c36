"""A cell and a layer of one's own that the package has not: an exponential input gate, with its normaliser."""

from typing import ClassVar

import numpy as np
import torch

from lstmcourse.nn import Recurrent, affine
from lstmcourse.reference import Cell, Gate, sigmoid


def shapes(I, H):
    return {"W": (3 * H, I), "U": (3 * H, H), "b": (3 * H,)}


def forward(p, x, state):
    h_, c_, n_ = state
    a_i, a_f, a_g = np.split(x @ p.W.T + h_ @ p.U.T + p.b, 3, axis=-1)
    i, f, g = np.exp(a_i), sigmoid(a_f), np.tanh(a_g)
    c = f * c_ + i * g
    n = f * n_ + i
    h = c / n
    return (h, c, n), dict(x=x, h_=h_, c_=c_, n_=n_, i=i, f=f, g=g, c=c, n=n, h=h)


def backward(p, d, cache, dh, dc, dn):
    x, h_, c_, n_, i, f, g, c, n, h = cache.values()
    dc, dn = dc + dh / n, dn - dh * h / n
    da_i = (dc * g + dn) * i
    da_f = (dc * c_ + dn * n_) * f * (1 - f)
    da_g = dc * i * (1 - g**2)
    da = np.concatenate([da_i, da_f, da_g], axis=-1)
    d.W += da.T @ x
    d.U += da.T @ h_
    d.b += da.sum(0)
    return da @ p.W, (da @ p.U, dc * f, dn * f)


EXPONENTIAL = Cell(
    "exponential",
    ("h", "c", "n"),
    shapes,
    forward,
    backward,
    gates={"i": Gate("exp"), "f": Gate("σ"), "g": Gate("tanh")},
    initial={"n": 1.0},
)


class ExponentialLSTM(Recurrent):
    """The same cell as a layer."""

    rows = "ifg"
    states = ("h", "c", "n")
    initial: ClassVar = {"n": 1.0}
    forget = "f"

    @staticmethod
    def step(ax, state, w):
        h_, c_, n_ = state
        a_i, a_f, a_g = (ax + affine(h_, w.weight_hh, w.bias_hh)).chunk(3, -1)
        i, f, g = torch.exp(a_i), torch.sigmoid(a_f), torch.tanh(a_g)
        c, n = f * c_ + i * g, f * n_ + i
        return c / n, c, n
