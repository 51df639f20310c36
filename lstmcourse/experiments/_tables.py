"""Records as text: what `experiments show` and `experiments status` print, and verdicts as one table."""

import html
from collections.abc import Mapping
from pathlib import Path

from .._display import aligned
from ._records import Record, blocks, cell_of, path_of
from ._registry import EXPERIMENTS, Experiment, ExperimentError
from ._run import seconds_left
from ._sources import digest
from ._verdict import Counts, Verdict, compared, median, numbers, verdict, wilson


def show(record: Record, control: Record | None = None) -> str:
    """A record as a table: a line for each network and rate, then the verdicts on its pairs."""
    data, settings = record.data, record.data["settings"]
    made = data["provenance"]
    lines = [
        f"{data['name']}: {data['title']}",
        f"{len(record.blocks)} blocks of {record.nets} nets, {settings['updates']} updates"
        + (f"; solved: {record.solved}" if record.solved else ""),
        f"{made['date']}, commit {(made['commit'] or 'none (a draft)')[:10]}, torch {made['machine']['torch']}, "
        f"{record.seconds / 60:.0f} min",
    ]
    if not record.blocks:
        return "\n".join([*lines, "no block is finished yet"])
    width = max(map(len, settings["names"]))
    for name in settings["names"]:
        for lr in record.rates:
            own = "*" if len(record.rates) > 1 and lr == _rate(record, name) else " "
            line = f"{name:<{width}} {own}rate {lr:<6g} {_cell(record, name, lr)}"
            if control and name in control.data["settings"]["names"]:
                line += f"; {control.data['settings']['updates']} updates: {_cell(control, name, lr)}"
            lines.append(line)
    if len(record.rates) > 1 and settings["updates_times"] == 1:
        lines.append("* the network's own rate, chosen on other seeds")
    if settings["updates_times"] == 1:
        lines += [str(verdict(record, a, b)) for a, b in record.pairs]
    return "\n".join(lines)


def _rate(record: Record, name: str) -> float | None:
    try:
        return record.rate(name)
    except ExperimentError:  # a control has no block on which to choose
        return None


def _cell(record: Record, name: str, lr: float) -> str:
    middle = median(numbers(record, name, lr))
    told = f"median {record.measure} {middle:.4g}"
    if record.solved is None:
        return told
    counts = record.counts(name, lr)
    solved, nets = sum(k for k, _ in counts), sum(n for _, n in counts)
    low, high = wilson(solved, nets)
    by_block = " ".join(str(k) for k, _ in counts)
    return f"{solved} of {nets} ({100 * low:.0f} to {100 * high:.0f} %; by block {by_block}), {told}"


def status(folder: str | Path | None = None) -> str:
    """How far each experiment is, what is left, and whether its record came from the sources as they are now."""
    lines = []
    for name, chosen in sorted(EXPERIMENTS.items(), key=lambda item: (item[1].notebook, item[0])):
        for times in (1, 3) if chosen.control else (1,):
            lines.append(f"{chosen.notebook}  {path_of(name, times).stem:<28} {_state(chosen, times, folder)}")
    return "\n".join(lines)


def _state(chosen: Experiment, times: int, folder: str | Path | None) -> str:
    order = chosen.cells(times)
    if not path_of(chosen.name, times, folder).exists():
        return f"not begun, {len(order)} cells"
    record = blocks(chosen.name, times, folder)
    done = set(map(cell_of, record.rows))
    left = [cell for cell in order if cell not in done]
    now = record.data["provenance"]["sources"] == digest(chosen.function.__module__)
    sources = "" if now else "; made from other sources than these"
    if not left:
        return f"done, {record.seconds / 60:.0f} min{sources}"
    return (
        f"{len(order) - len(left)} of {len(order)} cells, {seconds_left(left, record.rows) / 60:.0f} min left{sources}"
    )


class Comparisons:
    """Pairs of counts as one table by the one rule: how many of each side, by block, Fisher's p, is there a difference.

    pairs: {label: (counts of one side, of the other)}, each [(solved, nets) of a block, …], as `Record.counts` gives
    them. p is multiplied by the number of pairs. A notebook shows it as a table, `print` as text.
    """

    heads = ("", "solved", "by block", "p", "p × comparisons", "a difference")

    def __init__(self, pairs: Mapping[str, tuple[Counts, Counts]]):
        self.verdicts = {label: compared(*sides, looks=len(pairs)) for label, sides in pairs.items()}
        self.body = [(label, *self._cells(one)) for label, one in self.verdicts.items()]

    @staticmethod
    def _cells(one: Verdict) -> tuple[str, ...]:
        solved = " v ".join("{} of {}".format(*side.pooled) for side in (one.a, one.b))
        by_block = " v ".join(" ".join(str(k) for k, _ in side.counts) for side in (one.a, one.b))
        return solved, by_block, f"{one.p:.1g}", f"{one.p_adjusted:.1g}", "shown" if one.differs else "not shown"

    def __str__(self) -> str:
        return aligned([self.heads, *self.body])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'
        head = "".join(f'<th scope="col" {left}>{h}</th>' if h else "<td></td>" for h in self.heads)
        rows = ""
        for label, *cells in self.body:
            numbers = "".join(f'<td style="text-align:left;white-space:nowrap">{cell}</td>' for cell in cells[:-1])
            numbers += f"<td {left}>{cells[-1]}</td>"
            rows += f'<tr><th scope="row" {left}>{html.escape(label)}</th>{numbers}</tr>'
        caption = "Networks that solved it, the first named v the second; p of Fisher's exact test"
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
