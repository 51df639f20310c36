"""A diagram is a data-flow graph: run forward it gives the values on the wires, run backward the gradients."""

from collections.abc import Callable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

from ..reference import sigmoid
from ._plans import LAYERS, MATRICES, Node, Plan, Wire, plan_of


def inputs(plan: Plan, name: str) -> list[Wire]:
    """The wires that end in `name`, in the order of the description."""
    return [wire for wire in plan.wires if wire.dst == name]


def outputs(plan: Plan, name: str) -> list[Wire]:
    """The wires that begin at `name`."""
    return [wire for wire in plan.wires if wire.src == name]


def part(plan: Plan, name: str) -> Node:
    """The part of that name."""
    return next(node for node in plan.nodes if node.name == name)


def order(plan: Plan) -> list[str]:
    """All parts, each after everything that it needs."""
    depth = depths(plan)
    return sorted(depth, key=depth.__getitem__)


def depths(plan: Plan) -> dict[str, int]:
    """How many parts lie between each part and the inputs: 0 for an input."""
    known: dict[str, int] = {}
    while len(known) < len(plan.nodes):
        for node in plan.nodes:
            sources = [wire.src for wire in inputs(plan, node.name)]
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
        got = type(cache).__name__
        raise ValueError(f"cache must be the dict of one step, one of reference.unroll's caches; got a {got}")
    needed = [node.name for node in plan.nodes if node.kind in ("in", *LAYERS)]
    missing = [name for name in needed if name not in cache]
    if missing:
        raise ValueError(
            f"cache must be one of reference.unroll's caches for {plan.name}; {', '.join(missing)} missing"
        )
    out: dict[str, np.ndarray] = {}
    for name in order(plan):
        args = [out[wire.src] for wire in inputs(plan, name)]
        out[name] = np.asarray(cache[name]) if name in cache else _apply(part(plan, name).kind, args)
    return out


def evaluate(
    cell,
    p: SimpleNamespace,
    x: np.ndarray,
    state: tuple[np.ndarray, ...],
    force: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> dict[str, np.ndarray]:
    """The same from parameters: the diagram as a program, layers included. Tests hold it against the cell's forward.

    x (B, I); state (B, H) each. force: name -> value that replaces what the part computes.
    """
    plan = plan_of(cell)
    given: dict[str, np.ndarray] = {f"{name}_": value for name, value in zip(plan.states, state, strict=True)} | {
        "x": x
    }
    out: dict[str, np.ndarray] = {}
    for name in order(plan):
        node, args = part(plan, name), [out[wire.src] for wire in inputs(plan, name)]
        if name in force:
            out[name] = force[name]
        elif name in given:
            out[name] = given[name]
        elif node.kind in LAYERS:
            out[name] = _SQUASH[node.kind](preactivation(plan, p, name, out))
        else:
            out[name] = _apply(node.kind, args)
    return out


def preactivation(plan: Plan, p: SimpleNamespace, name: str, vals: Mapping[str, np.ndarray]) -> np.ndarray:
    """What a layer adds up before it is squashed: Σ weight · input + bias, (B, H). vals: the values of its inputs."""
    node = part(plan, name)
    total = _rows(plan, p.b, node) if node.bias == "b" else getattr(p, node.bias)
    for wire in inputs(plan, name):
        weight = _weight(plan, p, wire)
        total = total + (vals[wire.src] @ weight.T if weight.ndim == 2 else vals[wire.src] * weight)
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
    if len(dstate) != len(plan.states):
        names = ", ".join(f"d{name}" for name in plan.states)
        raise ValueError(f"{plan.name} expects {len(plan.states)} state gradients ({names}), got {len(dstate)}")
    grads: dict[Any, np.ndarray] = {}
    for name, value in zip(plan.states, dstate, strict=True):
        if np.shape(value) != vals[name].shape:
            raise ValueError(f"d{name} must have shape {vals[name].shape}, got {np.shape(value)}")
        grads[f"out {name}"] = value
    for name in reversed(order(plan)):
        if name not in grads:
            pieces = (grads[name, wire.dst] for wire in outputs(plan, name))
            grads[name] = sum(pieces, start=np.zeros_like(vals[name]))
        arrive = _through(plan, p, name, grads[name], vals)
        grads.update({(wire.src, name): piece for wire, piece in zip(inputs(plan, name), arrive, strict=True)})
    return grads


def _through(plan: Plan, p, name: str, grad: np.ndarray, vals: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The gradient of a part's value, handed on to each of its inputs: the chain rule of one part."""
    wires, kind, value = inputs(plan, name), part(plan, name).kind, vals[name]
    if kind == "×":
        return [grad * vals[other.src] for other in reversed(wires)]
    if kind == "1−":
        return [-grad]
    if kind in ("+", "out", "in"):
        return [grad] * len(wires)
    if kind == "th":
        return [grad * (1 - value**2)]
    da = grad * {"σ": value * (1 - value), "tanh": 1 - value**2, "linear": 1.0}[kind]
    weights = [_weight(plan, p, wire) for wire in wires]
    return [da @ w if w.ndim == 2 else da * w for w in weights]


def _apply(kind: str, args: list[np.ndarray]) -> np.ndarray:
    if kind == "×":
        return args[0] * args[1]
    if kind == "+":
        return sum(args[1:], start=args[0])
    (a,) = args
    return {"1−": 1 - a, "th": np.tanh(a), "out": a}[kind]


_SQUASH: dict[str, Callable[[np.ndarray], np.ndarray]] = {"σ": sigmoid, "tanh": np.tanh, "linear": lambda v: v}


def _weight(plan: Plan, p, wire: Wire) -> np.ndarray:
    """The weight on a wire into a layer: a matrix, the vector of a peephole, or 1."""
    if wire.weight in MATRICES:
        return _rows(plan, getattr(p, wire.weight), part(plan, wire.dst))
    return getattr(p, f"p_{wire.dst}") if wire.weight == "p" else np.ones(())


def _rows(plan: Plan, stacked: np.ndarray, node: Node) -> np.ndarray:
    """The rows of one gate."""
    return np.split(stacked, len(plan.rows))[plan.rows.index(node.rows)]
