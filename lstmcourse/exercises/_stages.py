"""The stages of a check.

A stage is a function of a Trial. It returns what its line says, or None to print no line, or raises Failed.
"""

import contextlib
import inspect
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._exercise import Exercise
from lstmcourse.exercises._naming import explained, name_the_mistake
from lstmcourse.exercises._registry import get, places
from lstmcourse.exercises._running import Failed, Outcome, Trial, call, isolated, not_attempted
from lstmcourse.exercises._words import index, printed, short_traceback, where, worst
from lstmcourse.gradcheck import central_differences


@dataclass
class Result:
    """What a check found: the text for the learner, and for tests the verdict and the name of the mistake."""

    id: str
    attempted: bool
    passed: bool
    text: str
    stage: str | None = None
    mistake: str | None = None


def is_callable(trial: Trial) -> str:
    """A function that takes the stub's arguments."""
    name, params = trial.exercise.name, ", ".join(inspect.signature(trial.exercise.solution).parameters)
    if not callable(trial.fn):
        raise Failed(
            f"expected a function, got {_tree.describe(_tree.freeze(trial.answer))}: "
            f'hand in the function itself, check("{trial.exercise.id}", {name})'
        )
    with contextlib.suppress(ValueError):  # a builtin may have no signature
        signature = inspect.signature(trial.fn)
        try:
            signature.bind(*params.split(", ") if params else ())
        except TypeError as error:
            raise Failed(f"expected {name}({params}), got {name}{_names(signature)}: {error}") from None
    return f"{name}({params})"


def runs(trial: Trial) -> str | None:
    """No exception on the random cases."""
    for outcome in trial.got:
        if outcome.error is not None:
            raise Failed(short_traceback(outcome.error, where(outcome)))
    return f"{len(trial.got)} random cases" if trial.exercise.sizes != ({},) else None


def shape(trial: Trial) -> str:
    """The returned structure, and the shape of every array in it."""
    letters = trial.exercise.returns
    for got, want in zip(trial.got, trial.wanted, strict=True):
        if got.result is None or got.result is Ellipsis:
            raise Failed(f"the function returned {got.result}: is a `return` missing at the end?")
        for name, g, w in trial.leaves(got, want):
            if g.shape != w.shape:
                raise Failed(_misshapen(name, g, w, got, letters))
    return ", ".join(f"{name} {letter}" for name, letter in letters.items())


def _misshapen(name: str, g: np.ndarray, w: np.ndarray, got: Outcome, letters: Mapping[str, str]) -> str:
    meaning = f" = {letters[name]}" if letters.get(name, "").startswith("(") else ""
    asked = f"have shape {w.shape}{meaning}" if w.shape else "be one number"
    given = _tree.describe(got.result) if isinstance(got.result, (tuple, list)) and len(letters) == 1 else None
    return f"{name} must {asked}, got {given or (g.shape if w.shape else f'an array of shape {g.shape}')}{where(got)}"


def dtype(trial: Trial) -> str:
    """Floating point of the inputs' precision where the solution returns it."""
    for got, want in zip(trial.got, trial.wanted, strict=True):
        for name, g, w in trial.leaves(got, want):
            scalar = g.ndim == 0 and g.dtype.kind in "iuf" and w.dtype.kind in "iuf"
            if not scalar and (g.dtype.kind != w.dtype.kind or (g.dtype.kind == "f" and g.dtype != w.dtype)):
                raise Failed(f"{name} must have dtype {w.dtype}, as the inputs have, got {g.dtype}{where(got)}")
    return str(w.dtype)


def finite(trial: Trial) -> str:
    """No NaN and no infinity where the solution has none."""
    for got, want in zip(trial.got, trial.wanted, strict=True):
        for name, g, w in trial.leaves(got, want):
            if g.dtype.kind == "f":
                bad = ~np.isfinite(g) & np.isfinite(w)
                if bad.any():
                    at = index(name, np.unravel_index(int(np.argmax(bad)), bad.shape))
                    told = f"; NumPy warned: {got.warned}" if got.warned else ""
                    raise Failed(f"{at} is {g[bad][0]}{where(got)}{told}")
    return ""


def unchanged(trial: Trial) -> str | None:
    """The inputs are after the call what they were before."""
    names = list(inspect.signature(trial.exercise.solution).parameters)
    if not names:
        return None
    for got in trial.got:
        for name, before, after in zip(names, got.args, got.after, strict=False):
            changed = _tree.unequal_arrays(before, after, name)
            if changed:
                raise Failed(f"{changed[0]} was changed in place: work on a copy (`x = x + y`, not `x += y`)")
    return ""


def values(trial: Trial) -> str:
    """Equal to the solution on every random case."""
    for got, want in zip(trial.got, trial.wanted, strict=True):
        _compare(trial.leaves(got, want), trial.exercise, where(got))
    return "equal to the solution on every case"


