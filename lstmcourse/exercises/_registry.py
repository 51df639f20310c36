"""What an exercise is, and the one place where all of them are kept."""

import ast
import difflib
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

#: Time steps, batch, input size, hidden size of the three random cases: H ≠ I, and B = 1 and T = 1 among them.
SIZES = ({"T": 4, "B": 3, "I": 2, "H": 5}, {"T": 3, "B": 1, "I": 4, "H": 2}, {"T": 1, "B": 2, "I": 3, "H": 4})
#: The same for a single step.
STEP_SIZES = ({"B": 3, "I": 2, "H": 5}, {"B": 1, "I": 4, "H": 2}, {"B": 2, "I": 3, "H": 4})

Case = Callable[[np.random.Generator, SimpleNamespace], tuple]


@dataclass(frozen=True)
class Exercise:
    """One exercise. See `register` for the fields."""

    id: str
    title: str
    solution: Callable
    hints: tuple[str, str, str]
    minutes: int
    difficulty: int
    importance: int
    lines: int
    can_now: str
    returns: Mapping[str, str]
    case: Case
    sizes: Sequence[Mapping[str, int]]
    symptoms: dict[str, str]
    wrong: dict[str, tuple[Callable, str]]
    loss: Callable | None
    wrt: Mapping[str, str]
    edges: Mapping[str, Callable[[np.random.Generator], tuple]]
    helpers: Sequence[Callable]
    kind: str
    stages: Sequence[tuple[str, Callable]] | None
    rtol: float
    atol: float
    stub: str = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the solution, and of the function in the stub."""
        return self.solution.__name__

    @property
    def answer(self) -> str:
        """What is handed in to `check`: the function, or in an experiment the value that the stub names."""
        value = re.match(r"(\w+) = ", self.stub)
        return value[1] if value else self.name

    @property
    def heading(self) -> str:
        """The Markdown heading of the exercise, as it stands in the notebook."""
        return f"### Exercise {self.id} · {self.title}"

    @property
    def facts(self) -> str:
        """The line below the heading: difficulty, importance, minutes, expected lines."""
        lines = "1 line" if self.lines == 1 else f"about {self.lines} lines"
        return f"difficulty {self.difficulty}/5 · importance {self.importance}/5 · {self.minutes} minutes · {lines}"


_exercises: dict[str, Exercise] = {}


def register(
    id: str,
    *,
    title: str,
    solution: Callable,
    hints: Sequence[str],
    minutes: int,
    difficulty: int,
    importance: int,
    lines: int,
    can_now: str,
    returns: Mapping[str, str],
    case: Case = lambda rng, n: (),
    sizes: Sequence[Mapping[str, int]] = SIZES,
    symptoms: Mapping[str, str] | None = None,
    wrong: Mapping[str, tuple[Callable, str]] | None = None,
    loss: Callable | None = None,
    wrt: Mapping[str, str] | None = None,
    edges: Mapping[str, Callable[[np.random.Generator], tuple]] | None = None,
    helpers: Sequence[Callable] = (),
    kind: str = "code",
    stages: Sequence[tuple[str, Callable]] | None = None,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    stub: str | None = None,
) -> Exercise:
    """Adds an exercise to the course.

    id           "E4.2": notebook 4, second exercise
    solution     the function whose source `solution("E4.2")` shows; its name, signature and docstring make the stub
    hints        three: the direction, the equation, the first lines
    minutes, lines, difficulty and importance (1 to 5): what the heading says
    can_now      what the learner can say after passing: "You can now …"
    returns      {name: shape in letters} of what the function returns: {"h": "(B, H)"}
    case         case(rng, n) -> the arguments of one random case, with the sizes n.T, n.B, n.I, n.H …
    sizes        the sizes of the random cases
    symptoms     {what the learner sees: the help for it}
    wrong        {name: (function, sentence)}: known wrong versions; the sentence goes on "This is what you get when …"
    loss, wrt    for backward exercises: loss(*args) returns a function f(*args) -> float, and wrt says of which
                 argument each returned gradient is: {"dW": "W"}; checked by central differences in float64
    edges        {sentence: rng -> arguments}: edge cases, compared with the solution
    helpers      functions that the solution calls, shown above it
    kind         "code", or "experiment": the learner hands in a value (or a function without arguments), compared
                 with what the solution returns within rtol and atol, without giving the value away
    stages       another list of (title, stage) than the kind's own
    stub         the text of the stub, where it is not made from the solution

    Raises ValueError when the id is malformed or taken, or when a field is out of its range.
    """
    if not re.fullmatch(r"E\d+\.\d+", id):
        raise ValueError(f'id must look like "E4.2", got {id!r}')
    old = _exercises.get(id)
    if old and (old.solution.__module__, old.name) != (solution.__module__, solution.__name__):
        raise ValueError(f"{id} is taken by {old.solution.__module__}.{old.name}")
    if len(hints) != 3:
        raise ValueError(f"hints must be three (direction, equation, first lines), got {len(hints)}")
    for name, value in (("difficulty", difficulty), ("importance", importance)):
        if not 1 <= value <= 5:
            raise ValueError(f"{name} must be from 1 to 5, got {value}")
    if kind not in ("code", "experiment"):
        raise ValueError(f'kind must be "code" or "experiment", got {kind!r}')
    _exercises[id] = Exercise(
        id=id,
        title=title,
        solution=solution,
        hints=tuple(textwrap.dedent(h).strip("\n") for h in hints),
        minutes=minutes,
        difficulty=difficulty,
        importance=importance,
        lines=lines,
        can_now=can_now,
        returns=dict(returns),
        case=case,
        sizes=({},) if kind == "experiment" else tuple(sizes),
        symptoms=dict(symptoms or {}),
        wrong=dict(wrong or {}),
        loss=loss,
        wrt=dict(wrt or {}),
        edges=dict(edges or {}),
        helpers=tuple(helpers),
        kind=kind,
        stages=stages,
        rtol=rtol,
        atol=atol,
        stub=stub or stub_of(solution),
    )
    return _exercises[id]


def get(id: str) -> Exercise:
    """The exercise with this id. Raises ValueError, naming the nearest ids, when there is none."""
    key = str(id).strip().upper()
    if key in _exercises:
        return _exercises[key]
    near = difflib.get_close_matches(key, ids(), n=3, cutoff=0.5)
    asked = f"Did you mean {' or '.join(near)}? " if near else ""
    raise ValueError(f"there is no exercise {id!r}. {asked}All of them: {', '.join(ids())}")


def ids() -> list[str]:
    """The ids of all exercises, in the order of the course."""
    return sorted(_exercises, key=lambda id: [int(part) for part in id[1:].split(".")])


def stub_of(solution: Callable) -> str:
    """The stub: signature and docstring of the solution, with `...` for a body."""
    source = textwrap.dedent(inspect.getsource(solution))
    function = ast.parse(source).body[0]
    if not isinstance(function, ast.FunctionDef) or ast.get_docstring(function) is None:
        raise ValueError(f"{solution.__name__} needs a docstring: the stub is made from it")
    return "\n".join(source.splitlines()[: function.body[0].end_lineno]) + "\n    ..."
