"""Exercises of notebook 05: the peephole step, a clock in one unit, and the step back."""

from lstmcourse.exercises.nb05.e2_clock import run_clock

__all__ = ["run_clock"]
