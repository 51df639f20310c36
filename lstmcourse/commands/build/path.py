"""``build path NAME OUT``: the notebooks of a shorter path through the course, as ``paths.toml`` describes it.

A path keeps sections, named by their headings; a section is what stands from one heading to the next. What is left out
becomes two sentences, and the code of it that a kept section needs stays, folded and without output. Terms that only
the left-out part explains stand below them with a sentence each, from ``glossary.toml``.
"""

import re
import tomllib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from lstmcourse import _files
from lstmcourse.commands.build import learner, needs, pages

HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
EXERCISE = re.compile(r"^Exercise (E\d+\.\d+)")
NOTEBOOK = re.compile(r"\[([^\]]+)\]\(([^)\s#]*\.ipynb)[^)]*\)")
ALWAYS_THERE = {
    "Objectives",
    "Warm-up",
    "Mistakes you will meet",
    "Key points",
    "Questionnaire",
    "References",
    "Glossary",
}
TITLE = ""
QUIET = "%%capture what_the_rest_needs\n"  # the line that is seen of a folded cell


class PathError(Exception):
    """A path cannot be made; the text says why."""


class Section(NamedTuple):
    """A heading (empty for what stands above the first one below the title), and the cells below it."""

    heading: str
    cells: list[Any]

    @property
    def minutes(self) -> float:
        """What it takes to read."""
        return pages.counts(nbformat.v4.new_notebook(cells=self.cells)).minutes


class Stop(NamedTuple):
    """A notebook of a path: its number, the headings that are kept, a sentence for headings that are not."""

    number: str
    keep: list[str]
    instead: dict[str, str]


class Path_(NamedTuple):
    """A path: its name, what it is, the minutes that it may take, and its notebooks in order."""

    name: str
    title: str
    minutes: int
    stops: list[Stop]


def load(root: Path) -> dict[str, Path_]:
    """All paths of paths.toml. Raises PathError where an entry lacks something."""
    found = tomllib.loads((root / "paths.toml").read_text(encoding="utf-8"))
    try:
        return {
            name: Path_(
                name,
                entry["title"],
                entry["minutes"],
                [Stop(stop["notebook"], stop["keep"], stop.get("instead", {})) for stop in entry["stops"]],
            )
            for name, entry in found.items()
        }
    except KeyError as missing:
        raise PathError(f"paths.toml: an entry has no {missing}") from None


def sections(notebook: Any) -> list[Section]:
    """The notebook in pieces, each from one heading to the next; the first one has the title."""
    found = [Section(TITLE, [])]
    for cell in notebook.cells:
        heading = HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if heading and len(heading[1]) > 1:
            found.append(Section(heading[2].strip(), []))
        found[-1].cells.append(cell)
    return found


def kept(stop: Stop, pieces: Sequence[Section]) -> list[bool]:
    """For each section whether the path keeps it. Raises PathError for a heading that the notebook does not have."""
    names = [piece.heading for piece in pieces]
    for wanted in [*stop.keep, *stop.instead]:
        if wanted != "*" and not any(_is(wanted, name) for name in names):
            raise PathError(
                f"notebook {stop.number} has no heading {wanted!r}; it has: {', '.join(filter(None, names))}"
            )
    everything = "*" in stop.keep
    return [name == TITLE or everything or any(_is(wanted, name) for wanted in stop.keep) for name in names]


def _is(wanted: str, heading: str) -> bool:
    exercise = EXERCISE.match(heading)
    return wanted == heading or (exercise is not None and wanted == exercise[1])


def minutes(path: Path_, folder: Path) -> dict[str, tuple[float, int]]:
    """{number of a notebook: (minutes of reading, minutes of exercises)} for what the path keeps."""
    from lstmcourse import exercises

    taken = {}
    for stop in path.stops:
        pieces = sections(pages.read(_source(folder, stop.number)))
        left = [piece for piece, keep in zip(pieces, kept(stop, pieces), strict=True) if keep]
        ids = [id for piece in left for id in pages.checks(nbformat.v4.new_notebook(cells=piece.cells))]
        taken[stop.number] = sum(piece.minutes for piece in left), sum(exercises.get(id).minutes for id in ids)
    return taken


