"""Running an experiment: cell by cell of its grid, over processes of this machine or of a cluster, and resumable."""

import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import connection
from pathlib import Path
from typing import Any

from .. import _record
from . import _sources
from ._common import firsts, plain
from ._records import Record, blocks, cell_of, machine, path_of, settings_of, write
from ._registry import CHOOSING, Cell, Experiment, ExperimentError, find


def run(
    name: str,
    *,
    blocks: int | None = None,
    updates_times: int = 1,
    device: str = "cpu",
    workers: int | None = None,
    scheduler: str | None = None,
    folder: str | Path | None = None,
    draft: bool = False,
    report: Callable[[str], None] | None = None,
) -> Record:
    """Run what is missing of an experiment's blocks and return the record; results/blocks/NAME.json holds it.

    The file is rewritten, at once and whole, after each finished cell of the grid, so that a run that is killed loses
    the cells in progress and the next call goes on from there.

    blocks: how many, the experiment's own number unless given; with several rates, the block on which they are chosen
    comes before them. updates_times: 3 for the control with three times the updates, on the experiment's `control`.
    workers: processes, one thread each; as many as the machine has cores unless given. scheduler: the address of a
    Dask scheduler, whose workers are used instead. draft: from a tree with changes, into another folder than the
    checkout's. report: gets a line after each cell, with an estimate of the time left.

    Raises ExperimentError, before anything is run, for an unknown name, numbers below 1, a folder that cannot be
    written, a tree that is not clean, and a record of other settings, sources or versions.
    """
    chosen = find(name)
    for argument, value in (("blocks", blocks), ("updates_times", updates_times), ("workers", workers)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ExperimentError(f"{argument} must be an integer of at least 1, got {value!r}")
    if chosen.together and blocks not in (None, chosen.blocks):
        raise ExperimentError(f"blocks must be {chosen.blocks}, since {name} trains them together, got {blocks}")
    if updates_times > 1 and not chosen.control:
        raise ExperimentError(f"{name} has no control: its description names no cell to be trained for longer")
    path = path_of(name, updates_times, folder)
    data = _open(path, chosen, updates_times, device, draft)
    names, done = chosen.names(updates_times), set(map(cell_of, data["rows"]))
    todo = [cell for cell in chosen.cells(updates_times, blocks) if cell not in done]
    count = workers or os.cpu_count() or 1
    for cells, rows in _results(chosen, todo, updates_times, device, data["provenance"]["sources"], count, scheduler):
        for cell, row in zip(cells, rows, strict=True):
            data["rows"].append(dict(zip(("name", "lr", "block"), cell, strict=True)) | row)
            todo.remove(cell)
        data["rows"].sort(key=lambda row: (row["block"], names.index(row["name"]), chosen.rates.index(row["lr"])))
        data["provenance"]["date"] = _record.today()
        write(path, data)
        if report:
            report(_progress(cells, rows, todo, data["rows"], 1 if scheduler else count))
    return Record(data)


def _open(path: Path, chosen: Experiment, times: int, device: str, draft: bool) -> dict[str, Any]:
    """The record so far, or a new one; ExperimentError where this run may not write or continue it."""
    tree, home = _sources.tree(), path_of(chosen.name).parent
    if draft and path.parent.resolve() == home.resolve():
        raise ExperimentError(f"a draft must go to a folder of its own, got {path.parent}")
    if not draft and (tree.commit is None or tree.changes):
        what = f"{tree.changes[0]} is changed" if tree.changes else "this is no git checkout"
        raise ExperimentError(f"only a clean tree makes a record, and {what}: commit, or make a draft elsewhere")
    sources = _sources.digest(chosen.function.__module__)
    new: dict[str, Any] = {
        "name": chosen.name,
        "notebook": chosen.notebook,
        "title": chosen.title,
        "settings": settings_of(chosen, times),
        "provenance": {
            "command": f"python -m lstmcourse experiments run {chosen.name}"
            + ("" if times == 1 else f" --updates-times {times}"),
            "commit": None if draft else tree.commit,
            "draft": draft,
            "sources": sources,
            "machine": machine(device),
            "date": _record.today(),
        },
        "rows": [],
    }
    if path.exists():
        old = blocks(chosen.name, times, path.parent).data
        for what, one, other in (
            ("settings", old["settings"], new["settings"]),
            ("sources", old["provenance"]["sources"], sources),
            ("machine or versions", old["provenance"]["machine"], new["provenance"]["machine"]),
        ):
            if one != other and old["rows"]:
                commit = old["provenance"]["commit"]
                raise ExperimentError(
                    f"{path} was begun with other {what}: go on at commit {commit}, or remove the file to begin anew"
                )
        new = dict(old) if old["rows"] else new
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise ExperimentError(
            f"folder must be one that can be written, got {path.parent} ({error.strerror})"
        ) from error
    return new


def _results(
    chosen: Experiment, todo: list[Cell], times: int, device: str, sources: str, workers: int, scheduler: str | None
) -> Iterator[tuple[list[Cell], list[dict[str, Any]]]]:
    """Each job's cells with their values, as they are finished. A worker that dies costs its jobs a second try."""
    left, tries = chosen.jobs(todo), 3
    while left:
        with _executor(scheduler, min(workers, len(left))) as executor:
            futures: dict[Future, list[Cell]] = {}
            for cells in left:
                arguments = arguments_of(chosen, cells, times, device)
                futures[executor.submit(job, chosen.function, arguments, sources)] = cells
            try:
                for future in as_completed(futures):
                    rows = future.result()
                    left.remove(futures[future])
                    tries = 3
                    yield futures[future], rows
            except BrokenExecutor:
                tries -= 1
                if not tries:
                    raise ExperimentError("three worker processes died one after the other: out of memory?") from None
            except BaseException:
                for future in futures:
                    future.cancel()
                raise


def arguments_of(chosen: Experiment, cells: list[Cell], times: int, device: str) -> dict[str, Any]:
    """The keyword arguments with which the experiment's function computes one of its `jobs`."""
    name, lr, _ = cells[0]
    seeds, updates = tuple(chosen.seed(block) for _, _, block in cells), chosen.updates * times
    seed = seeds if chosen.together else seeds[0]
    return dict(chosen.grid[name]) | {
        "n": chosen.nets, "seed": seed, "updates": updates, "lr": lr, "device": device
    }  # fmt: skip


def job(function: Callable[..., dict[str, list]], arguments: dict[str, Any], sources: str) -> list[dict[str, Any]]:
    """One job, in a worker: {"seconds": …, "values": {measure: one a net}} for each of its cells."""
    import torch

    if _sources.digest(function.__module__) != sources:
        raise ExperimentError("this worker has other sources than the one that submits: install the same commit there")
    torch.set_num_threads(1)
    began = time.perf_counter()
    values = {measure: plain(column, 6) for measure, column in function(**arguments).items()}
    n, blocks = arguments["n"], len(firsts(arguments["seed"]))
    for measure, column in values.items():
        if len(column) != n * blocks:
            raise ExperimentError(f"{measure} must have a value for each of {n * blocks} nets, got {len(column)}")
    seconds = round((time.perf_counter() - began) / blocks, 1)
    return [
        {"seconds": seconds, "values": {measure: column[k * n : (k + 1) * n] for measure, column in values.items()}}
        for k in range(blocks)
    ]


@contextmanager
def _executor(scheduler: str | None, workers: int) -> Iterator[Executor]:
    """Processes of this machine, or the workers of a Dask cluster; both take `submit` and give futures."""
    if scheduler is None:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_attend)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ExperimentError(f'{error}: --scheduler needs Dask, pip install "lstmcourse[cluster]"') from None
    with Client(scheduler, timeout=30) as client:
        threads = [worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()]
        if any(count != 1 for count in threads):
            raise ExperimentError(f"Dask workers must have one thread each (--nthreads 1), got {threads}")
        yield client.get_executor(pure=False)


