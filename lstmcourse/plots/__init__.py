"""Every figure of the course as a function ``(data, ax=None) -> ax``: one style, one colour per quantity.

A figure is never drawn through pyplot, so nothing is shown twice and no global state is left behind.
Each function labels its axes with units and leaves a sentence for readers who cannot see the picture in ``ax.alt``;
`describe` reads it, `show` puts it into the notebook together with a small PNG.

    ax = plots.loss_curves({"lstm": losses}, baselines={"unigram": 3.1})
    plots.show(ax)
"""

from lstmcourse._colours import CELL_COLOURS, COLOURS
from lstmcourse._statistics import wilson
from lstmcourse.plots.curves import (
    FLOAT32_TINY,
    clipping,
    counter,
    gate_traces,
    gradient_against_lag,
    lines,
    loss_curves,
    success_against_lag,
    units,
)
from lstmcourse.plots.matrices import powers, spectrum, stretch
from lstmcourse.plots.rolls import name_of, piano_roll
from lstmcourse.plots.sequences import rounds, threads
from lstmcourse.plots.style import (
    CYCLE,
    DASHES,
    MARKERS,
    RC,
    colour,
    describe,
    finish,
    panels,
    png,
    show,
    style,
)
from lstmcourse.plots.tables import activations, bars, dots, heatmap, marks, scatter
from lstmcourse.plots.words import coloured_words, padded, shares

__all__ = [
    "CELL_COLOURS", "COLOURS", "CYCLE", "DASHES", "FLOAT32_TINY", "MARKERS", "RC",
    "activations", "bars", "clipping", "colour", "coloured_words", "counter", "describe", "dots", "finish",
    "gate_traces", "gradient_against_lag", "heatmap", "lines", "loss_curves", "marks", "name_of", "padded",
    "panels", "piano_roll", "png", "powers", "rounds", "scatter", "shares", "show", "spectrum", "stretch", "style",
    "success_against_lag", "threads", "units", "wilson",
]  # fmt: skip
