"""The embedded Reber grammar, string by string and as a stream without marks."""

from typing import Any

import numpy as np
import torch

from .. import tasks, training
from ..ensemble import Ensemble
from ..nn import LAYERS, Recurrent
from ..training import History
from ._common import Seed, apart, firsts, fit, nets, reached
from ._registry import Solved, experiment
from .gates import without


def outer_right(ensemble: Ensemble, batch: tasks.Batch) -> np.ndarray:
    """For each net the fraction of outer letters that it predicts rightly, (n,)."""
    right = training.answers(ensemble, batch).argmax(-1).cpu().numpy() == batch.y
    outer = batch.extra["outer"]
    return (right & outer).sum((-2, -1)) / outer.sum((-2, -1))


def train_reber(
    cell: str | type[Recurrent],
    hidden: int = 8,
    n: int = 10,
    steps: int = 800,
    every: int = 100,
    low: int = 9,
    high: int = 40,
    seed: Seed = 0,
    progress: bool = True,
    lr: float = 0.01,
    device: str = "cpu",
) -> tuple[Ensemble, History]:
    """n nets trained to predict the next letter of 256 strings, 32 at a time; every `every` steps `outer_right` of
    256 other strings goes into the history's evaluations."""
    rngs = [np.random.default_rng(first) for first in firsts(seed)]
    strings = [[tasks.embedded_reber_string(rng, low, high) for _ in range(256)] for rng in rngs]
    test = apart([tasks.embedded_reber(rng, 256, low, high) for rng in rngs], n)
    ensemble = nets(cell, 7, hidden, 7, n, seed, device)

    def batch(_: int) -> tasks.Batch:
        drawn = [rng.choice(256, 32, replace=False) for rng in rngs]
        return apart([tasks.encode([own[k] for k in ks]) for own, ks in zip(strings, drawn, strict=True)], n)

    history = fit(
        ensemble,
        batch,
        training.cross_entropy,
        steps=steps,
        lr=lr,
        evaluate=lambda model: outer_right(model, test),
        every=every,
        progress=progress,
    )
    return ensemble, history


def first_solved(history: History, threshold: float = 0.995) -> list[int | None]:
    """For each net the step of the first evaluation with `threshold` of the outer letters right, or None."""
    return reached(history, at_least=threshold)


def train_stream(
    cell: str,
    hidden: int = 8,
    n: int = 10,
    steps: int = 1200,
    strings: int = 6,
    seed: int = 0,
    progress: bool = True,
    lr: float = 0.01,
    device: str = "cpu",
    negative: bool = False,
) -> Ensemble:
    """n nets trained on streams of six strings, 16 at a time, each from a zero state.

    negative: the gates i and o start with the biases of Gers et al. 2000, -0.5, -1, -1.5 and -2 over the units.
    """
    rng = np.random.default_rng(seed)
    ensemble = nets(cell, 7, hidden, 7, n, seed)
    if negative:
        _negative_biases(ensemble)
    ensemble.to(device)
    fit(
        ensemble,
        lambda _: tasks.continual_reber(rng, 16, strings),
        training.cross_entropy,
        steps=steps,
        lr=lr,
        progress=progress,
    )
    return ensemble


def stream_test(ensemble: Ensemble, strings: int = 60, streams: int = 8, seed: int = 1) -> dict[str, Any]:
    """On streams of `strings` strings, never reset: the outer letters right and the mean |c|, string by string.

    right, c: (n, strings) arrays.
    """
    test = tasks.continual_reber(np.random.default_rng(seed), streams, strings)
    with torch.no_grad():
        traces = ensemble.trace(torch.as_tensor(test.x, device=ensemble.readout_bias.device))
    right = traces["out"].argmax(-1).cpu().numpy() == test.y
    size = traces["c"].abs().mean(-1).cpu().numpy()
    outer = test.extra["outer"].T  # (streams, T), `strings` steps of each are true
    return {
        name: np.stack([values[:, outer[k], k] for k in range(streams)]).mean(0)
        for name, values in (("right", right), ("c", size))
    }


def _negative_biases(ensemble: Ensemble) -> None:
    rows, H = LAYERS["lstm97"].rows, ensemble.hidden_size
    biases = torch.tensor((-0.5, -1.0, -1.5, -2.0)).repeat_interleave(-(-H // 4))[:H]
    with torch.no_grad():
        for gate in "io":
            at = slice(rows.index(gate) * H, (rows.index(gate) + 1) * H)
            ensemble.get_parameter("bias_ih_l0")[..., at] = biases
            ensemble.get_parameter("bias_hh_l0")[..., at] = 0.0


OUTER = Solved("right", at_least=0.995)
"""The task's own threshold: 99.5 % of the outer letters of 256 strings, so one wrong at most, after the last update."""


@experiment(
    "03",
    "Embedded Reber grammar: who predicts the outer letter, and what the gates of 1997 contribute",
    grid={name: {"cell": name} for name in ("rnn", "lstm97", "lstm", "peephole", "gru")}
    | {
        name: {"cell": "lstm97", "held": held}
        for name, held in (("no output gate", "o"), ("no input gate", "i"), ("neither gate", "io"))
    },
    updates=800,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=OUTER,
    pairs=(
        ("lstm97", "rnn"),
        ("lstm97", "lstm"),
        ("lstm97", "gru"),
        ("lstm97", "no output gate"),
        ("lstm97", "no input gate"),
        ("lstm97", "neither gate"),
    ),
    control=("rnn", "neither gate"),
)
def reber_cells(
    cell: str, n: int, seed: int, updates: int, lr: float, device: str, held: str = ""
) -> dict[str, list[Any]]:
    """8 units, 256 strings, 32 an update; held: the gates of 1997 held at 1.

    right: the outer letters of 256 other strings that are right at the end; first: the first of every 100 updates
    after which 99.5 % are, None where that never happens.
    """
    layer = without(*held) if held else cell
    _, history = train_reber(layer, 8, n, updates, seed=seed, progress=False, lr=lr, device=device)
    return {"right": history.evaluations[-1][1].tolist(), "first": first_solved(history)}


@experiment(
    "03",
    "Continual embedded Reber grammar: what happens to c without a forget gate",
    grid={
        "lstm97": {"cell": "lstm97"},
        "lstm97, negative gate biases": {"cell": "lstm97", "negative": True},
        "lstm": {"cell": "lstm"},
        "peephole": {"cell": "peephole"},
    },
    updates=1200,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=Solved("late", at_least=0.995),
    pairs=(
        ("lstm", "lstm97"),
        ("lstm", "lstm97, negative gate biases"),
        ("lstm97, negative gate biases", "lstm97"),
        ("lstm", "peephole"),
    ),
    control=("lstm97", "lstm97, negative gate biases"),
)
def stream(
    cell: str, n: int, seed: int, updates: int, lr: float, device: str, negative: bool = False
) -> dict[str, list[Any]]:
    """8 units, trained on six strings from a zero state, tested on streams of sixty that are never reset.

    early, late: outer letters right in strings 1-6 and 41-60; c_early, c_late: mean |c| there; c_by_string: mean |c| in
    strings 1, 11, 21 … 51.
    """
    ensemble = train_stream(cell, 8, n, updates, 6, seed, False, lr, device, negative)
    test = stream_test(ensemble, seed=10_000)
    right, c = test["right"], test["c"]
    return {
        "early": right[:, :6].mean(1).tolist(),
        "late": right[:, 40:].mean(1).tolist(),
        "c_early": c[:, :6].mean(1).tolist(),
        "c_late": c[:, 40:].mean(1).tolist(),
        "c_by_string": c[:, ::10].tolist(),
    }
