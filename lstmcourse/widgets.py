"""Interactive figures: thin shells of ipywidgets over pure functions ``settings -> (picture, sentence)``.

Each widget here has the pure function that draws it, tested at many settings, and a static twin for GitHub and print.
Every one is guarded: keys pressed inside it stay inside it, its sliders have names, and a live line says the result.

    widgets.StepThrough(LSTM, p, xs)                       # step through a cell, forward and backward
    widgets.explore("gain", draw, gain=widgets.slider("gain", 1.0, 0.1, 3.0))      # one of your own
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from types import SimpleNamespace
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from . import diagrams, plots, probes
from .diagrams import Picture, label, number, pack
from .diagrams._film import PLAYER
from .reference import LSTM, RNN, Cell, init, sigmoid, unroll

Drawing = Picture | str | bytes  # a Picture, an SVG or HTML string, or PNG bytes
Settings = Mapping[str, Any]


# ---- the guard


class KeyGuard(anywidget.AnyWidget):
    """Invisible. Keeps keys away from JupyterLab's shortcuts; gives sliders and live line what a screen reader needs.

    In command mode JupyterLab's shortcuts fire while a slider has the focus: b inserts a cell, an arrow collapses a
    section. Keys with Ctrl, Meta or Alt, Escape and Shift-Enter pass, so that the keyboard user is not trapped.
    """

    _esm = """
    const passes = e => e.ctrlKey || e.metaKey || e.altKey || e.key === "Escape" || (e.shiftKey && e.key === "Enter");
    const guard = e => { if (!passes(e)) e.stopPropagation(); };
    function name(root) {
      for (const slider of root.querySelectorAll(".widget-slider, .widget-hslider")) {
        const text = slider.querySelector(".widget-label")?.textContent;
        if (!text) continue;
        const readout = slider.querySelector(".widget-readout"), handle = slider.querySelector(".noUi-handle");
        handle?.setAttribute("aria-label", text);
        if (!readout) continue;
        readout.setAttribute("aria-label", text + ", value");
        handle?.setAttribute("aria-valuetext", readout.textContent);  // on a log scale it would be the exponent
      }
      const icons = {"fa-play": "play", "fa-pause": "pause", "fa-stop": "stop", "fa-retweet": "repeat"};
      for (const [icon, label] of Object.entries(icons))
        root.querySelectorAll("button:has(." + icon + ")").forEach(b => b.setAttribute("aria-label", label));
      for (const line of root.querySelectorAll(".lc-says .widget-html-content")) {
        line.setAttribute("role", "status");
        line.setAttribute("aria-live", "polite");
      }
    }
    function render({el}) {
      el.style.display = "none";
      const watch = new MutationObserver(() => root && name(root));
      const seen = {childList: true, subtree: true, attributes: true, attributeFilter: ["class"]};
      let root = null, area = null, tries = 0;
      const attach = () => {
        root = el.closest(".lc-widget");
        area = el.closest(".jp-OutputArea") || root;
        if (!area || (!root && tries++ < 200)) return requestAnimationFrame(attach);
        area.addEventListener("keydown", guard);
        if (root) { name(root); watch.observe(root, seen); root.dataset.guarded = "yes"; }
      };
      attach();
      return () => { watch.disconnect(); area?.removeEventListener("keydown", guard); };
    }
    export default {render};
    """


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
    return guarded(ipywidgets.VBox([*controls.values(), screen, line]), name)


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


def _row(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    """Side by side where there is room, else below each other."""
    return ipywidgets.Box(parts, layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"))


def _screen(kind: str) -> ipywidgets.HTML:
    screen = ipywidgets.HTML()
    screen.add_class(kind)
    return screen


def _on_one_figure(
    paint: Callable[..., str], rows: int, cols: int, size: tuple[float, float]
) -> Callable[..., tuple[bytes, str]]:
    """A drawing function that keeps one figure and paints it anew: ``paint(axes, **settings) -> sentence``."""
    axes = plots.panels(rows, cols, size=size)
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


# ---- stepping through a cell


def step_view(
    cell: Cell,
    p: SimpleNamespace,
    caches: Sequence[dict[str, np.ndarray]],
    arriving: Sequence[tuple[np.ndarray, ...]],
    *,
    step: int = 1,
    view: str = "forward",
    unit: int = 0,
    focus: str = "",
    theme: str = "auto",
) -> tuple[Picture, str, list[diagrams.Equation]]:
    """One step of one sequence: the diagram, a sentence, and the equations of one unit with their numbers.

    caches: of `reference.unroll`; arriving: for each step dL/dh (and dL/dc), as `arriving_gradients` gives them.
    step counts from 1. view: "forward" or "backward". ValueError for another view or step.
    """
    if view not in ("forward", "backward") or not 1 <= step <= len(caches):
        raise ValueError(
            f"step_view expects forward or backward and a step from 1 to {len(caches)}, got {view!r}, {step}"
        )
    cache, dstate = caches[step - 1], arriving[step - 1]
    grads = diagrams.intermediate_gradients(cell, p, cache, *dstate) if view == "backward" else None
    picture = diagrams.cell(cell, cache, grads, focus=focus or None, theme=theme, step=step)
    if view == "forward":
        lines = diagrams.equations(cell, p, cache, unit=unit)
        said = ", ".join(f"{label(line.name)} = {number(line.value)}" for line in lines)
    else:
        lines = diagrams.gradient_equations(cell, p, cache, *dstate, unit=unit)
        said = ", ".join(f"{label(line.name)} = {number(line.value)}" for line in lines)
    return picture, f"Step {step} of {len(caches)}, {view}, unit {unit}: {said}.", lines


def arriving_gradients(
    cell: Cell, p: SimpleNamespace, caches: Sequence[dict[str, np.ndarray]], dstates: Sequence[np.ndarray] | None = None
) -> list[tuple[np.ndarray, ...]]:
    """What arrives at each step from the loss and from the steps after it: T tuples of dL/dstate, (B, H) each.

    dstates: (T, B, H) for each state, the gradient of the loss itself. Unless given, the loss is the sum of the last h.
    ValueError for dstates of another number or shape.
    """
    shape = caches[0][f"{cell.states[0]}_"].shape
    whole = (len(caches), *shape)
    if dstates is None:
        dstates = [np.zeros(whole) for _ in cell.states]
        dstates[0][-1] = 1.0
    if [np.shape(d) for d in dstates] != [whole] * len(cell.states):
        got = ", ".join(str(np.shape(d)) for d in dstates)
        raise ValueError(
            f"dstates must hold one array of shape {whole} for each of {', '.join(cell.states)}; got {got}"
        )
    carried, out = tuple(np.zeros(shape) for _ in cell.states), []
    scrap = SimpleNamespace(**{name: np.zeros_like(value) for name, value in vars(p).items()})
    for t in reversed(range(len(caches))):
        here = tuple(c + d[t] for c, d in zip(carried, dstates, strict=True))
        out.append(here)
        _, carried = cell.backward(p, scrap, caches[t], *here)
    return out[::-1]


def equations_html(lines: Sequence[diagrams.Equation]) -> str:
    """The equations as a list, each with a bar in the colour of its quantity."""
    rows = []
    for line in lines:
        tint = f"var(--lc-{line.colour})"  # as in the diagram beside it, which follows the theme
        style = f"border-left:5px solid {tint};padding:1px 8px;margin:5px 0;font:13px/1.45 'DejaVu Sans Mono',monospace"
        rows.append(f'<li style="{style}">{escape(str(line))}</li>')
    return '<ol class="lc-equations lc-diagram" style="list-style:none;margin:0;padding:0">' + "".join(rows) + "</ol>"


class StepThrough(ipywidgets.VBox):
    """Step through a cell: previous, next, play, a slider; forward or backward; the equations beside the diagram.

    cell: one of the cells that `diagrams` draws; p: its parameters; xs (T, 1, I) or (T, I), one sequence.
    state: initial state, (1, H) each, zeros unless given. dstates: (T, 1, H) for each state, the gradient of the loss
    that enters at each step; the loss is the sum of the last h unless given.
    ValueError or TypeError for what does not fit the cell, and for more than one sequence.
    """

    def __init__(
        self, cell: Cell, p: SimpleNamespace, xs: np.ndarray, state=None, dstates=None, name: str = "step-through"
    ):
        diagrams.plan_of(cell)
        _, caches = unroll(cell, p, _one_sequence(cell, xs), state)
        arriving = arriving_gradients(cell, p, caches, dstates)
        self._view = lambda **s: step_view(cell, p, caches, arriving, **s)
        last, units = len(caches), caches[0][f"{cell.states[0]}_"].shape[1]
        parts = [node.name for node in diagrams.plan_of(cell).nodes if len(node.name.strip("_")) == 1]
        self.step = slider("time step", 1, 1, last)
        self.unit = slider("unit in the equations", 0, 0, max(units - 1, 0))
        self.view = choice("direction", ["forward", "backward"])
        self.focus_on = choice("highlight", [("everything", ""), *((label(q), q) for q in parts)])
        self._diagram, self._equations, self._line = _screen("lc-picture"), _screen("lc-lines"), _screen("lc-says")
        for control in (self.step, self.unit, self.view, self.focus_on):
            control.observe(self._redraw, "value")
        self._redraw()
        self._diagram.layout = ipywidgets.Layout(flex="1 1 600px", max_width="720px", min_width="0")
        self._equations.layout = ipywidgets.Layout(flex="1 1 300px", max_width="560px", align_self="center")
        controls = [self._buttons(last), self.step, self.view, self.focus_on, *([self.unit] if units > 1 else [])]
        super().__init__([_row(*controls), _row(self._diagram, self._equations), self._line, KeyGuard()])
        _marked(self, name)

    def _buttons(self, last: int) -> ipywidgets.HBox:
        back, forth = (ipywidgets.Button(description=text) for text in ("◀ previous", "next ▶"))
        back.on_click(lambda _: setattr(self.step, "value", max(1, self.step.value - 1)))
        forth.on_click(lambda _: setattr(self.step, "value", min(last, self.step.value + 1)))
        play = ipywidgets.Play(value=1, min=1, max=last, interval=1200, show_repeat=False)
        self._link = ipywidgets.jslink((play, "value"), (self.step, "value"))
        return ipywidgets.HBox([back, forth, play])

    def _redraw(self, _=None) -> None:
        settings = dict(step=self.step.value, view=self.view.value, unit=self.unit.value, focus=self.focus_on.value)
        picture, sentence, lines = self._view(**settings)
        self._diagram.value = picture.svg
        self._equations.value = equations_html(lines)
        self._line.value = f"<p>{escape(sentence)}</p>"

    def static(self, **settings) -> None:
        """The static twin: the diagram of one step (`step`, `view`, `unit`, `focus`) as a picture."""
        diagrams.show(self._view(theme="light", **settings)[0])


# ---- how fast the gradient fades


def forget_bias_curves(bias: float, radius: float, steps: int, *, hidden: int = 16, seed: int = 0) -> dict[str, Any]:
    """Gradient norm against lag for an LSTM with that forget bias and a simple network with that spectral radius.

    Both get the same noise. The LSTM's is ‖dL/dc‖ with all that comes through h, the simple network's ‖dL/dh‖, for
    L = the sum of the last h, relative to lag 0. Returns "lstm" and "rnn", (steps,) each, and "f", the gates' mean.
    """
    rng = np.random.default_rng(seed)
    xs = rng.normal(size=(steps, 1, 4))
    lstm, rnn = init(LSTM, 4, hidden, rng, scale=0.3 / hidden**0.5), init(RNN, 4, hidden, rng)
    lstm.b[hidden : 2 * hidden] = bias
    rnn.U *= radius / np.abs(np.linalg.eigvals(rnn.U)).max()
    rnn.W *= 0.1  # small inputs: tanh stays near its straight part, so that the radius is what counts
    rnn.b *= 0.0
    out: dict[str, Any] = {}
    for cell, p in ((LSTM, lstm), (RNN, rnn)):
        _, caches = unroll(cell, p, xs)
        arriving = arriving_gradients(cell, p, caches)
        if cell is LSTM:
            out["f"] = float(np.mean([cache["f"] for cache in caches]))
            slopes = [cache["o"] * (1 - np.tanh(cache["c"]) ** 2) for cache in caches]  # of h against c
            arriving = [(dc + dh * slope,) for (dh, dc), slope in zip(arriving, slopes, strict=True)]
        norms = np.array([np.linalg.norm(d[-1]) for d in reversed(arriving)])
        out[cell.name] = norms / norms[0]
    return out


def paint_forget_bias(axes: np.ndarray, bias: float, radius: float, steps: int) -> str:
    """Draws `forget_bias_curves` and says what is left at the end."""
    data = forget_bias_curves(bias, radius, steps)
    f = data["f"]
    curves = {"lstm": data["lstm"], "rnn": data["rnn"]}
    ax = plots.gradient_against_lag(curves, axes[0, 0], predicted={"lstm": f, "rnn": radius})
    ax.set_ylim(1e-12, 100.0)
    half = f"{np.log(0.5) / np.log(f):.1f} steps" if f < 1 else "for ever"
    left, rest = data["lstm"][-1], data["rnn"][-1]
    return (
        f"Forget bias {bias:.2f}, spectral radius {radius:.2f}, {steps} steps: the forget gates average {f:.2f}, "
        f"a half-life of {half}; at the last lag {number(left)} of the LSTM's gradient is left, "
        f"{number(rest)} of the RNN's."
    )


def forget_bias_explorer() -> ipywidgets.VBox:
    """Gradient against lag while the forget bias, the spectral radius of the simple network and the length move.

    Static twin: ``plots.show(widgets.forget_bias_figure(bias=1.0, radius=0.9, steps=50))``.
    """
    controls = dict(
        bias=slider("forget bias", 1.0, -2.0, 6.0, 0.25),
        radius=slider("spectral radius (RNN)", 0.9, 0.5, 1.3, 0.05),
        steps=slider("steps T", 50, 10, 200, 10),
    )
    return explore("forget-bias", _on_one_figure(paint_forget_bias, 1, 1, (7.2, 3.8)), **controls)


def forget_bias_figure(bias: float = 1.0, radius: float = 0.9, steps: int = 50) -> np.ndarray:
    """The static twin of `forget_bias_explorer`: axes for `plots.show`."""
    return _still(paint_forget_bias, 1, 1, (7.2, 3.8), bias=bias, radius=radius, steps=steps)


# ---- holding a gate


def clamped(
    cell: Cell,
    p: SimpleNamespace,
    xs: np.ndarray,
    gate: str | None = None,
    value: float = 1.0,
    start: int = 1,
    readout: Callable[[np.ndarray], np.ndarray] | None = None,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The same sequence run twice, the second time with one gate held at `value` from step `start` on (from 1).

    xs (T, 1, I) or (T, I). gate: the first one of the cell unless given. readout: (T, H) -> (T,), what the network
    predicts from h. Returns name -> (free, held) for h, c (if the cell has it) and the gate, (T, H) each, and
    "prediction", (T,) each.
    ValueError for a gate that the cell has not, a value outside 0 … 1, a step outside 1 … T, and for what does not fit.
    """
    xs, gate = _one_sequence(cell, xs), _gate(cell, gate)
    if not (0 <= value <= 1 and 1 <= start <= len(xs)):
        raise ValueError(f"value must be 0 to 1 and start a step from 1 to {len(xs)}, got {value} and {start}")
    caches = unroll(cell, p, xs)[1], probes.clamp(cell, p, xs, gate, value, start - 1)[1]
    runs = [{name: np.stack([cache[name][0] for cache in run]) for name in (*cell.states, gate)} for run in caches]
    out = {name: (runs[0][name], runs[1][name]) for name in runs[0]}
    if readout is not None:
        free, held = (np.asarray(readout(h)) for h in out["h"])
        if free.shape != (len(xs),):
            raise ValueError(f"readout must return one prediction a step, shape ({len(xs)},), got {free.shape}")
        out["prediction"] = (free, held)
    return out


