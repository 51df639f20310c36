"""Hold a gate, and see what becomes of the states and the prediction."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np

from .. import plots, probes
from .._colours import COLOURS, CONTEXT, OTHERS
from ..diagrams import number
from ..reference import Cell, unroll
from ._sequence import one_sequence
from ._shell import Explorer, choice, painted, slider


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
    xs, gate = one_sequence(cell, xs), _gate(cell, gate)
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
    """The gates of a cell that can be held by themselves: those with a sigmoid of their own."""
    return [name for name, gate in cell.gates.items() if gate.squashing == "σ"]


def _gate(cell: Cell, gate: str | None) -> str:
    """That gate, or the first one of the cell. ValueError for one that it has not."""
    gates = gates_of(cell)
    if not gates:
        raise ValueError(f"{cell.name} has no gate that could be held")
    if gate is not None and gate not in gates:
        raise ValueError(f"gate of {cell.name} must be one of {', '.join(gates)}; got {gate!r}")
    return gate or gates[0]


def gate_clamp(
    cell: Cell,
    p: SimpleNamespace,
    xs: np.ndarray,
    readout: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    gate: str | None = None,
    value: float = 1.0,
    start: int | None = None,
    unit: int = 1,
    labels: Sequence[str] | None = None,
    name: str = "prediction",
) -> Explorer:
    """Force a gate open or shut from a step on, and see what becomes of h, c and the prediction.

    xs (T, I) or (T, 1, I); readout: (T, H) -> (T,). gate, value, start, unit (from 1): where the controls stand at
    first; unless given, the first gate of the cell, held at 1 from the end of the first third on. labels: what stands
    at each step of the axis, the T letters or words that were read; name: what the prediction is, for its axis.
    ``plots.show(widgets.gate_clamp(cell, p, xs, …).figure())`` is the still picture.
    ValueError for a gate or a unit that the cell has not, and for another number of labels.
    """
    gate, xs = _gate(cell, gate), one_sequence(cell, xs)
    T, H = len(xs), p.U.shape[1]
    if labels is not None and len(labels) != T:
        raise ValueError(f"labels must hold {T} entries, one a step, got {len(labels)}")
    clamped(cell, p, xs, gate, value, readout=readout)  # refuses what does not fit

    def paint(axes: np.ndarray, **settings) -> str:
        return _paint(axes, cell, p, xs, readout, labels, name, **settings)

    controls = lambda: dict(
        gate=choice("gate", gates_of(cell), gate),
        value=slider("held at", float(value), 0.0, 1.0, 0.05),
        start=slider("from step", start or max(1, T // 3), 1, T),
        unit=slider("unit shown", int(unit), 1, H),
    )
    panels = len(cell.states) + (readout is not None)
    return painted("gate-clamp", paint, controls, panels, (3.4 * panels, 3.0))


def _paint(
    axes: np.ndarray,
    cell: Cell,
    p,
    xs,
    readout,
    labels,
    prediction: str,
    *,
    gate: str,
    value: float,
    start: int,
    unit: int,
) -> str:
    data, said = clamped(cell, p, xs, gate, value, start, readout), []
    for ax, name in zip(axes.flat, [n for n in ("c", "h", "prediction") if n in data], strict=True):
        free, held = (v if v.ndim == 1 else v[:, unit - 1] for v in data[name])
        ts = np.arange(1, len(free) + 1)
        ax.plot(ts, free, color=CONTEXT, ls=(0, (4, 2)), label="free")
        ax.plot(ts, held, color=COLOURS.get(name, OTHERS[0]), label=f"{gate} held at {value:.2f}")
        ax.axvline(start, color=plots.colour(gate), lw=1.2, ls=(0, (1, 2)))
        if labels is not None:
            ax.set_xticks(ts, labels, rotation=0 if max(map(len, labels)) < 4 else 60)
        what = prediction if name == "prediction" else f"{name}, unit {unit}"
        plots.finish(ax, "time step t" if labels is None else "", what, "", "")
        said.append(f"{what.split(',')[0]} ends at {number(held[-1])} instead of {number(free[-1])}")
        ax.alt = f"{said[-1]}."  # type: ignore[attr-defined]
    axes[0, 0].alt = f"Gate {gate} held at {value:.2f} from step {start} on, unit {unit}: {axes[0, 0].alt}"
    return f"Gate {gate} held at {value:.2f} from step {start} on, unit {unit}: {'; '.join(said)}."
