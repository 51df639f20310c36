"""A recurrent network unfolded in time: one box a step, the same weights in each, real numbers on the wires.

svg = unrolled(caches)                                          # forward: states run to the right
svg = unrolled(caches, {"h": dhs, "x": dxs})                    # backward: gradients run to the left
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ._draw import FONT, Paint, _arrow, _pill, _text, label, number

STEP, BOX_WIDTH, BOX_HEIGHT, LANE, MARGIN, TOP = 200, 84, 56, 46, 104, 52
BOLD = ' font-weight="bold"'


def unrolled(
    caches: Sequence[Mapping[str, np.ndarray]],
    grads: Mapping[str, np.ndarray] | None = None,
    *,
    batch: int = 0,
    theme: str = "light",
    title: str = "",
) -> str:
    """The chain of steps that `reference.unroll` took, as an SVG string.

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
            if len(grads[name]) != len(kept):
                raise ValueError(f"grads[{name!r}] must hold {len(kept)} arrays, got {len(grads[name])}")
        values = {name: list(grads[name]) for name in values}
    vectors = {name: [np.asarray(v)[batch] for v in kept] for name, kept in values.items()}
    return _svg(vectors, states, back, theme, title or ("Unfolded in time" + (", backward" if back else "")))


def _svg(vectors: Mapping[str, list[np.ndarray]], states: list[str], back: bool, theme: str, title: str) -> str:
    ink, T = Paint(theme), len(vectors["x"])
    height = BOX_HEIGHT + LANE * (len(states) - 1)
    width, middle = 2 * MARGIN + STEP * T, TOP + height / 2
    scale = max(1e-12, *(float(np.max(np.abs(v))) for kept in vectors.values() for v in kept))
    wires, plates, boxes = [], [], []

    def wire(name: str, subscript: int, a: tuple[float, float], b: tuple[float, float]) -> None:
        colour = ink(name)
        wires.append(f'<path d="M{a[0]:g},{a[1]:g}L{b[0]:g},{b[1]:g}" stroke="{colour}" stroke-width="2"/>')
        wires.append(_arrow([a, b], colour, back))
        vector = vectors[name][subscript - (name == "x")]
        tab = ("d" if back else "") + name + "₀₁₂₃₄₅₆₇₈₉"[subscript] if subscript < 10 else name
        plates.append(_pill(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), vector, colour, ink, tab, scale, False))

    for t in range(T + 1):
        left = MARGIN + STEP * (t - 0.5) + BOX_WIDTH / 2 if t else 8.0
        right = MARGIN + STEP * (t + 0.5) - BOX_WIDTH / 2 if t < T else width - 8.0
        for lane, name in enumerate(states):
            y = TOP + BOX_HEIGHT / 2 + lane * LANE
            wire(name, t, (left, y), (right, y))
    for t in range(1, T + 1):
        x, bottom = MARGIN + STEP * (t - 0.5), TOP + height
        wire("x", t, (x, bottom + 64), (x, bottom))
        box = f'x="{x - BOX_WIDTH / 2:g}" y="{TOP}" width="{BOX_WIDTH}" height="{height}" rx="7"'
        boxes.append(f'<rect {box} fill="{ink("ground")}"/><rect {box} fill="{ink("h")}" fill-opacity=".12" ')
        boxes.append(f'stroke="{ink("h")}" stroke-width="2"/>')
        boxes.append(_text(x, middle - 2, f"step {t}", ink("ink"), 13, extra=BOLD))
        boxes.append(_text(x, middle + 15, "W, U, b", ink("muted"), 12))
    desc = _words(vectors, back)
    tall = TOP + height + 76
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
