"""What `check` and `hint` say: printed, and in a notebook wrapped between words, each line under its own beginning."""

import html
import sys

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


def as_html(text: str) -> str:
    """The lines, each wrapped under its own beginning: a notebook breaks what is printed in the middle of words."""
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
