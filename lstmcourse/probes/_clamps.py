"""What happens if: a gate held at a value, and gates that saturate."""

from statistics import NormalDist
from typing import Any

import numpy as np

from ..reference import Cell, Params, sigmoid, unroll


def clamp(
    cell: Cell,
    p: Params,
    xs,
    gate: str = "f",
    value=0.0,
    start: int = 0,
    stop: int | None = None,
    units=None,
    state=None,
):
    """Run a network with one gate held at a value: what it would do if it could not forget, for instance.

    Args:
        cell, p: the network; the cell may be one's own, if it states its ``gates``.
        xs: the input (T, B, I).
        gate, value, units: as in `held`, whose parameters the clamped steps have.
        start, stop: the steps start, …, stop − 1 are clamped; to the end unless stop is given.
        state: the initial state, a tuple of (B, H); the cell's own start unless given.

    Returns:
        states, caches, as of `unroll`.

    Raises:
        ValueError: as `held` does, for a step that is not there, and for a gate that is not what ``cell.gates`` says:
            one that these parameters do not hold.
    """
    T = len(xs)
    stop = T if stop is None else stop
    if not 0 <= start <= stop <= T:
        raise ValueError(f"start and stop must satisfy 0 ≤ start ≤ stop ≤ {T}, got {start} and {stop}")
    clamped = held(cell, p, gate, value, units)
    parts, caches = [], []
    for params, first, last in ((p, 0, start), (clamped, start, stop), (p, stop, T)):
        if first < last:
            states, made = unroll(cell, params, xs[first:last], state)
            state = tuple(s[-1] for s in states)
            parts.append(states)
            caches += made
    for cache in caches[start:stop]:
        got = cache[gate] if gate in cache else 1 - cache[cell.gates[gate].coupled]
        got = got if units is None else got[:, np.atleast_1d(units)]
        if not np.allclose(got, value, rtol=1e-5, atol=1e-12):
            name = f"{gate} of {cell.name}"
            raise ValueError(f"{name} is not what its gates say: held at {value}, it is {got.flat[0]:.3g}")
    return tuple(np.concatenate(s) for s in zip(*parts, strict=True)), caches


def held(cell: Cell, p: Params, gate: str = "f", value=0.0, units=None) -> Params:
    """The parameters of a network with one gate held at a value.

    Nothing but the gate's own rows is changed: its weights, recurrent weights and peephole are zero and its bias is
    the pre-activation of that value, ±∞ for a σ's 0 and 1, so that those are met exactly.

    Args:
        cell, p: the network.
        gate: one of cell.gates. Where i = 1 − f, holding i holds f at 1 − value.
        value: in the range of the gate's squashing, for σ 0 to 1; a number, or one for each of the units.
        units: the indices of the units; all unless given.

    Raises:
        ValueError: for a gate that the cell does not state, a squashing that `SQUASHINGS` does not have, a value out
            of range or too many of them, a unit that is not there, parameters of which the cell does not say whose
            rows they have.
    """
    value = np.asarray(value, float)
    if gate not in cell.gates:
        stated = ", ".join(cell.gates) or "none"
        raise ValueError(f"gate must be one that {cell.name} states ({stated}), got {gate!r}")
    if cell.gates[gate].coupled:
        gate, value = cell.gates[gate].coupled, 1 - value
    H, rows = p.U.shape[1], cell.rows
    stacks = {"W": rows, "U": rows, "b": rows} | {f"p_{k}": k for k, g in cell.gates.items() if g.peephole}
    stacks |= cell.stacks
    for name, array in vars(p).items():
        if name not in stacks or len(array) != len(stacks[name]) * H:
            raise ValueError(f"{cell.name} must say in gates or stacks whose rows its {name} {array.shape} has")
    units = np.arange(H) if units is None else np.atleast_1d(units)
    if units.dtype.kind not in "iu" or not ((units >= 0) & (units < H)).all():
        raise ValueError(f"units must be indices 0 … {H - 1}, got {units}")
    if value.shape not in ((), units.shape):
        raise ValueError(f"value must be one number, or one for each of the {units.size} units, got {value.shape}")
    q = Params(**{k: v.copy() for k, v in vars(p).items()})
    for name, gates in stacks.items():
        if gate in gates:
            getattr(q, name)[gates.index(gate) * H + units] = 0.0
    q.b[rows.index(gate) * H + units] = _pre_activation(cell, gate, value)
    return q


SQUASHINGS: dict[str, tuple[float, float, Any]] = {  # range, and the inverse on it
    "σ": (0.0, 1.0, lambda y: np.log(y) - np.log1p(-y)),
    "tanh": (-1.0, 1.0, np.arctanh),
    "exp": (0.0, np.inf, np.log),
    "relu": (0.0, np.inf, np.positive),
    "identity": (-np.inf, np.inf, np.positive),
}


def _pre_activation(cell: Cell, gate: str, value: np.ndarray) -> np.ndarray:
    """The a with σ(a) = value, or tanh(a), or whatever squashes the gate."""
    squashing = cell.gates[gate].squashing
    if squashing not in SQUASHINGS:
        known = ", ".join(SQUASHINGS)
        raise ValueError(f"{gate} of {cell.name} is squashed by {squashing!r}, and only {known} can be inverted")
    low, high, inverse = SQUASHINGS[squashing]
    if not ((value >= low) & (value <= high)).all():
        raise ValueError(f"value of {gate} must be between {low:g} and {high:g}, got {value}")
    with np.errstate(divide="ignore"):
        return inverse(value)


def saturation(spread: float, bias: float, *, samples: int = 4001) -> dict[str, float | np.ndarray]:
    """A gate whose pre-activations are normal with that mean and spread: its values, and the gradient it lets through.

    Returns "values", (samples,) of σ(a) at evenly spaced quantiles of a; "saturated", the share outside 0.1 … 0.9;
    "slope", the mean of σ′(a), which is at most 0.25. ValueError for a negative spread.
    """
    if spread < 0:
        raise ValueError(f"spread must not be negative, got {spread}")
    quantiles = (np.arange(samples) + 0.5) / samples
    a = bias + spread * np.array([NormalDist().inv_cdf(q) for q in quantiles])
    values = sigmoid(a)
    saturated = float(np.mean((values < 0.1) | (values > 0.9)))
    return {"values": values, "saturated": saturated, "slope": float(np.mean(values * (1 - values)))}
