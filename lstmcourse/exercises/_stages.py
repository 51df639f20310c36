"""The stages of a check.

A stage is a function of a Trial. It returns what its line says, or None to print no line, or raises Failed.
"""

import contextlib
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._errors import raised
from lstmcourse.exercises._exercise import Exercise
from lstmcourse.exercises._finding import found, order_of_arguments
from lstmcourse.exercises._naming import Naming, explained
from lstmcourse.exercises._patches import Mistake
from lstmcourse.exercises._registry import get, places
from lstmcourse.exercises._running import Failed, Outcome, Trial, call, isolated, not_attempted
from lstmcourse.exercises._words import axes, index, printed, short_traceback, where, worst
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
    found: str = ""


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
    return ""


def runs(trial: Trial) -> str | None:
    """No exception on the random cases."""
    for k, outcome in enumerate(trial.got):
        _by_itself(outcome)
        if outcome.error is not None:
            raise Failed(short_traceback(outcome.error, where(outcome), sizes=trial.sizes[k]))
    return f"{len(trial.got)} random cases" if trial.exercise.sizes != ({},) else None


def _by_itself(outcome: Outcome) -> None:
    """Raises Failed where a call replaced what everything else uses, or left the work to the package."""
    if outcome.replaced:
        raise Failed(
            f"your code replaced {outcome.replaced}, which all other code uses too (it has been put back): "
            "give what is yours a name of its own"
        )
    if outcome.ours:
        raise Failed(f"your code calls {outcome.ours}, which is the course's own: write yours")


def shape(trial: Trial) -> str:
    """The returned structure, and the shape of every array in it."""
    letters = trial.exercise.returns
    for k, (got, want) in enumerate(zip(trial.got, trial.wanted, strict=False)):
        if got.result is None or got.result is Ellipsis:
            raise Failed(f"the function returned {got.result}: is a `return` missing at the end?")
        for name, g, w in trial.leaves(got, want):
            if g.shape != w.shape:
                raise Failed(_misshapen(name, g, w, got, want, letters, trial.sizes[k]))
    return ""


def _misshapen(
    name: str,
    g: np.ndarray,
    w: np.ndarray,
    got: Outcome,
    want: Outcome,
    letters: Mapping[str, str],
    sizes: Mapping[str, int],
) -> str:
    lettered = letters.get(name, "").startswith("(")
    asked = (
        f"have shape {w.shape}{f' = {letters[name]}' if lettered and letters[name] != str(w.shape) else ''}"
        if w.shape
        else "be one number"
    )
    if isinstance(got.result, (tuple, list)) and len(letters) == 1 and not isinstance(want.result, (tuple, list)):
        given = _tree.describe(got.result)
    elif not w.shape:
        given = f"an array of shape {g.shape}"
    elif not g.shape:
        given = "a number"
    else:
        given = str(g.shape) + (axes(g.shape, sizes) if lettered else "")
    return f"{name} must {asked}, got {given}{where(got)}"


