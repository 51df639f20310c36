"""The parts of the course that a patient consists of, and what makes one of them ill: one line of it, changed."""

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from lstmcourse import letters, nn, reference, training
from lstmcourse.exercises import nb01
from lstmcourse.exercises._patches import Patched, source_of


@dataclass(frozen=True)
class Parts:
    """All that the instruments examine; of a patient, one part is ill.

    NumPy, as in notebooks 01 to 05
    cell, peephole   the LSTM and the peephole LSTM, each with its forward and its hand-written backward
    bptt             backpropagation through time for any cell
    cross_entropy    (logits, targets) -> loss, dlogits
    sample           (logits, temperature, u) -> letters
    batches          (numbers, T, B) -> x, y without end
    clip             (gradients, most) -> gradients

    PyTorch, as in notebook 09
    lstm, gru        layers
    loop             what runs a layer's step over time
    chrono_          sets the biases of a layer's forget and input gates for a time that it is to bridge
    windows          a text -> batches for `fit`
    fit, score       the training loop, and the evaluation on a fixed batch
    """

    cell: reference.Cell = reference.LSTM
    peephole: reference.Cell = reference.PEEPHOLE
    bptt: Callable = nb01.bptt
    cross_entropy: Callable = nb01.cross_entropy
    sample: Callable = nb01.sample
    batches: Callable = letters.batches
    clip: Callable = letters.clip
    lstm: type[nn.Recurrent] = nn.LSTM
    gru: type[nn.Recurrent] = nn.GRU
    loop: Callable = nn.loop
    chrono_: Callable = nn.chrono_
    windows: Callable = training.windows
    fit: Callable = training.fit
    score: Callable = training.score


HEALTHY = Parts()
PARTS = tuple(field.name for field in fields(Parts))


@dataclass(frozen=True, kw_only=True)
class Bug:
    """One line of the course, changed.

    name        lasting, in words with hyphens: the record of what was solved is kept under it
    part        the part of `Parts` that is ill
    function    the function of the course in which the line stands
    old, new    a text that occurs there once, within one line, and what stands there instead
    symptom     what a user reports
    diagnosis   what is wrong: a sentence without its full stop
    others      three other bugs, by name, that one may hold it for
    """

    name: str
    part: str
    function: Callable
    old: str
    new: str
    symptom: str
    diagnosis: str
    others: tuple[str, str, str]

    @property
    def patch(self) -> Patched:
        """The function with the text replaced. Raises ValueError where the text does not occur once."""
        return Patched(self.function, ((self.old, self.new),))

    @property
    def place(self) -> str:
        """The file of the function, and its name."""
        return f"{self.function.__module__.replace('.', '/')}.py, {self.function.__qualname__}"

    def lines(self) -> tuple[str, str]:
        """The line as the course has it, and as the patient has it ("" where it is left out)."""
        patch = self.patch
        before, after = "".join(source_of(self.function)).splitlines(), patch.source.splitlines()
        (old,) = [line for line in before if self.old in line]
        at = before.index(old)
        return old.strip(), after[at].strip()

    def parts(self, function: Callable | None = None) -> Parts:
        """The course's parts, one of them with the bug in it, or with `function` in the place of the ill one.

        The other functions of the module are made once more around the one that is changed, so that those that call
        it call the changed one; the module itself stays as it is.
        """
        scope = _again(sys.modules[self.function.__module__])
        if function is None:
            exec(compile(self.patch.source, f"<{self.name}>", "exec", dont_inherit=True), scope)
        else:
            scope[function.__name__] = _bound(function, scope)
        return replace(HEALTHY, **{self.part: _with(getattr(HEALTHY, self.part), scope)})


def _again(module: types.ModuleType) -> dict[str, Any]:
    """The names of a module, with each of its functions bound to this copy of them."""
    scope = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            scope[name] = _bound(value, scope)
    return scope


def _bound(function: Any, scope: dict[str, Any]) -> types.FunctionType:
    """The function, with the names of a scope."""
    made = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__, made.__doc__ = function.__kwdefaults__, function.__doc__
    return made


def _with(part: Any, scope: dict[str, Any]) -> Any:
    """The part, made of the functions of a scope."""
    if isinstance(part, reference.Cell):
        return part._replace(forward=scope["forward"], backward=scope["backward"])
    if isinstance(part, type):
        return type(part.__name__, (part,), {"step": staticmethod(scope["step"]), "__doc__": part.__doc__})
    return scope[part.__name__]


def cell_by_hand(step: Callable, backward: Callable, like: reference.Cell = reference.LSTM) -> reference.Cell:
    """A cell of `reference` made of a step and its way back as the notebooks write them, with every array in its place.

    step(*params, x, *state_) -> state, backward(*params, x, *state_, *dstate) -> (*dparams, dx, *dstate_). like: the
    cell whose shapes it has. Its caches hold x and the old state alone.
    """
    old = [f"{name}_" for name in like.states]

    def forward(p, x, state):
        return step(*vars(p).values(), x, *state), dict(zip(["x", *old], [x, *state], strict=True))

    def back(p, d, cache, *dstate):
        arrays, found = list(vars(p)), backward(*vars(p).values(), *cache.values(), *dstate)
        for name, gradient in zip(arrays, found[: len(arrays)], strict=True):
            vars(d)[name] += gradient
        dx, *dstate_ = found[len(arrays) :]
        return dx, tuple(dstate_)

    return like._replace(forward=forward, backward=back)
