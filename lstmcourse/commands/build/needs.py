"""Which code cells of a notebook the others need: from the names that each binds, changes and uses."""

import ast
import builtins
import symtable
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HARMLESS = {"print", "claim", "proof", "check", "hint", "solution", "mine"}  # what they are given stays as it was
SCOPES = ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Names(NamedTuple):
    """What a cell does to the names of a notebook: which it binds, which it may change, which it must find there."""

    bound: set[str]
    changed: set[str]
    used: set[str]


class Run(NamedTuple):
    """A code cell: its id, its source, and whether it runs anyhow."""

    id: str
    source: str
    is_kept: bool


def needed(runs: Sequence[Run]) -> set[str]:
    """The ids of the cells that are not kept, and that a kept one needs, directly or not."""
    names = [names_of(run.source) for run in runs]
    last = max((n for n, run in enumerate(runs) if run.is_kept), default=-1)
    cells = list(zip(runs, names, strict=True))[: last + 1]
    later: set[str] = set()  # what a function refers to may be bound below its own cell
    while True:
        found = _walk(cells, later)
        there = [one for run, one in cells if run.is_kept or run.id in found]
        bound = {name for one in there for name in one.bound}
        more = {name for one in there for name in one.used} - bound - later
        if not more:
            return found
        later |= more


def _walk(cells: Sequence[tuple[Run, Names]], missing: set[str]) -> set[str]:
    """From the last cell up: each that binds or changes what a cell below needs, or what is `missing` at the end."""
    found: set[str] = set()
    for run, names in reversed(cells):
        if run.is_kept or (names.bound | names.changed) & missing:
            found |= set() if run.is_kept else {run.id}
            missing = (missing - names.bound) | names.used
    return found


def names_of(source: str) -> Names:
    """The names that a cell binds, changes and uses, from its text alone."""
    bound: set[str] = set()
    changed: set[str] = set()
    used: set[str] = set()
    for node in ast.parse(source).body:
        stored: set[str] = set()
        for part in _own(node):
            match part:
                case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    stored.add(name)
                case ast.ExceptHandler(name=str(name)):
                    stored.add(name)
                case ast.alias(name=name, asname=other):
                    stored.add(other or name.split(".")[0])
        loads = _loads(ast.unparse(node)) | (_root(node.target) if isinstance(node, ast.AugAssign) else set())
        used |= loads - bound - (set() if isinstance(node, ast.Assign | ast.AugAssign) else stored)
        changed |= _changed(node) - bound
        bound |= stored
    return Names(bound, changed, used - set(dir(builtins)))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement that run in the notebook's own scope."""
    yield node
    if isinstance(node, SCOPES):
        return
    for child in ast.iter_child_nodes(node):
        yield from _own(child)


def _loads(source: str) -> set[str]:
    """Global names that a statement refers to, in functions and comprehensions too."""

    def walk(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                yield symbol.get_name()
        for child in table.get_children():
            yield from walk(child, False)

    return set(walk(symtable.symtable(source, "<cell>", "exec"), True))


def _changed(node: ast.AST) -> set[str]:
    """Names whose objects a statement may change: a part of them is assigned, or they meet a call that stands alone."""
    found = set()
    for part in _own(node):
        if isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store):
            found |= _root(part)
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            call = part.value
            if isinstance(call.func, ast.Attribute):
                found |= _root(call.func)
            if not (isinstance(call.func, ast.Name) and call.func.id in HARMLESS):
                found |= {arg.id for arg in call.args if isinstance(arg, ast.Name)}
    return found


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
