"""``build sync``: what the README says of the notebooks, from the notebooks themselves."""

import re
from pathlib import Path
from typing import Any

from lstmcourse import _files

MARKERS = "<!-- {edge}: {name} -->"


def notebooks_table(folder: Path) -> str:
    """The README's table of notebooks: number, title and minutes as each notebook states them itself."""
    import nbformat

    lines = ["| | notebook | reading | exercises |", "|---|---|---|---|"]
    reading = exercises = 0
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        facts = notebook.metadata["lstmcourse"]
        reading += facts["reading_minutes"]
        exercises += facts["exercise_minutes"]
        link = f"[{title(notebook)}](notebooks/{path.name})"
        lines.append(f"| {path.name[:2]} | {link} | {facts['reading_minutes']} min | {facts['exercise_minutes']} min |")
    lines.append(f"| | all | {hours(reading)} | {hours(exercises)} |")
    return "\n".join(lines)


def title(notebook: Any) -> str:
    """The first heading of a notebook, without a leading number; ValueError if there is none."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return re.sub(r"^(Notebook )?\d\d *[-–—:.·]* *", "", found.group(1)).strip()
    raise ValueError("a notebook must have a heading of the first level")


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
    before, rest = old.split(MARKERS.format(edge="begin", name="notebooks"))
    _, after = rest.split(MARKERS.format(edge="end", name="notebooks"))
    begin, end = (MARKERS.format(edge=edge, name="notebooks") for edge in ("begin", "end"))
    new = f"{before}{begin}\n{notebooks_table(folder)}\n{end}{after}"
    if new != old:
        _files.write(path, new)
    return new != old
