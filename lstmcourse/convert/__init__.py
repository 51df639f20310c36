"""The same weights in other libraries: reference parameters to and from PyTorch layers, Keras and ONNX.

A library stacks its gates in rows of one matrix, in an order of its own:

    torch   LSTM i f g o    GRU r z n
    Keras   LSTM i f g o    GRU z r n     (g is called c there, n is called h); its matrices are transposed
    ONNX    LSTM i o f g    GRU z r n
    Haiku   LSTM i g f o    GRU z r n     (transposed; its LSTM adds 1 to the forget bias, n is called a)
    Flax    LSTM i f g o    GRU r z n     (LSTM of OptimizedLSTMCell; a matrix of its own for each gate)

`ORDERS` has them for the code; there is no conversion for the last two.

All of these GRUs let z multiply the old state, but for Haiku's, whose z multiplies the new one. ONNX's
``input_forget`` computes i and sets f = 1 − i, ours computes f and sets i = 1 − f: the same function with the rows of
that gate negated, because 1 − σ(a) = σ(−a).
"""

from ._common import ORDERS, is_known, reorder
from .keras import from_keras, layer_from_keras, layer_to_keras, to_keras
from .onnx import OPERATORS, OnnxArrays, from_onnx, from_onnx_arrays, onnx_arrays, to_onnx
from .onnx_layers import layer_from_onnx, layer_to_onnx
from .onnx_models import onnx_translations
from .torch import from_torch, gradients_from_torch, to_torch

__all__ = [
    "OPERATORS",
    "ORDERS",
    "OnnxArrays",
    "from_keras",
    "from_onnx",
    "from_onnx_arrays",
    "from_torch",
    "gradients_from_torch",
    "is_known",
    "layer_from_keras",
    "layer_from_onnx",
    "layer_to_keras",
    "layer_to_onnx",
    "onnx_arrays",
    "onnx_translations",
    "reorder",
    "to_keras",
    "to_onnx",
    "to_torch",
]
