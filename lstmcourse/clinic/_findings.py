"""What a check finds, and the comparisons by which it is found."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch


class Finding(NamedTuple):
    """One thing that was looked at: what, whether it is as it should be, and what was seen."""

    what: str
    ok: bool
    seen: str

    def __str__(self) -> str:
        return f"{'✓' if self.ok else '✗'} {self.what}: {self.seen}"


def off(a: Any, b: Any) -> float:
    """max|a − b| / max|b|."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300))


def percent(share: float) -> str:
    """143 %, 12 %, 0.4 %."""
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def same(what: str, a: Any, b: Any, most: float = 1e-6) -> Finding:
    """Two arrays that should agree."""
    apart = off(a, b)
    return Finding(what, apart <= most, "the same" if apart <= most else f"differs by {percent(apart)}")


def near(what: str, value: float, low: float, high: float) -> Finding:
    """A number that should lie between two others."""
    return Finding(what, bool(low <= value <= high), f"{value:.2f}, expected {low:.2f} to {high:.2f}")


def agrees(what: str, ours: np.ndarray, central: np.ndarray, rows: str = "") -> Finding:
    """A gradient by hand and by central differences; rows: the gates, one letter each, whose blocks it stacks."""
    if off(ours, central) < 1e-6:
        return Finding(what, True, "agrees")
    blocks = zip(rows, *(np.split(each, len(rows)) for each in (ours, central)), strict=True) if rows else ()
    wrong = [gate for gate, a, b in blocks if np.abs(a - b).max() > 1e-6]
    where = f", in the rows of {' and '.join(wrong)}" if 0 < len(wrong) < len(rows) - 1 else ""
    apart = f"off by {percent(off(ours, central))}" if np.abs(central).max() > 1e-9 else "not 0, as it should be"
    return Finding(what, False, f"{apart}{where}")


def equals(what: str, got: np.ndarray, expected: np.ndarray, name: str) -> Finding:
    """An array and what is known of it; name: how that is called."""
    apart = float(np.abs(got - expected).max())
    return Finding(what, apart < 1e-6, name if apart < 1e-6 else f"{apart:.1g} away from {name}")


def shaped(what: str, got: Iterable[Any], expected: Sequence[tuple]) -> Finding:
    """The shapes of arrays or tensors, and those that they should have."""
    found = [tuple(np.shape(each)) if not isinstance(each, torch.Tensor) else tuple(each.shape) for each in got]
    ok = found == [tuple(shape) for shape in expected]
    return Finding(f"shapes of {what}", ok, "as they should be" if ok else str(found))
