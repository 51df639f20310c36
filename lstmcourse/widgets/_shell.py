"""What every widget is made of: controls with names, a picture, a line that is read out, and a guard for keys."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets
import numpy as np

from .. import plots
from .._display import FILTER
from ..diagrams import Picture

Drawing = Picture | str | bytes  # a Picture, an SVG or HTML string, or PNG bytes
Controls = Mapping[str, ipywidgets.ValueWidget]


class KeyGuard(anywidget.AnyWidget):
    """Invisible. Keeps keys away from JupyterLab's shortcuts; gives sliders and live line what a screen reader needs.

    In command mode JupyterLab's shortcuts fire while a slider has the focus: b inserts a cell, an arrow collapses a
    section. Keys with Ctrl, Meta or Alt, Escape and Shift-Enter pass, so that the keyboard user is not trapped.
    """

    _esm = files(__package__).joinpath("guard.js").read_text(encoding="utf-8")
    _css = f"[data-jp-theme-light=false] .lc-picture img{{{FILTER}}}"


def guarded(widget: ipywidgets.Widget, name: str = "widget") -> ipywidgets.VBox:
    """The widget with the key guard around it. `name` becomes the CSS class lc-name-…, under which tests find it."""
    return _marked(ipywidgets.VBox([widget, KeyGuard()]), name)


def _marked(box: ipywidgets.VBox, name: str) -> ipywidgets.VBox:
    """The box with its classes; one with a blank in its name would not be drawn at all."""
    box.add_class("lc-widget")
    box.add_class("lc-name-" + re.sub(r"\W+", "-", name).strip("-"))
    return box


def slider(
    description: str, value: float, low: float, high: float, step: float | None = None, *, log: bool = False
) -> ipywidgets.Widget:
    """A slider with a name: of whole numbers if all the numbers given are whole, on a log scale if asked for.

    ValueError for a value outside its ends, and on a log scale for ends that are not positive.
    """
    if not low <= value <= high:
        raise ValueError(f"value of {description!r} must lie between {low} and {high}, got {value}")
    if log and low <= 0:
        raise ValueError(f"a log scale needs positive ends, got {low} as the low end of {description!r}")
    look = _look(description, "min(34em, 98%)")
    if log:
        ends = dict(min=float(np.log10(low)), max=float(np.log10(high)), step=step or 0.05)
        return ipywidgets.FloatLogSlider(value=value, base=10, readout_format=".3g", **ends, **look)
    if all(isinstance(v, int | np.integer) for v in (value, low, high, step or 1)):
        return ipywidgets.IntSlider(value=int(value), min=int(low), max=int(high), step=int(step or 1), **look)
    return ipywidgets.FloatSlider(
        value=value, min=low, max=high, step=step or (high - low) / 40, readout_format=".2f", **look
    )


def choice(description: str, options: Sequence[Any], value: Any = None) -> ipywidgets.Dropdown:
    """A drop-down list with a name. options: values, or (text, value) pairs. ValueError for a value not among them."""
    values = [option[1] if isinstance(option, tuple) else option for option in options]
    if not values or (value is not None and value not in values):
        raise ValueError(f"{description!r} must be one of its options, {values}; got {value!r}")
    chosen = values[0] if value is None else value
    return ipywidgets.Dropdown(options=options, value=chosen, **_look(description, "min(24em, 98%)"))


def line_of_text(description: str, value: str) -> ipywidgets.Text:
    """A line to type into, with a name."""
    return ipywidgets.Text(value=value, **_look(description, "98%"))


def _look(description: str, width: str) -> dict[str, Any]:
    """What all controls share: a label in full, 11 em wide at least so that those below each other line up."""
    label_width = f"{max(11, 0.52 * len(description)):g}em"
    return dict(
        description=description, style={"description_width": label_width}, layout=ipywidgets.Layout(width=width)
    )


def explore(name: str, draw: Callable[..., tuple[Drawing, str]], **controls: ipywidgets.Widget) -> ipywidgets.VBox:
    """A guarded widget over a pure function: ``draw(**settings) -> (picture, sentence)``, one setting for each control.

    The sentence stands under the picture and is read out when it changes; it is the picture's alt text too. If `draw`
    raises on a move, the message stands there instead, and the last good picture stays; the first time it is raised.
    TypeError for what is no control or no picture.
    """
    wrong = [key for key, control in controls.items() if not isinstance(control, ipywidgets.ValueWidget)]
    if wrong:
        raise TypeError(f"{wrong[0]} must be a control such as widgets.slider(…), got {controls[wrong[0]]!r}")
    return screened(name, draw, controls, ipywidgets.VBox([*controls.values()]))


def screened(
    name: str, draw: Callable[..., tuple[Drawing, str]], controls: Controls, head: ipywidgets.Widget
) -> ipywidgets.VBox:
    """`explore`, with the controls laid out in `head`."""
    screen, line = _screen("lc-picture"), _screen("lc-says")

    def redraw() -> None:
        drawn = draw(**{key: control.value for key, control in controls.items()})
        if not (isinstance(drawn, tuple) and len(drawn) == 2):
            raise TypeError(f"draw must return a picture and a sentence, got {type(drawn).__name__}")
        picture, sentence = drawn
        screen.value = picture_html(picture, sentence)
        line.value = f"<p>{escape(sentence)}</p>"

    def moved(_) -> None:
        try:
            redraw()
        except Exception as error:  # a callback that raises would fail in silence
            line.value = f'<p class="lc-failed"><b>{type(error).__name__}</b>: {escape(str(error))}</p>'

    redraw()
    for control in controls.values():
        control.observe(moved, "value")
    return guarded(ipywidgets.VBox([head, screen, line]), name)


def picture_html(picture: Drawing, alt: str) -> str:
    """HTML of a picture: a Picture, SVG or HTML as it is, PNG bytes as an image with alt text. TypeError for others."""
    if isinstance(picture, Picture):
        return picture.svg
    if isinstance(picture, str):
        return picture
    if not isinstance(picture, bytes):
        kind = type(picture).__name__
        raise TypeError(
            f"a picture must be a Picture, an SVG or HTML string or PNG bytes such as plots.png(ax), got {kind}"
        )
    data = base64.b64encode(picture).decode()
    return f'<img alt="{escape(alt, quote=True)}" style="max-width:100%" src="data:image/png;base64,{data}">'


def _screen(kind: str) -> ipywidgets.HTML:
    screen = ipywidgets.HTML()
    screen.add_class(kind)
    return screen


class Explorer:
    """Something to move. A notebook shows its widget; `figure` is the same as a still picture, for GitHub and print."""

    def __init__(
        self,
        name: str,
        draw: Callable[..., tuple[Drawing, str]],
        still: Callable[..., Any],
        controls: Callable[[], Controls],
    ):
        """draw(**settings) -> (picture, sentence); still(**settings) -> the still; controls() -> new controls."""
        self.name, self.draw, self.still, self.controls = name, draw, still, controls

    def widget(self) -> ipywidgets.VBox:
        """The controls, the picture and the line below it."""
        return explore(self.name, self.draw, **self.controls())

    def figure(self, **settings) -> Any:
        """The still picture of some settings, the others as the controls stand at first. TypeError for no setting."""
        at_first = {key: control.value for key, control in self.controls().items()}
        unknown = sorted(set(settings) - set(at_first))
        if unknown:
            raise TypeError(f"{self.name} has the settings {', '.join(at_first)}; got {', '.join(unknown)}")
        return self.still(**at_first | settings)

    def _repr_mimebundle_(self, **options):
        return self.widget()._repr_mimebundle_(**options)


def painted(
    name: str,
    paint: Callable[..., str],
    controls: Callable[[], Controls],
    panels: int = 1,
    size: tuple[float, float] = (7.2, 3.8),
) -> Explorer:
    """An Explorer over a function that paints axes side by side, (1, panels), and says what they show in a sentence.

    ``paint(axes, **settings) -> sentence``. `figure` gives the axes, for `plots.show`. size: in inches.
    """

    def still(**settings) -> np.ndarray:
        axes = plots.panels(1, panels, size=size)
        with plots.style():
            paint(axes, **settings)
        return axes

    return Explorer(name, _on_one_figure(paint, panels, size), still, controls)


def _on_one_figure(
    paint: Callable[..., str], panels: int, size: tuple[float, float]
) -> Callable[..., tuple[bytes, str]]:
    """A drawing function that keeps one figure and paints it anew: ``paint(axes, **settings) -> sentence``."""
    axes = plots.panels(1, panels, size=size)
    axes[0, 0].figure.get_layout_engine().set(w_pad=0.12)  # numbers that come later may be longer

    def draw(**settings) -> tuple[bytes, str]:
        with plots.style():
            for ax in axes.flat:
                ax.clear()
            sentence = paint(axes, **settings)
            picture = plots.png(axes[0, 0], small=False)
        axes[0, 0].figure.set_layout_engine("none")  # found once: finding it takes longer than drawing
        return picture, sentence

    return draw
