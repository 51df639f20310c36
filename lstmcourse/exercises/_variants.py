"""Mistakes made from the solution itself: one factor left out, one sign turned, one name for another, and so on.

They say what the registered mistakes do not: each is the solution with one place of its source changed, in a way in
which people go wrong (_rules.py), and the sentence names the place. Registered mistakes come first: a person wrote
them.
"""

import ast
import copy
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from lstmcourse.exercises._patches import Mistake, Patched, source_of
from lstmcourse.exercises._rules import RULES, Text

#: At most so many variants of one solution; there are fewer of all but the longest.
MOST = 2000

Place = tuple[int, int, str]  # from where to where, and the text in its place
Change = tuple[list[Place], str]  # what is replaced, and what is said of it


def variants(solution: Callable, case: tuple, returns: Sequence[str] = ()) -> dict[str, Mistake]:
    """{sentence: (the solution with one place changed, sentence)}.

    case: one set of arguments; names are exchanged only with names whose values there have the same shape.
    returns: what the parts of what is returned are called. A variant may do what the solution does, or not compile:
    whoever uses one compares. A solution with `while` in it has none, since a variant of it may never end.
    """
    head, body = source_of(solution)
    function = ast.parse(head + body).body[0]
    assert isinstance(function, ast.FunctionDef)
    if any(isinstance(node, ast.While) for node in ast.walk(function)):
        return {}
    held = values_within(solution, case).items()
    return _made(solution, tuple((name, np.shape(value)) for name, value in held if _is_plain(value)), tuple(returns))


@lru_cache(maxsize=4)  # who checks an answer checks it again
def _made(solution: Callable, shapes: tuple[tuple[str, tuple], ...], returns: tuple[str, ...]) -> dict[str, Mistake]:
    head, body = source_of(solution)
    function = ast.parse(head + body).body[0]
    assert isinstance(function, ast.FunctionDef)
    found: dict[str, Mistake] = {}
    seen = {head + body}
    for places, said in _changes(function, Text(head + body), dict(shapes), returns):
        here = ((start - len(head), end - len(head), new) for start, end, new in places)
        patch = Patched(solution, (), tuple(here))
        if said not in found and patch.source not in seen and len(found) < MOST:
            seen.add(patch.source)
            found[said] = patch, said
    return found


def values_within(function: Callable, case: tuple) -> dict[str, Any]:
    """What the names within a function hold when it returns, for these arguments; {} where it has no source."""
    code = getattr(function, "__code__", None)
    held: dict[str, Any] = {}

    def watch(frame: Any, event: str, arg: Any) -> None:
        if event == "return" and frame.f_code is code:
            held.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        with np.errstate(all="ignore"):
            function(*copy.deepcopy(case))
    finally:
        sys.setprofile(before)
    return held


def _is_plain(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic, int, float)) and not isinstance(value, bool)


def _changes(function: ast.FunctionDef, text: Text, shapes: dict, returns: Sequence[str]) -> Iterator[Change]:
    places, known = list(_places(function, returns, text)), _known_from(function)
    shown = _shown(function, text, shapes)
    known |= {what: line for what, (line, _) in shown.items()}
    shapes = shapes | {what: shape for what, (_, shape) in shown.items()}

    def at(node: ast.AST) -> dict:
        return {name: shape for name, shape in shapes.items() if known.get(name, math.inf) < node.lineno}  # type: ignore[attr-defined]

    for rule in RULES:
        for place, nodes in places:
            here = at(nodes[0])
            for node in nodes:
                for new, said in rule(node, text, here):
                    yield [(*text.span(node), new)], said.replace("{place}", f"in {place}" if place else "there")
    yield from _statements(function, text)
    yield from _arrived(function, places, text)
    for place, nodes in places:
        yield from _everywhere(place, nodes, text, at(nodes[0]))
        same = [name for name, shape in at(nodes[0]).items() if shape and shape == shapes.get(place)]
        yield from _too_much(place, nodes[0], text, [name for name in same if name.isidentifier()])


def _shown(function: ast.FunctionDef, text: Text, shapes: dict) -> dict[str, tuple[int, tuple]]:
    """{"(f * c_ + i * g)": (its line, its shape)}: what is squashed without having had a name."""
    found = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[ast.BinOp() as inner], keywords=[])):
                if shapes.get(name):
                    found[f"({text.of(inner)})"] = node.lineno, shapes[name]
    return found


