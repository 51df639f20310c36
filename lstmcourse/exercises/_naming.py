"""Which known mistake an answer makes: one, or two at once; and in which of the learner's lines it stands."""

import ast
import inspect
import itertools
import textwrap
import time
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._arguments import on_other_arguments
from lstmcourse.exercises._patches import Mistake, Patched, source_of
from lstmcourse.exercises._running import Failed, Outcome, Trial, call
from lstmcourse.exercises._variants import variants

#: Seconds of computing for each of the two searches that follow where no registered mistake matches: among the variants
#: of the solution, and among pairs.
PATIENCE = 0.35
#: Fewer whole numbers than this are matched by chance, once many mistakes are tried on them.
ENOUGH = 30


class Naming:
    """The search for the one or two mistakes, {name: (function, sentence)}, that do what the learner's function does.

    First `registered`, which is quick; then `searched`: a variant of the solution, and two mistakes at once.
    """

    def __init__(self, trial: Trial):
        self.exercise = trial.exercise
        self.firsts: dict[str, tuple[Mistake, Outcome]] = {}
        self.nearly: dict[str, Mistake] = {}
        ran = (
            callable(trial.fn)
            and not trial.is_too_large
            and (trial.exercise.kind != "code" or len(trial.got) == len(trial.sizes))
        )
        self.seen = _Seen(trial) if ran else None
        if self.seen and all(map(self.seen.alike, range(len(self.seen.want)), self.seen.want)):
            self.seen = None  # right on all these cases: it fails at something else

    def registered(self) -> dict[str, Mistake]:
        """The first registered mistake that does the same on every case, or {}."""
        if not self.seen:
            return {}
        for name, mistake in self.exercise.wrong.items():
            first = call(mistake[0], *self.seen.cases[0])
            self.firsts[name] = mistake, first
            if self.seen.alike(0, first):
                same_on = self.seen.compared(mistake[0], first)
                if same_on == "every case":
                    return {name: mistake}
                if same_on == "the random cases":
                    self.nearly = self.nearly or {name: mistake}
        return {}

    def searched(self) -> dict[str, Mistake]:
        """A variant of the solution; or a registered mistake that does the same but on edge cases; or two at once."""
        if not self.seen or self.exercise.kind == "experiment":  # too many mistakes are near enough to one number
            return self.nearly
        end = time.process_time() + PATIENCE
        if self.seen.got[0].error is None:
            for name, mistake in self._variants():
                if time.process_time() > end:
                    break
                first = self.seen.on_the_first(mistake[0])
                if first.error is None:
                    self.firsts[name] = mistake, first
                    if self.seen.alike(0, first) and self.seen.compared(mistake[0], first) == "every case":
                        return {name: mistake}
        return self.nearly or _two(self.seen, self.firsts)

    def _variants(self) -> Iterator[tuple[str, Mistake]]:
        """The solution on other arguments, then its variants, from the places where a part is made that is wrong."""
        if not self.exercise.varied or not self.seen:
            return
        case = self.seen.cases[0][1]
        yield from on_other_arguments(self.exercise, tuple(signature(self.exercise.solution).parameters), case)
        made = variants(self.exercise.solution, case, tuple(self.exercise.returns))
        try:
            leaves = list(self.seen.trial.leaves(self.seen.got[0], self.seen.want[0]))
        except Failed:
            leaves = []
        wrong = {
            name for name, g, w in leaves if g.shape != w.shape or _tree.differing(g, w, *self.seen.tolerance).any()
        }
        yield from sorted(made.items(), key=lambda item: item[0].rpartition(" in ")[2] not in wrong)


class _Seen:
    """What the learner's function and the solution did on all cases."""

    def __init__(self, trial: Trial):
        exercise, edges = trial.exercise, list(trial.edge_cases())
        self.trial, self.tolerance = trial, (exercise.rtol, exercise.atol)
        self.random = len(trial.got)
        self.cases = [*trial.cases()][: self.random] + edges
        first = self.cases[0][1]
        plain = all(isinstance(leaf, (np.ndarray, np.generic, int, float, str)) for leaf in _tree.leaves(first))
        self.locked = _locked(_tree.freeze(first)) if plain else None
        self.got = [*trial.got, *(trial.call(*case) for case in edges)]
        self.want = [*trial.wanted[: self.random], *(call(exercise.solution, *case) for case in edges)]

    def on_the_first(self, mistake: Callable) -> Outcome:
        """What a mistake does on the first case: without the care that a learner's function needs, and so quickly.

        With that care where something else than arrays and numbers goes in: tensors, models, functions.
        """
        label, args = self.cases[0]
        if self.locked is None:
            return call(mistake, label, args)
        outcome = Outcome(label, args, after=args)
        try:
            with np.errstate(all="ignore"):
                outcome.result = mistake(*self.locked)
        except Exception as error:
            outcome.error = error
        return outcome

    def alike(self, k: int, theirs: Outcome) -> bool:
        """Whether the learner's function did on case k what this one did."""
        return _alike(self.got[k], theirs, *self.tolerance)

    def compared(self, mistake: Callable, first: Outcome) -> str:
        """On what a mistake does as the learner's function, and not as the solution: "every case", "the random cases".

        "" where on neither.
        """
        theirs = [first]
        for case in self.cases[1:]:
            theirs.append(call(mistake, *case))
            if len(theirs) <= self.random and not self.alike(len(theirs) - 1, theirs[-1]):
                return ""
        right = [_alike(a, b, *self.tolerance) for a, b in zip(theirs, self.want, strict=True)]
        if all(self.alike(k, outcome) for k, outcome in enumerate(theirs)):
            return "" if all(right) else "every case"
        return "" if all(right[: self.random]) else "the random cases"


