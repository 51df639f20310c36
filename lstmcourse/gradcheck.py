"""Gradients put to the test: central differences for anything, and one certificate per cell."""

from collections.abc import Callable, Sequence

import numpy as np


def central_differences(f: Callable[..., float], arrays: Sequence[np.ndarray], eps: float = 1e-5) -> tuple:
    """The gradient of f(*arrays) by central differences, (f(x + eps) − f(x − eps)) / (2 eps), one entry at a time.

    Args:
        f: takes the arrays, returns one number. It must not keep them: they are changed between the calls.
        arrays: floating point, float64 to be of use; they are copied, so the caller's stay as they are.
        eps: the step. The error is about eps² of the third derivative, plus 1e-16 |f| / eps of rounding.

    Returns:
        For each array the gradient, of its shape.

    Raises:
        TypeError: if an array is no floating point NumPy array, or f does not return one number.
    """
    for n, a in enumerate(arrays):
        if not isinstance(a, np.ndarray) or a.dtype.kind != "f":
            got = a.dtype if isinstance(a, np.ndarray) else type(a).__name__
            raise TypeError(f"arrays[{n}] must be a floating point NumPy array, got {got}")
    points = [a.copy() for a in arrays]
    gradients = tuple(np.zeros_like(a) for a in points)
    for point, gradient in zip(points, gradients, strict=True):
        for index in np.ndindex(point.shape):
            keep = point[index]
            point[index] = keep + eps
            above = _number(f(*points))
            point[index] = keep - eps
            below = _number(f(*points))
            point[index] = keep
            gradient[index] = (above - below) / (2 * eps)
    return gradients


def _number(value) -> float:
    if np.ndim(value) != 0:
        raise TypeError(f"f must return one number, got an array of shape {np.shape(value)}")
    return float(value)
