"""What an exercise is."""

import ast
import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises._patches import Mistake, Patch, source_of

#: Time steps, batch, input size, hidden size of the random cases: H ≠ I, B = 1 and T = 1 among them, and the last with
#: more of all that a first case may hide.
SIZES = (
    {"T": 4, "B": 3, "I": 2, "H": 5},
    {"T": 3, "B": 1, "I": 4, "H": 2},
    {"T": 1, "B": 2, "I": 3, "H": 4},
    {"T": 7, "B": 8, "I": 1, "H": 3},
)
#: The same for a single step.
STEP_SIZES = tuple({letter: n for letter, n in size.items() if letter != "T"} for size in SIZES)


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise: what the learner reads, the solution, and how an answer is judged.

    id           "E4.2": notebook 4, second exercise. It may move between editions; `slug` does not
    slug         the name under which progress is kept: by default that of the solution
    solution     the function whose source `solution("E4.2")` shows; its name, signature and docstring make the stub
    hints        three: the direction, the equation, the first lines
    minutes, lines, difficulty and importance (1 to 5): what the heading says
    can_now      what the learner can say after passing: "You can now …"
    returns      {name: shape in letters} of what the function returns: {"h": "(B, H)"}
    case         case(rng, n) -> the arguments of one random case, with the sizes n.T, n.B, n.I, n.H …
    sizes        the sizes of the random cases
    symptoms     {what the learner sees: the help for it}
    wrong        {name: wrong(…)}: known mistakes
    loss, wrt    for backward exercises: loss(*args) returns a function f(*args) -> float, and wrt says of which
                 argument each returned gradient is: {"dW": "W"}; checked by central differences in float64
    incoming     the arguments in which what is returned is linear; by default, in an exercise with a loss, those named
                 d… that wrt does not name. The check makes them large and tiny
    edges        {sentence: rng -> arguments}: edge cases, compared with the solution
    helpers      functions that the solution calls, shown above it
    kind         "code", or "experiment": the learner hands in a value (or a function without arguments), compared
                 with what the solution returns within rtol and atol, without giving the value away
    varied       whether mistakes are made from the solution as well (_variants.py), where no registered one matches
    rows         the gates in the order of their rows, "ifgo", where weights that go in or come out have such rows
    stages       another list of (title, stage) than the kind's own
    stub         the text of the stub, where it is not made from the solution

    Raises ValueError for a malformed id, a field out of its range, or a patch whose text is not found exactly once.
    """

    id: str
    title: str
    solution: Callable = field(repr=False)
    hints: Sequence[str] = field(repr=False)
    minutes: int
    difficulty: int
    importance: int
    lines: int
    can_now: str
    returns: Mapping[str, str]
    slug: str = ""
    case: Callable[[np.random.Generator, SimpleNamespace], tuple] = field(default=lambda rng, n: (), repr=False)
    sizes: Sequence[Mapping[str, int]] = SIZES
    symptoms: Mapping[str, str] = field(default_factory=dict, repr=False)
    wrong: Mapping[str, Mistake] = field(default_factory=dict, repr=False)
    loss: Callable | None = field(default=None, repr=False)
    wrt: Mapping[str, str] = field(default_factory=dict)
    edges: Mapping[str, Callable[[np.random.Generator], tuple]] = field(default_factory=dict, repr=False)
    helpers: Sequence[Callable] = field(default=(), repr=False)
    kind: str = "code"
    stages: Sequence[tuple[str, Callable]] | None = field(default=None, repr=False)
    varied: bool = True
    rows: str = ""
    incoming: Sequence[str] = ()
    rtol: float = 1e-9
    atol: float = 1e-11
    stub: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"E\d+\.\d+", self.id):
            raise ValueError(f'id must look like "E4.2", got {self.id!r}')
        if len(self.hints) != 3:
            raise ValueError(f"hints must be three (direction, equation, first lines), got {len(self.hints)}")
        for name in ("difficulty", "importance"):
            if not 1 <= getattr(self, name) <= 5:
                raise ValueError(f"{name} must be from 1 to 5, got {getattr(self, name)}")
        if self.kind not in ("code", "experiment"):
            raise ValueError(f'kind must be "code" or "experiment", got {self.kind!r}')
        if not self.stub and not self.solution.__doc__:
            raise ValueError(f"{self.name} needs a docstring: the stub is made from it")
        derived = {
            "slug": self.slug or self.solution.__name__,
            "hints": tuple(textwrap.dedent(hint).strip("\n") for hint in self.hints),
            "sizes": ({},) if self.kind == "experiment" else tuple(self.sizes),
            "wrong": {
                name: (fn.of(self.solution) if isinstance(fn, Patch) else fn, sentence)
                for name, (fn, sentence) in self.wrong.items()
            },
            "incoming": tuple(self.incoming) or self._gradients_that_arrive(),
            "stub": self.stub or source_of(self.solution)[0] + "    ...",
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def _gradients_that_arrive(self) -> tuple[str, ...]:
        names = inspect.signature(self.solution).parameters if self.loss else ()
        return tuple(name for name in names if name.startswith("d") and name not in self.wrt.values())

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

    @property
    def stub_hash(self) -> str:
        """Eight hex digits for what the stub asks: the names of its arguments and of what it returns, not its words."""
        asked = ast.parse(self.stub).body[0]
        names = [arg.arg for arg in asked.args.args] if isinstance(asked, ast.FunctionDef) else []
        text = f"{self.answer}({', '.join(names)}) -> {', '.join(self.returns)}"
        return hashlib.sha256(text.encode()).hexdigest()[:8]
