"""The colours of the course, in one place: plots, equations and diagrams take them from here."""

COLOURS = {
    "i": "#1B7EC2",
    "f": "#D55E00",
    "o": "#009E73",
    "g": "#CC79A7",
    "c": "#B8860B",
    "h": "#333333",
    "r": "#3396D3",
    "z": "#D55E00",
    "n": "#CC79A7",
    "x": "#7B7B7B",
}
"""One colour per quantity, safe for colour-blind readers (after Okabe and Ito). z takes the colour of f, n of g.

Each has a contrast of 3 to 1 at least on a white page and, but for h, on a dark one; i, r and x therefore
differ from theirs. Where f and c share an axis, c is dashed.
"""

OTHERS = ("#5B2A9D", "#00919B", "#8C3B12", "#7E8C00", "#B5179E", "#6B7FB8", "#333333", "#D6486B")
"""For everything that is no quantity: networks, settings, weights, losses; dark and light in turn, so that neighbours
differ in lightness too. None of them is a quantity's colour but for the grey. 3 to 1 at least on white.
"""

DARK_COLOURS = {
    "i": "#58A9E8", "f": "#FF8A45", "o": "#35C795", "g": "#EB9CC8", "c": "#E3B341", "h": "#D0D7DE", "r": "#8CD0F5",
    "z": "#FF8A45", "n": "#EB9CC8", "x": "#9AA4AF",
}  # fmt: skip
DARK_OTHERS = ("#B794F4", "#4FC3C9", "#E09A70", "#B5C334", "#F082D8", "#9DB0E8", "#D0D7DE", "#F58CA6")
"""The same quantities, and the same others, brighter: for a picture whose ground is dark."""

CONTEXT = "#767676"
"""A line for comparison: what would be without, a baseline, an axis; 4 to 1 at least on white and on black."""

CELL_COLOURS = {
    "rnn": "#6B7FB8", "rnn_relu": "#7F8FA6", "lstm97": "#8C3B12", "lstm": "#5B2A9D", "peephole": "#00919B",
    "coupled": "#7E8C00", "gru": "#B5179E", "gru_reset_before": "#D65DB1",
}  # fmt: skip
"""One colour per cell, where curves of several cells share an axis: of the others, since a cell is no quantity."""
