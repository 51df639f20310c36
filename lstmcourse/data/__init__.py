"""Real data, at hand without a network: `load(name)` returns arrays and a card that says what they are.

Some sets have to be fetched once, by `fetch` or ``python -m lstmcourse data fetch``; `load` never asks a network.
"""

from . import chorales, code, digits, famous, music, opinions, reviews, series, text
from ._card import Arrays, Card, DataSet, keep, kept, sha256
from ._download import DataUnavailable, Download, folder

DATASETS: dict[str, DataSet] = {
    "text": text.DATA,
    "code": code.DATA,
    "opinions": opinions.DATA,
    "reviews": reviews.DATA,
    "chorales": chorales.DATA,
    "music": music.DATA,
    "digits": digits.DATA,
    "series": series.DATA,
    **famous.DATA,
}
"""The data sets by name. The `make` of each, in the module of its name or in `famous`, says what its arrays are."""


def load(name: str, fresh: bool = False) -> tuple[Arrays, Card]:
    """The arrays and the card of a data set, from what is on this machine.

    fresh: made anew from its source, which replaces what is cached. Raises ValueError for an unknown name and
    DataUnavailable, with what to do, for data that cannot be had here.
    """
    found = _find(name)
    arrays = kept(found.cache) if found.cache and not fresh else None
    if arrays is None:
        arrays = found.make()
        if found.cache:
            keep(found.cache, arrays)
    return arrays, found.describe(arrays)


def fetch(name: str) -> Card:
    """Bring what a data set needs from elsewhere, unless it is there, and make and cache the arrays anew.

    Raises what `load` does; DataUnavailable, too, where the network or the hash says no.
    """
    if download := _find(name).download:
        download.fetch()
    return load(name, fresh=True)[1]


def verify(name: str) -> bool:
    """Whether `load` gives what the data set's source gives now; a cache of other contents is left as it is.

    Raises what `load` does.
    """
    return load(name)[1].sha256 == sha256(_find(name).make())


def _find(name: str) -> DataSet:
    if name not in DATASETS:
        raise ValueError(f"name must be one of {', '.join(DATASETS)}, got {name!r}")
    return DATASETS[name]


__all__ = [
    "DATASETS",
    "Arrays",
    "Card",
    "DataSet",
    "DataUnavailable",
    "Download",
    "fetch",
    "folder",
    "load",
    "sha256",
    "verify",
]
