"""Experiments by name: run one, keep its figures with their provenance, load them again."""

import inspect
import json
import os
import platform
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "results"
"""Where the committed figures lie in a checkout of the course."""

BENCHMARK = "bench_cpu"  # a record that no experiment wrote, but the benchmark


class Experiment(NamedTuple):
    """One registered experiment: its settings are the function's keyword defaults, its result is what JSON can hold."""

    name: str
    notebook: str
    title: str
    function: Callable[..., dict[str, Any]]

    @property
    def settings(self) -> dict[str, Any]:
        return {name: p.default for name, p in inspect.signature(self.function).parameters.items()}


EXPERIMENTS: dict[str, Experiment] = {}


class ExperimentError(Exception):
    """An experiment, or its result, is not there or cannot be used; the text says what to do."""


def experiment(notebook: str, title: str) -> Callable:
    """Register the decorated function under its own name; all its arguments have defaults: the published settings."""

    def register(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        EXPERIMENTS[function.__name__] = Experiment(function.__name__, notebook, title, function)
        return function

    return register


def find(name: str) -> Experiment:
    """The experiment of that name, or an ExperimentError that lists the names."""
    if name not in EXPERIMENTS:
        raise ExperimentError(f"experiment must be one of {', '.join(sorted(EXPERIMENTS))}, got {name!r}")
    return EXPERIMENTS[name]


def run(name: str, folder: str | Path | None = None, **settings: Any) -> dict[str, Any]:
    """Run an experiment and write its figures to `folder`/NAME.json; returns what was written.

    settings: in place of the defaults. folder: the checkout's results/ unless given. The file appears at once and
    whole at the end; Ctrl-C writes nothing. Raises ExperimentError, before anything is run, for an unknown
    name or setting, a value that is no positive number (a seed may be 0) of the default's kind, and a folder that
    cannot be written.
    """
    chosen = find(name)
    for key, value in settings.items():
        _check_setting(chosen, key, value)
    folder = Path(folder or FOLDER)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ExperimentError(f"folder must be one that can be written, got {folder} ({error.strerror})") from error
    commit, began = _commit(), time.perf_counter()
    result = chosen.function(**settings)
    seconds = time.perf_counter() - began
    record = {
        "name": name,
        "notebook": chosen.notebook,
        "title": chosen.title,
        "settings": chosen.settings | settings,
        "provenance": provenance(
            f"python -m lstmcourse experiments run {shlex.quote(name)}", settings, commit, seconds
        ),
        "result": result,
    }
    _write(folder / f"{name}.json", record)
    return record


def _check_setting(chosen: Experiment, name: str, value: Any) -> None:
    """ExperimentError unless the experiment has the setting and the value is of its default's kind and range."""
    if name not in chosen.settings:
        raise ExperimentError(f"settings of {chosen.name} are {', '.join(chosen.settings)}, got {name}")
    default = chosen.settings[name]
    example, values = (default[0], value) if isinstance(default, tuple) else (default, [value])

    def fits(number: Any) -> bool:
        if isinstance(number, bool) or not isinstance(number, int if isinstance(example, int) else int | float):
            return False
        return number > 0 or (name == "seed" and number == 0)

    if not (isinstance(values, list | tuple) and values and all(map(fits, values))):
        least = "not negative" if name == "seed" else "positive"
        raise ExperimentError(f"{name} must be {least} and of the kind of its default {default}, got {value!r}")


def load(name: str, folder: str | Path | None = None) -> dict[str, Any]:
    """The record of an experiment run before: name, settings, provenance and result, as `run` wrote them.

    "bench_cpu" is the record of the benchmark: provenance and results, as `python -m lstmcourse bench` wrote them.
    Raises ExperimentError, with the command to run, where there is no such record.
    """
    path = Path(folder or FOLDER) / f"{name}.json"
    command = f"bench --json {path}" if name == BENCHMARK else f"experiments run {find(name).name}"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExperimentError(f"no results of {name} in {path.parent}: run `python -m lstmcourse {command}`") from None
    except ValueError as error:
        raise ExperimentError(f"{path} is damaged ({error}): run `python -m lstmcourse {command}` again") from error


def provenance(command: str, settings: dict[str, Any], commit: str | None, seconds: float) -> dict[str, Any]:
    """What made a record: command, versions, commit, the kind of machine (never its name), duration, date."""
    import torch

    return {
        "command": command + "".join(f" --set {name}={json.dumps(value)}" for name, value in settings.items()),
        "versions": {"python": platform.python_version(), **{k: _version(k) for k in ("lstmcourse", "torch", "numpy")}},
        "commit": commit,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "device": "cpu",
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "seconds": round(seconds, 1),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def _version(package: str) -> str:
    if package == "lstmcourse":
        from .. import __version__

        return __version__
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str | None:
    """The checkout's commit, with " and changes" when what an experiment runs differs from it; None outside of git."""
    root = FOLDER.parent

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.strip()

    try:
        parts = [f"lstmcourse/{part}" for part in ("nn", "tasks", "training.py", "ensemble.py", "experiments")]
        changes = git("status", "--porcelain", "--untracked-files=no", "--", *parts)
        return git("rev-parse", "HEAD") + (" and changes" if changes else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _write(path: Path, record: dict[str, Any]) -> None:
    handle, part = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(dumps(record) + "\n")
        os.chmod(part, 0o644)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)


def dumps(value: Any, indent: str = "") -> str:
    """JSON with a line for what fits on one, and for any list of numbers, so that figures can be read and compared."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    nested = isinstance(value, (dict, list)) and not (isinstance(value, list) and _is_plain(value))
    if len(indent) + len(flat) <= 110 or not nested:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(str(key))}: {dumps(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + indent + "}"
    return "[\n" + ",\n".join(inner + dumps(entry, inner) for entry in value) + "\n" + indent + "]"


def _is_plain(values: list[Any]) -> bool:
    return not any(isinstance(value, dict | list | tuple) for value in values)
