"""Exercises of notebook 09: the last valid step of padded batches, weights from ONNX, waiting or computing."""
