"""The site and the slides of the whole course, built once; a browser without a way out."""

from importlib.util import find_spec

import pytest

from lstmcourse.commands.build import site, slides
from tests.browser._axe import axe  # noqa: F401
from tests.browser._lab import chromium
from tests.notebooks.pages import ROOT


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A function of "site" or "slides": the folder with that build."""
    if find_spec("sphinx") is None:
        pytest.skip('Sphinx is not installed: pip install -c constraints.txt -e ".[site]"')
    made = {}

    def build(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp("builds") / name
            {"site": site, "slides": slides}[name].build(ROOT, made[name])
        return made[name]

    return build


@pytest.fixture(scope="session")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture
def opened(browser):
    """A function that opens a file in a page of a size and theme; it fails for an error, and for a request outside."""
    pages = []

    def open_(path, size=(1400, 900), theme="light"):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
        page, wrong = context.new_page(), []
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.goto(path.as_uri())
        page.evaluate("window.MathJax?.startup.promise.then(() => 0)")  # a page without a formula does without
        pages.append((context, wrong))
        return page

    yield open_
    for context, wrong in pages:
        context.close()
        assert wrong == []
