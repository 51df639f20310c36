"""Every figure of the course as a function ``(data, ax=None) -> ax``: one style, one colour per quantity.

A figure is never drawn through pyplot, so nothing is shown twice and no global state is left behind.
Each function labels its axes with units and leaves a sentence for readers who cannot see the picture in ``ax.alt``;
`describe` reads it, `show` puts it into the notebook together with a small PNG.

    ax = plots.loss_curves({"lstm": losses}, baselines={"unigram": 3.1})
    plots.show(ax)
"""

import functools
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import matplotlib
import matplotlib.rcsetup
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ._colours import CELL_COLOURS, COLOURS
from ._display import show_picture

CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#333333", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (7, 2)), (0, (2, 1)))
FLOAT32_TINY = float(np.finfo(np.float32).tiny)
"""The smallest normal float32, 1.2e-38: below it a gradient is lost bit by bit."""

RC = {
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
        ax.figure.savefig(raw, format="png", dpi=dpi, metadata={"Software": None})
    return _in_few_colours(raw) if small else raw.getvalue()


def _in_few_colours(raw: io.BytesIO) -> bytes:
    from PIL import Image

    raw.seek(0)
    out = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def show(ax: Axes | np.ndarray, alt: str | None = None, dpi: int = 90) -> None:
    """Display the figure of `ax` in the notebook with its alt text (`alt`, or what `describe` says)."""
    ax = np.ravel(ax)[0] if isinstance(ax, np.ndarray) else ax
    fig, text = ax.figure, alt or describe(ax)
    width, height = (round(side * dpi) for side in fig.get_size_inches())
    plain = "Figure: " + (ax.get_title(loc="left") or ax.get_title() or ax.get_ylabel() or "untitled")
    show_picture("image/png", png(ax, dpi), plain, text, width=width, height=height)
    _close(fig)


def _drawn(function: Callable[..., Axes]) -> Callable[..., Axes]:
    """Run a drawing function inside the style, on a new axes where none is given."""

    @functools.wraps(function)
    def draw(data, ax: Axes | None = None, **kwargs) -> Axes:
        with style():
            return function(data, panels()[0, 0] if ax is None else ax, **kwargs)

    return draw


@_drawn
def gradient_against_lag(
    curves: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    predicted: Mapping[str, float] | None = None,
    floor: float | None = FLOAT32_TINY,
    ylabel: str = "gradient norm, relative to lag 0",
    title: str = "",
) -> Axes:
    """Gradient norm against the lag k, on a log axis.

    curves: name -> (K,) norms for lags 0 … K−1, or (S, K) for S seeds (median drawn, range shaded).
    predicted: name -> factor per step; a dashed line y₀·factorᵏ in the colour of the curve of that name.
    floor: values under it, exact zeros included, are underflow and marked with a cross; None marks zeros only.
    A curve that is no longer a finite number ends at a cross on its last one.
    """
    lowest, said = 1.0, []
    for k, (name, values) in enumerate(curves.items()):
        ys = np.atleast_2d(np.asarray(values, float))
        middle, lags, tint = np.median(ys, 0), np.arange(ys.shape[1]), colour(name, k)
        alive = np.isfinite(middle) & (middle > (floor or 0.0))
        ax.plot(lags[alive], middle[alive], color=tint, label=name, ls=DASHES[0])
        if len(ys) > 1:
            ax.fill_between(lags[alive], ys.min(0)[alive], ys.max(0)[alive], color=tint, alpha=0.15, lw=0)
        if not alive.all():
            dead = int(lags[~alive][0])
            if np.isfinite(middle[dead]):
                end = dead, floor or middle[alive].min(initial=1.0)
                said.append(f"{name} underflows at lag {dead}")
            else:
                end = dead - 1, middle[dead - 1] if dead else 1.0
                said.append(f"{name} is no longer finite at lag {dead}")
            ax.plot(*([v] for v in end), "x", color=tint, ms=8, mew=2, clip_on=False)
        else:
            verb = "falls to" if middle[-1] < middle[0] else "reaches"
            said.append(f"{name} {verb} {middle[-1]:.1e} at lag {lags[-1]}")
        if alive.any():
            lowest = min(lowest, middle[alive].min())
        if predicted and name in predicted:
            line = middle[0] * np.power(float(predicted[name]), lags.astype(float))
            seen = line > max(floor or 0.0, 1e-300)
            note = f"{name}: predicted {predicted[name]:.3g} per step"
            ax.plot(lags[seen], line[seen], color=tint, lw=4.5, alpha=0.35, ls=(0, (2, 1)), label=note, zorder=1.5)
    ax.set_yscale("log")
    if floor and lowest < floor * 1e4:
        ax.axhspan(floor * 1e-4, floor, color="#999999", alpha=0.25, lw=0)
        ax.set_ylim(bottom=floor * 1e-3)
        note = "float32 underflow" if floor == FLOAT32_TINY else f"under {floor:.0e}"
        ax.text(0.01, floor, note, va="top", fontsize=8, color="#555555", transform=ax.get_yaxis_transform())
    return finish(
        ax, "lag k (steps back in time)", ylabel, title, f"Gradient norm against lag, log axis: {'; '.join(said)}."
    )


@_drawn
def gate_traces(
    traces,
    ax: Axes | None = None,
    *,
    names: Sequence[str] | None = None,
    batch: int = 0,
    labels: Sequence[str] | None = None,
    title: str = "",
) -> Axes:
    """Gates and states against time.

    traces: the caches of `reference.unroll` (a list of T dicts of (B, H) arrays), or a dict name -> (T,) or (T, H).
    One line for a single unit; for several, the mean over units with the range shaded.
    labels: T tick labels (words, letters). ValueError if there are not T of them.
    """
    if not isinstance(traces, Mapping):
        names = names or [k for k in traces[0] if k in COLOURS and k != "x"]
        traces = {k: np.stack([cache[k][batch] for cache in traces]) for k in names}
    said = []
    for k, name in enumerate(names or traces):
        ys = np.asarray(traces[name], float)
        ys = ys[:, None] if ys.ndim == 1 else ys
        ts = np.arange(1, len(ys) + 1)
        ax.plot(ts, ys.mean(1), color=colour(name, k), label=name, marker=MARKERS[k % len(MARKERS)], ms=3)
        if ys.shape[1] > 1:
            ax.fill_between(ts, ys.min(1), ys.max(1), color=colour(name, k), alpha=0.14, lw=0)
        said.append(f"{name} between {ys.min():.2f} and {ys.max():.2f}")
    if labels is not None:
        if len(labels) != len(ts):
            raise ValueError(f"labels must hold {len(ts)} entries, one a step, got {len(labels)}")
        ax.set_xticks(np.arange(1, len(labels) + 1), labels, rotation=0 if max(map(len, labels)) < 4 else 60)
    return finish(
        ax, "" if labels is not None else "time step t", "activation", title, f"Traces over time: {'; '.join(said)}."
    )


@_drawn
def activations(
    values: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    *,
    edges: tuple[float, float] = (0.1, 0.9),
    title: str = "",
) -> Axes:
    """Histogram of gate activations. values: name -> array of any shape, in [0, 1] (tanh values in [−1, 1] too).

    The legend says which share lies outside `edges`, the share of saturated activations. ValueError without a value.
    """
    said = []
    if not values or not all(np.size(v) for v in values.values()):
        raise ValueError("activations needs at least one value under each name")
    low = min(0.0, min(float(np.min(v)) for v in values.values()))
    bins = np.linspace(-1.0 if low < 0 else 0.0, 1.0, 41)
    for k, (name, v) in enumerate(values.items()):
        flat = np.ravel(np.asarray(v, float))
        share = np.mean((flat < edges[0]) | (flat > edges[1]))
        weights = np.full(flat.shape, 100.0 / flat.size)
        ax.hist(flat, bins, weights=weights, histtype="stepfilled", color=colour(name, k), alpha=0.18)
        ax.hist(
            flat,
            bins,
            weights=weights,
            histtype="step",
            color=colour(name, k),
            lw=1.7,
            label=f"{name}: {share:.0%} outside {edges[0]:g}–{edges[1]:g}",
        )
        said.append(f"{share:.0%} of {name} lies outside {edges[0]:g} to {edges[1]:g}")
    return finish(ax, "activation", "share of activations (%)", title, f"Histogram of activations: {'; '.join(said)}.")


@_drawn
def loss_curves(
    curves: Mapping[str, Sequence],
    ax: Axes | None = None,
    *,
    baselines: Mapping[str, float] | None = None,
    steps: Sequence | None = None,
    ylabel: str = "loss (nats)",
    xlabel: str = "update",
    log: bool = False,
    smooth: int = 1,
    title: str = "",
) -> Axes:
    """Loss against updates. curves: name -> (N,) or (S, N) for S seeds: median drawn, range over seeds shaded.

    baselines: name -> loss of a model that does not look at the past, drawn as a dotted line.
    smooth: running mean over that many updates. ValueError if there are fewer.
    """
    said = []
    for k, (name, values) in enumerate(curves.items()):
        ys = np.atleast_2d(np.asarray(values, float))
        if not 1 <= smooth <= ys.shape[1]:
            raise ValueError(f"smooth must be 1 to {ys.shape[1]}, the updates of {name!r}, got {smooth}")
        ys = np.stack([np.convolve(y, np.ones(smooth) / smooth, "valid") for y in ys]) if smooth > 1 else ys
        xs = np.arange(ys.shape[1]) if steps is None else np.asarray(steps)[-ys.shape[1] :]
        ax.plot(xs, np.median(ys, 0), color=colour(name, k), label=name, ls=DASHES[k % len(DASHES)])
        if len(ys) > 1:
            ax.fill_between(xs, ys.min(0), ys.max(0), color=colour(name, k), alpha=0.15, lw=0)
        said.append(f"{name} ends at {np.median(ys[:, -1]):.2g}")
    for k, (name, level) in enumerate((baselines or {}).items()):
        ax.axhline(level, color="#555555", lw=1.2, ls=(0, (1, 2 + k)))
        ax.annotate(
            name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8, color="#444444"
        )
        said.append(f"baseline {name} at {level:.2g}")
    if log:
        ax.set_yscale("log")
    return finish(ax, xlabel, ylabel, title, f"Curves over {xlabel}s: {'; '.join(said)}.")


@_drawn
def dots(
    groups: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    xlabel: str = "value",
    baseline: float | None = None,
    baseline_name: str = "baseline",
    log: bool = False,
    title: str = "",
) -> Axes:
    """One dot per seed, one row per group, the median as a bar: the whole distribution, not its mean alone.

    groups: name -> (S,).
    """
    said = []
    for row, (name, values) in enumerate(groups.items()):
        v = np.sort(np.asarray(values, float))
        lift = 0.13 * ((np.arange(len(v)) % 3) - 1)
        ax.plot(v, row + lift, "o", color=colour(name, row), alpha=0.75, ms=5.5, mec="white", mew=0.5)
        ax.plot([np.median(v)] * 2, [row - 0.32, row + 0.32], color=colour(name, row), lw=2.6, solid_capstyle="butt")
        said.append(f"{name}: median {np.median(v):.3g}, from {v[0]:.3g} to {v[-1]:.3g}, {len(v)} runs")
    ax.set_yticks(range(len(groups)), list(groups))
    if log:
        ax.set_xscale("log")
    top = -0.5
    if baseline is not None:
        top -= 0.12 * (len(groups) + 1)  # a strip above the dots for the name, clear of them and of the title
        ax.axvline(baseline, color="#555555", lw=1.2, ls=(0, (1, 2)))
        left = ax.transAxes.inverted().transform(ax.transData.transform((baseline, 0.0)))[0] < 0.7
        ax.annotate(
            baseline_name,
            (baseline, top),
            xytext=(3 if left else -3, -2),
            textcoords="offset points",
            ha="left" if left else "right",
            va="top",
            fontsize=8,
            color="#444444",
        )
        said.append(f"{baseline_name} at {baseline:.3g}")
    ax.set_ylim(len(groups) - 0.5, top)
    return finish(ax, xlabel, "", title, f"One dot per run. {'; '.join(said)}.", legend=False)


@_drawn
def heatmap(
    matrix: np.ndarray,
    ax: Axes | None = None,
    *,
    rows: Sequence[str],
    cols: Sequence[str],
    fmt: str = ".0%",
    label: str = "",
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Axes:
    """A table as colours, with the number in each field.

    matrix: (R, C); NaN is an empty field. limits: the ends of the colour scale.
    ValueError if rows or cols do not fit, or if every field is empty.
    """
    m = np.asarray(matrix, float)
    if m.shape != (len(rows), len(cols)):
        raise ValueError(f"heatmap expects a matrix of shape ({len(rows)}, {len(cols)}), got {m.shape}")
    if not np.isfinite(m).any():
        raise ValueError("heatmap expects at least one finite number, got none")
    low, high = limits or (float(np.nanmin(m)), float(np.nanmax(m)))
    image = ax.imshow(m, cmap="cividis", vmin=low, vmax=high, aspect="auto")
    for (r, c), value in np.ndenumerate(m):
        if np.isfinite(value):
            dark = (value - low) / ((high - low) or 1.0) < 0.465  # there white and black are equally legible, 4.5 to 1
            ax.text(c, r, format(value, fmt), ha="center", va="center", fontsize=9, color="white" if dark else "black")
    ax.set_xticks(range(len(cols)), list(cols), rotation=0 if max(map(len, cols)) < 14 else 20, ha="center")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label=label, fraction=0.05, pad=0.02)
    said = "; ".join(
        f"{name}: " + ", ".join(f"{c} {format(v, fmt)}" for c, v in zip(cols, row, strict=True) if np.isfinite(v))
        for name, row in zip(rows, m, strict=True)
    )
    return finish(ax, "", "", title, f"Heat map of {label or 'values'}. {said}.", legend=False)


@_drawn
def counter(
    c: np.ndarray,
    ax: Axes | None = None,
    *,
    target: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    ylabel: str = "cell state c",
    title: str = "",
) -> Axes:
    """Cell state against time, one line a unit. c: (T,) or (T, H). target: (T,), a perfect counter, dashed."""
    ys = np.asarray(c, float)
    ys = ys[:, None] if ys.ndim == 1 else ys
    ts = np.arange(1, len(ys) + 1)
    for u in range(ys.shape[1]):
        tint = COLOURS["c"] if ys.shape[1] == 1 else CYCLE[u % len(CYCLE)]
        ax.plot(
            ts,
            ys[:, u],
            color=tint,
            marker=MARKERS[u % len(MARKERS)],
            ms=3,
            label="c" if ys.shape[1] == 1 else f"c, unit {u}",
        )
    if target is not None:
        ax.plot(ts, target, color="#555555", lw=1.2, ls=(0, (4, 2)), label="a perfect counter")
    if labels is not None:
        ax.set_xticks(ts, labels)
    low, high = int(np.argmin(ys)) // ys.shape[1] + 1, int(np.argmax(ys)) // ys.shape[1] + 1
    alt = (
        f"Cell state over {len(ys)} steps: lowest {ys.min():.2f} at step {low}, highest {ys.max():.2f} at step {high}."
    )
    return finish(
        ax,
        "" if labels is not None else "time step t",
        ylabel,
        title,
        alt,
        legend=ys.shape[1] > 1 or target is not None,
    )


@_drawn
def bars(
    values: Mapping[str, float],
    ax: Axes | None = None,
    *,
    xlabel: str = "parameters",
    fmt: str = ",.0f",
    title: str = "",
) -> Axes:
    """Horizontal bars with the number at the end of each. values: name -> count. ValueError for a negative one."""
    if not values or not all(value >= 0 for value in values.values()):
        raise ValueError(f"bars expects at least one value, and none below 0; got {dict(values)}")
    for row, (name, value) in enumerate(values.items()):
        ax.barh(row, value, color=colour(name, row), height=0.66)
        ax.text(value, row, f" {format(value, fmt)}", va="center", fontsize=8.5)
    ax.set_yticks(range(len(values)), list(values))
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.set_xlim(0, 1.16 * max(values.values()) or 1.0)
    ax.grid(axis="y", visible=False)
    said = "; ".join(f"{name} {format(value, fmt)}" for name, value in values.items())
    return finish(ax, xlabel, "", title, f"Bars of {xlabel}: {said}.", legend=False)


@_drawn
def clipping(
    norms: Mapping[str, Sequence[float]] | Sequence[float],
    ax: Axes | None = None,
    *,
    threshold: float | None = None,
    title: str = "",
) -> Axes:
    """Gradient norm before clipping, update by update, on a log axis.

    norms: (N,), or name -> (N,). threshold: the norm to which larger gradients are cut. ValueError without a norm.
    """
    named = norms if isinstance(norms, Mapping) else {"gradient norm": norms}
    if not named or not all(len(values) for values in named.values()):
        raise ValueError("clipping needs the norm of at least one update under each name")
    said = []
    for k, (name, values) in enumerate(named.items()):
        ys = np.asarray(values, float)
        ax.plot(ys, color=colour(name, k), lw=1.1, label=name)
        over = (
            "" if threshold is None else f", over the threshold in {int((ys > threshold).sum())} of {len(ys)} updates"
        )
        said.append(f"{name}: median {np.median(ys):.2g}, largest {ys.max():.2g}{over}")
    if threshold is not None:
        ax.axhline(threshold, color="#555555", lw=1.2, ls=(0, (4, 2)), label=f"clipped to {threshold:g}")
    ax.set_yscale("log")
    return finish(ax, "update", "gradient norm before clipping", title, f"{'; '.join(said)}.")


@_drawn
def success_against_lag(
    counts: Mapping[str, Mapping[int, tuple[int, int]]],
    ax: Axes | None = None,
    *,
    xlabel: str = "lag (steps)",
    log: bool = False,
    title: str = "",
) -> Axes:
    """Share of networks that solve a task, against the lag, with 95 % Wilson intervals.

    counts: name -> {lag: (solved, networks)}.
    """
    said, what = [], xlabel.split()[0]
    for k, (name, by_lag) in enumerate(counts.items()):
        lags = sorted(by_lag)
        share = np.array([by_lag[lag][0] / by_lag[lag][1] for lag in lags])
        ends = np.array([wilson(*by_lag[lag]) for lag in lags])
        ax.errorbar(
            lags,
            share,
            yerr=np.abs(ends.T - share),
            color=colour(name, k),
            marker=MARKERS[k % len(MARKERS)],
            ms=5,
            capsize=3,
            lw=1.6,
            label=name,
        )
        said.append(f"{name}: " + ", ".join(f"{by_lag[lag][0]} of {by_lag[lag][1]} at {what} {lag}" for lag in lags))
    ax.set_ylim(-0.04, 1.04)
    ax.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0))
    if log:
        ax.set_xscale("log")
        ax.set_xticks(ticks := sorted({lag for by_lag in counts.values() for lag in by_lag}), [str(t) for t in ticks])
        ax.minorticks_off()
    return finish(ax, xlabel, "networks that solve it", title, f"Share solved against {what}. {'; '.join(said)}.")


