"""A last picture of each cell, with so few strokes that it can be drawn from memory."""

from collections.abc import Sequence

from ._ink import BOLD, Ink, Point, arrow, box, line, tag, text
from ._picture import Picture, sheet
from ._plans import Plan, plan_of

WIDE, TALL, RAIL, LOW = 620, 352, 84, 232
KEEP, PLUS, OUT = 170, 300, 440  # the columns
WRITE = 152  # the height of the gate that writes
DASH = ' stroke-dasharray="6 4"'


def sketch(cell, *, theme: str = "auto", title: str = "") -> Picture:
    """The cell in a dozen strokes: a circle multiplies by the gate in it, a plus adds.

    cell: one that `diagrams.cell` draws, or its name. ValueError for another one.
    """
    plan, ink = plan_of(cell), Ink(theme)
    body, says = _simple(ink) if plan.name == "rnn" else _gated(plan, ink)
    below = "" if plan.name == "rnn" else "A circle multiplies by its gate. Each gate is σ(W x + U h₋ + b)"
    if plan.name == "peephole":
        below += ", and sees c along a dashed line"
    body += text(14, TALL - 14, f"{below}." if below else "h = tanh(W x + U h₋ + b)", ink("muted"), 12.5, "start")
    return sheet(body, (WIDE, TALL), ink, title or f"{plan.title}: the picture to keep", says, WIDE)


def _wire(ends: Sequence[Point], colour: str, more: str = "", head: bool = True) -> str:
    return line(ends, colour, 3, more) + (arrow(ends, colour, width=3.5) if head else "")


def _knob(at: Point, gate: str, ink: Ink) -> str:
    """A circle on a wire, which multiplies by the gate."""
    colour = ink(gate[-1])
    ring = f'cx="{at[0]:g}" cy="{at[1]:g}" r="19"'
    tinted = f'<circle {ring} fill="{colour}" fill-opacity=".18" stroke="{colour}" stroke-width="2.5"/>'
    name = text(at[0], at[1] + 5.5, gate.replace("1-", "1 − "), ink("ink"), 16 if len(gate) == 1 else 11.5, extra=BOLD)
    return f'<circle {ring} fill="{ink("ground")}"/>{tinted}{name}'


def _reads(at: Point, ink: Ink) -> str:
    """A short stroke into a gate, for what it is computed of."""
    ends = [(at[0] + 38, at[1] + 27), (at[0] + 17, at[1] + 12)]
    grey = ink("muted")
    label = text(ends[0][0] + 2, ends[0][1] + 8, "x, h₋", grey, 11, "start")
    return line(ends, grey, 2) + arrow(ends, grey, width=2.5) + label


def _simple(ink: Ink) -> tuple[str, str]:
    """The simple recurrent network: one box."""
    h, x, middle, y = ink("h"), ink("x"), 310, 150
    out = _wire([(60, y), (middle - 52, y)], h) + _wire([(middle + 50, y), (560, y)], h)
    out += _wire([(middle, 262), (middle, y + 32)], x) + box((middle, y), (100, 60), h, ink)
    out += tag(((60 + middle - 52) / 2, y), "U", h, ink) + tag((middle, 222), "W", x, ink)
    out += text(middle, y - 2, "tanh", ink("ink"), 17) + text(middle, y + 19, "+ b", ink("ink"), 13)
    for at, words in (((40, y + 5), "h₋"), ((580, y + 5), "h"), ((middle, 282), "x")):
        out += text(*at, words, ink("ink"), 17, extra=BOLD)
    return out, "h₋ through U and x through W are added to b and squashed by tanh: the new h."


