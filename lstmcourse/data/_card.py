"""What a data set is and what is said about it, and the cache of its arrays."""

import hashlib
import io
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _files
from ._download import Download, folder

Arrays = dict[str, NDArray]


@dataclass(frozen=True)
class Card:
    """The facts of one data set.

    source, version, licence: where it comes from and on what terms. sha256: of the data as returned, so that two
    losses can be compared only where it agrees. n: how many items of `unit`. split: which of them are for training.
    """

    name: str
    title: str
    source: str
    version: str
    licence: str
    sha256: str
    n: int
    unit: str
    split: str

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.name}: {self.title}",
                f"  {self.n:,} {self.unit}; {self.split}",
                f"  source {self.source}, version {self.version}, licence {self.licence}",
                f"  sha256 {self.sha256}",
            ]
        )


class DataSet(NamedTuple):
    """How one data set is had.

    make: its arrays, from what is on this machine; raises DataUnavailable. describe: arrays -> card. cache: the name
    under which the arrays are kept, none where they are made anew each time. download: what has to be fetched once;
    needed: whether a notebook of the course uses it, so that the set-up fetches it.
    """

    make: Callable[[], Arrays]
    describe: Callable[[Arrays], Card]
    cache: str = ""
    download: Download | None = None
    needed: bool = True


def of_this_python(name: str, title: str, source: str, arrays: Arrays) -> Card:
    """The card of a text that came with the running Python, as characters."""
    return Card(
        name=name,
        title=title,
        source=source,
        version=f"Python {platform.python_version()}",
        licence="PSF-2.0",
        sha256=sha256(arrays),
        n=len(arrays["numbers"]),
        unit=f"characters, {len(arrays['symbols'])} different",
        split="train: the first 90 %, test: the rest",
    )


def sha256(arrays: Arrays) -> str:
    """One hash over the arrays' names, shapes and contents, the same on every machine."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
        digest.update(f"{name} {little.dtype.str} {little.shape}".encode() + little.tobytes())
    return digest.hexdigest()


def keep(name: str, arrays: Arrays) -> None:
    """Write arrays to the cache, whole or not at all; a cache that cannot be written is no error."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays, sha256=np.array(sha256(arrays)))  # type: ignore[arg-type]  # an array might be named allow_pickle
    with suppress(OSError):
        _files.write(folder() / f"{name}.npz", packed.getvalue())


def kept(name: str) -> Arrays | None:
    """Arrays from the cache; None when they are not there or damaged."""
    try:
        with open(folder() / f"{name}.npz", "rb") as file, np.load(file, allow_pickle=False) as arrays:
            held = {key: arrays[key] for key in arrays.files}
        return held if held.pop("sha256") == sha256(held) else None  # the archive has no hash of how many it holds
    except Exception:  # whatever is wrong with a cached file, it is made again
        return None
