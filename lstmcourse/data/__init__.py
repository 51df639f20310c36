"""Real data, at hand without a network: `load(name)` returns arrays and a card that says what they are."""

from ._card import Arrays, Card, DataUnavailable, folder, sha256
from .code import load as _code
from .text import load as _text

DATASETS = {"text": _text, "code": _code}
"""The data sets by name; each function returns (arrays, card)."""


def load(name: str) -> tuple[Arrays, Card]:
    """The arrays and the card of a data set: text or code; each set's module tells its arrays.

    Raises ValueError for an unknown name and DataUnavailable, with what to do, for data that cannot be had here.
    """
    if name not in DATASETS:
        raise ValueError(f"name must be one of {', '.join(DATASETS)}, got {name!r}")
    return DATASETS[name]()


__all__ = ["DATASETS", "Arrays", "Card", "DataUnavailable", "folder", "load", "sha256"]
