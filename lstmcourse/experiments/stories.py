"""The two stories: kings and pronouns, answered at any distance from the event that decides."""

from typing import Any

import numpy as np

from .. import tasks, training
from ..ensemble import Ensemble
from ..training import History
from ._common import fit, nets, plain, weights
from ._registry import experiment

STORIES = {"kings": (tasks.kings, len(tasks.KINGS), 4), "pronouns": (tasks.pronouns, len(tasks.PRONOUNS), 2)}
DISTANCES = ((0, 5), (5, 10), (10, 20), (20, 40), (40, 80))


def train_story(
    story: str, cell: str, hidden: int = 8, n: int = 10, steps: int = 600, seed: int = 0, progress: bool = True
) -> tuple[Ensemble, History]:
    """n nets trained on stories of 40 words, 32 at a time; every 100 steps the accuracy on 200 others is recorded."""
    task, inputs, outputs = STORIES[story]
    rng, test = np.random.default_rng(seed), task(np.random.default_rng(10_000), 200, 40)
    ensemble = nets(cell, inputs, hidden, outputs, n, seed)
    history = fit(
        ensemble,
        lambda _: task(rng, 32, 40),
        training.cross_entropy,
        steps=steps,
        lr=0.01,
        evaluate=training.score(training.accuracy, test),
        progress=progress,
    )
    return ensemble, history


def right_by_distance(ensemble: Ensemble, batch: tasks.Batch) -> np.ndarray:
    """For each net the fraction of right answers, by the steps since the deciding event: (n, len(DISTANCES))."""
    right = training.answers(ensemble, batch).argmax(-1).numpy() == batch.y
    since = batch.extra["distance"]
    asked = [batch.mask & (since >= low) & (since < high) for low, high in DISTANCES]
    return np.stack([right[:, where].mean(1) for where in asked], 1)


@experiment("04", "Kings and pronouns: right answers against the distance of the deciding event")
def stories(n: int = 10, steps: int = 600, seed: int = 0) -> dict[str, Any]:
    """RNN, the LSTM of 1997, LSTM and GRU with 8 units, trained on 40 words, tested on 100 with rarer events."""
    rng = np.random.default_rng(20_000)
    tests = {"kings": tasks.kings(rng, 200, 100, death=0.02), "pronouns": tasks.pronouns(rng, 200, 100, new=0.05)}
    rows = []
    for story, test in tests.items():
        for cell in ("rnn", "lstm97", "lstm", "gru"):
            ensemble, history = train_story(story, cell, n=n, steps=steps, seed=seed)
            rows.append(
                {
                    "story": story,
                    "cell": cell,
                    "weights": weights(ensemble),
                    "solved": int((history.evaluations[-1][1] >= 0.99).sum()),
                    "right": sorted(plain(history.evaluations[-1][1])),
                    "median_right_by_distance": plain(np.median(right_by_distance(ensemble, test), 0)),
                }
            )
    return {"nets": n, "distances": DISTANCES, "rows": rows}
