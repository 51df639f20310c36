"""Exercises of notebook 02: the gradient by lag, a start that keeps it, clipping by global norm."""

from lstmcourse.exercises.nb02.e1_gradient_by_lag import gradient_by_lag
from lstmcourse.exercises.nb02.e2_keeping_start import letters_read
from lstmcourse.exercises.nb02.e3_clip_by_global_norm import clip_by_global_norm

__all__ = ["clip_by_global_norm", "gradient_by_lag", "letters_read"]
