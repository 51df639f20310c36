"""The lattice, on which the reader marks the cells that she expects to fail before the results are shown."""

from collections.abc import Mapping

import ipywidgets

from .. import diagrams
from ..diagrams import Picture
from ..limits import TITLES
from ._shell import screened


def lattice_guess(solved: Mapping[str, tuple[int, int]], share: float = 0.25) -> ipywidgets.VBox:
    """Buttons for the cells of `diagrams.lattice`, marked on the picture; one more shows what each cell solved.

    solved: cell -> (solved, networks). share: a cell fails below it. ValueError for a name that is no cell.
    """
    diagrams.lattice(solved)
    buttons = {
        name: ipywidgets.ToggleButton(description=TITLES[name], layout=ipywidgets.Layout(width="17em"))
        for name in solved
    }
    reveal = ipywidgets.ToggleButton(description="show the results", button_style="primary")
    reveal.layout.width = "17em"
    cells = ipywidgets.Box([*buttons.values(), reveal], layout=ipywidgets.Layout(flex_flow="row wrap"))

    def draw(shown: bool, **marks: bool) -> tuple[Picture, str]:
        return draw_guess(solved, [name for name, on in marks.items() if on], share, shown)

    return screened("lattice-guess", draw, {**buttons, "shown": reveal}, cells)


def draw_guess(
    solved: Mapping[str, tuple[int, int]], marked: list[str], share: float, shown: bool
) -> tuple[Picture, str]:
    """The lattice with the marks, and with the results if they are shown; and a sentence that counts the hits."""
    named = lambda names: ", ".join(TITLES[name] for name in names) or "none"
    picture = diagrams.lattice(solved if shown else None, marked, title="Which cells learn to add?")
    if not shown:
        return picture, f"Marked: {named(marked)}. Not shown yet: what each cell learnt."
    fail = [name for name, (k, n) in solved.items() if k < share * n]
    right = [name for name in marked if name in fail]
    missed = [name for name in fail if name not in marked]
    return picture, (
        f"{len(fail)} cells learn it in fewer than {share:.0%} of their networks; you marked {len(right)} of them and "
        f"{len(marked) - len(right)} of the others. Not marked: {named(missed)}."
    )
