"""A recurrent layer as one operation for autograd: what is done for all steps at once, and what waits in a loop."""

from itertools import pairwise

from ._ink import BOLD, Ink, Point, arrow, box, line, text
from ._picture import Picture, sheet

STEPS = 4


def one_node(*, theme: str = "auto", title: str = "") -> Picture:
    """The way forward from left to right and the way back from right to left, in three parts each.

    title: over the picture.
    """
    ink = Ink(theme)
    wide, tall = 940, 392
    left, right, loop = 196, 744, [356 + 76 * k for k in range(STEPS)]
    y_forward, y_backward = 130, 268
    ahead, back, muted = ink("other1"), ink("other0"), ink("muted")
    out = [box((470, 206), (770, 282), muted, ink, tint=0.05)]
    out.append(text(sum(loop) / STEPS, 194, "one node of autograd's record", muted, 13.5))

    def wire(a: Point, b: Point, colour: str) -> None:
        out.append(line([a, b], colour, 2.2) + arrow([a, b], colour))

    def block(at: Point, size: Point, colour: str, *words: str) -> None:
        out.append(box(at, size, colour, ink))
        for k, line_of in enumerate(words):
            y = at[1] + 5 + 17 * (k - (len(words) - 1) / 2)
            out.append(text(at[0], y, line_of, ink("ink"), 12.5 if k else 13.5, extra="" if k else BOLD))

    for y, colour, heads in (
        (y_forward, ahead, ("1 · all steps at once", "2 · one after the other", "3 · kept for the way back")),
        (
            y_backward,
            back,
            ("3 · all steps at once", "2 · one after the other, from the last", "1 · all steps at once"),
        ),
    ):
        for x, words in zip((left, sum(loop) / STEPS, right), heads, strict=True):
            out.append(text(x, y - 44, words, colour, 12.5))
        for k, x in enumerate(loop, 1):
            block((x, y), (54, 50), colour, f"step {k}", "U")
    block((left, y_forward), (172, 58), ahead, "W x + b", "one product")
    block((right, y_forward), (172, 58), ahead, "states, gates", "of every step")
    block((right, y_backward), (172, 58), back, "factors", "a few large operations")
    block((left, y_backward), (172, 58), back, "dW, dU, dx and db", "three products and a sum")
    chain = [left + 86, *loop, right - 86]
    for k, (a, b) in enumerate(pairwise(chain)):
        wire((a + (27 if k else 0), y_forward), (b - (27 if k < STEPS else 0), y_forward), ahead)
        wire((b - (27 if k < STEPS else 0), y_backward), (a + (27 if k else 0), y_backward), back)
    wire((right, y_forward + 29), (right, y_backward - 62), muted)
    wire((14, y_forward), (left - 86, y_forward), ahead)
    wire((right + 86, y_forward), (wide - 14, y_forward), ahead)
    y_dh = y_backward + 52  # dh goes below the factors, straight into the loop
    out.append(line([(wide - 14, y_dh), (loop[0], y_dh)], back, 2.2))
    for x in loop:
        wire((x, y_dh), (x, y_backward + 25), back)
    wire((left - 86, y_backward), (14, y_backward), back)
    for x, y, words in (
        (46, y_forward, "W, U, b, x"),
        (wide - 44, y_forward, "h"),
        (wide - 44, y_dh, "dh"),
        (46, y_backward, "gradients"),
    ):
        out.append(text(x, y - 10, words, ink("ink"), 12.5))
    note = "What does not wait for another step stands outside of the two loops."
    out.append(text(14, tall - 14, note, ink("ink"), 13, "start"))
    alt = (
        "Forward, from left to right: W x + b for all steps in one product; then the steps one after the other, each "
        "with U; what they made is kept. Backward, from right to left: the factors of all steps in a few large "
        "operations, before the gradient arrives; then dh enters the steps, which go one after the other from the "
        "last, each with U; then dW, dU and dx, one product each, and db, a sum. For autograd both together are one "
        "node: W, U, b and x go in and h comes out, dh goes in and the gradients come out."
    )
    return sheet("".join(out), (wide, tall), ink, title or "A layer as one node: three parts each way", alt, 820)
