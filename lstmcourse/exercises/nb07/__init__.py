"""Exercises of notebook 07: the GRU with the reset after and before the product, its step back, equal parameters."""
