"""A stored notebook as a page of the reading site, and as slides: what of it is shown, and in which form."""

import base64
import copy
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from nbformat import v4

from lstmcourse.commands.build import pages

ANCHOR = re.compile(r"(\]\((?!http)[^)\s#]*#)([^)\s]+)(\))")
NOT_ATTEMPTED = re.compile(r"E\d+\.\d+: not attempted\n")


def shown(notebook: Any, films: Mapping[str, str]) -> Any:
    """A copy of the notebook without what only a running one needs, its pictures as HTML with their alt text.

    films: of `films.of`. A still that a film replaces, cells that show a solution, and what an exercise that nobody has
    attempted prints are left out.
    """
    made = copy.deepcopy(notebook)
    left = [cell.id for cell in made.cells if "solution" in pages.tags(cell) or _replaced(cell, made, films)]
    made.cells = [cell for cell in made.cells if cell.id not in left]
    for cell in made.cells:
        if cell.cell_type == "code":
            film = [v4.new_output("display_data", {"text/html": films[cell.id]})] if cell.id in films else None
            cell.outputs = film or [_html(output) for output in cell.outputs if not _needless(output)]
    return made


def page(notebook: Any, films: Mapping[str, str]) -> Any:
    """A notebook as a page: without cells for instructors, the source of proofs folded."""
    made = shown(notebook, films)
    made.cells = [cell for cell in made.cells if "instructor" not in pages.tags(cell)]
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = ANCHOR.sub(lambda link: link[1] + _slug(link[2]) + link[3], cell.source)
        if cell.cell_type == "code":
            cell.metadata["tags"] = ["hide-input"] if "proof" in pages.tags(cell) else []
    return made


def _slug(anchor: str) -> str:
    """The site's anchor of a heading: JupyterLab's is the heading as it is, with hyphens for blanks."""
    return re.sub(r"[^\w-]", "", anchor).lower()


def _replaced(cell: Any, notebook: Any, films: Mapping[str, str]) -> bool:
    """Whether the next code cell shows what this still does."""
    if "static" not in pages.tags(cell):
        return False
    code = [other.id for other in notebook.cells if other.cell_type == "code"]
    below = code[code.index(cell.id) + 1 :][:1]
    return any("lc-film" in films.get(id, "") for id in below)


def _needless(output: Any) -> bool:
    said = output.get("text", "") if output.output_type == "stream" else output.get("data", {}).get("text/html", "")
    return bool(NOT_ATTEMPTED.fullmatch(said)) or 'class="lc-alt"' in said


def _html(output: Any) -> Any:
    """A picture as HTML: an SVG that follows the page's theme, an image with its alt text; others stay."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return v4.new_output("display_data", {"text/html": data["image/svg+xml"]})
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt", data.get("text/plain", ""))
        source = base64.b64encode(base64.b64decode(data["image/png"])).decode()
        image = f'<img class="lc-figure" alt="{escape(alt)}" src="data:image/png;base64,{source}">'
        return v4.new_output("display_data", {"text/html": image})
    return output
