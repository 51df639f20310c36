"""From a description and its values to an SVG string."""

import math
from collections.abc import Iterable, Mapping
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from .._colours import COLOURS
from ._graph import depths
from ._plans import WIDTH, Node, Plan, Wire

Point = tuple[float, float]
LIGHT = {**COLOURS, "ink": "#1F2328", "muted": "#6E7781", "ground": "#FFFFFF", "track": "#FFFFFF"}
DARK = {
    "i": "#58A9E8", "f": "#FF8A45", "o": "#35C795", "g": "#EB9CC8", "c": "#E3B341", "h": "#D0D7DE", "r": "#8CD0F5",
    "z": "#FF8A45", "n": "#EB9CC8", "x": "#9AA4AF", "ink": "#F0F3F6", "muted": "#9DA7B3", "ground": "#16191D",
    "track": "#31363D",
}  # fmt: skip
THEMES = ("light", "dark", "auto")
BOLD = ' font-weight="bold"'
FONT = "'DejaVu Sans', Verdana, 'Segoe UI', sans-serif"
NUMBERED, DRAWN = 4, 12  # units shown with numbers, units shown at all
ROW, THIN, BAR, FIGURES = 13, 4, 17, 43
BOX = {"σ": (104, 44), "tanh": (104, 44), "linear": (84, 44), "th": (46, 24)}
RADIUS = {"×": 13, "+": 13, "1−": 14}


class Paint:
    """Colours by name: literal for a fixed theme, CSS variables where the page decides."""

    def __init__(self, theme: str):
        if theme not in THEMES:
            raise ValueError(f"theme must be one of {', '.join(THEMES)}; got {theme!r}")
        self.theme = theme

    def __call__(self, key: str) -> str:
        return f"var(--lc-{key})" if self.theme == "auto" else (DARK if self.theme == "dark" else LIGHT)[key]

    def style(self) -> str:
        """The variables: the reader's system decides, and JupyterLab's own theme overrules it."""
        if self.theme != "auto":
            return ""
        light, dark = (";".join(f"--lc-{k}:{v}" for k, v in palette.items()) for palette in (LIGHT, DARK))
        return (
            f"<style>.lc-diagram{{{light}}}@media (prefers-color-scheme:dark){{.lc-diagram{{{dark}}}}}"
            f"[data-jp-theme-light=true] .lc-diagram{{{light}}}[data-jp-theme-light=false] .lc-diagram{{{dark}}}"
            f"@media print{{.lc-diagram,[data-jp-theme-light] .lc-diagram{{{light}}}}}</style>"
        )


# ---- geometry


def size(node: Node) -> Point:
    """Width and height of a part; a terminal has none."""
    if node.kind in BOX:
        return BOX[node.kind]
    r = RADIUS.get(node.kind, 0)
    return 2 * r, 2 * r


def path(plan: Plan, wire: Wire) -> list[Point]:
    """The corners of a wire, from the edge of the part where it starts to the edge of the part where it ends."""
    src, dst = part(plan, wire.src), part(plan, wire.dst)
    inner = list(wire.corners)
    first, last = (inner[0], inner[-1]) if inner else ((dst.x, dst.y), (src.x, src.y))
    return [_edge(src, first), *inner, _edge(dst, last)]


def part(plan: Plan, name: str) -> Node:
    """The part of that name."""
    return next(node for node in plan.nodes if node.name == name)


def _edge(node: Node, towards: Point) -> Point:
    """Where a straight wire from `towards` meets the outline of a part."""
    w, h = size(node)
    if node.kind in RADIUS:
        dx, dy = towards[0] - node.x, towards[1] - node.y
        return (
            (node.x + math.copysign(w / 2, dx), node.y)
            if abs(dx) > abs(dy)
            else (node.x, node.y + math.copysign(h / 2, dy))
        )
    return min(max(towards[0], node.x - w / 2), node.x + w / 2), min(max(towards[1], node.y - h / 2), node.y + h / 2)


def wires_from(plan: Plan, source: str) -> list[Wire]:
    """The wires that begin at a part."""
    return [wire for wire in plan.wires if wire.src == source]


