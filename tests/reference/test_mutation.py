"""Would the tests see it? Every one-place change of every cell's source must break the contract.

Each mutant is run against what was worked out without it: states and intermediates from the cells' second writing in
tests/reference/_problems.py, and gradients from central differences of the original forward. A mutant that agrees with
all of them survives; the survivors are listed in EQUIVALENT, each with the reason why it computes the same function.

``python -m tests.reference.test_mutation`` prints the table and the survivors.
"""

import ast
import functools
import sys
import types
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import lstmcourse.reference
from lstmcourse.gradcheck import central_differences
from lstmcourse.reference import Cell, unroll, unroll_backward

from ._mutants import mutants
from ._problems import ALL_CELLS, WRITTEN_TWICE, disagreement, oracle, problem

FOLDER = Path(lstmcourse.reference.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
CELL_CODE = {"forward", "backward", "forward_relu", "backward_relu", "_backward_affine"}
CODE = {
    "layer_norm": {*CELL_CODE, "normalised", "normalised_backward"},
    "odyssey": {"variant", "SIGMOID", "TANH", "IDENTITY", "ONE", "ONE_MINUS_F"},
}

# (file, function, statement, mutated statement): why it computes the same
EQUIVALENT: dict[tuple[str, str, str, str], str] = {}
for _file, _function, _before, _reason, *_afters in [
    (
        *("lstm97", "backward", "return (da @ p.W, (da @ p.U, dc_))"),
        "dc_ = dc is the constant error carousel itself",
        "return (da @ p.W, (da @ p.U, dc))",
    ),
    (
        *("rnn", "backward_relu", "x, h_, a, h = cache.values()"),
        "only the sign of a is used, and h > 0 exactly where a > 0",
        "x, h_, h, a = cache.values()",
    ),
    (
        *("rnn", "backward_relu", "da = dh * (a > 0)"),
        "h > 0 exactly where a > 0; at a = 0 itself ReLU has no derivative, and either value is a subgradient",
        *("da = dh * (h > 0)", "da = dh * (a >= 0)"),
    ),
    (
        *("odyssey", "ONE", "ONE = Fn(np.ones_like, np.zeros_like)"),
        "a gate that is not computed has no rows and no peephole that its slope could reach",
        "ONE = Fn(np.ones_like, np.ones_like)",
    ),
    (
        *("odyssey", "ONE_MINUS_F", "ONE_MINUS_F = Fn(np.zeros_like, np.zeros_like)"),
        "it is a mark: i = 1 − f stands in the forward, and the gate has no rows that its slope could reach",
        *("ONE_MINUS_F = Fn(np.ones_like, np.zeros_like)", "ONE_MINUS_F = Fn(np.zeros_like, np.ones_like)"),
    ),
    (
        *("odyssey", "variant", "live = [k for k in 'ifgo' if fn[k] not in (ONE, ONE_MINUS_F)]"),
        "membership has no order",
        "live = [k for k in 'ifgo' if fn[k] not in (ONE_MINUS_F, ONE)]",
    ),
    (
        *("odyssey", "variant", "gates = {k: Gate(fn[k].name, peephole=seen[k] if k in seeing else '') for k in live}"),
        "of the gates computed, those in peepholes are those in seeing",
        "gates = {k: Gate(fn[k].name, peephole=seen[k] if k in peepholes else '') for k in live}",
    ),
    (
        *("odyssey", "variant", "a = dict.fromkeys('ifgo', np.zeros_like(c_))"),
        "a gate without rows is 1 or 1 − f whatever stands here, if the shape is (B, H)",
        "a = dict.fromkeys('ifgo', c_)",
        "a = dict.fromkeys('ifgo', np.ones_like(c_))",
        "a = dict.fromkeys('ifgo', np.zeros_like(h_))",
    ),
    (
        *("odyssey", "variant", "a |= zip(live, np.split(x @ p.W.T + h_ @ p.U.T + p.b, len(live), axis=-1))"),
        "axis 1 is the last of two",
        "a |= zip(live, np.split(x @ p.W.T + h_ @ p.U.T + p.b, len(live), axis=1))",
    ),
]:
    EQUIVALENT |= dict.fromkeys([(_file, _function, _before, after) for after in _afters], _reason)


class Expected(NamedTuple):
    prob: object
    states: dict
    trace: dict
    gradients: dict


@functools.cache
def expected(cell: Cell) -> Expected:
    prob = problem(cell, T=3, B=2, I=3, H=4)
    if cell in WRITTEN_TWICE:
        states, trace, _ = oracle(prob)
    else:
        arrays, caches = unroll(cell, prob.p, prob.xs, prob.s0)
        states = dict(zip(cell.states, arrays, strict=True))
        trace = {k: np.stack([cache[k] for cache in caches]) for k in caches[0]}
    names, values = zip(*prob.inputs().items())
    numerical = central_differences(lambda *v: prob.with_inputs(**dict(zip(names, v, strict=True))).loss(), values)
    for array in (*values, *prob.ws):
        array.setflags(write=False)  # a mutant that writes into its arguments raises, and does not spoil the next one
    return Expected(prob, states, trace, dict(zip(names, numerical, strict=True)))


def agrees(mutant: Cell, original: Cell) -> bool:
    """Does the mutant give the original's states, intermediates and gradients?"""
    says = lambda cell: (cell.name, cell.states, cell.rows, cell.gates, cell.stacks, cell.initial)
    if says(mutant) != says(original):
        return False
    prob, want_states, want_trace, want_gradients = expected(original)
    states, caches = unroll(mutant, prob.p, prob.xs, prob.s0)
    got = [(want_states[k], s) for k, s in zip(mutant.states, states, strict=True)]
    got += [(want_trace[k], np.stack([cache[k] for cache in caches])) for k in caches[0]]
    if not all(disagreement(want, have) < 1e-12 for want, have in got):
        return False
    unroll_backward(mutant, prob.p, caches[:1], tuple(w[:1] for w in prob.ws))  # one step is a sequence too
    d, dxs, ds0 = unroll_backward(mutant, prob.p, caches, prob.ws)
    gradients = {**vars(d), "xs": dxs, **{f"{k}0": s for k, s in zip(mutant.states, ds0, strict=True)}}
    return all(disagreement(v, gradients[k]) < 1e-7 for k, v in want_gradients.items())


def run(code, name: str) -> types.ModuleType:
    module = types.ModuleType(f"lstmcourse.reference.{name}")
    module.__package__ = "lstmcourse.reference"
    exec(code, vars(module))
    return module


def cells_of(module) -> dict[str, Cell]:
    """The cells that a module makes, by name; of odyssey, every variant with every subset of peepholes."""
    if hasattr(module, "variant"):
        subset = lambda name: {"plain": "", "": "ifo"}.get(name.partition("_")[2], name.partition("_")[2])
        made = [c.name for c in ALL_CELLS if c.name.split("_")[0] in module.VARIANTS]
        return {name: module.variant(name.split("_")[0], subset(name)[::-1]) for name in made}  # "ofi" is "ifo"
    return {cell.name: cell for cell in vars(module).values() if isinstance(cell, Cell)}


def survives(file: str, code) -> bool:
    """Compile and run the mutated file, and see whether every cell that it makes still agrees."""
    originals = {cell.name: cell for cell in ALL_CELLS}
    made = cells_of(run(code, file))
    return all(agrees(mutant, originals[name]) for name, mutant in made.items())


@functools.cache
def source_code(file: str):
    return compile((FOLDER / f"{file}.py").read_text(), file, "exec")


class Score(NamedTuple):
    total: int
    by_value: int  # the numbers disagree
    by_raising: int  # it does not even run
    survivors: tuple[tuple[str, str, str, str], ...]

    @property
    def killed(self) -> int:
        return self.by_value + self.by_raising


def score(file: str) -> Score:
    tree = ast.parse((FOLDER / f"{file}.py").read_text())
    total, by_value, by_raising, survivors = 0, 0, 0, []
    with np.errstate(all="ignore"):
        for function, before, after in mutants(tree, CODE.get(file, CELL_CODE)):
            total += 1
            try:
                alive = survives(file, compile(ast.fix_missing_locations(tree), file, "exec"))
            except Exception:
                by_raising += 1
                continue
            if alive:
                survivors.append((file, function, before, after))
            else:
                by_value += 1
    return Score(total, by_value, by_raising, tuple(survivors))


@pytest.mark.parametrize("file", FILES)
def test_every_mutant_is_killed_or_proven_equivalent(file, capsys):
    result = score(file)
    equivalent = {mutant for mutant in EQUIVALENT if mutant[0] == file}
    with capsys.disabled():
        print(f"\n{file}: {result.killed} of {result.total} mutants killed, {len(equivalent)} are equivalent")
    assert set(result.survivors) - equivalent == set(), "the tests do not see these changes"
    assert equivalent - set(result.survivors) == set(), "listed as equivalent, but killed or never made"
    assert result.total == result.killed + len(equivalent)
    assert result.by_value


@pytest.mark.parametrize("file", FILES)
def test_the_unchanged_source_agrees(file):
    assert survives(file, source_code(file))


if __name__ == "__main__":
    for file in sys.argv[1:] or FILES:
        s = score(file)
        print(f"{file:18}{s.total:6} mutants{s.by_value:6} killed by value{s.by_raising:6} by raising", end="")
        print(f"{len(s.survivors):4} survive")
        for mutant in s.survivors:
            _, function, before, after = mutant
            print(f"    {function}: {before}  →  {after}\n        {EQUIVALENT.get(mutant, 'NOT SEEN BY THE TESTS')}")
