"""Where the exercises are: nb04/e2_lstm_backward.py holds E4.2, slug lstm_backward. Loaded when asked for."""

import difflib
import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

from lstmcourse.exercises._exercise import Exercise

PACKAGE = "lstmcourse.exercises"


@cache
def places(folder: Path = Path(__file__).parent, package: str = PACKAGE) -> dict[str, tuple[str, str]]:
    """{id: (slug, module)} of all exercises, in the order of the course, by the names of their files.

    Raises ValueError when two files have the same number, or two the same slug.
    """
    found: dict[str, tuple[str, str]] = {}
    for notebook in sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if re.fullmatch(r"nb\d\d", m.name)):
        numbered = [re.fullmatch(r"e(\d+)_(\w+)", m.name) for m in pkgutil.iter_modules([str(folder / notebook)])]
        for file in sorted(filter(None, numbered), key=lambda file: int(file[1])):
            id, slug = f"E{int(notebook[2:])}.{file[1]}", file[2]
            taken = [f"{i} {s}" for i, (s, _) in found.items() if i == id or s == slug]
            if taken:
                raise ValueError(f"{notebook}/{file[0]}.py is {id} {slug}, and there is {taken[0]} already")
            found[id] = slug, f"{package}.{notebook}.{file[0]}"
    return found


def get(id: str) -> Exercise:
    """The exercise with this id or slug. Raises ValueError, naming the nearest ids, when there is none."""
    key = str(id).strip()
    for known, (slug, module) in places().items():
        if key.upper() == known or key == slug:
            return _loaded(known, slug, module)
    near = difflib.get_close_matches(key.upper(), ids(), n=3, cutoff=0.5)
    asked = f"Did you mean {' or '.join(near)}? " if near else ""
    raise ValueError(f"there is no exercise {id!r}. {asked}All of them: {', '.join(ids())}")


def _loaded(id: str, slug: str, module: str) -> Exercise:
    exercise = importlib.import_module(module).exercise
    if (exercise.id, exercise.slug) != (id, slug):
        raise ValueError(f"{module} must hold {id} {slug}, got {exercise.id} {exercise.slug}")
    return exercise


def ids() -> list[str]:
    """The ids of all exercises, in the order of the course."""
    return list(places())
