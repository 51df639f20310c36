"""Mistakes as patches of a solution: the source with one thing changed, compiled where the solution lives."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

#: What `wrong` returns: a mistake (a Patch, or a function that is wrong in a way of its own), and its sentence.
Mistake = tuple[Any, str]


@dataclass(frozen=True)
class Patch:
    """Replacements in the body of a solution. Each old text must occur there exactly once."""

    changes: tuple[tuple[str, str], ...]

    def of(self, solution: Callable) -> "Patched":
        """The solution with these changes. Raises ValueError for a text that does not occur exactly once."""
        return Patched(solution, self.changes)


class Patched:
    """A solution with a mistake in it. It is called as the solution is; compiled when it is first called.

    changes: (old, new) texts; placed: (start, end, new), where the body is to be replaced whatever stands there.
    """

    def __init__(
        self,
        solution: Callable,
        changes: tuple[tuple[str, str], ...],
        placed: tuple[tuple[int, int, str], ...] = (),
    ):
        self.solution, self.changes, self.placed = solution, changes, placed
        self.spans = sorted([*((*_span(solution, old), new) for old, new in changes), *placed])
        for (_, end, _), (start, _, _) in itertools.pairwise(self.spans):
            if start < end:
                raise ValueError(f"two changes of {solution.__name__} overlap: {changes}")

    def beside(self, other: "Patched") -> bool:
        """Whether the two touch no text in common."""
        return all(e <= start or end <= s for start, end, _ in self.spans for s, e, _ in other.spans)

    def and_also(self, other: "Patched") -> "Patched":
        """The solution with both mistakes in it."""
        return Patched(self.solution, self.changes + other.changes, self.placed + other.placed)

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    @cached_property
    def source(self) -> str:
        """The source of the solution with the mistake in it."""
        return source_of(self.solution)[0] + self._body

    @property
    def _body(self) -> str:
        body = source_of(self.solution)[1]
        for start, end, new in reversed(self.spans):
            body = body[:start] + new + body[end:]
        return body

    @cached_property
    def function(self) -> Callable:
        """The function that the source defines, in the solution's own globals."""
        scope: dict[str, Any] = {}
        name = self.solution.__name__
        source = f"def {name}{_arguments_of(self.solution)}:\n{self._body}"  # no annotations, no docstring: quicker
        exec(compile(source, f"<{name}, patched>", "exec", dont_inherit=True), self.solution.__globals__, scope)
        return scope[name]


@cache
def _arguments_of(solution: Callable) -> str:
    """ "(W, U, *, b=0)": a function's arguments without their types."""
    signature = inspect.signature(solution)
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


@cache
def source_of(solution: Callable) -> tuple[str, str]:
    """A function's source in two parts: the signature, with the docstring if there is one, and the body."""
    source = textwrap.dedent(inspect.getsource(solution))
    function = ast.parse(source).body[0]
    if not isinstance(function, ast.FunctionDef):
        raise ValueError(f"{solution.__name__} must be a function made by def")
    first = function.body[0]
    end = first.lineno - 1 if ast.get_docstring(function) is None else first.end_lineno
    lines = source.splitlines(keepends=True)
    return "".join(lines[:end]), "".join(lines[end:])


def _span(solution: Callable, old: str) -> tuple[int, int]:
    body = source_of(solution)[1]
    if not old or body.count(old) != 1:
        raise ValueError(
            f"{old!r} must occur once in the body of {solution.__name__}, it occurs {body.count(old)} times"
        )
    return body.index(old), body.index(old) + len(old)


def wrong(*parts: Any) -> Mistake:
    """A mistake that people make, and the sentence that goes on "This is what you get when …".

    wrong("dc * f", "dc", sentence)              the solution with one text replaced
    wrong("di,", "dg,", "dg,", "di,", sentence)  several at once
    wrong(function, sentence)                    another algorithm, written out
    """
    *what, sentence = parts
    if len(what) == 1 and callable(what[0]):
        return what[0], sentence
    if not what or len(what) % 2 or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"wrong takes old and new texts in pairs, or a function, and then a sentence, got {parts}")
    return Patch(tuple(zip(what[::2], what[1::2], strict=True))), sentence


def per_gate(gates: str, name: str, *parts: str) -> dict[str, Mistake]:
    """The same mistake at each gate: `{k}` in the name, the texts and the sentence stands for the gate's letter."""
    return {name.replace("{k}", k): wrong(*(part.replace("{k}", k) for part in parts)) for k in gates}


def slopes(sigmoid: str, tanh: str, without: Sequence[str] = ()) -> dict[str, Mistake]:
    """What goes wrong with the slope of each gate, where the solution has `k * (1 - k)` once, `(1 - k**2)` for a tanh.

    `without` names those that the exercise tells otherwise.
    """
    σ = "{k} * (1 - {k})", "{k}(1 - {k})", "np.exp(-{k}) / (1 + np.exp(-{k})) ** 2"  # as code, as words, taken twice
    t = "(1 - {k}**2)", "1 - {k}²", "(1 - np.tanh({k}) ** 2)"
    found: dict[str, Mistake] = {}
    for gates, (slope, said, twice), (other, _, _), others in ((sigmoid, σ, t, "tanh"), (tanh, t, σ, "σ")):
        its = f"its slope is {said}"
        found |= per_gate(gates, "no slope of {k}", f" * {slope}", "", f"the slope {said} is missing in da_{{k}}")
        found |= per_gate(
            gates, "{k} squashed twice", slope, twice, f"{{k}}, squashed already, is squashed again; {its}"
        )
        found |= per_gate(gates, "no gradient for {k}", slope, "0", "da_{k} is 0: nothing reaches the rows of {k}")
        found |= per_gate(gates, "sign of {k}", slope, f"-{slope}", f"the sign of da_{{k}} is turned; {its}")
        found |= per_gate(
            gates, f"{{k}} with the slope of {others}", slope, other, f"{{k}} has the slope of {others}; {its}"
        )
    return {name: mistake for name, mistake in found.items() if name not in without}


def turned_blocks(rows: str, product: str = "da @ U") -> dict[str, Mistake]:
    """One gate's block of U the wrong way round in `product`, for each gate."""
    da, U = product.split(" @ ")
    return {
        f"block of {k} turned": wrong(
            product,
            f"{da} @ np.concatenate([B.T if j == {j} else B for j, B in enumerate(np.split({U}, {len(rows)}))])",
            f"{k}'s block of U is used the wrong way round in dh_; the other blocks are right",
        )
        for j, k in enumerate(rows)
    }


def pairs(wrong: Mapping[str, Mistake]) -> Iterator[tuple[str, str, Patched]]:
    """Every two patches that do not touch the same text, as one function with both mistakes in it."""
    patches = [(name, fn) for name, (fn, _) in wrong.items() if isinstance(fn, Patched)]
    for (a, first), (b, second) in itertools.combinations(patches, 2):
        if first.beside(second):
            yield a, b, first.and_also(second)