def _arrived(function: ast.FunctionDef, places: list, text: Text) -> Iterator[Change]:
    """An argument as it came in, where it has been given another value since."""
    arguments = {arg.arg for arg in function.args.args}
    start = next(text.span(node)[0] for node in function.body if not _is_docstring(node))
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in arguments:
                for place, nodes in places:
                    for use in nodes:
                        if isinstance(use, ast.Name) and use.id == name and use.lineno > node.lineno:
                            said = f"the {name} that arrived stands where the new {name} belongs, in {place}"
                            first = (start, start, f"{name}_as_it_came = {name}\n    ")
                            yield [first, (*text.span(use), f"{name}_as_it_came")], said


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _everywhere(place: str, nodes: list, text: Text, shapes: dict) -> Iterator[Change]:
    """In a statement, or in a part of a list in it, another name wherever a name stands more than once."""
    parts = [part for node in nodes if isinstance(node, (ast.List, ast.Tuple)) for part in node.elts]
    for scope in (nodes, *map(ast.walk, parts)):
        uses: dict[str, list[ast.Name]] = {}
        for node in scope:
            if isinstance(node, ast.Name) and node.id in shapes:
                uses.setdefault(node.id, []).append(node)
        for name, found in uses.items():
            for other, shape in shapes.items():
                if len(found) > 1 and other != name and shape == shapes[name]:
                    times = "twice" if len(found) == 2 else "each time"
                    said = f"{other} stands where {name} belongs, {times}, in {place}"
                    yield [(*text.span(node), other) for node in found], said


def _known_from(function: ast.FunctionDef) -> dict[str, int]:
    """The line from which each name of the function is known."""
    known = {arg.arg: 0 for arg in function.args.args}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            known.setdefault(node.id, node.lineno)
    return known


def _places(function: ast.FunctionDef, returns: Sequence[str], text: Text) -> Iterator[tuple[str, list[Any]]]:
    """(what is computed, the nodes of the expression) for every statement; `a, b = c, d` and `return c, d` by parts."""
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.Tuple(elts=parts)) if len(parts) == len(returns):
                yield from ((name, list(_within(part, text))) for name, part in zip(returns, parts, strict=True))
            case ast.Return(value=ast.expr() as value):
                yield returns[0] if len(returns) == 1 else "what is returned", list(_within(value, text))
            case ast.Assign(targets=[ast.Tuple(elts=names) as targets], value=value):
                yield "", [targets]
                match value:
                    case ast.Tuple(elts=parts) if len(parts) == len(names):
                        yield "", [value]
                        for name, part in zip(names, parts, strict=True):
                            yield ast.unparse(name), list(_within(part, text))
                    case _:
                        yield ast.unparse(targets).strip("()"), list(_within(value, text))
            case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                yield ast.unparse(target), list(_within(value, text))
            case ast.For(iter=value):
                yield "the loop", list(_within(value, text))
            case ast.If(test=value):
                yield "the condition", list(_within(value, text))
            case ast.Expr(value=value) if not isinstance(value, ast.Constant):
                yield "", list(_within(value, text))


def _within(value: ast.expr, text: Text) -> Iterator[Any]:
    """The nodes of an expression, from the outermost; of a sigmoid that is written out, it and its argument."""
    yield value
    if text.written_out(value):
        call = next(node for node in ast.walk(value) if isinstance(node, ast.Call))
        yield from _within(call.args[0].operand, text)  # type: ignore[attr-defined]
        return
    for child in ast.iter_child_nodes(value):
        if hasattr(child, "lineno"):
            yield from _within(child, text)  # type: ignore[arg-type]


def _too_much(place: str, value: ast.expr, text: Text, others: list[str]) -> Iterator[Change]:
    """What is computed, with a factor or a term too much, squashed, or of the other sign."""
    whole, (start, end) = text.of(value), text.span(value)
    if others:
        yield [(start, end, f"np.tanh({whole})")], f"tanh is taken of {place}"
        yield [(start, end, f"0 * ({whole})")], f"{place} is zero"
        yield [(start, end, f"-({whole})")], f"the sign of {place} is turned"
    for other in others:
        if other != place:
            yield [(start, end, f"({whole}) * {other}")], f"{place} is multiplied by {other} as well"
            yield [(start, end, f"({whole}) * (1 - {other})")], f"{place} is multiplied by 1 - {other} as well"
            yield [(start, end, f"({whole}) + {other}")], f"{other} is added to {place}"


def _statements(function: ast.FunctionDef, text: Text) -> Iterator[Change]:
    """Two statements in the other order; += as -= or as =."""
    for node in ast.walk(function):
        block = getattr(node, "body", None)
        for first, second in itertools.pairwise(block if isinstance(block, list) else []):
            if isinstance(first, (ast.Assign, ast.AugAssign)) and isinstance(second, (ast.Assign, ast.AugAssign)):
                between = text.source[text.span(first)[1] : text.span(second)[0]]
                new = f"{text.of(second)}{between}{text.of(first)}"
                span = text.span(first, second)
                yield [(*span, new)], f"{_line(first, text)} stands after {_line(second, text)}"
        if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
            target, value, old = text.of(node.target), text.of(node.value), text.of(node)
            for sign in ("-=" if isinstance(node.op, ast.Add) else "+=", "="):
                new = f"{target} {sign} {value}"
                yield [(*text.span(node), new)], f"{new} stands where {old} belongs"


def _line(node: ast.stmt, text: Text) -> str:
    line = text.of(node).splitlines()[0]
    return line if len(line) <= 60 else f"{line[:57]}…"
