"""Products over time as chains of pipes: each step passes on a part of what it gets, or more than it got."""

from collections.abc import Sequence

import numpy as np

from ._ink import BOLD, Ink, arrow, line, number, numbered, text
from ._picture import Picture, sheet

UNIT, WIDEST, SEGMENT, LEFT, ROOM = 18.0, 90.0, 92, 128, 74


def pipes(
    *chains: Sequence[float],
    names: Sequence[str] = (),
    first: int = 0,
    theme: str = "auto",
    title: str = "A gradient on its way back is multiplied at every step",
) -> Picture:
    """Chains of pipes, one below the other: the gradient enters at the last step, on the right, and flows to the left.

    chains: the factors of the steps in the order of time, all of one length, 2 to 8; three chains of 0.7, 1 and 1.3
    over six steps unless given. A pipe is as wide as the gradient that is left, up to a limit, on one scale for all.
    names: one above each chain. first: the number of the state on the left, where a longer sequence is cut.
    Raises ValueError for chains of other lengths and for a factor that is not positive.
    """
    rows = [np.asarray(chain, float) for chain in chains or ([0.7] * 6, [1.0] * 6, [1.3] * 6)]
    T = len(rows[0])
    if not 2 <= T <= 8 or any(len(row) != T for row in rows):
        raise ValueError(f"pipes expects chains of one length, 2 to 8, got {', '.join(str(len(row)) for row in rows)}")
    if not all((row > 0).all() for row in rows):
        raise ValueError(f"pipes expects factors above 0, got {min(row.min() for row in rows):g}")
    ink, out, top, said, wide = Ink(theme), [], 96.0 if names else 74.0, [], max(LEFT + SEGMENT * T + 116, 620)
    for k, row in enumerate(rows):
        left = np.append(np.cumprod(row[::-1])[::-1], 1.0)  # of the gradient, at h_0 … h_T
        widths = np.minimum(UNIT * left, WIDEST)
        middle = top + max(widths) / 2
        out.append(_chain(row, left, widths, middle, ink(f"other{k % 6}"), ink))
        out.append(text(14, middle + 5, _fate(left[0]), ink("ink"), 14, "start", BOLD))
        out.append(text(LEFT + SEGMENT * T + 66, middle + 5, "loss", ink("ink"), 14, "start", BOLD))
        if names:
            out.append(text(14, top - 30, names[k], ink("ink"), 13, "start"))
        top += max(widths) + ROOM + (16 if names else 0)
        name = f"{names[k]}, " if names else ""
        said.append(f"{name}{', '.join(map(number, row))}: {number(left[0])} of it arrives at step {first}")
    tall = top + (-10 if names else 6)
    for t in range(T + 1):
        out.append(text(LEFT + SEGMENT * t, tall - 34, numbered("h", first + t), ink("ink"), 14, extra=BOLD))
    words = "Below: the factor of each step. Above: what is left, the product of the factors so far."
    out.append(text(14, tall - 10, words, ink("muted"), 12.5, "start"))
    return sheet(
        "".join(out), (wide, tall), ink, title, f"By the factors of the steps: {'; '.join(said)}.", round(wide)
    )


def fading(
    f: Sequence[float], *, theme: str = "auto", title: str = "A memory on its way forward, a gradient on its way back"
) -> Picture:
    """Two chains of pipes with the same factors: what c_0 held flows forward to c_T, the gradient at c_T back to c_0.

    f: the forget gates of the steps in the order of time, 2 to 8, above 0 and at most 1. A pipe is as wide as what is
    left, on one scale for both. Raises ValueError for others.
    """
    gates = np.asarray(f, float)
    T = len(gates)
    if not 2 <= T <= 8 or not ((gates > 0) & (gates <= 1)).all():
        raise ValueError(f"fading expects 2 to 8 gates above 0 and at most 1, got {list(f)}")
    ink, out, wide, room = Ink(theme), [], max(LEFT + SEGMENT * T + 116, 620), WIDEST * 0.7
    memory, gradient = np.append(1.0, np.cumprod(gates)), np.append(np.cumprod(gates[::-1])[::-1], 1.0)
    for k, (name, left) in enumerate((("memory", memory), ("gradient", gradient))):
        middle = 64.0 + room / 2 + k * (room + ROOM)
        out.append(_chain(gates, left, room * left, middle, ink("c" if k == 0 else "other0"), ink, forward=k == 0))
        out.append(text(14, middle + 5, name, ink("ink"), 14, "start", BOLD))
    tall = 64.0 + 2 * (room + ROOM) + 14
    for t in range(T + 1):
        out.append(text(LEFT + SEGMENT * t, tall - 34, numbered("c", t), ink("ink"), 14, extra=BOLD))
    words = "Along c each step multiplies both by its forget gate, one from the left and one from the right."
    out.append(text(14, tall - 10, words, ink("muted"), 12.5, "start"))
    says = (
        f"Forget gates {', '.join(map(number, gates))}. Of what stood in c at step 0 "
        f"{', '.join(map(number, memory))} is there at steps 0 to {T}; of the gradient at step {T} "
        f"{', '.join(map(number, gradient[::-1]))} arrives at steps {T} to 0."
    )
    return sheet("".join(out), (wide, tall), ink, title, says, round(wide))


def _fate(left: float) -> str:
    """What became of a gradient of 1."""
    if abs(np.log(left)) < 0.1:
        return "is kept"
    return ("vanishes" if left < 0.5 else "shrinks") if left < 1 else ("explodes" if left > 2 else "grows")


def _chain(
    row: np.ndarray, left: np.ndarray, widths: np.ndarray, y: float, colour: str, ink: Ink, forward: bool = False
) -> str:
    """One row of pipes around the height y: the factors below, what is left above. It flows left unless forward."""
    out = []
    for t, factor in enumerate(row):
        a, b = LEFT + SEGMENT * t, LEFT + SEGMENT * (t + 1)
        low, high = widths[t] / 2, widths[t + 1] / 2
        shape = f"M{a},{y - low:.1f}L{b},{y - high:.1f}L{b},{y + high:.1f}L{a},{y + low:.1f}Z"
        out.append(f'<path d="{shape}" fill="{colour}" fill-opacity=".35" stroke="{colour}" stroke-width="1.5"/>')
        out.append(text((a + b) / 2, y + max(widths) / 2 + 17, f"× {factor:g}", ink("ink"), 12.5))
    for t, (share, width) in enumerate(zip(left, widths, strict=True)):
        x = LEFT + SEGMENT * t
        out.append(line([(x, y - width / 2 - 5), (x, y + width / 2 + 5)], ink("ink"), 2))
        out.append(text(x, y - max(widths) / 2 - 10, number(share), ink("ink"), 12.5, extra=BOLD))
    start = LEFT + SEGMENT * len(row)
    for near, far in ((start + 6, start + 58), (LEFT - 6, LEFT - 34)):
        flows_in = (far > near) != forward
        ends = [(far, y), (near, y)] if flows_in else [(near, y), (far, y)]
        out.append(line(ends, colour, 3) + arrow(ends, colour))
    return "".join(out)
