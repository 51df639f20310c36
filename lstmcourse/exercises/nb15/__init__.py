"""Exercises of notebook 15: writing greedily, one step of attention, a scan in place of a loop, an exponential gate."""
