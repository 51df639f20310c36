"""`digits`: handwritten digits of 8 by 8 points, which come with scikit-learn."""

import numpy as np

from ._card import Arrays, Card, DataSet, sha256
from ._download import DataUnavailable

TEST = 360
"""Digits for testing, a fifth: the last ones."""


def make() -> Arrays:
    """Arrays: images (1797, 8, 8) uint8 from 0 to 16, labels (1797,) uint8, test (1797,) bool.

    Raises DataUnavailable without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataUnavailable(
            "digits comes with scikit-learn, which is missing here: python -m pip install scikit-learn brings it"
        ) from error
    found = load_digits()
    test = np.arange(len(found.target)) >= len(found.target) - TEST
    return {"images": found.images.astype(np.uint8), "labels": found.target.astype(np.uint8), "test": test}


def describe(arrays: Arrays) -> Card:
    """The card."""
    from sklearn import __version__

    return Card(
        name="digits",
        title="handwritten digits, 8 by 8 points",
        source="Optical Recognition of Handwritten Digits (UCI, Alpaydin and Kaynak 1998), as in scikit-learn",
        version=f"scikit-learn {__version__}",
        licence="CC BY 4.0",
        sha256=sha256(arrays),
        n=len(arrays["labels"]),
        unit="digits",
        split=f"test: the last {TEST}, train: the rest",
    )


DATA = DataSet(make, describe)
