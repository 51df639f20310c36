"""From the description of a cell and its values to a picture."""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

import numpy as np

from ._geometry import RADIUS, forks, path, size, walk
from ._graph import depths, outputs, part
from ._ink import BOLD, Ink, arrow, box, largest, line, plate, shaft, tag, text
from ._picture import Picture, sheet
from ._plans import WIDTH, Node, Plan, Wire


def _node(node: Node, ink: Ink) -> str:
    colour = ink(node.colour)
    if node.kind in ("in", "out"):
        return ""
    if node.kind in RADIUS:
        ring = f'cx="{node.x}" cy="{node.y}" r="{RADIUS[node.kind]}"'
        glyph = _glyph(node, ink) if node.kind != "1−" else text(node.x, node.y + 4.5, "1−", ink("ink"), 13)
        return f'<circle {ring} fill="{ink("ground")}" stroke="{colour}" stroke-width="2"/>{glyph}'
    corner, tint = (12, 0.0) if node.kind == "th" else (7, 0.2)
    frame = box((node.x, node.y), size(node), colour, ink, corner, tint)
    if node.kind == "th":
        return frame + text(node.x, node.y + 4.5, "tanh", ink("ink"), 13)
    if node.kind == "linear":
        return frame + text(node.x, node.y + 5, node.caption, ink("ink"), 13)
    return (
        frame
        + text(node.x, node.y - 1, node.kind, ink("ink"), 16)
        + text(node.x, node.y + 15, node.caption, ink("ink"), 11)
    )


def _glyph(node: Node, ink: Ink) -> str:
    """× and + as strokes, so that they sit in the middle whatever the font."""
    r, x, y = 5 if node.kind == "×" else 6.5, node.x, node.y
    lines = (
        f"M{x - r},{y - r}L{x + r},{y + r}M{x - r},{y + r}L{x + r},{y - r}",
        f"M{x - r},{y}H{x + r}M{x},{y - r}V{y + r}",
    )
    return f'<path d="{lines[node.kind == "+"]}" stroke="{ink("ink")}" stroke-width="2" stroke-linecap="round"/>'


def draw(
    plan: Plan,
    vectors: Mapping[Any, np.ndarray] | None,
    *,
    backward: bool = False,
    focus: str | Iterable[str] = (),
    theme: str = "light",
    width: int = WIDTH,
    title: str = "",
    note: str = "",
    alt: str = "",
    full: float | None = None,
    stage: int | None = None,
    moving: float | None = None,
) -> Picture:
    """The picture of one plan.

    vectors: name -> (H,) for the plates, None for the bare diagram; gradients are also read under (source, destination)
    to set the width of each wire. full: the gradient that has a wire of full width and a bar of full length, the
    largest of these unless given. stage: parts deeper than that are dimmed and show no value yet (the animation).
    moving: 0 … 1, dots that far along the wires into the parts of this stage, whose own values are still to come.
    """
    ink, depth = Ink(theme), depths(plan)
    lit = focused(plan, focus)
    if stage is not None:
        lit = lambda name, dst="": depth[dst or name] <= stage
    ready = None if stage is None else stage - (moving is not None)
    full = full or max((largest(v) for v in (vectors or {}).values()), default=0.0) or 1.0

    def layer(chosen: Callable) -> str:
        wires = _wires(plan, vectors if backward else None, ink, full, chosen)
        return wires + _parts(plan, vectors, ink, full if backward else None, chosen, ready)

    body = _legend(plan, ink, backward and bool(vectors))
    if focus or stage is not None:
        body += f'<g opacity=".16">{layer(lambda name, dst="": not lit(name, dst))}</g>'
    body += layer(lit) + ("" if moving is None else _tokens(plan, ink, depth, stage, moving))
    return sheet(body, (WIDTH, plan.height), ink, title or plan.title, alt, width, note)


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
    formulas = {name for wire in wires for name in wire if not part(plan, name).quantity}
    wires |= {(w.src, w.dst) for w in plan.wires if w.src in formulas or w.dst in formulas}
    parts = {name for wire in wires for name in wire}
    speaking = set(names) | {src for src, _ in wires}

    def lit(name: str, dst: str | None = "") -> bool:
        return name in speaking if dst is None else name in parts if dst == "" else (name, dst) in wires

    return lit


