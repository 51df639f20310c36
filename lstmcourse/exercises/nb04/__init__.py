"""Exercises of notebook 04: the step of the LSTM and its backward, the forget bias, a unit set by hand."""
