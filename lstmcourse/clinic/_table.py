"""Which instrument sees which bug, as text, as HTML and as a picture."""

import html
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from lstmcourse import plots
from lstmcourse._display import aligned
from lstmcourse.clinic._instruments import INSTRUMENTS


class Table:
    """Which instrument sees which bug. seen: the names of the instruments that see it, for each bug by name."""

    def __init__(self, seen: Mapping[str, list[str]]):
        self.seen = dict(seen)

    def by(self, instrument: str) -> list[str]:
        """The names of the bugs that an instrument sees."""
        return [bug for bug, names in self.seen.items() if instrument in names]

    def figure(self, ax: Axes | None = None) -> Axes:
        """A square for each instrument that sees a bug; the bugs in the order of the first instrument that does."""
        order = sorted(self.seen, key=lambda bug: [name not in self.seen[bug] for name in INSTRUMENTS])
        number = {bug: k for k, bug in enumerate(self.seen, start=1)}
        marks = {f"{bug.replace('-', ' ')}  {number[bug]}": self.seen[bug] for bug in order}
        return plots.marks(marks, ax, cols=list(INSTRUMENTS), title="Which instrument sees which bug")

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
