"""By keyboard alone, and what axe-core says of our outputs: the page around them is JupyterLab's."""

import json

import nbformat
import pytest

from ._axe import findings
from ._lab import CURRENT, Notebook

OUTPUTS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output"
TALK = """from lstmcourse import check, claim, hint, progress, proof, reference, solution
import numpy as np
check("E4.1", lambda W, U, b, x, h_, c_: (h_, c_))
hint("E4.1")
solution("E4.1")
progress()
claim("one is one", 1 == 1)
proof({"two is two": True, "three is three": True})"""
FOCUS = "document.activeElement"


@pytest.fixture(scope="module")
def talk(lab, browser):
    """The widgets' notebook with, in a last cell, all that check, hint, solution, progress, claim and proof show."""
    book = nbformat.read(lab.folder / "probe.ipynb", as_version=4)
    book.cells.append(nbformat.v4.new_code_cell(TALK))
    nbformat.write(book, lab.folder / "talk.ipynb")
    context = browser.new_context(viewport={"width": 1400, "height": 1500})
    notebook = Notebook(lab, context, "talk.ipynb")
    notebook.run_all(seconds=240)
    assert notebook.errors() == []
    yield notebook
    notebook.close()
    context.close()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious_in_what_the_course_shows(talk, axe, theme):
    talk.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    light = "true" if theme.endswith("Light") else "false"
    talk.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
    assert talk.page.locator(OUTPUTS).count() > 15
    found = findings(talk.page, axe, OUTPUTS)
    assert found == {}, json.dumps(found, indent=1)


def test_axe_sees_what_is_wrong(browser, axe):
    page = browser.new_page()
    page.set_content("<main><img src='data:,'><p style='color:#bbb;background:#fff'>pale</p></main>")
    assert set(findings(page, axe, "main")) == {"image-alt", "color-contrast"}
    page.close()


def test_a_notebook_is_walked_by_keyboard_alone(open_notebook):
    """Run every cell, go into the widget, move it, and come out on the other side: no key but the keyboard's."""
    notebook = open_notebook("notebooks/deeper/04_step_by_step.ipynb")
    page, widget = notebook.page, ".lc-name-step-through"
    notebook.clear()
    tab(page, "Tab", f"{FOCUS}.closest('.jp-Notebook') !== null")
    page.keyboard.press("Escape")
    for _ in range(page.evaluate(f"() => {CURRENT}.content.widgets.length")):
        page.keyboard.press("Shift+Enter")
    notebook.wait_until_run(seconds=240)
    assert notebook.errors() == []
    page.wait_for_selector(f"{widget}[data-guarded=yes]")
    page.keyboard.press("Escape")
    inside = f"{FOCUS}.closest('{widget}') !== null"
    tab(page, "Shift+Tab", inside)
    seen = []
    while page.evaluate(f"() => {inside}"):
        seen.append(
            page.evaluate(f"() => {FOCUS}.ariaLabel || {FOCUS}.innerText || {FOCUS}.labels?.[0]?.innerText || ''")
        )
        if page.evaluate(f"() => {FOCUS}.getAttribute('role') === 'slider'"):
            says = page.locator(f"{widget} .lc-says")
            before = says.inner_text()
            low = page.evaluate(f"() => {FOCUS}.ariaValueNow === {FOCUS}.ariaValueMin")
            page.keyboard.press("ArrowRight" if low else "ArrowLeft")
            page.wait_for_function(
                "([w, b]) => document.querySelector(w + ' .lc-says').innerText !== b", arg=[widget, before]
            )
        assert len(seen) < 30, f"the keyboard does not come out of the widget: {seen}"
        page.keyboard.press("Shift+Tab")
    assert all(seen), f"something without a name among {seen}"
    assert any("time step" in name for name in seen) and any("previous" in name for name in seen), seen
    assert notebook.complaints == [] and notebook.strangers == []


def tab(page, key, until, most=300):
    """Press a key until something holds of what has the focus."""
    for _ in range(most):
        if page.evaluate(f"() => {until}"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"after {most} times {key} it does not hold that {until}")
