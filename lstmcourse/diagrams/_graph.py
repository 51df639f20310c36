"""A diagram is a data-flow graph: run forward it gives the values on the wires, run backward the gradients."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from ._plans import LAYERS, Plan, plan_of


def inputs(plan: Plan, name: str) -> list[str]:
    """The names whose wires end in `name`, in the order of the description."""
    return [wire.src for wire in plan.wires if wire.dst == name]


def outputs(plan: Plan, name: str) -> list[str]:
    """The names at which the wires of `name` end."""
    return [wire.dst for wire in plan.wires if wire.src == name]


def kind(plan: Plan, name: str) -> str:
    """The kind of the part `name`."""
    return next(node.kind for node in plan.nodes if node.name == name)


def order(plan: Plan) -> list[str]:
    """All parts, each after everything that it needs."""
    depth = depths(plan)
    return sorted(depth, key=depth.__getitem__)


def depths(plan: Plan) -> dict[str, int]:
    """How many parts lie between each part and the inputs: 0 for an input."""
    known: dict[str, int] = {}
    while len(known) < len(plan.nodes):
        for node in plan.nodes:
            sources = inputs(plan, node.name)
            if node.name not in known and all(s in known for s in sources):
                known[node.name] = 1 + max((known[s] for s in sources), default=-1)
    return known


def values(cell, cache: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The value that each part of the diagram makes, (B, H) each.

    cache: one dict of `reference.unroll`'s caches. Layers and states are taken from it; what the cache does not hold
    (products, 1 − f, tanh c) is computed along the wires. ValueError if the cache belongs to another cell.
    """
    plan = plan_of(cell)
    if not isinstance(cache, Mapping):
        kind_ = type(cache).__name__
        raise ValueError(f"cache must be the dict of one step, one of reference.unroll's caches; got a {kind_}")
    needed = [node.name for node in plan.nodes if node.kind in ("in", *LAYERS)]
    missing = [name for name in needed if name not in cache]
    if missing:
        raise ValueError(
            f"cache must be one of reference.unroll's caches for {plan.name}; {', '.join(missing)} missing"
        )
    out: dict[str, np.ndarray] = {}
    for name in order(plan):
        args = [out[src] for src in inputs(plan, name)]
        out[name] = np.asarray(cache[name]) if name in cache else _apply(kind(plan, name), args)
    return out


def evaluate(
    cell, p: SimpleNamespace, x: np.ndarray, state: tuple[np.ndarray, ...], force: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """The same from parameters: the diagram as a program, layers included. Tests hold it against the cell's forward.

    x (B, I); state (B, H) each. force: name -> value that replaces what the part computes (a gate held open is 1.0).
    """
    plan = plan_of(cell)
    given: dict[str, np.ndarray] = dict(zip(["h_", "c_"], state, strict=False)) | {"x": x}
    out: dict[str, np.ndarray] = {}
    for name in order(plan):
        args = {src: out[src] for src in inputs(plan, name)}
        if name in given:
            out[name] = given[name]
        elif kind(plan, name) in LAYERS:
            out[name] = _squash(plan, name, preactivation(plan, p, name, args))
        else:
            out[name] = _apply(kind(plan, name), list(args.values()))
        if force and name in force:
            out[name] = np.broadcast_to(force[name], out[name].shape).astype(out[name].dtype)
    return out


def preactivation(plan: Plan, p: SimpleNamespace, name: str, args: dict[str, np.ndarray]) -> np.ndarray:
    """What a layer adds up before it is squashed: Σ weight · input + bias, (B, H)."""
    total = p.b_hn if name == "v" else _rows(plan, p.b, name)
    for src, value in args.items():
        weight = _weight(plan, p, name, src)
        total = total + (value @ weight.T if weight.ndim == 2 else value * weight)
    return total


def intermediate_gradients(
    cell, p: SimpleNamespace, cache: dict[str, np.ndarray], *dstate: np.ndarray
) -> dict[Any, np.ndarray]:
    """dL/dvalue for each part of the diagram, and for each wire under (source, destination), (B, H) each (x: (B, I)).

    cache: one dict of `reference.unroll`'s caches; dstate: dL/dh, and dL/dc for cells with c, (B, H) each, as for the
    cell's ``backward``. The gradients of x, h₋ and c₋ are what ``backward`` returns; of a part with several wires out
    the gradient is the sum over them. ValueError unless dstate has one array of the shape of h for each state.
    """
    plan, vals = plan_of(cell), values(cell, cache)
    ends = [end for end in ("out h", "out c") if end in vals]
    if len(dstate) != len(ends):
        names = ", ".join(end.replace("out ", "d") for end in ends)
        raise ValueError(f"{plan.name} expects {len(ends)} state gradients ({names}), got {len(dstate)}")
    for end, value in zip(ends, dstate, strict=True):
        if np.shape(value) != vals[end].shape:
            name = end.replace("out ", "d")
            raise ValueError(f"{name} must have shape {vals[end].shape}, got {np.shape(value)}")
    grads: dict[Any, np.ndarray] = dict(zip(ends, dstate, strict=True))
    for name in reversed(order(plan)):
        if name not in grads:
            grads[name] = sum((grads[name, dst] for dst in outputs(plan, name)), start=np.zeros_like(vals[name]))
        arrive = _through(plan, p, name, grads[name], vals)
        grads.update({(src, name): piece for src, piece in zip(inputs(plan, name), arrive, strict=True)})
    return grads


def _through(plan: Plan, p, name: str, grad: np.ndarray, vals: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The gradient of a part's value, handed on to each of its inputs: the chain rule of one part."""
    sources, op, value = inputs(plan, name), kind(plan, name), vals[name]
    if op == "×":
        return [grad * vals[other] for other in reversed(sources)]
    if op == "1−":
        return [-grad]
    if op in ("+", "out", "in"):
        return [grad] * len(sources)
    slope = {"σ": value * (1 - value), "tanh": 1 - value**2, "th": 1 - value**2, "linear": 1.0}[op]
    if op == "th":
        return [grad * slope]
    weights = [_weight(plan, p, name, src) for src in sources]
    return [(grad * slope) @ w if w.ndim == 2 else grad * slope * w for w in weights]


def _apply(op: str, args: list[np.ndarray]) -> np.ndarray:
    if op == "×":
        return args[0] * args[1]
    if op == "+":
        return args[0] + args[1] if len(args) == 2 else args[0]
    return {"1−": lambda a: 1 - a, "th": np.tanh, "out": lambda a: a}[op](args[0])


def _squash(plan: Plan, name: str, a: np.ndarray) -> np.ndarray:
    return {"σ": lambda v: 0.5 * (1 + np.tanh(0.5 * v)), "tanh": np.tanh, "linear": lambda v: v}[kind(plan, name)](a)


def _weight(plan: Plan, p, name: str, src: str) -> np.ndarray:
    """The weight on the wire from src into the layer `name`: a matrix for x and h₋, a vector for a peephole, else 1."""
    if src == "x":
        return _rows(plan, p.W, name)
    if src in ("h_", "s"):
        return _rows(plan, p.U, name)
    return getattr(p, f"p_{name}") if src in ("c_", "c") else np.ones(())


def _rows(plan: Plan, stacked: np.ndarray, name: str) -> np.ndarray:
    """The rows of one gate; v is the recurrent half of n."""
    gates = np.split(stacked, len(plan.rows))
    return gates[plan.rows.index("n" if name == "v" else name)]
