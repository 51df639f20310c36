"""Figures of records: rates by block with their interval, and a grid of cells and tasks."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

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


def solved_rates(tasks: Sequence[str], folder: str | Path | None = None) -> tuple[list[str], np.ndarray]:
    """The cells of several experiments with the same grid, and the rate of each on each: names and (cells, tasks).

    Each cell at the learning rate at which more of its nets solve it: the few nets on which rates are chosen may choose
    the worse one. NaN for an experiment without a finished block.
    """
    names: list[str] = []
    columns: list[dict[str, float]] = []
    for task in tasks:
        try:
            record = blocks(task, 1, folder)
        except ExperimentError:
            columns.append({})
            continue
        names = names or list(record.grid)
        counts = {name: [record.counts(name, lr) for lr in record.rates] for name in names} if record.blocks else {}
        shares = {name: [sum(k for k, _ in c) / sum(n for _, n in c) for c in each] for name, each in counts.items()}
        columns.append({name: max(each) for name, each in shares.items()})
    return names, np.array([[column.get(name, np.nan) for column in columns] for name in names])


ODYSSEY = ("counting", "reber", "adding", "intervals", "copying")
"""The tasks of the grid of variants: odyssey_counting and so on."""


def odyssey_map(
    marked: Collection[tuple[str, str]] = (),
    more: Mapping[str, Mapping[str, float]] | None = None,
    folder: str | Path | None = None,
) -> "Axes":
    """The grid of variants as a heat map: cells by tasks, the share of networks that solve each, at the better rate.

    Each base stands with its variants, the other cells by themselves. A task without a finished record is left out.
    marked: (cell, task) to be framed; of tasks that are left out, they are dropped. more: further tasks, the share of
    each cell that was tried. ExperimentError without a record.
    """
    from .. import plots

    names, rates = solved_rates([f"odyssey_{task}" for task in ODYSSEY], folder)
    there = [k for k in range(rates.shape[1]) if np.isfinite(rates[:, k]).any()] if names else []
    if not there:
        raise ExperimentError("no record of the grid: run `python -m lstmcourse experiments run odyssey_counting`")
    columns = {ODYSSEY[k]: rates[:, k] for k in there}
    columns |= {task: np.array([share.get(name, np.nan) for name in names]) for task, share in (more or {}).items()}
    record = blocks(f"odyssey_{ODYSSEY[there[0]]}", 1, folder)
    groups = {f"{base} and its variants": 1 + len(cells) for base, cells in BASES.items()} | {"others": len(OTHERS)}
    return plots.heatmap(
        np.column_stack(list(columns.values())),
        plots.panels(size=(3.2 + 0.95 * len(columns), 7.2))[0, 0],
        rows=names, cols=list(columns), groups=groups, limits=(0.0, 1.0), label="networks that solve it",
        marked=[(cell, task) for cell, task in marked if task in columns],
        title="" if more else f"{record.nets * len(record.blocks)} networks a field",
    )  # fmt: skip