def _parts(plan: Plan, vectors, ink: Ink, full: float | None, chosen: Callable, ready: int | None) -> str:
    """Parts, ends and plates of everything that `chosen` picks; plates only of parts at most `ready` deep.

    full: for gradients, the one with a bar of full length; None for values.
    """
    depth, nodes = depths(plan), [node for node in plan.nodes if chosen(node.name)]
    out = [_node(node, ink) for node in nodes] + [_end(node, ink) for node in nodes if node.kind in ("in", "out")]
    for node in (part(plan, name) for name in plan.pills):
        at, colour = plan.pills[node.name], ink(node.colour)
        if not chosen(node.name, None) or not (ready is None or depth[node.name] <= ready):
            continue
        if vectors is not None:
            vector = np.asarray(vectors[node.name])
            unsigned = node.kind in ("σ", "1−") and full is None
            scale = full or max(1.0, largest(vector))
            out.append(plate(at, vector, colour, ink, tab(node, full is not None), scale, unsigned))
        elif node.quantity and node.kind != "in":
            out.append(tag(at, node.quantity, colour, ink))
    return "".join(out)


def tab(node: Node, backward: bool) -> str:
    """The name on a plate: d before it for a gradient, and none for the gradient of an intermediate."""
    return f"d{node.quantity}" * bool(node.quantity) if backward else node.quantity or node.name


def _wires(plan: Plan, gradients, ink: Ink, full: float, chosen: Callable) -> str:
    """All wires: first a gap under each source's wires, so that a crossing shows which one passes over."""
    out, back = [], gradients is not None
    wires = [wire for wire in plan.wires if chosen(wire.src, wire.dst)]
    for source in dict.fromkeys(wire.src for wire in wires):
        own = [wire for wire in wires if wire.src == source]
        colour, ground = ink(part(plan, source).colour), ink("ground")
        lines = [(wire, path(plan, wire), _thickness(plan, wire, gradients, full)) for wire in own]
        out += [line(corners, ground, width + 4) for _, corners, width in lines]
        for wire, corners, width in lines:
            mark = f' class="lc-wire" data-wire="{escape(f"{wire.src}|{wire.dst}")}"'
            out.append(line(shaft(corners, back, width), colour, width, mark))
        out += [arrow(corners, colour, back, width) for _, corners, width in lines]
        out += [f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{colour}"/>' for x, y in forks(plan, own)]
    return "".join(out)


def _thickness(plan: Plan, wire: Wire, gradients, full: float) -> float:
    """Forward: the rail is thick. Backward: a wire is as thick as the gradient on it is large."""
    if gradients is None:
        return 3.2 if part(plan, wire.src).y == part(plan, wire.dst).y == plan.nodes[0].y else 2.0
    return 1.0 + 5.0 * min(1.0, largest(gradients[wire.src, wire.dst]) / full)


def _end(node: Node, ink: Ink) -> str:
    words = node.name.removeprefix("out ") if node.kind == "out" else node.quantity
    x, y = (node.x + 14, node.y + 4) if node.name == "x" else (node.x + (14, -10)[node.kind == "in"], node.y + 5)
    return text(x, y, words, ink("ink"), 15, extra=BOLD)


def _tokens(plan: Plan, ink: Ink, depth: Mapping[str, int], stage: int | None, far: float) -> str:
    """Dots on their way along the wires into the parts of this stage."""
    out = []
    for wire in plan.wires:
        if depth[wire.dst] == stage:
            way = walk(path(plan, wire))
            x, y = way[round(far * (len(way) - 1))]
            look = f'fill="{ink(part(plan, wire.src).colour)}" stroke="{ink("ground")}" stroke-width="2"'
            out.append(f'<circle class="lc-token" cx="{x:g}" cy="{y:g}" r="6.5" {look}/>')
    return "".join(out)


def _legend(plan: Plan, ink: Ink, gradients: bool) -> str:
    """What the shapes mean, of those that this picture has."""
    y, m, kinds = plan.height - 16, ink("muted"), {node.kind for node in plan.nodes}
    hollow = f'fill="none" stroke="{m}" stroke-width="1.5"'
    layer = f'<rect x="{{}}" y="{y - 10}" width="18" height="12" rx="3" {hollow}/>', 24, "layer with weights"
    unit = f'<circle cx="{{}}" cy="{y - 4}" r="6" {hollow}/>', 12, "unit by unit"
    copy = f'<circle cx="{{}}" cy="{y - 4}" r="3.5" fill="{m}"/>', 9, "copy: gradients add" if gradients else "copy"
    copies = any(forks(plan, outputs(plan, node.name)) for node in plan.nodes)
    shown = [layer, *([unit] if kinds & set(RADIUS) else []), *([copy] if copies else [])]
    x, out = 170.0, []
    for shape, wide, words in [*shown, *([("", 0, "thick: large gradient")] if gradients else [])]:
        out.append(shape.format(f"{x:g}") + text(x + wide, y, words, m, 11, "start"))
        x += wide + 5.9 * len(words) + 22
    return "".join(out)
