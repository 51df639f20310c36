"""``build colab OUT``: the learner's notebooks, each with a first cell that installs the course where it is missing.

Colab opens one file alone: the cell clones the repository (the setting `repository` of pyproject.toml) and installs
what the course imports, without Jupyter itself, which Colab brings. Links lead to the repository.
"""

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from nbformat import v4

from lstmcourse.commands.build import copies, learner, pages

BROUGHT = {"torch", "jupyterlab", "ipykernel", "nbclient", "nbformat"}  # Colab's own; another ipykernel would break it
INSTALL = """\
# Where the course is not installed, as in Colab, this cell fetches and installs it: a minute or two, once a session.
REPOSITORY = "{repository}"{asks}
from importlib.util import find_spec

if find_spec("lstmcourse") is None:
    import subprocess
    import sys

    if not REPOSITORY:
        raise SystemExit("Fill in REPOSITORY above: the address from which git can clone the course.")
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", REPOSITORY, "course"], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, {needs}], check=True)
    subprocess.run([*pip, "--no-deps", "--editable", "course"], check=True)
    sys.path.insert(0, "course")"""
ASKS = "  # fill in: the address of the course's repository, such as https://github.com/OWNER/NAME"


def build(root: Path, out: Path) -> list[Path]:
    """Write the copies for Colab into the new folder `out`; returns the files. ValueError where `out` is not empty."""
    repository, cell = pages.repository(root), install(root)
    folder = root / "notebooks"

    def change(notebook: Any, place: Path) -> Any:
        made = learner.learners(notebook, folder / place.parent, out / place.parent)
        for text in made.cells:
            if text.cell_type == "markdown":
                text.source = copies.NOTEBOOK.sub(
                    lambda link: _linked(link[1], link[2], place, repository), text.source
                )
        made.cells.insert(0, v4.new_code_cell(cell, id="install"))
        return made

    return copies.write(root, out, change)


def install(root: Path) -> str:
    """The source of the install cell."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["course"]
    needs = [f'"{line}"' for line in lines if re.split("[<>=]", line)[0] not in BROUGHT]
    repository = pages.repository(root)
    return INSTALL.format(repository=repository, asks="" if repository else ASKS, needs=", ".join(needs))


def _linked(text: str, target: str, place: Path, repository: str) -> str:
    """A link to a notebook of the repository; without an address, its text alone."""
    if not repository:
        return text
    parts: list[str] = []
    for part in PurePosixPath("notebooks", place.parent.as_posix(), target).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return f"[{text}]({repository}/blob/main/{'/'.join(parts)})"
