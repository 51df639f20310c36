"""The bug clinic: twenty patients, each the code of this course with one line changed.

`patient(k)` brings one in, `examine(k, "rows")` uses an instrument on it, `diagnose(k)` lists what it may have and
`diagnose(k, "b")` judges a choice; `mend(k, function)` tries your function in the place of the ill one; `ward()` says
who is cured. `table()` is computed: which instrument sees which bug. `examine(0, "rows", cell=…)` examines your own.

A bug is a patch of one line of a function of the course (`_bugs.py`). It is made ill in a copy: the course itself
stays as it is. The instruments (`_instruments.py`, `_checks.py`) are used on all parts of a patient, the healthy ones
too, and all of them find nothing in `HEALTHY`.
"""

import random
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from lstmcourse.clinic import _trials
from lstmcourse.clinic._bugs import BUGS
from lstmcourse.clinic._findings import Finding
from lstmcourse.clinic._instruments import INSTRUMENTS, TRAINED, Instrument
from lstmcourse.clinic._parts import HEALTHY, PARTS, Bug, Parts, cell_by_hand
from lstmcourse.clinic._table import Table
from lstmcourse.exercises import _state

__all__ = [
    "BUGS", "HEALTHY", "INSTRUMENTS", "TRAINED", "Bug", "Finding", "Instrument", "Parts", "Patient", "Table",
    "cell_by_hand", "choices", "diagnose", "examine", "losses", "mend", "patient", "table", "ward",
]  # fmt: skip

WIDTH = 100
_used: dict[int, list[str]] = {}  # the instruments that were used on each patient since Python was started


class Patient(NamedTuple):
    """number, from 1; symptom, as a user reports it; parts, one of them ill."""

    number: int
    symptom: str
    parts: Parts

    def __repr__(self) -> str:
        return _wrapped(f"Patient {self.number}. “{self.symptom}”")


