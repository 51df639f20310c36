"""Figures over time, updates, lags: lines with their markers, dashes and shades."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes

from lstmcourse._colours import COLOURS
from lstmcourse._statistics import wilson
from lstmcourse.plots.style import CYCLE, DASHES, MARKERS, axes, colour, finish, spell_out, style

FLOAT32_TINY = float(np.finfo(np.float32).tiny)
"""The smallest normal float32, 1.2e-38: below it a gradient is lost bit by bit."""


@style()
def gradient_against_lag(
    curves: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    predicted: Mapping[str, float] | None = None,
    floor: float | None = FLOAT32_TINY,
    at_end: bool = False,
    ylabel: str = "gradient norm, relative to lag 0",
    title: str = "",
) -> Axes:
    """Gradient norm against the lag k, on a log axis.

    curves: name -> (K,) norms for lags 0 … K−1, or (S, K) for S seeds (median drawn, range shaded).
    predicted: name -> factor per step; a dashed line y₀·factorᵏ in the colour of the curve of that name.
    floor: values under it, exact zeros included, are underflow and marked with a cross; None marks zeros only.
    A curve that is no longer a finite number ends at a cross on its last one.
    at_end: each name stands at the end of its curve, and there is no legend.
    """
    ax = axes(ax)
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
            if at_end:
                last = lags[alive][-1], middle[alive][-1]
                side, by = ("right", (-2, 10)) if alive.all() else ("left", (8, 4))
                ax.annotate(name, last, xytext=by, textcoords="offset points", ha=side, color=tint, fontsize=8.5)
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
        place = ax.get_yaxis_transform()
        ax.text(0.99, floor, note, va="top", ha="right", fontsize=8, color="#555555", transform=place)
    alt = f"Gradient norm against lag, log axis: {'; '.join(said)}."
    return finish(ax, "lag k (steps back in time)", ylabel, title, alt, legend=not at_end)


@style()
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
    ax = axes(ax)
    if not isinstance(traces, Mapping):
        names = names or [k for k in traces[0] if k in COLOURS and k != "x"]
        traces = {k: np.stack([cache[k][batch] for cache in traces]) for k in names}
    said = []
    for k, name in enumerate(names or traces):
        ys = np.asarray(traces[name], float)
        ys = ys[:, None] if ys.ndim == 1 else ys
        ts = np.arange(1, len(ys) + 1)
        dash = DASHES[1] if name == "c" else "-"  # its colour is near that of f
        ax.plot(ts, ys.mean(1), color=colour(name, k), label=name, marker=MARKERS[k % len(MARKERS)], ms=3, ls=dash)
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


@style()
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
    ax = axes(ax)
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


@style()
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
    ax = axes(ax)
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
            label="c" if ys.shape[1] == 1 else f"c, unit {u + 1}",
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


@style()
def units(
    values: np.ndarray,
    ax: Axes | None = None,
    *,
    bold: tuple[str, Sequence[float]] | None = None,
    labels: Sequence[str] | None = None,
    at: Sequence[int] = (),
    xlabel: str = "time step t",
    ylabel: str = "state",
    title: str = "",
) -> Axes:
    """A gate or a state of every unit against time, a thin grey line a unit, and one line that stands out.

    values: (T, H). bold: a name and (T,), the line that stands out. labels: T words under the steps. at: steps, counted
    from 1, at which something happens: a dotted line upright. ValueError for a bold line of another length.
    """
    ax = axes(ax)
    ys = np.asarray(values, float)
    if bold is not None and len(bold[1]) != len(ys):
        raise ValueError(f"bold must hold {len(ys)} numbers, one for each step, got {len(bold[1])}")
    ts = np.arange(1, len(ys) + 1)
    ax.plot(ts, ys, color="#8A8A8A", lw=0.9)
    for t in at:
        ax.axvline(t, color="#555555", lw=1.2, ls=(0, (1, 2)))
    if bold is not None:
        name, line = bold
        ax.plot(ts, line, color=colour(ylabel.rpartition(" ")[2].strip("|")), lw=2.8, label=name)
        ax.plot([], [], color="#8A8A8A", lw=0.9, label="each unit")
    if labels is not None:
        ax.set_xticks(ts, labels, rotation=90 if max(map(len, labels)) > 3 else 0, fontsize=7.5)
    else:
        ax.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    ends = ", ".join(f"{v:.2f}" for v in ys[-1])
    alt = f"{ys.shape[1]} units over {len(ys)} steps, from {ys.min():.2f} to {ys.max():.2f}; at the last step {ends}."
    if bold is not None:
        alt += f" {bold[0]}: from {bold[1][0]:.2f} to {bold[1][-1]:.2f}."
    return finish(ax, "" if labels is not None else xlabel, ylabel, title, alt)


@style()
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
    ax = axes(ax)
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


@style()
def lines(
    curves: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    logx: bool = False,
    logy: bool = False,
    marker: str = "",
    joined: bool = True,
    stairs: bool = False,
    of: Sequence[str] = (),
    title: str = "",
    alt: str = "",
) -> Axes:
    """Plain curves. curves: name -> (N,) against a common x (default 0 … N−1); colour by name, dash by order.

    Of (S, N), several runs, the median is drawn and the range shaded.

    marker: matplotlib's name of a mark on every point. joined: False for marks alone, another for each name, where x
    are cases and no scale. stairs: a level for each point, for what changes by steps.
    of: a colour for each curve, where some of them belong together. ValueError for another number of them.
    """
    if of and len(of) != len(curves):
        raise ValueError(f"of must have a colour for each of the {len(curves)} curves, got {len(of)}")
    ax = axes(ax)
    said = []
    way: Any = "steps-mid" if stairs else "default"
    for k, (name, values) in enumerate(curves.items()):
        runs, tint = np.atleast_2d(np.asarray(values, float)), of[k] if of else colour(name, k)
        ys = np.median(runs, 0)
        xs = np.arange(len(ys)) if x is None else x
        label = "" if name == ylabel else name  # the axis says it
        ls, mark = (DASHES[k % len(DASHES)], marker) if joined else ("none", MARKERS[k % len(MARKERS)])
        ax.plot(xs, ys, color=tint, ls=ls, marker=mark, drawstyle=way, label=label)
        if len(runs) > 1:
            ax.fill_between(xs, runs.min(0), runs.max(0), color=tint, alpha=0.15, lw=0)
        said.append(f"{name} from {ys[0]:.3g} to {ys[-1]:.3g}")
    if logx:
        ax.set_xscale("log")
        spell_out(ax.xaxis)
    if logy:
        ax.set_yscale("log")
        spell_out(ax.yaxis)
    return finish(ax, xlabel, ylabel, title, alt or f"{ylabel} against {xlabel}: {'; '.join(said)}.")


@style()
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
    ax = axes(ax)
    said, what = [], xlabel.split()[0]
    every = sorted({lag for by_lag in counts.values() for lag in by_lag})
    gap = np.diff(np.log(every) if log else np.array(every, float)).min(initial=np.inf)
    apart = 0.08 * (gap if np.isfinite(gap) else 1.0)  # the intervals of one lag stand beside each other
    for k, (name, by_lag) in enumerate(counts.items()):
        lags, shift = sorted(by_lag), (k - (len(counts) - 1) / 2) * apart
        share = np.array([by_lag[lag][0] / by_lag[lag][1] for lag in lags])
        ends = np.array([wilson(*by_lag[lag]) for lag in lags])
        ax.errorbar(
            np.array(lags) * np.exp(shift) if log else np.array(lags) + shift,
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
        ax.set_xticks(every, [str(lag) for lag in every])
        ax.minorticks_off()
    return finish(ax, xlabel, "networks that solve it", title, f"Share solved against {what}. {'; '.join(said)}.")
