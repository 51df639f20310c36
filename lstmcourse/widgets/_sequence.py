"""The check that widgets of one sequence share."""

from typing import Any

import numpy as np

from ..reference import Cell


def one_sequence(cell: Cell, xs: Any) -> np.ndarray:
    """xs as (T, 1, I). TypeError if the cell is none, ValueError if xs is not one sequence."""
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be one of lstmcourse.reference, such as reference.LSTM; got {cell!r}")
    xs = np.asarray(xs, float)
    xs = xs[:, None] if xs.ndim == 2 else xs
    if xs.ndim != 3 or xs.shape[1] != 1 or not len(xs):
        raise ValueError(f"xs must be one sequence of shape (T, I) or (T, 1, I), got {xs.shape}")
    return xs
