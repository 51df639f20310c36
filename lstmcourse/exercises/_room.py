"""What an instructor's table sees of a learner, who has asked for it: one small file in a folder that she names.

Off unless $LSTMCOURSE_ROOM names a folder, or room.json in the learner's own folder does (``room --join``). The file
has the exercises that she tried since, with counts of attempts and hints, whether one passed, and which mistakes were
named; no answer, no name, and a label that is random unless she chose it.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from lstmcourse import _files

Room = dict[str, Any]  # {"label": …, "last": slug, "exercises": {slug: {"attempts", "hints", "passed", "wrong"}}}

_told: set[str] = set()  # the troubles that were told, each once


class Settings(NamedTuple):
    """folder: where to write, "" for nowhere. label: what the instructor sees. id: the name of the file."""

    folder: str
    label: str
    id: str


def path() -> Path:
    """Where the settings are kept: room.json in the learner's own folder."""
    return _files.home() / "room.json"


def settings() -> Settings:
    """The settings; where nothing is kept, or nothing that can be read, nowhere, under a random label."""
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        kept = Settings(*(str(kept[name]) for name in Settings._fields))
        if not kept.id.isalnum():
            raise ValueError("the name of a file")
    except (OSError, ValueError, TypeError, KeyError):
        id = secrets.token_hex(3)
        kept = Settings("", id, id)
    return kept._replace(folder=os.environ.get("LSTMCOURSE_ROOM") or kept.folder)


def join(folder: Path, label: str = "") -> Settings:
    """Begin to write into a folder, under a label, or under the one there was. Raises OSError."""
    kept = settings()
    new = Settings(str(folder), label or kept.label, kept.id)
    _files.write(path(), json.dumps(new._asdict()))
    return new


def leave() -> None:
    """Write nowhere from now on; the label stays, and the file that lies in the folder is removed. Raises OSError."""
    kept = settings()
    if kept.folder:
        (Path(kept.folder) / f"{kept.id}.json").unlink(missing_ok=True)
    _files.write(path(), json.dumps(kept._replace(folder="")._asdict()))


def tell(slug: str, *, attempts: int = 0, hints: int = 0, passed: bool = False, wrong: str = "") -> None:
    """Add to what the file says of one exercise, if a folder is named; a trouble is told once and never raised.

    wrong: the mistake that was named, or where the check stopped. The folder is not made: a share that is not there
    stays away.
    """
    mine = settings()
    if not mine.folder:
        return
    try:
        if not path().exists():
            _files.write(path(), json.dumps(mine._replace(folder="")._asdict()))  # the label stays the same
        folder = Path(mine.folder).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is no folder")
        file = folder / f"{mine.id}.json"
        room = read(file) if file.exists() else None
        room = room or {"label": mine.label, "exercises": {}}
        one = room["exercises"].setdefault(slug, {"attempts": 0, "hints": 0, "passed": False, "wrong": {}})
        one["attempts"] += attempts
        one["hints"] += hints
        one["passed"] = one["passed"] or passed
        if wrong:
            one["wrong"][wrong] = one["wrong"].get(wrong, 0) + 1
        _files.write(file, json.dumps(room | {"label": mine.label, "last": slug}))
    except OSError as error:
        if str(error) not in _told:
            _told.add(str(error))
            print(f"(The room does not hear of this: {error}. Your own progress is kept as always.)")


def read(file: Path) -> Room | None:
    """One learner's file, or None where it is damaged. Raises OSError."""
    try:
        room = json.loads(file.read_text(encoding="utf-8"))
        exercises = {
            str(slug): {
                "attempts": int(one["attempts"]),
                "hints": int(one["hints"]),
                "passed": bool(one["passed"]),
                "wrong": {str(name): int(times) for name, times in one["wrong"].items()},
            }
            for slug, one in room["exercises"].items()
        }
        return {"label": str(room["label"]), "last": str(room["last"]), "exercises": exercises}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
