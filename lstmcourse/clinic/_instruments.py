"""The instruments: each a list of checks, and the parts that each of them is done to."""

import inspect
from collections.abc import Callable
from functools import cache, partial
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch

from lstmcourse.clinic import _checks as checks
from lstmcourse.clinic._findings import Finding
from lstmcourse.clinic._parts import PARTS, Parts


class Instrument(NamedTuple):
    """looks: what it looks at, after "It compares". checks: each with the names of the parts that it takes."""

    name: str
    looks: str
    checks: tuple[tuple[Callable, tuple[str, ...]], ...]

    def __call__(self, parts: Parts) -> list[Finding]:
        """All findings, those of the parts that are healthy too."""
        done = [_found(check, tuple(getattr(parts, name) for name in names)) for check, names in self.checks]
        return [finding for findings in done for finding in findings]


@cache
def _found(check: Callable, parts: tuple[Any, ...]) -> tuple[Finding, ...]:
    """The findings of a check; an error that the part raises is one of them. Kept: most parts are healthy."""
    found = []
    try:
        with torch.random.fork_rng(devices=[]):  # dropout is the same each time, and the user's numbers go on as before
            torch.manual_seed(0)
            for finding in check(*parts):
                found.append(finding)
    except Exception as error:
        what = inspect.getdoc(getattr(check, "func", check)) or ""
        said = str(error).partition(" (")[0].partition(". ")[0]
        found.append(Finding(what.partition(".")[0].lower(), False, f"{type(error).__name__}: {said}"))
    return tuple(found)


def of_windows(check: Callable, windows: Callable) -> Any:
    """A check of `batches`, done to what `windows` makes."""

    def batches(numbers: np.ndarray, T: int, B: int) -> Any:
        window = windows(numbers, B, T, int(numbers.max()) + 1)
        return ((made.x.argmax(-1), made.y) for made in map(window, count()))

    return check(batches, "windows")


def _gradients(T: int) -> tuple:
    of_cell, of_walk = partial(checks.cell_gradients, steps=T), partial(checks.walk_gradients, steps=T)
    return (
        (of_cell, ("cell",)),
        (of_cell, ("peephole",)),
        (of_walk, ("bptt",)),
        (checks.loss_gradient, ("cross_entropy",)),
    )


def _trained(one: bool) -> tuple:
    return (
        (partial(checks.cell_trial, one=one), ("cell", "cross_entropy", "batches", "clip")),
        (partial(checks.walk_trial, one=one), ("bptt",)),
        (partial(checks.layer_trial, one=one), ("lstm", "loop", "fit", "windows")),
        (partial(checks.gru_trial, one=one), ("gru",)),
    )


_one_step = partial(checks.cell_gradients, steps=1, states=True)
LAYERS = (("lstm", "loop"), ("gru", "loop"))

INSTRUMENTS = {
    instrument.name: instrument
    for instrument in (
        Instrument("shapes", "the shapes of all that the parts return with those that they should have",
                   ((checks.shapes, PARTS),)),
        Instrument("gradients, one step", "each gradient with central differences, over one step from random states",
                   ((_one_step, ("cell",)), (_one_step, ("peephole",)))),
        Instrument("gradients, T = 1", "each parameter's gradient with central differences, over one step from zero",
                   _gradients(1)),
        Instrument("gradients, T = 5", "the same, over five steps", _gradients(5)),
        Instrument("rows", "a row of a batch with the same row in another batch", (
            (checks.cell_rows, ("cell",)),
            (checks.cell_rows, ("peephole",)),
            *((checks.layer_rows, names) for names in LAYERS),
            *((checks.padded_rows, names) for names in LAYERS),
            (checks.loss_rows, ("cross_entropy",)),
            (checks.reads_on, ("batches",)),
            (partial(of_windows, checks.reads_on), ("windows",)),
            (checks.after_another, ("fit",)),
        )),
        Instrument("causality", "what comes before a step with the same after that step was changed", (
            (checks.cell_causality, ("cell",)),
            (checks.cell_causality, ("peephole",)),
            *((checks.layer_causality, names) for names in LAYERS),
            (checks.follows, ("batches",)),
            (partial(of_windows, checks.follows), ("windows",)),
        )),
        Instrument("limits", "what comes out at extreme settings with what is known for them", (
            (checks.cell_limits, ("cell",)),
            (checks.peephole_limits, ("peephole",)),
            *((checks.layer_limits, names) for names in LAYERS),
            (checks.loss_limits, ("cross_entropy",)),
            (checks.sample_limits, ("sample",)),
            (checks.clip_limits, ("clip",)),
        )),
        Instrument("twice", "two runs that should be the same", (
            (checks.fit_twice, ("fit",)),
            (checks.carried_twice, ("fit",)),
            (checks.score_twice, ("score",)),
            (checks.sample_twice, ("sample",)),
        )),
        Instrument("gates", "the mean of each gate, before training, with what its bias makes one expect", (
            (checks.gate_values, ("cell",)),
            (checks.gate_values, ("peephole",)),
            (checks.chrono_gates, ("chrono_",)),
        )),
        Instrument("one batch", "the loss after learning one batch by heart with 0", _trained(one=True)),
        Instrument("baseline", "the loss before and after training with what is known of the text",
                   _trained(one=False)),
    )
}  # fmt: skip

TRAINED = {"one batch", "baseline"}
"""The instruments that train a network: slow, and with numbers that vary a little between machines."""
