"""Stories of one king and his heir, and what trained nets answer at their end while a gate is held."""

from typing import NamedTuple

import numpy as np

from .. import probes, tasks
from ..convert import from_torch
from ..ensemble import Ensemble


class Succession(NamedTuple):
    """Stories with one death. x (days, B, 10) in the order of `tasks.KINGS`; old, heir (B,): who ruled, who rules."""

    x: np.ndarray
    old: np.ndarray
    heir: np.ndarray

    def words(self, k: int = 0) -> list[str]:
        """Story k, a word a day."""
        return tasks.KINGS.decode(self.x[:, k]).split()


def succession(rng: np.random.Generator, batch: int, days: int = 30, dies: int = 13) -> Succession:
    """Stories in which the king dies on the day `dies`, his heir is named on the next, and the question comes last.

    Days count from 1. Raises ValueError for a death that leaves no day before it, or for heir and question after it.
    """
    if not 1 < dies < days - 1:
        raise ValueError(f"dies must be 2 to {days - 2}, got {dies}")
    calm = tasks.kings(rng, batch, days, death=0.0, ask=0.0)
    old = calm.y[0]
    heir = (old + rng.integers(1, len(tasks.RULERS), batch)) % len(tasks.RULERS)
    x = calm.x.astype(float)
    x[[dies - 1, dies, -1]] = 0
    x[dies - 1, :, tasks.KINGS.index("dies")] = x[dies, np.arange(batch), heir] = 1
    x[-1, :, tasks.KINGS.index("who?")] = 1
    return Succession(x, old, heir)


class Held(NamedTuple):
    """Of each net, the share of stories at whose end it names the heir, and the old king: (n,) each; and its traces.

    traces: every gate and state by name, (n, days, B, H).
    """

    heir: np.ndarray
    old: np.ndarray
    traces: dict[str, np.ndarray]


def hold(
    nets: Ensemble, story: Succession, gate: str = "f", value: float = 1.0, day: int = 0, until: int | None = None
) -> Held:
    """What the nets answer at the end of the stories if a gate of all units is held at a value from a day on.

    day, until: the first day and the last one, counted from 1; that day alone unless `until` is given. 0 holds nothing.
    Raises ValueError as `probes.clamp` does.
    """
    heir, old, caches = [], [], []
    for k in range(nets.n):
        layer, readout = nets.member(k)
        start, stop = (day - 1, until or day) if day else (0, 0)
        (hs, *_), steps = probes.clamp(*from_torch(layer), story.x, gate, value, start, stop)
        R, r = (w.detach().double().cpu().numpy() for w in (readout.weight, readout.bias))
        named = (hs[-1] @ R.T + r).argmax(-1)
        heir.append(np.mean(named == story.heir))
        old.append(np.mean(named == story.old))
        caches.append({name: np.stack([step[name] for step in steps]) for name in steps[0]})
    return Held(np.array(heir), np.array(old), {name: np.stack([c[name] for c in caches]) for name in caches[0]})
