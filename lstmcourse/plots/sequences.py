"""Figures of what reaches what: letters that are looked at while others are written, and the rounds of a scan."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from lstmcourse.plots.style import CYCLE, axes, finish, panels, style

FAINT = 0.05  # a weight below it is not drawn


@style()
def threads(
    weights: np.ndarray,
    ax: Axes | None = None,
    *,
    read: str,
    written: str,
    groups: Mapping[str, range],
    title: str = "",
) -> Axes:
    """Attention as threads: what is read above, what is written below, and a line as strong as each weight.

    weights: (N, T), row n what letter n looks at. groups: name -> the places of `written` in one colour; the others are
    grey. ValueError if weights do not fit, or a group holds a place that is not there.
    """
    ax = panels(1, 1, size=(9.2, 3.0))[0, 0] if ax is None else ax
    if np.shape(weights) != (len(written), len(read)):
        raise ValueError(f"weights must have shape ({len(written)}, {len(read)}), got {np.shape(weights)}")
    strange = [n for places in groups.values() for n in places if not 0 <= n < len(written)]
    if strange:
        raise ValueError(f"groups must hold places from 0 to {len(written) - 1}, got {strange[0]}")
    tints = {n: CYCLE[k % len(CYCLE)] for k, places in enumerate(groups.values()) for n in places}
    below = np.linspace(0.18, 0.82, len(written)) * (len(read) - 1)
    for (n, t), weight in np.ndenumerate(weights):
        if weight > FAINT:
            ax.plot([t, below[n]], [0.9, 0.1], color=tints.get(n, "#999999"), lw=4.5 * weight, alpha=0.85, zorder=2)
    seen = {int(t) for n in tints for t in np.flatnonzero(np.asarray(weights)[n] > 0.25)}
    for t, letter in enumerate(read):
        ax.text(t, 1.0, letter, ha="center", va="center", fontsize=13 if t in seen else 11, family="monospace",
                color="black" if t in seen else "#767676", weight="bold" if t in seen else "normal")  # fmt: skip
    for n, letter in enumerate(written):
        tint = tints.get(n, "#767676")
        ax.text(
            below[n], 0.0, letter, ha="center", va="center", fontsize=14, family="monospace", color=tint, weight="bold"
        )
    for name, places in groups.items():
        where = float(np.mean([below[n] for n in places]))
        ax.text(where, -0.16, name, ha="center", va="center", fontsize=9, color=tints[places[0]])
    ax.set_xlim(-0.7, len(read) - 0.3)
    ax.set_ylim(-0.26, 1.12)
    ax.axis("off")
    said = "; ".join(
        f"{name} looks most at " + ", ".join(repr(read[int(np.argmax(np.asarray(weights)[n]))]) for n in places)
        for name, places in groups.items()
    )
    return finish(
        ax,
        "letters read",
        "letters written",
        title,
        f"Threads from {written!r} to the letters of {read!r}: {said}.",
        legend=False,
    )


@style()
def rounds(T: int = 8, ax: Axes | None = None, *, title: str = "") -> Axes:
    """The rounds of a scan over T steps: which two places are joined, and what each knows then."""
    ax = axes(ax)
    levels = [1]
    while levels[-1] < T:
        levels.append(2 * levels[-1])
    for row, reach in enumerate(levels):
        for t in range(T):
            whole = t < reach
            first = max(0, t + 1 - reach) + 1
            text = f"{first}" if first == t + 1 else f"{first}–{t + 1}"
            tint = CYCLE[1] if whole else "#767676"
            ax.text(
                t, -row, text, ha="center", va="center", fontsize=10, color=tint, weight="bold" if whole else "normal"
            )
            if row and t >= levels[row - 1]:
                ax.plot([t - levels[row - 1], t], [1 - row - 0.2, -row + 0.2], color=CYCLE[0], lw=1.4)
            if row:
                ax.plot([t, t], [1 - row - 0.2, -row + 0.2], color="#8A8A8A", lw=1.2)
    names = ["before", *map(str, range(1, len(levels)))]
    ax.set_yticks([-row for row in range(len(levels))], names)
    ax.set_xticks([])
    ax.set_xlim(-0.6, T - 0.4)
    ax.set_ylim(0.4 - len(levels), 0.5)
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    alt = f"After round k each of {T} places knows its last 2^k steps, after {len(levels) - 1} rounds all of them."
    return finish(
        ax,
        "the steps that each place knows, joined from two places of the row above",
        "round",
        title,
        alt,
        legend=False,
    )
