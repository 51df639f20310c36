"""Peepholes: which of the three matters, and what the truncated gradient of 1997 and 2002 makes of them."""

from functools import partial
from typing import Any

from torch import sigmoid, tanh

from .. import tasks, training
from ..ensemble import Ensemble
from ..nn import PeepholeLSTM, affine, see
from ._common import Seed, fit, nets
from ._registry import experiment
from .counting import COUNTS, measures

SUBSETS = ("", "i", "f", "o", "if", "io", "fo", "ifo")
"""The gates that may see the cell; "" is the plain LSTM."""


class TruncatedLSTM(PeepholeLSTM):
    """The peephole LSTM with the gradient of 1997 and 2002: no error leaves a gate for h₋, or for c by a peephole.

    Its outputs are the peephole LSTM's. Backward, an error stays on the cell until a gate or the candidate takes its
    share of it, and ends there (Hochreiter and Schmidhuber 1997, section 4; Gers et al. 2002, section 3).
    """

    scan = vendor = None  # type: ignore[assignment]  # by the loop alone

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
    seed: Seed = 0,
    truncated: bool = False,
    progress: bool = True,
    lr: float = 0.01,
    device: str = "cpu",
) -> Ensemble:
    """n LSTMs whose gates named in `peepholes` see the cell, trained on "counting" or "interval" as elsewhere."""
    batch, loss, size = {
        "counting": (tasks.anbn_all(range(1, 11)), training.bce, 4),
        "interval": (tasks.interval_all(range(1, 11)), partial(training.bce, weight=3.0), 1),
    }[task]
    cell = TruncatedLSTM if truncated else "peephole"
    ensemble = nets(cell, size, hidden, size, n, seed, device, peepholes=peepholes)
    decay = training.linear_decay()
    fit(ensemble, batch, loss, steps=steps, lr=lr, schedule=decay, progress=progress)
    return ensemble


@experiment(
    "05",
    "Which peephole matters for counting: every subset of i, f and o",
    grid={f"peepholes {subset or 'none'}": {"peepholes": subset} for subset in SUBSETS},
    updates=2000,
    rates=(0.01,),
    nets=10,
    blocks=5,
    solved=COUNTS,
    measure="reach",
    pairs=(("peepholes f", "peepholes none"), ("peepholes i", "peepholes none"), ("peepholes o", "peepholes none")),
    together=True,
)
def subsets(peepholes: str, n: int, seed: Seed, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """4 units, trained as in `counting_cells`."""
    return measures(train_peepholes(peepholes, "counting", 4, n, updates, seed, False, False, lr, device))


@experiment(
    "05",
    "Counting with the truncated gradient of 1997 and 2002, beside the full one",
    grid={
        f"{name}, {gradient} gradient": {"peepholes": peepholes, "truncated": gradient == "truncated"}
        for name, peepholes in (("lstm", ""), ("peephole", "ifo"))
        for gradient in ("full", "truncated")
    },
    updates=2000,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=COUNTS,
    pairs=(
        ("peephole, full gradient", "lstm, full gradient"),
        ("peephole, full gradient", "peephole, truncated gradient"),
        ("lstm, full gradient", "lstm, truncated gradient"),
        ("lstm, truncated gradient", "peephole, truncated gradient"),
    ),
    together=True,
)
def truncated(
    peepholes: str, truncated: bool, n: int, seed: Seed, updates: int, lr: float, device: str
) -> dict[str, list[Any]]:
    """4 units, from the same starts, on the same strings, by either gradient."""
    return measures(train_peepholes(peepholes, "counting", 4, n, updates, seed, truncated, False, lr, device))
