"""Exercises of notebook 03: the step of the LSTM of 1997, its backward, and how its state grows."""
