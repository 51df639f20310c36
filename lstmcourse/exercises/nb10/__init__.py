"""Exercises of notebook 10: a text in windows with the state carried on, a sampler with top-k, labels by tokenize."""
