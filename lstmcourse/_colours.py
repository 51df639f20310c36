"""The colours of the course, in one place: plots, equations and diagrams take them from here."""

COLOURS = {
    "i": "#0072B2",
    "f": "#D55E00",
    "o": "#009E73",
    "g": "#CC79A7",
    "c": "#B8860B",
    "h": "#333333",
    "r": "#3396D3",
    "z": "#D55E00",
    "n": "#CC79A7",
    "x": "#777777",
}
"""One colour per quantity, safe for colour-blind readers (after Okabe and Ito). z takes the colour of f, n of g.

Each has a contrast of 3 to 1 at least on a white page and, but for h, on a dark one; r is therefore deeper than theirs.
"""

CELL_COLOURS = {
    "rnn": "#777777",
    "rnn_relu": "#A6A6A6",
    "lstm97": "#E69F00",
    "lstm": "#0072B2",
    "peephole": "#009E73",
    "coupled": "#D55E00",
    "gru": "#CC79A7",
    "gru_reset_before": "#56B4E9",
}
"""One colour per cell, where curves of several cells share an axis."""
