"""A text coloured by the activations of one unit."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..diagrams import number
from ._shell import Explorer, choice, slider


def coloured_text(tokens: Sequence[str], activations: Sequence[float], *, scale: float | None = None) -> str:
    """Text coloured by an activation, as HTML: vermilion for positive, blue for negative, stronger for larger.

    tokens: T strings (the characters of a text, or words); activations: (T,). scale: the activation of full colour, the
    largest magnitude unless given. Each token's number is in its tooltip. ValueError without a token, if the lengths
    differ, or for an activation that is not finite.
    """
    values = np.asarray(activations, float)
    if values.shape != (len(tokens),) or not len(tokens):
        raise ValueError(f"activations must have shape ({len(tokens)},), one for each token, got {values.shape}")
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"activations must be finite, got {values[at]} at position {at + 1}")
    full = scale or float(np.abs(values).max()) or 1.0
    spans = []
    for token, value in zip(tokens, values, strict=True):
        tint = "213,94,0" if value > 0 else "0,114,178"
        text = escape(token).replace("\n", "⏎\n") if token.strip(" ") else token
        strength = min(abs(value) / full, 1.0) * 0.75
        spans.append(
            f'<span title="{number(float(value))}" style="background:rgba({tint},{strength:.2f})">{text}</span>'
        )
    look = "white-space:pre-wrap;font:14px/1.7 'DejaVu Sans Mono',monospace;max-width:60em"
    return f'<div class="lc-text" style="{look}">{_glue(tokens).join(spans)}</div>'


def read_unit(tokens: Sequence[str], activations: np.ndarray, *, unit: int = 1) -> tuple[str, str]:
    """The text coloured by one unit of activations (T, H), counted from 1, and where it is highest and lowest.

    ValueError for activations of another shape, or without that unit.
    """
    values = np.asarray(activations, float)
    if values.ndim != 2 or not 1 <= unit <= values.shape[1]:
        raise ValueError(
            f"activations must have shape ({len(tokens)}, H) with unit {unit} among the H, got {values.shape}"
        )
    values = values[:, unit - 1]
    html = coloured_text(tokens, values.tolist())
    high, low = int(values.argmax()), int(values.argmin())
    where = [f"{number(float(values[t]))} at position {t + 1} ({_context(tokens, t)})" for t in (high, low)]
    return html, f"Unit {unit} is highest, {where[0]}, and lowest, {where[1]}."


def _context(tokens: Sequence[str], t: int) -> str:
    """The token with a little of what stands before it."""
    start = max(0, t - 12) if all(len(token) == 1 for token in tokens) else max(0, t - 2)
    said = _glue(tokens).join(tokens[start : t + 1]).replace("\n", "⏎")
    return ("“…" if start else "“") + said + "”"


def _glue(tokens: Sequence[str]) -> str:
    """What stands between tokens: a blank between words, nothing between letters or where tokens bring their blanks."""
    own = all(len(token) == 1 for token in tokens) or any(token != token.strip() for token in tokens)
    return "" if own else " "


def text_reader(tokens: Sequence[str], activations: np.ndarray | Mapping[str, np.ndarray]) -> Explorer:
    """A text coloured by the activations of one unit, which a slider chooses, from 1; a list chooses among quantities.

    tokens: T strings (a str is taken letter by letter); activations: (T, H), or name -> (T, H).
    ``HTML(widgets.text_reader(tokens, h).figure(unit=7))`` is the still picture. ValueError for what is not of that
    shape.
    """
    given = activations if isinstance(activations, Mapping) else {"h": activations}
    named, tokens = {name: np.asarray(v, float) for name, v in given.items()}, list(tokens)
    shapes = {name: v.shape for name, v in named.items()}
    if not named or any(len(shape) != 2 or shape[0] != len(tokens) for shape in shapes.values()):
        raise ValueError(f"activations must have shape ({len(tokens)}, H), one row a token; got {shapes or 'none'}")
    names, units = list(named), min(v.shape[1] for v in named.values())
    read_unit(tokens, named[names[0]])  # refuses what does not fit

    def draw(unit: int = 1, quantity: str = names[0]) -> tuple[str, str]:
        html, sentence = read_unit(tokens, named[quantity], unit=unit)
        return html, f"{quantity}: {sentence}" if len(names) > 1 else sentence

    def controls() -> dict[str, Any]:
        made: dict[str, Any] = {"unit": slider("unit", 1, 1, units)} if units > 1 else {}
        return made | ({"quantity": choice("quantity", names)} if len(names) > 1 else {})

    return Explorer("text-reader", draw, lambda **settings: draw(**settings)[0], controls)
