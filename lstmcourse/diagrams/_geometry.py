"""Where the parts of a diagram stand, where its wires run, and where they part."""

import math
from collections.abc import Iterable
from itertools import pairwise

from ._graph import part
from ._ink import Point
from ._plans import Node, Plan, Wire

BOX = {"σ": (104, 44), "tanh": (104, 44), "linear": (84, 44), "th": (46, 24)}
RADIUS = {"×": 13, "+": 13, "1−": 14}


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


def forks(plan: Plan, wires: Iterable[Wire]) -> list[Point]:
    """The points where wires of one source part company: there a value is copied."""
    walks = [walk(path(plan, wire)) for wire in wires]
    found = set()
    for k, one in enumerate(walks):
        for two in walks[:k]:
            shared = next(
                (n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
            )
            if 1 < shared < min(len(one), len(two)):
                found.add(one[shared - 1])
    return sorted(found)


def walk(corners: list[Point]) -> list[Point]:
    """Every point of a wire, one unit apart."""
    steps = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        n = round(max(abs(x1 - x0), abs(y1 - y0)))
        steps += [(x0 + (x1 - x0) * k / n, y0 + (y1 - y0) * k / n) for k in range(1, n + 1)]
    return steps
