"""What the learner has done so far: one small JSON file, on this machine only."""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

EMPTY = {"attempts": 0, "passes": 0, "hints": 0}


def path() -> Path:
    """The file: $LSTMCOURSE_HOME/progress.json, or progress.json in the user's data directory."""
    home = os.environ.get("LSTMCOURSE_HOME") or platformdirs.user_data_dir("lstmcourse", appauthor=False)
    return Path(home) / "progress.json"


def load() -> dict[str, dict[str, int]]:
    """{id: {"attempts", "passes", "hints"}}. An unreadable file is moved aside, with a message, and {} returned."""
    file = path()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
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
    """Adds to the counts of one exercise and returns them. A file that cannot be written is told, never raised."""
    try:
        with _lock():
            exercises = load()
            one = exercises.setdefault(id, dict(EMPTY))
            for key, n in counts.items():
                one[key] += n
            _write({"version": 1, "exercises": exercises})
            return one
    except OSError as error:
        print(f"(Your progress could not be saved: {error.strerror or error}.)")
        return {key: counts.get(key, 0) for key in EMPTY}


def _write(data: dict) -> None:
    """Writes beside the file, then replaces it in one step: a reader sees the old state or the new one, never half."""
    file = path()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".progress-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(data, out, indent=1, sort_keys=True)
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


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
        except (FileExistsError, PermissionError):
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
    with contextlib.suppress(OSError):
        os.replace(file, aside)
    print(f"(The file with your progress could not be read. It is kept as {aside.name}; counting starts again.)")
    return {}
