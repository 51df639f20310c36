"""``python -m lstmcourse kit``: the course on a stick, for laptops without a network."""

import argparse
import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from lstmcourse import __version__, _files
from lstmcourse.commands.build import pages
from lstmcourse.commands.kit import _wheels
from lstmcourse.commands.kit._wheels import MACHINES, Target, WheelError
from lstmcourse.data import DATASETS, DataUnavailable

MARK = "kit.json"
PAGES = ("site", "slides")


class KitError(Exception):
    """The kit could not be made; the text says why, and what to do. What was made stays, for the next run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make the kit, or go on with one that was begun; the exit status is 1 where that fails, which is said."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse kit",
        description="the course on a stick: wheels, notebooks and data, from which make lab works without a network",
        epilog="A run that was broken off goes on where it was. Kinds of machines may be given more than once.",
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="an empty folder, a new one, or a kit that was begun")
    parser.add_argument("--platform", action="append", choices=MACHINES, help="instead of machines like this one")
    here = "{}.{}".format(*sys.version_info)
    parser.add_argument("--python", action="append", metavar="3.X", help=f"the Python of those (default {here})")
    parser.add_argument("--torch-index", default="", metavar="URL", help="where pip looks for torch")
    args = parser.parse_args(argv)
    if args.python and not args.platform:
        parser.error("--python needs --platform")
    for python in args.python or []:
        if not (python.startswith("3.") and python[2:].isdecimal() and int(python[2:]) >= 11):
            parser.error(f"--python must be 3.11 or newer, such as 3.12, got {python!r}")
    targets = [Target(platform, python) for platform in args.platform or [] for python in args.python or [here]]
    try:
        make(pages.ROOT, args.out, targets or [Target()], args.torch_index)
    except (KitError, WheelError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(full(args.out), file=sys.stderr)
        return 1
    return 0


def make(root: Path, out: Path, targets: Sequence[Target], torch_index: str = "") -> None:
    """Write README.txt, kit.json and the folder course; and site and slides, where they can be built.

    root: a clone of the course. Raises KitError, WheelError and OSError.
    """
    course = tracked(root)
    wanted = {target: _wheels.requirements(root, target) for target in targets}
    wheels = out / "course" / "wheels"
    begin(out)
    lacking = {target: _wheels.missing(wanted[target], wheels, target) for target in targets}
    needed = sum((root / name).stat().st_size for name in course) + max(map(_wheels.least, lacking.values()))
    free = shutil.disk_usage(out).free
    if free < needed:
        raise KitError(f"{out} has {size(free)} free, and the kit needs {size(needed)} more at least")
    copy(root, out, course)
    bring(root, out, lacking, torch_index)
    _wheels.build(root, wheels)
    tidy(wheels, wanted)
    bring_data(out / "course" / "data")
    shown = [name for name in PAGES if build_pages(name, out / name)]
    _files.write(out / "README.txt", readme(targets, shown, folder_size(out / "course")))
    for name in ("course/wheels", "course/data", *shown, ""):
        print(f"{size(folder_size(out / name)):>10}  {name or out}")


def tracked(root: Path) -> list[str]:
    """The files of the course, by their path from its root. Raises KitError where there is no clone."""
    git = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True)
    names = [name for name in git.stdout.split("\0") if name and (root / name).is_file()]
    if git.returncode or "Makefile" not in names:
        raise KitError(f"kit needs a clone of the course and git, and {root} is none")
    return names


def begin(out: Path) -> None:
    """Make the folder, or see that a kit was begun there. Raises KitError for a folder with anything else in it."""
    if out.exists() and not (out / MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        raise KitError(f"OUT must be an empty folder, a new one, or a kit that was begun, and {out} is none of them")
    out.mkdir(parents=True, exist_ok=True)
    if not (out / MARK).exists():
        note(out, [])


def note(out: Path, files: list[str]) -> None:
    """Keep what of the course lies in the kit."""
    _files.write(out / MARK, json.dumps({"lstmcourse": __version__, "files": files}, indent=1) + "\n")


def copy(root: Path, out: Path, names: list[str]) -> None:
    """Copy the course's files; those of an older course that are no longer in it go."""
    old = json.loads((out / MARK).read_text(encoding="utf-8"))["files"]
    note(out, sorted({*old, *names}))
    for name in names:
        (out / "course" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, out / "course" / name)
    for name in set(old) - set(names):
        (out / "course" / name).unlink(missing_ok=True)
    note(out, names)


