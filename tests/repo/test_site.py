"""How a stored notebook becomes a page, slides and films, and a docstring a reference page: what needs no Sphinx."""

import base64
import gzip
import json
import re

import pytest
import yaml
from nbformat import v4

from lstmcourse.__main__ import main
from lstmcourse.commands.build import execute, films, site, site_api, site_pages, slide_cuts
from tests.notebooks.pages import ROOT

STEPS = """import numpy as np
from lstmcourse import widgets
from lstmcourse.reference import LSTM, init
p, xs = init(LSTM, 1, 2, np.random.default_rng(0)), np.ones((3, 1, 1))
print("said")"""
PNG = base64.b64encode(b"\x89PNG").decode()


def code(id, source, *outputs, tags=()):
    return v4.new_code_cell(source, id=id, outputs=list(outputs), metadata={"tags": list(tags)} if tags else {})


def text(source, *tags):
    return v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def picture(**data):
    return v4.new_output("display_data", data, metadata={"image/png": {"alt": 'a "curve"'}})


@pytest.fixture(scope="module")
def stepping():
    widget = v4.new_output("execute_result", {"text/plain": execute.STILL}, execution_count=1)
    still = picture(**{"image/png": PNG, "text/plain": "still"})
    cells = [code("steps", STEPS), code("other", "1 / 0"), code("still", "2", still, tags=["static"])]
    cells += [code("film", "widgets.StepThrough(LSTM, p, xs)", widget), code("slider", "widgets.explore()", widget)]
    return v4.new_notebook(cells=cells)


def test_a_widget_becomes_a_film_of_both_directions_and_others_say_where_they_move(stepping, capsys):
    made = films.of(stepping)
    packed = re.search(r'data-frames="([^"]+)"', made["film"])[1]
    frames = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert [frame["says"].split(", unit")[0] for frame in frames] == [
        f"Step {t} of 3, {view}" for view, order in (("forward", (1, 2, 3)), ("backward", (3, 2, 1))) for t in order
    ]
    assert all("<svg" in frame["svg"] and "<li" in frame["svg"] for frame in frames)
    assert made["slider"] == films.STILL and set(made) == {"film", "slider"}
    assert capsys.readouterr().out == ""


def test_a_film_takes_the_place_of_the_still_above_it(stepping):
    page = site_pages.page(stepping, {"film": '<div class="lc-film"></div>', "slider": films.STILL})
    assert [cell.id for cell in page.cells] == ["steps", "other", "film", "slider"]
    kept = site_pages.page(stepping, {"film": films.STILL, "slider": films.STILL})
    assert [cell.id for cell in kept.cells] == ["steps", "other", "still", "film", "slider"]
    (image,) = kept.cells[2].outputs
    assert f'alt="a &quot;curve&quot;" src="data:image/png;base64,{PNG}"' in image.data["text/html"]


def test_a_page_leaves_out_what_is_for_instructors_and_what_only_a_run_needs():
    said = v4.new_output("stream", text="E4.1: not attempted\n")
    words = v4.new_output("display_data", {"text/html": '<p class="lc-alt">words</p>', "text/plain": "words"})
    drawn = picture(**{"image/svg+xml": "<svg></svg>", "image/png": PNG})
    cells = [
        text("# T\n\n[here](#Key-points)"),
        text("poll", "instructor"),
        code("a", 'check("E4.1", f)', said, tags=["exercise"]),
    ]
    cells += [code("b", 'solution("E4.1")', tags=["solution"]), code("c", "draw()", drawn, words)]
    cells += [code("d", "proof({})", tags=["proof"])]
    page = site_pages.page(v4.new_notebook(cells=cells), {})
    assert [cell.source for cell in page.cells] == [
        "# T\n\n[here](#key-points)",
        'check("E4.1", f)',
        "draw()",
        "proof({})",
    ]
    assert page.cells[1].outputs == [] and page.cells[3].metadata["tags"] == ["hide-input"]
    assert [output.data for output in page.cells[2].outputs] == [{"text/html": "<svg></svg>"}]


