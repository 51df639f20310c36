"""What the copies of the notebooks share: the folder that they are written into, and where their links lead."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lstmcourse import _files
from lstmcourse.commands.build import pages

NOTEBOOK = re.compile(r"\[([^\]]+)\]\(([^)\s#]*\.ipynb)([^)\s]*)\)")


def new_folder(out: Path) -> Path:
    """The folder `out`, made if need be. Raises ValueError where it is no folder, or holds something."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"{out} is not empty" if out.is_dir() else f"{out} is no folder")
    out.mkdir(parents=True, exist_ok=True)
    return out


def write(root: Path, out: Path, change: Callable[[Any, Path], Any]) -> list[Path]:
    """Write a copy of every notebook into the new folder `out`; returns the files.

    change(notebook, its path below notebooks/) returns what is written, and may work in place. ValueError as
    `new_folder`.
    """
    folder, files = root / "notebooks", []
    new_folder(out)
    for path in pages.paths(folder):
        place = path.relative_to(folder)
        _files.write(out / place, pages.text(change(copy.deepcopy(pages.read(path)), place)))
        files.append(out / place)
    return files


def without_outputs(notebook: Any) -> Any:
    """The notebook as it is before its first run, in place."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook
