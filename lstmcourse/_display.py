"""How a picture gets into a notebook, with a description: JupyterLab leaves out the alt text of images."""

from collections.abc import Mapping
from html import escape
from typing import Any

HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


def show_picture(
    kind: str, data: Any, title: str, alt: str, beside: Mapping[str, Any] | None = None, **metadata: Any
) -> None:
    """Display one picture (MIME type `kind`) with its alt text. beside: the same picture as other MIME types.

    The alt text is the image's metadata, which nbconvert and others read, and a line that only a screen reader finds,
    for JupyterLab. The title stands where neither can be shown.
    """
    from IPython.display import display

    forms = {kind: data, **(beside or {})}
    described = {form: {"alt": alt, **metadata} for form in forms}
    display({**forms, "text/plain": title}, raw=True, metadata=described)
    said = f'<p class="lc-alt" style="{HIDDEN}">{escape(alt)}</p>'
    display({"text/html": said, "text/plain": f"Description of {title}"}, raw=True)
