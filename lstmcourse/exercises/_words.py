"""What the learner reads: where an exception came from, which number is worst, what was printed."""

import linecache
import os
import re
import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._running import Outcome, Trial

PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep
LIBRARIES = (PACKAGE, sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"], "<frozen", "<__array")


def short_traceback(error: BaseException, where: str = "", frames: int = 3, sizes: Mapping[str, int] = {}) -> str:
    """The exception in one line, then the lines of the learner's own code that led to it, with the arrays' shapes.

    sizes: what the axes are called, {"B": 3}.
    """
    message = shortened(message_of(error))
    lines = [(f"{type(error).__name__}: {message}" if message else type(error).__name__) + where]
    for frame, number, source in own_frames(error)[-frames:]:
        lines.append(f"      line {number} in {frame.f_code.co_name}:  {source}")
        arrays: dict[str, Any] = {name: frame.f_locals.get(name) for name in re.findall(r"[^\W\d]\w*", source)}
        shapes = [f"{n} {tuple(a.shape)}{axes(a.shape, sizes)}" for n, a in arrays.items() if hasattr(a, "shape")]
        if shapes:
            lines.append(f"      shapes: {', '.join(shapes)}")
    return "\n".join(lines)


def message_of(error: BaseException) -> str:
    """What an exception says, in one line; "" for one that cannot say what it is."""
    try:
        return re.sub(r"\s+|, with gufunc signature [^ ]*", " ", str(error)).replace("  ", " ")
    except Exception:
        return ""


def own_frames(error: BaseException) -> list[tuple[Any, int, str]]:
    """(frame, line's number, line) of the learner's own code, from the outermost call to where it was raised."""
    walked = list(traceback.walk_tb(error.__traceback__))
    theirs = [(f, n) for f, n in walked if not f.f_code.co_filename.startswith(LIBRARIES)]
    return [(frame, number, linecache.getline(frame.f_code.co_filename, number).strip()) for frame, number in theirs]


def axes(shape: tuple, sizes: Mapping[str, int]) -> str:
    """ " = (4H, I)" for the axes of a shape, where each is one of the sizes, or a multiple of H; else ""."""
    called = [_axis(n, sizes) for n in shape]
    return f" = ({', '.join(called)}{',' * (len(called) == 1)})" if called and all(called) else ""


def _axis(n: int, sizes: Mapping[str, int]) -> str:
    """Which size a number of rows is; "" where it is none, or may be more than one."""
    found = [letter for letter, size in sizes.items() if size == n]
    found = found or [f"{k}H" for k in (2, 3, 4) if k * sizes.get("H", 0) == n]
    return found[0] if len(found) == 1 else ""


def show(x: float | str, other: float | str) -> str:
    """A number to four digits; what is only rounding noise beside `other` is shown as 0. Text as it is."""
    if isinstance(x, str):
        return repr(str(x))
    x, other = float(x), float(other)
    return "0" if abs(x) < 1e-12 * abs(other) < np.inf else f"{x:.4g}"


def worst(leaves: list, says: str = "expected", *, rtol: float, atol: float) -> str:
    """The worst index of all leaves with both numbers; how many differ; which of several leaves are right."""
    found, right = [], []
    for name, g, w in leaves:
        wrong = _tree.differing(g, w, rtol, atol)
        if not wrong.any():
            right.append(name)
            continue
        with np.errstate(all="ignore"):
            gap = np.where(wrong, 1.0 if w.dtype.kind == "U" else np.abs(np.subtract(g, w, dtype=float)), -1.0)
        gap[np.isnan(gap)] = np.inf
        first = int(np.flatnonzero(gap.ravel() >= gap.max() * (1 - 1e-6))[0])
        scale = 1.0 if w.dtype.kind == "U" else max(float(np.max(np.abs(w), initial=0)), 1e-300)
        found.append((float(gap.max() / scale), name, g, w, np.unravel_index(first, gap.shape), int(wrong.sum())))
    _, name, g, w, at, count = max(found, key=lambda item: item[0])
    a, b = show(g[at], w[at]), show(w[at], g[at])
    text = f"{index(name, at)} is {a}, {says} {b}"
    if a == b:
        text += f" (they differ by {abs(float(g[at]) - float(w[at])):.0e})"
    if g.size > 1:
        text += f"; {count} of {g.size} numbers differ"
    if right:
        text += f"; right: {', '.join(right)}"
    return text


def index(name: str, at: tuple) -> str:
    return f"{name}[{', '.join(str(int(i)) for i in at)}]" if at else name


def where(outcome: Outcome) -> str:
    return f" (case {outcome.label})" if outcome.label else ""


def shortened(line: str, most: int = 160) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"


def printed(trial: Trial, most: int = 8) -> str:
    """What the learner's code printed in the first call, shortened."""
    if not callable(trial.fn) or not trial.got[0].printed.strip():
        return ""
    lines = trial.got[0].printed.rstrip().splitlines()
    more = [f"    … {len(lines) - most} more lines"] if len(lines) > most else []
    return "\n".join(
        ["  Your code printed, in the first case:", *(f"    {shortened(line)}" for line in lines[:most]), *more]
    )
