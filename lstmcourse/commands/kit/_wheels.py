"""Which wheels a machine without a network needs, told from what is installed here, and how pip brings them.

The plan asks no network: requirements and versions are those of this environment, markers are read for the target
(pip's ``--platform`` reads them for the machine that it runs on).
"""

import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms, sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

EDITABLE = "editables~=0.3"  # hatchling asks for it where a package is installed with -e
BATCH = 8  # wheels that one call of pip brings: what is lost when it is broken off
PACKING = 5  # a wheel is no smaller than a fifth of what it unpacks to (this course's: a third)


class WheelError(Exception):
    """A wheel could not be had; the text says which, and what to do."""


class Machine(NamedTuple):
    """What wheels and markers say of a kind of machine: the names of its platform for pip, and its markers."""

    tags: tuple[str, ...]
    markers: dict[str, str]


def _linux(machine: str) -> Machine:
    tags = *(f"manylinux_2_{minor}_{machine}" for minor in range(28, 16, -1)), f"manylinux2014_{machine}"
    return Machine(tags, dict(sys_platform="linux", platform_system="Linux", os_name="posix", platform_machine=machine))


MACHINES = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": Machine(
        tuple(mac_platforms((14, 0), "arm64")),
        dict(sys_platform="darwin", platform_system="Darwin", os_name="posix", platform_machine="arm64"),
    ),
    "windows-x86_64": Machine(
        ("win_amd64",), dict(sys_platform="win32", platform_system="Windows", os_name="nt", platform_machine="AMD64")
    ),
}


class Target(NamedTuple):
    """A kind of machine, a key of MACHINES, and its Python, such as "3.12"; where both are empty, this machine."""

    platform: str = ""
    python: str = ""

    def __str__(self) -> str:
        return (
            f"{self.platform} with Python {self.python}"
            if self.platform
            else f"{platform.system()} {platform.machine()}"
        )

    def markers(self) -> dict[str, str]:
        """The environment that a requirement's marker is read in."""
        here = {name: str(value) for name, value in default_environment().items()}
        if not self.platform:
            return here
        python = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        return here | MACHINES[self.platform].markers | python

    def tags(self) -> frozenset[Tag]:
        """What a wheel may be tagged with to be installed there."""
        if not self.platform:
            return frozenset(sys_tags())
        version, platforms = _release(self.python), MACHINES[self.platform].tags
        interpreter = "cp{}{}".format(*version)
        return frozenset(
            [
                *cpython_tags(version, platforms=platforms),
                *compatible_tags(version, interpreter=interpreter, platforms=platforms),
            ]
        )

    def options(self) -> list[str]:
        """What tells pip of it."""
        if not self.platform:
            return []
        platforms = [word for tag in MACHINES[self.platform].tags for word in ("--platform", tag)]
        return [*platforms, "--python-version", self.python, "--implementation", "cp"]


def _release(python: str) -> tuple[int, int]:
    major, minor = python.split(".")
    return int(major), int(minor)


def requirements(root: Path, target: Target) -> dict[str, Requirement]:
    """{name: requirement} of the course's extra and of what builds it, with everything that these need in turn.

    A package that is installed here is asked for in the version that it has here; for another kind of machine, in its
    public version, so without the "+cpu" of torch on Linux. One that is not installed keeps the range asked for, and
    pip finds what it needs in turn.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    facts, markers = project["project"], target.markers()
    lines = [*facts["dependencies"], *facts["optional-dependencies"]["course"]]
    todo = [Requirement(line) for line in [*lines, *project["build-system"]["requires"], EDITABLE]]
    found: dict[str, Requirement] = {}
    seen = set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen or not _applies(requirement, markers, [""]):
            continue
        seen.add((name, frozenset(requirement.extras)))
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            found[name] = requirement
            continue
        version = Version(installed.version)
        found[name] = Requirement(f"{name}=={version.public if target.platform else version}")
        for line in installed.requires or []:
            needed = Requirement(line)
            if _applies(needed, markers, ["", *requirement.extras]):
                needed.marker = None  # it was read with the extra that asks for it
                todo.append(needed)
    return dict(sorted(found.items()))


def _applies(requirement: Requirement, markers: dict[str, str], extras: Iterable[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate(markers | {"extra": one}) for one in extras)


def there(folder: Path) -> Iterator[tuple[Path, str, Version, frozenset[Tag]]]:
    """The wheels of a folder: file, name, version, tags. A file that is called otherwise is passed over."""
    for path in sorted(folder.glob("*.whl")):
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        yield path, name, version, tags


def missing(wanted: dict[str, Requirement], folder: Path, target: Target) -> list[Requirement]:
    """What of the requirements no wheel of the folder meets on such a machine."""
    supported = target.tags()
    met = {
        name
        for _, name, version, tags in there(folder)
        if name in wanted and wanted[name].specifier.contains(version, prereleases=True) and tags & supported
    }
    return [requirement for name, requirement in wanted.items() if name not in met]


def least(wanted: Iterable[Requirement]) -> int:
    """Bytes that the wheels take at least; of what is not installed here nothing is known."""
    total = 0
    for requirement in wanted:
        try:
            files = distribution(requirement.name).files or []
        except PackageNotFoundError:
            continue
        total += sum(file.size or 0 for file in files)
    return total // PACKING


def batches(wanted: list[Requirement]) -> Iterator[list[Requirement]]:
    """What one call of pip brings: torch alone, for its index and its size; others by eights; what has no pin alone."""
    pinned = [one for one in wanted if one.name != "torch" and _pinned(one)]
    yield from ([one] for one in wanted if one.name == "torch" or not _pinned(one))
    yield from (pinned[k : k + BATCH] for k in range(0, len(pinned), BATCH))


def _pinned(requirement: Requirement) -> bool:
    return str(requirement.specifier).startswith("==")


def bring(batch: list[Requirement], folder: Path, target: Target, root: Path, torch_index: str = "") -> None:
    """Let pip bring the wheels of one batch into a folder, each file whole or not at all.

    Raises WheelError with pip's own reason, "No space left on device" where the disk is full.
    """
    part = folder / ".part"
    part.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary=:all:", "-d", str(part), *target.options()]
    command += ["--no-deps"] if all(map(_pinned, batch)) else ["-c", str(root / "constraints.txt")]
    if torch_index and batch[0].name == "torch":
        command += ["--index-url", torch_index]
    names = [f"{one.name}{one.specifier}" for one in batch]
    env = os.environ | {"TMPDIR": str(part)}  # half a download lies there, too, and no other disk fills
    done = subprocess.run([*command, *names], capture_output=True, text=True, env=env)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or ["no reason"]
        mend = " (--torch-index URL says where it lies)" if batch[0].name == "torch" and not torch_index else ""
        raise WheelError(f"pip could not bring {', '.join(names)} for {target}{mend}: {said[-1]}")
    for wheel in part.glob("*.whl"):
        os.replace(wheel, folder / wheel.name)


def build(root: Path, folder: Path) -> None:
    """The course's own wheel, for who needs a layer and no course; built with what lies in the folder."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-index",
    ]
    done = subprocess.run(
        [*command, "--find-links", str(folder), "-w", str(folder), str(root)], capture_output=True, text=True
    )
    if done.returncode:
        raise WheelError(f"the wheel of lstmcourse could not be built: {done.stderr.strip().splitlines()[-1]}")
