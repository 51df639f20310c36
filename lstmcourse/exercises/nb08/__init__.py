"""Exercises of notebook 08: coupling as a limiting case, six variants as changes of one line, and what a cell costs."""