def bring(root: Path, out: Path, lacking: dict[Target, list], torch_index: str) -> None:
    """Bring the wheels that are not there yet, with a bar."""
    from tqdm import tqdm

    wheels = out / "course" / "wheels"
    with tqdm(total=sum(map(len, lacking.values())), unit=" wheels", file=sys.stderr) as bar:
        for target, wanted in lacking.items():
            for batch in _wheels.batches(wanted):
                bar.set_description(batch[0].name if len(batch) == 1 else f"{batch[0].name} …")
                try:
                    _wheels.bring(batch, wheels, target, root, torch_index)
                except WheelError as error:
                    raise KitError(full(out)) if "No space left" in str(error) else error from None
                bar.update(len(batch))
    shutil.rmtree(wheels / ".part", ignore_errors=True)


def tidy(wheels: Path, wanted: dict[Target, dict]) -> None:
    """Remove the wheels of versions that are no longer asked for; pip would take them for newer ones."""
    for path, name, version, _ in _wheels.there(wheels):
        asked = [plan[name] for plan in wanted.values() if name in plan]
        if asked and not any(one.specifier.contains(version, prereleases=True) for one in asked):
            path.unlink()


def bring_data(folder: Path) -> None:
    """What the notebooks need from elsewhere; where it cannot be had, that is said, and they run without."""
    for name, found in DATASETS.items():
        if found.needed and found.download:
            try:
                found.download.fetch()
                _files.write(folder / found.download.file, found.download.read())
            except DataUnavailable as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            print(f"{name}: {found.describe(found.make()).licence}")


def build_pages(name: str, out: Path) -> bool:
    """The site or the slides, where ``build`` makes them and has what it needs; else that is said."""
    if find_spec(f"lstmcourse.commands.build.{name}") is None:
        print(f"left out: {name}, which build does not make yet")
        return False
    from lstmcourse.commands import build

    shutil.rmtree(out, ignore_errors=True)
    if build.main([name, str(out)]):
        print(f"left out: {name}, for the reason above", file=sys.stderr)
        return False
    return True


def full(out: Path) -> str:
    """What is said of a disk that is too small."""
    return (
        f"{out} is full: {size(shutil.disk_usage(out).free)} are free. What is there stays; make room, or begin on a "
        "larger disk, and call the same command again"
    )


def folder_size(path: Path) -> int:
    """Bytes of all the files below."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def size(bytes: int) -> str:
    """Bytes as people say them."""
    return f"{bytes / 1e9:.1f} GB" if bytes >= 1e9 else f"{bytes / 1e6:.1f} MB"


def readme(targets: Sequence[Target], shown: Sequence[str], bytes: int) -> str:
    """What the person with the laptop reads first."""
    python = sorted({target.python or "{}.{}".format(*sys.version_info) for target in targets})
    read = [f"Only to read: open {name}/index.html in a browser, from here." for name in shown]
    lines = [
        "lstmcourse: a course on gated recurrent networks, for a laptop without a network",
        "",
        f"For {', '.join(map(str, targets))}; you need Python {' or '.join(python)}.",
        f"1. Copy the folder `course` to your disk. It has {size(bytes)}, and about {size(5 * bytes)} once installed.",
        "2. Open a terminal in that copy.",
        "3. On macOS and Linux:",
        f"       make lab PYTHON=python{python[0]}",
        "   On Windows, or where there is no make (on macOS and Linux python3 for py, bin/ for Scripts\\):",
        "       py -m venv .venv",
        '       .venv\\Scripts\\python -m pip install --no-index --find-links wheels -c constraints.txt -e ".[course]"',
        "       .venv\\Scripts\\lstmcourse lab",
        "4. After a few minutes JupyterLab opens lab/00_start_here.ipynb. What you write stays in lab/.",
        "   The next time, `make lab` (on Windows the last line) opens it in seconds.",
        "If something does not work: .venv/bin/python -m lstmcourse doctor (Windows: .venv\\Scripts\\python).",
        *read,
        "",
    ]
    return "\n".join(lines)
