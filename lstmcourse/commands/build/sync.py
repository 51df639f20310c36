"""``build sync``: what is written once, in the exercises and in the notebooks, is carried to where else it stands.

From the exercises into the notebooks: stubs, headings, and the line below a heading. From what is in a notebook: its
minutes, into its metadata, its sentence ``Reading takes about 50 minutes, the exercises about 60.``, the README, and
section by section into its first cell for instructors; and where the main path ends before the notebook does, those of
the sections from ``What follows is optional: about 20 minutes of reading, 15 of exercises.`` to the key points; and
where a learner may stop, those so far: ``*A good place to stop for today, after about 50 of 110 minutes.*``
Those of the shorter paths go into INSTRUCTORS.md.
Into notebook 00: the titles and minutes of its table, and the glossary.
"""

import re
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from lstmcourse import _files
from lstmcourse.commands.build import doors, pages
from lstmcourse.commands.build.path import clock, load, table

MARKERS = "<!-- {edge}: {name} -->"
FACTS = re.compile(r"difficulty \d/5 · importance \d/5 · \d+ minutes · (?:1 line|about \d+ lines)")
TIME = re.compile(r"Reading takes about \d+ minutes, the exercises about \d+\.")
PLANNED = re.compile(r"^\|[^|]*\| (\d\d), \*(.+?)\* \|", re.MULTILINE)  # minutes, notebook and section
OPTIONAL = re.compile(r"What follows is optional: about \d+ minutes of reading, \d+ of exercises\.")
ROW = re.compile(r"^\| (\d\d) \| [^|]+ \| [^|]*\|", re.MULTILINE)  # number, title, minutes


class SyncError(Exception):
    """Something that a notebook should have is not in it; the text says what."""


def everything(root: Path) -> int:
    """Renew all notebooks, then the README, and say which changed; 1 if a notebook lacks something, which is said."""
    status, folder = 0, root / "notebooks"
    main = [path for path in pages.paths(folder) if path.parent == folder]
    for path in [*pages.paths(folder)[1:], *main[:1]]:  # the first tells the minutes of the others
        before = sources(path)
        try:
            if pages.edit(path, partial(renew, first=contents(root) if path in main[:1] else None)):
                run = f"; run it: build execute {path.relative_to(root)}" if sources(path) != before else ""
                print(f"{path.relative_to(root)} renewed{run}")
        except SyncError as error:
            print(f"{path.relative_to(root)}: {error}", file=sys.stderr)
            status = 1
    if readme(root / "README.md", folder):
        print("README.md renewed")
    if instructors(root):
        print("INSTRUCTORS.md renewed")
    return status


