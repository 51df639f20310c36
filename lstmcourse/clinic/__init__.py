"""The bug clinic: twenty patients, each the code of this course with one line changed.

`patient(k)` brings one in, `examine(k, "rows")` uses an instrument on it, `diagnose(k)` lists what it may have and
`diagnose(k, "b")` judges a choice; `ward()` says who is cured. `table()` is computed: which instrument sees which bug.

A bug is a patch of one line of a function of the course (`_bugs.py`). It is made ill in a copy: the course itself
stays as it is. The instruments (`_instruments.py`, `_checks.py`) are used on all parts of a patient, the healthy ones
too, and all of them find nothing in `HEALTHY`.
"""

import html
import random
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from lstmcourse._display import aligned
from lstmcourse.clinic._bugs import BUGS
from lstmcourse.clinic._findings import Finding
from lstmcourse.clinic._instruments import INSTRUMENTS, Instrument
from lstmcourse.clinic._parts import HEALTHY, Bug, Parts
from lstmcourse.exercises import _state

__all__ = [
    "BUGS", "HEALTHY", "INSTRUMENTS", "Bug", "Finding", "Instrument", "Parts", "Patient", "Table",
    "choices", "diagnose", "examine", "patient", "table", "ward",
]  # fmt: skip

WIDTH = 100
TRAINED = {"one batch", "baseline"}
"""The instruments that train a network: slow, and with numbers that vary a little between machines."""


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


def examine(k: int, instrument: str) -> Examination:
    """Use an instrument, by its name in `INSTRUMENTS`, on patient k (0: on the healthy course).

    Raises ValueError for an instrument that there is not, and for a number that no patient has.
    """
    if instrument not in INSTRUMENTS:
        raise ValueError(f"instrument must be one of {', '.join(INSTRUMENTS)}, got {instrument!r}")
    return Examination(instrument, tuple(INSTRUMENTS[instrument](_ill(_bug(k)) if k else HEALTHY)))


def choices(k: int) -> dict[str, Bug]:
    """Four diagnoses for patient k by their letters, one of them right, in an order that is always the same."""
    bug = _bug(k)
    four = [bug, *(_named(name) for name in bug.others)]
    random.Random(f"clinic {bug.name}").shuffle(four)
    return dict(zip("abcd", four, strict=True))


def diagnose(k: int, choice: str | None = None) -> None:
    """Print the four diagnoses for patient k, or judge the choice of one: "a", "b", "c" or "d".

    A wrong one is answered by what the examination would then have shown; the right one by what sees it, and by the
    line. How often you chose, and whether rightly, is kept beside your exercises. Raises ValueError for another letter.
    """
    listed, right = choices(k), _bug(k)
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
    old, new = bug.lines()
    name, finding = next((name, finding) for name in INSTRUMENTS for finding in _examined(bug, name) if not finding.ok)
    return "\n".join(
        [
            _wrapped(f"✓ Yes: {bug.diagnosis}. The instrument “{name}” sees it:"),
            _wrapped(f"    {finding}", "      "),
            f"    {bug.place}",
            f"    - {old}",
            f"    + {new or '(left out)'}",
        ]
    )


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


class Table:
    """Which instrument sees which bug. seen: the names of the instruments that see it, for each bug by name."""

    def __init__(self) -> None:
        self.seen = {
            bug.name: [name for name in INSTRUMENTS if not all(finding.ok for finding in _examined(bug, name))]
            for bug in BUGS
        }

    def by(self, instrument: str) -> list[str]:
        """The names of the bugs that an instrument sees."""
        return [bug for bug, names in self.seen.items() if instrument in names]

    def _rows(self) -> list[list[str]]:
        rows = [
            [f"{k} {bug}", *("●" if name in names else "·" for name in INSTRUMENTS)]
            for k, (bug, names) in enumerate(self.seen.items(), start=1)
        ]
        return [*rows, ["seen", *(str(len(self.by(name))) for name in INSTRUMENTS)]]

    def __repr__(self) -> str:
        return aligned([["", *INSTRUMENTS], *self._rows()])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in INSTRUMENTS)
        body = "".join(_row(row) for row in self._rows())
        caption = "Which instrument sees which bug: a dot where a finding is not as it should be"
        return (
            f"<table><caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _row(row: Sequence[str]) -> str:
    name, *cells = row
    data = "".join(f'<td style="text-align:center">{"" if cell == "·" else cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="text-align:left;white-space:nowrap">{html.escape(name)}</th>{data}</tr>'


def table() -> Table:
    """All instruments used on all patients: some ten seconds."""
    return Table()


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


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _wrapped(text: str, further: str = "  ") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=further)
