"""The loss cliff: a step of gradient descent beside it, with and without clipping."""

import numpy as np

from ._ink import BOLD, Ink, arrow, line, number, text
from ._picture import Picture, sheet

WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM = 700, 400, 64, 680, 56, 330


def cliff(
    *,
    steps: int = 20,
    weight: float = 1.07,
    rate: float = 0.005,
    threshold: float = 5.0,
    theme: str = "auto",
    title: str = "The loss cliff, and what clipping does there",
) -> Picture:
    """The loss of one linear unit, L(u) = (uᵀ − 1)², h₀ = 1 and the target 1 after T steps, around u = 1.

    Left of 1 the state has died out and the loss is flat, right of 1 it explodes and the loss is a wall. From `weight`,
    on the wall, one update is drawn as it is, and five with the gradient clipped to `threshold`.
    Raises ValueError for a weight that is not on the wall (1 to 1.12) or whose step would not leave the picture.
    """
    if not 1 < weight <= 1.12:
        raise ValueError(f"weight must be above 1 and at most 1.12, got {weight}")
    low, high, top = 0.72, 1.12, 10.0
    loss = lambda u: (u**steps - 1) ** 2
    slope = lambda u: 2 * (u**steps - 1) * steps * u ** (steps - 1)
    gradient = slope(weight)
    plain, walk = weight - rate * gradient, [weight]
    for _ in range(5):
        walk.append(walk[-1] - rate * float(np.clip(slope(walk[-1]), -threshold, threshold)))
    clipped = walk[1]
    if plain >= low:
        raise ValueError(f"rate must be so large that the step leaves the picture, got {rate}: it ends at {plain:.2f}")
    ink = Ink(theme)
    x = lambda u: LEFT + (u - low) / (high - low) * (RIGHT - LEFT)
    y = lambda value: BOTTOM - min(value, top) / top * (BOTTOM - TOP)
    us = np.linspace(low, high, 400)
    us = us[loss(us) <= top]
    curve = "L".join(f"{x(u):.1f},{y(loss(u)):.1f}" for u in us)
    start = (x(weight), y(loss(weight)))
    out = [
        line([(LEFT, TOP - 6), (LEFT, BOTTOM), (RIGHT, BOTTOM)], ink("muted"), 1.5),
        f'<path d="M{curve}" fill="none" stroke="{ink("other1")}" stroke-width="3.5"/>',
        text(LEFT - 8, TOP + 4, "loss", ink("ink"), 13, "end"),
        text(RIGHT, BOTTOM + 34, "recurrent weight u", ink("ink"), 13, "end"),
    ]
    for u in (0.8, 0.9, 1.0, 1.1):
        out.append(line([(x(u), BOTTOM), (x(u), BOTTOM + 5)], ink("muted"), 1.5))
        out.append(text(x(u), BOTTOM + 18, f"{u:g}", ink("muted"), 12))
    away, colour = [start, (LEFT + 6, start[1])], ink("other4")
    out.append(line(away, colour, 3, ' stroke-dasharray="7 4"') + arrow(away, colour, width=4))
    path, colour = [(x(u), y(loss(u))) for u in walk], ink("other0")
    out.append(line(path, colour, 2.5))
    out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{colour}"/>' for px, py in path[1:]]
    out.append(f'<circle cx="{start[0]:.1f}" cy="{start[1]:.1f}" r="6" fill="{ink("ink")}"/>')
    note = f"without clipping: u jumps by {number(plain - weight)} to {number(plain)}, far out of the picture"
    out.append(text(LEFT + 14, start[1] - 12, note, ink("ink"), 13, "start", BOLD))
    for k, words in enumerate(
        (
            f"clipped to {threshold:g}: u moves by {rate * threshold:g} at most,",
            "down the wall, and stays in the valley",
        )
    ):
        out.append(text(x(clipped) - 40, (start[1] + BOTTOM) / 2 + 8 + 18 * k, words, ink("ink"), 13, "end", BOLD))
    flat = "flat: the state has died out"
    out.append(
        text(x(0.8), y(1.0) - 12, flat, ink("muted"), 12.5) + text(x(1.0), BOTTOM - 40, "valley", ink("muted"), 12.5)
    )
    out.append(text(start[0] - 10, start[1] + 24, f"gradient {number(gradient)}", ink("ink"), 12.5, "end"))
    law = f"One linear unit: h after {steps} steps is u to the power {steps}; it should be 1. Rate {rate:g}."
    out.append(text(14, TALL - 14, law, ink("muted"), 12.5, "start"))
    alt = (
        f"The loss against the recurrent weight u is flat below 0.9, has a valley at 1 and rises as a wall behind it. "
        f"On the wall, at u = {number(weight)}, the gradient is {number(gradient)}. Without clipping the next u is "
        f"{number(plain)}, far to the left; with the gradient clipped to {threshold:g} it is {number(clipped)}, "
        f"and after five updates {number(walk[-1])}, in the valley."
    )
    return sheet("".join(out), (WIDE, TALL), ink, title, alt, WIDE)
