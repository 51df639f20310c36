"""Exercises: `check` your answer, ask for a `hint`, see the `solution`, look at your `progress`, run what is `mine`.

Nothing is sent anywhere: what you have done, and the answers that passed, are kept in a folder on your machine. Counts
go to a folder of the instructor's too, if you have joined a room (_room.py).

How an exercise is written
--------------------------
One folder a notebook, one file an exercise. nb04/e2_lstm_backward.py is E4.2, and its slug is lstm_backward: the number
may move between editions (rename the file, change `id`), the slug stays, because progress is kept under it. The file is
found by its name and loaded when it is asked for. From top to bottom it holds

    def lstm_backward(W, …, dc):        the solution; its signature and docstring are the stub in the notebook
        …
    HINTS = (direction, equation, first lines)
    SYMPTOMS = {what the learner sees: help}
    WRONG = {
        "ungated": wrong("dc * f", "dc", "dc_ is all of dc: here f multiplies it"),
        **slopes("ifo", "g"),           no slope, squashed twice, no gradient, sign, the other slope: gate by gate
        **turned_blocks("ifgo"),        one gate's block of U the wrong way round
    }
    exercise = Exercise(id="E4.2", title=…, solution=lstm_backward, …, hints=HINTS, symptoms=SYMPTOMS, wrong=WRONG)

A mistake is a patch of the solution: `wrong(old, new, sentence)`, or several pairs of old and new before the sentence.
Each old text occurs exactly once in the solution's body (docstring and signature do not count), else loading the file
raises. The patched source runs in the solution's module, so it may use what that imports. Write the solution so that
each thing that can go wrong has a text of its own. Another algorithm is a function: `wrong(function, sentence)`.
`per_gate("ifo", "no {k}", "{k} *", "", "{k} is left out")` makes the same patch for each gate. The sentence goes on
"This is what you get when …": a sentence with a verb. The first mistake in WRONG that matches on all cases is named.
Where none does, the check says what it can see by itself (_finding.py: a factor, an order, one gate's rows; give
`rows="ifgo"` for the latter), tries the variants of the solution (_variants.py) and two at once. tests/exercises proves
that every mistake is rejected and named.

What a learner imports (`example`, a function of an earlier exercise) is named in the folder's __init__.py. What
exercises on one step share (random weights, inputs, the loss of a step back) lies in _cases.py; the fields of an
Exercise are told in _exercise.py.
"""

import html
import inspect
import textwrap
from typing import Any

from lstmcourse._shown import in_notebook, show
from lstmcourse.exercises import _help, _room, _state
from lstmcourse.exercises._exercise import SIZES, STEP_SIZES, Exercise
from lstmcourse.exercises._patches import pairs, per_gate, slopes, turned_blocks, wrong
from lstmcourse.exercises._registry import get, ids
from lstmcourse.exercises._running import Failed, Trial
from lstmcourse.exercises._stages import EXPERIMENT, STAGES, Result, run
from lstmcourse.exercises._words import short_traceback
from lstmcourse.exercises.mine import keep, mine

__all__ = [
    "EXPERIMENT", "SIZES", "STAGES", "STEP_SIZES", "Exercise", "Failed", "Result", "Trial",
    "check", "get", "hint", "ids", "mine", "pairs", "per_gate", "progress", "run", "slopes", "solution",
    "turned_blocks", "wrong",
]  # fmt: skip

LADDER = ("direction", "equation", "first lines")


def check(id: str, answer: Any) -> None:
    """Checks your answer to an exercise and prints the verdict, what is wrong, and the stages that passed.

    The source of a function that passes is kept, for `mine` in later notebooks.
    `answer` is your function (for an experiment: your value). Raises ValueError for an unknown id, and nothing else but
    the KeyboardInterrupt with which you stop it.
    """
    exercise = _taken_up(id)
    try:
        result = _judged(exercise, answer)
    except KeyboardInterrupt as stop:
        at = short_traceback(stop).partition("\n")[2]
        print(f"{exercise.id}: stopped" + (f" while your code ran, in\n{at}" if at else ""))
        _state.add(exercise.slug, attempts=1)
        raise KeyboardInterrupt from None
    if not result.attempted:
        print(result.text)
    else:
        show(result.text)
        passed: dict[str, Any] = {"passes": 1, "stub": exercise.stub_hash} if result.passed else {}
        _state.add(exercise.slug, attempts=1, **passed)
        wrong = "" if result.passed else result.mistake or f"stops at {result.stage}"
        _room.tell(exercise.slug, attempts=1, passed=result.passed, wrong=wrong)
    if result.passed:
        keep(exercise, answer)


