"""The equations of the cells as LaTeX, every quantity in its colour."""

from lstmcourse._colours import COLOURS


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


def latex(cell: str) -> str:
    """The equations of a cell ("lstm", "gru" …) as one LaTeX block, every quantity in its colour.

    ValueError for a cell that has none here.
    """
    if cell not in EQUATIONS:
        raise ValueError(f"equations.latex knows {', '.join(EQUATIONS)}; got {cell!r}")
    body = r" \\ ".join(EQUATIONS[cell])
    for name in COLOURS:
        body = body.replace(f"<{name}>", tex(name)).replace(f"<{name}_>", tex(name, "t-1"))
    return rf"$$\begin{{aligned}} {body} \end{{aligned}}$$"


def show(cell: str) -> None:
    """Display `latex(cell)` in the notebook."""
    from IPython.display import Math, display

    display(Math(latex(cell)))