def gates_of(cell: Cell) -> list[str]:
    """The gates of a cell: the layers of its diagram with a sigmoid."""
    return [node.name for node in diagrams.plan_of(cell).nodes if node.kind == "σ"]


def _gate(cell: Cell, gate: str | None) -> str:
    """That gate, or the first one of the cell. ValueError for one that it has not."""
    gates = gates_of(cell)
    if not gates:
        raise ValueError(f"{cell.name} has no gate that could be held")
    if gate is not None and gate not in gates:
        raise ValueError(f"gate of {cell.name} must be one of {', '.join(gates)}; got {gate!r}")
    return gate or gates[0]


def _one_sequence(cell: Cell, xs: Any) -> np.ndarray:
    """xs as (T, 1, I). TypeError if the cell is none, ValueError if xs is not one sequence."""
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be one of lstmcourse.reference, such as reference.LSTM; got {cell!r}")
    xs = np.asarray(xs, float)
    xs = xs[:, None] if xs.ndim == 2 else xs
    if xs.ndim != 3 or xs.shape[1] != 1 or not len(xs):
        raise ValueError(f"xs must be one sequence of shape (T, I) or (T, 1, I), got {xs.shape}")
    return xs


def _paint_clamp(
    axes: np.ndarray, cell: Cell, p, xs, readout, *, gate: str, value: float, start: int, unit: int
) -> str:
    data = clamped(cell, p, xs, gate, value, start, readout)
    said = []
    H = data["h"][0].shape[1]
    if not 0 <= unit < H:
        raise ValueError(f"unit must be 0 to {H - 1}, got {unit!r}")
    for ax, name in zip(axes.flat, [n for n in ("c", "h", "prediction") if n in data], strict=True):
        free, held = (v if v.ndim == 1 else v[:, unit] for v in data[name])
        ts = np.arange(1, len(free) + 1)
        ax.plot(ts, free, color="#888888", ls=(0, (4, 2)), label="free")
        ax.plot(ts, held, color=plots.COLOURS.get(name, "#7B3FA0"), label=f"{gate} held at {value:.2f}")
        ax.axvline(start, color=plots.colour(gate), lw=1.2, ls=(0, (1, 2)))
        plots.finish(ax, "time step t", name if name == "prediction" else f"{name}, unit {unit}", "", "")
        said.append(f"{name} ends at {number(held[-1])} instead of {number(free[-1])}")
        ax.alt = f"{said[-1]}."  # type: ignore[attr-defined]
    axes[0, 0].alt = f"Gate {gate} held at {value:.2f} from step {start} on, unit {unit}: {axes[0, 0].alt}"
    return f"Gate {gate} held at {value:.2f} from step {start} on, unit {unit}: {'; '.join(said)}."


