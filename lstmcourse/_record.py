"""Records: measured figures in one JSON file, with what made them."""

import json
import os
import platform
import subprocess
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import __version__, _files

PACKAGE = Path(__file__).resolve().parent
RESULTS = PACKAGE.parent / "results"
"""Where the committed figures lie in a checkout of the course."""


def write(path: str | Path, record: dict[str, Any]) -> None:
    """Write a record in one step, as `dumps` has it. Raises OSError, and ValueError for nan and infinity."""
    _files.write(path, dumps(record) + "\n")


def provenance(
    command: str, seconds: float, commit: str | None, *, device: str = "cpu", packages: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What made a record: command, versions, commit, the kind of machine (never its name), duration and date.

    commit: as `commit` gave it before the run began. device: where torch computed. packages: whose versions count
    besides torch's and NumPy's; one that is not installed is left out.
    """
    return {
        "command": command,
        "versions": versions("lstmcourse", *packages),
        "commit": commit,
        "machine": machine(device),
        "seconds": round(seconds, 1),
        "date": today(),
    }


def versions(*packages: str) -> dict[str, str]:
    """The versions of Python, torch, NumPy and further packages; one that is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", *packages):
        with suppress(PackageNotFoundError):
            found[package] = __version__ if package == "lstmcourse" else version(package)
    return found


def today() -> str:
    """The date, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def machine(device: str = "cpu") -> dict[str, Any]:
    """What of a machine bears on speed and last digits: system, processor, cores, instructions, BLAS, threads."""
    import numpy as np
    import torch

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "numpy_blas": np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"],
        "device": device if device == "cpu" else torch.cuda.get_device_name(device),
        "threads": torch.get_num_threads(),
    }


def _cpu() -> str:
    """The kind of processor, with family and model where Linux tells them."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if "model name" in fields:
            return f"{fields['model name']} (family {fields.get('cpu family')}, model {fields.get('model')})"
    return platform.processor() or platform.machine()


def commit(package: Path = PACKAGE) -> str | None:
    """The checkout's commit, with " and changes" where the package differs from it; None outside of git."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(package), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()

    try:
        if not git("ls-files", "--", "."):  # a repository that does not hold the package
            return None
        return git("rev-parse", "HEAD") + (" and changes" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def dumps(value: Any, indent: str = "") -> str:
    """JSON with a line for what fits on one, and for any list of numbers, so that figures can be read and compared.

    Raises ValueError for nan and infinity, which JSON does not know.
    """
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