def forks(plan: Plan, wires: Iterable[Wire]) -> list[Point]:
    """The points where wires of one source part company: there a value is copied."""
    walks = [_walk(path(plan, wire)) for wire in wires]
    found = set()
    for k, one in enumerate(walks):
        for two in walks[:k]:
            shared = next(
                (n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
            )
            if 1 < shared < min(len(one), len(two)):
                found.add(one[shared - 1])
    return sorted(found)


def _walk(corners: list[Point]) -> list[Point]:
    """Every point of a wire, one unit apart."""
    steps = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        n = round(max(abs(x1 - x0), abs(y1 - y0)))
        steps += [(x0 + (x1 - x0) * k / n, y0 + (y1 - y0) * k / n) for k in range(1, n + 1)]
    return steps


def pill_size(units: int, tab: str = "") -> Point:
    """Width and height of the plate that shows a vector of that many units beside its name."""
    rows = min(units, DRAWN)
    return _tab_width(tab) + BAR + FIGURES, (rows * (ROW if units <= NUMBERED else THIN)) + 5


def _tab_width(tab: str) -> float:
    return max(20, 7 + 6.3 * len(tab)) if tab else 4


# ---- pieces


def number(value: float) -> str:
    """A value in at most six characters."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size_ = abs(value)
    if 0 < size_ < 0.005 or size_ >= 99999.5:
        mantissa, exponent = f"{value:.0e}".split("e")
        text = "0.00" if int(exponent) < -99 else f"{mantissa}e{int(exponent)}"
    else:
        text = f"{value:.0f}" if size_ >= 99.95 else f"{value:.1f}" if size_ >= 9.995 else f"{value:.2f}"
    return text.replace("-", "−")


def label(name: str, prefix: str = "") -> str:
    """A quantity as the equations write it: c_ is c₋."""
    return prefix + (name[:-1] + "₋" if name.endswith("_") else name)


def _text(x: float, y: float, text: str, fill: str, px: float = 12, anchor: str = "middle", extra: str = "") -> str:
    place = f'x="{x:g}" y="{y:g}" font-size="{px:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}"{extra}>{escape(text)}</text>'


def _pill(at: Point, vector: np.ndarray, colour: str, ink: Paint, tab: str, scale: float, unsigned: bool) -> str:
    """A plate on a wire: the name, and for each unit a bar and its number (bars alone for more than four units)."""
    units = min(len(vector), DRAWN)
    (w, h), left = pill_size(len(vector), tab), _tab_width(tab)
    x, y, row = at[0] - w / 2, at[1] - h / 2, ROW if len(vector) <= NUMBERED else THIN
    room = BAR if row == ROW else BAR + FIGURES - 4
    zero, full = (x + left + 3, room) if unsigned else (x + left + 3 + room / 2, room / 2)
    plate = f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h}" rx="5"'
    out = [f'{plate} fill="{ink("ground")}"/>{plate} fill="{colour}" fill-opacity=".13" stroke="{colour}"/>']
    if tab:
        out.append(_text(x + left / 2 + 1, at[1] + 4, tab, ink("ink"), 11 if len(tab) < 3 else 10, extra=BOLD))
    track = f'x="{x + left + 3:g}" width="{room:g}" fill="{ink("track")}"'
    if row == THIN:
        out.append(f'<rect {track} y="{y + 2.5:g}" height="{units * row}"/>')
        out.append(f'<path d="M{zero:g},{y + 2.5:g}v{units * row}" stroke="{ink("muted")}" stroke-width=".8"/>')
    for k, value in enumerate(vector[:units]):
        top = y + 2.5 + k * row
        length = full * min(abs(float(value)) / scale, 1.0) if math.isfinite(value) else 0.0
        start = zero if unsigned or value >= 0 else zero - length
        bar = f'y="{top + 1:g}" height="{row - 2:g}"'
        out.append(f"<rect {track} {bar}/>" if row == ROW else "")
        out.append(f'<rect class="lc-bar" x="{start:.1f}" {bar} width="{length:.1f}" fill="{colour}"/>')
        if row == ROW:
            text = number(float(value))
            out.append(_text(x + w - 3, top + 10.3, text, ink("ink"), 10.5 if len(text) < 6 else 8.8, "end"))
    return "".join(out)


def _tag(at: Point, text: str, colour: str, ink: Paint) -> str:
    """The name of a wire, where no value is shown."""
    w = 10 + 9 * len(text)
    box = f'x="{at[0] - w / 2:g}" y="{at[1] - 11:g}" width="{w}" height="22" rx="5"'
    return (
        f'<rect {box} fill="{ink("ground")}"/><rect {box} fill="{colour}" fill-opacity=".16" stroke="{colour}"/>'
        + _text(at[0], at[1] + 5, text, ink("ink"), 14, extra=BOLD)
    )


def _node(node: Node, ink: Paint) -> str:
    colour = ink(node.colour)
    if node.kind in ("in", "out"):
        return ""
    w, h = size(node)
    if node.kind in RADIUS:
        ring = f'cx="{node.x}" cy="{node.y}" r="{RADIUS[node.kind]}"'
        glyph = _glyph(node, ink) if node.kind != "1−" else _text(node.x, node.y + 4.5, "1−", ink("ink"), 13)
        return f'<circle {ring} fill="{ink("ground")}" stroke="{colour}" stroke-width="2"/>{glyph}'
    corner, tint = (12, 0) if node.kind == "th" else (7, 0.2)
    box = f'<rect x="{node.x - w / 2:g}" y="{node.y - h / 2:g}" width="{w}" height="{h}" rx="{corner}"'
    fill = f'fill="{colour}" fill-opacity="{tint}"'
    frame = f'{box} fill="{ink("ground")}"/>{box} {fill} stroke="{colour}" stroke-width="2"/>'
    if node.kind == "th":
        return frame + _text(node.x, node.y + 4.5, "tanh", ink("ink"), 13)
    if node.kind == "linear":
        return frame + _text(node.x, node.y + 5, node.caption, ink("ink"), 13)
    return (
        frame
        + _text(node.x, node.y - 1, node.kind, ink("ink"), 16)
        + _text(node.x, node.y + 15, node.caption, ink("ink"), 11)
    )


def _glyph(node: Node, ink: Paint) -> str:
    """× and + as strokes, so that they sit in the middle whatever the font."""
    r, x, y = 5 if node.kind == "×" else 6.5, node.x, node.y
    lines = (
        f"M{x - r},{y - r}L{x + r},{y + r}M{x - r},{y + r}L{x + r},{y - r}",
        f"M{x - r},{y}H{x + r}M{x},{y - r}V{y + r}",
    )
    return f'<path d="{lines[node.kind == "+"]}" stroke="{ink("ink")}" stroke-width="2" stroke-linecap="round"/>'


def _arrow(corners: list[Point], colour: str, back: bool, width: float = 2.0) -> str:
    """The head of a wire, larger than the wire is thick."""
    tip, tail = (corners[0], corners[1]) if back else (corners[-1], corners[-2])
    base, long, half = _base(tip, tail, width), _head(width), 0.5 * _head(width)
    ux, uy = (tip[0] - base[0]) / long, (tip[1] - base[1]) / long
    points = (tip, (base[0] - half * uy, base[1] + half * ux), (base[0] + half * uy, base[1] - half * ux))
    return f'<polygon points="{" ".join(f"{a:g},{b:g}" for a, b in points)}" fill="{colour}"/>'


def _head(width: float) -> float:
    return 8.0 + 2.2 * max(0.0, width - 3.2)


def _base(tip: Point, tail: Point, width: float) -> Point:
    """Where the head meets the wire."""
    share = _head(width) / (math.dist(tip, tail) or 1.0)
    return tip[0] - (tip[0] - tail[0]) * share, tip[1] - (tip[1] - tail[1]) * share


def _up_to_the_head(corners: list[Point], back: bool, width: float) -> list[Point]:
    """The wire without its last bit: a thick one would stand out beside the tip of its own head."""
    way = corners if back else corners[::-1]
    inside = _base(way[0], way[1], 0.75 * width)
    return [inside, *way[1:]] if back else [*way[1:][::-1], inside]


# ---- the whole


def draw(
    plan: Plan,
    vectors: Mapping[Any, np.ndarray] | None,
    *,
    backward: bool = False,
    focus: str | Iterable[str] = (),
    theme: str = "light",
    width: int = WIDTH,
    heading: str = "",
    note: str = "",
    desc: str = "",
    stage: int | None = None,
    moving: float | None = None,
) -> str:
    """The SVG of one plan.

    vectors: name -> (H,) for the plates, None for the bare diagram; gradients are also read under (source, destination)
    to set the width of each wire. stage: parts deeper than that are dimmed and show no value yet (the animation).
    moving: 0 … 1, dots that far along the wires into the parts of this stage, whose own values are still to come.
    """
    ink, depth = Paint(theme), depths(plan)
    lit = focused(plan, focus)
    if stage is not None:
        lit = lambda name, dst="": depth[dst or name] <= stage
    ready = None if stage is None else stage - (moving is not None)

    def layer(chosen) -> str:
        return _wires(plan, vectors if backward else None, ink, backward, chosen) + _parts(
            plan, vectors, ink, backward, chosen, ready
        )

    body = (
        f'<g opacity=".16">{layer(lambda name, dst="": not lit(name, dst))}</g>' if focus or stage is not None else ""
    )
    body += layer(lit) + ("" if moving is None else _tokens(plan, ink, depth, stage, moving))
    title, m = heading or plan.title, ink("ink")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lc-diagram" role="img" width="{width}" '
        f'viewBox="0 0 {WIDTH} {plan.height}" style="max-width:100%;height:auto" font-family="{FONT}" '
        f'aria-label="{escape(f"{title}. {desc}", quote=True)}">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>"
        f'{ink.style()}<rect width="{WIDTH}" height="{plan.height}" rx="8" fill="{ink("ground")}"/>'
        + _text(14, 23, title, m, 14, "start", BOLD)
        + _text(686, 23, note, m, 12, "end")
        + _legend(plan, ink, backward and bool(vectors))
        + f"{body}</svg>"
    )


def focused(plan: Plan, focus: Iterable[str]):
    """A function: is a part (name), a wire (source, destination) or a plate (name, None) in the light?"""
    names = (focus,) if isinstance(focus, str) else tuple(focus)
    known = {node.name for node in plan.nodes}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"focus of {plan.name} must be among {', '.join(sorted(known))}; got {', '.join(map(repr, unknown))}"
        )
    if not names:
        return lambda name, dst="": True
    wires = {(w.src, w.dst) for w in plan.wires if w.src in names or w.dst in names}
    formulas = {dst for _, dst in wires if _is_formula(dst)}
    wires |= {(w.src, w.dst) for w in plan.wires if w.src in formulas}
    parts = {name for wire in wires for name in wire}
    speaking = set(names) | {src for src, _ in wires}

    def lit(name: str, dst: str | None = "") -> bool:
        return name in speaking if dst is None else name in parts if dst == "" else (name, dst) in wires

    return lit


def _is_formula(name: str) -> bool:
    """Whether a part makes an intermediate such as f∘c₋ or tanh c, which has no letter of its own."""
    return len(name) > 2 and not name.startswith("out ")


def _parts(plan: Plan, vectors, ink: Paint, backward: bool, chosen, ready: int | None) -> str:
    """Parts, ends and plates of everything that `chosen` picks; plates only of parts at most `ready` deep."""
    depth, nodes = depths(plan), [node for node in plan.nodes if chosen(node.name)]
    out = [_node(node, ink) for node in nodes] + [_ends(node, ink) for node in nodes if node.kind in ("in", "out")]
    shown = [name for name in plan.pills if chosen(name, None) and (ready is None or depth[name] <= ready)]
    if vectors is None:
        tagged = [name for name in shown if not _is_formula(name) and part(plan, name).kind != "in"]
        return "".join(out + [_tag(plan.pills[n], label(n), ink(part(plan, n).colour), ink) for n in tagged])
    largest = max((_size(v) for key, v in vectors.items() if isinstance(key, str)), default=1.0)
    for name in shown:
        node, vector = part(plan, name), np.asarray(vectors[name])
        scale = (largest or 1.0) if backward else max(1.0, _size(vector))
        unsigned = node.kind in ("σ", "1−") and not backward
        out.append(_pill(plan.pills[name], vector, ink(node.colour), ink, _tab(name, backward), scale, unsigned))
    return "".join(out)


def _size(vector: np.ndarray) -> float:
    """The largest finite magnitude, 0 if there is none."""
    finite = np.abs(vector[np.isfinite(vector)])
    return float(finite.max()) if finite.size else 0.0


def _tab(name: str, backward: bool) -> str:
    """The name on a plate: d before it for a gradient, and none for the gradient of an intermediate."""
    return "" if _is_formula(name) and backward else label(name, "d" if backward else "")


def _wires(plan: Plan, gradients, ink: Paint, backward: bool, chosen) -> str:
    """All wires: first a gap under each source's wires, so that a crossing shows which one passes over."""
    out = []
    wires = [wire for wire in plan.wires if chosen(wire.src, wire.dst)]
    for source in dict.fromkeys(wire.src for wire in wires):
        own = [wire for wire in wires if wire.src == source]
        colour, ground = ink(part(plan, source).colour), ink("ground")
        lines = [(wire, path(plan, wire), _thickness(plan, wire, gradients)) for wire in own]
        out += [_line(corners, ground, width + 4) for _, corners, width in lines]
        for wire, corners, width in lines:
            out.append(_line(_up_to_the_head(corners, backward, width), colour, width, f"{wire.src}|{wire.dst}"))
        out += [_arrow(corners, colour, backward, width) for _, corners, width in lines]
        out += [f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{colour}"/>' for x, y in forks(plan, own)]
    return "".join(out)


def _line(corners: list[Point], colour: str, width: float, key: str = "") -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    mark = f' class="lc-wire" data-wire="{escape(key)}"' if key else ""
    return f'<polyline{mark} points="{points}" fill="none" stroke="{colour}" stroke-width="{width:.1f}"/>'


def _thickness(plan: Plan, wire: Wire, gradients) -> float:
    """Forward: the rail is thick. Backward: a wire is as thick as the gradient on it is large."""
    if gradients is None:
        return 3.2 if part(plan, wire.src).y == part(plan, wire.dst).y == plan.nodes[0].y else 2.0
    top = max((_size(v) for key, v in gradients.items() if isinstance(key, tuple)), default=0.0)
    return 1.0 + 5.0 * (_size(gradients[wire.src, wire.dst]) / top if top else 0.0)


def _ends(node: Node, ink: Paint) -> str:
    name = node.name.removeprefix("out ")
    if name == "x":
        return _text(node.x + 14, node.y + 4, "x", ink("ink"), 15, extra=BOLD)
    x = node.x - 10 if node.kind == "in" else node.x + 14
    return _text(x, node.y + 5, label(name), ink("ink"), 15, extra=BOLD)


def _tokens(plan: Plan, ink: Paint, depth: Mapping[str, int], stage: int | None, far: float) -> str:
    """Dots on their way along the wires into the parts of this stage."""
    out = []
    for wire in plan.wires:
        if depth[wire.dst] == stage:
            walk = _walk(path(plan, wire))
            x, y = walk[round(far * (len(walk) - 1))]
            look = f'fill="{ink(part(plan, wire.src).colour)}" stroke="{ink("ground")}" stroke-width="2"'
            out.append(f'<circle class="lc-token" cx="{x:g}" cy="{y:g}" r="6.5" {look}/>')
    return "".join(out)


def _legend(plan: Plan, ink: Paint, gradients: bool) -> str:
    """What the shapes mean, of those that this picture has."""
    y, m, kinds = plan.height - 16, ink("muted"), {node.kind for node in plan.nodes}
    line = f'fill="none" stroke="{m}" stroke-width="1.5"'
    layer = f'<rect x="{{}}" y="{y - 10}" width="18" height="12" rx="3" {line}/>', 24, "layer with weights"
    unit = f'<circle cx="{{}}" cy="{y - 4}" r="6" {line}/>', 12, "unit by unit"
    copy = f'<circle cx="{{}}" cy="{y - 4}" r="3.5" fill="{m}"/>', 9, "copy: gradients add" if gradients else "copy"
    copies = any(forks(plan, wires_from(plan, node.name)) for node in plan.nodes)
    shown = [layer, *([unit] if kinds & set(RADIUS) else []), *([copy] if copies else [])]
    x, out = 170.0, []
    for shape, wide, text in [*shown, *([("", 0, "thick: large gradient")] if gradients else [])]:
        out.append(shape.format(f"{x:g}") + _text(x + wide, y, text, m, 11, "start"))
        x += wide + 5.9 * len(text) + 22
    return "".join(out)
