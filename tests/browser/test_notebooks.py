"""Every notebook of the course in a real browser: run in JupyterLab, every widget driven by keyboard and mouse."""

import pytest

from tests.notebooks.pages import FOLDER, PATHS

from ._drive import Driver

NOTEBOOKS = [path.relative_to(FOLDER).as_posix() for path in PATHS]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_and_its_widgets_answer(open_notebook, shots, name):
    notebook = open_notebook(f"notebooks/{name}")
    notebook.clear()
    notebook.run_all(seconds=300)
    assert notebook.errors() == []
    for k in range(notebook.page.locator(".lc-widget").count()):
        widget = Driver(notebook, k, shots)
        widget.shot("1-before")
        widget.keyboard()
        widget.mouse()
        widget.shot("2-after")
        widget.stray_keys()
        widget.latency()
    notebook.page.screenshot(path=shots / f"{name.removesuffix('.ipynb').replace('/', '-')}.png", full_page=False)
    assert notebook.complaints == []
    assert notebook.strangers == []
