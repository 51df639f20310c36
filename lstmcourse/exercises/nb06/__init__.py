"""Exercises of notebook 06: the coupled step, its backward, the two conventions, and a gate that counts."""
