"""Diagrams of the cells, with the numbers of a real run on the wires, and pictures of the ideas behind them.

    picture = diagrams.cell(LSTM)                                  # the bare diagram
    picture = diagrams.cell(LSTM, caches[3])                       # values of step 3
    grads = diagrams.intermediate_gradients(LSTM, p, caches[3], dh, dc)
    picture = diagrams.cell(LSTM, caches[3], grads, focus="f")     # gradients on their way back, the forget gate lit
    diagrams.show(picture)                                         # into the notebook
    diagrams.show(diagrams.unrolled("hello"))                      # a network that reads, unfolded in time
    diagrams.show(diagrams.unrolled(caches))                       # the same with the numbers of a run

A picture of a cell comes from one declarative description per cell (`PLANS`), which can also be run: forward it gives
what the cell's ``forward`` gives, backward what its ``backward`` gives, and tests hold the two against each other.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ._automaton import reber
from ._cliff import cliff
from ._draw import draw
from ._film import PLAYER, Frame, export, frames, pack, packed, player
from ._gates import keep_and_write, valve
from ._graph import evaluate, intermediate_gradients, values
from ._ink import DRAWN, label, number
from ._lattice import lattice
from ._node import one_node
from ._picture import Picture, show
from ._pipes import fading, pipes
from ._plans import PLANS, WIDTH, Node, Plan, Wire, plan_of
from ._sketch import sketch
from ._stacked import stacked
from ._unrolled import unrolled
from ._words import Equation, describe, equations, gradient_equations

__all__ = [
    "PLANS", "PLAYER", "Equation", "Frame", "Node", "Picture", "Plan", "Wire", "cell", "cliff", "describe", "equations",
    "evaluate", "export", "fading", "frames", "gradient_equations", "intermediate_gradients", "keep_and_write", "label",
    "lattice", "number", "one_node", "pack", "packed", "pipes", "plan_of", "player", "reber", "show", "sketch",
    "stacked", "unrolled", "values", "valve",
]  # fmt: skip


def cell(
    cell: Any,
    cache: Mapping[str, np.ndarray] | None = None,
    grads: Mapping[Any, np.ndarray] | None = None,
    focus: str | Iterable[str] | None = None,
    theme: str = "auto",
    width: int = WIDTH,
    *,
    batch: int = 0,
    step: int | None = None,
    units: slice | Iterable[int] | None = None,
    full: float | None = None,
) -> Picture:
    """The diagram of one cell.

    cell: RNN, LSTM97, LSTM, PEEPHOLE, COUPLED, GRU or GRU_RESET_BEFORE of `reference`, or its name.
    cache: one dict of `reference.unroll`'s caches; its values, (B, H) each, stand on the wires for sequence `batch`:
    up to four units with numbers, up to twelve as bars. units: which units to show.
    grads: what `intermediate_gradients` returns; then gradients stand on the wires, and not values.
    focus: a name or several ("f", "c", "h_"): that part and its wires are lit, the rest is dimmed.
    theme: "auto" for the reader's (JupyterLab's, or the system's; paper and PNG are light), "light" or "dark".
    step: the time step to name in the heading. full: the gradient whose wire is as thick as a wire can be, the largest
    of these unless given: with one number for all steps, pictures of several steps can be compared.
    Raises ValueError for an unknown cell, focus or theme, for arrays that are not this cell's, and for a batch or units
    that they do not have.
    """  # fmt: skip
    plan = plan_of(cell)
    vectors = None
    if grads is not None:
        missing = [node.name for node in plan.nodes if node.name not in grads]
        if missing:
            raise ValueError(
                f"grads must be what intermediate_gradients returns for {plan.name}; {', '.join(missing)} missing"
            )
        vectors = _chosen(grads, batch, units)
    elif cache is not None:
        vectors = _chosen(values(plan.name, cache), batch, units)
    backward = grads is not None
    title = plan.title + (f" · step {step}" if step is not None else "") + (" · backward" if backward else "")
    size = len(vectors[plan.rows[0]]) if vectors else 0
    return draw(
        plan, vectors, backward=backward, focus=focus or (), theme=theme, width=width, title=title,
        full=full, note=f"the first {DRAWN} of {size} units" if size > DRAWN else "",
        alt=describe(plan.name, vectors, backward=backward),
    )  # fmt: skip


def _chosen(arrays: Mapping[Any, np.ndarray], batch: int, units) -> dict[Any, np.ndarray]:
    """One sequence of each array; of the hidden units those asked for (x keeps all its features)."""
    B, H = arrays["h"].shape
    if not 0 <= batch < B:
        raise ValueError(f"batch must be 0 to {B - 1}, got {batch!r}")
    keep = list(range(H)[units or slice(None)] if units is None or isinstance(units, slice) else units)
    if not keep or not set(keep) <= set(range(H)):
        raise ValueError(f"units must be among 0 to {H - 1}, got {units!r}")
    return {
        key: v[batch] if key == "x" or (isinstance(key, tuple) and key[0] == "x") else v[batch][keep]
        for key, v in arrays.items()
    }