def clock(path: Path_, folder: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """{(number of a notebook, section that is kept): (minute at which it begins, minute at which it ends)}, in order.

    The section of an exercise is called by its number. What stands above a notebook's first heading counts with the
    section after it.
    """
    from lstmcourse import exercises

    times, begin, now = {}, 0.0, 0.0
    for stop in path.stops:
        pieces = sections(pages.read(_source(folder, stop.number)))
        for piece in (piece for piece, keep in zip(pieces, kept(stop, pieces), strict=True) if keep):
            ids = pages.checks(nbformat.v4.new_notebook(cells=piece.cells))
            now += piece.minutes + sum(exercises.get(id).minutes for id in ids)
            if piece.heading != TITLE:
                exercise = EXERCISE.match(piece.heading)
                times[stop.number, exercise[1] if exercise else piece.heading] = begin, now
                begin = now
    return times


def table(root: Path) -> str:
    """The paths with their minutes, notebook by notebook, as Markdown."""
    lines = ["| path | what it is | reading | exercises | notebooks |", "|---|---|---|---|---|"]
    for name, path in load(root).items():
        taken = minutes(path, root / "notebooks")
        reading, own = (round(sum(column)) for column in zip(*taken.values(), strict=True))
        lines.append(f"| `{name}` | {path.title} | {reading} min | {own} min | {', '.join(taken)} |")
    return "\n".join(lines)


def _source(folder: Path, number: str) -> Path:
    found = sorted(folder.glob(f"{number}_*.ipynb"))
    if not found:
        raise PathError(f"there is no notebook {number}")
    return found[0]


def build(root: Path, name: str, out: Path) -> list[Path]:
    """Write the notebooks of a path into the folder `out`, which may not hold anything yet; returns the files.

    Raises PathError for a name that paths.toml does not have, and for an `out` that is not empty, or no folder.
    """
    paths = load(root)
    if name not in paths:
        raise PathError(f"paths.toml has no path {name!r}; it has {', '.join(paths)}")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise PathError(f"{out} is not empty" if out.is_dir() else f"{out} is no folder")
    stops = [(stop, _source(root / "notebooks", stop.number)) for stop in paths[name].stops]
    names = {source.name for _, source in stops}
    words = Words(root, stops)
    for stop, source in stops:
        made = learner.learners(shortened(pages.read(source), stop, words), source.parent, out)
        for cell in made.cells:
            if cell.cell_type == "markdown":
                cell.source = NOTEBOOK.sub(lambda link: link[0] if link[2] in names else link[1], cell.source)
                if "*" not in stop.keep:  # a shorter notebook is over sooner
                    cell.source = pages.PAUSE.sub("", cell.source).lstrip()
        _files.write(out / source.name, pages.text(made))
    return [out / source.name for _, source in stops]


class Words:
    """The terms of the glossary that only left-out parts of a path explain; each is told once, where it is left out."""

    def __init__(self, root: Path, stops: Sequence[tuple[Stop, Path]]):
        self.glossary = tomllib.loads((root / "glossary.toml").read_text(encoding="utf-8")).values()
        self.shown = {stop.number: _shown(stop, pages.read(source)) for stop, source in stops}
        self.told: set[str] = set()

    def of(self, number: str, left: Sequence[Section]) -> list[str]:
        """Terms defined in these sections, or in a notebook before that is not on the path, that are used later."""
        text = " ".join(cell.source for piece in left for cell in piece.cells).lower()
        later = " ".join(text for n, text in self.shown.items() if n >= number)
        lines = []
        for entry in self.glossary:
            notebook = entry["where"][:2]
            here = notebook == number and f"**{entry['term']}".lower() in text
            gone = notebook < number and notebook not in self.shown
            used = re.search(rf"\b{re.escape(entry['term'])}\b", later, re.IGNORECASE)
            if (here or gone) and used and entry["term"] not in self.told:
                self.told.add(entry["term"])
                lines.append(f"- **{entry['term']}**: {entry['says']}")
        return lines


def _shown(stop: Stop, notebook: Any) -> str:
    pieces = sections(notebook)
    cells = [cell for piece, keep in zip(pieces, kept(stop, pieces), strict=True) if keep for cell in piece.cells]
    sources = [cell.source for cell in cells if "instructor" not in pages.tags(cell)]
    return " ".join([*sources, *stop.instead.values()])


def shortened(notebook: Any, stop: Stop, words: Words) -> Any:
    """The notebook with what the path leaves out replaced by two sentences and the code that the rest needs."""
    pieces = sections(notebook)
    keep = kept(stop, pieces)
    runs = [
        needs.Run(cell.id, cell.source, is_kept)
        for piece, is_kept in zip(pieces, keep, strict=True)
        for cell in piece.cells
        if cell.cell_type == "code" and (is_kept or not pages.tags(cell) & learner.LEFT_OUT)
    ]
    needed = needs.needed(runs)
    cells: list[Any] = []
    for is_kept, run in groupby(zip(pieces, keep, strict=True), key=lambda pair: pair[1]):
        part = [piece for piece, _ in run]
        if is_kept:
            cells += [cell for piece in part for cell in piece.cells]
        else:
            cells += _instead(part, stop, words)
            cells += _quiet([cell for piece in part for cell in piece.cells if cell.id in needed])
    made = nbformat.from_dict({**notebook, "cells": cells})
    made.metadata.pop("lstmcourse", None)
    return made


def _instead(left: list[Section], stop: Stop, words: Words) -> list[Any]:
    """One cell that says what is left out; none where it is only what every notebook has."""
    gone = [piece for piece in left if piece.heading not in ALWAYS_THERE]
    lines = []
    if gone:
        names = ", ".join(f"*{piece.heading}*" for piece in gone)
        minutes = max(1, round(sum(piece.minutes for piece in gone)))
        long = f"{minutes} minute{'s' if minutes > 1 else ''}"
        them = "it" if len(gone) == 1 else "them"
        lines.append(f"Left out here: {names}. Notebook {stop.number} of the course has {them}, {long} of reading.")
    told = [text for heading, text in stop.instead.items() if any(_is(heading, piece.heading) for piece in left)]
    lines += [" ".join(told)] if told else []
    terms = words.of(stop.number, left)
    lines += ["Words that are used from here on:\n\n" + "\n".join(terms)] if terms else []
    if not lines:
        return []
    cell = nbformat.v4.new_markdown_cell("\n\n".join(lines))
    cell["id"] = f"{left[0].cells[0].id[:50]}-left-out"
    return [cell]


def _quiet(cells: Sequence[Any]) -> list[Any]:
    """Few cells in their place, as a later one needs them: folded, and without a check.

    Their output is not shown, but for what `mine` says: a learner whose function runs should see it.
    """
    made = []
    for says, run in groupby(cells, key=lambda cell: "mine(" in cell.source):
        together = list(run)
        sources = (re.sub(r"^(check|hint|solution)\(.*$", "", cell.source, flags=re.MULTILINE) for cell in together)
        source = "\n\n\n".join(source.strip() for source in sources)
        made.append(nbformat.v4.new_code_cell(source if says else QUIET + source, id=together[0].id))
        pages.fold(made[-1])
    return made
