"""What an answer may do by accident to everything else, and where it does not do the work itself."""

import builtins
import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np

PACKAGE = Path(__file__).resolve().parent.parent
#: Where the cells and layers live; files with a leading _ there hold what they share, sigmoid among it.
CELLS = (str(PACKAGE / "reference"), str(PACKAGE / "nn"))
MODULES = ("torch", "torch.linalg", "torch.nn.functional")


def _watched() -> list[ModuleType]:
    loaded = [sys.modules[name] for name in MODULES if name in sys.modules]
    return [np, np.linalg, np.random, math, builtins, *loaded]


@contextlib.contextmanager
def both(outcome: Any, solution: Callable | None) -> Iterator[None]:
    """`putting_back`, and with a solution `watching`."""
    with putting_back(outcome), watching(outcome, solution) if solution else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def putting_back(outcome: Any) -> Iterator[None]:
    """Puts back what is replaced in the meantime in NumPy, torch, math and Python; notes the first of it."""
    before = [(module, dict(vars(module))) for module in _watched()]
    try:
        yield
    finally:
        for module, names in before:
            now = vars(module)
            for name, value in names.items():
                if now.get(name) is not value and not name.startswith("_"):
                    setattr(module, name, value)
                    outcome.replaced = outcome.replaced or f"{module.__name__}.{name}"


@contextlib.contextmanager
def watching(outcome: Any, solution: Callable) -> Iterator[None]:
    """Notes the first cell of this package, or the solution, that is called from code outside it."""
    code, package = getattr(solution, "__code__", None), str(PACKAGE)

    def watch(frame: FrameType, event: str, arg: Any) -> None:
        if event != "call" or outcome.ours or frame.f_back is None:
            return
        file, caller = frame.f_code.co_filename, frame.f_back.f_code.co_filename
        if caller.startswith(package) or not file.startswith(package):
            return
        name, is_shared = frame.f_code.co_name, Path(file).name.startswith("_")
        if frame.f_code is code:
            outcome.ours = name
        elif file.startswith(CELLS) and (not is_shared or name.startswith(("checked_", "unroll"))):
            outcome.ours = f"{name.removeprefix('checked_')} of lstmcourse.{Path(file).parent.name}"

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
