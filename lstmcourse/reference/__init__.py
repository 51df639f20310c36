"""The mathematics, in NumPy: every cell's forward and its hand-derived backward, slow and plain.

CELLS is the one place where a cell is registered; tests, diagrams and tables walk it.
"""

from ._core import Cell, Gate, Params, init, sigmoid, unroll, unroll_backward, zero_state, zeros_like
from .coupled import COUPLED
from .fgr import FGR
from .gru import GRU
from .gru_reset_before import GRU_RESET_BEFORE
from .layer_norm import LAYER_NORM
from .lstm import LSTM
from .lstm97 import LSTM97
from .odyssey import (
    CIFG,
    NFG,
    NFG_PLAIN,
    NIAF,
    NIAF_PLAIN,
    NIG,
    NIG_PLAIN,
    NOAF,
    NOAF_PLAIN,
    NOG,
    NOG_PLAIN,
    VANILLA,
    variant,
)
from .peephole import PEEPHOLE
from .rnn import RNN, RNN_RELU

CELLS = (
    *(RNN, RNN_RELU, LSTM97, LSTM, PEEPHOLE, COUPLED, GRU, GRU_RESET_BEFORE),
    *(VANILLA, NIG, NFG, NOG, NIAF, NOAF, CIFG),
    *(NIG_PLAIN, NFG_PLAIN, NOG_PLAIN, NIAF_PLAIN, NOAF_PLAIN, FGR, LAYER_NORM),
)

__all__ = [
    "CELLS",
    "CIFG",
    "COUPLED",
    "FGR",
    "GRU",
    "GRU_RESET_BEFORE",
    "LAYER_NORM",
    "LSTM",
    "LSTM97",
    "NFG",
    "NFG_PLAIN",
    "NIAF",
    "NIAF_PLAIN",
    "NIG",
    "NIG_PLAIN",
    "NOAF",
    "NOAF_PLAIN",
    "NOG",
    "NOG_PLAIN",
    "PEEPHOLE",
    "RNN",
    "RNN_RELU",
    "VANILLA",
    "Cell",
    "Gate",
    "Params",
    "init",
    "sigmoid",
    "unroll",
    "unroll_backward",
    "variant",
    "zero_state",
    "zeros_like",
]
