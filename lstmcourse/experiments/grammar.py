"""The embedded Reber grammar, string by string and as a stream without marks."""

from typing import Any

import numpy as np
import torch

from .. import tasks, training
from ..ensemble import Ensemble
from ..training import History
from ._common import fit, nets, plain, weights
from ._registry import experiment


def outer_right(ensemble: Ensemble, batch: tasks.Batch) -> np.ndarray:
    """For each net the fraction of outer letters that it predicts rightly, (n,)."""
    right = training.answers(ensemble, batch).argmax(-1).numpy() == batch.y
    return right[:, batch.extra["outer"]].mean(1)


def train_reber(
    cell: str,
    hidden: int = 8,
    n: int = 10,
    steps: int = 800,
    every: int = 100,
    low: int = 9,
    high: int = 40,
    seed: int = 0,
    progress: bool = True,
) -> tuple[Ensemble, History]:
    """n nets trained to predict the next letter of 256 strings, 32 at a time; every `every` steps `outer_right` of
    256 other strings goes into the history's evaluations."""
    rng = np.random.default_rng(seed)
    strings = [tasks.embedded_reber_string(rng, low, high) for _ in range(256)]
    test = tasks.embedded_reber(rng, 256, low, high)
    ensemble = nets(cell, 7, hidden, 7, n, seed)
    history = fit(
        ensemble,
        lambda _: tasks.encode([strings[k] for k in rng.choice(256, 32, replace=False)]),
        training.cross_entropy,
        steps=steps,
        lr=0.01,
        evaluate=lambda model: outer_right(model, test),
        every=every,
        progress=progress,
    )
    return ensemble, history


def first_solved(history: History, threshold: float = 0.995) -> list[int | None]:
    """For each net the step of the first evaluation with `threshold` of the outer letters right, or None."""
    steps = [step for step, _ in history.evaluations]
    solved = np.array([value >= threshold for _, value in history.evaluations])
    return [steps[int(net.argmax())] if net.any() else None for net in solved.T]


@experiment("03", "Embedded Reber grammar: nets that predict the outer letter, and when they first do")
def reber(n: int = 20, steps: int = 800, seed: int = 0) -> dict[str, Any]:
    """RNN, the LSTM of 1997, LSTM, peephole LSTM and GRU with 8 units; strings of every length, and of 20 and more."""
    rows = []
    for low in (9, 20):
        for cell in ("rnn", "lstm97", "lstm", "peephole", "gru"):
            ensemble, history = train_reber(cell, n=n, steps=steps, low=low, seed=seed)
            first = first_solved(history)
            rows.append(
                {
                    "cell": cell,
                    "shortest": low,
                    "weights": weights(ensemble),
                    "solved": sum(step is not None for step in first),
                    "first": sorted(step for step in first if step is not None) + [None] * first.count(None),
                    "outer_right": sorted(plain(history.evaluations[-1][1])),
                }
            )
    return {"nets": n, "rows": rows}


def train_stream(
    cell: str, hidden: int = 8, n: int = 10, steps: int = 1200, strings: int = 6, seed: int = 0, progress: bool = True
) -> Ensemble:
    """n nets trained on streams of six strings, 16 at a time, each from a zero state."""
    rng = np.random.default_rng(seed)
    ensemble = nets(cell, 7, hidden, 7, n, seed)
    fit(
        ensemble,
        lambda _: tasks.continual_reber(rng, 16, strings),
        training.cross_entropy,
        steps=steps,
        lr=0.01,
        progress=progress,
    )
    return ensemble


def stream_test(ensemble: Ensemble, strings: int = 60, streams: int = 8, seed: int = 1) -> dict[str, Any]:
    """On streams of `strings` strings, never reset: the outer letters right and the mean |c|, string by string.

    right, c: (n, strings) arrays.
    """
    test = tasks.continual_reber(np.random.default_rng(seed), streams, strings)
    with torch.no_grad():
        traces = ensemble.trace(torch.as_tensor(test.x))
    right = traces["out"].argmax(-1).numpy() == test.y
    size = traces["c"].abs().mean(-1).numpy()
    outer = test.extra["outer"].T  # (streams, T), `strings` steps of each are true
    return {
        name: np.stack([values[:, outer[k], k] for k in range(streams)]).mean(0)
        for name, values in (("right", right), ("c", size))
    }


@experiment("03", "Continual embedded Reber grammar: what happens to c without a forget gate")
def continual_reber(n: int = 10, steps: int = 1200, seed: int = 0) -> dict[str, Any]:
    """The LSTM of 1997, the LSTM and the peephole LSTM, trained on six strings, tested on streams of sixty."""
    rows = []
    for cell in ("lstm97", "lstm", "peephole"):
        test = stream_test(train_stream(cell, n=n, steps=steps, seed=seed))
        late = test["right"][:, 40:].mean(1)
        rows.append(
            {
                "cell": cell,
                "solved": int((late >= 0.995).sum()),
                "right_strings_1_6": sorted(plain(test["right"][:, :6].mean(1))),
                "right_strings_41_60": sorted(plain(late)),
                "late_c": sorted(plain(test["c"][:, 40:].mean(1))),
                "median_c_by_string": plain(np.median(test["c"], 0)),
            }
        )
    return {"nets": n, "rows": rows}
