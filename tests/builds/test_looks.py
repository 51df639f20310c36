"""The site and the slides in a browser: they fit, formulas are set, films play without a kernel, and axe is content."""

import json

import pytest

from lstmcourse.commands.build import pages
from tests.browser._axe import findings
from tests.notebooks.pages import ROOT

NOTEBOOKS = [path.stem for path in pages.paths(ROOT / "notebooks") if path.parent.name != "deeper"]
OVER = """() => {
  const slide = Reveal.getCurrentSlide(), size = [innerWidth, innerHeight];
  const boxes = [...slide.querySelectorAll("*")].filter(part => !part.closest("svg, mjx-assistive-mml, aside"))
    .map(part => part.getBoundingClientRect()).filter(box => box.width && box.height);
  const over = boxes.some(box => box.right > size[0] + 1 || box.bottom > size[1] + 1 || box.left < -1 || box.top < -1);
  return [over, Number(slide.dataset.fitted)];
}"""
NEXT = """() => {
  const all = Reveal.getSlides(), next = all[all.indexOf(Reveal.getCurrentSlide()) + 1];
  if (!next) return false;
  const {h, v} = Reveal.getIndices(next);
  Reveal.slide(h, v, 99);
  return true;
}"""


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=str)
def test_no_slide_is_higher_or_wider_than_the_screen(built, opened, size):
    names = NOTEBOOKS if size == (1280, 720) else NOTEBOOKS[4:5]  # what fits one fits the other: both are 16 to 9
    for name in names:
        page = opened(built("slides") / f"{name}.html", size)
        page.wait_for_function("Reveal.isReady()")
        number, small = 1, 0
        while True:
            over, fitted = page.evaluate(OVER)
            assert not over, f"{name}, slide {number}"
            small += fitted < 60
            if not page.evaluate(NEXT):
                break
            number += 1
        assert number > 10 and small <= number / 20, f"{name}: {small} of {number} slides are smaller than 60 %"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize(
    "name", ["index", "glossary", "notebooks/04_the_forget_gate", "notebooks/deeper/04_step_by_step"]
)
def test_a_page_is_as_wide_as_the_screen(built, opened, name, width, theme):
    page = opened(built("site") / f"{name}.html", (width, 900), theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.dataset.jpThemeLight") == str(theme == "light").lower()
    if name.startswith("notebooks"):
        assert page.locator("mjx-container svg").count() > 5
        assert page.get_by_text("$", exact=False).locator("visible=true").count() == 0


def test_a_film_plays_without_a_kernel(built, opened):
    page = opened(built("site") / "notebooks/deeper/04_step_by_step.html")
    film = page.locator(".lc-film").first
    said = film.locator(".lc-says")
    before = said.inner_text()
    film.get_by_role("button", name="next stage").click()
    assert before.startswith("Step 1 of 3, forward") and said.inner_text().startswith("Step 2 of 3, forward")
    for _ in range(2):
        film.get_by_role("button", name="next stage").click()
    assert said.inner_text().startswith("Step 3 of 3, backward")
    assert film.locator("svg").get_attribute("aria-label")
    assert page.locator(".lc-film").count() == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "glossary", "notebooks/04_the_forget_gate"])
def test_axe_finds_nothing_serious_in_a_page(built, opened, axe, name, theme):
    page = opened(built("site") / f"{name}.html", theme=theme)
    found = findings(page, axe, "article")
    assert found == {}, json.dumps(found, indent=1)
