"""Pieces of music as piano rolls, one after the other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._card import Arrays

SPLITS = ("train", "valid", "test")
LOWEST, NOTES = 21, 88  # MIDI's number of a piano's lowest key, and its keys


def rolls(pieces: Sequence[Sequence[Sequence[int]]], split: NDArray[np.uint8]) -> Arrays:
    """Pieces, each a row of frames, each frame the MIDI numbers that sound, as arrays.

    roll (frames, 88) bool, the keys that sound in each quarter; piece (frames,) int16, the number of its piece; split
    (pieces,) uint8, the piece's place in `SPLITS`.
    """
    roll = np.zeros((sum(map(len, pieces)), NOTES), bool)
    for t, frame in enumerate(frame for piece in pieces for frame in piece):
        roll[t, np.array(frame, dtype=int) - LOWEST] = True
    piece = np.repeat(np.arange(len(pieces), dtype=np.int16), [len(piece) for piece in pieces])
    return {"roll": roll, "piece": piece, "split": split}


def shuffled(pieces: int, seed: int) -> NDArray[np.uint8]:
    """A split (pieces,) in the shares of the famous set, 229 to 76 to 77 of 382, by a permutation."""
    order = np.random.default_rng(seed).permutation(pieces)
    return np.searchsorted([round(pieces * 229 / 382), round(pieces * 305 / 382)], order, "right").astype(np.uint8)
