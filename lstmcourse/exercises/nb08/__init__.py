"""Exercises of notebook 08: coupling as a limiting case, six variants, which part is missing, and who is ahead."""

from lstmcourse.exercises.nb08.e3_missing_part import suspect, unit

__all__ = ["suspect", "unit"]
