"""A recurrent network unfolded in time: one box a step, the same weights in each.

picture = unrolled("hello")                                         # what is computed: it reads and guesses
picture = unrolled(caches)                                          # real numbers: states run to the right
picture = unrolled(caches, {"h": dhs, "x": dxs})                    # backward: gradients run to the left
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ._ink import BOLD, Ink, Point, arrow, box, label, largest, line, number, numbered, plate, plate_size, tag, text
from ._picture import Picture, sheet

STEP, BOX_WIDTH, BOX_HEIGHT, LANE, MARGIN, TOP = 200, 84, 56, 46, 104, 52
ROW_STEPS, BELOW = 4, 76  # steps side by side: with more of them the numbers would be too small to read
LETTERS = 2, 7


def unrolled(
    run: str | Sequence[Mapping[str, np.ndarray]],
    grads: Mapping[str, np.ndarray] | None = None,
    *,
    batch: int = 0,
    theme: str = "auto",
    title: str = "",
) -> Picture:
    """A network unfolded in time: which weights are used where, or the steps that `reference.unroll` took.

    run: a text of 2 to 7 letters, for the network that reads all but the last and guesses each next one, with W, U, b
    on it; or T caches, dicts with x, the states h (and c), and the states one step before, h_ (and c_), four a row.
    grads: the gradients to show in place of the caches' values, for each state (T + 1, B, H), the first that of the
    initial state, and for x (T, B, I); arrows then point back in time. batch: which sequence. title: over the picture.
    Raises ValueError without a cache, for a text of another length, or when the gradients do not fit their number.
    """
    if isinstance(run, str):
        if not LETTERS[0] <= len(run) <= LETTERS[1]:
            raise ValueError(f"unrolled expects a text of {LETTERS[0]} to {LETTERS[1]} letters, got {len(run)}")
        return _reading(run, Ink(theme), title or "A recurrent network, unfolded in time")
    if not len(run):
        raise ValueError("unrolled expects at least one cache, got none")
    states = [name for name in ("c", "h") if f"{name}_" in run[0]]
    values = {s: [run[0][f"{s}_"], *(cache[s] for cache in run)] for s in states}
    values["x"] = [cache["x"] for cache in run]
    back = grads is not None
    if grads is not None:
        for name, kept in values.items():
            if name not in grads:
                raise ValueError(f"grads must hold {', '.join(values)}; {name} is missing")
            if len(grads[name]) != len(kept):
                raise ValueError(f"grads[{name!r}] must hold {len(kept)} arrays, got {len(grads[name])}")
        values = {name: list(grads[name]) for name in values}
    vectors = {name: [np.asarray(v)[batch] for v in kept] for name, kept in values.items()}
    return _chain(vectors, states, back, Ink(theme), title or ("Unfolded in time" + (", backward" if back else "")))


# ---- what is computed


def _reading(letters: str, ink: Ink, title: str) -> Picture:
    """One column a step: the letter read, W, the new h, W_out, the guess, and the letter that it is judged by."""
    step, left, out = 142, 150, []
    middles = [left + step * k for k in range(len(letters) - 1)]
    y_next, y_loss, y_out, y_h, y_in = 66, 116, 176, 280, 386
    colours = {"W": ink("x"), "U": ink("h"), "W_out": ink("other0"), "loss": ink("other1")}

    def wire(a: Point, b: Point, colour: str, weight: str = "") -> None:
        out.append(line([a, b], colour, 2.4) + arrow([a, b], colour))
        if weight:
            out.append(tag(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), weight, colour, ink))

    ends = [40.0, *middles, middles[-1] + 106.0]
    for t, (a, b) in enumerate(pairwise(ends)):
        start, end = a + (38 if t else 0), b - (38 if t < len(middles) else 0)
        wire((start, y_h), (end, y_h), colours["U"], "U" if t < len(middles) else "")
        out.append(text(start + (2 if t else -10), y_h - 12 if t else y_h + 5, numbered("h", t),
                        ink("ink"), 14, "start" if t else "end", BOLD))  # fmt: skip
    for t, (x, read, following) in enumerate(zip(middles, letters, letters[1:], strict=False), 1):
        wire((x, y_in - 18), (x, y_h + 26), colours["W"], "W")
        wire((x, y_h - 26), (x, y_out + 17), colours["W_out"], "W_out")
        out.append(box((x, y_in), (36, 36), ink("x"), ink) + text(x, y_in + 6, _seen(read), ink("ink"), 17, extra=BOLD))
        out.append(text(x - 26, y_in + 5, numbered("x", t), ink("ink"), 14, "end", BOLD))
        out.append(box((x, y_h), (76, 52), ink("h"), ink) + text(x, y_h - 2, "tanh", ink("ink"), 15))
        out.append(text(x, y_h + 17, "+ b", ink("ink"), 13))
        out.append(box((x, y_out), (88, 34), colours["W_out"], ink, 17) + text(x, y_out + 5, "softmax", ink("ink"), 14))
        wire((x, y_out - 17), (x, y_loss + 14), colours["loss"])
        wire((x, y_next + 14), (x, y_loss - 14), colours["loss"])
        out.append(box((x, y_loss), (44, 28), colours["loss"], ink, 14))
        out.append(text(x, y_loss + 5, numbered("L", t), ink("ink"), 14, extra=BOLD))
        out.append(box((x, y_next), (30, 30), ink("x"), ink, tint=0))
        out.append(text(x, y_next + 5, _seen(following), ink("ink"), 15, extra=BOLD))
    wide, tall = middles[-1] + 130, 490
    sides = ((y_next, "what follows"), (y_loss, "loss"), (y_out, "guess"), (y_h - 34, "hidden state"), (y_in, "input"))
    for y, words in sides:
        out.append(text(14, y + 5, words, ink("muted"), 12.5, "start"))
    lines = ("h₁ = tanh(W x₁ + U h₀ + b), then h₂ from x₂ and h₁, and so on.",
             "The same W, U, b, W_out at every step: one set of weights, used once for each letter.")  # fmt: skip
    for k, words in enumerate(lines):
        out.append(text(14, tall - 36 + 20 * k, words, ink("ink"), 13, "start"))
    alt = (
        f"The network reads {', '.join(map(_seen, letters[:-1]))}, one letter a step. At each step W times the letter, "
        "U times the hidden state of the step before and b are added and squashed by tanh: the new hidden state. It "
        "goes on to the next step, and through W_out and softmax to a guess of the next letter, "
        f"{', '.join(map(_seen, letters[1:]))}, which the loss judges. The weights are the same at every step."
    )
    wide = max(wide, 640)
    return sheet("".join(out), (wide, tall), ink, title, alt, round(min(wide, 820)))


def _seen(letter: str) -> str:
    """A letter as it is shown; a blank would not be seen."""
    return {" ": "␣", "\n": "⏎"}.get(letter, letter)


# ---- the numbers of a run


def _chain(vectors: Mapping[str, list[np.ndarray]], states: list[str], back: bool, ink: Ink, title: str) -> Picture:
    T = len(vectors["x"])
    apart = max(LANE, plate_size(len(vectors["h"][0]))[1] + 4)
    height = BOX_HEIGHT + apart * (len(states) - 1)
    steps, rows = min(T, ROW_STEPS), -(-T // ROW_STEPS)
    width, tall = 2 * MARGIN + STEP * steps, 28 + rows * (TOP - 28 + height + BELOW)
    scale = max(1e-12, *(largest(v) for kept in vectors.values() for v in kept))
    wires, plates, boxes = [], [], []

    def wire(name: str, t: int, a: Point, b: Point) -> None:
        colour, vector = ink(name), vectors[name][t - (name == "x")]
        wires.append(line([a, b], colour, 2.0) + arrow([a, b], colour, back))
        words = numbered(("d" if back else "") + name, t)
        plates.append(plate(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), vector, colour, ink, words, scale, False))

    def step(t: int, x: float, top: float) -> None:
        middle = top + height / 2
        boxes.append(box((x, middle), (BOX_WIDTH, height), ink("h"), ink))
        boxes.append(text(x, middle - 2, f"step {t}", ink("ink"), 13, extra=BOLD))
        boxes.append(text(x, middle + 15, "W, U, b", ink("muted"), 12))

    for row in range(rows):
        top, first, last = TOP + row * (TOP - 28 + height + BELOW), row * ROW_STEPS, min((row + 1) * ROW_STEPS, T)
        middles = [MARGIN + STEP * (k + 0.5) for k in range(last - first)]
        ends = [8.0 - BOX_WIDTH / 2, *middles, middles[-1] + STEP / 2 + MARGIN - 8.0 + BOX_WIDTH / 2]
        for t, (left, right) in enumerate(pairwise(ends), first):
            for lane, name in enumerate(states):
                y = top + BOX_HEIGHT / 2 + lane * apart
                wire(name, t, (left + BOX_WIDTH / 2, y), (right - BOX_WIDTH / 2, y))
        for t, x in enumerate(middles, first + 1):
            wire("x", t, (x, top + height + 64), (x, top + height))
            step(t, x, top)
    return sheet("".join(wires + plates + boxes), (width, tall), ink, title, _words(vectors, back), min(width, 820))


def _words(vectors: Mapping[str, list[np.ndarray]], back: bool) -> str:
    """The picture for readers who cannot see it: each vector's first numbers, step by step."""

    def told(v: np.ndarray) -> str:
        numbers = [number(float(x)) for x in v[:4]]
        return numbers[0] if len(v) == 1 else f"[{', '.join(numbers)}]"

    what = "Gradients" if back else "Values"
    said = [f"{label(name, 'd' if back else '')} = {', '.join(map(told, kept))}" for name, kept in vectors.items()]
    return f"{what}, from the first step to the last: {'; '.join(said)}."
