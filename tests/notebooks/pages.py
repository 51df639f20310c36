"""The notebooks of the course, as the tests read them."""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
MAIN = sorted(FOLDER.glob("*.ipynb"))
DEEPER = sorted((FOLDER / "deeper").glob("*.ipynb"))
PATHS = MAIN + DEEPER


def label(path):
    """A notebook's name as a test's: 02_squash, deeper/02_precision."""
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    """The texts that a learner reads: not those for instructors."""
    return [c.source for c in notebook.cells if c.cell_type == "markdown" and "instructor" not in tags(c)]


def headings(notebook):
    """The headings of a notebook as (level, text); a # inside a fenced block is none."""
    text = re.sub(r"^```.*?^```", "", "\n\n".join(prose(notebook)), flags=re.MULTILINE | re.DOTALL)
    return [(len(marks), title.strip()) for marks, title in re.findall(r"^(#{1,6}) +(.+?)#*$", text, re.MULTILINE)]


def slug(title):
    """A heading as the end of an address: "The forget gate: a half-life" becomes the-forget-gate-a-half-life."""
    return "-".join(re.findall(r"\w+", re.sub(r"[`*$\\{}]", "", title).lower()))


def section(notebook, name):
    """The prose from a heading that holds this word to the next of the same level or above; None if there is none."""
    text = "\n\n".join(prose(notebook))
    found = re.search(rf"^(#+) [^\n]*{name}.*?$(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return found and found.group(2)


def tags(cell):
    return set(cell.metadata.get("tags", []))
