"""Exercises of notebook 09: an LSTM over all steps, forward and back; padding; waiting; weights from ONNX."""

from lstmcourse.exercises.nb09.e1_lstm_forward import lstm_forward
from lstmcourse.exercises.nb09.e3_lstm_backward_all import lstm_backward_all

__all__ = ["lstm_backward_all", "lstm_forward"]
