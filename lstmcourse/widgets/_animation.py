"""A cell at work, as a film that the browser plays."""

from collections.abc import Sequence
from importlib.resources import files

import anywidget
import ipywidgets
import numpy as np
import traitlets

from .. import diagrams
from ..diagrams import PLAYER
from ..reference import Cell
from ._shell import guarded


class Player(anywidget.AnyWidget):
    """The browser's side of `animation`: it plays frames that were computed in Python."""

    _esm = PLAYER + files(__package__).joinpath("animation.js").read_text(encoding="utf-8")
    _css = ".lc-buttons{display:flex;gap:.5rem;align-items:center}.lc-buttons input{flex:1;max-width:30em}"
    packed = traitlets.Unicode().tag(sync=True)


def animation(
    cell: Cell, caches: Sequence[dict[str, np.ndarray]], *, theme: str = "auto", tween: int = 4
) -> ipywidgets.VBox:
    """A cell at work, step after step, with buttons and a slider; it moves only when asked to.

    caches: of `reference.unroll`. For a reader who wants less motion (prefers-reduced-motion) only the resting pictures
    are shown. Still: ``diagrams.show(diagrams.cell(cell, caches[0]))``; for slides, `diagrams.export`.
    """
    return guarded(Player(packed=diagrams.pack(diagrams.frames(cell, caches, theme=theme, tween=tween))), "animation")