def kinds(*cells):
    return [
        (cell.metadata.slideshow.slide_type, cell.source) for cell in slide_cuts.slides(v4.new_notebook(cells=cells))
    ]


def test_a_heading_begins_a_slide_and_an_answer_waits_for_a_click():
    asked = "## Part\n\n> **Predict.** More?\n\n<details><summary>Answer</summary>\n\nIt is $x$.\n\nMore.\n\n</details>"
    assert kinds(text("# 01 · T\n\nWhat."), text(asked), text("poll", "instructor")) == [
        ("slide", "# 01 · T"), ("-", "What."), ("slide", "## Part"), ("-", "> **Predict.** More?"),
        ("fragment", "It is $x$."), ("fragment", "More."), ("notes", "poll"),
    ]  # fmt: skip


def test_what_does_not_fit_goes_on_below_the_same_heading():
    made = kinds(text("## Part\n\n" + "\n\n".join(["word " * 60] * 4)))
    assert [kind for kind, _ in made] == ["slide", "-", "-", "subslide", "-", "-"]
    assert made[3][1] == "## Part"
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| {k} | x |" for k in range(20))
    parts = slide_cuts.pieces(table)
    assert len(parts) > 1 and all(part.startswith("| a | b |\n|---|---|\n") for part in parts)
    assert sum(part.count("| x |") for part in parts) == 20
    formula = "$$\n\\begin{aligned}\na\n\n\\end{aligned}$$"
    assert slide_cuts.pieces(f"text\n\n{formula}") == ["text", formula]


def test_each_question_has_a_slide_and_a_picture_too():
    assert [kind for kind, _ in kinds(text("## Questions\n\n**1.** A?\n\n**2.** B?"))] == [
        "slide",
        "-",
        "subslide",
        "-",
    ]
    drawn = v4.new_output("display_data", {"text/html": "<svg></svg>"})
    said = v4.new_output("stream", text="7\n")
    assert kinds(text("## P"), code("a", "draw()", drawn)) == [("slide", "## P"), ("subslide", "")]
    assert kinds(text("## P"), code("a", "print(7)", said))[1:] == [("subslide", "## P"), ("-", "print(7)")]
    hidden = [code("b", "proof({})", said, tags=["proof"]), code("c", "def f(): ...", said, tags=["exercise"])]
    assert kinds(text("## P"), *hidden, code("d", "import numpy"), text("## References\n\nA book.")) == [
        ("slide", "## P")
    ]


def test_a_docstring_becomes_text_in_which_nothing_is_markup_by_accident():
    plain = [
        "Sum of *args and h_, see `f` and ``g``.",
        "",
        "    a = W x   (1)",
        "",
        "Args:",
        "    x: of |x|,",
        "        a list.",
    ]
    assert site_api.rst(plain) == [
        r"Sum of \*args and h\_, see ``f`` and ``g``.", "", "::", "", "    a = W x   (1)", "",
        "", "**Args**", "", r"- ``x``: of \|x\|,", "  a list.", "",
    ]  # fmt: skip


def test_the_reference_has_every_public_module():
    made = site_api.pages()
    assert {"nn.rst", "reference.rst", "gradcheck.rst", "index.rst"} <= set(made)
    assert not [name for name in made if name.startswith(("_", "commands"))]
    assert ".. automodule:: lstmcourse.reference.lstm\n" in made["reference.rst"]


def test_without_sphinx_the_line_that_installs_it_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(site, "find_spec", lambda name: None)
    for name in ("site", "slides"):
        assert main(["build", name, str(tmp_path / name)]) == 1
        assert 'pip install -c constraints.txt -e ".[site]"' in capsys.readouterr().err
        assert not (tmp_path / name).exists()


def test_the_workflow_publishes_what_make_site_makes():
    workflow = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    steps = workflow["jobs"]["publish"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make site"]
    (folder,) = (step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", ""))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert folder == "build/site" and "\nsite: built-site\n" in makefile and "build $* build/$*" in makefile
