"""Records: what the blocks of an experiment gave, on disk as results/blocks/NAME.json and in the hand as `Record`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _files, _record
from ._registry import CHOOSING, Cell, Experiment, ExperimentError, Solved, find

BLOCKS = _record.RESULTS / "blocks"
"""Where the committed records of blocks lie in a checkout of the course."""


def cell_of(row: Mapping[str, Any]) -> Cell:
    """The cell of the grid that a row of a record holds."""
    return row["name"], row["lr"], row["block"]


class Record:
    """Every net of every block of one experiment, unsorted: value k of any measure belongs to the same net.

    rows: one for each cell of the grid: name, lr, block (CHOOSING for the one on which rates are chosen), seconds,
    values {measure: [one a net]}. data: all of it as the file holds it, with settings and provenance.
    """

    def __init__(self, data: Mapping[str, Any]):
        self.data = data
        self.rows: list[dict[str, Any]] = data["rows"]
        settings = data["settings"]
        self.grid, self.rates, self.nets = settings["grid"], tuple(settings["rates"]), settings["nets"]
        self.solved = Solved(**settings["solved"]) if settings["solved"] else None
        self.measure, self.pairs = settings["measure"], [tuple(pair) for pair in settings["pairs"]]

    def __repr__(self) -> str:
        return f"Record({self.data['name']}: {len(self.blocks)} blocks of {self.nets} nets, {len(self.grid)} kinds)"

    @property
    def blocks(self) -> list[int]:
        """The blocks in which every cell of the grid is finished, that on which rates are chosen left out."""
        done = set(map(cell_of, self.rows))
        whole = [b for b in sorted({row["block"] for row in self.rows}) if self._cells(b) <= done]
        return [b for b in whole if b != CHOOSING]

    def _cells(self, block: int) -> set[Cell]:
        return {(name, lr, block) for name in self.data["settings"]["names"] for lr in self.rates}

    def rate(self, name: str) -> float:
        """The network's learning rate: the better one on the block of other seeds, the smaller one in a tie."""
        if len(self.rates) == 1:
            return self.rates[0]
        return max(sorted(self.rates), key=lambda lr: self._goodness(name, lr))

    def _goodness(self, name: str, lr: float) -> tuple[float, float]:
        values = self._row(name, lr, CHOOSING)["values"]
        higher = self.solved is not None and self.solved.at_least is not None
        worst = float("-inf") if higher else float("inf")
        measured = sorted(worst if v is None else v for v in values[self.measure])
        middle = measured[len(measured) // 2] if higher else -measured[len(measured) // 2]
        count = sum(self.solved(v) for v in values[self.solved.measure]) if self.solved else 0
        return count, middle

    def _row(self, name: str, lr: float, block: int) -> dict[str, Any]:
        for row in self.rows:
            if cell_of(row) == (name, lr, block):
                return row
        where = f"{name} at rate {lr:g} in block {block}"
        raise ExperimentError(f"{self.data['name']} has no {where}: its names are {', '.join(self.grid)}")

    def values(self, name: str, measure: str | None = None, lr: float | None = None) -> list[list[Any]]:
        """One list for each whole block: the measure of each of its nets, at the network's own rate unless given."""
        lr = self.rate(name) if lr is None else lr
        return [self._row(name, lr, block)["values"][measure or self.measure] for block in self.blocks]

    def pooled(self, name: str, measure: str | None = None, lr: float | None = None) -> list[Any]:
        """The measure of every net of every whole block."""
        return [value for block in self.values(name, measure, lr) for value in block]

    def counts(self, name: str, lr: float | None = None) -> list[tuple[int, int]]:
        """(solved, nets) for each whole block; ExperimentError where nothing says what counts as solved."""
        if self.solved is None:
            raise ExperimentError(f"{self.data['name']} does not say what counts as solved; it compares {self.measure}")
        blocks = self.values(name, self.solved.measure, lr)
        return [(sum(self.solved(v) for v in block), len(block)) for block in blocks]

    @property
    def seconds(self) -> float:
        """What all rows took, added up."""
        return sum(row["seconds"] for row in self.rows)


def path_of(name: str, times: int = 1, folder: str | Path | None = None) -> Path:
    """Where the record lies: NAME.json, or NAME_x3.json for the control with three times the updates."""
    return Path(folder or BLOCKS) / f"{name}{'' if times == 1 else f'_x{times}'}.json"


def blocks(name: str, times: int = 1, folder: str | Path | None = None) -> Record:
    """The record of an experiment; times=3 is the control with three times the updates.

    Raises ExperimentError, with the command to run, where there is no such record or it is damaged.
    """
    path = path_of(name, times, folder)
    command = f"python -m lstmcourse experiments run {name}" + ("" if times == 1 else f" --updates-times {times}")
    if not path.exists():
        find(name)
        raise ExperimentError(f"no results of {name} in {path.parent}: run `{command}`")
    try:
        return Record(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise ExperimentError(f"{path} is damaged ({error}): remove it and run `{command}`") from error


def load(name: str, folder: str | Path | None = None) -> dict[str, Any]:
    """What is stored beside the records of blocks: "bench_cpu", the benchmark's, and "writing": results/NAME.json.

    Raises ExperimentError where there is no such record.
    """
    path = Path(folder or _record.RESULTS) / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExperimentError(f"no results of {name} in {path.parent}") from None
    except ValueError as error:
        raise ExperimentError(f"{path} is damaged ({error})") from error


def settings_of(chosen: Experiment, times: int) -> dict[str, Any]:
    """What decides the numbers, as JSON knows it."""
    settings = {
        "grid": chosen.grid,
        "names": chosen.names(times),
        "updates": chosen.updates * times,
        "updates_times": times,
        "rates": chosen.rates,
        "nets": chosen.nets,
        "solved": chosen.solved and {k: v for k, v in chosen.solved._asdict().items() if v is not None},
        "measure": chosen.measure,
        "pairs": chosen.pairs,
    } | ({"together": True} if chosen.together else {})
    return json.loads(json.dumps(settings))


def machine(device: str = "cpu") -> dict[str, Any]:
    """What the numbers depend on beside the sources: versions, and the kind of machine."""
    kind = _record.machine(device)
    return _record.versions() | {k: v for k, v in kind.items() if k not in ("cores", "threads")}


def write(path: Path, data: Mapping[str, Any]) -> None:
    """The record as a file that appears at once and whole, a row of the grid on a line."""
    rows = ",\n".join("    " + _dumps(row) for row in data["rows"])
    head = ",\n".join(f'  "{key}": {_indented(data[key])}' for key in data if key != "rows")
    text = f'{{\n{head},\n  "rows": [\n{rows}\n  ]\n}}\n'
    _files.write(path, text)


def _indented(value: Any) -> str:
    if not isinstance(value, dict) or len(_dumps(value)) < 100:
        return _dumps(value)
    return "{\n" + ",\n".join(f'    "{key}": {_dumps(entry)}' for key, entry in value.items()) + "\n  }"


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
