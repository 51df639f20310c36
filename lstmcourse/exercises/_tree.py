"""Nested answers: tuples, lists, dicts and namespaces of arrays and numbers, compared side by side."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np


class Mismatch(Exception):
    """The two answers are not built alike; the message says where."""


#: What is larger than any answer: it is looked at and never copied. Bytes of an array, parts of a list.
LARGE, LONG = 100_000_000, 1_000_000


def freeze(tree: Any) -> Any:
    """A copy of `tree` in which every tensor or array is a NumPy array of its own; other leaves stay as they are."""
    if is_large(tree):
        return tree
    if isinstance(tree, SimpleNamespace):
        return SimpleNamespace(**{name: freeze(value) for name, value in vars(tree).items()})
    if isinstance(tree, Mapping):
        return {key: freeze(value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*map(freeze, tree))
    if isinstance(tree, (tuple, list)):
        return type(tree)(map(freeze, tree))
    if "torch" in sys.modules and isinstance(tree, sys.modules["torch"].Tensor):
        return tree.detach().cpu().numpy().copy()
    return tree.copy() if isinstance(tree, np.ndarray) else tree


def is_large(tree: Any) -> bool:
    """Whether this array, list or tuple is larger than any answer."""
    if isinstance(tree, np.ndarray):
        return tree.nbytes > LARGE
    return isinstance(tree, (tuple, list)) and len(tree) > LONG


def holds_large(tree: Any) -> bool:
    """Whether a nested answer is, or holds, something larger than any answer, which is not walked through."""
    return is_large(tree) or any(map(holds_large, _parts(tree) or ()))


def pairs(got: Any, want: Any, name: str, names: tuple[str, ...] = ()) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yields (path, got array, wanted array) for every leaf of `want`. `names` names the parts of the outermost tuple.

    Raises Mismatch where `got` is not built like `want`.
    """
    if isinstance(want, SimpleNamespace):
        want, got = vars(want), getattr(got, "__dict__", got)
    if isinstance(want, Mapping):
        if not isinstance(got, Mapping) or set(got) != set(want):
            raise Mismatch(f"{name} must have the keys {', '.join(map(str, want))}, got {describe(got)}")
        for key in want:
            yield from pairs(got[key], want[key], f"{name}[{key!r}]")
    elif isinstance(want, (tuple, list)):
        kind = f"{type(want).__name__} of {len(want)}" + (f" ({', '.join(names)})" if names else "")
        if isinstance(got, np.ndarray) and got.ndim == 1 and all(map(np.isscalar, want)):
            got = list(got)  # numbers in an array, as np.mean(…, axis=0) leaves them, are numbers in a row
        if not isinstance(got, (tuple, list)) or len(got) != len(want):
            raise Mismatch(f"{name} must be a {kind}, got {describe(got)}")
        for i, (g, w) in enumerate(zip(got, want, strict=True)):
            yield from pairs(g, w, names[i] if names else f"{name}[{i}]")
    else:
        want = np.asarray(want)
        yield name, _array(got, name, "biuf" if want.dtype.kind in "biuf" else want.dtype.kind), want


def leaves(tree: Any) -> Iterator[Any]:
    """Every leaf of a nested answer."""
    parts = _parts(tree)
    for part in parts or ():
        yield from leaves(part)
    if parts is None:
        yield tree


def _parts(tree: Any) -> Iterable[Any] | None:
    """The parts of a nested answer, None of a leaf."""
    parts = vars(tree) if isinstance(tree, SimpleNamespace) else tree
    if isinstance(parts, Mapping):
        return parts.values()
    return parts if isinstance(parts, (tuple, list)) else None


def describe(value: Any) -> str:
    """What `value` is, in a few words: "an array of shape (2, 3)", "a tuple of 2", "None"."""
    if value is None or value is Ellipsis:
        return str(value)
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, (str, complex)):
        return repr(value)
    if isinstance(value, Mapping):
        return f"a dict with the keys {', '.join(map(str, value))}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, (int, float, np.number)):
        return "a number"
    return f"a {type(value).__name__}"


def differing(got: np.ndarray, want: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Boolean array: where |got − want| > atol + rtol·|want|; NaN equals only NaN; integers and text are exact."""
    if want.dtype.kind != "f":  # whole numbers are exact
        return got != want
    with np.errstate(all="ignore"):
        return ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)


def same(got: Any, want: Any, rtol: float, atol: float) -> bool:
    """Whether two nested answers are built alike, of equal shapes, and equal within the tolerance."""
    try:
        return all(
            g.shape == w.shape and not differing(g, w, rtol, atol).any() for _, g, w in pairs(got, want, "answer")
        )
    except Mismatch:
        return False


def unequal_arrays(before: Any, after: Any, name: str) -> list[str]:
    """Paths of the arrays and numbers of `before` that `after` no longer holds unchanged."""
    if isinstance(before, (tuple, list)):
        if len(before) != len(after):
            return [name]
        return [
            p for i, (b, a) in enumerate(zip(before, after, strict=True)) for p in unequal_arrays(b, a, f"{name}[{i}]")
        ]
    if isinstance(before, SimpleNamespace):
        before, after = vars(before), vars(after)
    if isinstance(before, Mapping):
        if set(before) != set(after):
            return [name]
        return [p for key in before for p in unequal_arrays(before[key], after[key], f"{name}[{key!r}]")]
    if isinstance(before, np.ndarray):
        equal = np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
        return [] if equal else [name]
    if isinstance(before, (bool, int, float, str, np.generic)):
        equal = type(after) is type(before) and bool(after == before or before != before)  # NaN is unlike itself
        return [] if equal else [name]
    return []


def _array(value: Any, name: str, kinds: str) -> np.ndarray:
    if isinstance(value, (tuple, list)) and is_large(value):
        raise Mismatch(f"{name} must be an array, got {describe(value)}")
    try:
        array = np.asarray(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a ragged list, a tensor type without a NumPy twin, an __array__ that exits
        raise Mismatch(f"{name} must be an array, got {describe(value)}") from error
    if array.dtype.kind not in kinds:
        raise Mismatch(f"{name} must be {'text' if kinds == 'U' else 'real numbers'}, got {describe(value)}")
    return array
