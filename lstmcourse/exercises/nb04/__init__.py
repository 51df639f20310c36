"""Exercises of notebook 04: the step of the LSTM and its backward, the forget bias, where the gradient stands still."""

from lstmcourse.exercises.nb04.e4_standing_bias import example

__all__ = ["example"]
