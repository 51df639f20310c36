"""The same cells in PyTorch: drop-in layers for torch.nn.RNN, LSTM and GRU, and the ones that it does not have.

LAYERS maps the name of each reference cell to its layer. A layer of your own is a `Recurrent` (or, with peepholes, a
`Peepholes`) with a ``step`` that calls `affine` and `see`; `loop` runs such a step over time.
"""

from ._biases import chrono_
from ._input import pack
from ._recurrent import Recurrent
from .coupled import CoupledLSTM
from .fgr import FGRLSTM
from .gru import GRU
from .gru_reset_before import GRUResetBefore
from .layer_norm import LayerNormLSTM
from .lstm import LSTM
from .lstm97 import LSTM97
from .odyssey import (
    CIFGLSTM,
    NFGLSTM,
    NIAFLSTM,
    NIGLSTM,
    NOAFLSTM,
    NOGLSTM,
    NFGPlainLSTM,
    NIAFPlainLSTM,
    NIGPlainLSTM,
    NOAFPlainLSTM,
    NOGPlainLSTM,
    VanillaLSTM,
    variant_step,
)
from .peephole import PeepholeLSTM, Peepholes, see
from .rnn import RNN, RNNReLU
from .ways.loop import Weights, affine, loop

LAYERS: dict[str, type[Recurrent]] = {
    "rnn": RNN,
    "rnn_relu": RNNReLU,
    "lstm97": LSTM97,
    "lstm": LSTM,
    "peephole": PeepholeLSTM,
    "coupled": CoupledLSTM,
    "gru": GRU,
    "gru_reset_before": GRUResetBefore,
    "vanilla": VanillaLSTM,
    "nig": NIGLSTM,
    "nfg": NFGLSTM,
    "nog": NOGLSTM,
    "niaf": NIAFLSTM,
    "noaf": NOAFLSTM,
    "cifg": CIFGLSTM,
    "nig_plain": NIGPlainLSTM,
    "nfg_plain": NFGPlainLSTM,
    "nog_plain": NOGPlainLSTM,
    "niaf_plain": NIAFPlainLSTM,
    "noaf_plain": NOAFPlainLSTM,
    "fgr": FGRLSTM,
    "layer_norm": LayerNormLSTM,
}

__all__ = [
    "CIFGLSTM",
    "FGRLSTM",
    "GRU",
    "LAYERS",
    "LSTM",
    "LSTM97",
    "NFGLSTM",
    "NIAFLSTM",
    "NIGLSTM",
    "NOAFLSTM",
    "NOGLSTM",
    "RNN",
    "CoupledLSTM",
    "GRUResetBefore",
    "LayerNormLSTM",
    "NFGPlainLSTM",
    "NIAFPlainLSTM",
    "NIGPlainLSTM",
    "NOAFPlainLSTM",
    "NOGPlainLSTM",
    "PeepholeLSTM",
    "Peepholes",
    "RNNReLU",
    "Recurrent",
    "VanillaLSTM",
    "Weights",
    "affine",
    "chrono_",
    "loop",
    "pack",
    "see",
    "variant_step",
]
