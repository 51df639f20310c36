"""`text`: Python's own documentation, as the running Python carries it (English prose with grammar and code)."""

import platform
import re
import unicodedata
from collections.abc import Iterable

import numpy as np

from ._card import Arrays, Card, DataSet, of_this_python
from ._download import DataUnavailable

TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": "-", "–": "-", "ß": "ss"})


def make() -> Arrays:
    """The topics of pydoc in the order of their names, as characters.

    Arrays: numbers (n,) uint8, each character's number; symbols (k,) str, the characters in order. The text differs a
    little between Python versions: compare losses only where the card's sha256 agrees.
    Raises DataUnavailable for a Python without pydoc_data.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataUnavailable(
            f"text needs pydoc_data.topics, which this Python {platform.python_version()} lacks: use a Python with its "
            'full standard library, or take data.load("code"), which is at hand'
        ) from error
    return encode(normalise(topics[name] for name in sorted(topics)))


def describe(arrays: Arrays) -> Card:
    """The card."""
    return of_this_python(
        name="text",
        title="Python's documentation (the topics of pydoc)",
        source="pydoc_data.topics of the running Python",
        arrays=arrays,
    )


def normalise(texts: Iterable[str]) -> str:
    """Texts joined, as plain ASCII, without the long rules of *, = and - under the headings."""
    text = unicodedata.normalize("NFKD", "\n".join(texts).translate(TYPOGRAPHY))
    text = text.encode("ascii", "ignore").decode("ascii")
    return re.sub(r"([*=\-])\1{3,}", r"\1\1\1", text)


def encode(text: str) -> Arrays:
    """A text as numbers (n,) uint8 and its symbols (k,) in the order of their codes."""
    symbols, numbers = np.unique(np.array(list(text)), return_inverse=True)
    return {"numbers": numbers.astype(np.uint8), "symbols": symbols}


DATA = DataSet(make, describe)
