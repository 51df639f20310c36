"""A network that reads numbers and answers with one, trained by a step, a way back and a BPTT of one's own.

Notebook 02 asks with it how soon a network learns, by the gradient that its start keeps.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from . import tasks
from .letters import Adam, Step, unroll

#: task(rng, B, T) -> x (T, B, 2) and the answers y (B, 1), both float32.
Task = Callable[[np.random.Generator, int, int], tuple[np.ndarray, np.ndarray]]


def first_number(rng: np.random.Generator, B: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """T random numbers from 0 to 1, the first of them with a mark; the answer is the first."""
    x = np.zeros((T, B, 2), np.float32)
    x[..., 0], x[0, :, 1] = rng.random((T, B)), 1
    return x, x[0, :, :1]


def adding(rng: np.random.Generator, B: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """T random numbers, two of them with a mark; the answer is the sum of the two: see `tasks.adding`."""
    batch = tasks.adding(rng, B, T)
    return batch.x.astype(np.float32), batch.y[-1].astype(np.float32)


class Learnt(NamedTuple):
    """at: the update after which a network had learnt, None where it had not. before, after: of the gradient at its
    last state, the part that is left at the first one, before training and at its end."""

    at: int | None
    before: float
    after: float


def learn(
    task: Task,
    gain: float,
    goal: float,
    step: Step,
    backward: Step,
    bptt: Callable[..., Sequence[np.ndarray]],
    *,
    seed: int = 0,
    updates: int = 1000,
    rate: float = 0.002,
    T: int = 12,
    H: int = 32,
    B: int = 32,
) -> Learnt:
    """Train one network of H units by Adam until its mean squared error on 300 new sequences is below `goal`.

    U begins as a rotation times `gain`. The error is looked at after every 10 updates, at most `updates` of them.
    step, backward: of a cell with W (H, 2), U (H, H), b (H,) and one state h (B, H), as `letters.Step` has them; bptt:
    bptt(backward, [W, U, b], xs, states, dhs) -> their gradients, as exercise E1.4 asks for it. rate: Adam's. Weights
    and data are float32. Errors are those of the functions given.
    """
    rng = np.random.default_rng(seed)
    small = lambda *shape: rng.uniform(-1, 1, shape) / np.sqrt(H)
    cell = [small(H, 2), gain * np.linalg.qr(rng.normal(size=(H, H)))[0], np.zeros(H)]
    cell, head = ([w.astype(np.float32) for w in part] for part in (cell, [small(1, H), np.zeros(1)]))
    adam, (x_test, y_test) = Adam([*cell, *head], rate), task(np.random.default_rng(10_000), 300, T)
    zero = lambda x: (np.zeros((x.shape[1], H), np.float32),)

    def left() -> float:
        states, dh = unroll(step, cell, x_test, zero(x_test)), np.repeat(head[0], x_test.shape[1], axis=0)
        sent = np.linalg.norm(dh)
        for t in reversed(range(1, T)):
            dh = backward(*cell, x_test[t], *states[t], dh)[-1]
        return float(np.linalg.norm(dh) / sent)

    before, at = left(), None
    for update in range(1, updates + 1):
        x, y = task(rng, B, T)
        states = unroll(step, cell, x, zero(x))
        h = states[-1][0]
        d_out = 2 * (h @ head[0].T + head[1] - y) / B
        dhs = np.zeros((T, B, H), np.float32)
        dhs[-1] = d_out @ head[0]
        adam([*bptt(backward, cell, x, states, dhs), d_out.T @ h, d_out.sum(axis=0)])
        if update % 10 == 0:
            h = unroll(step, cell, x_test, zero(x_test))[-1][0]
            if ((h @ head[0].T + head[1] - y_test) ** 2).mean() < goal:
                at = update
                break
    return Learnt(at, before, left())
