"""Running a learner's answer beside the solution, on the same cases, so that nothing of it is left behind."""

import contextlib
import copy
import dis
import io
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._exercise import Exercise

SEEDS = (0, 1, 2)


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
        if self.exercise.kind == "experiment":
            return [_measured(self.exercise.solution)]
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


@cache
def _measured(solution: Callable) -> Outcome:
    """The outcome of an experiment, which may take seconds: it is run once."""
    return call(solution, "", ())


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
