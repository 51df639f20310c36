"""The lattice of limiting cases: the cells, and which of them is another one with something held."""

from ..limits import LIMITS, Limit
from ._ink import BOLD, ITALIC, Ink, Point, arrow, box, line, text
from ._picture import Picture, sheet

WIDE, TALL = 860, 580
COLUMNS = {
    "nig": "no input gate", "nfg": "no forget gate", "nog": "no output gate", "cifg": "coupled gates",
    "niaf": "candidate as it is", "noaf": "output as it is",
}  # fmt: skip
PLAIN = {"nfg": "lstm97", "cifg": "coupled"}  # the variants without peepholes that have names of their own
TITLES = {
    "fgr": "FGR", "peephole": "peephole LSTM", "lstm": "LSTM", "lstm97": "LSTM of 1997", "coupled": "coupled LSTM",
    "gru": "GRU", "gru_reset_before": "GRU, reset before", "rnn": "RNN",
}  # fmt: skip
BASES = {"peephole": (440.0, 70.0), "lstm": (440.0, 412.0)}
ROWS = {"peephole": 188.0, "lstm": 294.0}
PLACES: dict[str, Point] = {
    "fgr": (110.0, 70.0), **BASES, "gru": (110.0, 500.0), "gru_reset_before": (440.0, 500.0), "rnn": (774.0, 440.0),
}  # fmt: skip
for _k, _name in enumerate(COLUMNS):
    _x = 106.0 + 133.6 * _k
    PLACES |= {_name: (_x, ROWS["peephole"]), PLAIN.get(_name, f"{_name}_plain"): (_x, ROWS["lstm"])}
HALF, HALF_WIDE = 18.0, 76.0  # of a box's height, of a wide box's width


def lattice(*, theme: str = "auto", title: str = "Which cell is another one with something held") -> Picture:
    """The cells that `limits.LIMITS` connects; an arrow leads from the general cell to the special one.

    Dashed: the two only approach each other, where the candidate is small.
    """
    ink = Ink(theme)
    out = [_edge(edge, ink) for edge in LIMITS] + [_cell(name, ink) for name in PLACES]
    for y, words in ((ROWS["peephole"] - 44, "with peepholes"), (ROWS["lstm"] + 52, "without peepholes")):
        out.append(text(14, y, words, ink("muted"), 12, "start", ITALIC))
    out.append(text(14, TALL - 14, "An arrow leads to the special case. Dashed: nearly so, for a small candidate.",
                    ink("muted"), 12, "start"))  # fmt: skip
    said = "; ".join(edge.name for edge in LIMITS)
    return sheet("".join(out), (WIDE, TALL), ink, title, f"{len(PLACES)} cells, {len(LIMITS)} edges: {said}.", WIDE)


def _cell(name: str, ink: Ink) -> str:
    variant = name.removesuffix("_plain")
    colour = ink("other1" if name in ("peephole", "fgr", *COLUMNS) else "other0")
    size = (120.0 if PLACES[name][1] in ROWS.values() else 2 * HALF_WIDE, 2 * HALF)
    x, y = PLACES[name]
    words = TITLES.get(name, variant.upper())
    below = next((COLUMNS[key] for key in COLUMNS if name in (key, f"{key}_plain", PLAIN.get(key))), "")
    frame = box((x, y), size, colour, ink) + text(x, y + (-1 if below else 5), words, ink("ink"), 13, extra=BOLD)
    return frame + (text(x, y + 13, below, ink("ink"), 10.5) if below else "")


def _edge(edge: Limit, ink: Ink) -> str:
    """The arrow, and what holds there beside it."""
    start, end = edge.general.name, edge.special.name
    both = edge is LIMITS[-1]
    ends, at = _way(start, end)
    dash = "" if edge.exact else ' stroke-dasharray="6 4"'
    drawn = line(ends, ink("muted"), 1.8, dash) + ("" if both else arrow(ends, ink("muted"), width=2.2))
    wide = 6.6 * len(edge.where)
    ground = f'<rect x="{at[0] - wide / 2:g}" y="{at[1] - 12:g}" width="{wide:g}" height="16" fill="{ink("ground")}"/>'
    return drawn + ground + text(*at, edge.where, ink("ink"), 11.5)


def _way(start: str, end: str) -> tuple[list[Point], Point]:
    """The corners of an edge, and where its words stand."""
    (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
    if start == "gru" and end == "rnn":  # below the other GRU
        low = y0 + 40
        return [(x0, y0 + HALF), (x0, low), (x1, low), (x1, y1 + HALF)], ((x0 + x1) / 2, low + 4)
    if abs(y1 - y0) < 2 * HALF or start == "gru_reset_before":  # beside it
        ends, share = [(x0 + HALF_WIDE, y0), (x1 - HALF_WIDE, y1)], 0.5
    else:  # above or below it; those from a base spread out
        side, spread = (HALF, -HALF)[y1 < y0], 0.16 * (start in BASES)
        ends, share = [(x0 + spread * (x1 - x0), y0 + side), (x1, y1 - side)], 0.5 + 0.17 * (x0 != x1)
    (a, b), (c, d) = ends
    return ends, (a + share * (c - a), b + share * (d - b) + 4)
