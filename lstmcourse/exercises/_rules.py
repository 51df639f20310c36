"""In what ways a line goes wrong: rules that say, for one node of a source, what may stand in its place.

A rule yields (new text, sentence). {place} in a sentence stands for "in", and what is computed there.
"""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]
Rule = Iterator[tuple[str, str]]

#: Functions that are taken for each other, by the end of their names.
CONFUSED = {
    "sum": ("mean", "max"), "mean": ("sum", "max"), "max": ("min",), "min": ("max",), "cumsum": ("cumprod",),
    "log": ("log2", "log10"), "log2": ("log", "log10"), "log10": ("log", "log2"), "floor": ("ceil", "round"),
}  # fmt: skip
SIGMOID = "(1 / (1 + np.exp(-({}))))"
WRITTEN_OUT = re.compile(r"1 / \(1 \+ np\.exp\(-(.*)\)\)")
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.MatMult: "@"}
#: Operations that are taken for each other.
TAKEN_FOR = {ast.Add: "-*", ast.Sub: "+", ast.Mult: "+", ast.Div: "*", ast.FloorDiv: "*"}
COMPARED: dict[type, tuple[str, str]] = {
    ast.Gt: ("<", ">="),
    ast.Lt: (">", "<="),
    ast.GtE: ("<", ">"),
    ast.LtE: (">", "<"),
}


class Text:
    """A source, and where its nodes stand in it."""

    def __init__(self, source: str):
        self.source, self.lines = source, source.splitlines(keepends=True)
        self.starts = list(itertools.accumulate(map(len, self.lines), initial=0))

    def span(self, first: Any, last: Any = None) -> tuple[int, int]:
        """From the start of one node to the end of another, or of the same."""
        last = first if last is None else last
        return self._at(first.lineno, first.col_offset), self._at(last.end_lineno, last.end_col_offset)

    def _at(self, line: int, bytes_before: int) -> int:
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:bytes_before].decode())

    def of(self, node: ast.AST) -> str:
        """The text of a node, without the brackets around it."""
        start, end = self.span(node)
        return self.source[start:end]

    def sides(self, node: ast.BinOp) -> tuple[str, str]:
        """The two sides of an operation, in brackets where they need them."""
        is_sum = isinstance(node.op, (ast.Add, ast.Sub))
        left, right = self.of(node.left), self.of(node.right)
        left = f"({left})" if _is_sum(node.left) and not is_sum else left
        right = f"({right})" if _is_sum(node.right) and not isinstance(node.op, ast.Add) else right
        return left, right

    def written_out(self, node: ast.AST) -> str | None:
        """The argument of a sigmoid that is written out."""
        found = WRITTEN_OUT.fullmatch(self.of(node)) if isinstance(node, ast.BinOp) else None
        return found[1] if found else None


def _is_sum(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) or (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)))


def instead(new: str, old: str) -> str:
    """The sentence for one thing in the place of another."""
    return f"{new} stands where {old} belongs, {{place}}"


