"""`mine`: the learner's own functions carry the course; where one is not there yet, or not right, the course's runs."""

import ast
import contextlib
import inspect
import io
import symtable
import sys
import textwrap
import time
import types
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from lstmcourse import _files
from lstmcourse._shown import say
from lstmcourse.exercises import _state
from lstmcourse.exercises._exercise import Exercise
from lstmcourse.exercises._registry import get
from lstmcourse.exercises._stages import run

#: The sizes at which the notebooks train, by the letters of a case: there an answer must keep up.
TRAINED = {"T": 16, "B": 16, "I": 94, "H": 96, "N": 512, "V": 94}
#: How many times slower than the course's an answer may be.
SLOWEST = 10
#: What the answer is called in a kept source, whatever its own name is.
ANSWER = "passed_answer"
PLAIN = (bool, int, float, str, type(None))
_NOT_GIVEN: Any = object()


class Unkept(Exception):
    """A kept answer is not there, or is of no use; the text goes on "the course's runs: …"."""


def mine(id: str, answer: Any = _NOT_GIVEN, *, slow: bool = False) -> Callable:
    """Your function, if it passes its check and keeps up, else the course's; one line says which of them runs, and why.

    id: an exercise's id ("E1.2") or the name of its function ("rnn_step"). answer: your function; without it, the one
    with which you passed the exercise, which `check` kept, in this notebook or in an earlier one. Either is checked
    here again, in silence. slow: take a function that is right and slow too.

    Raises ValueError for an unknown exercise, and for one that asks for a value: there is nothing to run.
    """
    exercise = get(id)
    if exercise.kind != "code":
        raise ValueError(f"id must be an exercise that asks for a function, got {exercise.id}, which asks for a value")
    given = answer is not _NOT_GIVEN
    try:
        function = answer if given else load(exercise)
        _judge(exercise, function, slow, "yours" if given else "the one that you passed with")
    except Unkept as reason:
        say(f"{exercise.id}: the course's {exercise.name} runs: {reason}.")
        return exercise.solution
    say(f"{exercise.id}: your {exercise.name} runs.")
    return function


def _judge(exercise: Exercise, answer: Any, slow: bool, whose: str) -> None:
    """Raises Unkept, with the reason, unless the answer passes and keeps up."""
    call = f'"{exercise.id}", {exercise.answer}'
    result = run(exercise, answer)
    if not result.attempted:
        raise Unkept(f"{whose} is still the stub")
    if not result.passed:
        raise Unkept(f'{whose} stops at "{result.stage}"; check({call}) says why')
    try:
        times = 0.0 if slow else pace(exercise, answer)
        if times > SLOWEST:  # perhaps another program had the processor
            times = min(times, pace(exercise, answer))
    except Exception as error:
        raise Unkept(f"{whose} fails at the size that is trained ({type(error).__name__}: {error})") from None
    if times > SLOWEST:
        raise Unkept(f"{whose} is right but {times:.0f} times slower; mine({call}, slow=True) runs it")


def pace(exercise: Exercise, answer: Callable) -> float:
    """How many times longer than the solution an answer takes, at the size that is trained: the best of three each."""
    sizes = {letter: TRAINED.get(letter, size) for letter, size in exercise.sizes[0].items()}
    case = exercise.case(np.random.default_rng(0), SimpleNamespace(**sizes))

    def best(function: Callable) -> float:
        seconds: list[float] = []
        while len(seconds) < 3 and sum(seconds) < 1:
            start = time.perf_counter()
            function(*case)
            seconds.append(time.perf_counter() - start)
        return min(seconds)

    with contextlib.redirect_stdout(io.StringIO()):
        return best(answer) / best(exercise.solution)


# --- the answers that were passed --------------------------------------------------------------------------------


def path(exercise: Exercise) -> Path:
    """Where the source of a passed answer lies: by the slug, and by what the stub asked for then."""
    return _state.path().parent / "answers" / f"{exercise.slug}-{exercise.stub_hash}.py"


