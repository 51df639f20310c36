"""Weights to and from what Keras' ``get_weights`` and ``set_weights`` take: of a cell, and of whole layers.

Keras' conventions, as its documentation has them, for SimpleRNN, LSTM and GRU with their default activations:

    one layer             [kernel (I, G·H), recurrent_kernel (H, G·H), bias], without the bias where use_bias=False
    gates                 side by side along the last axis: LSTM i f c o, GRU z r h
    bias                  (G·H,); of GRU(reset_after=True), the default, (2, 3H): of the input's products, of h's
    Bidirectional(layer)  the arrays of the layer that reads forwards, then those of the other; outputs side by side
    several layers        a list of arrays for each

Time and batch are Keras' (B, T, I), and every state starts at zero.
"""

from collections.abc import Sequence

import numpy as np
import torch

from ..nn import Recurrent
from ..reference import Cell, Params
from ..reference._core import check_cell, check_params
from ._common import ORDERS, another, is_known, reorder, with_gru_biases
from .torch import MAKERS, from_torch, to_torch

# rnn_relu is SimpleRNN(activation="relu"), gru GRU(), gru_reset_before GRU(reset_after=False)
KINDS = {"rnn": "rnn", "rnn_relu": "rnn", "lstm": "lstm", "gru": "gru", "gru_reset_before": "gru"}


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


def from_keras(cell: Cell, weights: Sequence[np.ndarray]) -> Params:
    """The inverse of `to_keras`: the arrays of Keras' ``get_weights`` as parameters of the cell; no bias is a bias 0.

    Raises ValueError for another number of arrays, a cell that Keras does not have, or shapes that do not fit.
    """
    old, new = _keras_orders(cell)
    if len(weights) not in (2, 3):
        raise ValueError(
            f"weights must be kernel, recurrent_kernel and, with use_bias, bias, got {len(weights)} arrays"
        )
    arrays = [np.asarray(a) for a in weights]
    if any(a.ndim != 2 for a in arrays[:2]):
        shapes = " and ".join(str(a.shape) for a in arrays[:2])
        raise ValueError(f"kernel and recurrent_kernel must have shapes (I, G·H) and (H, G·H), got {shapes}")
    if len(arrays) == 2:
        G = arrays[1].shape[1]
        arrays.append(np.zeros((2, G) if "b_hn" in cell.shapes(1, 1) else G, arrays[1].dtype))
    W, U, b = (reorder(a, new, old, axis=-1).T for a in arrays)
    p = Params(W=np.ascontiguousarray(W), U=np.ascontiguousarray(U), b=b)
    if "b_hn" in cell.shapes(1, 1):
        if b.ndim != 2 or b.shape[1] != 2:
            raise ValueError(f"bias of a GRU with reset_after=True must have shape (2, 3H), got {arrays[2].shape}")
        p = with_gru_biases(p, b[:, 0], b[:, 1])
    check_params(cell, p, None)
    return p


def layer_to_keras(layer: Recurrent | torch.nn.RNNBase) -> list[list[np.ndarray]]:
    """A layer of `lstmcourse.nn` (or torch.nn's) as one list for each Keras layer, in the order in which they stand.

    Each is what ``set_weights`` of the Keras layer takes, or of a ``Bidirectional`` around it where the layer is
    bidirectional; ``use_bias=False`` where it has no biases. float32. Raises ValueError and TypeError as `from_torch`
    and `to_keras` do; dropout between the layers is no weight, and is left to the Keras model.
    """
    from_torch(layer)  # refuses other modules before their attributes are read
    directions = range(2 if layer.bidirectional else 1)
    lists = []
    for k in range(layer.num_layers):
        halves = [to_keras(*from_torch(layer, k, bool(d), np.float32)) for d in directions]
        lists.append([array for half in halves for array in half[: 3 if layer.bias else 2]])
    return lists


def layer_from_keras(
    cell: Cell, weights: Sequence[Sequence[np.ndarray]], *, batch_first: bool = False, dtype=torch.float32
) -> Recurrent:
    """The layer of `lstmcourse.nn` that computes what Keras layers with these weights do, each reading the one before.

    Args:
        cell: which of Keras' they are: the arrays do not tell reset_after or the activation.
        weights: for each Keras layer what its ``get_weights()`` returns: 2 arrays or 3, a ``Bidirectional`` 4 or 6.
        batch_first: of the layer; True takes the (B, T, I) that the Keras layers take.
        dtype: of its parameters.

    The inverse of `layer_to_keras`. Raises ValueError for a cell that Keras does not have, for lists of different
    lengths or sizes, and as `from_keras` does; the message says which list.
    """
    _keras_orders(cell)
    counts = [0 if isinstance(each, np.ndarray) else len(each) for each in weights]
    if not counts or len(set(counts)) != 1 or counts[0] not in (2, 3, 4, 6):
        raise ValueError(f"weights must be a list of 2, 3, 4 or 6 arrays for each Keras layer, all alike, got {counts}")
    D = 1 if counts[0] < 4 else 2
    n = counts[0] // D
    halves = []
    for k, each in enumerate(weights):
        try:
            halves.append([from_keras(cell, each[d * n : (d + 1) * n]) for d in range(D)])
        except ValueError as error:
            raise ValueError(f"weights[{k}]: {error}") from error
    sizes = [[(p.W.shape[1], p.U.shape[1]) for p in half] for half in halves]
    I, H = sizes[0][0]
    wanted = [[(I if k == 0 else D * H, H)] * D for k in range(len(sizes))]
    if sizes != wanted:
        raise ValueError(
            f"weights must be of layers with inputs and units {wanted}, each reading the one before, got {sizes}"
        )
    layer_class, arguments = MAKERS[cell.name]
    with torch.random.fork_rng(devices=[]):  # the initial weights are drawn, and replaced at once
        layer = layer_class(
            I, H, len(halves), bias=n == 3, batch_first=batch_first, bidirectional=D == 2, dtype=dtype, **arguments
        )
    values: dict[str, torch.Tensor] = {}
    for k, half in enumerate(halves):
        for d, p in enumerate(half):
            one = to_torch(cell, p, dtype).state_dict()
            values |= {name.removesuffix("_l0") + f"_l{k}" + "_reverse" * d: value for name, value in one.items()}
    layer.load_state_dict({name: value for name, value in values.items() if n == 3 or "bias" not in name})
    return layer


def _keras_orders(cell: Cell) -> tuple[str, str]:
    check_cell(cell)
    if not is_known(cell) or cell.name not in KINDS:
        raise ValueError(f"Keras has {', '.join(KINDS)}, got {another(cell)}")
    kind = KINDS[cell.name]
    return (cell.rows, cell.rows) if kind == "rnn" else (ORDERS["torch"][kind], ORDERS["keras"][kind])
