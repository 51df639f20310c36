"""The LSTM of 1997 without one of its gates, or without both, on the embedded Reber grammar."""

from typing import Any

import numpy as np
from torch import sigmoid, tanh

from .. import tasks, training
from ..ensemble import Ensemble
from ..nn import LSTM97, affine
from ._common import fit, plain
from ._registry import experiment
from .grammar import outer_right


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


@experiment("03", "Embedded Reber grammar without the input gate, the output gate, or both (thirty nets each)")
def reber_gates(n: int = 30, steps: int = 800, seed: int = 0) -> dict[str, Any]:
    """The settings of `reber`; for each net the outer letters right after the last step."""
    rows = []
    for name, gates in (("both gates", ""), ("no output gate", "o"), ("no input gate", "i"), ("neither", "io")):
        rng = np.random.default_rng(seed)
        strings = [tasks.embedded_reber_string(rng) for _ in range(256)]
        test = tasks.embedded_reber(rng, 256)
        ensemble = Ensemble(without(*gates), 7, 8, 7, n, seed=seed)
        fit(
            ensemble,
            lambda _, rng=rng, strings=strings: tasks.encode([strings[k] for k in rng.choice(256, 32, replace=False)]),
            training.cross_entropy,
            steps=steps,
            lr=0.01,
        )
        right = outer_right(ensemble, test)
        solved = int((right >= 0.99).sum())
        rows.append({"cell": "lstm97", "gates": name, "solved": solved, "outer_right": sorted(plain(right))})
    return {"nets": n, "rows": rows}
