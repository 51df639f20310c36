"""The embedded Reber grammar once more, over several draws of the words: how much of a result is the draw?"""

from typing import Any

from ._common import plain
from ._registry import experiment
from .grammar import train_reber


@experiment("03", "Embedded Reber grammar over five draws of words and weights: RNN against the LSTM of 1997")
def reber_draws(n: int = 10, steps: int = 600, seeds: int = 5) -> dict[str, Any]:
    """The notebook's own run, n networks each, for seeds 0, 100, 200 …: other words, batches and first weights."""
    rows = []
    for seed in range(0, 100 * seeds, 100):
        for cell in ("rnn", "lstm97"):
            _, history = train_reber(cell, n=n, steps=steps, every=steps, seed=seed)
            right = history.evaluations[-1][1]
            solved = int((right > 0.95).sum())
            rows.append({"cell": cell, "seed": seed, "solved": solved, "outer_right": sorted(plain(right))})
    return {"nets": n, "rows": rows}
