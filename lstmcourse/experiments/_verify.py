"""Do the stored numbers come again? A random tenth of all stored nets, trained once more from their seeds."""

import os
import random
from collections.abc import Callable
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any, NamedTuple

from ..data import DataUnavailable
from . import _run
from ._records import BLOCKS, Record, blocks, cell_of, machine
from ._registry import Experiment, ExperimentError, find
from ._sources import digest
from ._verdict import fisher

RARE = 0.001  # below this chance, counts from another machine are called different


class Checked(NamedTuple):
    """One cell of a grid, trained again: how many nets gave the same numbers, and whether that is as it should be.

    exact: made by the same sources and versions on the same kind of machine, so that the numbers must be the same; else
    the counts of solved nets must be such as chance allows, or the measure no further from the stored ones than
    these are apart.
    """

    record: str
    cell: str
    nets: int
    same: int
    exact: bool
    ok: bool


def verify(
    folder: str | Path | None = None,
    *,
    share: float = 0.1,
    minutes: float = 20.0,
    seed: int | None = None,
    workers: int | None = None,
    report: Callable[[str], None] | None = None,
) -> list[Checked]:
    """Train `share` of all stored nets again, cells of the grids drawn at random, and compare.

    What would take all processes together more than `minutes`, by the stored times, is passed over for what would not,
    and so is a record whose data are not on this machine.
    seed: of the draw, another one each time unless given. workers: processes, one a core unless given.
    Raises ExperimentError where nothing is stored.
    """
    folder = Path(folder or BLOCKS)
    records = [_open(path) for path in sorted(folder.glob("*.json"))]
    stored = [(record, rows) for record in records for rows in _portions(record)]
    if not stored:
        raise ExperimentError(f"there is nothing to verify in {folder}")
    random.Random(seed).shuffle(stored)
    count = workers or os.cpu_count() or 1
    nets, seconds, drawn = share * sum(record.nets * len(rows) for record, rows in stored), 60 * minutes * count, []
    for record, rows in stored:
        takes = sum(row["seconds"] for row in rows)
        if nets > 0 and takes < seconds:
            drawn.append((record, rows))
            nets, seconds = nets - record.nets * len(rows), seconds - takes
    checked = []
    with _run._executor(None, count) as executor:
        futures = {executor.submit(_run.job, *_again(record, rows)): (record, rows) for record, rows in drawn}
        for future in as_completed(futures):
            record, rows = futures[future]
            try:
                trained = future.result()
            except DataUnavailable as missing:
                if report:
                    report(f"passed over: {record.data['name']}: {missing}")
                continue
            for row, again in zip(rows, trained, strict=True):
                one = _compared(record, row, again["values"])
                checked.append(one)
                if report:
                    verdict = "as stored" if one.ok else "NOT as stored"
                    report(f"{verdict}: {one.record}, {one.cell}: {one.same} of {one.nets} nets have the same numbers")
    return checked


def _open(path: Path) -> Record:
    name, _, times = path.stem.rpartition("_x")
    return blocks(name, int(times), path.parent) if name and times.isdigit() else blocks(path.stem, 1, path.parent)


def _as_stored(record: Record) -> Experiment:
    """The experiment of today with the settings of the record."""
    settings = record.data["settings"]
    return find(record.data["name"])._replace(
        grid=record.grid, nets=record.nets, updates=settings["updates"], together=settings.get("together", False)
    )


def _portions(record: Record) -> list[list[dict[str, Any]]]:
    """The record's rows by the jobs that computed them."""
    rows = {cell_of(row): row for row in record.rows}
    return [[rows[cell] for cell in cells] for cells in _as_stored(record).jobs(list(rows))]


def _again(record: Record, rows: list[dict[str, Any]]) -> tuple[Callable[..., Any], dict[str, Any], str]:
    """The job that computed these rows."""
    chosen = _as_stored(record)
    arguments = _run.arguments_of(chosen, list(map(cell_of, rows)), 1, "cpu")
    return chosen.function, arguments, digest(chosen.function.__module__)


def _compared(record: Record, row: dict[str, Any], values: dict[str, list]) -> Checked:
    made = record.data["provenance"]
    sources = digest(find(record.data["name"]).function.__module__)
    nets = zip(*row["values"].values(), strict=True), zip(*values.values(), strict=True)
    same = sum(old == new for old, new in zip(*nets, strict=True))
    exact = made["machine"] == machine() and made["sources"] == sources
    ok = same == record.nets
    if not exact and record.solved is not None:
        solved = [sum(record.solved(one) for one in v[record.solved.measure]) for v in (row["values"], values)]
        ok = fisher((solved[0], record.nets), (solved[1], record.nets)) >= RARE
    elif not exact:
        low, *_, high = sorted(v for v in record.pooled(row["name"], lr=row["lr"]) if v is not None)
        ok = all(2 * low - high <= value <= 2 * high - low for value in values[record.measure])
    label = f"{row['name']}, rate {row['lr']:g}, block {row['block']}"
    return Checked(record.data["name"], label, record.nets, same, exact, ok)
