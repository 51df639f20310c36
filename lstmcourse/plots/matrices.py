"""Figures of a matrix: its eigenvalues, what one step makes of the unit circle, and where many steps lead."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lstmcourse.plots.style import CYCLE, MARKERS, axes, colour, finish, style


@style()
def spectrum(eigenvalues: Mapping[str, np.ndarray] | np.ndarray, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Eigenvalues in the complex plane with the unit circle. eigenvalues: (H,) complex, or name -> (H,)."""
    ax = axes(ax)
    named = eigenvalues if isinstance(eigenvalues, Mapping) else {"eigenvalues": eigenvalues}
    angle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(angle), np.sin(angle), color="#555555", lw=1, ls=(0, (4, 2)))
    said = []
    for k, (name, v) in enumerate(named.items()):
        ax.plot(np.real(v), np.imag(v), MARKERS[k % len(MARKERS)], color=colour(name, k), ms=4.5, alpha=0.8, label=name)
        said.append(f"{name}: spectral radius {np.abs(v).max():.2f}")
    ax.set_aspect("equal", adjustable="box")
    ax.margins(0.08)
    return finish(ax, "real part", "imaginary part", title, f"Eigenvalues against the unit circle. {'; '.join(said)}.")


@style()
def stretch(matrix: np.ndarray, ax: Axes | None = None, *, title: str = "") -> Axes:
    """What a 2 x 2 matrix makes of the unit circle: an ellipse, its farthest point, and what keeps its direction.

    matrix: (2, 2) with real eigenvalues. Each eigenvector is drawn pale, with what becomes of it, on one line, and its
    factor; so is the vector that is stretched most, with its new length. ValueError for another matrix.
    """
    ax, m = axes(ax), _two_by_two(matrix)
    values, vectors = np.linalg.eig(m)
    if np.iscomplexobj(values):
        raise ValueError(f"matrix must have real eigenvalues, got {values[0]:.2f} and {values[1]:.2f}")
    _circle(ax)
    ax.plot(*(m @ _around(200)), color=CYCLE[0])
    largest, before = np.linalg.norm(m, 2), np.linalg.svd(m)[2][0]
    moved = [(f"{largest:.2f}", before, CYCLE[2])]
    for k, tint in zip(np.argsort(-np.abs(values)), (CYCLE[1], CYCLE[3]), strict=True):
        moved.append((f"× {values[k]:.1f}".replace("-", "−"), vectors[:, k], tint))
    arrow: dict[str, Any] = dict(angles="xy", scale_units="xy", scale=1, zorder=3)
    for name, v, tint in moved:
        v = v if v[0] >= 0 else -v
        end = m @ v
        ax.quiver(0, 0, *v, color=tint, width=0.008, alpha=0.4, **arrow)
        ax.quiver(0, 0, *end, color=tint, width=0.013, **arrow)
        left, under = end[1] < 0, end[1] < 0 or name.startswith("×")
        place: dict[str, Any] = dict(ha="right" if left else "left", va="top" if under else "bottom")
        offset = (-4 if left else 2, -4 if under else 4)
        ax.annotate(name, end, offset, textcoords="offset points", color=tint, weight="bold", fontsize=9, **place)
    ax.set_aspect("equal", adjustable="datalim")
    said = ", ".join(f"{value:.2g}" for value in values)
    alt = f"The unit circle becomes an ellipse. Eigenvalues {said}; the farthest point is at {largest:.2f}."
    return finish(ax, "first unit", "second unit", title, alt)


@style()
def powers(matrix: np.ndarray, steps: int, ax: Axes | None = None, *, bold: Any = (0.0, 1.0), title: str = "") -> Axes:
    """Where vectors of length 1 go when a 2 x 2 matrix is applied again and again: a path of each, a dot a step.

    matrix: (2, 2); steps: how many times; bold: the vector whose path stands out. ValueError for another matrix.
    """
    ax, m = axes(ax), _two_by_two(matrix)
    _circle(ax)
    starts = np.concatenate([np.reshape(bold, (2, 1)).astype(float), _around(7)[:, :-1]], axis=1)
    places = np.stack([np.linalg.matrix_power(m, k) @ starts for k in range(steps + 1)])  # (steps + 1, 2, 7)
    ax.plot(places[:, 0, 1:], places[:, 1, 1:], color="#8A8A8A", lw=0.9, marker="o", ms=2)
    ax.plot(*places[:, :, 0].T, color=CYCLE[0], lw=2.2, marker="o", ms=4)
    ax.set_aspect("equal", adjustable="datalim")
    values = np.linalg.eigvals(m)
    said = ", ".join(f"{value:.2g}" for value in values)
    length = np.linalg.norm(places[-1, :, 0])
    alt = f"Paths of seven vectors over {steps} steps. The bold one ends with length {length:.2g}. Eigenvalues {said}."
    return finish(ax, "first unit", "second unit", title, alt)


def _two_by_two(matrix: np.ndarray) -> np.ndarray:
    m = np.asarray(matrix, float)
    if m.shape != (2, 2):
        raise ValueError(f"matrix must have shape (2, 2), got {m.shape}")
    return m


def _around(n: int) -> np.ndarray:
    """Vectors of length 1 all around, the first again at the end: (2, n)."""
    angle = np.linspace(0, 2 * np.pi, n)
    return np.array([np.cos(angle), np.sin(angle)])


def _circle(ax: Axes) -> None:
    ax.plot(*_around(200), color="#555555", lw=1.2, ls=(0, (4, 2)))
