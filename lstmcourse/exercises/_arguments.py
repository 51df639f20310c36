"""Mistakes that are the solution on other arguments: one gate's bias left out, its block of U the wrong way round."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lstmcourse.exercises._exercise import Exercise
from lstmcourse.exercises._patches import Mistake

Change = Callable[[np.ndarray], np.ndarray]


def on_other_arguments(exercise: Exercise, names: tuple[str, ...], case: tuple) -> Iterator[tuple[str, Mistake]]:
    """(sentence, (the solution on changed arguments, sentence)), for arguments that have rows of gates.

    names: those of the arguments; case: one set of them, by which W (4H, I), U (4H, H), b (4H,) are known.
    """
    gates = exercise.rows if {"x", "xs"} & set(names) else ""  # of a step; a conversion has other rows than it returns
    is_split = {
        k for k, a in enumerate(case)
        if gates and isinstance(a, np.ndarray) and a.dtype.kind == "f" and len(a) % len(gates) == 0
        and names[k] in ("W", "U", "R", "b", "B")
    }  # fmt: skip
    made = lambda changes, said: (said, (_changed(exercise.solution, changes), said))
    for k in is_split:
        for j, gate in enumerate(gates):
            yield made({k: _block(gates, j, np.zeros_like)}, f"the rows of {gate} in {names[k]} are left out")
            square = case[k].ndim == 2 and case[k].shape[1] * len(gates) == len(case[k])
            if square:
                said = f"the block of {gate} in {names[k]} is used the wrong way round"
                yield made({k: _block(gates, j, np.transpose)}, said)
        for i, j in itertools.combinations(range(len(gates)), 2):
            said = f"in {names[k]} the rows of {gates[i]} and {gates[j]} are taken for each other"
            yield made({k: _exchanged(gates, i, j)}, said)
    for j, gate in enumerate(gates):
        if len(is_split) > 1:
            turned = {k: _block(gates, j, np.negative) for k in is_split}
            yield made(turned, f"a_{gate} has the other sign, as in σ(a) = 1 / (1 + exp(a))")


def _changed(solution: Callable, changes: dict[int, Change]) -> Callable:
    def function(*args: Any) -> Any:
        return solution(*(changes[k](a) if k in changes else a for k, a in enumerate(args)))

    return function


def _block(gates: str, j: int, change: Change) -> Change:
    return lambda a: np.concatenate([change(b) if k == j else b for k, b in enumerate(np.split(a, len(gates)))])


def _exchanged(gates: str, i: int, j: int) -> Change:
    def change(a: np.ndarray) -> np.ndarray:
        blocks = np.split(a, len(gates))
        blocks[i], blocks[j] = blocks[j], blocks[i]
        return np.concatenate(blocks)

    return change