def sources(path: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    return [cell.source for cell in pages.read(path).cells if cell.cell_type == "code"]


def contents(root: Path) -> Callable[[str], str]:
    """What brings a text of notebook 00 up to date: the rows of its table, and the glossary between its markers."""
    rows = {}
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = pages.read(path)
        facts = notebook.metadata.lstmcourse
        minutes = f"{facts['reading_minutes']} + {facts['exercise_minutes']}"
        rows[path.name[:2]] = f"| {path.name[:2]} | [{pages.title(notebook)}]({path.name}) | {minutes} |"

    def renewed(text: str) -> str:
        text = ROW.sub(lambda row: rows.get(row[1], row[0]), text)
        return (
            filled(text, "glossary", glossary(root)) if MARKERS.format(edge="begin", name="glossary") in text else text
        )

    return renewed


def glossary(root: Path) -> str:
    """The terms of glossary.toml by the alphabet, as a table; each with the notebook that explains it."""
    files = {path.name[:2]: path.name for path in (root / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    terms = tomllib.loads((root / "glossary.toml").read_text(encoding="utf-8")).values()
    lines = ["| term | | in |", "|---|---|---|"]
    for term in sorted(terms, key=lambda term: term["term"].lower()):
        number = term["where"][:2]
        place = f"[{number}]({files[number]})" if number in files else number
        lines.append(f"| {term['term']} | {term['says']} | {place} |")
    return "\n".join(lines)


def renew(notebook: Any, first: Callable[[str], str] | None = None) -> None:
    """Bring a notebook in line with its exercises, and its minutes with what is in it, in place.

    first: for notebook 00, its `contents`. Raises SyncError for a stub or a heading that is not there.
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
    for cell in notebook.cells:
        if first and cell.cell_type == "markdown":
            cell.source = first(cell.source)
    facts = notebook.metadata.lstmcourse
    facts["reading_minutes"] = max(1, round(pages.counts(notebook).minutes))
    facts["exercise_minutes"] = sum(exercise.minutes for _, exercise in found.values())
    line = f"Reading takes about {facts.reading_minutes} minutes, the exercises about {facts.exercise_minutes}."
    optional = _optional(notebook)
    aside = "What follows is optional: about {} minutes of reading, {} of exercises."
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = TIME.sub(line, cell.source)
            cell.source = OPTIONAL.sub(aside.format(*optional) if optional else "", cell.source)
            if pages.PAUSE.search(cell.source):
                so_far, all_of_it = _minutes(notebook.cells[:place]), _minutes(notebook.cells)
                pause = f"*A good place to stop for today, after about {so_far} of {all_of_it} minutes.*"
                cell.source = pages.PAUSE.sub(pause, cell.source)
        if "instructor" in pages.tags(cell) and MARKERS.format(edge="begin", name="minutes") in cell.source:
            cell.source = filled(cell.source, "minutes", schedule(notebook))
        if "proof" in pages.tags(cell):
            pages.fold(cell)


def _optional(notebook: Any) -> tuple[int, int] | None:
    """Minutes of reading and of exercises from the cell that says what is optional to the next section that is not."""
    from lstmcourse import exercises

    first = next((k for k, cell in enumerate(notebook.cells) if OPTIONAL.search(cell.source)), None)
    if first is None:
        return None
    rest = notebook.cells[first + 1 :]
    closing = ("## Mistakes you will meet", "## Key points")
    last = next((k for k, cell in enumerate(rest) if cell.source.lstrip().startswith(closing)), len(rest))
    part = nbformat.v4.new_notebook(cells=rest[:last])
    return round(pages.counts(part).minutes), sum(exercises.get(id).minutes for id in pages.checks(part))


def _minutes(cells: list[Any]) -> int:
    """Of reading and of the exercises together."""
    from lstmcourse import exercises

    part = nbformat.v4.new_notebook(cells=cells)
    return round(pages.counts(part).minutes + sum(exercises.get(id).minutes for id in pages.checks(part)))


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


def schedule(notebook: Any) -> str:
    """The minutes of a notebook's sections as a table; what stands above the first heading belongs to its section."""
    from lstmcourse import exercises

    parts: list[tuple[str, list[Any]]] = [("", [])]
    for cell in notebook.cells:
        heading = re.search(r"^## +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading and parts[-1][0]:
            parts.append((heading[1].strip(), []))
        elif heading:
            parts[-1] = (heading[1].strip(), parts[-1][1])
        parts[-1][1].append(cell)
    lines = ["| section | reading | exercises | ends at minute |", "|---|---|---|---|"]
    end = 0.0
    for name, cells in parts:
        part = nbformat.v4.new_notebook(cells=cells)
        reading, own = pages.counts(part).minutes, {id: exercises.get(id).minutes for id in pages.checks(part)}
        end += reading + sum(own.values())
        if round(reading) or own:
            listed = ", ".join(f"{id} {minutes}" for id, minutes in own.items())
            lines.append(f"| {name} | {max(1, round(reading))} | {listed} | {round(end)} |")
    return "\n".join(lines)


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
        optional = _optional(notebook)
        aside = f", {optional[0]} of them optional" if optional else ""
        minutes = f"{facts['reading_minutes']} min{aside} | {facts['exercise_minutes']} min"
        lines.append(f"| {path.name[:2]} | {link} | {minutes} |")
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


def filled(text: str, name: str, new: str) -> str:
    """The text with `new` between the two markers of ``name``; ValueError as `between`."""
    between(text, name)
    begin, end = (MARKERS.format(edge=edge, name=name) for edge in ("begin", "end"))
    return f"{text.partition(begin)[0]}{begin}\n{new}\n{end}{text.partition(end)[2]}"


def readme(path: Path, folder: Path) -> bool:
    """Renew the table of notebooks in the README, and the links to it elsewhere; True if that changed it."""
    old = path.read_text(encoding="utf-8")
    new = filled(old, "notebooks", notebooks_table(folder))
    if MARKERS.format(edge="begin", name="doors") in new:
        new = filled(new, "doors", doors.text(path.parent))
    if new != old:
        _files.write(path, new)
    return new != old


def instructors(root: Path) -> bool:
    """Renew the paths in INSTRUCTORS.md, and the minutes in its plan of the shortest; True if that changed it.

    Raises ValueError for a section in the plan that the path does not have.
    """
    file = root / "INSTRUCTORS.md"
    times = clock(load(root)["90min"], root / "notebooks")

    def planned(row: re.Match[str]) -> str:
        if row.group(1, 2) not in times:
            raise ValueError(f"INSTRUCTORS.md plans for {row[1]}, *{row[2]}*, which the path 90min does not have")
        begin, end = times[row[1], row[2]]
        return f"| {round(begin)}-{round(end)} | {row[1]}, *{row[2]}* |"

    old = file.read_text(encoding="utf-8")
    new = PLANNED.sub(planned, filled(old, "paths", table(root)))
    if new != old:
        _files.write(file, new)
    return new != old