def _gated(plan: Plan, ink: Ink) -> tuple[str, str]:
    """A rail for the state, a gate that keeps on it, a gate that writes below it; for an LSTM, a gate that shows."""
    state = "c" if "c" in plan.states else "h"
    new = "n" if state == "h" else "g"
    keep, write = {"lstm97": ("", "i"), "coupled": ("f", "1-f")}.get(
        plan.name, ("z", "1-z") if state == "h" else ("f", "i")
    )
    rail, fresh = ink(state), ink(new)
    out = _wire([(52, RAIL), (568, RAIL)], rail) + text(34, RAIL + 6, f"{state}₋", ink("ink"), 18, extra=BOLD)
    out += text(586, RAIL + 6, state, ink("ink"), 18, extra=BOLD)
    out += _wire([(PLUS, LOW - 20), (PLUS, RAIL + 16)], fresh) + _squash(PLUS, LOW, new, ink)
    out += _wire([(PLUS, LOW + 58), (PLUS, LOW + 22)], ink("x")) if state == "h" else ""
    if state == "h":
        out += _reset(plan.name, ink) + text(PLUS, LOW + 74, "x", ink("ink"), 16, extra=BOLD)
    else:
        out += _shown(ink) + _wire([(PLUS, LOW + 52), (PLUS, LOW + 22)], ink("x"))
        out += text(PLUS, LOW + 68, "x, h₋", ink("ink"), 15, extra=BOLD)
    if plan.name == "peephole":
        to_f = [(112, RAIL), (112, 126), (KEEP, 126), (KEEP, RAIL + 20)]
        to_i, to_o = [(84, RAIL), (84, WRITE), (PLUS - 19, WRITE)], [(386, RAIL), (386, 190), (OUT - 19, 190)]
        for ends in (to_f, to_i, to_o):
            out += _wire(ends, rail, DASH)
    if write[0] == "1":
        out += line([(KEEP, RAIL + 19), (KEEP, WRITE), (PLUS - 19, WRITE)], ink(keep), 2, DASH)
        out += text((KEEP + PLUS) / 2 - 6, WRITE - 8, "one gate", ink("muted"), 12)
    out += _knob((KEEP, RAIL), keep, ink) + _reads((KEEP, RAIL), ink) if keep else ""
    out += _knob((PLUS, WRITE), write, ink) + ("" if write[0] == "1" else _reads((PLUS, WRITE), ink))
    plus = f"M{PLUS - 7},{RAIL}H{PLUS + 7}M{PLUS},{RAIL - 7}V{RAIL + 7}"
    out += f'<circle cx="{PLUS}" cy="{RAIL}" r="15" fill="{ink("ground")}" stroke="{rail}" stroke-width="2.5"/>'
    out += f'<path d="{plus}" stroke="{ink("ink")}" stroke-width="2.5" stroke-linecap="round"/>'
    kept = f"is multiplied by {keep}" if keep else "is kept as it is"
    added = f"the candidate {new}, multiplied by {write.replace('-', ' − ')}, is added: the new {state}."
    return out, f"{state}₋ {kept}, {added}{_more(plan)}"


def _squash(x: float, y: float, name: str, ink: Ink) -> str:
    """The candidate."""
    inside = text(x, y + 5.5, name, ink("ink"), 17, extra=BOLD)
    return box((x, y), (64, 40), ink(name), ink) + inside + text(x + 40, y + 5, "tanh", ink("muted"), 12, "start")


def _shown(ink: Ink) -> str:
    """How an LSTM shows c: through tanh and the output gate."""
    h = ink("h")
    out = _wire([(OUT, RAIL), (OUT, LOW + 20), (568, LOW + 20)], h)
    out += f'<circle cx="{OUT}" cy="{RAIL}" r="4.5" fill="{ink("c")}"/>'
    out += box((OUT, 134), (52, 28), ink("c"), ink, 12) + text(OUT, 139, "tanh", ink("ink"), 13)
    return (
        out
        + _knob((OUT, 190), "o", ink)
        + _reads((OUT, 190), ink)
        + text(586, LOW + 26, "h", ink("ink"), 18, extra=BOLD)
    )


def _reset(name: str, ink: Ink) -> str:
    """How a GRU's candidate reads h₋: through U and the reset gate, in this cell's order."""
    h, knob, matrix = ink("h"), 214, 138
    if name == "gru_reset_before":
        knob, matrix = matrix, knob
    out = _wire([(96, RAIL), (96, LOW), (PLUS - 34, LOW)], h) + f'<circle cx="96" cy="{RAIL}" r="4.5" fill="{h}"/>'
    out += tag((matrix, LOW), "Uₙ", h, ink) + _knob((knob, LOW), "r", ink) + _reads((knob, LOW), ink)
    if name == "gru":  # inside what r multiplies
        out += text(matrix, LOW + 32, "+ bₕₙ", ink("muted"), 14)
    return out


def _more(plan: Plan) -> str:
    if "c" in plan.states:
        peep = " The gates f and i see c₋, o sees the new c." if plan.name == "peephole" else ""
        return f" tanh of c, multiplied by o, is h.{peep}"
    order = "r and then Uₙ" if plan.name == "gru_reset_before" else "Uₙ, plus bₕₙ, and then r"
    return f" The candidate reads x, and h₋ through {order}."
