"""Do the stored numbers come again? A random tenth of all stored nets, trained once more from their seeds."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ._records import RESULTS, Record, blocks, machine
from ._registry import ExperimentError, find
from ._run import arguments_of, job
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
    report: Callable[[str], None] | None = None,
) -> list[Checked]:
    """Train `share` of all stored nets again, cells of the grids drawn at random, and compare.

    What would not be done within `minutes`, by the stored times, is passed over for what would; seed: of the draw,
    another one each time unless given. Raises ExperimentError where nothing is stored.
    """
    folder = Path(folder or RESULTS / "blocks")
    records = [_open(path) for path in sorted(folder.glob("*.json"))]
    drawn = [(record, row) for record in records for row in record.rows]
    if not drawn:
        raise ExperimentError(f"there is nothing to verify in {folder}")
    random.Random(seed).shuffle(drawn)
    nets = share * sum(record.nets for record, _ in drawn)
    ends, done, checked = time.perf_counter() + 60 * minutes, 0, []
    for record, row in drawn:
        if done >= nets:
            break
        if time.perf_counter() + row["seconds"] > ends:
            continue
        checked.append(_check(record, row))
        done += record.nets
        if report:
            one = checked[-1]
            verdict = "as stored" if one.ok else "NOT as stored"
            report(f"{verdict}: {one.record}, {one.cell}: {one.same} of {one.nets} nets have the same numbers")
    return checked


def _open(path: Path) -> Record:
    name, _, times = path.stem.rpartition("_x")
    return blocks(name, int(times), path.parent) if name and times.isdigit() else blocks(path.stem, 1, path.parent)


def _check(record: Record, row: dict[str, Any]) -> Checked:
    data, chosen = record.data, find(record.data["name"])
    cell = (row["name"], row["lr"], row["block"])
    settings, made = data["settings"], data["provenance"]["machine"]
    as_stored = chosen._replace(grid=record.grid, nets=record.nets, updates=settings["updates"])
    arguments = arguments_of(as_stored, cell, 1, "cpu")
    sources = digest(chosen.function.__module__)
    values = job(chosen.function, arguments, sources)["values"]
    nets = zip(*row["values"].values(), strict=True), zip(*values.values(), strict=True)
    same = sum(old == new for old, new in zip(*nets, strict=True))
    exact = made == machine() and data["provenance"]["sources"] == sources
    ok = same == record.nets
    if not exact and record.solved is not None:
        solved = [sum(record.solved(one) for one in v[record.solved.measure]) for v in (row["values"], values)]
        ok = fisher((solved[0], record.nets), (solved[1], record.nets)) >= RARE
    elif not exact:
        low, *_, high = sorted(v for v in record.pooled(row["name"], lr=row["lr"]) if v is not None)
        ok = all(2 * low - high <= value <= 2 * high - low for value in values[record.measure])
    label = f"{row['name']}, rate {row['lr']:g}, block {row['block']}"
    return Checked(data["name"], label, record.nets, same, exact, ok)
