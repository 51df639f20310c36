r"""The variants of "LSTM: A Search Space Odyssey" — Greff et al. (2017), section 3.

Each variant is the vanilla (peephole) LSTM with one function replaced, so that is all that stands here: a gate that is
removed is the constant 1, an activation that is removed is the identity, and in CIFG the input gate is 1 − f.

    a = W x + U h₋ + b              (1)   rows i, f, g, o, without those of a gate that is not computed
    f = σ_f(a_f + p_f ∘ c₋)         (2)   NFG: f = 1
    i = σ_i(a_i + p_i ∘ c₋)         (3)   NIG: i = 1;  CIFG: i = 1 − f
    g = σ_g(a_g)                    (4)   NIAF: g = a_g
    c = f ∘ c₋ + i ∘ g              (5)
    o = σ_o(a_o + p_o ∘ c)          (6)   NOG: o = 1
    y = σ_y(c)                      (7)   NOAF: y = c
    h = o ∘ y                       (8)

Greff et al. keep the peepholes in all variants but NP, which is our LSTM; CIFG without them is our COUPLED.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._core import Cell, Gate, join, make_cell, sigmoid


class Fn(NamedTuple):
    """A function of a pre-activation, its slope written in terms of its value y, and its name in a `Gate`."""

    value: Callable
    slope: Callable
    name: str = ""


SIGMOID = Fn(sigmoid, lambda y: y * (1 - y), "σ")
TANH = Fn(np.tanh, lambda y: 1 - y**2, "tanh")
IDENTITY = Fn(lambda a: a, np.ones_like, "identity")
ONE = Fn(np.ones_like, np.zeros_like)
ONE_MINUS_F = Fn(np.zeros_like, np.zeros_like)  # a mark: i is no function of its own pre-activation

VARIANTS: dict[str, dict[str, Fn]] = {
    "vanilla": {},
    "nig": {"i": ONE},
    "nfg": {"f": ONE},
    "nog": {"o": ONE},
    "niaf": {"g": IDENTITY},
    "noaf": {"y": IDENTITY},
    "cifg": {"i": ONE_MINUS_F},
}


def variant(name: str, peepholes: str = "ifo") -> Cell:
    """The variant of that name (a key of VARIANTS) with peepholes into the gates named: any subset of "ifo".

    A gate that the variant does not compute has no peephole either. Raises ValueError for another name or letter.
    """
    if name not in VARIANTS:
        raise ValueError(f"name must be one of {', '.join(VARIANTS)}, got {name!r}")
    if not isinstance(peepholes, str) or set(peepholes) - set("ifo") or len(set(peepholes)) != len(peepholes):
        raise ValueError(f'peepholes must be a subset of "ifo", each letter once, got {peepholes!r}')
    peepholes = "".join(k for k in "ifo" if k in peepholes)  # in one order, so that a variant has one name
    fn = {"i": SIGMOID, "f": SIGMOID, "g": TANH, "o": SIGMOID, "y": TANH} | VARIANTS[name]
    live = [k for k in "ifgo" if fn[k] not in (ONE, ONE_MINUS_F)]  # the gates that have rows
    seeing = [k for k in "ifo" if k in peepholes and k in live]
    coupled = fn["i"] is ONE_MINUS_F
    seen = {"i": "c_", "f": "c_", "o": "c"}
    gates = {k: Gate(fn[k].name, peephole=seen[k] if k in seeing else "") for k in live}
    gates |= {"i": Gate(coupled="f")} if coupled else {}

    def shapes(I, H):
        G = len(live)
        return {"W": (G * H, I), "U": (G * H, H), "b": (G * H,)} | {f"p_{k}": (H,) for k in seeing}

    def peephole(p, k):
        return getattr(p, f"p_{k}") if k in seeing else 0.0

    def forward(p, x, state):
        h_, c_ = state
        a = dict.fromkeys("ifgo", np.zeros_like(c_))
        a |= zip(live, np.split(x @ p.W.T + h_ @ p.U.T + p.b, len(live), axis=-1))  # (1)
        f = fn["f"].value(a["f"] + peephole(p, "f") * c_)  # (2)
        i = 1 - f if coupled else fn["i"].value(a["i"] + peephole(p, "i") * c_)  # (3)
        g = fn["g"].value(a["g"])  # (4)
        c = f * c_ + i * g  # (5)
        o = fn["o"].value(a["o"] + peephole(p, "o") * c)  # (6)
        y = fn["y"].value(c)  # (7)
        h = o * y  # (8)
        return (h, c), dict(x=x, h_=h_, c_=c_, i=i, f=f, g=g, o=o, c=c, y=y, h=h)

    def backward(p, d, cache, dh, dc):
        x, h_, c_, i, f, g, o, c, y, h = cache.values()
        da = {"o": dh * y * fn["o"].slope(o)}  # from (8) and (6)
        dc = dc + dh * o * fn["y"].slope(y) + da["o"] * peephole(p, "o")  # from (8), (7) and (6)
        di = dc * g  # from (5)
        df = dc * c_ - di if coupled else dc * c_  # from (5), and from (3) when i = 1 − f
        da["f"] = df * fn["f"].slope(f)  # from (2)
        da["i"] = di * fn["i"].slope(i)  # from (3)
        da["g"] = dc * i * fn["g"].slope(g)  # from (5) and (4)
        dc_ = dc * f + da["f"] * peephole(p, "f") + da["i"] * peephole(p, "i")  # from (5), (2) and (3)
        for k in seeing:
            vars(d)[f"p_{k}"] += (da[k] * (c if k == "o" else c_)).sum(0)  # from (2), (3) and (6)
        da_live = join(*(da[k] for k in live))
        d.W += da_live.T @ x  # from (1)
        d.U += da_live.T @ h_  # from (1)
        d.b += da_live.sum(0)  # from (1)
        return da_live @ p.W, (da_live @ p.U, dc_)  # from (1)

    full = peepholes == "ifo"
    suffix = "" if full else f"_{peepholes}" if peepholes else "_plain"
    return make_cell(name + suffix, ("h", "c"), shapes, forward, backward, gates)


VANILLA, NIG, NFG, NOG, NIAF, NOAF, CIFG = (variant(name) for name in VARIANTS)
NIG_PLAIN, NFG_PLAIN, NOG_PLAIN, NIAF_PLAIN, NOAF_PLAIN = (
    variant(name, peepholes="") for name in ("nig", "nfg", "nog", "niaf", "noaf")
)
