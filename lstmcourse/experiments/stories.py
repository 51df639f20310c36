"""The two stories: kings and pronouns, answered at any distance from the event that decides."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import tasks, training
from ..ensemble import Ensemble
from ..training import History
from ._common import fit, nets
from ._registry import Solved, experiment

STORIES: dict[str, tuple[Callable[..., tasks.Batch], int, int]] = {
    "kings": (tasks.kings, len(tasks.KINGS), 4),
    "pronouns": (tasks.pronouns, len(tasks.PRONOUNS), 2),
}
DISTANCES = ((0, 5), (5, 10), (10, 20), (20, 40), (40, 80))


def train_story(
    story: str,
    cell: str,
    hidden: int = 8,
    n: int = 10,
    steps: int = 600,
    seed: int = 0,
    progress: bool = True,
    lr: float = 0.01,
    device: str = "cpu",
) -> tuple[Ensemble, History]:
    """n nets trained on stories of 40 words, 32 at a time; every 100 steps the accuracy on 200 others is recorded."""
    task, inputs, outputs = STORIES[story]
    rng, test = np.random.default_rng(seed), task(np.random.default_rng(10_000), 200, 40)
    ensemble = nets(cell, inputs, hidden, outputs, n, seed, device)
    history = fit(
        ensemble,
        lambda _: task(rng, 32, 40),
        training.cross_entropy,
        steps=steps,
        lr=lr,
        evaluate=training.score(training.accuracy, test),
        progress=progress,
    )
    return ensemble, history


def right_by_distance(ensemble: Ensemble, batch: tasks.Batch) -> np.ndarray:
    """For each net the fraction of right answers, by the steps since the deciding event: (n, len(DISTANCES))."""
    right = training.answers(ensemble, batch).argmax(-1).cpu().numpy() == batch.y
    since = batch.extra["distance"]
    asked = [batch.mask & (since >= low) & (since < high) for low, high in DISTANCES]
    return np.stack([right[:, where].mean(1) for where in asked], 1)


TESTS = {"kings": {"death": 0.02}, "pronouns": {"new": 0.05}}  # rarer events than in training, so longer waits


@experiment(
    "04",
    "Kings and pronouns: who answers right, and how long after the event that decides",
    grid={
        f"{story}, {cell}": {"story": story, "cell": cell}
        for story in STORIES
        for cell in ("rnn", "lstm97", "lstm", "gru")
    },
    updates=600,
    rates=(0.01, 0.03),
    nets=10,
    blocks=5,
    solved=Solved("right", at_least=0.99),
    pairs=tuple((f"{story}, lstm", f"{story}, {cell}") for story in STORIES for cell in ("rnn", "lstm97", "gru")),
    control=("kings, rnn", "kings, lstm97"),
)
def two_stories(story: str, cell: str, n: int, seed: int, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """8 units, stories of 40 words, 32 an update.

    right: of the answers in 200 other stories of 40 words; by_distance: of those in 200 stories of 100 words with
    rarer events, by the steps since the deciding one (DISTANCES).
    """
    ensemble, history = train_story(story, cell, 8, n, updates, seed, False, lr, device)
    test = STORIES[story][0](np.random.default_rng(20_000), 200, 100, **TESTS[story])
    right = history.evaluations[-1][1]
    return {"right": right.tolist(), "by_distance": right_by_distance(ensemble, test).tolist()}
