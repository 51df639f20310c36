"""Exercises of notebook 12: a frame's loss, what counting says of the next frame, drawing a frame, parallels."""
