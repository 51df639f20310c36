r"""The variants of "LSTM: A Search Space Odyssey" — Greff et al. (2017), section 3: one function replaced in each.

    a = W x + U h₋ + b              (1)   rows i, f, g, o, without those of a gate that is not computed
    f = σ(a_f + p_f ∘ c₋)           (2)   NFG: f = 1
    i = σ(a_i + p_i ∘ c₋)           (3)   NIG: i = 1;  CIFG: i = 1 − f
    g = tanh(a_g)                   (4)   NIAF: g = a_g
    c = f ∘ c₋ + i ∘ g              (5)
    o = σ(a_o + p_o ∘ c)            (6)   NOG: o = 1
    y = tanh(c)                     (7)   NOAF: y = c
    h = o ∘ y                       (8)

x is (B, I), h and c (B, H); weight_ih (G·H, I), weight_hh (G·H, H) for the G gates computed, peepholes (H,).
"""

import torch
from torch import sigmoid, tanh

from .peephole import Peepholes, see
from .ways.loop import affine
from .ways.scan_lstm import LSTMScan

KERNEL = staticmethod(torch._VF.lstm)  # computes a variant without peepholes exactly, where g and y are squashed


def _identity(a):
    return a


def variant_step(rows: str, coupled: bool = False, g=tanh, y=tanh):
    """The step of a variant: the gates with a letter in ``rows`` are computed, an absent one is 1 (or 1 − f)."""
    σ_g, σ_y = g, y

    def step(ax, state, w):
        h_, c_ = state
        a = dict(zip(rows, (ax + affine(h_, w.weight_hh, w.bias_hh)).chunk(len(rows), -1), strict=True))  # (1)
        one = torch.ones_like(c_)
        f = sigmoid(see(a["f"], w, "f", c_)) if "f" in rows else one  # (2)
        i = 1 - f if coupled else sigmoid(see(a["i"], w, "i", c_)) if "i" in rows else one  # (3)
        g = σ_g(a["g"])  # (4)
        c = f * c_ + i * g  # (5)
        o = sigmoid(see(a["o"], w, "o", c)) if "o" in rows else one  # (6)
        y = σ_y(c)  # (7)
        h = o * y  # (8)
        return h, c

    return staticmethod(step)


class VanillaLSTM(Peepholes):
    """The vanilla LSTM of Greff et al. (2017): the peephole LSTM under their name."""

    rows, forget = "ifgo", "f"
    step = variant_step("ifgo")
    scan = LSTMScan("ifgo")
    vendor = KERNEL


class NIGLSTM(Peepholes):
    """No input gate: i = 1 (Greff et al., 2017)."""

    rows, forget = "fgo", "f"
    step = variant_step("fgo")
    scan = LSTMScan("fgo")
    vendor = KERNEL


class NFGLSTM(Peepholes):
    """No forget gate: f = 1 (Greff et al., 2017)."""

    rows = "igo"
    step = variant_step("igo")
    scan = LSTMScan("igo")
    vendor = KERNEL


class NOGLSTM(Peepholes):
    """No output gate: o = 1 (Greff et al., 2017)."""

    rows, forget = "ifg", "f"
    step = variant_step("ifg")
    scan = LSTMScan("ifg")
    vendor = KERNEL


class NIAFLSTM(Peepholes):
    """No input activation function: g = a_g (Greff et al., 2017)."""

    rows, forget = "ifgo", "f"
    step = variant_step("ifgo", g=_identity)
    scan = LSTMScan("ifgo", g=False)


class NOAFLSTM(Peepholes):
    """No output activation function: h = o ∘ c (Greff et al., 2017)."""

    rows, forget = "ifgo", "f"
    step = variant_step("ifgo", y=_identity)
    scan = LSTMScan("ifgo", y=False)


class CIFGLSTM(Peepholes):
    """Coupled input and forget gate, i = 1 − f, with peepholes (Greff et al., 2017, who compute i)."""

    rows, forget, coupled = "fgo", "f", True
    step = variant_step("fgo", coupled=True)
    scan = LSTMScan("fgo", coupled=True)
    vendor = KERNEL


class NIGPlainLSTM(NIGLSTM):
    """NIG without peepholes."""

    peepholes = ""


class NFGPlainLSTM(NFGLSTM):
    """NFG without peepholes: the LSTM of 1997 in the order of rows i, g, o."""

    peepholes = ""


class NOGPlainLSTM(NOGLSTM):
    """NOG without peepholes."""

    peepholes = ""


class NIAFPlainLSTM(NIAFLSTM):
    """NIAF without peepholes."""

    peepholes = ""


class NOAFPlainLSTM(NOAFLSTM):
    """NOAF without peepholes."""

    peepholes = ""
