"""Widgets that work without a kernel: the frames of a film were computed here, and the page's script plays them."""

import ast
import contextlib
import io
import re
from html import escape
from typing import Any

from lstmcourse.commands.build import execute, needs

FILM = re.compile(r"\bwidgets\.(StepThrough|animation)\(")
STILL = '<p class="lc-still">This figure moves in JupyterLab, where the notebook runs.</p>'


def shown(cell: Any) -> bool:
    """Whether a cell shows a widget: its stored output is the line that stands for it."""
    return cell.cell_type == "code" and any(
        "".join(output.get("data", {}).get("text/plain", "")) == execute.STILL for output in cell.outputs
    )


def of(notebook: Any) -> dict[str, str]:
    """{cell's id: HTML} for each cell that shows a widget: the film, or for other widgets a line that says so."""
    return {
        cell.id: film(notebook, cell) if FILM.search(cell.source) else STILL for cell in notebook.cells if shown(cell)
    }


def film(notebook: Any, cell: Any) -> str:
    """The film of one cell: its value is computed, with the cells above that it needs."""
    frames = _frames(value(notebook, cell))
    return f'<div class="lc-film lc-player" data-frames="{escape(frames)}"></div>'


def value(notebook: Any, cell: Any) -> Any:
    """What the last expression of a cell gives, after the cells that it needs; nothing that they print is shown."""
    code = [other for other in notebook.cells if other.cell_type == "code"]
    runs = [needs.Run(other.id, other.source, other.id == cell.id) for other in code]
    wanted, scope = needs.needed(runs), {"__name__": "__main__"}
    body = ast.parse(cell.source).body
    with contextlib.redirect_stdout(io.StringIO()):
        for other in code:
            if other.id in wanted:
                exec(compile(other.source, f"<{other.id}>", "exec"), scope)
        exec(compile(ast.Module(body[:-1], []), f"<{cell.id}>", "exec"), scope)
        return eval(compile(ast.Expression(body[-1].value), f"<{cell.id}>", "eval"), scope)


def _frames(widget: Any) -> str:
    """The packed frames of a StepThrough, or of the player of an animation."""
    if hasattr(widget, "packed"):
        return widget.packed if isinstance(widget.packed, str) else widget.packed()
    return next(_frames(child) for child in widget.children)
