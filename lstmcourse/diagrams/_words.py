"""What a diagram says in words, and the equations of one step with their numbers filled in."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ._draw import label, number, part
from ._graph import inputs, intermediate_gradients, kind, order, outputs, preactivation, values
from ._plans import LAYERS, Plan, plan_of


class Equation(NamedTuple):
    """One line of a step for one unit: ``name = formula = numbers = value``; `colour`: key of plots.COLOURS."""

    name: str
    formula: str
    numbers: str
    value: float
    colour: str

    def __str__(self) -> str:
        bare = (
            self.numbers.removeprefix("(").removesuffix(")")
            if self.numbers.count("(") == self.numbers.count("−") == 1
            else ""
        )
        parts = [
            label(self.name),
            self.formula,
            bare if bare == number(self.value) else self.numbers,
            number(self.value),
        ]
        return " = ".join(part for k, part in enumerate(parts) if k == 0 or part != parts[k - 1])


Leaf = Callable[[str], str]


def equations(
    cell, p: SimpleNamespace, cache: dict[str, np.ndarray], *, unit: int = 0, batch: int = 0
) -> list[Equation]:
    """The forward step, line by line, in the order in which it is computed, for one unit of one sequence.

    cache: one dict of `reference.unroll`'s caches. The lines are read off the diagram's wires.
    ValueError for a unit or a batch that the cache does not have.
    """
    plan, vals = plan_of(cell), values(cell, cache)
    one = _one(vals, unit, batch)
    lines = []
    for name in order(plan):
        if kind(plan, name) in LAYERS:
            a = float(preactivation(plan, p, name, {src: vals[src] for src in inputs(plan, name)})[batch, unit])
            squash = {"linear": "{}"}.get(kind(plan, name), kind(plan, name) + "({})")
            formula, numbers = squash.format(_sum(plan, name)), squash.format(number(a))
            lines.append(Equation(name, formula, numbers, one[name], part(plan, name).colour))
        elif _named(plan, name) and kind(plan, name) not in ("in", "out"):
            numbers = _formula(plan, name, _numeric(one)).replace("∘", "·")
            lines.append(Equation(name, _formula(plan, name, label), numbers, one[name], part(plan, name).colour))
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
    one = _one(vals, unit, batch)
    one |= {f"p_{q}": float(getattr(p, f"p_{q}")[unit]) for q in plan.rows if hasattr(p, f"p_{q}")}
    dof = _one(grads, unit, batch)
    numeric, dnumeric = _numeric(one), _numeric(dof)
    lines = []
    for name in reversed(order(plan)):
        if _named(plan, name) and name != "x":
            formula = _chain(plan, name, label, _symbol, lambda _: "Uᵀ da")
            numbers = _chain(plan, name, numeric, dnumeric, number, dof).replace("∘", "·")
            lines.append(Equation("d" + name, formula, numbers, dof[name], part(plan, name).colour))
    return lines


def describe(cell, vectors: Mapping[Any, np.ndarray] | None = None, *, backward: bool = False) -> str:
    """The diagram in words: what is computed from what, and the values or gradients if there are any."""
    plan = plan_of(cell)
    if vectors is None:
        named = [name for name in order(plan) if _named(plan, name) and kind(plan, name) not in ("in", "out")]
        lines = [f"{label(name)} = {_rule(plan, name)}" for name in named]
        return "Wires run from the inputs to the outputs: " + "; ".join(lines) + "."
    said = []
    for name in (name for name in plan.pills if _named(plan, name)):
        vector = vectors[name]
        more = f" (the first 4 of {len(vector)})" if len(vector) > 4 else ""
        said.append(f"{'d' * backward}{label(name)} = {', '.join(number(float(v)) for v in vector[:4])}{more}")
    return (
        ("Gradients that ride back along the wires: " if backward else "Values on the wires: ") + "; ".join(said) + "."
    )


def _one(arrays: Mapping[Any, np.ndarray], unit: int, batch: int) -> dict[Any, float]:
    """One unit of one sequence; of x, which may have fewer features, its last at most."""
    B, H = arrays["h"].shape
    if not (0 <= unit < H and 0 <= batch < B):
        raise ValueError(f"unit must be 0 to {H - 1} and batch 0 to {B - 1}, got {unit!r} and {batch!r}")
    return {name: float(v[batch, min(unit, v.shape[1] - 1)]) for name, v in arrays.items()}


def _rule(plan: Plan, name: str) -> str:
    if kind(plan, name) not in LAYERS:
        return _formula(plan, name, label)
    return f"{kind(plan, name)} of {', '.join(label(src) for src in inputs(plan, name))}".replace(
        "linear of", "weights times"
    )


def _named(plan: Plan, name: str) -> bool:
    """Whether it is a quantity with a letter of its own, not an intermediate such as f∘c₋."""
    return len(name.rstrip("_")) == 1


def _sum(plan: Plan, name: str) -> str:
    """What a layer adds up, in symbols."""
    row = "n" if name == "v" else name
    mark = "" if len(plan.rows) == 1 else f"_{row}"
    terms = []
    for src in inputs(plan, name):
        weight = {"x": f"W{mark} ", "h_": f"U{mark} ", "s": f"U{mark} ", "c_": f"p{mark}∘", "c": f"p{mark}∘"}.get(
            src, ""
        )
        terms.append(weight + label(src))
    return " + ".join([*terms, "b_hn" if name == "v" else f"b{mark}"])


def _formula(plan: Plan, name: str, leaf: Leaf) -> str:
    """How a part is made from named quantities, read along the wires."""
    args = [
        leaf(s) if _named(plan, s) or kind(plan, s) in LAYERS else _formula(plan, s, leaf) for s in inputs(plan, name)
    ]
    op = kind(plan, name)
    if op == "×":
        return "∘".join(f"({a})" if "1 −" in a else a for a in args)
    return {"+": " + ".join(args), "1−": f"1 − {args[0]}", "th": f"tanh({args[0].strip('()')})"}[op]


def _chain(plan: Plan, name: str, leaf: Leaf, dleaf: Leaf, sums: Callable, pieces: Mapping | None = None) -> str:
    """dname as a sum over the wires that leave it; everything that comes back through weight matrices in one term."""
    terms, through = [], [dst for dst in outputs(plan, name) if kind(plan, dst) in LAYERS and _matrix(name)]
    for dst in outputs(plan, name):
        if dst not in through:
            terms.append(_back(plan, name, dst, leaf, dleaf))
    if through:
        terms.append(sums(sum(pieces[name, dst] for dst in through) if pieces else None))
    return " + ".join(terms).replace("+ −", "− ")


def _back(plan: Plan, name: str, dst: str, leaf: Leaf, dleaf: Leaf) -> str:
    """The gradient that one wire carries back."""
    op = kind(plan, dst)
    if op == "out":
        return dleaf(dst)
    if op in LAYERS:
        slope = f"{leaf(dst)}∘(1 − {leaf(dst)})" if op == "σ" else f"(1 − {leaf(dst)}²)"
        peep = f"∘{leaf('p_' + dst)}" if name in ("c", "c_") else ""
        return f"{dleaf(dst)}∘{slope}{peep}"
    above = dleaf(dst) if _named(plan, dst) else _back(plan, dst, outputs(plan, dst)[0], leaf, dleaf)
    if op == "×":
        other = next(s for s in inputs(plan, dst) if s != name)
        factor = leaf(other) if _named(plan, other) else f"({_formula(plan, other, leaf)})"
        return f"{above}∘{factor.removeprefix('(').removesuffix(')') if factor.startswith('(tanh') else factor}"
    if op == "th":
        return f"{above}∘(1 − tanh²({leaf(name).strip('()')}))"
    return f"−{above}" if op == "1−" else above


def _symbol(name: str) -> str:
    """dname; dh₊ is what arrives at h from the loss and from the next step."""
    return f"d{name[4:]}₊" if name.startswith("out ") else "d" + label(name)


def _matrix(name: str) -> bool:
    return name in ("h_", "s", "x")


def _numeric(one: Mapping[str, float]) -> Leaf:
    """Numbers in place of names; a negative one in brackets."""

    def leaf(name: str) -> str:
        text = number(one[name])
        return f"({text})" if text.startswith("−") else text

    return leaf
