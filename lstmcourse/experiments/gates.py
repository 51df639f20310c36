"""The LSTM of 1997 without one of its gates, or without both."""

from torch import sigmoid, tanh

from ..nn import LSTM97, affine


def without(*gates: str) -> type[LSTM97]:
    """The layer of 1997 with these gates ("i", "o") held at 1; their weights are there and do nothing."""
    unknown = sorted(set(gates) - {"i", "o"})
    if unknown:
        raise ValueError(f"gates must be among i and o, got {unknown[0]!r}")

    class Without(LSTM97):
        @staticmethod
        def step(ax, state, w):
            h_, c_ = state
            a_i, a_g, a_o = (ax + affine(h_, w.weight_hh, w.bias_hh)).chunk(3, -1)
            c = c_ + (1.0 if "i" in gates else sigmoid(a_i)) * tanh(a_g)
            return (1.0 if "o" in gates else sigmoid(a_o)) * tanh(c), c

    return Without
