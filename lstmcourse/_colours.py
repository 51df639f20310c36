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

OTHERS = ("#8250C4", "#00858F", "#A0522D", "#728000", "#B5179E", "#5B6FA8")
"""For everything that is no quantity: networks, settings, weights, losses. None of them is a quantity's colour, and
each has a contrast of 3 to 1 at least on a white page and on a dark one; with more than two lines add a dash or marker.
"""

DARK_COLOURS = {
    "i": "#58A9E8", "f": "#FF8A45", "o": "#35C795", "g": "#EB9CC8", "c": "#E3B341", "h": "#D0D7DE", "r": "#8CD0F5",
    "z": "#FF8A45", "n": "#EB9CC8", "x": "#9AA4AF",
}  # fmt: skip
DARK_OTHERS = ("#B794F4", "#4FC3C9", "#E09A70", "#B5C334", "#F082D8", "#9DB0E8")
"""The same quantities, and the same others, brighter: for a picture whose ground is dark."""

CONTEXT = "#767676"
"""A line for comparison: what would be without, a baseline, an axis; 4 to 1 at least on white and on black."""

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