def _attend() -> None:
    """In a worker process: Ctrl-C is the parent's affair, and where the parent has died there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    assert parent is not None
    end = parent.sentinel

    def watch() -> None:
        connection.wait([end])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _progress(
    cells: list[Cell], done: list[dict[str, Any]], todo: list[Cell], rows: list[dict[str, Any]], workers: int
) -> str:
    name, lr, block = cells[0]
    left = seconds_left(todo, rows) / workers
    where = "all blocks" if len(cells) > 1 else "rates" if block == CHOOSING else f"block {block}"
    seconds = sum(row["seconds"] for row in done)
    finished = f"{where}, {name}, rate {lr:g}: {seconds:.0f} s"
    return (
        f"{finished}; {len(todo)} cells left, about {left / 60:.0f} min" if todo else f"{finished}; all cells are done"
    )


def seconds_left(todo: list[Cell], rows: list[dict[str, Any]]) -> float:
    """What the cells will take, one after the other: as long as the same network did, or else the mean of all."""
    if not rows:
        return float("nan")
    overall = sum(row["seconds"] for row in rows) / len(rows)
    took: dict[str, list[float]] = {}
    for row in rows:
        took.setdefault(row["name"], []).append(row["seconds"])
    means = {name: sum(seconds) / len(seconds) for name, seconds in took.items()}
    return sum(means.get(name, overall) for name, _, _ in todo)