def left_out(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """A factor, a term or a function that is not there."""
    match node:
        case ast.BinOp(op=ast.Mult() | ast.MatMult()):
            left, right = text.sides(node)
            yield f"({left})", f"the factor {right} is missing {{place}}"
            yield f"({right})", f"the factor {left} is missing {{place}}"
        case ast.BinOp(op=ast.Add()):
            left, right = text.sides(node)
            yield f"({left})", f"the term {right} is missing {{place}}"
            yield f"({right})", f"the term {left} is missing {{place}}"
        case ast.BinOp(op=ast.Sub() | ast.Div()):
            left, right = text.sides(node)
            what = "the term" if isinstance(node.op, ast.Sub) else "the division by"
            yield f"({left})", f"{what} {right} is missing {{place}}"
            if left == "1":
                yield f"({right})", instead(right, text.of(node))
        case ast.Call(func=ast.Name() | ast.Attribute(), args=[inner]):
            yield f"({text.of(inner)})", f"{text.of(node.func)} is missing {{place}}"


def signs(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """Another operation between the same two; a comparison the other way round; a minus that is not there."""
    match node:
        case ast.BinOp(op=op) if type(op) in TAKEN_FOR:
            left, right = text.sides(node)
            for sign in TAKEN_FOR[type(op)]:
                new = f"{left} {sign} ({right})" if "@" in right and sign in "*/" else f"{left} {sign} {right}"
                yield f"({new})", instead(new, text.of(node))
            if isinstance(op, ast.Sub):
                yield f"({right} - ({left}))", f"the difference {text.of(node)} is taken the other way round {{place}}"
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield f"({text.of(inner)})", f"the minus before {text.of(inner)} is missing {{place}}"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
            for sign in COMPARED[type(op)]:
                new = f"{text.of(left)} {sign} {text.of(right)}"
                yield new, instead(new, text.of(node))


def powers(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """A square that is missing or outside its bracket; the slope of σ for that of tanh; what is squashed twice."""
    match node:
        case ast.BinOp(left=base, op=ast.Pow(), right=power):
            yield f"({text.of(base)})", f"the power is missing in {text.of(node)}, {{place}}"
            for twice, name in ((f"np.tanh({text.of(base)})", "tanh"), (SIGMOID.format(text.of(base)), "σ")):
                yield f"{twice} ** {text.of(power)}", f"{name} is taken of {text.of(base)} once more, {{place}}"
        case ast.BinOp(left=one, op=ast.Sub() | ast.Add() as op, right=ast.BinOp(left=base, op=ast.Pow(), right=power)):
            new = f"({text.of(one)} {SIGNS[type(op)]} {text.of(base)}) ** {text.of(power)}"
            yield f"({new})", instead(new, text.of(node))
            k = text.of(base)
            yield f"({k} * (1 - {k}))", f"the slope of σ, {k} * (1 - {k}), stands {{place}}; that of tanh belongs there"
        case ast.BinOp(left=ast.BinOp(left=before, op=ast.Mult(), right=ast.Name(id=k)), op=ast.Mult(), right=right):
            if text.of(right) == f"1 - {k}":
                new = f"({text.of(before)} * (1 - {k}**2))"
                yield new, f"the slope of tanh, 1 - {k}**2, stands {{place}}; that of σ belongs there"


def functions(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """Another function; one taken twice; two in the other order; a factor within that belongs outside."""
    if argument := text.written_out(node):
        yield f"np.tanh({argument})", instead("tanh", "σ")
        yield f"({argument})", "σ is missing {place}"
        yield f"(1 / (1 + np.exp({argument})))", "the minus is missing in the exponent of σ, {place}"
        inner = next(n for n in ast.walk(node) if isinstance(n, ast.Call)).args[0].operand  # type: ignore[attr-defined]
        yield from _half_outside(inner, text, SIGMOID, "σ")
    match node:
        case ast.Call(func=ast.Attribute(value=before, attr=name)):
            rest = text.of(node)[len(text.of(node.func)) :]
            for other in CONFUSED.get(name, ()):
                yield f"{text.of(before)}.{other}{rest}", instead(other, name)
    match node:
        case ast.Call(func=func, args=[inner], keywords=[]):
            name, within = text.of(func), text.of(inner)
            if name == "np.tanh":
                yield SIGMOID.format(within), instead("σ", "tanh")
                twice = f"np.tanh({SIGMOID.format(within)})"
                yield twice, f"{within} goes through σ before it goes through tanh, {{place}}"
                yield from _half_outside(inner, text, "np.tanh({})", "tanh")
            yield f"{name}({text.of(node)})", f"{name} is taken twice {{place}}"
            match inner:
                case ast.Call(func=outer, args=[innermost], keywords=[]):
                    new = f"{text.of(outer)}({name}({text.of(innermost)}))"
                    yield new, instead(new, text.of(node))
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Call(func=func, args=[inner], keywords=[])):
            new = f"{text.of(func)}({text.of(left)} * ({text.of(inner)}))"
            yield f"({new})", instead(new, text.of(node))


def _half_outside(inner: ast.AST, text: Text, function: str, name: str) -> Rule:
    """f(a) + b for f(a + b)."""
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        left, right = text.sides(inner)
        for within, outside in ((left, right), (right, left)):
            yield f"({function.format(within)} + {outside})", f"{outside} is added outside {name}, {{place}}"


def axes(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """Something transposed, or not; another axis, or none."""
    match node:
        case ast.Attribute(value=value, attr="T"):
            yield text.of(value), f"{text.of(node)} is not transposed {{place}}"
        case ast.BinOp(op=ast.MatMult()):
            left, right = text.sides(node)
            if not right.endswith(".T"):
                yield f"{left} @ {right}.T", f"{right} is transposed {{place}}"
            yield f"(({right}).T @ ({left}).T)", f"{text.of(node)} is transposed {{place}}"
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="axis", value=ast.Constant(value=axis)):
                        whole, old = text.of(node), text.of(keyword)
                        for other in {0, 1} - {axis}:
                            yield whole.replace(old, f"axis={other}"), instead(f"axis={other}", old)
                        yield re.sub(rf", {old}|{old}, |{old}", "", whole), f"{old} is missing {{place}}"


def brackets(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """A product with the first term alone, taken with the whole sum; or the other way round."""
    match node:
        case ast.BinOp(
            left=ast.BinOp(left=a, op=ast.Mult() | ast.MatMult() as op, right=b), op=ast.Add() | ast.Sub() as s
        ):
            new = f"{text.of(a)} {SIGNS[type(op)]} ({text.of(b)} {SIGNS[type(s)]} {text.of(node.right)})"
            yield f"({new})", instead(new, text.of(node))
        case ast.BinOp(left=a, op=ast.Mult(), right=ast.BinOp(left=b, op=ast.Add() | ast.Sub() as s, right=c)):
            new = f"{text.of(a)} * {text.of(b)} {SIGNS[type(s)]} {text.of(c)}"
            yield f"({new})", instead(new, f"{text.of(a)} * ({text.of(node.right)})")
    match node:
        case ast.BinOp(left=ast.BinOp(left=a, op=ast.Add() | ast.Sub() as s, right=b), op=ast.Mult(), right=c):
            new = f"{text.of(a)} {SIGNS[type(s)]} {text.of(b)} * {text.of(c)}"
            yield f"({new})", instead(new, f"({text.of(node.left)}) * {text.of(c)}")


def factors(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """A factor at the other term of a sum, or at a term that has none; two factors exchanged."""
    match node:
        case ast.BinOp(left=a, op=ast.Add() | ast.Sub() as s, right=b):
            sign = SIGNS[type(s)]
            for one, other, turned in ((a, b, False), (b, a, True)):
                if isinstance(other, ast.BinOp) and isinstance(other.op, ast.Mult):
                    for factor, rest in ((other.left, other.right), (other.right, other.left)):
                        moved = f"{_in_brackets(one, text)} * {text.of(factor)}", text.of(rest)
                        new = f" {sign} ".join(moved[::-1] if turned else moved)
                        yield f"({new})", instead(new, text.of(node))
            for term in (a, b):
                inside = {shapes[n.id] for n in ast.walk(term) if isinstance(n, ast.Name) and n.id in shapes}
                for name, shape in shapes.items():
                    if len(shape) > 1 and shape in inside and name.isidentifier():
                        new = f"{_in_brackets(term, text)} * {name}"
                        yield (
                            f"({new} {sign} {text.of(b)})" if term is a else f"({text.of(a)} {sign} {new})",
                            f"{text.of(term)} is multiplied by {name} as well, {{place}}",
                        )


def _in_brackets(node: ast.AST, text: Text) -> str:
    return f"({text.of(node)})" if _is_sum(node) else text.of(node)


def names(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """One name for another whose value has the same shape."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if name in shapes:
            for other, shape in shapes.items():
                if other != name and shape == shapes[name]:
                    yield other, instead(other, name)
            yield f"(0 * {name})", f"{name} counts as zero {{place}}"
            yield f"(1 - {name})", instead(f"1 - {name}", name)
            yield f"({name}**2)", instead(f"{name}**2", name)
            yield f"np.tanh({name})", instead(f"tanh of {name}", name)


def numbers(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """A number that is one too large or too small, doubled or halved; a part for the whole."""
    match node:
        case ast.Constant(value=int() | float() as n) if n not in (0.0, 0.5):
            for new in dict.fromkeys((n + 1, n - 1, 2 * n, n / 2 if n % 2 else n // 2)):
                if new != n:
                    yield f"({new})", instead(str(new), str(n))
        case ast.Subscript(value=value, slice=part):
            yield text.of(value), f"[{text.of(part)}] is missing {{place}}"
        case ast.Call(func=ast.Name(id="len")):
            yield f"({text.of(node)} - 1)", instead(f"{text.of(node)} - 1", text.of(node))


def orders(node: ast.AST, text: Text, shapes: Shapes) -> Rule:
    """The parts of a tuple or a list in another order."""
    if isinstance(node, (ast.Tuple, ast.List)) and 2 <= len(node.elts) <= 8:
        parts = list(map(text.of, node.elts))
        first = [
            next((n.id for n in ast.walk(part) if isinstance(n, ast.Name) and n.id != "np"), "") for part in node.elts
        ]
        labels = first if sum(map(len, parts)) > 40 and len(set(first)) == len(parts) else parts
        start, end = text.span(node)
        before = text.source[start : text.span(node.elts[0])[0]]
        after = text.source[text.span(node.elts[-1])[1] : end]
        for order in _others(len(parts)):
            new = f"{before}{', '.join(parts[k] for k in order)}{after}"
            yield new, f"the order is {', '.join(labels[k] for k in order)}, where {', '.join(labels)} belongs"


def _others(count: int) -> Iterator[Sequence[int]]:
    """The other orders of so many things; of more than four, those in which two are exchanged."""
    if count <= 4:
        yield from itertools.islice(itertools.permutations(range(count)), 1, None)
        return
    for a, b in itertools.combinations(range(count), 2):
        order = list(range(count))
        order[a], order[b] = b, a
        yield order


#: The likely ones first: the search among them may end before the last.
RULES = (left_out, signs, powers, functions, axes, brackets, names, numbers, orders, factors)
