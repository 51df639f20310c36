"""The Reber grammar as an automaton, with the path of a string."""

from ..tasks.reber import GRAMMAR, is_embedded_reber
from ._ink import BOLD, Ink, Point, arrow, box, line, text
from ._picture import Picture, sheet

WIDE, TALL, RADIUS = 800, 376, 17
PLACES: tuple[Point, ...] = ((196, 170), (306, 92), (306, 248), (446, 92), (446, 248), (560, 170), (652, 170))
OUTER = 92, 728  # where the two outer letters stand
LOOPS = {1: -1, 2: 1}  # state -> up or down


def reber(string: str = "", *, theme: str = "auto", title: str = "") -> Picture:
    """The grammar of the strings: from B to E, at each circle one of the letters on the arrows that leave it.

    string: one string of the embedded grammar, such as "BTBTXSETE": its path is lit, and the two letters around it,
    which must be the same, stand at both ends. Raises ValueError for a string that is not of the grammar.
    """
    if string and not is_embedded_reber(string):
        raise ValueError(f"string must belong to the embedded Reber grammar, got {string!r}")
    ink, inner = Ink(theme), string[2:-2]
    used, state = set(), 0
    for letter in inner[1:]:
        used.add((state, letter))
        state = GRAMMAR[state][letter]
    bright, dim = ink("other0"), ink("muted")
    out = []
    for at, letters in enumerate(GRAMMAR):
        for letter, to in letters.items():
            lit = not string or (at, letter) in used
            out.append(_edge(at, to, letter, bright if lit else dim, 3.0 if string and lit else 2.0, ink))
    ends = [(OUTER[0] + 22.0 if string else 124.0, 170.0), (PLACES[0][0] - RADIUS, 170.0)]
    out.append(_wire(ends, bright, 3.0 if string else 2.0) + _letter((147, 170), "B", ink))
    out += [_state(k, place, ink) for k, place in enumerate(PLACES)]
    if string:
        out.append(_around(string, ink))
    else:
        out.append(text(WIDE / 2, TALL - 30, "At a circle with two ways out, either is as likely.", ink("muted"), 13))
    title = title or ("The embedded Reber grammar" if string else "The Reber grammar")
    rules = "; ".join(f"from {k} {' or '.join(f'{a} to {b}' for a, b in row.items())}" for k, row in enumerate(GRAMMAR))
    path = f" The string {string} has the letter {string[1]} before its path and again behind it." if string else ""
    return sheet("".join(out), (WIDE, TALL), ink, title, f"Seven states; B leads to 0; {rules}.{path}", WIDE)


def _around(string: str, ink: Ink) -> str:
    """The letters before and behind the path, and the two that must be the same."""
    colour, bright, out = ink("other1"), ink("other0"), []
    for x in OUTER:
        out.append(box((x, 170), (44, 44), colour, ink, tint=0.2) + text(x, 177, string[1], ink("ink"), 20, extra=BOLD))
    for letter, start, end in (("B", 20, OUTER[0] - 22), ("E", OUTER[1] + 22, WIDE - 14)):
        out.append(_wire([(start, 170), (end, 170)], bright, 3.0) + _letter(((start + end) / 2 - 2, 170), letter, ink))
    out.append(_wire([(PLACES[6][0] + RADIUS, 170), (OUTER[1] - 22, 170)], bright, 3.0))
    out.append(
        f'<path d="M{OUTER[0]},194V312H{OUTER[1]}V194" fill="none" stroke="{colour}" stroke-width="2.5" '
        f'stroke-dasharray="7 4"/>'
    )
    words = f"the same letter again, {len(string) - 3} steps later: the only one that must be remembered"
    out.append(text(WIDE / 2, 334, words, ink("ink"), 13, extra=BOLD))
    out.append(text(WIDE / 2, TALL - 14, " ".join(string), ink("ink"), 16, extra=BOLD))
    return "".join(out)


def _wire(ends: list[Point], colour: str, width: float) -> str:
    return line(ends, colour, width) + arrow(ends, colour, width=width + 0.5)


def _letter(at: Point, letter: str, ink: Ink) -> str:
    x, y = at
    ground = f'<rect x="{x - 9:g}" y="{y - 9:g}" width="18" height="18" rx="4" fill="{ink("ground")}"/>'
    return ground + text(x, y + 5.5, letter, ink("ink"), 15, extra=BOLD)


def _state(k: int, at: Point, ink: Ink) -> str:
    ring = f'<circle cx="{at[0]:g}" cy="{at[1]:g}" r="{RADIUS}" fill="{ink("ground")}" stroke="{ink("ink")}" '
    inner = text(at[0], at[1] + 5, "end" if k == 6 else str(k), ink("muted"), 12)
    return ring + f'stroke-width="2"/>{inner}'


def _edge(at: int, to: int, letter: str, colour: str, width: float, ink: Ink) -> str:
    """An arrow between two states, or a loop at one."""
    (x0, y0), (x1, y1) = PLACES[at], PLACES[to]
    if at == to:
        side = LOOPS[at]
        y, tip = y0 + side * 44, (x0 + 7, y0 + side * (RADIUS - 1))
        far = f"{x0 - 34},{y + side * 12} {x0 + 34},{y + side * 12}"
        curve = f"M{x0 - 7},{y0 + side * (RADIUS - 2)}C{far} {tip[0]},{tip[1]}"
        body = f'<path d="{curve}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        return (
            body
            + arrow([(x0 + 18, y0 + side * 40), tip], colour, width=width)
            + _letter((x0, y + side * 2), letter, ink)
        )
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    ends = [(x0 + ux * RADIUS, y0 + uy * RADIUS), (x1 - ux * RADIUS, y1 - uy * RADIUS)]
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    return _wire(ends, colour, width) + _letter(middle, letter, ink)
