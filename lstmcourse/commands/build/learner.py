"""``build learner``: the learner's copy of the notebooks, lab/, in which nothing that the learner has changed is lost.

The copy has no outputs, no cells for instructors and no stills that a widget replaces (`static`); the source of a
`proof` is collapsed. lab/.edition.json keeps the edition of each file, as one hash a cell: that which it was made
from, or which was put beside it last. A file whose cells still have these is the course's and follows it; any other is
the learner's, and a new edition goes beside it. JupyterLab writes a notebook anew whenever it is saved: outputs, counts
and metadata are not compared.
"""

import copy
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from lstmcourse import _files
from lstmcourse._shown import COPY
from lstmcourse.commands.build import pages

MANIFEST = COPY
LEFT_OUT = {"instructor", "static"}
LINK = re.compile(r"(\]\(|\b(?:src|href)=\")([^)\s\"]+)")

Edition = list[list[str]]  # [id, hash of the source] of every cell that is not empty


class LabError(Exception):
    """The learner's copy cannot be made; the text says why."""


def build(root: Path, lab: Path | None = None, *, fresh: bool = False) -> Path:
    """Make the learner's copy from notebooks/, or bring it up to date; says what it kept. Returns the folder.

    lab: the folder, lab/ unless given.
    fresh: an old copy is moved aside first, to lab.1 or the next number that is free.
    Raises LabError where the folder cannot be written. Every file is replaced whole, so that a copy that was broken off
    is completed by the next call.
    """
    folder, lab = root / "notebooks", lab or root / "lab"
    try:
        if fresh and lab.exists():
            print(f"The old copy is in {_move_aside(lab).name}.")
        manifest = _manifest(lab)
        for path in pages.paths(folder):
            name = path.relative_to(folder).as_posix()
            _bring(lab, name, learners(pages.read(path), path.parent, (lab / name).parent), manifest)
    except OSError as error:
        raise LabError(f"the learner's copy {lab} cannot be written: {error.strerror or error}") from error
    return lab


def _move_aside(lab: Path) -> Path:
    number = 1
    while (aside := lab.with_name(f"{lab.name}.{number}")).exists():
        number += 1
    lab.rename(aside)
    return aside


def _manifest(lab: Path) -> dict[str, Edition]:
    try:
        kept = json.loads((lab / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        kept = None
    return kept if isinstance(kept, dict) else {}  # then every file that differs from the course's is the learner's


def _bring(lab: Path, name: str, notebook: Any, manifest: dict[str, Edition]) -> None:
    """Put a notebook where it belongs: in the course's own file, or beside what the learner has changed."""
    new, own = edition(notebook), manifest.get(name)
    there = _edition_of(lab / name)
    if there == new:
        return _note(lab, manifest, name, new)
    untouched = there is not None and there == own
    if untouched or not (lab / name).exists():
        _files.write(lab / name, pages.text(notebook))
        if untouched:
            print(f"{lab.name}/{name} had no changes of yours: it is the new edition now.")
        return _note(lab, manifest, name, new)
    if own == new:  # changed by the learner, and there is nothing newer
        return None
    beside = _beside(lab, name, new, manifest)
    if _edition_of(lab / beside) != new:
        _files.write(lab / beside, pages.text(notebook))
        print(f"{lab.name}/{name} has changes of yours and stays as it is; the new edition is {lab.name}/{beside}.")
    _note(lab, manifest, beside, new)
    return _note(lab, manifest, name, new)


def _beside(lab: Path, name: str, new: Edition, manifest: dict[str, Edition]) -> str:
    """The first of 01_x.new.ipynb, 01_x.new2.ipynb … that is free, or that the learner has not changed."""
    number = 1
    while True:
        beside = name.removesuffix(".ipynb") + f".new{number if number > 1 else ''}.ipynb"
        there = _edition_of(lab / beside)
        if not (lab / beside).exists() or (there is not None and there in (new, manifest.get(beside))):
            return beside
        number += 1


def _note(lab: Path, manifest: dict[str, Edition], name: str, new: Edition) -> None:
    if manifest.get(name) != new:
        manifest[name] = new
        _files.write(lab / MANIFEST, json.dumps(manifest))


def edition(notebook: Any) -> Edition:
    """What of a notebook is compared. An empty cell counts for nothing: JupyterLab adds one below the last."""
    return [[cell.get("id", ""), _hash(cell)] for cell in notebook.cells if cell.source.strip()]


def _hash(cell: Any) -> str:
    return hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:16]


def _edition_of(path: Path) -> Edition | None:
    """The edition of a file, or None where it is not there, or is no notebook."""
    try:
        return edition(pages.read(path))
    except OSError:
        if path.exists():
            raise
        return None
    except Exception:  # whatever nbformat stumbles over, the file is none, and not ours
        return None


def learners(notebook: Any, source: Path, target: Path) -> Any:
    """A notebook as the learner gets it. Its links lead from the folder `target` where they led from `source`."""
    made = copy.deepcopy(notebook)
    made.cells = [cell for cell in made.cells if not pages.tags(cell) & LEFT_OUT]
    made.metadata.pop("widgets", None)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = LINK.sub(lambda link: link[1] + _moved(link[2], source, target), cell.source)
        if "proof" in pages.tags(cell):
            pages.fold(cell)
    return made


def _moved(link: str, source: Path, target: Path) -> str:
    """The link to a file as it must be from `target`; one to another notebook stays within the copy."""
    address, mark, anchor = link.partition("#")
    if not address or address.endswith(".ipynb") or not (source / address).exists():
        return link
    return Path(os.path.relpath(source / address, target)).as_posix() + mark + anchor
