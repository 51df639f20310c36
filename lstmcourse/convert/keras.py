"""Reference parameters to and from what Keras' ``get_weights`` and ``set_weights`` take."""

import numpy as np

from ..reference import Cell, Params
from ..reference._core import check_cell, check_params
from ._common import ORDERS, another, is_known, reorder, with_gru_biases

KINDS = {"rnn": "rnn", "lstm": "lstm", "gru": "gru", "gru_reset_before": "gru"}


def to_keras(cell: Cell, params: Params) -> list[np.ndarray]:
    """What ``set_weights`` of a Keras SimpleRNN, LSTM or GRU takes: kernel (I, G·H), recurrent_kernel (H, G·H), bias.

    GRU is Keras' ``GRU(reset_after=True)``, its default, with a bias (2, 3H); GRU_RESET_BEFORE its
    ``reset_after=False``. Raises ValueError for a cell that Keras does not have.
    """
    old, new = _keras_orders(cell)
    _, H = check_params(cell, params, None)
    b = params.b
    if hasattr(params, "b_hn"):
        b = np.stack([b, np.concatenate([np.zeros(2 * H, b.dtype), params.b_hn])])
    return [reorder(a, old, new, axis=-1) for a in (params.W.T, params.U.T, b)]


def from_keras(cell: Cell, weights: list[np.ndarray]) -> Params:
    """The inverse of `to_keras`: the three arrays of Keras' ``get_weights`` as parameters of the cell.

    Raises ValueError for another number of arrays, a cell that Keras does not have, or shapes that do not fit.
    """
    old, new = _keras_orders(cell)
    if len(weights) != 3:
        raise ValueError(f"weights must be kernel, recurrent_kernel and bias, got {len(weights)} arrays")
    W, U, b = (reorder(np.asarray(a), new, old, axis=-1).T for a in weights)
    p = Params(W=np.ascontiguousarray(W), U=np.ascontiguousarray(U), b=b)
    if "b_hn" in cell.shapes(1, 1):
        if b.ndim != 2 or b.shape[1] != 2:
            raise ValueError(f"bias of a GRU with reset_after=True must have shape (2, 3H), got {np.shape(weights[2])}")
        p = with_gru_biases(p, b[:, 0], b[:, 1])
    check_params(cell, p, None)
    return p


def _keras_orders(cell: Cell) -> tuple[str, str]:
    check_cell(cell)
    if not is_known(cell) or cell.name not in KINDS:
        raise ValueError(f"Keras has rnn, lstm, gru and gru_reset_before, got {another(cell)}")
    kind = KINDS[cell.name]
    return (cell.rows, cell.rows) if kind == "rnn" else (ORDERS["torch"][kind], ORDERS["keras"][kind])
