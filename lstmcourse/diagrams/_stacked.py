"""A stacked network over two windows of a text: what is carried on, what is dropped, and where the gradient ends."""

from itertools import pairwise

from ._ink import BOLD, Ink, Point, arrow, box, line, tag, text
from ._picture import Picture, sheet
from ._unrolled import _seen

LETTERS = 4, 8


def stacked(letters: str = "the end", *, theme: str = "auto", title: str = "") -> Picture:
    """Two recurrent layers unfolded over a text that is cut into two windows.

    letters: the text, 4 to 8 letters; it reads all but the last, and the cut lies in the middle. title: over the
    picture. Raises ValueError for a text of another length.
    """
    if not LETTERS[0] <= len(letters) <= LETTERS[1]:
        raise ValueError(f"stacked expects a text of {LETTERS[0]} to {LETTERS[1]} letters, got {len(letters)}")
    ink, step, gap = Ink(theme), 104, 84
    n = len(letters) - 1
    cut = n // 2
    middles = [170 + step * k + (gap if k >= cut else 0) for k in range(n)]
    y_guess, y_upper, y_lower, y_in, tall, wide = 66, 150, 262, 346, 430, middles[-1] + 100
    upper, lower, muted = ink("other0"), ink("h"), ink("muted")
    out: list[str] = []

    def wire(a: Point, b: Point, colour: str, words: str = "") -> None:
        out.append(line([a, b], colour, 2.4) + arrow([a, b], colour))
        if words:
            out.append(tag(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), words, colour, ink))

    border = (middles[cut - 1] + middles[cut]) / 2
    out.append(line([(border, 44), (border, y_in + 24)], muted, 1.6))
    for y, colour in ((y_lower, lower), (y_upper, upper)):
        ends = [middles[0] - 84, *middles, middles[-1] + 84]
        for k, (a, b) in enumerate(pairwise(ends)):
            wire((a + (32 if k else 0), y), (b - (32 if k < n else 0), y), colour, "detach" if k == cut else "")
    for k, (x, read, following) in enumerate(zip(middles, letters, letters[1:], strict=False), 1):
        wire((x, y_in - 17), (x, y_lower + 23), ink("x"))
        wire((x, y_lower - 23), (x, y_upper + 23), muted, "drop")
        wire((x, y_upper - 23), (x, y_guess + 15), upper)
        out.append(box((x, y_in), (34, 34), ink("x"), ink) + text(x, y_in + 6, _seen(read), ink("ink"), 17, extra=BOLD))
        for y, colour in ((y_lower, lower), (y_upper, upper)):
            out.append(box((x, y), (64, 46), colour, ink) + text(x, y + 5, f"step {k}", ink("ink"), 13))
        out.append(box((x, y_guess), (30, 30), upper, ink, tint=0))
        out.append(text(x, y_guess + 5, _seen(following), ink("ink"), 15, extra=BOLD))
    for y, words in ((y_guess, "guess"), (y_upper, "layer 2"), (y_lower, "layer 1"), (y_in, "letter")):
        out.append(text(14, y + 5, words, muted, 12.5, "start"))
    for window, (first, last) in enumerate(((0, cut - 1), (cut, n - 1)), 1):
        out.append(text((middles[first] + middles[last]) / 2, y_in + 42, f"window {window}", muted, 12.5))
    note = "The states go on from window to window as numbers; the gradient ends where its window begins."
    out.append(text(14, tall - 14, note, ink("ink"), 13, "start"))
    alt = (
        f"Two layers over the letters {', '.join(map(_seen, letters[:-1]))}. At each step layer 1 reads the letter and "
        "its own state of the step before; layer 2 reads the state of layer 1, of which dropout takes some numbers "
        "away, and its own state of the step before; from its state the next letter is guessed. Between step "
        f"{cut} and step {cut + 1} a new window begins: both states are detached there, so the numbers go on and the "
        "gradient does not."
    )
    return sheet("".join(out), (wide, tall), ink, title or "Two layers, two windows", alt, round(min(wide, 820)))
