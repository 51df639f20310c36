"""What the exercises on one step of a cell share: random weights, a step's inputs, and those of the step back."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def weights(rng: np.random.Generator, I: int, H: int, *, gates: int) -> tuple:
    """W (gates·H, I), U (gates·H, H), b (gates·H,)."""
    rows = gates * H
    return rng.normal(size=(rows, I)), rng.normal(size=(rows, H)) / np.sqrt(H), rng.normal(size=rows)


def step_case(rng: np.random.Generator, n: SimpleNamespace, *, weights: Callable, spread: float = 1.0) -> tuple:
    """The weights, x (B, I), h_ (B, H) within ±1, and c_ (B, H) of standard deviation `spread`."""
    x, h_ = rng.normal(size=(n.B, n.I)), np.tanh(rng.normal(size=(n.B, n.H)))
    return (*weights(rng, n.I, n.H), x, h_, spread * rng.normal(size=(n.B, n.H)))


def backward_case(rng: np.random.Generator, n: SimpleNamespace, *, step_case: Callable) -> tuple:
    """The inputs of a step, and what arrives from later: dh (B, H), dc (B, H)."""
    return (*step_case(rng, n), rng.normal(size=(n.B, n.H)), rng.normal(size=(n.B, n.H)))


def only(rng: np.random.Generator, kept: str, *, backward_case: Callable) -> tuple:
    """A backward case in which nothing arrives but through h, or but through c."""
    *inputs, dh, dc = backward_case(rng, SimpleNamespace(B=2, I=2, H=3))
    return (*inputs, dh * (kept == "h"), dc * (kept == "c"))


def backward_loss(step: Callable) -> Callable:
    """What a step back differentiates: sum(dh ∘ h) + sum(dc ∘ c), for the h and c of `step`."""

    def loss(*case):
        *inputs, dh, dc = case
        h, c = step(*inputs)
        return float(np.sum(dh * h) + np.sum(dc * c))

    return lambda *base: loss
