"""Peepholes: which of the three matters, and what the truncated gradient of 1997 and 2002 makes of them."""

from functools import partial
from typing import Any

from torch import sigmoid, tanh

from .. import tasks, training
from ..ensemble import Ensemble
from ..nn import PeepholeLSTM, affine, see
from ._common import fit, nets, weights
from ._registry import experiment
from .counting import counted
from .timing import intervals_kept

SUBSETS = ("", "i", "f", "o", "if", "io", "fo", "ifo")
"""The gates that may see the cell; "" is the plain LSTM."""


class TruncatedLSTM(PeepholeLSTM):
    """The peephole LSTM with the gradient of 1997 and 2002: no error leaves a gate for h₋, or for c by a peephole.

    Its outputs are the peephole LSTM's. Backward, an error stays on the cell until a gate or the candidate takes its
    share of it, and ends there (Hochreiter and Schmidhuber 1997, section 4; Gers et al. 2002, section 3).
    """

    scan = vendor = None

    @staticmethod
    def step(ax, state, w):
        h_, c_ = state[0].detach(), state[1]
        a = ax + affine(h_, w.weight_hh, w.bias_hh)  # (1)
        a_i, a_f, a_g, a_o = a.chunk(4, -1)
        i = sigmoid(see(a_i, w, "i", c_.detach()))  # (2)
        f = sigmoid(see(a_f, w, "f", c_.detach()))  # (3)
        g = tanh(a_g)  # (4)
        c = f * c_ + i * g  # (5)
        o = sigmoid(see(a_o, w, "o", c.detach()))  # (6)
        h = o * tanh(c)  # (7)
        return h, c


def train_peepholes(
    peepholes: str = "ifo",
    task: str = "counting",
    hidden: int = 4,
    n: int = 20,
    steps: int = 2000,
    seed: int = 0,
    truncated: bool = False,
    progress: bool = True,
) -> Ensemble:
    """n LSTMs whose gates named in `peepholes` see the cell, trained on "counting" or "interval" as elsewhere."""
    batch, loss, size = {
        "counting": (tasks.anbn_all(range(1, 11)), training.bce, 4),
        "interval": (tasks.interval_all(range(1, 11)), partial(training.bce, weight=3.0), 1),
    }[task]
    cell = TruncatedLSTM if truncated else "peephole"
    ensemble = nets(cell, size, hidden, size, n, seed, peepholes=peepholes)
    decay = training.linear_decay()
    fit(ensemble, batch, loss, steps=steps, lr=0.01, schedule=decay, progress=progress)
    return ensemble


@experiment("05", "Which peephole matters: every subset of i, f, o on counting, each one alone on the interval copy")
def peephole_subsets(n: int = 20, steps: int = 2000, seed: int = 0) -> dict[str, Any]:
    """4 units. Counting as in counting_coupled, `n` nets and `steps` updates; the interval copy with half more of both.

    reach: the largest n, or interval, up to which a net has no error, for each net.
    """
    rows = []
    for task, subsets, share in (("counting", SUBSETS, 1.0), ("interval", ("i", "f", "o"), 1.5)):
        for peepholes in subsets:
            ensemble = train_peepholes(peepholes, task, 4, int(share * n), int(share * steps), seed)
            reach = counted(ensemble) if task == "counting" else intervals_kept(ensemble)
            row = {"cell": "peephole", "peepholes": peepholes, "task": task, "weights": weights(ensemble)}
            rows.append(row | {"beyond_9": sum(longest >= 10 for longest in reach), "reach": sorted(reach)})
    return {"nets": {"counting": n, "interval": int(1.5 * n)}, "rows": rows}


@experiment("05", "Counting with the truncated gradient of 1997 and 2002, beside the full one (twenty nets each)")
def truncated_gradient(n: int = 20, steps: int = 2000, seed: int = 0) -> dict[str, Any]:
    """LSTM and peephole LSTM with 4 units, from the same starts, on the same strings, by either gradient."""
    rows = []
    for peepholes in ("", "ifo"):
        for truncated in (False, True):
            ensemble = train_peepholes(peepholes, "counting", 4, n, steps, seed, truncated)
            cell = "peephole" if peepholes else "lstm"
            row = {"cell": cell, "gradient": "truncated" if truncated else "full", "weights": weights(ensemble)}
            rows.append(row | {"reach": sorted(counted(ensemble))})
    return {"nets": n, "rows": rows}
