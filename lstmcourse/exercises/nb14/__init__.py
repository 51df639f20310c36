"""Exercises of notebook 14: three instruments."""

from lstmcourse.exercises.nb14.e1_off_by_gate import off_by_gate
from lstmcourse.exercises.nb14.e2_rows_leak import rows_leak
from lstmcourse.exercises.nb14.e3_looks_ahead import looks_ahead

__all__ = ["looks_ahead", "off_by_gate", "rows_leak"]
