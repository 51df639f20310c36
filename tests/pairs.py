"""Rows of flags for tests whose code path is one: every pair of values instead of the full product."""

import itertools


def pairwise(*axes):
    """Rows, one value from each axis, among which any two values of two axes meet; greedily few of them."""
    rows = list(itertools.product(*(range(len(axis)) for axis in axes)))
    pairs = lambda row: set(itertools.combinations(enumerate(row), 2))
    missing, chosen = set().union(*map(pairs, rows)), []
    while missing:
        best = max(rows, key=lambda row: len(pairs(row) & missing))
        missing -= pairs(best)
        chosen.append(tuple(axis[k] for axis, k in zip(axes, best, strict=True)))
    return chosen
