"""The learner's copy: what it leaves out, and that nothing the learner has written is ever lost."""

import copy
import json
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from lstmcourse import _files
from lstmcourse.__main__ import main
from lstmcourse.commands import lab as lab_command
from lstmcourse.commands.build import learner, pages

from .pages import ROOT

NAME = "01_first.ipynb"
BESIDE = "01_first.new.ipynb"


def notebook(*cells):
    """A notebook from (source, tags) for code and text for prose; executed, as it is committed."""
    made = []
    for place, cell in enumerate(cells, 1):
        if isinstance(cell, str):
            made.append(v4.new_markdown_cell(cell, id=f"n-{place}"))
        else:
            source, *tags = cell
            outputs = [v4.new_output("stream", text="said\n")]
            code = v4.new_code_cell(source, id=f"n-{place}", execution_count=place, outputs=outputs)
            made.append(code | {"metadata": {"tags": tags}} if tags else code)
    return nbformat.from_dict(v4.new_notebook(cells=made))


def first(step="def step(x):\n    ..."):
    return notebook("# 01 · First", (step, "exercise"), ('check("E1.1", step)',), ("print(1)",))


@pytest.fixture
def course(tmp_path):
    """A course of two notebooks and a page in deeper, of which the function returned stores a new edition."""
    folder = tmp_path / "notebooks"

    def store(made=None, name=NAME):
        _files.write(folder / name, pages.text(made or first()))

    store()
    store(notebook("# 02 · Second"), "02_second.ipynb")
    store(notebook("# Deeper"), "deeper/01_more.ipynb")
    return store


@pytest.fixture
def lab(tmp_path, course):
    learner.build(tmp_path)
    return tmp_path / "lab"


def answer(file, old="    ...", new="    return 2 * x"):
    """Write an answer into a file of the copy."""
    made = pages.read(file)
    for cell in made.cells:
        cell.source = cell.source.replace(old, new)
    file.write_text(pages.text(made), encoding="utf-8")


def save_in_jupyterlab(file):
    """What JupyterLab makes of a file without an edit: run, saved, and another empty cell below the last."""
    made = json.loads(file.read_text(encoding="utf-8"))
    made["metadata"] = {
        "widgets": {},
        "language_info": {"version": "3.99", "name": "python"},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    for count, cell in enumerate(made["cells"]):
        cell["metadata"] = {"execution": {"iopub.execute_input": "2030-01-01"}, "trusted": True} | cell["metadata"]
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 40 + count, "outputs": [dict(v4.new_output("stream", text="other\n"))]}
    made["cells"].append(dict(v4.new_code_cell("")))
    file.write_text(json.dumps(dict(reversed(made.items()))), encoding="utf-8")


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_copy_is_bare_and_whole(tmp_path, course):
    course(
        notebook(
            "# 01 · First",
            ("widget", "nbval-ignore-output"),
            ("still", "static"),
            ("claims", "proof"),
            ("answers", "instructor"),
            "See [the picture](images/a.png), [two](02_second.ipynb#idea), [more](deeper/01_more.ipynb), `f[0](x)`, "
            '[the licence](../LICENSE#mit), [a site](https://example.org) and <img src="images/a.png" alt="a">.',
        )
    )
    _files.write(tmp_path / "notebooks/images/a.png", b"")
    _files.write(tmp_path / "LICENSE", "free")
    learner.build(tmp_path)
    made = pages.read(tmp_path / "lab" / NAME)
    nbformat.validate(made)
    assert [cell.source for cell in made.cells[:-1]] == ["# 01 · First", "widget", "claims"]
    assert made.cells[2].metadata.jupyter.source_hidden and "jupyter" not in made.cells[1].metadata
    assert all(cell.outputs == [] and cell.execution_count is None for cell in made.cells if cell.cell_type == "code")
    for part in (
        "(../notebooks/images/a.png)", "(02_second.ipynb#idea)", "(deeper/01_more.ipynb)", "`f[0](x)`",
        "(../LICENSE#mit)", "(https://example.org)", 'src="../notebooks/images/a.png"',
    ):  # fmt: skip
        assert part in made.cells[-1].source
    names = {NAME, "02_second.ipynb", "deeper/01_more.ipynb", learner.MANIFEST}
    assert set(everything(tmp_path / "lab")) == names


