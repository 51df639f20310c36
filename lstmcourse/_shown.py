"""What `check`, `claim` and others say: printed, and in a notebook wrapped between words, each line under its own
beginning: a notebook breaks what is printed in the middle of words."""

import html
import sys
from pathlib import Path

COPY = ".edition.json"
"""The file by which the learner's copy of the notebooks is known: the learner's own code runs there."""
STYLE = (
    "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);"
    "line-height:var(--jp-code-line-height,1.3);white-space:pre-wrap;overflow-wrap:anywhere"
)


def show(text: str) -> None:
    """Shows a text of several lines, whose indents stay."""
    if not in_notebook():
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": as_html(text)}, raw=True)


def say(text: str) -> None:
    """Shows a text in the learner's copy, and prints it elsewhere: the course's notebooks store it as plain lines."""
    (show if in_copy() else print)(text)


def as_html(text: str) -> str:
    """The lines, each wrapped under its own beginning."""
    lines = []
    for line in text.splitlines():
        words = line.lstrip()
        indent = len(line) - len(words)
        hang = f"padding-left:{indent + 2}ch;text-indent:-2ch"
        lines.append(f'<div style="{hang}">{html.escape(words, quote=False)}</div>')
    return f'<div style="{STYLE}">{"".join(lines)}</div>'


def in_notebook() -> bool:
    """Whether a notebook shows what is displayed."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def in_copy() -> bool:
    """Whether a notebook of the learner's copy runs here."""
    return any((folder / COPY).is_file() for folder in (Path.cwd(), Path.cwd().parent))