def keep(exercise: Exercise, answer: Any) -> None:
    """Keeps the source of an answer that has passed, for `mine` in later notebooks.

    With it what it uses of its own notebook: functions, imports, plain numbers and strings. An answer that does not
    pass by itself from that source is not kept, and a line says why.
    """
    if exercise.kind != "code":
        return
    try:
        source, lost = gather(answer)
        result = run(exercise, execute(source, "<kept>"))
        if not result.passed and lost:
            raise Unkept(
                f"it uses {' and '.join(lost)}, which lies outside it and cannot be written down; "
                "a helper written with def in a cell of this notebook is kept along, or put it into the function"
            )
        if not result.passed:
            raise Unkept(f'by itself it stops at "{result.stage}", so it uses something else of this notebook')
        _files.write(path(exercise), f"# {exercise.id} {exercise.title}: passed.\n{source}")
    except Unkept as reason:
        say(f"(Not kept for later notebooks: {reason}.)")
    except OSError as error:
        say(f"(Not kept for later notebooks: {error.strerror or error}.)")


def load(exercise: Exercise) -> Callable:
    """The answer that was kept. Raises Unkept where there is none, and where it does not load."""
    file = path(exercise)
    again = f'pass check("{exercise.id}", {exercise.answer}) again'
    try:
        source = file.read_text(encoding="utf-8")
    except OSError:
        other = list(file.parent.glob(f"{exercise.slug}-" + "[0-9a-f]" * 8 + ".py"))
        reason = f"since you passed it the exercise has changed; {again}" if other else "you have not passed it yet"
        raise Unkept(reason) from None
    except ValueError:
        raise Unkept(f"the file in which yours was kept, {file.name}, is damaged; {again}") from None
    try:
        return execute(source, str(file))
    except Unkept as reason:
        raise Unkept(f"the one that you passed with does not load ({reason}); {again}") from None


def execute(source: str, file: str) -> Callable:
    """Runs a source by itself and returns the answer in it. Raises Unkept with the error in one line."""
    scope: dict[str, Any] = {"__name__": "kept_answer"}
    try:
        exec(compile(source, file, "exec", dont_inherit=True), scope)
        return scope[ANSWER]
    except Exception as error:
        raise Unkept(f"{type(error).__name__}: {error}") from None


def gather(answer: Any) -> tuple[str, list[str]]:
    """The source of a function, after that of all that it uses of its own notebook; and what of that has no source.

    Raises Unkept where the function itself has none.
    """
    parts: dict[str, str] = {}
    lost: list[str] = []
    _gather(answer, parts, lost)
    return "\n".join([*parts.values(), f"{ANSWER} = {answer.__name__}\n"]), lost


def _gather(thing: Any, parts: dict[str, str], lost: list[str]) -> None:
    try:
        source = textwrap.dedent(inspect.getsource(thing)).strip() + "\n"
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        raise Unkept("its source cannot be read; write it with def, in a cell of its own") from None
    if not isinstance(tree.body[0], ast.FunctionDef | ast.ClassDef):
        raise Unkept("it was not written with def")
    known = getattr(thing, "__globals__", None) or vars(sys.modules[thing.__module__])
    parts[thing.__name__] = ""  # its place is taken, so that a function may call itself
    for name in sorted(_read_outside(symtable.symtable(source, "<answer>", "exec")) - set(parts)):
        if name in known:
            _gather_global(name, known[name], thing.__module__, parts, lost)
    del parts[thing.__name__]
    parts[thing.__name__] = source


def _read_outside(table: symtable.SymbolTable) -> set[str]:
    """The names that a source takes from around it: an argument of the same name as an array there is none of them."""
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*map(_read_outside, table.get_children()))


def _gather_global(name: str, value: Any, module: str, parts: dict[str, str], lost: list[str]) -> None:
    """What a name of the notebook needs to be there again; what cannot be written down is lost."""
    if isinstance(value, types.ModuleType):
        parts[name] = f"import {value.__name__} as {name}\n"
    elif isinstance(value, (*PLAIN, np.generic)):
        plain = value.item() if isinstance(value, np.generic) else value  # np.float64(1.0) would need its import first
        parts[name] = f"{name} = {plain!r}\n"
    elif getattr(value, "__module__", None) == module and isinstance(value, types.FunctionType | type):
        if value.__name__ == name:
            _gather(value, parts, lost)
        else:
            lost.append(name)
    else:
        home, its = str(getattr(value, "__module__", "")), str(getattr(value, "__name__", ""))
        if getattr(sys.modules.get(home), its, None) is value:
            parts[name] = f"from {home} import {its} as {name}\n"
        else:
            lost.append(name)
