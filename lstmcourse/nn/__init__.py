"""The same cells in PyTorch: drop-in layers for torch.nn.RNN, LSTM and GRU, and the ones that it does not have.

LAYERS maps the name of each reference cell to its layer, CELLS to the class that does one step of it. A layer of your
own is a `Recurrent` (or, with peepholes, a `Peepholes`) with a ``step`` that calls `affine` and `see`; `loop` runs such
a step over time.
"""

from ._biases import chrono_, gates
from ._input import pack
from ._recurrent import Recurrent
from ._torch_names import as_torch
from .cells import (
    CIFGLSTMCell,
    CoupledLSTMCell,
    FGRLSTMCell,
    GRUCell,
    GRUResetBeforeCell,
    LayerNormLSTMCell,
    LSTM97Cell,
    LSTMCell,
    NFGLSTMCell,
    NFGPlainLSTMCell,
    NIAFLSTMCell,
    NIAFPlainLSTMCell,
    NIGLSTMCell,
    NIGPlainLSTMCell,
    NOAFLSTMCell,
    NOAFPlainLSTMCell,
    NOGLSTMCell,
    NOGPlainLSTMCell,
    PeepholeLSTMCell,
    PeepholesCell,
    RecurrentCell,
    RNNCell,
    RNNReLUCell,
    VanillaLSTMCell,
)
from .counts import for_fvcore, for_ptflops, for_thop, multiply_adds
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
from .ways import operator as _operator
from .ways.loop import Weights, affine, loop
from .wrappers import VariationalDropout, Zoneout, weight_drop

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
_operator.CELLS.update(LAYERS)

CELLS: dict[str, type[RecurrentCell]] = {
    "rnn": RNNCell,
    "rnn_relu": RNNReLUCell,
    "lstm97": LSTM97Cell,
    "lstm": LSTMCell,
    "peephole": PeepholeLSTMCell,
    "coupled": CoupledLSTMCell,
    "gru": GRUCell,
    "gru_reset_before": GRUResetBeforeCell,
    "vanilla": VanillaLSTMCell,
    "nig": NIGLSTMCell,
    "nfg": NFGLSTMCell,
    "nog": NOGLSTMCell,
    "niaf": NIAFLSTMCell,
    "noaf": NOAFLSTMCell,
    "cifg": CIFGLSTMCell,
    "nig_plain": NIGPlainLSTMCell,
    "nfg_plain": NFGPlainLSTMCell,
    "nog_plain": NOGPlainLSTMCell,
    "niaf_plain": NIAFPlainLSTMCell,
    "noaf_plain": NOAFPlainLSTMCell,
    "fgr": FGRLSTMCell,
    "layer_norm": LayerNormLSTMCell,
}

__all__ = [
    "CELLS",
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
    "CIFGLSTMCell",
    "CoupledLSTM",
    "CoupledLSTMCell",
    "FGRLSTMCell",
    "GRUCell",
    "GRUResetBefore",
    "GRUResetBeforeCell",
    "LSTM97Cell",
    "LSTMCell",
    "LayerNormLSTM",
    "LayerNormLSTMCell",
    "NFGLSTMCell",
    "NFGPlainLSTM",
    "NFGPlainLSTMCell",
    "NIAFLSTMCell",
    "NIAFPlainLSTM",
    "NIAFPlainLSTMCell",
    "NIGLSTMCell",
    "NIGPlainLSTM",
    "NIGPlainLSTMCell",
    "NOAFLSTMCell",
    "NOAFPlainLSTM",
    "NOAFPlainLSTMCell",
    "NOGLSTMCell",
    "NOGPlainLSTM",
    "NOGPlainLSTMCell",
    "PeepholeLSTM",
    "PeepholeLSTMCell",
    "Peepholes",
    "PeepholesCell",
    "RNNCell",
    "RNNReLU",
    "RNNReLUCell",
    "Recurrent",
    "RecurrentCell",
    "VanillaLSTM",
    "VanillaLSTMCell",
    "VariationalDropout",
    "Weights",
    "Zoneout",
    "affine",
    "as_torch",
    "chrono_",
    "for_fvcore",
    "for_ptflops",
    "for_thop",
    "gates",
    "loop",
    "multiply_adds",
    "pack",
    "see",
    "variant_step",
    "weight_drop",
]
