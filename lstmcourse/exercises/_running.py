"""Running a learner's answer beside the solution, on the same cases, so that nothing of it is left behind."""

import contextlib
import copy
import dis
import inspect
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

from lstmcourse.exercises import _guard, _tree
from lstmcourse.exercises._exercise import Exercise


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
    replaced: str = ""  # a function of a library that the call replaced, and that has been put back
    ours: str = ""  # a function of this package that does what is asked, and that was called


class Trial:
    """A learner's answer beside the solution, on the same cases."""

    def __init__(self, exercise: Exercise, answer: Any):
        self.exercise, self.answer = exercise, answer
        is_value = exercise.kind == "experiment" and not callable(answer)
        self.fn = (lambda: answer) if is_value else answer
        self.sizes = list(exercise.sizes)
        if exercise.kind == "code" and len({str(size) for size in self.sizes}) > 1:
            self.sizes.append(self.sizes[0])  # a shape that was there before, with other numbers in it

    def cases(self) -> Iterator[tuple[str, tuple]]:
        """(label, arguments) of the random cases."""
        for seed, size in enumerate(self.sizes):
            rng = np.random.default_rng(seed)
            label = ", ".join(f"{k}={v}" for k, v in size.items())
            again = " once more" if size in self.sizes[:seed] and len(set(map(str, self.sizes))) > 1 else ""
            yield label + again, self.exercise.case(rng, types.SimpleNamespace(**size))

    def call(self, label: str, args: tuple, watched: bool = False) -> Outcome:
        """Calls the learner's answer and puts back what it replaced in NumPy, torch or Python.

        watched: it is noted too whether the call reached the solution or a cell of this package.
        """
        solution = self.exercise.solution if watched else None
        return call(self.fn, label, args, lambda outcome: _guard.both(outcome, solution))

    def scaled(self, scale: float) -> tuple[str, tuple]:
        """The first random case with the gradients that arrive so many times larger."""
        names = list(inspect.signature(self.exercise.solution).parameters)
        label, args = next(self.cases())
        scaled = [a * scale if name in self.exercise.incoming else a for name, a in zip(names, args, strict=True)]
        size = f"10^{round(np.log10(scale))}"
        return f"{label}, {' and '.join(self.exercise.incoming)} times {size}", tuple(scaled)

    def edge_cases(self) -> Iterator[tuple[str, tuple]]:
        """(sentence, arguments) of the edge cases."""
        for sentence, make in self.exercise.edges.items():
            yield sentence, make(np.random.default_rng(7))

    @cached_property
    def got(self) -> list[Outcome]:
        """The answer's outcomes on the random cases, up to one whose result is larger than any answer."""
        if self.exercise.kind == "code":
            _ = self.wanted  # before anything of the learner's has run
        outcomes: list[Outcome] = []
        for case in self.cases():
            outcomes.append(self.call(*case, watched=not outcomes))
            if _tree.holds_large(outcomes[-1].result):
                break
        return outcomes

    @property
    def is_too_large(self) -> bool:
        """Whether the answer returned more than any answer holds."""
        return _tree.holds_large(self.got[-1].result)

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


def call(fn: Callable, label: str, args: tuple, guard: Callable[[Outcome], Any] = contextlib.nullcontext) -> Outcome:
    """Calls `fn` on copies of `args`; keeps the result, the inputs afterwards, an exception, prints and warnings.

    guard: a context for the call alone, which is given the outcome.
    """
    outcome = Outcome(label, _tree.freeze(args))
    inputs = copy.deepcopy(args)
    with contextlib.redirect_stdout(_Printed()) as out, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with guard(outcome):
                outcome.result = fn(*inputs)
            outcome.result = _tree.freeze(outcome.result)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # exit() in an answer ends the answer, not the kernel
            outcome.error = error
    outcome.after = _tree.freeze(inputs)
    outcome.printed = out.getvalue()
    outcome.warned = str(caught[0].message) if caught else ""
    return outcome


class _Printed(io.StringIO):
    """What takes the place of sys.stdout, and does not let itself be closed."""

    def close(self) -> None:
        """Stays open."""


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
