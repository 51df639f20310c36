"""The cells that conversions know by name, and the orders of their gates."""

import numpy as np

from ..reference import CELLS, Cell, Params, variant
from ..reference.odyssey import VARIANTS

ORDERS = {
    "torch": {"lstm": "ifgo", "gru": "rzn"},
    "keras": {"lstm": "ifgo", "gru": "zrn"},
    "onnx": {"lstm": "iofg", "gru": "zrn"},
    "haiku": {"lstm": "igfo", "gru": "zrn"},  # for these last two there is no conversion
    "flax": {"lstm": "ifgo", "gru": "rzn"},
}
MADE = {  # every variant of Greff et al. with every subset of peepholes
    (name, letters): variant(name, letters)
    for name in VARIANTS
    for letters in ("", "i", "f", "o", "if", "io", "fo", "ifo")
}
KNOWN: dict[str, Cell] = {cell.name: cell for cell in (*MADE.values(), *CELLS)}


def is_known(cell: Cell) -> bool:
    """Whether the package has a cell of this name that says the same of itself: states, gates, parameters, start."""
    return cell.name in KNOWN and cell.is_like(KNOWN[cell.name])


def another(cell: Cell) -> str:
    """For an error: the name of a cell that is not known, and whether it is an old name for something new."""
    differs = ", which is not the package's cell of that name" if cell.name in KNOWN and not is_known(cell) else ""
    return f"{cell.name!r}{differs}"


def reorder(array: np.ndarray, old: str, new: str, axis: int = 0) -> np.ndarray:
    """The gates of a stacked array in another order: ``reorder(W, "ifgo", "iofg")`` is torch's order in ONNX's.

    Raises ValueError if the letters of old and new are not the same, or do not divide the axis.
    """
    if sorted(old) != sorted(new) or len(set(old)) != len(old):
        raise ValueError(f"old and new must have the same letters, each once, got {old!r} and {new!r}")
    if array.shape[axis] % len(old):
        raise ValueError(f"axis {axis} must hold {len(old)} gates of one size, got shape {array.shape}")
    blocks = np.split(array, len(old), axis)
    return np.concatenate([blocks[old.index(k)] for k in new], axis)


def with_gru_biases(p: Params, b_ih: np.ndarray, b_hh: np.ndarray) -> Params:
    """The r and z biases in one; the n row of b_hh is a bias of its own, because r multiplies it."""
    H = len(b_ih) // 3
    p.b = np.concatenate([(b_ih + b_hh)[: 2 * H], b_ih[2 * H :]])
    p.b_hn = b_hh[2 * H :].copy()
    return p
