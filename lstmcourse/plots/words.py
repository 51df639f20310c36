"""Figures of sentences and of models that judge them: a padded batch, words in colours, shares with their intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lstmcourse._colours import CONTEXT, OTHERS
from lstmcourse._statistics import wilson
from lstmcourse.plots.style import axes, colour, finish, style

WIDE, GAP = 1.0, 1.1  # in letters: what a word's box has beside the word, and what lies between two boxes


@style()
def shares(
    counts: Mapping[str, tuple[int, int]], ax: Axes | None = None, *, xlabel: str = "right (%)", title: str = ""
) -> Axes:
    """A dot a row for k of n, with the 95 % Wilson interval as a line and the percentage above it.

    counts: name -> (k, n), from the top. ValueError without a row.
    """
    ax = axes(ax)
    if not counts:
        raise ValueError("shares needs at least one row, got none")
    said = []
    for row, (name, (k, n)) in enumerate(counts.items()):
        low, high = (100 * end for end in wilson(k, n))
        ax.plot([low, high], [row, row], color=colour(name, row), lw=5, alpha=0.35, solid_capstyle="butt")
        ax.plot(100 * k / n, row, "o", color=colour(name, row), ms=6)
        ax.text(100 * k / n, row - 0.17, f"{100 * k / n:.1f}", ha="center", va="bottom", fontsize=8.5)
        said.append(f"{name} {100 * k / n:.1f}, interval {low:.1f} to {high:.1f}")
    ax.set_yticks(range(len(counts)), list(counts))
    ax.set_ylim(len(counts) - 0.6, -0.7)
    return finish(ax, xlabel, "", title, f"{xlabel}: {'; '.join(said)}.", legend=False)


@style()
def coloured_words(
    words: Sequence[str], effects: Sequence[float], ax: Axes | None = None, *, width: int = 84, title: str = ""
) -> Axes:
    """A sentence as it is read, each word on a ground as strong as its effect, and the number below it.

    effects: (T,) of T words; one colour for those above 0, another for those below, full where the size is the
    largest here. width: letters on a line. ValueError for another number of effects.
    """
    ax = axes(ax)
    values = np.asarray(effects, float)
    if not len(words) or values.shape != (len(words),):
        raise ValueError(f"effects must hold one number for each of at least one word, got {values.shape}")
    full, x, y = np.abs(values).max() or 1.0, 0.0, 0.0
    shown = [f"{round(float(value), 1) + 0.0:+.1f}".replace("-", "−") for value in values]
    for word, value, below in zip(words, values, shown, strict=True):
        wide = max(len(word), 4) + WIDE
        if x and x + wide > width:
            x, y = 0.0, y + 1
        strength = min(abs(value) / full, 1.0)
        tint = OTHERS[0] if value > 0 else OTHERS[1]
        ax.add_patch(Rectangle((x, y - 0.26), wide, 0.46, color=tint, alpha=0.5 * strength, lw=0))
        ax.text(x + wide / 2, y - 0.03, word, ha="center", va="center", fontsize=10)
        ax.text(x + wide / 2, y + 0.33, below, ha="center", va="center", fontsize=7.5)
        x += wide + GAP
    ax.set_xlim(-0.5, width)
    ax.set_ylim(y + 0.55, -0.45)
    ax.axis("off")
    said = ", ".join(f"{word} {below}" for word, below in zip(words, shown, strict=True))
    return finish(ax, "", "", title, f"Each word with its effect: {said}.", legend=False)


@style()
def padded(sentences: Sequence[Sequence[str]], ax: Axes | None = None, *, title: str = "") -> Axes:
    """A batch of sentences as a layer reads it, a sentence a row: words, then padding, and where each direction ends.

    ValueError without a sentence, or for an empty one.
    """
    ax = axes(ax)
    lengths = [len(sentence) for sentence in sentences]
    if not lengths or not min(lengths):
        raise ValueError(f"padded expects at least one sentence, and a word in each, got lengths {lengths}")
    for row, sentence in enumerate(sentences):
        for t in range(max(lengths)):
            word = t < len(sentence)
            if word:
                ax.add_patch(Rectangle((t - 0.46, row - 0.36), 0.92, 0.72, lw=0, facecolor=OTHERS[0], alpha=0.16))
            tint = "black" if word else CONTEXT
            ax.text(t, row, sentence[t] if word else "0", ha="center", va="center", fontsize=7.5, color=tint)
        ax.plot(len(sentence) - 1, row + 0.36, ">", color=OTHERS[2], ms=6, label="" if row else "forward has read all")
        ax.plot(0, row + 0.36, "<", color=OTHERS[1], ms=6, label="" if row else "backward has read all")
    ax.set_xlim(-0.6, max(lengths) - 0.4)
    ax.set_ylim(len(lengths) - 0.3, -0.6)
    ax.set_xticks(range(max(lengths)))
    ax.set_yticks(range(len(lengths)), [f"sentence {k}" for k in range(len(lengths))])
    ax.grid(False)
    said = ", ".join(str(n) for n in lengths)
    alt = f"{len(lengths)} sentences of {said} words, each filled up with 0 to {max(lengths)} steps. The direction "
    alt += "that reads forward has read all at the last word, the one that reads backward at step 0."
    finish(ax, "step", "", title, alt)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.26), ncols=2)
    return ax
