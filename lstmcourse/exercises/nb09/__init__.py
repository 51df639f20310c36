"""Exercises of notebook 09: an LSTM over all steps, forward and back; padding; weights from ONNX; waiting."""

from lstmcourse.exercises.nb09.e1_lstm_forward import lstm_forward
from lstmcourse.exercises.nb09.e2_lstm_backward_all import lstm_backward_all

__all__ = ["lstm_backward_all", "lstm_forward"]
