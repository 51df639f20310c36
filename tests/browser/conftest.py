"""One server and one browser for the whole run; a page for each notebook."""

import shutil

import pytest

from ._axe import axe  # noqa: F401
from ._lab import ROOT, Lab, Notebook, chromium
from ._probe import write_probe


@pytest.fixture(scope="session")
def shots():
    """Where the screenshots go; the folder is not under version control."""
    folder = ROOT / "test-output" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    if (ROOT / "notebooks").is_dir():
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    write_probe(folder / "probe.ipynb")
    server = Lab(folder)
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture
def open_notebook(lab, browser):
    """A function that opens a notebook of the lab; everything is closed afterwards."""
    opened = []

    def open_(name: str, **options) -> Notebook:
        context = browser.new_context(viewport={"width": 1400, "height": 1500}, **options)
        notebook = Notebook(lab, context, name)
        opened.append((notebook, context))
        return notebook

    yield open_
    for notebook, context in opened:
        notebook.close()
        context.close()
