"""The notebooks as the tools see them: which there are, their cells, and how much of them a learner reads."""

import ast
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from lstmcourse import _files

ROOT = Path(__file__).resolve().parents[3]
WORDS_A_MINUTE = 130
SECONDS_A_LINE = 8
FOLDED = re.compile(r"<details.*?</details>", re.DOTALL)
PAUSE = re.compile(r"^\*A good place to stop for today(?:, after about \d+ of \d+ minutes)?\.\*$", re.MULTILINE)


def paths(folder: Path) -> list[Path]:
    """The notebooks of the course in order, then those in deeper/."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb")) + sorted((folder / "deeper").glob("*.ipynb"))


def repository(root: Path) -> str:
    """The repository's public address, without a slash at its end: `[tool.lstmcourse]` of pyproject.toml; or ""."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["lstmcourse"]
    return settings["repository"].rstrip("/")


def read(path: Path) -> Any:
    """A notebook as nbformat has it. Raises OSError, and ValueError (or nbformat's errors) for what is none."""
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)


def text(notebook: Any) -> str:
    """A notebook as it is written to a file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def tags(cell: Any) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def fold(cell: Any) -> None:
    """Collapse the source of a cell, as JupyterLab does it."""
    cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), "source_hidden": True}


def title(notebook: Any) -> str:
    """The first heading of a notebook, without a leading number; ValueError if there is none."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return re.sub(r"^(Notebook )?\d\d *[-–—:.·]* *", "", found.group(1)).strip()
    raise ValueError("a notebook must have a heading of the first level")


class Counts(NamedTuple):
    """What of a notebook a learner sees: words of prose, code cells, predictions, claims; and the minutes it takes."""

    words: int
    cells: int
    predictions: int
    claims: int
    minutes: float


def counts(notebook: Any) -> Counts:
    """Count what is visible: not folded, and in no cell tagged `proof` or `instructor`.

    Minutes: visible words / 130, one for a prediction, and 8 seconds for a line of code; the lines of an exercise's
    stub are exercise time.
    """
    seen = [cell for cell in notebook.cells if not tags(cell) & {"proof", "instructor"}]
    code = [cell for cell in seen if cell.cell_type == "code"]
    words = sum(count_words(cell.source) for cell in seen if cell.cell_type == "markdown")
    predictions = sum(cell.source.count("**Predict") for cell in seen)
    claims = sum(len(re.findall(r"\bclaim\(", cell.source)) for cell in code)
    shown = [cell.source.splitlines() for cell in code if "exercise" not in tags(cell)]
    lines = sum(bool(line.strip()) for source in shown for line in source)
    minutes = words / WORDS_A_MINUTE + predictions + lines * SECONDS_A_LINE / 60
    return Counts(words, len(code), predictions, claims, minutes)


def count_words(markdown: str) -> int:
    """The words of a text that are not folded; a formula counts as one, the line of a place to stop as none."""
    plain = PAUSE.sub(" ", FOLDED.sub(" ", markdown))
    for pattern, instead in ((r"\$\$.*?\$\$", " m "), (r"\$[^$]*\$", " m "), (r"<[^>]+>", " ")):
        plain = re.sub(pattern, instead, plain, flags=re.DOTALL)
    return len(re.findall(r"[A-Za-zÀ-ÿ0-9_']+", plain))


def replace_definition(source: str, name: str, new: str) -> str | None:
    """A cell's source with its top-level definition of `name` (a function, or a value) replaced; None without one."""
    nodes = [node for node in ast.parse(source).body if name in defined(node)]
    if not nodes:
        return None
    first = min(getattr(nodes[0], "decorator_list", None) or nodes[:1], key=lambda node: node.lineno).lineno - 1
    lines = source.splitlines()
    return "\n".join([*lines[:first], new.rstrip("\n"), *lines[nodes[-1].end_lineno or first :]])


def defined(node: ast.stmt) -> set[str]:
    """The names that a statement binds at the top level, as far as a stub does it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def checks(notebook: Any) -> Mapping[str, str]:
    """{exercise's id: name of the answer} of every check("E4.1", lstm_step) in a notebook, in order."""
    found: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found |= dict(re.findall(r'\bcheck\("(E\d+\.\d+)", (\w+)\)', cell.source))
    return found


def fill(notebook: Any, name: str, new: str) -> bool:
    """Put `new` in place of the definition of `name` in the cells tagged `exercise`; whether there was one."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "exercise" in tags(cell):
            filled = replace_definition(cell.source, name, new)
            if filled is not None:
                cell.source = filled
                return True
    return False


def edit(path: Path, change: Callable[[Any], None]) -> bool:
    """Let `change` work on a notebook; written, and True, if that made a difference."""
    old = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(old, as_version=nbformat.NO_CONVERT)
    change(notebook)
    new = text(notebook)
    if new != old:
        _files.write(path, new)
    return new != old
