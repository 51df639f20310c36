"""Real data, at hand without a network: `load(name)` returns arrays and a card that says what they are."""

from . import code as _code
from . import text as _text
from ._card import Arrays, Card, DataUnavailable, folder, sha256

DATASETS = {"text": _text.load, "code": _code.load}
"""The data sets by name; each function takes `fresh` and returns (arrays, card)."""
_sources = {"text": _text.make, "code": _code.make}


def load(name: str, fresh: bool = False) -> tuple[Arrays, Card]:
    """The arrays and the card of a data set: text or code; each set's module tells its arrays.

    fresh: made anew from its source, which replaces what is cached. Raises ValueError for an unknown name and
    DataUnavailable, with what to do, for data that cannot be had here.
    """
    if name not in DATASETS:
        raise ValueError(f"name must be one of {', '.join(DATASETS)}, got {name!r}")
    return DATASETS[name](fresh)


def verify(name: str) -> bool:
    """Whether `load` gives what the data set's source gives now; a cache of other contents is left as it is.

    Raises what `load` does.
    """
    return load(name)[1].sha256 == sha256(_sources[name]())


__all__ = ["DATASETS", "Arrays", "Card", "DataUnavailable", "folder", "load", "sha256", "verify"]
