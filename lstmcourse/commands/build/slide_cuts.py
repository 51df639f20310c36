"""A notebook cut into slides, by rules: one idea a slide, and no more than fits.

A heading begins a slide. Its text is cut into blocks (a paragraph, a list, a table, a formula, a prediction), which
fill slides under the same heading; a folded answer appears on a click; code and what it shows get a slide of their own.
Notes for instructors are speaker notes. Proofs, references and the code of exercises are for the notebook.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from nbformat import v4

from lstmcourse.commands.build import pages

LINES = 12.0  # of text below a heading
LETTERS = 84  # in a line of text
CODE = 16  # lines of code that are shown
HEADING = re.compile(r"^(#{1,3}) +(.+)$")
ANSWER = re.compile(r"<details[^>]*>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
QUESTION = re.compile(r"\*\*\d+\.\*\*")
PICTURE = re.compile(r"<svg|<img|lc-film")
SKIPPED = {"Objectives", "Glossary", "References"}


class Block(NamedTuple):
    """A piece of a slide: its Markdown, how many lines it takes, and whether it waits for a click."""

    text: str
    lines: float
    waits: bool


class Deck:
    """The cells of slides, as nbconvert's exporter reads them, and the room that is left on the last one."""

    def __init__(self) -> None:
        self.cells: list[Any] = []
        self.heading, self.room = "", 0.0

    def begin(self, kind: str, mark: str = "##") -> None:
        """A new slide below the heading."""
        self._add(v4.new_markdown_cell(f"{mark} {self.heading}"), kind)
        self.room = LINES

    def text(self, text: str) -> None:
        """Blocks of text, on as few slides as hold them; a question that has a number begins one."""
        for block in blocks(text):
            if (block.lines > self.room or QUESTION.match(block.text)) and self.room < LINES:
                self.begin("subslide")
            self._add(v4.new_markdown_cell(block.text), "fragment" if block.waits else "-")
            self.room -= block.lines

    def run(self, cell: Any) -> None:
        """Code that fits, and what it shows; a picture has a slide for itself, without its code."""
        pictures = [output for output in cell.outputs if PICTURE.search(output.get("data", {}).get("text/html", ""))]
        said = [output for output in cell.outputs if output not in pictures]
        lines, shown = cell.source.count("\n") + 1, sum(map(_lines, said))
        code = not pictures and lines <= CODE and not re.match(r"import |from ", cell.source)
        if code or said:
            self.begin("subslide")
            if code and said and lines + shown > CODE:
                self._code(cell.source, [])
                self.begin("subslide")
            self._code(cell.source if code and self.room == LINES else "", said)
            self.room = LINES - 0.8 * ((lines if code else 0) + shown) - 1
        for picture in pictures:
            self._code("", [picture], "subslide")
            self.room = 0.0

    def notes(self, text: str) -> None:
        """A note for the speaker, with the slide that is there."""
        if self.cells:
            self._add(v4.new_markdown_cell(text), "notes")

    def _code(self, source: str, outputs: list[Any], kind: str = "-") -> None:
        cell = v4.new_code_cell(source, outputs=outputs)
        cell.metadata["tags"] = [] if source else ["hidden-code"]
        self._add(cell, kind)

    def _add(self, cell: Any, kind: str) -> None:
        cell.metadata["slideshow"] = {"slide_type": kind}
        self.cells.append(cell)


def slides(notebook: Any) -> list[Any]:
    """The cells of a notebook's slides."""
    deck, skipped = Deck(), False
    for cell in notebook.cells:
        if "instructor" in pages.tags(cell):
            deck.notes(cell.source)
        elif cell.cell_type == "markdown":
            for level, title, text in parts(cell.source):
                if level:
                    deck.heading, skipped = title, title in SKIPPED
                if level and not skipped:
                    deck.begin("subslide" if level == 3 else "slide", "#" if level == 1 else "##")
                if not skipped:
                    deck.text(text)
        elif not skipped and not pages.tags(cell) & {"proof", "exercise"}:
            deck.run(cell)
    return deck.cells


def parts(source: str) -> Iterator[tuple[int, str, str]]:
    """(level, heading, the text below it) of a cell; the level is 0 for text above the first heading."""
    level, title = 0, ""
    lines: list[str] = []
    for line in source.splitlines():
        found = HEADING.match(line)
        if found:
            if level or "".join(lines).strip():
                yield level, title, "\n".join(lines).strip()
            level, title, lines = len(found[1]), found[2], []
        else:
            lines.append(line)
    if level or "".join(lines).strip():
        yield level, title, "\n".join(lines).strip()


def blocks(text: str) -> list[Block]:
    """The blocks of a text in order; those of a folded answer wait for a click."""
    found, end = [], 0
    for answer in ANSWER.finditer(text):
        found += [Block(piece, length(piece), False) for piece in pieces(text[end : answer.start()])]
        found += [Block(piece, length(piece), True) for piece in pieces(answer[2])]
        end = answer.end()
    return found + [Block(piece, length(piece), False) for piece in pieces(text[end:])]


def pieces(text: str) -> list[str]:
    """A text cut at its blank lines, but not within a formula; a table too long for a slide is cut between rows."""
    found: list[str] = []
    for piece in re.split(r"\n\s*\n", text.strip()):
        if found and found[-1].count("$$") % 2:
            found[-1] += "\n\n" + piece
        elif piece.strip():
            found.append(piece)
    return [part for piece in found for part in (_rows(piece) if piece.startswith("|") else [piece])]


def _rows(table: str) -> list[str]:
    head, rows = table.splitlines()[:2], table.splitlines()[2:]
    made: list[list[str]] = [[]]
    for row in rows:
        if made[-1] and length("\n".join([*head, *made[-1], row])) > LINES:
            made.append([])
        made[-1].append(row)
    return ["\n".join([*head, *part]) for part in made]


def length(block: str) -> float:
    """How many lines of a slide a block takes, the space below it included."""
    if "$$" in block:
        return 1.5 + 1.6 * (block.count(r"\\") + 1)
    plain = re.sub(r"\]\([^)]*\)|\\[a-z]+|[${}]", "", block)
    if block.startswith("|"):
        columns = max(block.splitlines()[0].count("|") - 1, 1)
        cells = [[len(text) for text in row.split("|")[1:-1]] for row in plain.splitlines()]
        return 0.6 + sum(1.25 * max(1, *(-(-n * columns // (1.6 * LETTERS)) for n in row)) for row in cells)
    return 0.6 + sum(-(-len(line) // LETTERS) or 1 for line in plain.splitlines())


def _lines(output: Any) -> int:
    said = output.get("text", "") or output.get("data", {}).get("text/plain", "")
    return said.count("\n") + 1
