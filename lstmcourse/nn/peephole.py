r"""Peephole LSTM — Gers, Schraudolph & Schmidhuber (2002): the gates also see the cell state.

    a = W x + U h₋ + b          (1)   rows i, f, g, o
    i = σ(a_i + p_i ∘ c₋)       (2)
    f = σ(a_f + p_f ∘ c₋)       (3)
    g = tanh(a_g)               (4)
    c = f ∘ c₋ + i ∘ g          (5)
    o = σ(a_o + p_o ∘ c)        (6)   the output gate sees the new cell state
    h = o ∘ tanh(c)             (7)

x is (B, I), h and c (B, H); weight_ih (4H, I), weight_hh (4H, H), bias_ih, bias_hh (4H,), p_i, p_f, p_o (H,).
"""

from typing import Any, Literal

import torch
from torch import sigmoid, tanh
from torch.types import Device

from ._recurrent import Impl, Recurrent
from .ways.loop import affine
from .ways.scan_lstm import LSTMScan

Seen = Literal["", "i", "f", "o", "if", "io", "fo", "ifo"]  # at run time in any order


class Peepholes(Recurrent):
    """A layer whose gates may see the cell state: adds the argument ``peepholes``, any subset of "ifo"."""

    states = ("h", "c")
    peepholes = "ifo"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.vectors = _vectors(cls.peepholes, cls.rows)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        peepholes: Seen | None = None,
        proj_size: int = 0,
        impl: Impl = "auto",
        forget_bias: float | None = None,
        chrono: float | None = None,
    ) -> None:
        seen = type(self).peepholes if peepholes is None else peepholes
        if not isinstance(seen, str) or set(seen) - set("ifo") or len(set(seen)) != len(seen):
            raise ValueError(f'peepholes must be a subset of "ifo", each letter once, got {seen!r}')
        self.__dict__.update(peepholes=seen, vectors=_vectors(seen, self.rows))
        args = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
        super().__init__(*args, proj_size=proj_size, impl=impl, forget_bias=forget_bias, chrono=chrono)

    def extra_repr(self) -> str:
        given = "" if self.peepholes == type(self).peepholes else f", peepholes={self.peepholes!r}"
        return super().extra_repr() + given


def _vectors(peepholes: str, rows: str) -> tuple[str, ...]:
    """The names of the peepholes of those gates that a cell has."""
    return tuple(f"p_{k}" for k in "ifo" if k in peepholes and k in rows)


def see(a, w, gate, c):
    """a + p ∘ c where ``w`` has p_<gate>, else a; for steps of one's own. a, c (B, H), p (H,)."""
    p = getattr(w, f"p_{gate}", None)
    return a if p is None else a + p * c


class PeepholeLSTM(Peepholes):
    """LSTM with diagonal peepholes p_i, p_f, p_o (Gers et al., 2002), each a parameter of shape (H,).

    peepholes: the gates that see the cell, any subset of "ifo"; "" is the plain LSTM.
    """

    rows = "ifgo"
    forget = "f"
    vendor = staticmethod(torch._VF.lstm)  # with peepholes=""
    scan = LSTMScan("ifgo")

    @staticmethod
    def step(ax, state, w):
        h_, c_ = state
        a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
        a_i, a_f, a_g, a_o = a.chunk(4, -1)
        i = sigmoid(see(a_i, w, "i", c_))  # (2)
        f = sigmoid(see(a_f, w, "f", c_))  # (3)
        g = tanh(a_g)  # (4)
        c = f * c_ + i * g  # (5)
        o = sigmoid(see(a_o, w, "o", c))  # (6)
        h = o * tanh(c)  # (7)
        return h, c
