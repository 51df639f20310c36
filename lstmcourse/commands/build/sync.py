"""``build sync``: what is written once, in the exercises and in the notebooks, is carried to where else it stands.

From the exercises into the notebooks: stubs, headings, and the line below a heading. From what is in a notebook: its
minutes, into its metadata, its sentence ``Reading takes about 50 minutes, the exercises about 60.``, and the README.
From the notebooks' titles: the table of notebook 00.
"""

import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

from lstmcourse import _files
from lstmcourse.commands.build import pages

MARKERS = "<!-- {edge}: {name} -->"
FACTS = re.compile(r"difficulty \d/5 · importance \d/5 · \d+ minutes · (?:1 line|about \d+ lines)")
TIME = re.compile(r"Reading takes about \d+ minutes, the exercises about \d+\.")
ROW = re.compile(r"^\| (\d\d) \| [^|]+ \|", re.MULTILINE)


class SyncError(Exception):
    """Something that a notebook should have is not in it; the text says what."""


def everything(root: Path) -> int:
    """Renew all notebooks, then the README, and say which changed; 1 if a notebook lacks something, which is said."""
    status, folder = 0, root / "notebooks"
    main = [path for path in pages.paths(folder) if path.parent == folder]
    links = {path.name[:2]: f"[{pages.title(pages.read(path))}]({path.name})" for path in main}
    for path in pages.paths(folder):
        before = sources(path)
        try:
            if pages.edit(path, partial(renew, links=links)):
                run = f"; run it: build execute {path.relative_to(root)}" if sources(path) != before else ""
                print(f"{path.relative_to(root)} renewed{run}")
        except SyncError as error:
            print(f"{path.relative_to(root)}: {error}", file=sys.stderr)
            status = 1
    if readme(root / "README.md", folder):
        print("README.md renewed")
    return status


def sources(path: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    return [cell.source for cell in pages.read(path).cells if cell.cell_type == "code"]


def renew(notebook: Any, links: dict[str, str]) -> None:
    """Bring a notebook in line with its exercises, and its minutes with what is in it, in place.

    links: {number of a notebook: its title as a link}. Raises SyncError for a stub or a heading that is not there.
    """
    from lstmcourse import exercises

    found = {id: (answer, exercises.get(id)) for id, answer in pages.checks(notebook).items()}
    for id, (answer, exercise) in found.items():
        if not pages.fill(notebook, answer, exercise.stub):
            raise SyncError(f"there is no cell with the tag exercise that defines {answer}, as {id} has it")
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = cell.source.replace(f'check("{id}", {answer})', f'check("{id}", {exercise.answer})')
        _head(notebook, exercise)
    facts = notebook.metadata.lstmcourse
    facts["reading_minutes"] = max(1, round(pages.counts(notebook).minutes))
    facts["exercise_minutes"] = sum(exercise.minutes for _, exercise in found.values())
    line = f"Reading takes about {facts.reading_minutes} minutes, the exercises about {facts.exercise_minutes}."
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = ROW.sub(partial(_linked, links), TIME.sub(line, cell.source))
        if "proof" in pages.tags(cell):
            cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), "source_hidden": True}


def _linked(links: dict[str, str], row: re.Match[str]) -> str:
    """A row of notebook 00's table, with a link once its notebook is there."""
    return f"| {row[1]} | {links[row[1]]} |" if row[1] in links else row[0]


def _head(notebook: Any, exercise: Any) -> None:
    for cell in notebook.cells:
        place = re.search(rf"^### Exercise {re.escape(exercise.id)}\b.*$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and place:
            below, count = FACTS.subn(exercise.facts, cell.source[place.end() :], count=1)
            if not count:
                raise SyncError(f"below the heading of {exercise.id} there is no line with difficulty and minutes")
            cell.source = cell.source[: place.start()] + exercise.heading + below
            return
    raise SyncError(f"there is no heading ### Exercise {exercise.id}")


def notebooks_table(folder: Path) -> str:
    """The README's table of notebooks: number, title and minutes as each notebook's metadata has them."""
    lines = ["| | notebook | reading | exercises |", "|---|---|---|---|"]
    reading = exercises = 0
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        notebook = pages.read(path)
        facts = notebook.metadata["lstmcourse"]
        reading += facts["reading_minutes"]
        exercises += facts["exercise_minutes"]
        link = f"[{pages.title(notebook)}](notebooks/{path.name})"
        lines.append(f"| {path.name[:2]} | {link} | {facts['reading_minutes']} min | {facts['exercise_minutes']} min |")
    lines.append(f"| | all | {hours(reading)} | {hours(exercises)} |")
    return "\n".join(lines)


def hours(minutes: int) -> str:
    """Minutes as people say them: 45 min, 2 h 05 min."""
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def between(text: str, name: str) -> str:
    """The part of a text that stands between the two markers of ``name``; ValueError unless each is there once."""
    start, end = (MARKERS.format(edge=edge, name=name) for edge in ("begin", "end"))
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ValueError(f"expected the markers {start} and {end}, once each and in this order")
    return text[text.index(start) + len(start) : text.index(end)].strip()


def readme(path: Path, folder: Path) -> bool:
    """Renew the table of notebooks in the README; True if that changed it."""
    old = path.read_text(encoding="utf-8")
    between(old, "notebooks")  # raises where they are not
    begin, end = (MARKERS.format(edge=edge, name="notebooks") for edge in ("begin", "end"))
    head, tail = old.partition(begin)[0], old.partition(end)[2]
    new = f"{head}{begin}\n{notebooks_table(folder)}\n{end}{tail}"
    if new != old:
        _files.write(path, new)
    return new != old
