"""Gated recurrent networks: a course, and the cells and layers it is built on.

Subpackages and the functions ``check``, ``hint``, ``solution``, ``progress``, ``mine``, ``claim``, ``proof`` and
``tune_allocator`` are loaded when first used (PEP 562), so that ``import lstmcourse`` loads neither torch nor
matplotlib and ``lstmcourse.reference`` works without torch.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__version__ = "0.2.0"

_FUNCTIONS = {
    "check": "exercises",
    "hint": "exercises",
    "solution": "exercises",
    "progress": "exercises",
    "mine": "exercises",
    "claim": "claims",
    "proof": "claims",
    "tune_allocator": "tune",
    "ClaimError": "claims",
}


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        value = getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
        globals()[name] = value
        return value
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from pkgutil import iter_modules

    modules = (module.name for module in iter_modules(__path__))
    return sorted({*globals(), *_FUNCTIONS, *(name for name in modules if not name.startswith("_"))})
