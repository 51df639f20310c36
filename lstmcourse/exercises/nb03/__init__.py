"""Exercises of notebook 03: the step of the LSTM of 1997, its squashing functions, its backward, the growth of |c|."""

from lstmcourse.exercises.nb03.e4_growth_exponents import example

__all__ = ["example"]
