"""A product of Jacobians as a chain of pipes: each step passes on a part of the gradient, or more than it got."""

from collections.abc import Sequence

import numpy as np

from ._ink import BOLD, Ink, arrow, line, number, numbered, text
from ._picture import Picture, sheet

UNIT, WIDEST, SEGMENT, LEFT, ROOM = 18.0, 90.0, 92, 128, 56


def pipes(
    *chains: Sequence[float],
    theme: str = "auto",
    title: str = "A gradient on its way back is multiplied at every step",
) -> Picture:
    """Chains of pipes, one below the other: the gradient enters at the last step, on the right, and flows to step 0.

    chains: the factors of the steps in the order of time, all of one length, 2 to 8; three chains of 0.7, 1 and 1.3
    over six steps unless given. A pipe is as wide as the gradient that is left, up to a limit, on one scale for all.
    Raises ValueError for chains of other lengths and for a factor that is not positive.
    """
    rows = [np.asarray(chain, float) for chain in chains or ([0.7] * 6, [1.0] * 6, [1.3] * 6)]
    T = len(rows[0])
    if not 2 <= T <= 8 or any(len(row) != T for row in rows):
        raise ValueError(f"pipes expects chains of one length, 2 to 8, got {', '.join(str(len(row)) for row in rows)}")
    if not all((row > 0).all() for row in rows):
        raise ValueError(f"pipes expects factors above 0, got {min(row.min() for row in rows):g}")
    ink, out, top, said, wide = Ink(theme), [], 52.0, [], max(LEFT + SEGMENT * T + 116, 620)
    for k, row in enumerate(rows):
        left = np.append(np.cumprod(row[::-1])[::-1], 1.0)  # of the gradient, at h_0 … h_T
        widths = np.minimum(UNIT * left, WIDEST)
        middle = top + max(widths) / 2
        out.append(_chain(row, left, widths, middle, ink(f"other{k % 6}"), ink))
        out.append(text(14, middle + 5, _fate(left[0]), ink("ink"), 14, "start", BOLD))
        out.append(text(LEFT + SEGMENT * T + 66, middle + 5, "loss", ink("ink"), 14, "start", BOLD))
        top += max(widths) + ROOM
        said.append(f"{', '.join(map(number, row))}: {number(left[0])} of it arrives at step 0")
    tall = top + 14
    for t in range(T + 1):
        out.append(text(LEFT + SEGMENT * t, tall - 34, numbered("h", t), ink("ink"), 14, extra=BOLD))
    words = "Each step multiplies by its Jacobian, here a number. The first step gets the product of them all."
    out.append(text(14, tall - 10, words, ink("muted"), 12.5, "start"))
    return sheet(
        "".join(out), (wide, tall), ink, title, f"By the factors of the steps: {'; '.join(said)}.", round(wide)
    )


def _fate(left: float) -> str:
    """What became of a gradient of 1."""
    if abs(np.log(left)) < 0.1:
        return "is kept"
    return ("vanishes" if left < 0.5 else "shrinks") if left < 1 else ("explodes" if left > 2 else "grows")


def _chain(row: np.ndarray, left: np.ndarray, widths: np.ndarray, y: float, colour: str, ink: Ink) -> str:
    """One row of pipes around the height y, with what is left at each joint."""
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
        out.append(text(x, y + max(widths) / 2 + 17, number(share), ink("ink"), 12.5, extra=BOLD))
    start = LEFT + SEGMENT * len(row)
    out.append(line([(start + 58, y), (start + 8, y)], colour, 3) + arrow([(start + 58, y), (start + 6, y)], colour))
    out.append(line([(LEFT - 6, y), (LEFT - 30, y)], colour, 3) + arrow([(LEFT - 6, y), (LEFT - 34, y)], colour))
    return "".join(out)
