"""Piano rolls: the keys that sound against time, and what a model expects of each key."""

from collections.abc import Sequence

import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes

from lstmcourse.plots.style import CYCLE, axes, finish, style

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
VOICES = ("bass", "tenor", "alto", "soprano")


def name_of(number: int) -> str:
    """A key's name with its octave from its MIDI number: 60 is C4."""
    return f"{NAMES[number % 12]}{number // 12 - 1}"


@style()
def piano_roll(
    roll: np.ndarray,
    ax: Axes | None = None,
    *,
    expected: np.ndarray | None = None,
    lowest: int = 21,
    bars: int = 0,
    keys: tuple[int, int] | None = None,
    xlabel: str = "quarter",
    title: str = "",
) -> Axes:
    """Which keys sound in each frame. roll (T, K) bool; lowest: the MIDI number of its first key.

    In a frame of four keys each voice has its colour, from the bass upwards; other frames are grey. expected (T, K):
    what a model expects of each key before it hears the frame, shaded behind. bars: a line after so many frames. keys:
    the lowest and the highest number that are drawn. ValueError for arrays of different shapes.
    """
    ax = axes(ax)
    roll = np.asarray(roll, bool)
    if expected is not None and np.shape(expected) != roll.shape:
        raise ValueError(f"expected must have the roll's shape {roll.shape}, got {np.shape(expected)}")
    T, K = roll.shape
    if expected is not None:
        edges = np.arange(T + 1) + 0.5, np.arange(lowest, lowest + K + 1) - 0.5
        ax.pcolormesh(*edges, np.asarray(expected, float).T, cmap="Greys", vmin=0, vmax=1, rasterized=True)
    four = roll.sum(axis=1) == len(VOICES)
    rank = np.where(four[:, None] & roll, roll.cumsum(axis=1), 0)
    _boxes(ax, roll & ~four[:, None], lowest, "#8A8A8A", "")
    for k, voice in enumerate(VOICES):
        _boxes(ax, rank == k + 1, lowest, CYCLE[(0, 1, 2, 4)[k]], voice)
    for t in range(bars, T, bars) if bars else ():
        ax.axvline(t + 0.5, color="#555555", lw=1, ls=(0, (1, 2)))
    sounding = np.flatnonzero(roll.any(axis=0)) + lowest
    low, high = keys or ((sounding[0], sounding[-1]) if len(sounding) else (60, 72))
    ax.set_ylim(low - 1, high + 1)
    ax.set_xlim(0.5, T + 0.5)
    ax.set_yticks([n for n in range(low - 1, high + 2) if n % 12 in (0, 7)])
    ax.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda n, _: name_of(int(n))))
    ax.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    said = f"{T} frames with {roll.sum(axis=1).mean():.1f} keys on average, from {name_of(low)} to {name_of(high)}."
    drawn = finish(ax, xlabel, "key", title, f"Piano roll: {said}", legend=False)
    if four.any():
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), reverse=True)
    return drawn


def _boxes(ax: Axes, roll: np.ndarray, lowest: int, colour: str, label: str) -> None:
    """A box for each tone; one that sounds on is one box."""
    edges = np.diff(np.pad(roll.astype(np.int8), ((1, 1), (0, 0))), axis=0).T
    spans: list[tuple[int, Sequence[tuple[float, float]]]] = []
    for key, edge in enumerate(edges):
        begins, ends = np.flatnonzero(edge > 0), np.flatnonzero(edge < 0)
        if len(begins):
            spans.append((key, [(b + 0.56, e - b - 0.12) for b, e in zip(begins, ends, strict=True)]))
    for n, (key, boxes) in enumerate(spans):
        ax.broken_barh(boxes, (key + lowest - 0.4, 0.8), color=colour, label=label if n == 0 else None, lw=0)
