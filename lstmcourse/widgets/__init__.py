"""Interactive figures: thin shells of ipywidgets over pure functions ``settings -> (picture, sentence)``.

Each widget is an `Explorer`: a notebook shows it as it is, `.figure(…)` is the same as a still picture for GitHub and
print. Every one is guarded: keys pressed inside it stay inside it, its sliders have names, and a live line says the
result. Steps and units count from 1, as in the text.

    widgets.StepThrough(LSTM, p, xs)                       # step through a cell, forward and backward
    plots.show(widgets.forget_bias(bias=2.0).figure())     # a still picture
    widgets.explore("gain", draw, gain=widgets.slider("gain", 1.0, 0.1, 3.0))      # one of your own
"""

from ..probes import arriving_gradients
from ._animation import Player, animation
from ._forget_bias import forget_bias, paint_forget_bias
from ._gate_clamp import clamped, gate_clamp, gates_of
from ._gate_saturation import gate_saturation, paint_saturation
from ._lattice_guess import draw_guess, lattice_guess
from ._shell import Explorer, KeyGuard, choice, explore, guarded, line_of_text, picture_html, slider
from ._step_through import StepThrough, equations_html
from ._text_reader import coloured_text, read_unit, text_reader
from ._word_by_word import paint_words, word_by_word

__all__ = [
    "Explorer", "KeyGuard", "Player", "StepThrough", "animation", "arriving_gradients", "choice", "clamped",
    "coloured_text", "draw_guess", "equations_html", "explore", "forget_bias", "gate_clamp", "gate_saturation",
    "gates_of", "guarded", "lattice_guess", "line_of_text", "paint_forget_bias", "paint_saturation", "paint_words",
    "picture_html", "read_unit", "slider", "text_reader", "word_by_word",
]  # fmt: skip