@_drawn
def lines(
    curves: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    logx: bool = False,
    logy: bool = False,
    title: str = "",
    alt: str = "",
) -> Axes:
    """Plain curves. curves: name -> (N,) against a common x (default 0 … N−1); colour by name, dash by order."""
    said = []
    for k, (name, ys) in enumerate(curves.items()):
        xs = np.arange(len(ys)) if x is None else x
        ax.plot(xs, ys, color=colour(name, k), ls=DASHES[k % len(DASHES)], label=name)
        said.append(f"{name} from {ys[0]:.3g} to {ys[-1]:.3g}")
    if logx:
        ax.set_xscale("log")
    if logy:
        ax.set_yscale("log")
    return finish(ax, xlabel, ylabel, title, alt or f"{ylabel} against {xlabel}: {'; '.join(said)}.")


@_drawn
def spectrum(eigenvalues: Mapping[str, np.ndarray] | np.ndarray, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Eigenvalues in the complex plane with the unit circle. eigenvalues: (H,) complex, or name -> (H,)."""
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


def wilson(solved: int, networks: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share (Wilson 1927): right even for 0 of n and n of n. ValueError if impossible."""
    if not 0 <= solved <= networks or networks < 1:
        raise ValueError(
            f"wilson expects 0 <= solved <= networks and networks >= 1, got solved={solved}, networks={networks}"
        )
    from scipy.stats import binomtest

    low, high = binomtest(solved, networks).proportion_ci(method="wilson")
    return float(low), float(high)


def tex(name: str, index: str = "t") -> str:
    r"""A quantity in its colour, for an equation: ``tex("f")`` is ``{\color{#D55E00} f_{t}}``; index="" leaves it out.

    The switch ``{\color{#hex} …}`` is the form that JupyterLab, GitHub and LaTeX all understand. h stays in the colour
    of the text, so that it can be read on a dark page too, and so does what has no colour of its own.
    """
    body = name + (rf"_{{{index}}}" if index else "")
    return body if name == "h" or name not in COLOURS else rf"{{\color{{{COLOURS[name]}}} {body}}}"


def _gate(name: str, extra: str = "") -> str:
    return rf"<{name}> &= \sigma(W_{name} <x> + U_{name} <h_>{extra} + b_{name})"


_CANDIDATE = r"<g> &= \tanh(W_g <x> + U_g <h_> + b_g)"
_CELL = r"<c> &= <f> \circ <c_> + <i> \circ <g>"
_OUTPUT = r"<h> &= <o> \circ \tanh(<c>)"
_MIX = r"<h> &= (1 - <z>) \circ <n> + <z> \circ <h_>"

EQUATIONS = {
    "rnn": (r"<h> &= \tanh(W <x> + U <h_> + b)",),
    "lstm97": (_gate("i"), _CANDIDATE, _gate("o"), r"<c> &= <c_> + <i> \circ <g>", _OUTPUT),
    "lstm": (_gate("i"), _gate("f"), _CANDIDATE, _gate("o"), _CELL, _OUTPUT),
    "peephole": (
        _gate("i", r" + p_i \circ <c_>"),
        _gate("f", r" + p_f \circ <c_>"),
        _CANDIDATE,
        _CELL,
        _gate("o", r" + p_o \circ <c>"),
        _OUTPUT,
    ),
    "coupled": (_gate("f"), _CANDIDATE, _gate("o"), r"<c> &= <f> \circ <c_> + (1 - <f>) \circ <g>", _OUTPUT),
    "gru": (
        _gate("r"),
        _gate("z"),
        r"<n> &= \tanh(W_n <x> + b_n + <r> \circ (U_n <h_> + b_{hn}))",
        _MIX,
    ),
    "gru_reset_before": (_gate("r"), _gate("z"), r"<n> &= \tanh(W_n <x> + U_n (<r> \circ <h_>) + b_n)", _MIX),
}


def equation(cell: str) -> str:
    """The equations of a cell ("lstm", "gru" …) as one LaTeX block, every quantity in its colour.

    ValueError for a cell that has none here.
    """
    if cell not in EQUATIONS:
        raise ValueError(f"plots.equation knows {', '.join(EQUATIONS)}; got {cell!r}")
    body = r" \\ ".join(EQUATIONS[cell])
    for name in COLOURS:
        body = body.replace(f"<{name}>", tex(name)).replace(f"<{name}_>", tex(name, "t-1"))
    return rf"$$\begin{{aligned}} {body} \end{{aligned}}$$"


def show_equation(cell: str) -> None:
    """Display `equation(cell)` in the notebook."""
    from IPython.display import Math, display

    display(Math(equation(cell)))


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
