"""``build film``: docs/film.gif, the README's film. A check names a mistake, and the cell is walked through.

Nothing in it is typed here but the headings: the answers are the exercise's own, what is said of them is the check's,
and the diagrams are `StepThrough`'s.
"""

import inspect
import io
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from lstmcourse import _files

WIDTH, HEIGHT, MARGIN, LINE = 760, 500, 26, 21
DIAGRAM = 620  # pixels, so that one is no higher than the page
COLOURS = 64
MOST = 2_000_000  # bytes: a README that loads slowly is not read
INK, MUTED, PAPER, GROUND, WRONG, RIGHT = "#1a1a1a", "#595959", "#ffffff", "#f4f4f4", "#a8200d", "#0b6b35"
EXERCISE, MISTAKE = "E4.1", "f around the sum"


class Scene(NamedTuple):
    """One picture, and how long it stays."""

    image: Any
    seconds: float


def build(root: Path) -> Path:
    """Write the film; it plays once and rests on its last picture. ValueError where it is too large for a README."""
    scenes = [*checked(), *walked()]
    images, out = [scene.image.quantize(COLOURS, dither=0) for scene in scenes], io.BytesIO()
    times = [round(1000 * scene.seconds) for scene in scenes]
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=times, optimize=True)
    if out.tell() > MOST:
        raise ValueError(f"the film must have {MOST:,} bytes at most, got {out.tell():,}")
    _files.write(root / "docs" / "film.gif", out.getvalue())
    return root / "docs" / "film.gif"


def checked() -> Iterator[Scene]:
    """An answer line by line, what `check` says of it, the line put right, and what it says then."""
    from lstmcourse import exercises

    exercise = exercises.get(EXERCISE)
    wrong = exercise.wrong[MISTAKE][0]
    lines, mended = body(exercise, wrong.source), body(exercise, inspect.getsource(exercise.solution))
    call = f'check("{exercise.id}", {exercise.name})'
    off = [k for k, (a, b) in enumerate(zip(lines, mended)) if a != b]
    title = f"{exercise.id} {exercise.title}: you write the cell …"
    for shown in range(1, len(lines) + 1):
        yield Scene(page(title, lines[:shown]), 0.6)
    said = exercises.run(exercise, wrong).text.splitlines()
    named = next(k for k, line in enumerate(said) if "This is what you get when" in line)
    yield Scene(page("… check says what is wrong …", [*lines, "", call], said[: named + 1], WRONG, off), 5.0)
    yield Scene(page("… you mend it …", [*mended, "", call], marked=off), 1.8)
    said = exercises.run(exercise, exercise.solution).text.splitlines()[:1]
    yield Scene(page("… and go on.", [*mended, "", call], said, RIGHT, off), 2.6)


def walked() -> Iterator[Scene]:
    """The LSTM of one unit at its first three steps, as `StepThrough` shows it."""
    from PIL import Image

    from lstmcourse import reference, widgets

    steps = widgets.StepThrough(reference.LSTM, *example())
    for step in range(1, len(steps.caches) + 1):
        drawn = Image.open(io.BytesIO(steps.picture(step, theme="light").png(DIAGRAM))).convert("RGBA")
        image, draw = canvas("Then you step through it, with its numbers on the wires:")
        image.paste(drawn, ((WIDTH - DIAGRAM) // 2, 48), drawn)
        draw.text((MARGIN, HEIGHT - 34), f"step {step} of {len(steps.caches)}", MUTED, font(15))
        yield Scene(image, 2.2 if step < len(steps.caches) else 4.0)


def example() -> tuple[SimpleNamespace, np.ndarray]:
    """An LSTM of one unit without recurrent weights, whose gates are quarters and halves, and its three inputs."""
    from lstmcourse import reference

    ln2, ln3 = np.log(2), np.log(3)
    W, b = np.array([[2 * ln3], [-2 * ln3], [ln2], [-2 * ln3]]), np.array([-ln3, ln3, 0, ln3])
    return reference.Params(W=W, U=np.zeros((4, 1)), b=b), np.array([1.0, 0.0, 1.0]).reshape(3, 1, 1)


def body(exercise: Any, source: str) -> list[str]:
    """An answer as a learner would write it: one line of signature, and no docstring."""
    names = ", ".join(inspect.signature(exercise.solution).parameters)
    lines = source.rpartition('"""')[2].strip("\n").splitlines()
    return [f"def {exercise.name}({names}):", *lines]


def page(title: str, code: list[str], said: list[str] = (), colour: str = INK, marked: list[int] = ()) -> Any:  # type: ignore[assignment]
    """A picture of a cell with its code, and below it what is said; the lines of `marked` stand out."""
    image, draw = canvas(title)
    draw.rectangle((MARGIN, 52, WIDTH - MARGIN, 66 + LINE * len(code)), GROUND, "#c8c8c8")
    for k, line in enumerate(code):
        if k in marked:
            draw.rectangle((MARGIN + 1, 58 + LINE * k, MARGIN + 5, 58 + LINE * (k + 1)), colour)
        draw.text((MARGIN + 14, 59 + LINE * k), line, INK, font(14, mono=True))
    lines = [part for line in said for part in textwrap.wrap(line, 82, subsequent_indent="    ", drop_whitespace=True)]
    for k, line in enumerate(lines):
        draw.text((MARGIN + 14, 84 + LINE * (len(code) + k)), line, colour, font(14, mono=True))
    return image


def canvas(title: str) -> tuple[Any, Any]:
    """An empty picture with its heading, and what draws on it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, 18), title, INK, font(17))
    return image, draw


def font(size: int, *, mono: bool = False) -> Any:
    """matplotlib's own fonts, so that every machine draws the same."""
    import matplotlib
    from PIL import ImageFont

    name = "DejaVuSansMono.ttf" if mono else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)
