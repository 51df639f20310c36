"""Exercises of notebook 05: the peephole step, its way back, and what a cut peephole hides from the counter."""

from lstmcourse.exercises.nb05.e3_what_a_cut_leaves import example

__all__ = ["example"]
