"""The site and the slides as files: links lead somewhere, and nothing comes from another machine or names this one."""

import functools
import re
from urllib.parse import unquote, urlsplit

import pytest

from lstmcourse.commands.build import pages
from tests.notebooks.pages import ROOT
from tests.repo.test_project import MACHINE_PATH

from .html import Page


@functools.cache
def read(path):
    return Page(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["site", "slides"])
def test_links_and_images_lead_somewhere_and_nothing_is_loaded_from_elsewhere(built, name):
    folder, count = built(name), 0
    for path in sorted(folder.rglob("*.html")):
        if "reveal" in path.relative_to(folder).parts:
            continue
        page = read(path)
        for url in page.links | page.loads:
            parts = urlsplit(url)
            if parts.scheme in ("http", "https", "mailto"):
                assert url not in page.loads, f"{path.name} loads {url}"
            elif parts.scheme != "data":
                count += 1
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                assert target.exists(), f"{path.name} leads to {url}"
                if parts.fragment and target.suffix == ".html" and url in page.links:
                    assert unquote(parts.fragment) in read(target).ids | {"/"}, f"{path.name} leads to {url}"
    assert count > 20


@pytest.mark.parametrize("name", ["site", "slides"])
def test_no_page_names_a_folder_of_this_machine(built, name):
    for path in [
        *built(name).glob("*.html"),
        *built(name).glob("notebooks/**/*.html"),
        *built(name).glob("api/*.html"),
    ]:
        text = re.sub(r"data:[^\"]+|data-frames=\"[^\"]+", "", path.read_text(encoding="utf-8"))
        assert not re.search(MACHINE_PATH, re.sub(r"<[^>]+>|https?://\S+", "", text)), path.name


def test_the_site_has_every_notebook_the_glossary_and_the_package(built):
    folder = built("site")
    for path in pages.paths(ROOT / "notebooks"):
        page = folder / "notebooks" / path.relative_to(ROOT / "notebooks").with_suffix(".html")
        text = page.read_text(encoding="utf-8")
        assert "instructor" not in text.lower().replace("instructors.md", ""), page.name
        assert pages.title(pages.read(path))[:12].split("'")[0] in text
    assert "hidden state" in (folder / "glossary.html").read_text(encoding="utf-8")
    assert 'id="lstmcourse.nn.lstm.LSTM"' in (folder / "api/nn.html").read_text(encoding="utf-8")
    assert (folder / "searchindex.js").is_file()


def test_nothing_is_left_beside_a_build(built):
    assert {path.name for path in built("site").parent.iterdir()} == {"site"}
