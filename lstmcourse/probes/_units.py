"""How well each unit alone predicts a label."""

from typing import NamedTuple

import numpy as np


class Unit(NamedTuple):
    """A unit and how well it alone predicts the label."""

    index: int  # type: ignore[assignment]  # the unit's, and not the method of a tuple
    score: float


def unit_scores(activations, labels, how: str = "auc", mask=None) -> np.ndarray:
    """How well each unit alone predicts a label that is true or false.

    Args:
        activations: (…, U), e.g. h over time (T, B, H).
        labels: (…), true or false; both must occur.
        how: "auc", the probability that the unit is higher where the label is true (1/2 is chance, 0 as good as 1);
            "correlation", Pearson's, from −1 to 1; "accuracy", of the best single threshold, in either direction.
        mask: (…), which entries count; all unless given.

    Returns:
        (U,). Choose a unit on one part of the data and score it on another: the best of many is good by chance too.

    Raises:
        ValueError: for shapes that do not fit, activations that are nan, labels that are not true or false or all
            the same, another `how`.
    """
    a, y = np.asarray(activations, float), np.asarray(labels)
    if a.shape[:-1] != y.shape:
        raise ValueError(f"labels must have shape {a.shape[:-1]}, got {y.shape}")
    if np.isnan(a).any():
        raise ValueError("activations must be numbers, got nan")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("labels must be true or false, got other values")
    if mask is not None and np.shape(mask) != y.shape:
        raise ValueError(f"mask must have shape {y.shape}, got {np.shape(mask)}")
    keep = np.ones(y.shape, bool) if mask is None else np.asarray(mask, bool)
    a, y = a[keep], y[keep].astype(bool)
    if y.all() or not y.any():
        raise ValueError(f"both labels must occur, got {y.sum()} true of {y.size}")
    if how not in _SCORES:
        raise ValueError(f"how must be one of {', '.join(_SCORES)}, got {how!r}")
    return np.array([_SCORES[how](unit, y) for unit in a.T])


def find_unit(activations, labels, how: str = "auc", mask=None) -> Unit:
    """The unit that predicts the label best, in either direction; arguments as in `unit_scores`."""
    scores = unit_scores(activations, labels, how, mask)
    index = int(np.argmax(np.abs(scores - {"auc": 0.5, "correlation": 0.0, "accuracy": 0.0}[how])))
    return Unit(index, float(scores[index]))


def _auc(unit, y) -> float:
    """Mann and Whitney's U over the number of pairs; equal values count one half."""
    order = np.sort(unit)
    ranks = (np.searchsorted(order, unit, "left") + np.searchsorted(order, unit, "right") + 1) / 2
    n = y.sum()
    return float((ranks[y].sum() - n * (n + 1) / 2) / (n * (y.size - n)))


def _correlation(unit, y) -> float:
    unit, y = unit - unit.mean(), y - y.mean()
    scale = np.sqrt((unit**2).sum() * (y**2).sum())
    return float((unit * y).sum() / scale) if scale > 0 else 0.0


def _accuracy(unit, y) -> float:
    """The best of all thresholds between two different values, and of none."""
    order = np.argsort(unit)
    unit, y = unit[order], y[order]
    below = np.concatenate([[0], np.cumsum(y)])  # labels true among the k lowest
    right = below + (np.arange(len(y), -1, -1) - (y.sum() - below))  # … called true, the others false
    possible = np.concatenate([[True], unit[1:] != unit[:-1], [True]])
    return float(np.maximum(right, len(y) - right)[possible].max() / len(y))


_SCORES = {"auc": _auc, "correlation": _correlation, "accuracy": _accuracy}
