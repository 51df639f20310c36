"""Exercises of notebook 06: the coupled step, its backward, the two conventions, and where a count gets stuck."""

from lstmcourse.exercises.nb06.e4_steps_until_stuck import steps_until_stuck

__all__ = ["steps_until_stuck"]