def test_a_second_build_changes_nothing(tmp_path, lab, capsys):
    before = everything(lab)
    times = [path.stat().st_mtime_ns for path in sorted(lab.rglob("*"))]
    learner.build(tmp_path)
    assert everything(lab) == before and capsys.readouterr().out == ""
    assert [path.stat().st_mtime_ns for path in sorted(lab.rglob("*"))] == times


def test_what_the_learner_has_not_changed_follows_the_course(tmp_path, course, lab, capsys):
    save_in_jupyterlab(lab / NAME)
    course(first("def step(x, y):\n    ..."))
    learner.build(tmp_path)
    assert "def step(x, y)" in (lab / NAME).read_text() and not (lab / BESIDE).exists()
    assert capsys.readouterr().out == f"lab/{NAME} had no changes of yours: it is the new edition now.\n"


def test_an_edition_changes_under_a_learner_who_has_answered_half(tmp_path, course, lab, capsys):
    answer(lab / NAME)
    save_in_jupyterlab(lab / NAME)
    hers = (lab / NAME).read_bytes()
    learner.build(tmp_path)
    assert (lab / NAME).read_bytes() == hers and not (lab / BESIDE).exists()
    assert capsys.readouterr().out == "", "there is no new edition yet"

    second = first("def step(x, y):\n    ...")
    course(second)
    learner.build(tmp_path)
    assert (lab / NAME).read_bytes() == hers
    assert learner.edition(pages.read(lab / BESIDE)) == learner.edition(second)
    assert capsys.readouterr().out == (
        f"lab/{NAME} has changes of yours and stays as it is; the new edition is lab/{BESIDE}.\n"
    )
    learner.build(tmp_path)
    assert capsys.readouterr().out == "", "it is told once"

    answer(lab / BESIDE)  # she goes on in the new one, and a third comes
    new = (lab / BESIDE).read_bytes()
    course(first("def step(x, y, z):\n    ..."))
    learner.build(tmp_path)
    assert (lab / NAME).read_bytes() == hers and (lab / BESIDE).read_bytes() == new
    assert "step(x, y, z)" in (lab / "01_first.new2.ipynb").read_text()
    assert "the new edition is lab/01_first.new2.ipynb." in capsys.readouterr().out


def test_a_new_edition_beside_that_was_not_touched_is_replaced(tmp_path, course, lab):
    answer(lab / NAME)
    for signature in ("x, y", "x, y, z"):
        course(first(f"def step({signature}):\n    ..."))
        learner.build(tmp_path)
    assert "step(x, y, z)" in (lab / BESIDE).read_text() and not (lab / "01_first.new2.ipynb").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.cells.pop(0),
        lambda made: made.cells.reverse(),
        lambda made: made.cells.append(v4.new_markdown_cell("a note")),
        lambda made: made.cells[0].update(cell_type="raw"),
        lambda made: made.cells[2].update(source=made.cells[2].source + "  # why?"),
    ],
)
def test_every_kind_of_change_is_the_learners(tmp_path, course, lab, change):
    made = pages.read(lab / NAME)
    change(made)
    (lab / NAME).write_text(json.dumps(made), encoding="utf-8")
    hers = (lab / NAME).read_bytes()
    course(first("def step(x, y):\n    ..."))
    learner.build(tmp_path)
    assert (lab / NAME).read_bytes() == hers and (lab / BESIDE).exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff"])
def test_a_file_that_is_no_notebook_is_the_learners(tmp_path, course, lab, damage):
    (lab / NAME).write_bytes(damage)
    course(first("def step(x, y):\n    ..."))
    learner.build(tmp_path)
    assert (lab / NAME).read_bytes() == damage and (lab / BESIDE).exists()


@pytest.mark.parametrize("manifest", [None, b"{", b"[]"])
def test_without_its_manifest_a_copy_counts_as_the_learners(tmp_path, course, lab, manifest):
    answer(lab / NAME)
    hers = (lab / NAME).read_bytes()
    (lab / learner.MANIFEST).unlink()
    if manifest:
        (lab / learner.MANIFEST).write_bytes(manifest)
    learner.build(tmp_path)
    assert (lab / NAME).read_bytes() == hers and (lab / BESIDE).exists()
    assert not (lab / "02_second.new.ipynb").exists(), "that one is as the course has it"


