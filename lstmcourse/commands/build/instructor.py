"""``build instructor OUT``: the notebooks for whoever teaches.

They have the cells for instructors, below each exercise a solution that runs and the wrong answers to expect, and at
the top the minutes of each section.
"""

import inspect
import textwrap
from html import escape
from pathlib import Path
from typing import Any

from nbformat import v4

from lstmcourse.commands.build import copies, pages, path


def build(root: Path, out: Path) -> list[Path]:
    """Write the instructor's copy into the new folder `out`; returns the files. ValueError where `out` is not empty."""
    return copies.write(root, out, lambda notebook, place: instructors(notebook))


def instructors(notebook: Any) -> Any:
    """A notebook as the instructor gets it, changed in place."""
    from lstmcourse import exercises

    cells: list[Any] = []
    for cell in notebook.cells:
        if "solution" in pages.tags(cell):
            continue  # the solution itself stands below the check
        cells.append(cell)
        if "proof" in pages.tags(cell):
            pages.fold(cell)
        for id in pages.checks(v4.new_notebook(cells=[cell])):
            cells += solved(exercises.get(id))
    if not any("<!-- begin: minutes -->" in cell.source for cell in cells):  # else the notebook has one
        cells.insert(1, _note("timetable", timetable(notebook)))
    notebook.cells = cells
    return copies.without_outputs(notebook)


def solved(exercise: Any) -> list[Any]:
    """Two cells to stand below an exercise: its solution, handed in; and the wrong answers, folded."""
    source = f'{answer(exercise)}\n\n\ncheck("{exercise.id}", {exercise.answer})'
    code = v4.new_code_cell(source, id=f"solved-{exercise.slug}", metadata={"tags": ["solution", "instructor"]})
    return [code, _note(f"wrong-{exercise.slug}", expected(exercise))]


def answer(exercise: Any) -> str:
    """What stands in the stub's place where an exercise is solved."""
    parts = (*exercise.helpers, exercise.solution)
    source = "\n\n".join(textwrap.dedent(inspect.getsource(part)).strip() for part in parts)
    return f"{source}\n\n{exercise.answer} = {exercise.name}()" if exercise.kind == "experiment" else source


def expected(exercise: Any) -> str:
    """The wrong answers that the check knows by name, as a folded list: the name, and what it is."""
    told = ((name, sentence) for name, (_, sentence) in exercise.wrong.items())
    said = (escape(f"{name}: {sentence}", quote=False).replace("*", r"\*") for name, sentence in told)
    lines = "\n".join(f"- {line}" for line in said)
    return f"<details><summary>Wrong answers to {exercise.id} that check names</summary>\n\n{lines}\n\n</details>"


def timetable(notebook: Any) -> str:
    """The sections with their minutes, and the clock at the end of each, as a Markdown table."""
    from lstmcourse import exercises

    lines = ["| section | reading | exercises | at its end |", "|---|---|---|---|"]
    clock = 0.0
    for piece in path.sections(notebook):
        own = sum(exercises.get(id).minutes for id in pages.checks(v4.new_notebook(cells=piece.cells)))
        clock += piece.minutes + own
        if piece.heading and round(piece.minutes + own):
            lines.append(f"| {piece.heading} | {round(piece.minutes)} | {own or ''} | {round(clock)} |")
    return "**For the instructor: the minutes of each section.**\n\n" + "\n".join(lines)


def _note(id: str, text: str) -> Any:
    return v4.new_markdown_cell(text, id=id, metadata={"tags": ["instructor"]})
