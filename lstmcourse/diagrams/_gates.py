"""What gates do: valves on the carousel, and what five ways of gating keep and write."""

from ._ink import BOLD, Ink, Point, arrow, line, number, text
from ._picture import Picture, sheet


def valve(
    i: float = 0.2,
    f: float | None = 0.9,
    o: float = 0.6,
    *,
    theme: str = "auto",
    title: str = "Gates are valves on the carousel",
) -> Picture:
    """The cell state as water that goes round, one round a step; valves for what comes in, stays and goes out.

    i, f, o: how far each gate is open, 0 to 1. f=None is the cell of 1997: no valve on the way round. ValueError for
    others.
    """
    for name, value in (("i", i), ("f", 1 if f is None else f), ("o", o)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be 0 to 1, got {value}")
    ink, wide, tall = Ink(theme), 700, 376
    c, g, h, full = ink("c"), ink("g"), ink("h"), 30.0
    x, y, r = 350.0, 190.0, 92.0
    out = [
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="none" stroke="{c}" stroke-width="{full}" stroke-opacity=".3"/>',
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="none" stroke="{c}" stroke-width="2.5" stroke-dasharray="10 6"/>',
        text(x, y + 24, "c", ink("ink"), 26, extra=BOLD), text(x, y + 42, "one round a step", ink("muted"), 12.5),
        arrow([(x - 30, y - r), (x + 12, y - r)], c, width=9), arrow([(x + 30, y + r), (x - 12, y + r)], c, width=9),
    ]  # fmt: skip
    for a, b, share, colour in ((40.0, x - r - 15, i, g), (x + r + 15, 660.0, o, h)):
        middle = (a + b) / 2
        out.append(_pipe(a, middle, y, full, colour) + _pipe(middle, b, y, full * share, colour, full))
        out.append(arrow([(b - 40, y), (b + 8, y)], colour, width=7))
    out.append(_shutter(((40.0 + x - r - 15) / 2, y), full, i, "i", "input gate", ink("i"), ink))
    out.append(_shutter(((x + r + 675) / 2, y), full, o, "o", "output gate", ink("o"), ink))
    if f is not None:
        out.append(_shutter((x, y - r), full, f, "f", "forget gate", ink("f"), ink))
    out.append(text(40, y - 28, "candidate g", ink("ink"), 14, "start", BOLD))
    out.append(text(660, y - 28, "h: c is read, not drained", ink("ink"), 14, "end", BOLD))
    kept = ("c₋", "c₋") if f is None else ("f ∘ c₋", f"{number(f)} c₋")
    out.append(text(x, tall - 40, f"c = {kept[0]} + i ∘ g = {kept[1]} + {number(i)} g", ink("ink"), 14))
    out.append(text(x, tall - 16, f"h = o ∘ tanh(c) = {number(o)} tanh(c)", ink("ink"), 14))
    kept_share = f"The forget gate f is a valve on its way, open to {number(f or 0)}: so much of c is kept."
    alt = (
        f"The state c goes round, one round a step. {'All of it is kept.' if f is None else kept_share} The input gate "
        f"i, open to {number(i)}, lets that share of the candidate g in, the output gate o, open to {number(o)}, lets "
        "that share of tanh c be read as h."
    )
    return sheet("".join(out), (wide, tall), ink, title, alt, wide)


def _pipe(a: float, b: float, y: float, width: float, colour: str, walls: float = 0.0) -> str:
    """A straight pipe from a to b, filled to `width`; walls: how far apart its walls are, as far unless given."""
    half = (walls or width) / 2
    place = f'x="{a:g}" y="{y - width / 2:g}" width="{b - a:g}" height="{width:g}"'
    water = f'<rect {place} fill="{colour}" fill-opacity=".4"/>'
    return water + "".join(line([(a, y + k * half), (b, y + k * half)], colour, 2) for k in (-1, 1))


def _shutter(at: Point, width: float, share: float, name: str, says: str, colour: str, ink: Ink) -> str:
    """Two plates that close the pipe but for a share of its width, drawn back as far as it is open; its name below."""
    (x, y), plate, shut = at, width / 2, width * (1 - share) / 2
    tops = y - width / 2 - plate + shut, y + width / 2 - shut
    look = f'rx="2" fill="{colour}" stroke="{ink("ground")}" stroke-width="1.5"'
    plates = "".join(f'<rect x="{x - 7:g}" y="{top:g}" width="14" height="{plate:g}" {look}/>' for top in tops)
    label = text(x, y + width + 20, f"{name} = {number(share)}", ink("ink"), 14, extra=BOLD)
    return plates + label + text(x, y + width + 36, says, ink("muted"), 12)


WAYS = (  # title, keeps, writes, new state, whether one gate does both
    ("a carousel", "1", "1", "c = c₋ + g", False),
    ("LSTM of 1997", "1", "i", "c = c₋ + i ∘ g", False),
    ("LSTM", "f", "i", "c = f ∘ c₋ + i ∘ g", False),
    ("coupled gates", "f", "1 − f", "c = f ∘ c₋ + (1 − f) ∘ g", True),
    ("GRU", "z", "1 − z", "h = z ∘ h₋ + (1 − z) ∘ n", True),
)


def keep_and_write(
    *, f: float = 0.8, i: float = 0.6, z: float = 0.8, theme: str = "auto", title: str = "What keeps, and what writes"
) -> Picture:
    """Five ways to make the new state, side by side: the share of the old one that is kept, and of the new that is
    written. Two bars where two gates are free, one bar with a cut where one gate does both.

    f, i, z: the gates, 0 to 1. ValueError for others.
    """
    shares = {"1": 1.0, "f": f, "i": i, "z": z, "1 − f": 1 - f, "1 − z": 1 - z}
    if not all(0 <= share <= 1 for share in shares.values()):
        raise ValueError(f"gates must be 0 to 1, got f={f}, i={i}, z={z}")
    ink, column, out, said = Ink(theme), 172.0, [], []
    top, tall, thick, high = 92.0, 330.0, 34.0, 150.0
    for k, (name, keep, write, law, one) in enumerate(WAYS):
        left = 14 + column * k
        middle = left + column / 2
        state, new = law[0], "n" if "n" in law else "g"
        out.append(text(middle, 62, name, ink("ink"), 15, extra=BOLD))
        marks = ((keep, ink(state), f"{state}₋", "keeps"), (write, ink(new), new, "writes"))
        for place, (gate, colour, what, verb) in enumerate(marks):
            share, x = shares[gate], middle if one else middle + (-38, 38)[place]
            bottom = top + high * (1 - shares[write]) if one and place == 0 else top + high
            if not one:
                empty = f'x="{x - thick / 2:g}" y="{top}" width="{thick}" height="{high}" rx="4" fill="none"'
                out.append(f'<rect {empty} stroke="{ink("muted")}" stroke-dasharray="4 3"/>')
            filled = f'x="{x - thick / 2:g}" y="{bottom - high * share:g}" width="{thick}" height="{high * share:g}"'
            out.append(f'<rect {filled} fill="{colour}" fill-opacity=".45" stroke="{colour}" stroke-width="2"/>')
            out.append(text(x, bottom - high * share / 2 + 5, what, ink("ink"), 14, extra=BOLD))
            if one:
                y = bottom - high * share / 2 + 5
                out.append(text(x + (-24, 24)[place], y, gate, ink("ink"), 14, ("end", "start")[place], BOLD))
            else:
                out.append(text(x, top + high + 19, gate, ink("ink"), 15, extra=BOLD))
                out.append(text(x, top + high + 36, verb, ink("muted"), 12))
            if one:
                out.append(text(x + (-24, 24)[place], y + 16, verb, ink("muted"), 12, ("end", "start")[place]))
        if one:
            cut = top + high * (1 - shares[write])
            out.append(line([(middle - 30, cut), (middle + 30, cut)], ink(keep), 5))
            out.append(text(middle, top + high + 36, "one gate: together 1", ink("muted"), 12))
        out.append(text(middle, tall - 16, law, ink("ink"), 12.5))
        said.append(f"{name} keeps {keep} and writes {write}")
    wide = 28 + column * len(WAYS)
    note = f"drawn for f = {number(f)}, i = {number(i)}, z = {number(z)}"
    return sheet("".join(out), (wide, tall), ink, title, f"{'; '.join(said)}.", round(wide), note)
