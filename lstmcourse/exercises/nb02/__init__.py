"""Exercises of notebook 02: the gradient by lag, its slope, what predicts the slope, clipping by global norm."""

from lstmcourse.exercises.nb02.e1_gradient_by_lag import gradient_by_lag
from lstmcourse.exercises.nb02.e2_measured_slope import example
from lstmcourse.exercises.nb02.e4_clip_by_global_norm import clip_by_global_norm

__all__ = ["clip_by_global_norm", "example", "gradient_by_lag"]
