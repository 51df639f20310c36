"""Figures of records: rates by block with their interval, and a grid of cells and tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..limits import TITLES
from ._records import Record, blocks
from ._registry import ExperimentError
from ._verdict import wilson
from .odyssey import BASES, OTHERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rates_by_block(record: Record, names: Sequence[str] | None = None, title: str = "") -> "Axes":
    """One row a network: a dot for the rate of each block, a bar for the interval of all nets, a tick for their rate.

    names: which, in this order; all of the record's unless given. Each at its own learning rate.
    """
    from .. import plots

    names = list(names or record.grid)
    ax = plots.panels(size=(7.5, 0.9 + 0.42 * len(names)))[0, 0]
    said = []
    for row, name in enumerate(names):
        counts = record.counts(name)
        solved, nets = sum(k for k, _ in counts), sum(n for _, n in counts)
        low, high = wilson(solved, nets)
        rates = np.sort([k / n for k, n in counts])
        twins = [int((rates[:k] == rate).sum()) for k, rate in enumerate(rates)]
        ax.plot([low, high], [row, row], color="#8A8A8A", lw=6, alpha=0.35, solid_capstyle="butt")
        ax.plot([solved / nets] * 2, [row - 0.3, row + 0.3], color="#8A8A8A", lw=2)
        ax.plot(rates, row + 0.12 * np.array(twins), "o", color="#6A51A3", ms=5, mec="white", mew=0.5)
        parts = ", ".join(str(k) for k, _ in counts)
        said.append(f"{name}: {solved} of {nets}, interval {low:.0%} to {high:.0%}, by block {parts}")
    ax.set_yticks(range(len(names)), names)
    ax.set_xlim(-0.03, 1.03)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return plots.finish(
        ax, f"nets with {record.solved}", "", title, f"Rates by block. {'; '.join(said)}.", legend=False
    )


def best_counts(record: Record) -> dict[str, list[tuple[int, int]]]:
    """(solved, nets) block by block, of every network at the learning rate at which more of its nets solve the task.

    The few nets on which rates are chosen may choose the worse one.
    """
    solved = lambda blocks: sum(k for k, _ in blocks)
    return {name: max((record.counts(name, lr) for lr in record.rates), key=solved) for name in record.grid}


ODYSSEY = {
    "counting": "accept aⁿbⁿ for n beyond the 10 of training: hold a number that grows",
    "reber": "name one letter again after 5 to 36 others: keep one of two things",
    "adding": "add two marked numbers out of 50: store their sum, and keep the others out",
    "intervals": "fire again after the interval of the last two pulses: tell times apart by one step",
    "copying": "repeat three letters ten steps later: keep several things, in order",
}
"""The tasks of the grid of variants, odyssey_counting and so on, and what each asks of a cell."""


def odyssey(folder: str | Path | None = None) -> dict[str, Record]:
    """The records of the grid that have a finished block: task -> record. ExperimentError where there is none."""
    found = {}
    for task in ODYSSEY:
        try:
            record = blocks(f"odyssey_{task}", 1, folder)
        except ExperimentError:
            continue
        if record.blocks:
            found[task] = record
    if not found:
        raise ExperimentError("no record of the grid: run `python -m lstmcourse experiments run odyssey_counting`")
    return found


def odyssey_map(signs: Mapping[tuple[str, str], int] | None = None, folder: str | Path | None = None) -> "Axes":
    """The grid of variants as a heat map: cells by tasks, the share of networks that solve each, at the better rate.

    Each base stands first, then its variants, the best at the first task on top; the other cells by themselves. A task
    without a finished record is left out. signs: (cell, task) -> 1 where the cell was shown to be ahead of its base,
    -1 where behind, 0 otherwise. ExperimentError without a record.
    """
    from .. import plots

    records = odyssey(folder)
    counts = [best_counts(record) for record in records.values()]
    share = {cell: [sum(k for k, _ in of[cell]) / sum(n for _, n in of[cell]) for of in counts] for cell in counts[0]}
    best = lambda cells: sorted(cells, key=lambda cell: [-rate for rate in share[cell]])
    groups = {f"{TITLES[base]} and its variants": [base, *best(cells)] for base, cells in BASES.items()}
    groups["other cells"] = best(OTHERS)
    order = [cell for cells in groups.values() for cell in cells]
    arrow = {1: "▲", -1: "▼"}
    return plots.heatmap(
        np.array([share[cell] for cell in order]),
        plots.panels(size=(4.6 + 1.0 * len(records), 7.2))[0, 0],
        rows=[TITLES[cell] for cell in order],
        cols=list(records),
        groups={name: len(cells) for name, cells in groups.items()},
        limits=(0.0, 1.0),
        label="networks that solve it",
        title="Who solves what; ▲ ahead of its base, ▼ behind" if signs else "",
        notes={(TITLES[cell], task): arrow[sign] for (cell, task), sign in (signs or {}).items() if sign},
    )
