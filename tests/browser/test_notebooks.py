"""Every notebook of the course in a real browser: those with widgets are run, and every widget is driven.

The others are opened as they are stored: that they run is nbval's to say.
"""

import pytest

from tests.notebooks.pages import FOLDER, PATHS

from ._drive import Driver

NOTEBOOKS = [path.relative_to(FOLDER).as_posix() for path in PATHS]
WITH_WIDGETS = [name for name in NOTEBOOKS if "widgets." in (FOLDER / name).read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_a_notebook_runs_and_its_widgets_answer(open_notebook, shots, name):
    notebook = open_notebook(f"notebooks/{name}")
    notebook.clear()
    notebook.run_all(seconds=300)
    count = notebook.page.locator(".lc-widget").count()
    assert count > 0
    for k in range(count):
        widget = Driver(notebook, k, shots)
        widget.shot("1-before")
        widget.keyboard()
        widget.mouse()
        widget.shot("2-after")
        widget.stray_keys()
        widget.latency()
    well(notebook, name, shots)


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name not in WITH_WIDGETS])
def test_a_notebook_without_widgets_opens(open_notebook, shots, name):
    notebook = open_notebook(f"notebooks/{name}")
    well(notebook, name, shots)
    assert notebook.page.locator(".lc-widget").count() == 0


def well(notebook, name, shots):
    """No cell failed, the page never complained, and nothing was asked of another machine."""
    notebook.page.screenshot(path=shots / f"{name.removesuffix('.ipynb').replace('/', '-')}.png", full_page=False)
    assert notebook.errors() == []
    assert notebook.complaints == []
    assert notebook.strangers == []
