"""The look of a figure: style, axes, colours, labels, alt text, and how it gets into the notebook."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import matplotlib.rcsetup
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lstmcourse._colours import CELL_COLOURS, COLOURS, OTHERS
from lstmcourse._display import show_picture

CYCLE = OTHERS
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (7, 2)), (0, (2, 1)))

RC: dict[Any, Any] = {
    "figure.figsize": (6.6, 3.5), "figure.dpi": 90, "figure.facecolor": "white", "savefig.facecolor": "white",
    "font.size": 9.5, "font.family": "DejaVu Sans", "axes.titlesize": 10.5, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#666666",
    "axes.grid": True, "grid.color": "#E4E4E4", "grid.linewidth": 0.7, "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.rcsetup.cycler(color=CYCLE), "lines.linewidth": 1.8, "legend.frameon": False,
    "legend.fontsize": 8.5, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5, "text.parse_math": True,
}  # fmt: skip


@contextmanager
def style() -> Iterator[None]:
    """The look of the course, for a figure of your own: ``with plots.style(): …``. Leaves no trace afterwards."""
    with matplotlib.rc_context(RC):
        yield


def panels(rows: int = 1, cols: int = 1, *, size: tuple[float, float] | None = None, **kwargs) -> np.ndarray:
    """Axes for several figures side by side, (rows, cols) of them; `size` in inches. ``plots.show(axes)`` shows all."""
    with style():
        width, height = size or (min(9.5, 6.6 if cols == 1 else 4.4 * cols), 3.3 * rows)
        fig = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(fig)
        return fig.subplots(rows, cols, squeeze=False, **kwargs)


def colour(name: str, k: int = 0) -> str:
    """The colour of a quantity ("f", "f_t") or of a cell ("lstm"); for any other name the k-th of the cycle."""
    base = name.split("_")[0] if name.split("_")[0] in COLOURS else name
    return COLOURS.get(base) or CELL_COLOURS.get(name) or CYCLE[k % len(CYCLE)]


def describe(ax: Axes) -> str:
    """What the picture shows, in words: the alt text of every axes of the figure, in order."""
    parts = [getattr(a, "alt", "") or _fallback(a) for a in ax.figure.axes if a.get_label() != "<colorbar>"]
    return " ".join(part for part in parts if part)


def png(ax: Axes, dpi: int = 90, small: bool = True) -> bytes:
    """The whole figure as PNG bytes, the same bytes for the same data.

    small: in 128 colours, to keep notebooks small; without, it is quicker, for a figure that is redrawn all the time.
    """
    raw = io.BytesIO()
    with style():  # ticks are made when a figure is drawn, and take their look from the settings of that moment
        _figure(ax).savefig(raw, format="png", dpi=dpi, metadata={"Software": None})
    return _in_few_colours(raw) if small else raw.getvalue()


def _figure(ax: Axes) -> Figure:
    return ax.figure.figure  # type: ignore[return-value]  # of a subfigure too, the whole figure


def _in_few_colours(raw: io.BytesIO) -> bytes:
    from PIL import Image

    raw.seek(0)
    out = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def show(ax: Axes | np.ndarray, alt: str | None = None, dpi: int = 90) -> None:
    """Display the figure of `ax` in the notebook with its alt text (`alt`, or what `describe` says)."""
    ax = np.ravel(ax)[0] if isinstance(ax, np.ndarray) else ax
    fig, text = _figure(ax), alt or describe(ax)
    width, height = (round(side * dpi) for side in fig.get_size_inches())
    plain = "Figure: " + (ax.get_title(loc="left") or ax.get_title() or ax.get_ylabel() or "untitled")
    show_picture("image/png", png(ax, dpi), plain, text, width=width, height=height)
    _close(fig)


def axes(ax: Axes | None) -> Axes:
    """`ax`, or a new one where none is given: how every figure begins."""
    return panels()[0, 0] if ax is None else ax


def finish(ax: Axes, xlabel: str, ylabel: str, title: str, alt: str, legend: bool = True) -> Axes:
    """Labels, title, legend and alt text: what every figure ends with, one of your own too."""
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if title:
        ax.set_title(title, loc="left")
    if legend and ax.get_legend_handles_labels()[0]:
        ax.legend()
    ax.alt = f"{title}. {alt}" if title else alt  # type: ignore[attr-defined]
    return ax


def spell_out(axis: Axis) -> None:
    """Ticks of a log axis at 1, 2 and 5 times the powers of ten, as plain numbers, where it spans three at most."""
    low, high = axis.get_data_interval()
    if low > 0 and high < 1000 * low:
        axis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
        axis.set_minor_locator(matplotlib.ticker.NullLocator())


def _fallback(ax: Axes) -> str:
    """Alt text for an axes that none of the functions above drew."""
    names = [text for text in (ax.get_title(loc="left") or ax.get_title(), ax.get_ylabel(), ax.get_xlabel()) if text]
    return "Figure of " + ", ".join(names) + "." if names else ""


def _close(fig: Figure) -> None:
    """Take a figure that pyplot holds out of its hands, so that the notebook does not show it a second time."""
    import sys

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and getattr(fig, "number", None) in pyplot.get_fignums():
        pyplot.close(fig)
