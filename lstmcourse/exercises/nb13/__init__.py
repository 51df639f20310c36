"""Exercises of notebook 13: a baseline, a split by time, a band with its coverage, and images as sequences."""