def test_what_was_deleted_comes_back_and_files_of_the_learners_own_stay(tmp_path, lab):
    (lab / NAME).unlink()
    (lab / "mine.ipynb").write_text("hers")
    learner.build(tmp_path)
    assert (lab / NAME).exists() and (lab / "mine.ipynb").read_text() == "hers"


def test_fresh_moves_the_old_copy_aside(tmp_path, course, lab, capsys):
    answer(lab / NAME)
    for number in (1, 2):
        before = everything(lab)
        learner.build(tmp_path, fresh=True)
        assert everything(tmp_path / f"lab.{number}") == before
        assert capsys.readouterr().out == f"The old copy is in lab.{number}.\n"
        assert "    ..." in (lab / NAME).read_text()


@pytest.mark.parametrize("calls", range(1, 6))
def test_a_build_that_is_broken_off_leaves_the_old_copy_whole(tmp_path, course, lab, monkeypatch, calls):
    answer(lab / "02_second.ipynb", "Second", "Second, and a note")
    before = everything(lab)
    for name in (NAME, "02_second.ipynb", "deeper/01_more.ipynb"):
        course(notebook(f"# 09 · {name}"), name)
    left = iter(range(calls))
    real = learner.os.replace

    def replace(*names):
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(*names)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", replace)
        with pytest.raises(KeyboardInterrupt):
            learner.build(tmp_path)
    after = everything(lab)
    changed = {name for name in before if after[name] != before[name]}
    assert changed <= {NAME, "deeper/01_more.ipynb", learner.MANIFEST}
    assert not [name for name in after if name.endswith(".part")]
    for name in changed:
        json.loads(after[name])
    learner.build(tmp_path)
    assert (lab / "02_second.ipynb").read_bytes() == before["02_second.ipynb"]
    for name in (NAME, "02_second.new.ipynb", "deeper/01_more.ipynb"):
        assert "# 09" in (lab / name).read_text()
    assert len(everything(lab)) == 5


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path, lab, monkeypatch, capsys):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (lab / NAME).unlink()
    before = everything(lab)
    with monkeypatch.context() as patch:
        patch.setattr(_files, "write", refuse)
        assert main(["build", "learner"]) == 1
        assert capsys.readouterr().err == f"the learner's copy {lab} cannot be written: Permission denied\n"
        patch.setattr("pathlib.Path.rename", refuse)
        assert main(["build", "learner", "--fresh"]) == 1
    assert everything(lab) == before
    for path in sorted(lab.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    lab.rmdir()
    lab.write_text("a file in its place")
    assert main(["lab"]) == 1
    assert "cannot be written" in capsys.readouterr().err and lab.read_text() == "a file in its place"


def test_the_command_makes_the_copy_and_opens_it(tmp_path, course, monkeypatch):
    called = []

    class Server:
        def __init__(self, command, cwd, env):
            called.append((command, cwd, env["OMP_NUM_THREADS"]))
            self.presses = 1

        def wait(self):
            if self.presses:
                self.presses = 0
                raise KeyboardInterrupt
            return 7

    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(lab_command.subprocess, "Popen", Server)
    monkeypatch.setattr(lab_command.data, "fetch_missing", lambda: called.append("data"))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert main(["lab", "--no-browser", "--port=9999"]) == 7
    jupyter = [sys.executable, "-m", "jupyter", "lab", "lab/00_start_here.ipynb", "--no-browser", "--port=9999"]
    assert called == ["data", (jupyter, tmp_path, "1")] and (tmp_path / "lab" / NAME).exists()
    assert main(["lab", "--fresh"]) == 7 and (tmp_path / "lab.1" / NAME).exists()


def test_outside_of_a_clone_there_is_nothing_to_copy(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    assert main(["lab"]) == 1
    assert f"lab needs a clone of the course, and {tmp_path} is none" in capsys.readouterr().err


def test_the_courses_own_notebooks_are_copied_and_git_does_not_see_it(tmp_path):
    for path in pages.paths(ROOT / "notebooks"):
        source = pages.read(path)
        made = learner.learners(source, path.parent, tmp_path)
        nbformat.validate(copy.deepcopy(made))
        kept = [cell.id for cell in source.cells if not pages.tags(cell) & learner.LEFT_OUT]
        assert [cell.id for cell in made.cells] == kept
    for name in ("lab/00_start_here.ipynb", "lab.1/deeper/x.ipynb"):
        git = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT)
        assert git.returncode == 0, name
