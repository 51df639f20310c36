"""Exercises of notebook 08: coupling as a limiting case, six variants, what a cell costs, and who is ahead."""
