"""Frames of a cell at work, and their export for slides."""

import base64
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._draw import DARK, draw
from ._graph import depths, values
from ._plans import WIDTH, plan_of


class Frame(NamedTuple):
    """One picture of the animation, how long it stays, and what it shows in words."""

    svg: str
    seconds: float
    says: str
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
            options: dict[str, Any] = dict(
                theme=theme, heading=f"{plan.title} · step {t}", note=what, desc=says, stage=stage
            )
            if stage:
                travel = (draw(plan, vectors, moving=(k + 1) / (tween + 1), **options) for k in range(tween))
                out += [Frame(svg, 0.09, says, False) for svg in travel]
            out.append(Frame(draw(plan, vectors, **options), 0.9, says, True))
    return out


def _says(plan, made, stage: int, last: int) -> str:
    if stage == 0:
        return "the inputs arrive"
    if stage == last:
        return "the new state leaves"
    return "computing " + ", ".join(name for name in made if not name.startswith("out "))


def rasterise(svg: str, width: int = WIDTH) -> bytes:
    """The SVG as PNG bytes. Fonts are matplotlib's own, so that every machine draws the same.

    ModuleNotFoundError, with the line that mends it, where resvg-py is not installed.
    """
    try:
        import resvg_py
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("pictures of diagrams need resvg-py: pip install resvg-py") from error
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [str(folder / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")]
    options = dict(
        width=width,
        font_files=fonts,
        skip_system_fonts=True,
        font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
    )
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, **options))


def small_png(svg: str) -> bytes:
    """The SVG in its own width as PNG bytes of 64 colours, small enough for a notebook."""
    width, out = int(svg.split('width="', 1)[1].split('"', 1)[0]), io.BytesIO()
    _in_few_colours(svg, width).save(out, "PNG", optimize=True)
    return out.getvalue()


def _in_few_colours(svg: str, width: int) -> Any:
    """The SVG as an image of 64 colours, its round corners on white."""
    from PIL import Image

    drawn = Image.open(io.BytesIO(rasterise(svg, width))).convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")
    return picture.quantize(64, dither=Image.Dither.NONE)


PLAYER = """
export async function lcPlayer(host, packed) {
  const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const all = JSON.parse(await new Response(stream).text());
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const shown = () => still.matches ? all.filter(f => f.key) : all;
  let at = 0, timer = null;
  const make = (tag, props, parent) => parent.appendChild(Object.assign(document.createElement(tag), props));
  const stage = make("div", {className: "lc-stage"}, host);
  const bar = make("div", {className: "lc-buttons"}, host);
  const button = (text, label, act) => {
    const b = make("button", {type: "button", textContent: text, onclick: act}, bar);
    b.setAttribute("aria-label", label);
    return b;
  };
  button("\u25c0 previous", "previous stage", () => { stop(); jump(-1); });
  const play = button("\u25b6 play", "play", () => timer ? stop() : start());
  button("next \u25b6", "next stage", () => { stop(); jump(1); });
  const slider = make("input", {type: "range", min: 0, max: shown().length - 1, value: 0}, bar);
  slider.setAttribute("aria-label", "frame of the animation");
  slider.oninput = () => { stop(); at = +slider.value; draw(); };
  const line = make("p", {className: "lc-says"}, host);
  line.setAttribute("aria-live", "polite");
  function draw() {
    const list = shown();
    at = Math.min(at, list.length - 1);
    slider.max = list.length - 1;
    slider.value = at;
    stage.innerHTML = list[at].svg;
    slider.setAttribute("aria-valuetext", list[at].says);
    if (line.textContent !== list[at].says) line.textContent = list[at].says;
  }
  function jump(by) {
    const list = shown();
    do { at = (at + by + list.length) % list.length; } while (!list[at].key);
    draw();
  }
  function tick() {
    const list = shown();
    at = (at + 1) % list.length;
    draw();
    timer = setTimeout(tick, 1000 * list[at].seconds);
  }
  function start() {
    play.textContent = "pause";
    play.setAttribute("aria-label", "pause");
    line.setAttribute("aria-live", "off");  // a film read out stage by stage would drown everything else
    timer = setTimeout(tick, 200);
  }
  function stop() {
    clearTimeout(timer);
    timer = null;
    play.textContent = "\u25b6 play";
    play.setAttribute("aria-label", "play");
    line.setAttribute("aria-live", "polite");
  }
  still.addEventListener("change", () => { stop(); draw(); });
  draw();
  return {start, stop, still};
}
"""
"""The player in the browser, for the HTML page and for the widget: it moves only when asked to."""

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


def pack(pictures: Sequence[Frame]) -> str:
    """Frames as base64 of compressed JSON: they repeat each other, so a megabyte becomes some tens of kilobytes."""
    rows = [{"svg": f.svg, "seconds": f.seconds, "says": f.says, "key": f.key} for f in pictures]
    return base64.b64encode(gzip.compress(json.dumps(rows).encode(), 9, mtime=0)).decode()


def player(pictures: Sequence[Frame]) -> str:
    """A web page of its own that plays the frames, as light or dark as they are; it needs no network."""
    first = pictures[0].svg
    title = first.split("<title>", 1)[1].split("<", 1)[0].split(" · ")[0]
    scheme = "light dark" if "var(--lc-" in first else "dark" if DARK["ground"] in first else "light"
    return _PAGE.format(title=title, scheme=scheme, script=PLAYER.replace("export ", ""), packed=pack(pictures))


def export(pictures: Sequence[Frame] | str, path: str | Path, *, width: int = WIDTH) -> Path:
    """Write frames to a .gif or .html file, or one diagram to .svg or .png; returns the path.

    The HTML file stands alone, has buttons and a slider, and does not move by itself for a reader who asked for
    less motion.
    ValueError for another ending, for one that does not fit, and without a frame.
    """
    target = Path(path)
    if not len(pictures):
        raise ValueError("export expects at least one frame, got none")
    if isinstance(pictures, str):
        writers = {".svg": lambda: pictures.encode(), ".png": lambda: rasterise(pictures, width)}
    else:
        writers = {".gif": lambda: _gif(pictures, width), ".html": lambda: player(pictures).encode()}
    if target.suffix.lower() not in writers:
        what = "one diagram" if isinstance(pictures, str) else "frames"
        raise ValueError(f"path must end in {' or '.join(writers)} for {what}, got {target.name!r}")
    target.write_bytes(writers[target.suffix.lower()]())
    return target


def _gif(pictures: Sequence[Frame], width: int) -> bytes:
    images, out = [_in_few_colours(f.svg, width) for f in pictures], io.BytesIO()
    times = [round(1000 * f.seconds) for f in pictures]
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0, optimize=True)
    return out.getvalue()