def gradient(trial: Trial) -> str | None:
    """Equal to central differences in float64, which know nothing of the solution's backward."""
    exercise = trial.exercise
    if exercise.loss is None:
        return None
    params = list(inspect.signature(exercise.solution).parameters)
    got, want = trial.got[0], trial.wanted[0]
    leaves = {name: g for name, g, _ in trial.leaves(got, want)}
    tolerance = {"rtol": 1e-6, "atol": 1e-7}  # central differences are good to about 1e-9
    loss = exercise.loss(*got.args)
    count = 0
    for name, arg in exercise.wrt.items():
        before, (x, *after) = got.args[: params.index(arg)], got.args[params.index(arg) :]
        (numeric,) = central_differences(lambda x, a=before, b=after: loss(*a, x, *b), [x])
        count += numeric.size
        if _tree.differing(leaves[name], numeric, **tolerance).any():
            raise Failed(worst([(name, leaves[name], numeric)], "central differences say", **tolerance))
    return f"{count} numbers equal to central differences"


def edges(trial: Trial) -> str | None:
    """Equal to the solution on the edge cases."""
    cases = list(trial.edge_cases())
    for case in cases:
        got, want = call(trial.fn, *case), call(trial.exercise.solution, *case)
        where = f" (when {got.label})"
        if got.error is not None:
            raise Failed(short_traceback(got.error, where))
        for name, g, w in trial.leaves(got, want):
            if g.shape != w.shape:
                raise Failed(f"{name} must have shape {w.shape}, got {g.shape}{where}")
        _compare(trial.leaves(got, want), trial.exercise, where)
    return "; ".join(sentence for sentence, _ in cases) or None


def band(trial: Trial) -> str:
    """For experiments: within the tolerance of the measured value, which a failure does not give away."""
    exercise = trial.exercise
    for name, g, w in trial.leaves(trial.got[0], trial.wanted[0]):
        wrong = _tree.differing(g, w, exercise.rtol, exercise.atol)
        if wrong.any():
            at = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
            if w.dtype.kind not in "iuf":
                raise Failed(f"{index(name, at)} is {g[at]}, and that is not what we measured")
            side = "large" if g[at] > w[at] else "small"
            raise Failed(f"{index(name, at)} = {g[at]:.4g} is too {side}")
    return "within the band that we measured"


STAGES = (
    ("callable", is_callable),
    ("runs", runs),
    ("shape", shape),
    ("dtype", dtype),
    ("finite", finite),
    ("inputs unchanged", unchanged),
    ("values", values),
    ("gradient", gradient),
    ("edge cases", edges),
)
EXPERIMENT = (("runs", runs), ("form", shape), ("finite", finite), ("value", band))


def _compare(leaves: list, exercise: Exercise, where: str) -> None:
    rtol, atol = exercise.rtol, exercise.atol
    if any(_tree.differing(g, w, rtol=rtol, atol=atol).any() for _, g, w in leaves):
        raise Failed(worst(leaves, rtol=rtol, atol=atol) + where)


def _names(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def run(exercise: Exercise, answer: Any) -> Result:
    """Runs the stages on the learner's answer and stops at the first that fails. Never raises on their account."""
    with isolated():
        trial = Trial(exercise, answer)
        if not_attempted(trial):
            return Result(exercise.id, False, False, f"{exercise.id}: not attempted")
        lines = [f"{exercise.id} {exercise.title}"]
        for title, stage in exercise.stages or (EXPERIMENT if exercise.kind == "experiment" else STAGES):
            try:
                said = stage(trial)
            except Failed as failure:
                called = _calls_what_fails(trial)
                names = () if called else name_the_mistake(trial)
                lines += [f"  ✗ {title}: {failure}", called or (explained(trial, names) if names else "")]
                lines += printed(trial), f'{exercise.id}: not yet. hint("{exercise.id}") helps.'
                return Result(
                    exercise.id, True, False, "\n".join(filter(None, lines)), title, " + ".join(names) or None
                )
            if said is not None:
                lines.append(f"  ✓ {title}: {said}" if said else f"  ✓ {title}")
    lines += printed(trial), f"{exercise.id}: passed. You can now {exercise.can_now.rstrip('.')}."
    return Result(exercise.id, True, True, "\n".join(filter(None, lines)))


def _calls_what_fails(trial: Trial) -> str:
    """A line on the learner's own answer to an earlier exercise, where this answer calls it and it does not pass."""
    code = getattr(trial.fn, "__code__", None)
    earlier = itertools.takewhile(lambda item: item[0] != trial.exercise.id, places().items())
    for id, slug in ((id, slug) for id, (slug, _) in earlier if code and slug in code.co_names):
        other, function = get(id), trial.fn.__globals__.get(slug)
        if not callable(function) or other.kind != "code":
            continue
        result = run(other, function)
        if not result.passed:
            state = f'stops at "{result.stage}" of its own check' if result.attempted else "is still the stub"
            return f'    Your {slug}, which this calls, {state}: first check("{id}", {slug}).'
    return ""
