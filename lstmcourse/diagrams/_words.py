"""What a diagram says in words, and the equations of one step with their numbers filled in."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ._expr import Call, Expr, Minus, Name, Square, Sum, one_minus, printed, product
from ._graph import inputs, intermediate_gradients, order, outputs, part, preactivation, values
from ._ink import label, number
from ._plans import LAYERS, MATRICES, Node, Plan, Wire, plan_of


class Equation(NamedTuple):
    """One line of a step for one unit: ``name = formula = numbers = value``; `colour`: key of plots.COLOURS."""

    name: str
    formula: str
    numbers: str
    value: float
    colour: str

    def __str__(self) -> str:
        sides = dict.fromkeys((label(self.name), self.formula, self.numbers, number(self.value)))
        return " = ".join(sides)


def equations(
    cell, p: SimpleNamespace, cache: dict[str, np.ndarray], *, unit: int = 0, batch: int = 0
) -> list[Equation]:
    """The forward step, line by line, in the order in which it is computed, for one unit of one sequence.

    cache: one dict of `reference.unroll`'s caches. unit counts from 0. The lines are read off the diagram's wires.
    ValueError for a unit or a batch that the cache does not have.
    """
    plan, vals = plan_of(cell), values(cell, cache)
    reading = _Reading(plan, _one(vals, unit, batch))
    lines = []
    for node in _made(plan):
        if node.kind in LAYERS:
            total = float(preactivation(plan, p, node.name, vals)[batch, unit])
            right: Expr = Call("" if node.kind == "linear" else node.kind, reading.layer(node, total))
        else:
            right = reading.formula(node.name)
        lines.append(_line(node.name, right, reading.vals[node.name], node))
    return lines


def gradient_equations(
    cell, p: SimpleNamespace, cache: dict[str, np.ndarray], *dstate: np.ndarray, unit: int = 0, batch: int = 0
) -> list[Equation]:
    """The backward step, line by line: dq = dL/dq for every quantity of the cell, last computed first (dx left out).

    dh₊ and dc₊ arrive from the loss and from step t+1. Uᵀ da stands for what comes back through the weights, summed
    over the layers and their units: a number.
    dstate: dL/dh, and dL/dc for cells with c, (B, H) each, as for the cell's ``backward``.
    ValueError for a unit or a batch that the cache does not have.
    """
    plan, vals = plan_of(cell), values(cell, cache)
    grads = intermediate_gradients(cell, p, cache, *dstate)
    peepholes = {name: float(value[unit]) for name, value in vars(p).items() if name.startswith("p_")}
    reading = _Reading(plan, _one(vals, unit, batch), _one(grads, unit, batch), peepholes)
    nodes = [part(plan, name) for name in reversed(order(plan))]
    return [
        _line(f"d{node.name}", reading.gradient(node.name), reading.grads[node.name], node)
        for node in nodes
        if node.quantity and node.kind != "out" and node.name != "x"
    ]


def describe(cell, vectors: Mapping[Any, np.ndarray] | None = None, *, backward: bool = False) -> str:
    """The diagram in words: what is computed from what, and the values or gradients if there are any."""
    plan = plan_of(cell)
    if vectors is None:
        lines = [f"{node.quantity} = {_rule(plan, node)}" for node in _made(plan)]
        return "Wires run from the inputs to the outputs: " + "; ".join(lines) + "."
    said = []
    for node in (node for node in (part(plan, name) for name in plan.pills) if node.quantity):
        vector = vectors[node.name]
        more = f" (the first 4 of {len(vector)})" if len(vector) > 4 else ""
        numbers = ", ".join(number(float(v)) for v in vector[:4])
        said.append(f"{'d' * backward}{node.quantity} = {numbers}{more}")
    what = "Gradients that ride back along the wires" if backward else "Values on the wires"
    return f"{what}: {'; '.join(said)}."


def _made(plan: Plan) -> list[Node]:
    """The quantities that the cell computes, in the order in which it does."""
    nodes = (part(plan, name) for name in order(plan))
    return [node for node in nodes if node.quantity and node.kind not in ("in", "out")]


def _line(name: str, right: Expr, value: float, node: Node) -> Equation:
    return Equation(name, printed(right), printed(right, numbers=True), value, node.colour)


def _one(arrays: Mapping[Any, np.ndarray], unit: int, batch: int) -> dict[Any, float]:
    """One unit of one sequence; of x, which may have fewer features, its last at most."""
    B, H = arrays["h"].shape
    if not (0 <= unit < H and 0 <= batch < B):
        raise ValueError(f"unit must be 0 to {H - 1} and batch 0 to {B - 1}, got {unit!r} and {batch!r}")
    return {name: float(v[batch, min(unit, v.shape[1] - 1)]) for name, v in arrays.items()}


def _rule(plan: Plan, node: Node) -> str:
    if node.kind not in LAYERS:
        return printed(_Reading(plan, dict.fromkeys(order(plan), 0.0)).formula(node.name))
    sources = ", ".join(part(plan, wire.src).quantity or wire.src for wire in inputs(plan, node.name))
    return f"{'weights times' if node.kind == 'linear' else f'{node.kind} of'} {sources}"


class _Reading:
    """The formulas of one cell for one unit, read along its wires. vals, grads: name -> number; peepholes: p_i, …"""

    def __init__(self, plan: Plan, vals: dict, grads: dict | None = None, peepholes: Mapping[str, float] | None = None):
        self.plan, self.vals, self.grads, self.peepholes = plan, vals, grads or {}, peepholes or {}

    def quantity(self, name: str) -> Expr:
        """A part as others see it: its letter, or the formula of an intermediate."""
        node = part(self.plan, name)
        return Name(node.quantity, self.vals[name]) if node.quantity else self.formula(name)

    def formula(self, name: str) -> Expr:
        """How a part is made from named quantities."""
        kind, args = part(self.plan, name).kind, [self.quantity(wire.src) for wire in inputs(self.plan, name)]
        if kind == "+":
            return Sum(tuple(args))
        if kind == "×":
            return product(*args)
        return one_minus(args[0]) if kind == "1−" else Call("tanh", args[0])

    def layer(self, node: Node, total: float) -> Expr:
        """What a layer adds up; each term is a weight times its input."""
        mark = "" if len(self.plan.rows) == 1 else f"_{node.rows}"
        bias = node.bias + mark if node.bias == "b" else node.bias
        terms = [self._term(wire, mark) for wire in inputs(self.plan, node.name)]
        return Sum((*terms, Name(bias, 0.0)), total)

    def _term(self, wire: Wire, mark: str) -> Expr:
        source = self.quantity(wire.src)
        if wire.weight in MATRICES and isinstance(source, Name):
            return Name(f"{wire.weight}{mark} {source.symbol}", 0.0)
        return product(Name(f"p{mark}", 0.0), source) if wire.weight == "p" else source

    def gradient(self, name: str) -> Expr:
        """dname, a sum over the wires that leave it; all that comes back through weight matrices is one term."""
        wires = outputs(self.plan, name)
        matrices = [wire for wire in wires if wire.weight in MATRICES]
        terms = [self._back(wire) for wire in wires if wire not in matrices]
        if matrices:
            terms.append(Name("Uᵀ da", sum(self.grads[wire.src, wire.dst] for wire in matrices)))
        return Sum(tuple(terms)) if len(terms) > 1 else terms[0]

    def _d(self, name: str) -> Expr:
        """The gradient of a part: its letter, or for an intermediate what its one wire carries back."""
        node = part(self.plan, name)
        if not node.quantity:
            return self._back(outputs(self.plan, name)[0])
        return Name(f"d{node.quantity}", self.grads[name])

    def _back(self, wire: Wire) -> Expr:
        """The gradient that one wire carries back."""
        node, above = part(self.plan, wire.dst), self._d(wire.dst)
        if node.kind in ("+", "out"):
            return above
        if node.kind == "×":
            other = next(w.src for w in inputs(self.plan, wire.dst) if w.src != wire.src)
            return product(above, self.quantity(other))
        if node.kind == "th":
            return product(above, one_minus(Call("tanh", self.quantity(wire.src), squared=True)))
        if node.kind == "1−":
            return Minus(above)
        made = Name(node.quantity, self.vals[wire.dst])
        slope = {"σ": product(made, one_minus(made)), "tanh": one_minus(Square(made))}.get(node.kind)
        peephole = [Name(f"p_{wire.dst}", self.peepholes[f"p_{wire.dst}"])] if wire.weight == "p" else []
        return product(above, *([slope] if slope else []), *peephole)
