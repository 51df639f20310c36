"""Exercises of the tests' own."""

import numpy as np

from lstmcourse import exercises

FACTS = {"title": "a test", "hints": ("a", "b", "c"), "minutes": 1, "difficulty": 1, "importance": 1, "lines": 1}


def own(id="E99.1", **fields):
    """An exercise of the test's own."""
    return exercises.Exercise(id=id, **{**FACTS, "can_now": "test", "returns": {"y": "(B, H)"}, **fields})


def half(x: np.ndarray) -> np.ndarray:
    """Half of x (B, H)."""
    return x / 2


def half_case(rng, n):
    return (rng.normal(size=(n.B, n.H)),)


def plain_step(W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray) -> np.ndarray:
    """One step of a plain network: h (B, H)."""
    return np.tanh(x @ W.T + h_ @ U.T + b)


def plain_case(rng, n):
    shapes = (n.H, n.I), (n.H, n.H), (n.H,), (n.B, n.I), (n.B, n.H)
    return tuple(rng.normal(size=shape) for shape in shapes)


PLAIN = own("E99.2", solution=plain_step, case=plain_case, sizes=exercises.STEP_SIZES, returns={"h": "(B, H)"})
