"""Every one-place change of a cell's source: another operator, one side dropped, two names or gates exchanged …"""

import ast
import itertools
from collections.abc import Iterator

OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Add, ast.Sub, ast.Div),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult, ast.Add),
    ast.MatMult: (ast.Mult, ast.Add),
}
FUNCTIONS = {
    "sigmoid": ("np.tanh", "np.sin"),
    "np.tanh": ("sigmoid", "np.sin"),
    "np.maximum": ("np.minimum",),
    "np.ones_like": ("np.zeros_like",),
    "np.zeros_like": ("np.ones_like",),
}
OPPOSITE = {ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn}
OPPOSITE |= {v: k for k, v in OPPOSITE.items()}
NUMBERS = {0: (1,), 1: (0, 2), 2: (1, 3), 0.5: (1.0,), 4: (3,), 3: (2,)}
SYMMETRIC = ("np.maximum", "np.minimum", "np.logaddexp")  # their arguments exchanged are no mutant
SIMPLE = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)
PEEPHOLES = ("p_i", "p_f", "p_o")


def mutants(tree: ast.Module, functions: set[str]) -> Iterator[tuple[str, str, str]]:
    """Change the tree in one place, yield (function, statement before, statement after), and change it back.

    ``functions`` names the top-level functions and assignments whose bodies are changed.
    """
    for top in tree.body:
        name = top.name if isinstance(top, ast.FunctionDef) else ""
        if isinstance(top, ast.Assign):
            name = ast.unparse(top.targets[0])
        if name in functions:
            for statement, owner, field, index in _statements(top):
                yield from _of_statement(name, statement, owner, field, index)


def _statements(top):
    """Each statement that holds no others, with the place where it stands."""
    if isinstance(top, ast.Assign):
        yield top, None, None, None
        return
    for owner in ast.walk(top):
        for field in ("body", "orelse"):
            block = getattr(owner, field, None)
            if isinstance(block, list):
                for index, statement in enumerate(block):
                    if isinstance(statement, ast.Assign | ast.AugAssign | ast.Return | ast.Expr) and not _is_doc(
                        statement
                    ):
                        yield statement, owner, field, index


def _is_doc(statement) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _of_statement(name, statement, owner, field, index):
    before = ast.unparse(statement)
    for change, undo in _whole(statement, owner, field, index):
        change()
        after = ast.unparse(getattr(owner, field)[index])
        yield name, before, "deleted" if after == "pass" else after
        undo()
    names = _local_names(owner) if owner is not None else []
    for parent in list(ast.walk(statement)):
        for slot, value in list(ast.iter_fields(parent)):
            places = enumerate(value) if isinstance(value, list) else [(None, value)]
            for n, node in places:
                if not isinstance(node, ast.expr):
                    continue
                for new in _replacements(node, names):
                    _put(parent, slot, n, new)
                    after = ast.unparse(statement)
                    if after != before and not _unread(node, new, owner):  # nor are two equal arguments exchanged
                        yield name, before, after
                    _put(parent, slot, n, node)


def _unread(node, new, owner) -> bool:
    """Whether two names have changed places that nothing reads."""
    if not isinstance(node, ast.Tuple) or not isinstance(node.ctx, ast.Store):
        return False
    read = {n.id for n in ast.walk(owner) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return not any(a is not b and {a.id, b.id} & read for a, b in zip(node.elts, new.elts, strict=True))


def _put(parent, slot, n, node):
    if n is None:
        setattr(parent, slot, node)
    else:
        getattr(parent, slot)[n] = node


def _whole(statement, owner, field, index):
    """Changes of a whole statement: left out; += turned into -= and into =."""
    if owner is None or isinstance(statement, ast.Return):
        return
    block = getattr(owner, field)

    def put(new):
        return lambda: block.__setitem__(index, ast.copy_location(new, statement))

    yield put(ast.Pass()), put(statement)
    if isinstance(statement, ast.AugAssign):
        yield put(ast.AugAssign(statement.target, ast.Sub(), statement.value)), put(statement)
        yield put(ast.Assign([statement.target], statement.value)), put(statement)


def _local_names(function) -> list[str]:
    """The names that a function binds: what might be written by mistake in place of one another."""
    stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    arguments = [a.arg for a in function.args.args] if isinstance(function, ast.FunctionDef) else []
    return sorted({*stored, *arguments} - {"p", "d", "cache", "state", "_"})


def _replacements(node: ast.expr, names: list[str]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Name | ast.Attribute):
        for other in FUNCTIONS.get(ast.unparse(node), ()):
            yield ast.parse(other, mode="eval").body
    if isinstance(node, ast.BinOp):
        for op in OPERATORS.get(type(node.op), ()):
            yield ast.BinOp(node.left, op(), node.right)
        yield node.left
        yield node.right
        if isinstance(node.op, ast.Sub | ast.MatMult | ast.Div | ast.Pow):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in node.elts):
        for a, b in itertools.combinations(range(len(node.elts)), 2):
            elts = list(node.elts)
            elts[a], elts[b] = elts[b], elts[a]
            yield ast.Tuple(elts, node.ctx)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Attribute) and node.attr in PEEPHOLES:
        for other in set(PEEPHOLES) - {node.attr}:
            yield ast.Attribute(node.value, other, node.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        for other in names:
            if other != node.id:
                yield ast.Name(other, node.ctx)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for other in NUMBERS.get(node.value, (node.value + 1,)):
            yield ast.Constant(other)
    elif isinstance(node, ast.Constant) and node.value in ("i", "f", "g", "o"):
        for other in set("ifgo") - {node.value}:
            yield ast.Constant(other)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield ast.Compare(node.left, [OPPOSITE[type(node.ops[0])]()], node.comparators)
        if isinstance(node.ops[0], ast.Gt):
            yield ast.Compare(node.left, [ast.GtE()], node.comparators)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
        yield ast.IfExp(node.test, node.orelse, node.body)


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    if len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.GeneratorExp | ast.Starred):
        yield node.args[0]
    exchanged = len(node.args) > 1 and ast.unparse(node.func) not in SYMMETRIC
    if exchanged and not any(isinstance(a, ast.Starred) for a in node.args):
        for a, b in itertools.combinations(range(len(node.args)), 2):
            args = list(node.args)
            args[a], args[b] = args[b], args[a]
            yield ast.Call(node.func, args, node.keywords)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "sum":
        yield node.func.value
        yield ast.Call(node.func, [], [])