def gate_clamp(
    cell: Cell,
    p: SimpleNamespace,
    xs: np.ndarray,
    readout: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    gate: str | None = None,
    value: float = 1.0,
    start: int | None = None,
    unit: int = 0,
) -> ipywidgets.VBox:
    """Force a gate open or shut from a step on, and see what becomes of h, c and the prediction.

    xs (T, I) or (T, 1, I); readout: (T, H) -> (T,). gate, value, start, unit: where the controls stand at first; unless
    given, the first gate of the cell, held at 1 from the end of the first third on. ValueError for a gate it has not.
    Static twin: ``plots.show(widgets.gate_clamp_figure(cell, p, xs, …))``.
    """
    gate, xs = _gate(cell, gate), _one_sequence(cell, xs)
    T, H = len(xs), p.U.shape[1]
    controls: dict[str, ipywidgets.Widget] = dict(
        gate=choice("gate", gates_of(cell), gate),
        value=slider("held at", float(value), 0.0, 1.0, 0.05),
        start=slider("from step", start or max(1, T // 3), 1, T),
        unit=slider("unit shown", int(unit), 0, H - 1),
    )

    def paint(axes: np.ndarray, **settings) -> str:
        return _paint_clamp(axes, cell, p, xs, readout, **settings)

    panels = len(cell.states) + (readout is not None)
    return explore("gate-clamp", _on_one_figure(paint, 1, panels, (3.4 * panels, 3.0)), **controls)


def gate_clamp_figure(
    cell: Cell,
    p: SimpleNamespace,
    xs: np.ndarray,
    readout: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    gate: str | None = None,
    value: float = 1.0,
    start: int = 1,
    unit: int = 0,
) -> np.ndarray:
    """The static twin of `gate_clamp`: axes for `plots.show`. ValueError for a gate or a unit that the cell has not."""
    gate = _gate(cell, gate)

    def paint(axes: np.ndarray, **settings) -> str:
        return _paint_clamp(axes, cell, p, xs, readout, **settings)

    panels = len(cell.states) + (readout is not None)
    return _still(paint, 1, panels, (3.4 * panels, 3.0), gate=gate, value=value, start=start, unit=unit)


# ---- saturation


def saturation(spread: float, bias: float, *, samples: int = 4001) -> dict[str, float | np.ndarray]:
    """A gate whose pre-activations are normal with that mean and spread: its values, and the gradient it lets through.

    Returns "values", (samples,) of σ(a) at evenly spaced quantiles of a; "saturated", the share outside 0.1 … 0.9;
    "slope", the mean of σ′(a), which is at most 0.25. ValueError for a negative spread.
    """
    from statistics import NormalDist

    if spread < 0:
        raise ValueError(f"spread must not be negative, got {spread}")
    quantiles = (np.arange(samples) + 0.5) / samples
    a = bias + spread * np.array([NormalDist().inv_cdf(q) for q in quantiles])
    values = sigmoid(a)
    saturated = float(np.mean((values < 0.1) | (values > 0.9)))
    return {"values": values, "saturated": saturated, "slope": float(np.mean(values * (1 - values)))}


def paint_saturation(axes: np.ndarray, spread: float, bias: float) -> str:
    """Draws the histogram of `saturation` beside the sigmoid with its slope."""
    data = saturation(spread, bias)
    a = np.linspace(-8, 8, 161)
    sentence = (
        f"Pre-activations with mean {bias:.2f} and spread {spread:.2f}: {data['saturated']:.0%} of the gate's values "
        f"lie outside 0.1 to 0.9, and the mean slope is {data['slope']:.3f} (at most 0.250)."
    )
    plots.activations({"f": np.asarray(data["values"])}, axes[0, 0])
    ax, gate = axes[0, 1], plots.COLOURS["f"]
    ends = max(bias - spread, -8), min(bias + spread, 8)
    ax.axvspan(*ends, color=gate, alpha=0.15, lw=0, label="mean ± spread of a")
    ax.plot(a, sigmoid(a), color=gate, label="σ(a)")
    ax.plot(a, sigmoid(a) * (1 - sigmoid(a)), color="#555555", ls=(0, (5, 1.5)), label="slope σ′(a)")
    ax.set_xlim(-8, 8)
    plots.finish(ax, "pre-activation a", "value", "", sentence)
    return sentence


def saturation_explorer() -> ipywidgets.VBox:
    """How large weights shut a gate's gradient off: values and slope of σ as the spread and mean of its input move.

    Static twin: ``plots.show(widgets.saturation_figure(spread=3.0))``.
    """
    controls = dict(
        spread=slider("spread of a", 1.0, 0.1, 8.0, 0.1), bias=slider("mean of a (the bias)", 0.0, -5.0, 5.0, 0.25)
    )
    return explore("saturation", _on_one_figure(paint_saturation, 1, 2, (8.6, 3.2)), **controls)


def saturation_figure(spread: float = 1.0, bias: float = 0.0) -> np.ndarray:
    """The static twin of `saturation_explorer`: axes for `plots.show`."""
    return _still(paint_saturation, 1, 2, (8.6, 3.2), spread=spread, bias=bias)


def _still(paint: Callable[..., str], rows: int, cols: int, size: tuple[float, float], **settings) -> np.ndarray:
    axes = plots.panels(rows, cols, size=size)
    with plots.style():
        paint(axes, **settings)
    return axes


# ---- reading


def coloured_text(tokens: Sequence[str], activations: Sequence[float], *, scale: float | None = None) -> str:
    """Text coloured by an activation, as HTML: vermilion for positive, blue for negative, stronger for larger.

    tokens: T strings (the characters of a text, or words); activations: (T,). scale: the activation of full colour, the
    largest magnitude unless given. Each token's number is in its tooltip. ValueError without a token, if the lengths
    differ, or for an activation that is not finite.
    """
    values = np.asarray(activations, float)
    if values.shape != (len(tokens),) or not len(tokens):
        raise ValueError(f"activations must have shape ({len(tokens)},), one for each token, got {values.shape}")
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"activations must be finite, got {values[at]} at position {at + 1}")
    full = scale or float(np.abs(values).max()) or 1.0
    spans = []
    for token, value in zip(tokens, values, strict=True):
        tint = "213,94,0" if value > 0 else "0,114,178"
        text = escape(token).replace("\n", "⏎\n") if token.strip(" ") else token
        strength = min(abs(value) / full, 1.0) * 0.75
        spans.append(
            f'<span title="{number(float(value))}" style="background:rgba({tint},{strength:.2f})">{text}</span>'
        )
    look = "white-space:pre-wrap;font:14px/1.7 'DejaVu Sans Mono',monospace;max-width:60em"
    return f'<div class="lc-text" style="{look}">{_glue(tokens).join(spans)}</div>'


def read_unit(tokens: Sequence[str], activations: np.ndarray, *, unit: int = 0) -> tuple[str, str]:
    """The text coloured by one unit of activations (T, H), and where it is highest and lowest.

    ValueError for activations of another shape, or without that unit.
    """
    values = np.asarray(activations, float)
    if values.ndim != 2 or not 0 <= unit < values.shape[1]:
        raise ValueError(f"activations must have shape ({len(tokens)}, H) with H > {unit}, got {values.shape}")
    values = values[:, unit]
    html = coloured_text(tokens, values)
    high, low = int(values.argmax()), int(values.argmin())
    where = [f"{number(float(values[t]))} at position {t + 1} ({_context(tokens, t)})" for t in (high, low)]
    return html, f"Unit {unit} is highest, {where[0]}, and lowest, {where[1]}."


def _context(tokens: Sequence[str], t: int) -> str:
    """The token with a little of what stands before it."""
    start = max(0, t - 12) if all(len(token) == 1 for token in tokens) else max(0, t - 2)
    said = _glue(tokens).join(tokens[start : t + 1]).replace("\n", "⏎")
    return ("“…" if start else "“") + said + "”"


def _glue(tokens: Sequence[str]) -> str:
    """What stands between tokens: a blank between words, nothing between letters or where tokens bring their blanks."""
    own = all(len(token) == 1 for token in tokens) or any(token != token.strip() for token in tokens)
    return "" if own else " "


def text_reader(tokens: Sequence[str], activations: np.ndarray | Mapping[str, np.ndarray]) -> ipywidgets.VBox:
    """Read a text with one unit's eyes: a slider chooses the unit, a list the quantity if there are several.

    tokens: T strings (a str is taken letter by letter); activations: (T, H), or name -> (T, H).
    Static twin: ``display(HTML(widgets.read_unit(tokens, h, unit=7)[0]))``. ValueError for what is not of that shape.
    """
    given = activations if isinstance(activations, Mapping) else {"h": activations}
    named, tokens = {name: np.asarray(v, float) for name, v in given.items()}, list(tokens)
    shapes = {name: v.shape for name, v in named.items()}
    if not named or any(len(shape) != 2 or shape[0] != len(tokens) for shape in shapes.values()):
        raise ValueError(f"activations must have shape ({len(tokens)}, H), one row a token; got {shapes or 'none'}")
    names, units = list(named), min(v.shape[1] for v in named.values())

    def draw(unit: int = 0, quantity: str = names[0]) -> tuple[str, str]:
        html, sentence = read_unit(tokens, named[quantity], unit=unit)
        return html, f"{quantity}: {sentence}" if len(names) > 1 else sentence

    controls: dict[str, ipywidgets.Widget] = {"unit": slider("unit", 0, 0, units - 1)} if units > 1 else {}
    if len(names) > 1:
        controls["quantity"] = choice("quantity", names)
    return explore("text-reader", draw, **controls)


# ---- animation


class _Player(anywidget.AnyWidget):
    """The browser's side of `animation`: it plays frames that were computed in Python."""

    _esm = (
        PLAYER
        + "export default {render({model, el}) { el.classList.add('lc-player'); lcPlayer(el, model.get('packed')); }};"
    )
    _css = ".lc-buttons{display:flex;gap:.5rem;align-items:center}.lc-buttons input{flex:1;max-width:30em}"
    packed = traitlets.Unicode().tag(sync=True)


def animation(
    cell: Cell, caches: Sequence[dict[str, np.ndarray]], *, theme: str = "auto", tween: int = 4
) -> ipywidgets.VBox:
    """A cell at work, step after step, with buttons and a slider; it moves only when asked to.

    caches: of `reference.unroll`. For a reader who wants less motion (prefers-reduced-motion) only the resting pictures
    are shown. Static twin: ``diagrams.show(diagrams.cell(cell, caches[0]))``; for slides, `diagrams.export`.
    """
    return guarded(_Player(packed=pack(diagrams.frames(cell, caches, theme=theme, tween=tween))), "animation")
