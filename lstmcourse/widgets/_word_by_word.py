"""A sentence of one's own, and what a model makes of it word by word."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import plots
from .._colours import CONTEXT, OTHERS
from ..diagrams import number
from ._shell import Explorer, line_of_text

Read = Callable[[str], tuple[Sequence[str], np.ndarray, np.ndarray]]
MOST, LONGEST = 30, 12  # words that have room side by side, and letters of one below each other


def word_by_word(
    read: Read, text: str, *, running: str = "score so far", effect: str = "effect of hiding it"
) -> Explorer:
    """Type a sentence and see a model's score after each word, and how much each word counts.

    read(text) -> the words, the scores after 1, 2, … T words (T,), and each word's effect on the last one (T,).
    text: what stands there at first. running, effect: what the two are, for the axes. Of a longer text the first 30
    words are drawn. ``plots.show(widgets.word_by_word(read, text).figure())`` is the still picture. Raises what `read`
    does, and ValueError for numbers of another shape.
    """

    def painted(text: str) -> tuple[np.ndarray, str]:
        if not text.strip():
            raise ValueError("type a word")
        axes = plots.panels(1, 2, size=(9.6, 3.6))
        figure = axes[0, 0].figure
        figure.set_layout_engine(None)  # finding a layout at every letter takes longer than drawing
        figure.subplots_adjust(left=0.07, right=0.99, bottom=0.28, top=0.97, wspace=0.18)
        with plots.style():
            return axes, paint_words(axes, *read(text), running=running, effect=effect)

    def draw(text: str) -> tuple[bytes, str]:
        axes, said = painted(text)
        return plots.png(axes[0, 0], small=False), said

    controls: Callable[[], dict[str, Any]] = lambda: dict(text=line_of_text("your sentence", text))
    return Explorer("word-by-word", draw, lambda text: painted(text)[0], controls)


def paint_words(
    axes: np.ndarray, words: Sequence[str], scores: np.ndarray, effects: np.ndarray, *, running: str, effect: str
) -> str:
    """Two panels: the scores after each word as a line, and the words' effects as bars. Returns what they show.

    ValueError for numbers of another shape than the words'.
    """
    scores, effects, n = np.asarray(scores, float), np.asarray(effects, float), len(words)
    if not n or scores.shape != (n,) or effects.shape != (n,):
        got = f"got {scores.shape} and {effects.shape}"
        raise ValueError(f"scores and effects must have shape ({n},), one number for each of at least one word, {got}")
    place = np.arange(1, min(n, MOST) + 1)
    left, right = axes.flat
    left.plot(place, scores[:MOST], color=OTHERS[0], marker="o", ms=4)
    up = effects[:MOST] >= 0
    right.bar(place[up], effects[:MOST][up], color=OTHERS[0], hatch="//", edgecolor="white")
    right.bar(place[~up], effects[:MOST][~up], color=OTHERS[1])
    for ax, label in ((left, running), (right, effect)):
        ax.axhline(0, color=CONTEXT, lw=1)
        ax.set_xticks(place, [word[:LONGEST] for word in words[:MOST]], rotation=60, ha="right", rotation_mode="anchor")
        plots.finish(ax, "", label, "", "", legend=False)
    most = int(np.abs(effects).argmax())
    said = f"The score ends at {number(scores[-1])}; “{words[most]}” counts most, {number(effects[most])}."
    left.alt = f"{running}: " + ", ".join(f"{w} {number(s)}" for w, s in zip(words[:MOST], scores, strict=False)) + "."
    right.alt = f"{effect}: " + ", ".join(f"{w} {number(e)}" for w, e in zip(words[:MOST], effects, strict=False)) + "."
    return said