def _taken_up(id: str) -> Exercise:
    """The exercise; from now on its notebook is the one at hand."""
    exercise = get(id)
    _state.at_hand = _notebook(exercise.id)
    return exercise


def _judged(exercise: Exercise, answer: Any) -> Result:
    try:
        return run(exercise, answer)
    except Exception:  # no answer is so odd that it has no verdict
        return run(exercise, answer, explain=False)


def hint(id: str, symptom: str | None = None) -> None:
    """Prints the next of three hints (direction, equation, first lines), or the help for what you see.

    `symptom` is a part of a symptom's name, of a mistake that the check knows, or a common word ("matmul", "shape");
    an unknown one lists those there are.
    """
    exercise = _taken_up(id)
    if symptom is not None:
        show(_help.found(exercise, str(symptom)))
        return
    number = min(_state.add(exercise.slug, hints=1)["hints"], 3)
    _room.tell(exercise.slug, hints=1)
    text = textwrap.indent(exercise.hints[number - 1], "  ")
    show(f"{exercise.id}, hint {number} of 3 ({LADDER[number - 1]}):\n{text}")
    if number == 3:
        print(f'That was the last one. After an attempt, solution("{exercise.id}") shows the solution.')


def solution(id: str, spoil: bool = False) -> None:
    """Shows the source of the solution, folded, once you have tried the exercise. `spoil=True` shows it anyway."""
    exercise = _taken_up(id)
    if not spoil and not _state.entry(exercise.slug)["attempts"]:
        print(f'{exercise.id}: try it once first, with check("{exercise.id}", {exercise.answer}).')
        print(f'solution("{exercise.id}", spoil=True) shows the solution anyway.')
        return
    parts = (*exercise.helpers, exercise.solution)
    source = "\n\n".join(textwrap.dedent(inspect.getsource(part)).strip() for part in parts)
    if in_notebook():
        from IPython.display import Markdown, display

        summary = f"<summary>Solution of {exercise.id}</summary>"
        display(Markdown(f"<details>{summary}\n\n```python\n{source}\n```\n\n</details>"))
    else:
        print(source)


def progress(notebook: int | str | None = None) -> None:
    """Shows a table of exercises: minutes, attempts, hints, and whether you have passed.

    notebook: its number, or "all"; unless given, that of the exercise which you last checked in this kernel, and all
    before the first check. Raises ValueError for a notebook that has no exercises.
    """
    kept, numbers = _state.load(), sorted({_notebook(id) for id in ids()})
    chosen = _state.at_hand if notebook is None else notebook
    if chosen not in (None, "all") and _number(chosen) not in numbers:
        known = ", ".join(f"{number:02}" for number in numbers)
        raise ValueError(f'notebook must be "all" or one with exercises ({known}), got {notebook!r}')
    number = None if chosen in (None, "all") else _number(chosen)
    every = {id: _row(get(id), kept.get(get(id).slug, _state.EMPTY)) for id in ids()}
    rows = [row for id, row in every.items() if number in (None, _notebook(id))]
    caption = f"{_passed(rows)} of {len(rows)} exercises passed"
    if number is not None:
        total = f'{_passed(list(every.values()))} of {len(every)} in all: progress("all")'
        caption = f"{_passed(rows)} of {len(rows)} exercises of notebook {number:02} passed; {total}"
    if in_notebook():
        from IPython.display import HTML, display

        display(HTML(_table(caption, rows)))
    else:
        print(caption)
        widths = [max(len(line[i]) for line in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
        for line in [COLUMNS, *rows]:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _notebook(id: str) -> int:
    return int(id[1:].partition(".")[0])


def _number(notebook: int | str | None) -> int | None:
    """4 for 4, "4" and "04", None for what is no number."""
    return int(str(notebook)) if str(notebook).isdecimal() else None


def _passed(rows: list[tuple[str, ...]]) -> int:
    return sum(row[-1] == "passed" for row in rows)


COLUMNS = ("exercise", "title", "minutes", "attempts", "hints", "state")


def _row(exercise: Exercise, kept: dict[str, Any]) -> tuple[str, ...]:
    state = "tried" if kept["attempts"] else "not yet tried"
    if kept["passes"]:
        state = "passed" if kept["stub"] == exercise.stub_hash else "passed, in another form"
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
    head = f"<caption>{html.escape(caption, quote=False)}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{head}<tbody>{body}</tbody></table>"
