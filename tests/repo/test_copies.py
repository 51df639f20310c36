"""The copies for learners, instructors and Colab: what is in them, what is not, and where their links lead."""

import re
import textwrap

import nbformat
import pytest
from nbformat import v4

from lstmcourse import _files, exercises
from lstmcourse.__main__ import main
from lstmcourse.commands.build import colab, copies, instructor, learner, pages
from lstmcourse.exercises._patches import source_of
from tests.notebooks.pages import ROOT

LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
ADDRESS = "https://example.org/owner/course"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder of each copy of the whole course."""
    out = tmp_path_factory.mktemp("copies")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda *args, **options: None)
        learner.build(ROOT, out / "learner")
        instructor.build(ROOT, out / "instructor")
        colab.build(ROOT, out / "colab")
    return out


def notebooks(folder):
    return [(path, pages.read(path)) for path in pages.paths(folder)]


@pytest.mark.parametrize("name", ["learner", "colab"])
def test_no_solution_is_in_what_a_learner_gets(built, name):
    bodies = {id: textwrap.dedent(source_of(exercises.get(id).solution)[1]).strip() for id in exercises.ids()}
    found = notebooks(built / name)
    assert len(found) == len(pages.paths(ROOT / "notebooks"))
    for path, notebook in found:
        text = "\n".join(textwrap.dedent(cell.source) for cell in notebook.cells)
        assert not [id for id, body in bodies.items() if body in text], path.name
        assert not [cell.id for cell in notebook.cells if "instructor" in pages.tags(cell)], path.name
        assert not [cell.id for cell in notebook.cells if cell.get("outputs")], path.name


def test_the_instructors_copy_has_every_solution_and_every_wrong_answer(built):
    for path, notebook in notebooks(built / "instructor"):
        nbformat.validate(notebook)
        source = pages.read(ROOT / "notebooks" / path.relative_to(built / "instructor"))
        cells = {cell.id: cell for cell in notebook.cells}
        for id in pages.checks(source):
            exercise = exercises.get(id)
            below = list(cells).index(f"solved-{exercise.slug}") - 1
            assert f'check("{id}", ' in notebook.cells[below].source, id
            assert source_of(exercise.solution)[1].rstrip() in cells[f"solved-{exercise.slug}"].source, id
            assert cells[f"wrong-{exercise.slug}"].source.count("\n- ") == len(exercise.wrong) > 0, id
        own = [cell.id for cell in source.cells if "instructor" in pages.tags(cell)]
        assert set(own) <= set(cells)
        assert not [cell.id for cell in notebook.cells if cell.source.startswith("solution(")]


def test_the_instructors_timetable_adds_up_to_the_notebooks_minutes(built):
    for path in pages.paths(ROOT / "notebooks"):
        if path.parent.name == "deeper":
            continue
        facts = pages.read(path).metadata.lstmcourse
        table = pages.read(built / "instructor" / path.name).cells[1].source
        last = int(re.findall(r"\| (\d+) \|$", table, re.MULTILINE)[-1])
        assert abs(last - facts["reading_minutes"] - facts["exercise_minutes"]) <= 1, path.name


@pytest.mark.parametrize("name", ["learner", "instructor", "colab"])
def test_links_lead_to_a_file(built, name):
    count = 0
    for path, notebook in notebooks(built / name):
        for cell in notebook.cells:
            for link in LINK.findall(cell.source) if cell.cell_type == "markdown" else []:
                target = (link[0] or link[1]).partition("#")[0]
                if target and not target.startswith("http"):
                    count += 1
                    assert (path.parent / target).exists(), (path.name, target)
    assert count > 50 or name == "colab"


@pytest.fixture
def small(tmp_path):
    """A course of one notebook and a page in deeper, whose address is what the function returned is given."""

    def course(address):
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        project = re.sub(r'^repository = ".*"', f'repository = "{address}"', project, flags=re.MULTILINE)
        _files.write(tmp_path / "pyproject.toml", project)
        page = v4.new_notebook(cells=[v4.new_markdown_cell("[back](../01_first.ipynb)", id="a")])
        first = v4.new_notebook(cells=[v4.new_markdown_cell("# 01\n\n[more](deeper/01_more.ipynb#Part)", id="a")])
        _files.write(tmp_path / "notebooks/01_first.ipynb", pages.text(first))
        _files.write(tmp_path / "notebooks/deeper/01_more.ipynb", pages.text(page))
        return colab.build(tmp_path, tmp_path / "out")

    return course


def test_with_an_address_the_copies_for_colab_install_from_it_and_link_to_it(small):
    first, deeper = map(pages.read, small(ADDRESS))
    assert f'REPOSITORY = "{ADDRESS}"\n' in first.cells[0].source
    assert "fill in" not in first.cells[0].source
    assert f"[more]({ADDRESS}/blob/main/notebooks/deeper/01_more.ipynb)" in first.cells[1].source
    assert deeper.cells[1].source == f"[back]({ADDRESS}/blob/main/notebooks/01_first.ipynb)"


def test_without_an_address_the_install_cell_says_what_to_fill_in(small, monkeypatch):
    first, deeper = map(pages.read, small(""))
    assert 'REPOSITORY = ""  # fill in' in first.cells[0].source
    assert first.cells[1].source == "# 01\n\nmore" and deeper.cells[1].source == "back"
    exec(first.cells[0].source, {})  # here the course is installed: nothing happens
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="Fill in REPOSITORY"):
        exec(first.cells[0].source, {})


def test_the_install_cell_installs_what_the_course_needs_and_leaves_jupyter_alone():
    source = colab.install(ROOT)
    assert '"anywidget>=' in source and '"resvg-py>=' in source
    assert not [name for name in colab.BROUGHT if f'"{name}>' in source]


def test_nothing_is_written_into_a_folder_that_holds_something(tmp_path, capsys):
    (tmp_path / "mine").write_text("mine")
    for name in ("instructor", "colab"):
        assert main(["build", name, str(tmp_path)]) == 1
        assert "is not empty" in capsys.readouterr().err
        assert main(["build", name, str(tmp_path / "mine")]) == 1
        assert "is no folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert copies.new_folder(tmp_path / "new" / "folder").is_dir()
