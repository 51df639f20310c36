"""Experiments that take no time, in a module that worker processes can import."""

import os
import time
from pathlib import Path

import numpy as np

from lstmcourse.experiments import _registry


def toy(kind, n, seed, updates, lr, device, **kwargs):
    """A measure that depends on every argument and on nothing else; `fail`, `die`: files that say whether to."""
    for key in ("fail", "die"):
        marks = kwargs.get(key)
        if marks and seed == 1000 and not (Path(marks) / kind).exists():
            (Path(marks) / kind).touch()
            if key == "fail":
                raise RuntimeError("the run was broken off")
            os._exit(9)
    time.sleep(kwargs.get("sleep", 0.0))
    rng = np.random.default_rng([seed, updates, len(kind), round(1000 * lr)])
    score = rng.random(n) + (kind == "good") * (0.5 + lr)
    return {"score": score.tolist(), "late": [None] * n}


def make(monkeypatch, **changes):
    """Register the toy for one test; changes: of its description."""
    chosen = _registry.Experiment(
        name="toy",
        notebook="00",
        title="A toy",
        function=toy,
        grid={"good": {"kind": "good"}, "poor": {"kind": "poor"}},
        updates=10,
        rates=(0.1, 0.2),
        nets=3,
        blocks=2,
        solved=_registry.Solved("score", at_least=0.8),
        measure="score",
        pairs=(("good", "poor"),),
        control=("poor",),
    )._replace(**changes)
    monkeypatch.setitem(_registry.EXPERIMENTS, "toy", chosen)
    return chosen
