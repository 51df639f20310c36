"""Exercises: `check` your answer, ask for a `hint`, see the `solution`, look at your `progress`.

One module a notebook (nb01, nb02, …) registers its exercises with `register`; every module named nb* is found by
itself. Nothing is sent anywhere: what you have done is kept in one small file on your machine.
"""

import difflib
import html
import importlib
import inspect
import pkgutil
import sys
import textwrap
from typing import Any

from lstmcourse.exercises import _state
from lstmcourse.exercises._engine import EXPERIMENT, STAGES, Failed, Result, Trial, run, short_traceback
from lstmcourse.exercises._registry import SIZES, STEP_SIZES, Exercise, get, ids, register

__all__ = [
    "EXPERIMENT", "SIZES", "STAGES", "STEP_SIZES", "Exercise", "Failed", "Result", "Trial",
    "check", "get", "hint", "ids", "progress", "register", "run", "solution",
]  # fmt: skip

LADDER = ("direction", "equation", "first lines")


def check(id: str, answer: Any) -> None:
    """Checks your answer to an exercise and prints one line a stage, up to the first that fails.

    `answer` is your function (for an experiment: your value). Raises ValueError for an unknown id, and nothing else but
    the KeyboardInterrupt with which you stop it.
    """
    exercise = get(id)
    try:
        result = run(exercise, answer)
    except KeyboardInterrupt as stop:
        at = short_traceback(stop).partition("\n")[2]
        print(f"{exercise.id}: stopped" + (f" while your code ran, in\n{at}" if at else ""))
        _state.add(exercise.id, attempts=1)
        raise KeyboardInterrupt from None
    print(result.text)
    if result.attempted:
        _state.add(result.id, attempts=1, passes=int(result.passed))


def hint(id: str, symptom: str | None = None) -> None:
    """Prints the next of three hints (direction, equation, first lines), or the help for what you see.

    `symptom` is part of a symptom's name; an unknown one lists those there are.
    """
    exercise = get(id)
    if symptom is not None:
        _help(exercise, symptom)
        return
    number = min(_state.add(exercise.id, hints=1)["hints"], 3)
    print(f"{exercise.id}, hint {number} of 3 ({LADDER[number - 1]}):")
    print(textwrap.indent(exercise.hints[number - 1], "  "))
    if number == 3:
        print(f'That was the last one. After an attempt, solution("{exercise.id}") shows the solution.')


def solution(id: str, spoil: bool = False) -> None:
    """Shows the source of the solution, folded, once you have tried the exercise. `spoil=True` shows it anyway."""
    exercise = get(id)
    if not spoil and not _state.entry(exercise.id)["attempts"]:
        print(f'{exercise.id}: try it once first, with check("{exercise.id}", {exercise.answer}).')
        print(f'solution("{exercise.id}", spoil=True) shows the solution anyway.')
        return
    parts = (*exercise.helpers, exercise.solution)
    source = "\n\n".join(textwrap.dedent(inspect.getsource(part)).strip() for part in parts)
    if _in_notebook():
        from IPython.display import Markdown, display

        summary = f"<summary>Solution of {exercise.id}</summary>"
        display(Markdown(f"<details>{summary}\n\n```python\n{source}\n```\n\n</details>"))
    else:
        print(source)


def progress() -> None:
    """Shows a table of all exercises: minutes, attempts, hints, and whether you have passed."""
    kept = _state.load()
    rows = [_row(get(id), kept.get(id, _state.EMPTY)) for id in ids()]
    passed = sum(row[-1] == "passed" for row in rows)
    caption = f"{passed} of {len(rows)} exercises passed"
    if _in_notebook():
        from IPython.display import HTML, display

        display(HTML(_table(caption, rows)))
    else:
        print(caption)
        widths = [max(len(line[i]) for line in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
        for line in [COLUMNS, *rows]:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


COLUMNS = ("exercise", "title", "minutes", "attempts", "hints", "state")


def _row(exercise: Exercise, kept: dict[str, int]) -> tuple[str, ...]:
    state = "passed" if kept["passes"] else "tried" if kept["attempts"] else "not yet tried"
    counts = (exercise.minutes, kept["attempts"], min(kept["hints"], 3))
    return (exercise.id, exercise.title, *map(str, counts), state)


def _table(caption: str, rows: list[tuple[str, ...]]) -> str:
    """An HTML table with a caption and header cells that a screen reader can announce."""
    head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in COLUMNS)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _help(exercise: Exercise, symptom: str) -> None:
    names = {name.lower(): name for name in exercise.symptoms}
    asked = str(symptom).strip().lower()
    found = [name for name in names if asked in name] or difflib.get_close_matches(asked, names, n=1)
    if found:
        print(f"{exercise.id}, {names[found[0]]}:")
        print(textwrap.fill(exercise.symptoms[names[found[0]]], 100, initial_indent="  ", subsequent_indent="  "))
    else:
        print(f"{exercise.id} has no help for {symptom!r}. There is help for:")
        for name in exercise.symptoms:
            print(f"  {name}")


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


for _module in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("nb")):
    importlib.import_module(f"{__name__}.{_module}")
