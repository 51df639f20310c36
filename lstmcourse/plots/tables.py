"""Figures of many values at once: histograms, a dot a run in one direction or two, bars, a table in colours."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lstmcourse.plots.style import CYCLE, MARKERS, axes, colour, finish, spell_out, style

MARK = "#D6486B"  # the frame of a marked field


@style()
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
    ax = axes(ax)
    said = []
    if not values or not all(np.size(v) for v in values.values()):
        raise ValueError("activations needs at least one value under each name")
    low = min(0.0, min(float(np.min(v)) for v in values.values()))
    bins = np.linspace(-1.0 if low < 0 else 0.0, 1.0, 41).tolist()
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


@style()
def dots(
    groups: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    xlabel: str = "value",
    baseline: float | None = None,
    baseline_name: str = "baseline",
    log: bool = False,
    of: str | Sequence[str] = "",
    each: str = "run",
    title: str = "",
) -> Axes:
    """One dot per seed, one row per group, the median as a bar: the whole distribution, not its mean alone.

    groups: name -> (S,). Dots at about the same value stand on top of each other, so that they can be counted; where
    there are more than eight of them, their number stands above them, one for piles that touch. None, NaN and
    what has no place on the axis get no dot. of: the cell or the quantity whose colour all rows have, where they differ
    in something else; or a colour for each row, where some of them belong together. each: what a dot is, for the words.
    ValueError for another number of colours.
    """
    if not isinstance(of, str) and len(of) != len(groups):
        raise ValueError(f"of must have a colour for each of the {len(groups)} rows, got {len(of)}")
    ax = axes(ax)
    said = []
    place = lambda v: np.log10(np.where(v > 0, v, np.nan)) if log else v
    everyone = [x for v in groups.values() for x in place(np.asarray(v, float)) if np.isfinite(x)] or [0.0]
    wide = (np.ptp(everyone) or 1.0) / 60  # about the width of a dot
    for row, (name, values) in enumerate(groups.items()):
        v = np.sort(np.asarray(values, float))
        shown = v[np.isfinite(place(v))]
        tint = colour(of or name, row) if isinstance(of, str) else of[row]
        _pile(ax, shown, np.round((place(shown) - min(everyone)) / wide), row, tint)
        ax.plot([np.median(v)] * 2, [row - 0.32, row + 0.32], color=tint, lw=2.6, solid_capstyle="butt")
        ends = f"from {shown[0]:.4g} to {shown[-1]:.4g}, " if len(shown) else ""
        left_out = f", {len(v) - len(shown)} of them without a dot" if len(shown) < len(v) else ""
        said.append(f"{name}: median {np.median(v):.4g}, {ends}{len(v)} {each}s{left_out}")
    ax.set_yticks(range(len(groups)), list(groups))
    if log:
        ax.set_xscale("log")
        spell_out(ax.xaxis)
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
    return finish(ax, xlabel, "", title, f"One dot per {each}. {'; '.join(said)}.", legend=False)


def _pile(ax: Axes, values: np.ndarray, places: np.ndarray, row: int, tint: str) -> None:
    """The dots of one row: those at the same place upon each other, and above a crowd their number."""
    crowds: list[list[int]] = []  # of touching piles with more than eight dots each: the dots' indices
    last = -np.inf
    for place in np.unique(places):
        there = np.flatnonzero(places == place)
        n = len(there)
        lift = min(0.13, 0.72 / max(n - 1, 1)) * (np.arange(n) - (n - 1) / 2)
        ax.plot(values[there], row + lift, "o", color=tint, alpha=0.75, ms=5.5, mec="white", mew=0.5)
        if n > 8:
            crowds = [*crowds[:-1], [*crowds[-1], *there]] if place - last <= 1 else [*crowds, [*there]]
            last = place
    middles = [float(np.median(places[crowd])) for crowd in crowds]
    for k, crowd in enumerate(crowds):  # the numbers of two crowds side by side stand apart
        before, after = (0 <= j < len(crowds) and abs(middles[j] - middles[k]) < 5 for j in (k - 1, k + 1))
        side = "center" if before == after else "left" if before else "right"
        at = float(np.median(values[crowd])), row - 0.38
        ax.text(*at, str(len(crowd)), ha=side, va="bottom", fontsize=8, color=tint)


@style()
def scatter(
    groups: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    ax: Axes | None = None,
    *,
    xlabel: str = "",
    ylabel: str = "",
    logx: bool = False,
    logy: bool = False,
    title: str = "",
) -> Axes:
    """One mark per run, a colour and a shape per group. groups: name -> (x, y), both (S,).

    None, NaN and what has no place on an axis get no mark. ValueError where x and y of a group differ in length.
    """
    ax = axes(ax)
    said = []
    for k, (name, (x, y)) in enumerate(groups.items()):
        if len(x) != len(y):
            raise ValueError(f"x and y of {name!r} must have the same length, got {len(x)} and {len(y)}")
        xs, ys = np.asarray(x, float), np.asarray(y, float)
        there = np.isfinite(xs) & np.isfinite(ys) & ((xs > 0) | (not logx)) & ((ys > 0) | (not logy))
        mark, label = MARKERS[k % len(MARKERS)], "" if name in ("", ylabel) else name
        ax.plot(xs[there], ys[there], mark, color=colour(name, k), alpha=0.6, ms=5, mec="white", mew=0.4, label=label)
        middle = f"median {np.median(xs[there]):.3g}, {np.median(ys[there]):.3g}, " if there.any() else ""
        said.append(f"{name}: {middle}{there.sum()} of {len(xs)} runs".removeprefix(": "))
    for log, scale, axis in ((logx, ax.set_xscale, ax.xaxis), (logy, ax.set_yscale, ax.yaxis)):
        if log:
            scale("log")
            spell_out(axis)
    alt = f"{ylabel or 'value'} against {xlabel}, one mark per run. {'; '.join(said)}."
    return finish(ax, xlabel, ylabel, title, alt)


@style()
def heatmap(
    matrix: np.ndarray,
    ax: Axes | None = None,
    *,
    rows: Sequence[str],
    cols: Sequence[str],
    fmt: str = ".0%",
    label: str = "",
    limits: tuple[float, float] | None = None,
    groups: Mapping[str, int] | None = None,
    marked: Collection[tuple[str, str]] = (),
    notes: Mapping[tuple[str, str], str] | None = None,
    title: str = "",
) -> Axes:
    """A table as colours, with the number in each field: the larger, the farther from the page, white or dark.

    matrix: (R, C); NaN is an empty field. limits: the ends of the colour scale. groups: name -> how many rows, in
    order; each group stands by itself under its name. marked: (row, column) of fields to be framed. notes: of fields,
    (row, column), what stands behind the number. ValueError if rows, cols or groups do not fit, if a marked or noted
    field is not there, or if every field is empty.
    """
    ax = axes(ax)
    m = np.asarray(matrix, float)
    if m.shape != (len(rows), len(cols)):
        raise ValueError(f"heatmap expects a matrix of shape ({len(rows)}, {len(cols)}), got {m.shape}")
    if not np.isfinite(m).any():
        raise ValueError("heatmap expects at least one finite number, got none")
    if groups and sum(groups.values()) != len(rows):
        raise ValueError(f"groups must hold {len(rows)} rows, got {sum(groups.values())}")
    notes = notes or {}
    strange = [field for field in (*marked, *notes) if field[0] not in rows or field[1] not in cols]
    if strange:
        what = "marked" if strange[0] in marked else "notes"
        raise ValueError(f"{what} must hold (row, column) of the table, got {strange[0]!r}")
    first = np.cumsum([0, *(groups or {"": len(rows)}).values()])[:-1]  # of each group
    heads = [int(r) + k for k, r in enumerate(first)] if groups else []  # where their names stand
    lines = [r for r in range(len(rows) + len(heads)) if r not in heads]
    field = np.full((len(rows) + len(heads), len(cols)), np.nan)
    field[lines] = m
    low, high = limits or (float(np.nanmin(m)), float(np.nanmax(m)))
    image = ax.imshow(field, cmap="cividis_r", vmin=low, vmax=high, aspect="auto")
    names_of = dict(zip(lines, rows, strict=True))
    for (r, c), value in np.ndenumerate(field):
        if np.isfinite(value):
            dark = (value - low) / ((high - low) or 1.0) > 0.535  # there white and black are equally legible, 4.5 to 1
            words = f"{format(value, fmt)} {notes.get((names_of[r], cols[c]), '')}".rstrip()
            ax.text(c, r, words, ha="center", va="center", fontsize=9, color="white" if dark else "black")
    for row, col in marked:
        corner = list(cols).index(col) - 0.46, lines[list(rows).index(row)] - 0.42
        ax.add_patch(Rectangle(corner, 0.92, 0.84, fill=False, ec=MARK, lw=2.4))
    for head, name in zip(heads, groups or (), strict=True):
        ax.text(-0.46, head + 0.1, name, ha="left", va="center", fontsize=9, color="#444444", style="italic")
    ax.set_xticks(range(len(cols)), list(cols), rotation=0 if max(map(len, cols)) < 14 else 20, ha="center")
    ax.set_yticks(lines, list(rows))
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label=label, fraction=0.05, pad=0.02)
    names = {int(r): f"{name}, " for r, name in zip(first, groups or (), strict=False)}
    said = "; ".join(
        names.get(r, "")
        + f"{name}: "
        + ", ".join(
            f"{c} {format(v, fmt)} {notes.get((name, c), '')}".rstrip()
            for c, v in zip(cols, m[r], strict=True)
            if np.isfinite(v)
        )
        for r, name in enumerate(rows)
    )
    framed = f" Framed: {'; '.join(f'{row}, {col}' for row, col in marked)}." if marked else ""
    return finish(ax, "", "", title, f"Heat map of {label or 'values'}. {said}.{framed}", legend=False)


@style()
def bars(
    values: Mapping[str, float],
    ax: Axes | None = None,
    *,
    xlabel: str = "parameters",
    fmt: str = ",.0f",
    title: str = "",
) -> Axes:
    """Horizontal bars with the number at the end of each. values: name -> count. ValueError for a negative one."""
    ax = axes(ax)
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


@style()
def marks(
    rows: Mapping[str, Collection[str]],
    ax: Axes | None = None,
    *,
    cols: Sequence[str],
    title: str = "",
) -> Axes:
    """A table of yes and no: a square where a row has a column. rows: name -> the columns that it has.

    Each column says at its foot how many rows have it. ValueError for a column that is not among `cols`.
    """
    ax = axes(ax)
    strange = [name for names in rows.values() for name in names if name not in cols]
    if strange:
        raise ValueError(f"rows must hold names among {', '.join(cols)}, got {strange[0]!r}")
    for c, col in enumerate(cols):
        has = [r for r, names in enumerate(rows.values()) if col in names]
        ax.plot([c] * len(has), has, "s", color=CYCLE[0], ms=8.5)
        ax.text(c, len(rows), str(len(has)), ha="center", va="center", fontsize=9)
    ax.set_xticks(range(len(cols)), list(cols), rotation=40, ha="left")
    ax.xaxis.tick_top()
    ax.set_yticks([*range(len(rows)), len(rows)], [*rows, "rows marked"])
    ax.set_xlim(-0.6, len(cols) - 0.4)
    ax.set_ylim(len(rows) + 0.6, -0.7)
    said = "; ".join(f"{name}: {', '.join(names) or 'none'}" for name, names in rows.items())
    counts = ", ".join(f"{col} {sum(col in names for names in rows.values())}" for col in cols)
    alt = f"A square where a row has a column. {said}. Rows with each column: {counts}."
    return finish(ax, "", "", title, alt, legend=False)
