"""How pictures get into a notebook, with a description (JupyterLab leaves out the alt text of images), and tables as
text."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

FILTER = "filter:invert(1) hue-rotate(180deg)"
"""What makes a figure drawn for a white page one for a dark page: light and dark change places, hues stay."""

_BEFORE_ITS_ALT = ".jp-OutputArea-child:has(+.jp-OutputArea-child .lc-alt) .jp-RenderedImage img"
_STYLE = (
    f"<style>[data-jp-theme-light=false] {_BEFORE_ITS_ALT}{{{FILTER}}}"
    ".jp-RenderedSVG img{max-width:100%;height:auto}</style>"  # JupyterLab shows an SVG as wide as it is drawn
)
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as text, each column as wide as its longest cell, two blanks between them."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def show_picture(
    kind: str, data: Any, title: str, alt: str, beside: Mapping[str, Any] | None = None, **metadata: Any
) -> None:
    """Display one picture (MIME type `kind`) with its alt text. beside: the same picture as other MIME types.

    The alt text is the image's metadata, which nbconvert and others read, and a line that only a screen reader finds,
    for JupyterLab. The title stands where neither can be shown. On JupyterLab's dark theme a PNG is turned dark.
    """
    from IPython.display import display

    forms = {kind: data, **(beside or {})}
    described = {form: {"alt": alt, **metadata} for form in forms}
    display({**forms, "text/plain": title}, raw=True, metadata=described)
    said = f'{_STYLE}<p class="lc-alt" style="{HIDDEN}">{escape(alt)}</p>'
    display({"text/html": said, "text/plain": f"Description of {title}"}, raw=True)
