"""Step through a cell, forward and backward: the diagram of one step, and its equations with their numbers."""

from collections.abc import Sequence
from html import escape
from types import SimpleNamespace

import ipywidgets
import numpy as np

from .. import diagrams
from ..diagrams import Equation, Picture, label, number
from ..probes import arriving_gradients
from ..reference import Cell, unroll
from ._sequence import one_sequence
from ._shell import Explorer, choice, screened, slider

VIEWS = ("forward", "backward")


class StepThrough(Explorer):
    """Step through a cell: previous, next, play, a slider; forward or backward; the equations beside the diagram.

    Backward it opens at the last step and plays towards the first. One scale of wire widths holds for all its steps, so
    that a gradient which fades from step to step can be seen to fade.

    cell: one of the cells that `diagrams` draws; p: its parameters; xs (T, 1, I) or (T, I), one sequence.
    state: initial state, (1, H) each, zeros unless given. dstates: (T, 1, H) for each state, the gradient of the loss
    that enters at each step; the loss is the sum of the last h unless given. view: "forward" or "backward", at first.
    `figure` gives the diagram of one step; its settings are step (from 1), unit (from 1), view and focus.
    ValueError or TypeError for what does not fit the cell, and for more than one sequence.
    """

    def __init__(
        self,
        cell: Cell,
        p: SimpleNamespace,
        xs: np.ndarray,
        state=None,
        dstates=None,
        name: str = "step-through",
        view: str = "forward",
    ):
        plan = diagrams.plan_of(cell)
        _, self.caches = unroll(cell, p, one_sequence(cell, xs), state)
        self.cell, self.p, self.arriving = cell, p, arriving_gradients(cell, p, self.caches, dstates)
        pairs = zip(self.caches, self.arriving, strict=True)
        self.grads = [diagrams.intermediate_gradients(cell, p, cache, *dstate) for cache, dstate in pairs]
        self.full = max(float(np.abs(value).max()) for grads in self.grads for value in grads.values()) or 1.0
        last, units = len(self.caches), self.caches[0]["h"].shape[1]
        parts = [node for node in plan.nodes if node.quantity and node.kind != "out"]

        def controls() -> dict[str, ipywidgets.ValueWidget]:
            made = dict(
                step=slider("time step", 1 if view == "forward" else last, 1, last),
                view=choice("direction", VIEWS, view),
                focus=choice("highlight", [("everything", ""), *((node.quantity, node.name) for node in parts)]),
            )
            return made | ({"unit": slider("unit in the equations", 1, 1, units)} if units > 1 else {})

        still = lambda **settings: self.picture(**{k: v for k, v in settings.items() if k != "unit"})
        super().__init__(name, self._draw, still, controls)

    def picture(self, step: int = 1, view: str = "forward", focus: str = "", theme: str = "auto") -> Picture:
        """The diagram of one step. ValueError for a step or a view that there is not."""
        last = len(self.caches)
        if view not in VIEWS or not 1 <= step <= last:
            raise ValueError(f"StepThrough expects forward or backward and a step 1 to {last}, got {view!r}, {step}")
        grads = self.grads[step - 1] if view == "backward" else None
        full = self.full if view == "backward" else None
        cache = self.caches[step - 1]
        return diagrams.cell(self.cell, cache, grads, focus=focus or None, theme=theme, step=step, full=full)

    def equations(self, step: int = 1, view: str = "forward", unit: int = 1) -> list[Equation]:
        """The equations of one unit in one step, with their numbers; steps and units count from 1."""
        cache, dstate = self.caches[step - 1], self.arriving[step - 1]
        if view == "forward":
            return diagrams.equations(self.cell, self.p, cache, unit=unit - 1)
        return diagrams.gradient_equations(self.cell, self.p, cache, *dstate, unit=unit - 1)

    def _draw(self, step: int, view: str, focus: str, unit: int = 1) -> tuple[str, str]:
        lines = self.equations(step, view, unit)
        said = ", ".join(f"{label(line.name)} = {number(line.value)}" for line in lines)
        diagram = self.picture(step, view, focus).svg
        html = (
            '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:8px">'
            f'<div style="flex:1 1 600px;max-width:720px;min-width:0">{diagram}</div>'
            f'<div style="flex:1 1 300px;max-width:560px">{equations_html(lines)}</div></div>'
        )
        return html, f"Step {step} of {len(self.caches)}, {view}, unit {unit}: {said}."

    def packed(self) -> str:
        """All steps for the player of `diagrams`, forward and then backward: it needs no kernel."""
        there, last = range(1, len(self.caches) + 1), len(self.caches)
        order = [(t, "forward") for t in there] + [(last + 1 - t, "backward") for t in there]
        return diagrams.packed([(*self._draw(t, view, ""), 1.2, True) for t, view in order])

    def widget(self) -> ipywidgets.VBox:
        """Buttons, controls, the diagram with its equations, and the line below them."""
        controls = dict(self.controls())
        step, view = controls["step"], controls["view"]
        row = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        head = ipywidgets.Box([_buttons(step, view), *controls.values()], layout=row)
        return screened(self.name, self._draw, controls, head)


def _buttons(step: ipywidgets.IntSlider, view: ipywidgets.Dropdown) -> ipywidgets.HBox:
    """Previous, next and play; backward, play starts at the last step, where backpropagation does."""
    first, last = step.min, step.max
    back, forth = (ipywidgets.Button(description=text) for text in ("◀ previous", "next ▶"))
    back.on_click(lambda _: setattr(step, "value", max(first, step.value - 1)))
    forth.on_click(lambda _: setattr(step, "value", min(last, step.value + 1)))
    play = ipywidgets.Play(value=1, min=1, max=last, interval=1200, show_repeat=False)
    turned = lambda k: k if view.value == "forward" else first + last - k
    play.value = turned(step.value)

    def begin(_) -> None:
        step.value = first if view.value == "forward" else last
        play.value = first

    play.observe(lambda change: setattr(step, "value", turned(change["new"])), "value")
    step.observe(lambda change: setattr(play, "value", turned(change["new"])), "value")
    view.observe(begin, "value")
    return ipywidgets.HBox([back, forth, play])


def equations_html(lines: Sequence[Equation]) -> str:
    """The equations as a list, each with a bar in the colour of its quantity."""
    rows = []
    for line in lines:
        tint = f"var(--lc-{line.colour})"  # as in the diagram beside it, which follows the theme
        style = f"border-left:5px solid {tint};padding:1px 8px;margin:5px 0;font:13px/1.45 'DejaVu Sans Mono',monospace"
        rows.append(f'<li style="{style}">{escape(str(line))}</li>')
    return '<ol class="lc-equations lc-diagram" style="list-style:none;margin:0;padding:0">' + "".join(rows) + "</ol>"
