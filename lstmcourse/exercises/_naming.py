"""Which known mistake an answer makes: one, or two at once; and in which of the learner's lines it stands."""

import ast
import inspect
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._patches import Patched, pairs, source_of
from lstmcourse.exercises._running import Outcome, Trial, call

#: Seconds of computing within which two mistakes at once are looked for, when no single one matches.
PATIENCE = 0.5


def name_the_mistake(trial: Trial) -> tuple[str, ...]:
    """The names of the one or two mistakes that do on every case exactly what the learner's function does, or ()."""
    if not callable(trial.fn):
        return ()
    exercise = trial.exercise
    edges = list(trial.edge_cases())
    cases = [*trial.cases(), *edges]
    got = [*trial.got, *(call(trial.fn, *case) for case in edges)]
    want = [*trial.wanted, *(call(exercise.solution, *case) for case in edges)]

    def alike(a: Outcome, b: Outcome) -> bool:
        return _alike(a, b, exercise.rtol, exercise.atol)

    def matches(mistake: Callable, first: Outcome) -> bool:
        if not alike(got[0], first):
            return False
        theirs = [first, *(call(mistake, *case) for case in cases[1:])]
        return all(map(alike, got, theirs)) and not all(map(alike, theirs, want))

    firsts = {}
    for name, (mistake, _) in exercise.wrong.items():
        firsts[name] = call(mistake, *cases[0])
        if matches(mistake, firsts[name]):
            return (name,)
    if exercise.kind == "experiment":  # near enough to a number are too many pairs
        return ()
    end = time.process_time() + PATIENCE
    spoiled = {name: _spoiled(outcome, want[0], trial) for name, outcome in firsts.items()}
    for a, b, both in _plausible(_spoiled(got[0], want[0], trial), spoiled, pairs(exercise.wrong)):
        if time.process_time() > end:
            break
        if matches(both, call(both, *cases[0])):
            return a, b
    return ()


def _plausible(seen: np.ndarray | None, spoiled: dict[str, np.ndarray | None], pairs: Iterable) -> list:
    """The pairs that together spoil all the numbers that are spoiled; first those that spoil no other."""
    exact, more = [], []
    for a, b, both in pairs:
        first, second = spoiled[a], spoiled[b]
        if seen is None or first is None or second is None:
            if seen is None and (first is None or second is None):
                exact.append((a, b, both))
        elif np.array_equal(seen, first | second):
            exact.append((a, b, both))
        elif not (seen & ~(first | second)).any():
            more.append((a, b, both))
    return exact + more


def explained(trial: Trial, names: tuple[str, ...]) -> str:
    """What the learner is told of the mistakes, and the line of their own in which one stands, where it is found."""
    lines = ["    This is what you get when two things are wrong at once:"] if len(names) > 1 else []
    start = "    This is what you get when " if len(names) == 1 else "    - "
    for mistake, sentence in (trial.exercise.wrong[name] for name in names):
        lines.append(f"{start}{sentence.rstrip('.')}.")
        line = own_line(trial.fn, mistake) if isinstance(mistake, Patched) else None
        lines += [f"      your line:  {line}"] if line else []
    return "\n".join(lines)


def own_line(answer: Callable, mistake: Patched) -> str | None:
    """The one line of the learner's that says what the mistake says and the solution does not, if there is one."""
    try:
        source = textwrap.dedent(inspect.getsource(answer))
        theirs = list(_parts(source))
    except (OSError, TypeError, SyntaxError):
        return None
    right = {part for part, _ in _parts("".join(source_of(mistake.solution)))}
    wrong = {part for part, _ in _parts(mistake.source)} - right
    lines = {number for part, number in theirs if part in wrong}
    return source.splitlines()[lines.pop() - 1].strip() if len(lines) == 1 else None


def _parts(source: str) -> Iterator[tuple[tuple[str, str], int]]:
    """((what is set, to what), line) of every assignment and return; of `a, b = c, d` each by itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _split("return", node.value, node.lineno)
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for name, value in zip(target.elts, node.value.elts):
                    yield from _split(ast.unparse(name), value, node.lineno)
            else:
                yield from _split(ast.unparse(target), node.value, node.lineno)


def _split(place: str, value: ast.expr, line: int) -> Iterator[tuple[tuple[str, str], int]]:
    parts = (
        value.elts if isinstance(value, (ast.Tuple, ast.List)) else value.args if isinstance(value, ast.Call) else []
    )
    for k, part in enumerate(parts):
        yield from _split(f"{place} {k}", part, line)
    if not parts:
        yield (place, ast.unparse(value)), line


def _spoiled(outcome: Outcome, want: Outcome, trial: Trial) -> np.ndarray | None:
    """Which numbers of the answer differ from the solution's, in one row; None where the answer is built otherwise."""
    tolerance = trial.exercise.rtol, trial.exercise.atol
    try:
        leaves = list(_tree.pairs(outcome.result, want.result, "answer"))
    except _tree.Mismatch:
        return None
    if outcome.error is not None or any(g.shape != w.shape for _, g, w in leaves):
        return None
    return np.concatenate([_tree.differing(g, w, *tolerance).ravel() for _, g, w in leaves])


def _alike(a: Outcome, b: Outcome, rtol: float, atol: float) -> bool:
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error) and str(a.error) == str(b.error)
    changed = [_tree.unequal_arrays(o.args, o.after, "inputs") for o in (a, b)]
    return changed[0] == changed[1] and _tree.same(a.result, b.result, rtol, atol)