def _locked(tree: Any) -> Any:
    """The same arrays, which raise where something is written into them."""
    for leaf in _tree.leaves(tree):
        if isinstance(leaf, np.ndarray):
            leaf.flags.writeable = False
    return tree


def _two(seen: _Seen, firsts: dict[str, tuple[Mistake, Outcome]]) -> dict[str, Mistake]:
    """Two patches at once that do on every case what the learner's function does, or {}."""
    patches = {name: m for name, (m, _) in firsts.items() if isinstance(m[0], Patched)}
    arrays = [np.asarray(leaf) for leaf in _tree.leaves(seen.want[0].result)]
    count, whole = sum(array.size for array in arrays), all(array.dtype.kind in "biu" for array in arrays)
    if whole and count < ENOUGH:
        return {}
    if count < 4:
        patches = {name: patch for name, patch in patches.items() if name in seen.trial.exercise.wrong}
    numbers = {name: _numbers(firsts[name][1], seen.want[0]) for name in patches}
    got, want = _numbers(seen.got[0], seen.want[0]), _numbers(seen.want[0], seen.want[0])
    if want is None:
        return {}
    end = time.process_time() + PATIENCE
    for a, b in _plausible(got, want, numbers, seen):
        if time.process_time() > end:
            break
        (first, _), (second, _) = patches[a], patches[b]
        if first.beside(second):
            both = first.and_also(second)
            outcome = call(both, *seen.cases[0])
            if seen.alike(0, outcome) and seen.compared(both, outcome) == "every case":
                return {a: patches[a], b: patches[b]}
    return {}


def _plausible(got: Any, want: np.ndarray, numbers: dict[str, Any], seen: _Seen) -> Iterator[tuple[str, str]]:
    """Pairs that together spoil all the numbers that are spoiled, and what only one of them spoils as it does alone.

    After them all pairs of registered mistakes of which one changes the form, or one undoes a part of the other.
    """
    differ = lambda a, b: _tree.differing(a, b, *seen.tolerance)
    registered = [name for name in numbers if name in seen.trial.exercise.wrong]
    if got is not None:
        spoiled = differ(got, want)
        names = [name for name, theirs in numbers.items() if theirs is not None]
        touched = {name: differ(numbers[name], want) for name in names}
        names = [name for name in names if touched[name].any() and not (touched[name] & ~spoiled).any()]
        if names:
            touch = np.array([touched[name] for name in names], np.float32)
            unlike = np.array([differ(numbers[name], got) & touched[name] for name in names], np.float32)
            left = len(spoiled) - (1 - touch) @ (1 - touch).T  # how many numbers a pair spoils
            alone = unlike @ (1 - touch).T  # numbers that only the first spoils, and not as it does alone
            fits = (left == spoiled.sum()) & (alone == 0) & (alone.T == 0)
            found = [(i, j) for i, j in np.argwhere(np.triu(fits, 1))]
            size, lone = touch.sum(axis=1), touch @ (1 - touch).T
            found.sort(
                key=lambda pair: (
                    lone[pair] + lone[pair[::-1]] == 0,  # then no number bears witness to one of them by itself
                    sum(names[k] not in registered for k in pair),
                    size[list(pair)].sum(),
                )
            )
            yield from ((names[i], names[j]) for i, j in found)
    for a, b in itertools.combinations(registered, 2):
        first, second = numbers[a], numbers[b]
        if got is None and (first is None or second is None):
            yield a, b
        elif got is not None and first is not None and second is not None:
            either = differ(first, want) | differ(second, want)
            if not (differ(got, want) & ~either).any():
                yield a, b


def _numbers(outcome: Outcome, want: Outcome) -> np.ndarray | None:
    """All numbers of an answer in one row; None where it is built otherwise than the solution's."""
    try:
        leaves = list(_tree.pairs(outcome.result, want.result, "answer"))
    except _tree.Mismatch:
        return None
    if outcome.error is not None or not leaves or any(g.shape != w.shape for _, g, w in leaves):
        return None
    return np.concatenate([g.ravel() for _, g, _ in leaves])


def explained(trial: Trial, mistakes: dict[str, Mistake]) -> str:
    """What the learner is told of the mistakes, and the line of their own in which one stands, where it is found."""
    lines = ["    This is what you get when two things are wrong at once:"] if len(mistakes) > 1 else []
    start = "    This is what you get when " if len(mistakes) == 1 else "    - "
    for mistake, sentence in mistakes.values():
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
    """((what is set, to what), line) of every assignment and return; of `a, b = c, d` each by itself.

    Of what is changed in place, `a += b`, only that it is.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _split("return", node.value, node.lineno)
        elif isinstance(node, ast.AugAssign):
            yield (f"{ast.unparse(node.target)} in place", type(node.op).__name__), node.lineno
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


def _alike(a: Outcome, b: Outcome, rtol: float, atol: float) -> bool:
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error) and str(a.error) == str(b.error)
    changed = [_tree.unequal_arrays(o.args, o.after, "inputs") for o in (a, b)]
    return changed[0] == changed[1] and _tree.same(a.result, b.result, rtol, atol)
