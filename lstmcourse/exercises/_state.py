"""What the learner has done so far, by the exercises' slugs: one small JSON file, on this machine only."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lstmcourse import _files

Entry = dict[str, Any]

#: `stub` is the hash of the stub that was passed last: an exercise that asks something else today is not passed.
EMPTY: Entry = {"attempts": 0, "passes": 0, "hints": 0, "stub": ""}

#: Files of version 1 counted by number. What those numbers were then: the slug, and the hash of the stub.
FIRST = {
    "E0.1": ("cost", "c180b9c6"),
    "E1.1": ("rnn_step", "e7e88224"),
    "E1.2": ("bptt", "a249b58f"),
    "E1.3": ("truncated_bptt", "8cf1413a"),
    "E1.4": ("window_needed", "99c74ab6"),
    "E2.1": ("gradient_by_lag", "8dbca158"),
    "E2.2": ("measured_slope", "a8f5931a"),
    "E2.3": ("lyapunov", "8b3ba4ee"),
    "E2.4": ("clip_by_global_norm", "97410579"),
    "E3.1": ("lstm97_step", "77418b2a"),
    "E3.2": ("to_tanh_cell", "25ac5b4d"),
    "E3.3": ("lstm97_backward", "1fbc071e"),
    "E3.4": ("growth_exponents", "587f52ca"),
    "E4.1": ("lstm_step", "c3d56e5a"),
    "E4.2": ("lstm_backward", "e4ebc997"),
    "E4.3": ("remember_for", "7e1d2449"),
    "E4.4": ("standing_bias", "98d5acab"),
    "E5.1": ("peephole_step", "15b748e5"),
    "E5.2": ("peephole_backward", "381dff7e"),
    "E5.3": ("what_a_cut_leaves", "c80b9573"),
    "E6.1": ("coupled_step", "b099fa92"),
    "E6.2": ("coupled_backward", "76c3c06f"),
    "E6.3": ("from_input_gate", "2de0a0ca"),
    "E6.4": ("steps_until_stuck", "d2757ec0"),
    "E7.1": ("gru_step_reset_before", "877857de"),
    "E7.2": ("gru_step", "6e19a7db"),
    "E7.3": ("gru_backward", "43ba843c"),
    "E7.4": ("equal_width", "db4ef8b1"),
    "E9.1": ("last_valid", "5deebdf3"),
    "E9.2": ("from_onnx_order", "92030979"),
    "E9.3": ("waits_up_to", "06f39a1b"),
}

at_hand: int | None = None  # the notebook of the exercise which was taken up last in this Python

_unsaved: dict[str, Entry] = {}  # what could not be written: it counts until this Python ends


def path() -> Path:
    """The file: progress.json in the learner's own folder."""
    return _files.home() / "progress.json"


def load() -> dict[str, Entry]:
    """{slug: {"attempts", "passes", "hints", "stub"}}. A file that cannot be read is told, and counts as empty."""
    return _read() | {slug: dict(one) for slug, one in _unsaved.items()}


def _read() -> dict[str, Entry]:
    file = path()
    try:
        text = file.read_text(encoding="utf-8-sig")  # an editor may have put a mark before the first character
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError):
        return _move_aside(file)
    try:
        entries = json.loads(text)["exercises"]
        return _by_slug({key: _entry(one) for key, one in entries.items()})
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return _move_aside(file)


def _entry(one: dict) -> Entry:
    entry = {key: type(empty)(one.get(key, empty)) for key, empty in EMPTY.items()}
    if any(isinstance(n, int) and not 0 <= n < 10**9 for n in entry.values()):
        raise ValueError("a count must be a number that one can count to")
    return entry


def _by_slug(entries: dict[str, Entry]) -> dict[str, Entry]:
    """The entries under their slugs; one under a number of version 1 is added to its slug's."""
    kept = {key: one for key, one in entries.items() if key not in FIRST}
    for id, one in entries.items():
        if id in FIRST:
            slug, stub = FIRST[id]
            one["stub"] = stub if one["passes"] else ""
            kept[slug] = _sum(kept.get(slug, EMPTY), one)
    return kept


def _sum(newer: Entry, older: Entry) -> Entry:
    counts = {key: newer[key] + older[key] for key in ("attempts", "passes", "hints")}
    return {**counts, "stub": newer["stub"] or older["stub"]}


def entry(slug: str) -> Entry:
    """What is kept of one exercise."""
    return load().get(slug, dict(EMPTY))


def add(slug: str, *, stub: str = "", **counts: int) -> Entry:
    """Adds to the counts of one exercise and returns what is kept of it; `stub` is the hash of the stub just passed.

    A file that cannot be written is told once, never raised; the counts then live as long as this Python does.
    """
    try:
        with _lock():
            exercises = _counted(slug, stub, counts)
            _files.write(path(), json.dumps({"version": 2, "exercises": exercises}, indent=1, sort_keys=True))
            _unsaved.clear()
    except OSError as error:
        if not _unsaved:
            print(f"(Your progress could not be saved: {error.strerror or error}. It is kept until this kernel ends.)")
        exercises = _counted(slug, stub, counts)
        _unsaved[slug] = exercises[slug]
    return exercises[slug]


def _counted(slug: str, stub: str, counts: dict[str, int]) -> dict[str, Entry]:
    exercises = load()
    one = exercises.setdefault(slug, dict(EMPTY))
    one["stub"] = stub or one["stub"]
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
    names = (file.with_suffix(f".unreadable{k}.json") for k in ["", *range(2, 1000)])
    try:
        aside = next(name for name in names if not name.exists())  # what was kept before stays
        os.replace(file, aside)
        kept = f"It is kept as {aside.name}"
    except (OSError, StopIteration):
        kept = "It stays as it is"
    if not _unsaved:
        print(f"(The file with your progress could not be read. {kept}; counting starts again.)")
    return {}