def dtype(trial: Trial) -> str:
    """Floating point of the inputs' precision where the solution returns it; whole numbers that are int, and not short.

    A whole number may stand where one number of floating point is asked for, and whole numbers in arrays where no
    floating point goes in.
    """
    for got, want in zip(trial.got, trial.wanted, strict=True):
        for name, g, w in trial.leaves(got, want):
            whole = w.dtype.kind in "iu"
            if whole and g.ndim == 0 and g.dtype.kind == "f":
                raise Failed(f"{name} must be a whole number (an int), got {float(g)!r}, a float{where(got)}")
            if g.ndim == 0 and g.dtype.kind in "iuf" and w.dtype.kind in "iuf":
                continue
            floats = any(isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" for leaf in _tree.leaves(got.args))
            if g.dtype.kind in "iu" and w.dtype.kind == "f" and not floats:
                continue
            if g.dtype.kind != w.dtype.kind or (g.dtype.kind == "f" and g.dtype != w.dtype):
                inputs = "" if whole else ", as the inputs have"
                raise Failed(f"{name} must have dtype {w.dtype}{inputs}, got {g.dtype}{where(got)}")
            if whole and g.dtype.itemsize < 4:
                most = np.iinfo(g.dtype).max
                raise Failed(f"{name} must have dtype {w.dtype}, got {g.dtype}, which ends at {most:,}{where(got)}")
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
        _compare(trial.leaves(got, want), trial.exercise.rtol, trial.exercise.atol, where(got))
    return ""


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


def sizes(trial: Trial) -> str | None:
    """What is linear in the gradients that arrive stays so when they are large and when they are tiny."""
    exercise = trial.exercise
    if not exercise.incoming:
        return None
    for scale in (1e6, 1e-9):
        case = trial.scaled(scale)
        got, want = trial.call(*case), call(exercise.solution, *case)
        if got.error is not None:
            raise Failed(short_traceback(got.error, where(got)))
        _compare(trial.leaves(got, want), exercise.rtol, exercise.atol * scale, where(got))
    return ""


def edges(trial: Trial) -> str | None:
    """Equal to the solution on the edge cases."""
    cases = list(trial.edge_cases())
    for case in cases:
        got, want = trial.call(*case), call(trial.exercise.solution, *case)
        where = f" (when {got.label})"
        _by_itself(got)
        if got.error is not None:
            raise Failed(short_traceback(got.error, where))
        for name, g, w in trial.leaves(got, want):
            if g.shape != w.shape:
                raise Failed(f"{name} must have shape {w.shape}, got {g.shape or 'a number'}{where}")
        _compare(trial.leaves(got, want), trial.exercise.rtol, trial.exercise.atol, where)
    return "; ".join(sentence for sentence, _ in cases) or None


def band(trial: Trial) -> str:
    """For experiments: within the tolerance of the measured value, which a failure does not give away."""
    exercise = trial.exercise
    for name, g, w in trial.leaves(trial.got[0], trial.wanted[0]):
        wrong = _tree.differing(g, w, exercise.rtol, exercise.atol)
        if w.dtype.kind == "f":  # a band around a number that is not 0 holds no 0 and no number of the other sign
            wrong |= np.abs(g - w) > np.where(w == 0, np.inf, np.abs(w) / 2)
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
    ("large and tiny gradients", sizes),
    ("edge cases", edges),
)
EXPERIMENT = (("runs", runs), ("form", shape), ("finite", finite), ("value", band))


def _compare(leaves: list, rtol: float, atol: float, where: str) -> None:
    if any(_tree.differing(g, w, rtol=rtol, atol=atol).any() for _, g, w in leaves):
        raise Failed(worst(leaves, rtol=rtol, atol=atol) + where)


def _names(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def run(exercise: Exercise, answer: Any, explain: bool = True) -> Result:
    """Runs the stages on the learner's answer and stops at the first that fails. Never raises on their account.

    explain: whether what fails is looked into.
    """
    with isolated():
        trial = Trial(exercise, answer)
        if not_attempted(trial):
            return Result(exercise.id, False, False, f"{exercise.id}: not attempted")
        name = f"{exercise.id} {exercise.title.rstrip('?')}"
        passed: list[tuple[str, str]] = []
        stages = exercise.stages or (EXPERIMENT if exercise.kind == "experiment" else STAGES)
        for title, stage in stages:
            try:
                said = stage(trial)
            except Failed as failure:
                called = _calls_what_fails(trial) if explain else ""
                names, what = _told(trial, stages, title) if explain and not called else ({}, "")
                lines = [
                    f"{name}: not yet.",
                    f"  ✗ {title}: {failure}",
                    called or (explained(trial, names) if names else what and f"    {what}"),
                    printed(trial),
                    f"  ✓ {', '.join(stage for stage, _ in passed)}" if passed else "",
                    f'  hint("{exercise.id}") helps.',
                ]
                text = "\n".join(filter(None, lines))
                return Result(exercise.id, True, False, text, title, " + ".join(names) or None, what)
            if said is not None:
                passed.append((title, said))
    lines = [
        f"{name}: passed. You can now {exercise.can_now.rstrip('.')}.",
        f"  ✓ {', '.join(f'{stage} ({said})' if said else stage for stage, said in passed)}",
        printed(trial),
    ]
    return Result(exercise.id, True, True, "\n".join(filter(None, lines)))


def _told(trial: Trial, stages: Sequence[tuple[str, Callable]], failed: str) -> tuple[dict[str, Mistake], str]:
    """The mistakes that the answer makes, or what else can be said of it."""
    for said in order_of_arguments(trial):
        return {}, said
    if trial.is_too_large:
        return {}, ""
    naming, compared = Naming(trial), ("values", values) in stages
    if names := naming.registered():
        return names, ""
    for said in raised(trial):
        return {}, said
    if failed == "inputs unchanged":  # the verdict says it all
        return naming.nearly, ""
    what, is_all = found(trial, compared)
    if not is_all and (names := naming.searched() if compared else naming.nearly):
        return names, ""
    return {}, what


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
