"""A recurrent network unfolded in time: one box a step, the same weights in each, real numbers on the wires.

svg = unrolled(caches)                                          # forward: states run to the right
svg = unrolled(caches, {"h": dhs, "x": dxs})                    # backward: gradients run to the left
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

import numpy as np

from ._draw import BOLD, FONT, Paint, Point, _arrow, _pill, _size, _text, label, number, pill_size

STEP, BOX_WIDTH, BOX_HEIGHT, LANE, MARGIN, TOP = 200, 84, 56, 46, 104, 52
ROW_STEPS, BELOW = 4, 76  # steps side by side: with more of them the numbers would be too small to read
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def unrolled(
    caches: Sequence[Mapping[str, np.ndarray]],
    grads: Mapping[str, np.ndarray] | None = None,
    *,
    batch: int = 0,
    theme: str = "light",
    title: str = "",
) -> str:
    """The chain of steps that `reference.unroll` took, as an SVG string; four steps a row.

    caches: T dicts, each with x, the states h (and c), and the states one step before, h_ (and c_).
    grads: the gradients to show in place of the values, for each state (T + 1, B, H), the first that of the initial
    state, and for x (T, B, I); arrows then point back in time. batch: which sequence. title: over the picture.
    Raises ValueError without a cache, or when the gradients do not fit their number.
    """
    if not len(caches):
        raise ValueError("unrolled expects at least one cache, got none")
    states = [name for name in ("c", "h") if f"{name}_" in caches[0]]
    values = {s: [caches[0][f"{s}_"], *(cache[s] for cache in caches)] for s in states}
    values["x"] = [cache["x"] for cache in caches]
    back = grads is not None
    if grads is not None:
        for name, kept in values.items():
            if name not in grads:
                raise ValueError(f"grads must hold {', '.join(values)}; {name} is missing")
            if len(grads[name]) != len(kept):
                raise ValueError(f"grads[{name!r}] must hold {len(kept)} arrays, got {len(grads[name])}")
        values = {name: list(grads[name]) for name in values}
    vectors = {name: [np.asarray(v)[batch] for v in kept] for name, kept in values.items()}
    return _svg(vectors, states, back, theme, title or ("Unfolded in time" + (", backward" if back else "")))


def _svg(vectors: Mapping[str, list[np.ndarray]], states: list[str], back: bool, theme: str, title: str) -> str:
    ink, T = Paint(theme), len(vectors["x"])
    apart = max(LANE, pill_size(len(vectors["h"][0]))[1] + 4)
    height = BOX_HEIGHT + apart * (len(states) - 1)
    steps, rows = min(T, ROW_STEPS), -(-T // ROW_STEPS)
    width, tall = 2 * MARGIN + STEP * steps, 28 + rows * (TOP - 28 + height + BELOW)
    scale = max(1e-12, *(_size(v) for kept in vectors.values() for v in kept))
    wires, plates, boxes = [], [], []

    def wire(name: str, t: int, a: Point, b: Point) -> None:
        colour, vector = ink(name), vectors[name][t - (name == "x")]
        wires.append(f'<path d="M{a[0]:g},{a[1]:g}L{b[0]:g},{b[1]:g}" stroke="{colour}" stroke-width="2"/>')
        wires.append(_arrow([a, b], colour, back))
        tab = ("d" if back else "") + name + str(t).translate(SUBSCRIPTS)
        plates.append(_pill(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), vector, colour, ink, tab, scale, False))

    def box(t: int, x: float, top: float) -> None:
        place = f'x="{x - BOX_WIDTH / 2:g}" y="{top:g}" width="{BOX_WIDTH}" height="{height}" rx="7"'
        boxes.append(f'<rect {place} fill="{ink("ground")}"/><rect {place} fill="{ink("h")}" fill-opacity=".12" ')
        boxes.append(f'stroke="{ink("h")}" stroke-width="2"/>')
        boxes.append(_text(x, top + height / 2 - 2, f"step {t}", ink("ink"), 13, extra=BOLD))
        boxes.append(_text(x, top + height / 2 + 15, "W, U, b", ink("muted"), 12))

    for row in range(rows):
        top, first, last = TOP + row * (TOP - 28 + height + BELOW), row * ROW_STEPS, min((row + 1) * ROW_STEPS, T)
        middles = [MARGIN + STEP * (k + 0.5) for k in range(last - first)]
        ends = [8.0 - BOX_WIDTH / 2, *middles, middles[-1] + STEP / 2 + MARGIN - 8.0 + BOX_WIDTH / 2]
        for t, (left, right) in enumerate(pairwise(ends), first):
            for lane, name in enumerate(states):
                y = top + BOX_HEIGHT / 2 + lane * apart
                wire(name, t, (left + BOX_WIDTH / 2, y), (right - BOX_WIDTH / 2, y))
        for t, x in enumerate(middles, first + 1):
            wire("x", t, (x, top + height + 64), (x, top + height))
            box(t, x, top)
    desc = _words(vectors, back)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lc-diagram" role="img" width="{min(width, 820)}" '
        f'viewBox="0 0 {width} {tall}" style="max-width:100%;height:auto" font-family="{FONT}" '
        f'aria-label="{escape(f"{title}. {desc}", quote=True)}"><title>{escape(title)}</title>'
        f'<desc>{escape(desc)}</desc>{ink.style()}<rect width="{width}" height="{tall}" rx="8" '
        f'fill="{ink("ground")}"/>{_text(14, 24, title, ink("ink"), 15, "start", BOLD)}'
        f"{''.join(wires + plates + boxes)}</svg>"
    )


def _words(vectors: Mapping[str, list[np.ndarray]], back: bool) -> str:
    """The picture for readers who cannot see it: each vector's first numbers, step by step."""

    def told(v: np.ndarray) -> str:
        numbers = [number(float(x)) for x in v[:4]]
        return numbers[0] if len(v) == 1 else f"[{', '.join(numbers)}]"

    what = "Gradients" if back else "Values"
    said = [f"{label(name, 'd' if back else '')} = {', '.join(map(told, kept))}" for name, kept in vectors.items()]
    return f"{what}, from the first step to the last: {'; '.join(said)}."
