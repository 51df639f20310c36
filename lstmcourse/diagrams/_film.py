"""Frames of a cell at work, and the export of frames and pictures for slides."""

import base64
import gzip
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import _files
from ._draw import draw
from ._graph import depths, values
from ._picture import Picture
from ._plans import WIDTH, plan_of

PLAYER = files(__package__).joinpath("player.js").read_text(encoding="utf-8")
"""The player in the browser, for the HTML page and for the widget: it moves only when asked to."""


class Frame(NamedTuple):
    """One picture of the animation, and how long it stays."""

    picture: Picture
    seconds: float
    key: bool  # a resting picture: where motion is not wanted, these alone are shown


def frames(
    cell: Any, caches: Sequence[dict[str, np.ndarray]], *, theme: str = "light", batch: int = 0, tween: int = 4
) -> list[Frame]:
    """The cell at work, step after step: values travel along the wires, and each part lights up when it has its inputs.

    caches: those of `reference.unroll`, T of them; `tween` pictures of travelling dots come before each resting one.
    ValueError without a cache, or for a batch that they do not have.
    """
    plan, out = plan_of(cell), []
    if not len(caches):
        raise ValueError("frames expects at least one cache, got none")
    if not 0 <= batch < len(caches[0]["h"]):
        raise ValueError(f"batch must be 0 to {len(caches[0]['h']) - 1}, got {batch!r}")
    depth = depths(plan)
    last = max(depth.values())
    for t, cache in enumerate(caches, 1):
        vectors = {name: v[batch] for name, v in values(plan.name, cache).items()}
        for stage in range(last + 1):
            made = [name for name in depth if depth[name] == stage]
            what = _says(plan, made, stage, last)
            says = f"Step {t} of {len(caches)}: {what}."
            look: dict[str, Any] = dict(theme=theme, title=f"{plan.title} · step {t}", note=what, alt=says, stage=stage)
            if stage:
                travel = (draw(plan, vectors, moving=(k + 1) / (tween + 1), **look) for k in range(tween))
                out += [Frame(picture, 0.09, key=False) for picture in travel]
            out.append(Frame(draw(plan, vectors, **look), 0.9, key=True))
    return out


def _says(plan, made, stage: int, last: int) -> str:
    if stage == 0:
        return "the inputs arrive"
    if stage == last:
        return "the new state leaves"
    return "computing " + ", ".join(name for name in made if not name.startswith("out "))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: {scheme} }}
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 760px; padding: 0 .75rem }}
.lc-buttons {{ display: flex; gap: .5rem; align-items: center; margin: .5rem 0 }}
.lc-buttons button {{ font-size: 1.1rem; min-width: 2.6rem }} .lc-buttons input {{ flex: 1 }}
</style></head><body><main id="animation"></main>
<script type="module">{script}
const player = await lcPlayer(document.getElementById("animation"), "{packed}");
if (!player.still.matches) player.start();
</script></body></html>
"""

_SCHEMES = {"auto": "light dark", "dark": "dark", "light": "light"}


def pack(pictures: Sequence[Frame]) -> str:
    """Frames for the player: see `packed`."""
    return packed([(f.picture.svg, f.picture.alt, f.seconds, f.key) for f in pictures])


def packed(rows: Sequence[tuple[str, str, float, bool]]) -> str:
    """(SVG or HTML, what it says, seconds, whether it rests) of each frame as base64 of compressed JSON.

    They repeat each other, so a megabyte becomes some tens of kilobytes.
    """
    made = [{"svg": svg, "seconds": seconds, "says": says, "key": key} for svg, says, seconds, key in rows]
    return base64.b64encode(gzip.compress(json.dumps(made).encode(), 9, mtime=0)).decode()


def player(pictures: Sequence[Frame]) -> str:
    """A web page of its own that plays the frames, as light or dark as they are; it needs no network."""
    first = pictures[0].picture
    title, script = first.title.split(" · ")[0], PLAYER.replace("export ", "")
    return _PAGE.format(title=title, scheme=_SCHEMES[first.theme], script=script, packed=pack(pictures))


def export(what: Sequence[Frame] | Picture, path: str | Path, *, width: int = WIDTH) -> Path:
    """Write frames to a .gif or .html file, or one picture to .svg or .png; returns the path.

    The HTML file stands alone, has buttons and a slider, and does not move by itself for a reader who asked for
    less motion.
    ValueError for another ending, for one that does not fit, and without a frame.
    """
    target = Path(path)
    if isinstance(what, Picture):
        writers = {".svg": lambda: what.svg.encode(), ".png": lambda: what.png(width)}
    elif len(what):
        writers = {".gif": lambda: _gif(what, width), ".html": lambda: player(what).encode()}
    else:
        raise ValueError("export expects at least one frame, got none")
    if target.suffix.lower() not in writers:
        kind = "one picture" if isinstance(what, Picture) else "frames"
        raise ValueError(f"path must end in {' or '.join(writers)} for {kind}, got {target.name!r}")
    _files.write(target, writers[target.suffix.lower()]())
    return target


def _gif(pictures: Sequence[Frame], width: int) -> bytes:
    images, out = [f.picture.image(width) for f in pictures], io.BytesIO()
    times = [round(1000 * f.seconds) for f in pictures]
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0, optimize=True)
    return out.getvalue()
