"""The stages of a check.

A stage is a function of a Trial. It returns what its line says, or None to print no line, or raises Failed.
"""

import contextlib
import copy
import dis
import inspect
import io
import linecache
import os
import random
import re
import sys
import sysconfig
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._registry import Exercise

SEEDS = (0, 1, 2)
PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep
LIBRARIES = (PACKAGE, sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"], "<frozen", "<__array")


class Failed(Exception):
    """The verdict of a stage, as the learner reads it."""


@dataclass
class Outcome:
    """One call of a function: what went in, what came out, what the inputs were afterwards."""

    label: str
    args: tuple
    result: Any = None
    after: tuple = ()
    error: BaseException | None = None
    printed: str = ""
    warned: str = ""


@dataclass
class Result:
    """What a check found: the text for the learner, and for tests the verdict and the name of the mistake."""

    id: str
    attempted: bool
    passed: bool
    text: str
    stage: str | None = None
    mistake: str | None = None


class Trial:
    """A learner's answer beside the solution, on the same cases."""

    def __init__(self, exercise: Exercise, answer: Any):
        self.exercise, self.answer = exercise, answer
        is_value = exercise.kind == "experiment" and not callable(answer)
        self.fn = (lambda: answer) if is_value else answer

    def cases(self) -> Iterator[tuple[str, tuple]]:
        """(label, arguments) of the random cases."""
        for seed, size in zip(SEEDS, self.exercise.sizes, strict=False):
            rng = np.random.default_rng(seed)
            label = ", ".join(f"{k}={v}" for k, v in size.items())
            yield label, self.exercise.case(rng, types.SimpleNamespace(**size))

    def edge_cases(self) -> Iterator[tuple[str, tuple]]:
        """(sentence, arguments) of the edge cases."""
        for sentence, make in self.exercise.edges.items():
            yield sentence, make(np.random.default_rng(7))

    @cached_property
    def got(self) -> list[Outcome]:
        """The answer's outcomes on the random cases."""
        return [call(self.fn, *case) for case in self.cases()]

    @cached_property
    def wanted(self) -> list[Outcome]:
        """The solution's outcomes on the random cases."""
        return [call(self.exercise.solution, *case) for case in self.cases()]

    def leaves(self, got: Outcome, want: Outcome) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """(name, got, wanted) for every array of the returned structure. Raises Failed when it is built otherwise."""
        names = tuple(self.exercise.returns)
        parts = names if isinstance(want.result, tuple) else ()
        name = "the returned value" if parts else names[0]
        try:
            return list(_tree.pairs(got.result, want.result, name, parts))
        except _tree.Mismatch as mismatch:
            raise Failed(str(mismatch)) from None


# --- the stages -------------------------------------------------------------------------------------------------


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
            raise Failed(short_traceback(outcome.error, _where(outcome)))
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


def _misshapen(name: str, g: np.ndarray, w: np.ndarray, got: Outcome, letters: dict[str, str]) -> str:
    meaning = f" = {letters[name]}" if letters.get(name, "").startswith("(") else ""
    asked = f"have shape {w.shape}{meaning}" if w.shape else "be one number"
    given = _tree.describe(got.result) if isinstance(got.result, (tuple, list)) and len(letters) == 1 else None
    return f"{name} must {asked}, got {given or (g.shape if w.shape else f'an array of shape {g.shape}')}{_where(got)}"


def dtype(trial: Trial) -> str:
    """Floating point of the inputs' precision where the solution returns it."""
    for got, want in zip(trial.got, trial.wanted, strict=True):
        for name, g, w in trial.leaves(got, want):
            scalar = g.ndim == 0 and g.dtype.kind in "iuf" and w.dtype.kind in "iuf"
            if not scalar and (g.dtype.kind != w.dtype.kind or (g.dtype.kind == "f" and g.dtype != w.dtype)):
                raise Failed(f"{name} must have dtype {w.dtype}, as the inputs have, got {g.dtype}{_where(got)}")
    return str(w.dtype)


def finite(trial: Trial) -> str:
    """No NaN and no infinity where the solution has none."""
    for got, want in zip(trial.got, trial.wanted, strict=True):
        for name, g, w in trial.leaves(got, want):
            if g.dtype.kind == "f":
                bad = ~np.isfinite(g) & np.isfinite(w)
                if bad.any():
                    at = _index(name, np.unravel_index(int(np.argmax(bad)), bad.shape))
                    told = f"; NumPy warned: {got.warned}" if got.warned else ""
                    raise Failed(f"{at} is {g[bad][0]}{_where(got)}{told}")
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
        _compare(trial.leaves(got, want), trial.exercise, _where(got))
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
        numeric = central_difference(loss, got.args, params.index(arg))
        count += numeric.size
        if _tree.differing(leaves[name], numeric, **tolerance).any():
            raise Failed(_worst([(name, leaves[name], numeric)], "central differences say", **tolerance))
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
                raise Failed(f"{_index(name, at)} is {g[at]}, and that is not what we measured")
            side = "large" if g[at] > w[at] else "small"
            raise Failed(f"{_index(name, at)} = {g[at]:.4g} is too {side}")
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


# --- running them -----------------------------------------------------------------------------------------------


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
                mistake = name_the_mistake(trial)
                lines += [f"  ✗ {title}: {failure}"]
                if mistake:
                    lines += [f"    This is what you get when {exercise.wrong[mistake][1].rstrip('.')}."]
                lines += _printed(trial), f'{exercise.id}: not yet. hint("{exercise.id}") helps.'
                return Result(exercise.id, True, False, "\n".join(filter(None, lines)), title, mistake)
            if said is not None:
                lines.append(f"  ✓ {title}: {said}" if said else f"  ✓ {title}")
    lines += _printed(trial), f"{exercise.id}: passed. You can now {exercise.can_now.rstrip('.')}."
    return Result(exercise.id, True, True, "\n".join(filter(None, lines)))


def call(fn: Callable, label: str, args: tuple) -> Outcome:
    """Calls `fn` on copies of `args`; keeps the result, the inputs afterwards, an exception, prints and warnings."""
    outcome = Outcome(label, _tree.freeze(args))
    inputs = copy.deepcopy(args)
    with contextlib.redirect_stdout(io.StringIO()) as out, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome.result = _tree.freeze(fn(*inputs))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # exit() in an answer ends the answer, not the kernel
            outcome.error = error
    outcome.after = _tree.freeze(inputs)
    outcome.printed = out.getvalue()
    outcome.warned = str(caught[0].message) if caught else ""
    return outcome


def not_attempted(trial: Trial) -> bool:
    """Whether the answer is the untouched stub: `...`, None, NotImplementedError, or a body that does nothing."""
    if trial.answer is None or trial.answer is Ellipsis:
        return True
    if not callable(trial.fn):
        return False
    first = trial.got[0]
    code = getattr(trial.fn, "__code__", None)
    if isinstance(first.error, NotImplementedError):
        return _raised_by(code, first.error)
    empty = first.error is None and (first.result is None or first.result is Ellipsis)
    return empty and (_does_nothing(code) or _same_code(code, _stub_code(trial.exercise)))


def name_the_mistake(trial: Trial) -> str | None:
    """The registered wrong version that does on every case exactly what the learner's function does, if one does."""
    if not callable(trial.fn):
        return None
    exercise, tolerance = trial.exercise, (trial.exercise.rtol, trial.exercise.atol)
    cases = [*trial.cases(), *trial.edge_cases()]
    got = [call(trial.fn, *case) for case in cases]
    want = [call(exercise.solution, *case) for case in cases]
    for name, (wrong, _) in exercise.wrong.items():
        theirs = []
        for g, case in zip(got, cases, strict=True):
            theirs.append(call(wrong, *case))
            if not _alike(g, theirs[-1], *tolerance):
                break
        else:
            if not all(_alike(t, w, *tolerance) for t, w in zip(theirs, want, strict=True)):
                return name
    return None


def central_difference(loss: Callable[..., float], args: tuple, index: int, eps: float = 1e-5) -> np.ndarray:
    """dloss/dargs[index] by (f(x+ε) − f(x−ε)) / 2ε, entry by entry, in float64."""
    args = copy.deepcopy(args)
    x = args[index]
    numeric = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        kept = x[at]
        x[at] = kept + eps
        above = loss(*args)
        x[at] = kept - eps
        numeric[at] = (above - loss(*args)) / (2 * eps)
        x[at] = kept
    return numeric


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Random states and NumPy's error states are set for a repeatable check, and afterwards are what they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the learner may use it)
    torch = sys.modules.get("torch")
    tensor = torch.get_rng_state() if torch else None
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    if torch:
        torch.random.default_generator.manual_seed(0)
    try:
        with np.errstate(all="warn"):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if torch:
            torch.set_rng_state(tensor)


# --- words ------------------------------------------------------------------------------------------------------


def short_traceback(error: BaseException, where: str = "", frames: int = 3) -> str:
    """The exception in one line, then the lines of the learner's own code that led to it, with the arrays' shapes."""
    try:
        message = _shortened(re.sub(r"\s+", " ", str(error)))
    except Exception:  # an exception of the learner's own that cannot say what it is
        message = ""
    lines = [(f"{type(error).__name__}: {message}" if message else type(error).__name__) + where]
    walked = list(traceback.walk_tb(error.__traceback__))
    theirs = [(f, n) for f, n in walked if not f.f_code.co_filename.startswith(LIBRARIES)]
    for frame, number in theirs[-frames:]:
        source = linecache.getline(frame.f_code.co_filename, number).strip()
        lines.append(f"      line {number} in {frame.f_code.co_name}:  {source}")
        arrays = {name: frame.f_locals.get(name) for name in re.findall(r"[^\W\d]\w*", source)}
        shapes = [f"{name} {tuple(a.shape)}" for name, a in arrays.items() if hasattr(a, "shape")]
        if shapes:
            lines.append(f"      shapes: {', '.join(shapes)}")
    return "\n".join(lines)


def show(x: float | str, other: float | str) -> str:
    """A number to four digits; what is only rounding noise beside `other` is shown as 0. Text as it is."""
    if isinstance(x, str):
        return repr(str(x))
    x, other = float(x), float(other)
    return "0" if abs(x) < 1e-12 * abs(other) else f"{x:.4g}"


def _compare(leaves: list, exercise: Exercise, where: str) -> None:
    tolerance = {"rtol": exercise.rtol, "atol": exercise.atol}
    if any(_tree.differing(g, w, **tolerance).any() for _, g, w in leaves):
        raise Failed(_worst(leaves, **tolerance) + where)


def _worst(leaves: list, says: str = "expected", *, rtol: float, atol: float) -> str:
    """The worst index of all leaves with both numbers; how many differ; which of several leaves are right."""
    found, right = [], []
    for name, g, w in leaves:
        wrong = _tree.differing(g, w, rtol, atol)
        if not wrong.any():
            right.append(name)
            continue
        with np.errstate(all="ignore"):
            gap = np.where(wrong, 1.0 if w.dtype.kind == "U" else np.abs(np.subtract(g, w, dtype=float)), -1.0)
        gap[np.isnan(gap)] = np.inf
        first = int(np.flatnonzero(gap.ravel() >= gap.max() * (1 - 1e-6))[0])
        scale = 1.0 if w.dtype.kind == "U" else np.max(np.abs(w), initial=1e-300)
        found.append((float(gap.max() / scale), name, g, w, np.unravel_index(first, gap.shape), int(wrong.sum())))
    _, name, g, w, at, count = max(found, key=lambda item: item[0])
    a, b = show(g[at], w[at]), show(w[at], g[at])
    text = f"{_index(name, at)} is {a}, {says} {b}"
    if a == b:
        text += f" (they differ by {abs(float(g[at]) - float(w[at])):.0e})"
    if g.size > 1:
        text += f"; {count} of {g.size} numbers differ"
    if right:
        text += f"; right: {', '.join(right)}"
    return text


def _index(name: str, at: tuple) -> str:
    return f"{name}[{', '.join(str(int(i)) for i in at)}]" if at else name


def _where(outcome: Outcome) -> str:
    return f" (case {outcome.label})" if outcome.label else ""


def _shortened(line: str, most: int = 160) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"


def _printed(trial: Trial, most: int = 8) -> str:
    """What the learner's code printed in the first call, shortened."""
    if not callable(trial.fn) or not trial.got[0].printed.strip():
        return ""
    lines = trial.got[0].printed.rstrip().splitlines()
    more = [f"    … {len(lines) - most} more lines"] if len(lines) > most else []
    return "\n".join(
        ["  Your code printed, in the first case:", *(f"    {_shortened(line)}" for line in lines[:most]), *more]
    )


def _names(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def _alike(a: Outcome, b: Outcome, rtol: float, atol: float) -> bool:
    if a.error is not None or b.error is not None:
        return type(a.error) is type(b.error) and str(a.error) == str(b.error)
    changed = [_tree.unequal_arrays(o.args, o.after, "inputs") for o in (a, b)]
    return changed[0] == changed[1] and _tree.same(a.result, b.result, rtol, atol)


def _raised_by(code: types.CodeType | None, error: BaseException) -> bool:
    """Whether a `raise` in this very function raised, and nothing that it called."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return (
        last is not None and last.tb_frame.f_code is code and code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    )


def _does_nothing(code: types.CodeType | None) -> bool:
    """A body of `...`, `pass`, `return` or a docstring compiles to loading a constant and returning it."""
    harmless = {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP", "CACHE"}
    return code is not None and {i.opname for i in dis.get_instructions(code)} <= harmless


def _same_code(a: types.CodeType | None, b: types.CodeType | None) -> bool:
    return (
        a is not None
        and b is not None
        and (a.co_code, a.co_names, a.co_varnames) == (b.co_code, b.co_names, b.co_varnames)
    )


def _stub_code(exercise: Exercise) -> types.CodeType | None:
    module = compile(exercise.stub, "<stub>", "exec", flags=0, dont_inherit=True)
    return next((c for c in module.co_consts if isinstance(c, types.CodeType) and c.co_name == exercise.name), None)