class Examination(NamedTuple):
    """What an instrument found: all findings, those of the healthy parts too. Printed, the healthy ones are counted."""

    instrument: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether all is as it should be."""
        return all(finding.ok for finding in self.findings)

    def __repr__(self) -> str:
        bad = [str(finding) for finding in self.findings if not finding.ok]
        good = len(self.findings) - len(bad)
        return "\n".join([f"{self.instrument}: {good} of {len(self.findings)} as they should be", *bad])


def patient(k: int) -> Patient:
    """The k-th patient, from 1. Raises ValueError for a number that none has."""
    bug = _bug(k)
    return Patient(k, bug.symptom, _ill(bug))


def examine(k: int, instrument: str, **own: Any) -> Examination:
    """Use an instrument, by its name in `INSTRUMENTS`, on patient k (0: on the healthy course).

    own: parts of yours, by their names in `Parts`, in place of those: `examine(0, "rows", cross_entropy=mine)`.
    Raises ValueError for an instrument or a part that there is not, and for a number that no patient has.
    """
    if instrument not in INSTRUMENTS:
        raise ValueError(f"instrument must be one of {', '.join(INSTRUMENTS)}, got {instrument!r}")
    strange = [name for name in own if name not in PARTS]
    if strange:
        raise ValueError(f"own parts must be among {', '.join(PARTS)}, got {strange[0]}")
    parts = _ill(_bug(k)) if k else HEALTHY
    if k and instrument not in _used.setdefault(k, []):
        _used[k].append(instrument)
    return Examination(instrument, tuple(INSTRUMENTS[instrument](replace(parts, **own))))


def choices(k: int) -> dict[str, Bug]:
    """Four diagnoses for patient k by their letters, one of them right, in an order that is always the same."""
    bug = _bug(k)
    four = [bug, *(_named(name) for name in bug.others)]
    random.Random(f"clinic {bug.name}").shuffle(four)
    return dict(zip("abcd", four, strict=True))


def diagnose(k: int, choice: str | None = None) -> None:
    """Print the four diagnoses for patient k, or judge the choice of one: "a", "b", "c" or "d".

    They are shown once an instrument was used. A wrong one is answered by what the examination would then have shown;
    the right one by what sees it, and by the line. How often you chose, and whether rightly, is kept beside your
    exercises. Raises ValueError for another letter.
    """
    listed, right = choices(k), _bug(k)
    if not _used.get(k):
        print(
            _wrapped(f"Examine patient {k} first: clinic.examine({k}, …), with the instrument that its words suggest.")
        )
        return
    if choice is None:
        for letter, bug in listed.items():
            print(_wrapped(f"({letter}) {_sentence(bug.diagnosis)}", "    "))
        return
    if choice not in listed:
        raise ValueError(f"choice must be one of a, b, c, d, got {choice!r}")
    chosen = listed[choice]
    _state.add(_slug(right), attempts=1, passes=int(chosen is right))
    print(_cured(right) if chosen is right else _refuted(right, chosen))


def _cured(bug: Bug) -> str:
    name, finding = next((name, finding) for name in INSTRUMENTS for finding in _examined(bug, name) if not finding.ok)
    see = [name for name in INSTRUMENTS if name not in TRAINED and not all(f.ok for f in _examined(bug, name))]
    taken = _used[BUGS.index(bug) + 1]
    return "\n".join(
        [
            _wrapped(f"✓ Yes: {bug.diagnosis}. The instrument “{name}” sees it:"),
            _wrapped(f"    {finding}", "      "),
            *_line(bug),
            _wrapped(f"  You used {_names(taken)}; without training it is seen by {_names(see)}."),
        ]
    )


def _line(bug: Bug) -> list[str]:
    old, new = bug.lines()
    return [f"    {bug.place}", f"    - {old}", f"    + {new or '(left out)'}"]


def mend(k: int, function: Callable) -> None:
    """Try your function in place of the ill one of patient k, and print what the instruments find that train nothing.

    function: has the name of the ill one and is called as that is; the names in it are those of the file in which the
    ill one stands. If nothing is found any more, the patient counts as cured. Raises ValueError for another function.
    """
    bug, function = _bug(k), getattr(function, "__func__", function)  # what a static method holds
    if getattr(function, "__name__", "") != bug.function.__name__ or not hasattr(function, "__code__"):
        raise ValueError(f"function must be a function named {bug.function.__name__}, got {function!r}")
    parts = bug.parts(function)
    found = [(name, f) for name in INSTRUMENTS if name not in TRAINED for f in INSTRUMENTS[name](parts) if not f.ok]
    if not found:
        _state.add(_slug(bug), attempts=1, passes=1)
        print("\n".join([f"✓ Patient {k} is cured: no instrument finds anything any more. It was", *_line(bug)]))
        return
    first = found[0][0]
    lines = [_wrapped(f"    {finding}", "      ") for name, finding in found if name == first]
    print("\n".join([f"✗ Not yet: “{first}” finds", *lines]))


def losses(k: int, lag: int = 3, updates: int = 200, seeds: int = 1, layer: bool = False) -> np.ndarray:
    """Losses (nats a letter) of a small LSTM that is trained with the parts of patient k (0: the healthy course).

    The text consists of blocks, whose first letter comes again `lag` steps later: `_trials.Text`. layer: the network
    in PyTorch, one seed and a lag of 3, in place of that in NumPy. Returns (seeds, updates). Raises ValueError for a
    number that no patient has, for a lag below 1, and for another lag or more seeds with `layer`.
    """
    if lag < 1:
        raise ValueError(f"lag must be 1 or more, got {lag}")
    if layer and (lag, seeds) != (3, 1):
        raise ValueError(f"with layer=True lag must be 3 and seeds 1, got {lag} and {seeds}")
    parts, text = _ill(_bug(k)) if k else HEALTHY, _trials.text(lag)
    if layer:
        window = parts.windows(text.numbers, _trials.B, _trials.T, text.letters)
        return np.array([_trials.torch_losses(window, updates, parts.lstm, parts.loop, parts.fit, carry=True)])
    hand = parts.cell is HEALTHY.cell
    model = _trials.by_walk(parts.bptt) if hand else _trials.by_caches(parts.cell)
    made = lambda: parts.batches(text.numbers, 2 * (lag + 2), _trials.B)
    how = updates, parts.cross_entropy, parts.clip, text.letters
    return np.array([_trials.numpy_losses(model, made(), *how, seed) for seed in range(seeds)])


def _refuted(bug: Bug, chosen: Bug) -> str:
    name, here, there = difference(bug, chosen)
    return "\n".join(
        [
            _wrapped(f"✗ No. If {chosen.diagnosis}, “{name}” would show"),
            _wrapped(f"    {there}", "      "),
            f"  and with patient {BUGS.index(bug) + 1} it shows",
            _wrapped(f"    {here}", "      "),
        ]
    )


def difference(bug: Bug, other: Bug) -> tuple[str, Finding, Finding]:
    """An instrument that tells two bugs apart, with what it finds in either.

    Something that the other bug would spoil and that is healthy here says most; then something that is ill here and
    that the other would leave healthy. Raises ValueError where no instrument tells them apart: such two are no choices
    for one patient.
    """
    for names in (set(INSTRUMENTS) - TRAINED, TRAINED):
        for expected in (False, True):  # of what the other bug would show
            for name in filter(names.__contains__, INSTRUMENTS):
                there = {finding.what: finding for finding in _examined(other, name)}
                for here in _examined(bug, name):
                    if here.what in there and here.ok is not there[here.what].ok is expected:
                        return name, here, there[here.what]
    raise ValueError(f"no instrument tells {bug.name} from {other.name}")


def ward() -> None:
    """Print all patients: how often you gave a diagnosis, and whether the right one."""
    kept, cured = _state.load(), 0
    for number, bug in enumerate(BUGS, start=1):
        entry = kept.get(_slug(bug), _state.EMPTY)
        cured += bool(entry["passes"])
        said = "cured" if entry["passes"] else f"{entry['attempts']} wrong" if entry["attempts"] else "waiting"
        print(f"{number:2}  {said:9} {textwrap.shorten(bug.symptom, 80, placeholder=' …')}")
    print(f"{cured} of {len(BUGS)} cured")


def table() -> Table:
    """All instruments used on all patients: some ten seconds."""
    return Table(
        {bug.name: [name for name in INSTRUMENTS if not all(f.ok for f in _examined(bug, name))] for bug in BUGS}
    )


def _bug(k: int) -> Bug:
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= len(BUGS):
        raise ValueError(f"k must be a patient's number from 1 to {len(BUGS)}, got {k!r}")
    return BUGS[k - 1]


def _named(name: str) -> Bug:
    return next(bug for bug in BUGS if bug.name == name)


@cache
def _ill(bug: Bug) -> Parts:
    return bug.parts()


def _examined(bug: Bug, instrument: str) -> list[Finding]:
    return INSTRUMENTS[instrument](_ill(bug))


def _slug(bug: Bug) -> str:
    return f"clinic_{bug.name}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _wrapped(text: str, further: str = "  ") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=further)
