"""What the learner has done so far: one small JSON file, on this machine only."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from lstmcourse import _files

EMPTY = {"attempts": 0, "passes": 0, "hints": 0}

_unsaved: dict[str, dict[str, int]] = {}  # what could not be written: it counts until this Python ends


def path() -> Path:
    """The file: $LSTMCOURSE_HOME/progress.json, or progress.json in the user's data directory."""
    home = os.environ.get("LSTMCOURSE_HOME") or platformdirs.user_data_dir("lstmcourse", appauthor=False)
    return Path(home).expanduser() / "progress.json"


def load() -> dict[str, dict[str, int]]:
    """{id: {"attempts", "passes", "hints"}}. An unreadable file is moved aside, with a message, and counts as empty."""
    return _read() | {id: dict(one) for id, one in _unsaved.items()}


def _read() -> dict[str, dict[str, int]]:
    file = path()
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError):
        return _move_aside(file)
    try:
        entries = json.loads(text)["exercises"]
        return {id: {key: int(entry.get(key, 0)) for key in EMPTY} for id, entry in entries.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return _move_aside(file)


def entry(id: str) -> dict[str, int]:
    """What is kept of one exercise."""
    return load().get(id, dict(EMPTY))


def add(id: str, **counts: int) -> dict[str, int]:
    """Adds to the counts of one exercise and returns them.

    A file that cannot be written is told once, never raised; the counts then live as long as this Python does.
    """
    try:
        with _lock():
            exercises = _counted(id, counts)
            _files.write(path(), json.dumps({"version": 1, "exercises": exercises}, indent=1, sort_keys=True))
            _unsaved.clear()
    except OSError as error:
        if not _unsaved:
            print(f"(Your progress could not be saved: {error.strerror or error}. It is kept until this kernel ends.)")
        exercises = _counted(id, counts)
        _unsaved[id] = exercises[id]
    return exercises[id]


def _counted(id: str, counts: dict[str, int]) -> dict[str, dict[str, int]]:
    exercises = load()
    one = exercises.setdefault(id, dict(EMPTY))
    for key, n in counts.items():
        one[key] += n
    return exercises


@contextlib.contextmanager
def _lock(patience: float = 2.0) -> Iterator[None]:
    """One writer at a time (two notebooks may be open). A lock left behind by a killed process is overridden."""
    lock = path().with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except (FileExistsError, PermissionError):  # Windows answers with the latter while a lock is being removed
            if not os.access(lock.parent, os.W_OK):
                raise
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()


def _move_aside(file: Path) -> dict:
    aside = file.with_suffix(".unreadable.json")
    try:
        os.replace(file, aside)
        kept = f"It is kept as {aside.name}"
    except OSError:
        kept = "It stays as it is"
    if not _unsaved:
        print(f"(The file with your progress could not be read. {kept}; counting starts again.)")
    return {}
