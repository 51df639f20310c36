"""The lattice of limiting cases: the cells, and which of them is another one with something held."""

from collections.abc import Collection, Mapping

from ..limits import LIMITS, TITLES, Limit
from ._ink import BOLD, ITALIC, Ink, Point, arrow, box, line, text
from ._picture import Picture, sheet

WIDE, TALL = 860, 606
LEFT, RIGHT = 242.0, 618.0  # the two families: with peepholes, without
SPINES = {LEFT: 26.0, RIGHT: WIDE - 26.0}
BASE, FIRST, STEP = 128.0, 184.0, 43.0  # where a base stands, its first variant, and the next
LONG, HIGH = 260.0, 34.0  # a box
FAMILIES = {
    LEFT: ("peephole", "nig", "nfg", "nog", "cifg", "niaf", "noaf"),
    RIGHT: ("lstm", "nig_plain", "lstm97", "nog_plain", "coupled", "niaf_plain", "noaf_plain"),
}
PLACES: dict[str, Point] = {
    "fgr": (LEFT, 66.0), "gru": (LEFT, 492.0), "gru_reset_before": (LEFT, 562.0), "rnn": (RIGHT, 527.0),
} | {
    name: (x, FIRST + STEP * (k - 1) if k else BASE) for x, names in FAMILIES.items() for k, name in enumerate(names)
}  # fmt: skip
SHORT = {"nig": "NIG", "nfg": "NFG", "nog": "NOG", "niaf": "NIAF", "noaf": "NOAF", "cifg": "CIFG", "fgr": "FGR"}
SHORT |= {f"{name}_plain": words for name, words in SHORT.items()} | {"lstm97": "NFG", "coupled": "CIFG"}


def lattice(
    solved: Mapping[str, tuple[int, int]] | None = None,
    marked: Collection[str] = (),
    *,
    theme: str = "auto",
    title: str = "An arrow leads from the general cell to the special one",
) -> Picture:
    """The cells that `limits.LIMITS` connects; an arrow leads from the general cell to the special one.

    Dashed: the two only approach each other, where the candidate is small. solved: of cells, (solved, networks); a box
    is filled in proportion. marked: cells that get a second frame. The cell of 1997 may be called nfg_plain in both.
    ValueError for a name that is no cell of it, and for a count that is none.
    """
    one_name = lambda name: "lstm97" if name == "nfg_plain" else name
    counts = {one_name(name): count for name, count in (solved or {}).items()}
    marked = [one_name(name) for name in marked]
    strange = [name for name in (*counts, *marked) if name not in PLACES]
    if strange:
        raise ValueError(f"lattice knows the cells {', '.join(PLACES)}; got {strange[0]!r}")
    odd = [(name, count) for name, count in counts.items() if not 0 <= count[0] <= count[1] > 0]
    if odd:
        raise ValueError(f"solved must hold (solved, networks) of each cell, got {odd[0][1]} for {odd[0][0]!r}")
    ink = Ink(theme)
    out = [_edge(edge, ink) for edge in LIMITS]
    out += [_cell(name, counts.get(name), name in marked, ink) for name in PLACES]
    for x, words in ((LEFT, "with peepholes"), (RIGHT, "without peepholes")):
        out.append(text(x - LONG / 2, BASE - 24, words, ink("muted"), 12, "start", ITALIC))
    out.append(
        text(RIGHT - LONG / 2, TALL - 14, "Dashed: alike near 0. Two heads: equal there.", ink("muted"), 12, "start")
    )
    said = "; ".join(edge.name for edge in LIMITS)
    found = "".join(f" {TITLES[name]}: {k} of {n}." for name, (k, n) in counts.items())
    found += f" Marked: {', '.join(TITLES[name] for name in PLACES if name in marked)}." if marked else ""
    alt = f"{len(PLACES)} cells, {len(LIMITS)} edges: {said}.{found}"
    return sheet("".join(out), (WIDE, TALL), ink, title, alt, WIDE)


def _cell(name: str, count: tuple[int, int] | None, marked: bool, ink: Ink) -> str:
    """A box: the cell's short name where it has one, its name, and how many networks solved the task."""
    (x, y), colour = PLACES[name], ink("other0" if PLACES[name][0] == RIGHT or "gru" in name else "other1")
    left, top = x - LONG / 2, y - HIGH / 2
    out = [box((x, y), (LONG, HIGH), colour, ink, tint=0.14 if count is None else 0.03)]
    if count is not None:
        wide = LONG * count[0] / count[1]
        place = f'x="{left:g}" y="{top:g}" width="{wide:g}" height="{HIGH:g}" rx="7"'
        out.append(f'<rect class="lc-share" {place} fill="{colour}" fill-opacity=".38"/>')
        out.append(text(left + LONG - 9, y + 4.5, f"{count[0]} of {count[1]}", ink("ink"), 12, "end", BOLD))
    if marked:
        place = f'x="{left - 4:g}" y="{top - 4:g}" width="{LONG + 8:g}" height="{HIGH + 8:g}" rx="10"'
        out.append(f'<rect class="lc-marked" {place} fill="none" stroke="{ink("other7")}" stroke-width="3"/>')
    words = TITLES[name].removeprefix("peephole, ")
    if name in SHORT:
        out.append(text(left + 9, y + 4.5, SHORT[name], ink("ink"), 12.5, "start", BOLD))
        return "".join(out) + text(left + 54, y + 4.5, words, ink("ink"), 12, "start")
    return "".join(out) + text(left + 9, y + 4.5, words, ink("ink"), 13, "start", BOLD)


def _edge(edge: Limit, ink: Ink) -> str:
    """The arrow, and what holds there beside it."""
    ends, at = _way(edge.general.name, edge.special.name)
    dash = "" if edge.exact else ' stroke-dasharray="6 4"'
    drawn = line(ends, ink("muted"), 1.8, dash) + arrow(ends, ink("muted"), width=2.2)
    if edge is LIMITS[-1]:
        drawn += arrow(ends, ink("muted"), back=True, width=2.2)
    if ends[0][0] == ends[-1][0] and len(ends) == 2:  # straight down, the words beside it
        return drawn + text(*at, edge.where, ink("ink"), 11.5, "start")
    wide = 6.6 * len(edge.where)
    ground = f'<rect x="{at[0] - wide / 2:g}" y="{at[1] - 12:g}" width="{wide:g}" height="16" fill="{ink("ground")}"/>'
    return drawn + ground + text(*at, edge.where, ink("ink"), 11.5)


def _way(start: str, end: str) -> tuple[list[Point], Point]:
    """The corners of an edge, and where its words stand."""
    (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
    if x0 == x1 and start in ("peephole", "lstm"):  # along the family's spine
        side = -LONG / 2 if x0 == LEFT else LONG / 2
        spine, edge = SPINES[x0], x0 + side
        return [(edge, y0), (spine, y0), (spine, y1), (edge, y1)], ((spine + edge) / 2 - side / 26, y1 + 4)
    if x0 == x1:  # straight down
        return [(x0, y0 + HIGH / 2), (x1, y1 - HIGH / 2)], (x0 + 8, (y0 + y1) / 2 + 4)
    end_y = y1 + (0.2 * (y0 - y1) if end == "rnn" else 0.0)
    ends = [(x0 + LONG / 2, y0), (x1 - LONG / 2, end_y)]
    return ends, ((ends[0][0] + ends[1][0]) / 2 - 4, (y0 + end_y) / 2 + 4)
