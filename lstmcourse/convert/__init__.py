"""The same weights in other libraries: reference parameters to and from PyTorch layers, Keras and ONNX.

A library stacks its gates in rows of one matrix, in an order of its own:

    torch   LSTM i f g o    GRU r z n
    Keras   LSTM i f g o    GRU z r n     (g is called c there, n is called h); its matrices are transposed
    ONNX    LSTM i o f g    GRU z r n

All of them let z multiply the old state. ONNX's ``input_forget`` computes i and sets f = 1 − i, ours computes f and
sets i = 1 − f: the same function with the rows of that gate negated, because 1 − σ(a) = σ(−a).
"""

from ._common import ORDERS, is_known, reorder
from .keras import from_keras, to_keras
from .onnx import OPERATORS, OnnxArrays, from_onnx, from_onnx_arrays, onnx_arrays, to_onnx
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
    "onnx_arrays",
    "reorder",
    "to_keras",
    "to_onnx",
    "to_torch",
]
