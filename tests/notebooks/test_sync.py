"""What is written once is carried to where else it stands; a new notebook holds the rules that it can hold."""

import copy
import dataclasses

import pytest
from nbformat import v4

from lstmcourse import _files, exercises
from lstmcourse.__main__ import main
from lstmcourse.commands.build import pages, sync

from . import test_bounds, test_gate
from . import test_notebooks_static as gate

README = "# Course\n\n<!-- begin: notebooks -->\n<!-- end: notebooks -->\n\nThe end.\n"
OLD = "def lstm_step(W, x):\n    ..."
FACTS = "difficulty 1/5 · importance 1/5 · 1 minutes · 1 line"
TIME = "Reading takes about 1 minutes, the exercises about 1."


def notebook(title, *cells, objectives=("O4.a",)):
    facts = {"reading_minutes": 1, "exercise_minutes": 1, "objectives": list(objectives)}
    made = [v4.new_markdown_cell(f"# {title}", id="n-0")]
    for place, cell in enumerate(cells, 1):
        code = isinstance(cell, tuple)
        new = v4.new_code_cell if code else v4.new_markdown_cell
        made.append(new(cell[0] if code else cell, id=f"n-{place}", metadata={"tags": list(cell[1:])} if code else {}))
    return v4.new_notebook(cells=made, metadata={"lstmcourse": facts})


PATHS = """[90min]
title = "Short"
minutes = 90
stops = [{ notebook = "04", keep = ["*"] }]
"""
INSTRUCTORS = "<!-- begin: paths -->\n<!-- end: paths -->\n\n| | 04, *E4.1* | all write |\n"
FIRST = """| 04 | The forget gate | | a network |
| 08 | Variants | | claims |

<!-- begin: glossary -->
<!-- end: glossary -->"""
TERM = """[{key}]
term = "{key}"
says = "Says {key}."
where = "04#a"
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A clone with notebooks 00 and 04, and one exercise in the latter, all out of date."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    first = notebook("00 · Start here", FIRST)
    text = f"You need time. {TIME}\n\n### Exercise E4.1 · Old\n\n*{FACTS}*\n\nWords."
    cells = ((f"import math\n\n{OLD}  # here", "exercise"), ('check("E4.1", lstm_step)',), ("claim('a', 1)", "proof"))
    _files.write(tmp_path / "README.md", README)
    _files.write(tmp_path / "paths.toml", PATHS)
    _files.write(tmp_path / "INSTRUCTORS.md", INSTRUCTORS)
    _files.write(tmp_path / "glossary.toml", TERM.format(key="valve") + TERM.format(key="gate"))
    _files.write(tmp_path / "notebooks/00_start_here.ipynb", pages.text(first))
    _files.write(tmp_path / "notebooks/04_gate.ipynb", pages.text(notebook("04 · The forget gate", text, *cells)))
    return tmp_path


def state(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_stub_heading_minutes_and_tables_are_renewed(course, capsys):
    assert main(["build", "sync"]) == 0
    exercise = exercises.get("E4.1")
    made = pages.read(course / "notebooks/04_gate.ipynb")
    assert made.cells[1].source == (
        f"You need time. Reading takes about 1 minutes, the exercises about {exercise.minutes}.\n\n"
        f"{exercise.heading}\n\n*{exercise.facts}*\n\nWords."
    )
    assert made.cells[2].source == f"import math\n\n{exercise.stub}"
    assert made.cells[4].metadata.jupyter.source_hidden
    assert dict(made.metadata.lstmcourse) == {
        "reading_minutes": 1, "exercise_minutes": exercise.minutes, "objectives": ["O4.a"],
    }  # fmt: skip
    table = pages.read(course / "notebooks/00_start_here.ipynb").cells[1].source
    rows, _, glossary = table.partition("\n\n")
    minutes = f"1 + {exercise.minutes}"
    assert rows == f"| 04 | [The forget gate](04_gate.ipynb) | {minutes} | a network |\n| 08 | Variants | | claims |"
    terms = [f"| {key} | Says {key}. | [04](04_gate.ipynb) |" for key in ("gate", "valve")]
    assert glossary.splitlines()[3:] == [*terms, "<!-- end: glossary -->"]
    readme = (course / "README.md").read_text()
    assert f"| 04 | [The forget gate](notebooks/04_gate.ipynb) | 1 min | {exercise.minutes} min |" in readme
    assert f"| | all | 2 min | {exercise.minutes} min |" in readme and readme.endswith("The end.\n")
    plan = (course / "INSTRUCTORS.md").read_text()
    assert f"| `90min` | Short | 0 min | {exercise.minutes} min | 04 |" in plan
    assert f"| 0-{exercise.minutes} | 04, *E4.1* | all write |" in plan
    said = capsys.readouterr().out
    assert "notebooks/04_gate.ipynb renewed; run it: build execute notebooks/04_gate.ipynb" in said
    before = state(course)
    assert main(["build", "sync"]) == 0
    assert state(course) == before and capsys.readouterr().out == ""


def test_what_is_optional_has_its_own_minutes(course):
    aside = "What follows is optional: about {} minutes of reading, {} of exercises."
    made = pages.read(course / "notebooks/04_gate.ipynb")
    optional = [v4.new_markdown_cell(aside.format(1, 1), id="a"), v4.new_markdown_cell("word " * 390, id="b")]
    made.cells[1:1] = [*optional, v4.new_markdown_cell("## Key points\n\n" + "word " * 260, id="c")]
    _files.write(course / "notebooks/04_gate.ipynb", pages.text(made))
    assert main(["build", "sync"]) == 0
    made = pages.read(course / "notebooks/04_gate.ipynb")
    assert made.cells[1].source == aside.format(3, 0) and made.metadata.lstmcourse.reading_minutes == 6
    assert "| 6 min, 3 of them optional |" in (course / "README.md").read_text()


def test_a_place_to_stop_has_the_minutes_so_far(course):
    made = pages.read(course / "notebooks/04_gate.ipynb")
    cells = ["word " * 390, "*A good place to stop for today.*\n\n## Second half", "word " * 255]
    made.cells[1:1] = [v4.new_markdown_cell(text, id=f"m-{k}") for k, text in enumerate(cells)]
    _files.write(course / "notebooks/04_gate.ipynb", pages.text(made))
    for _ in range(2):
        assert main(["build", "sync"]) == 0
        pause = pages.read(course / "notebooks/04_gate.ipynb").cells[2].source
        whole = f"{5 + exercises.get('E4.1').minutes} minutes"
        assert pause == f"*A good place to stop for today, after about 3 of {whole}.*\n\n## Second half"


def test_an_exercises_minutes_change_in_one_place_and_one_command(course, monkeypatch):
    main(["build", "sync"])
    longer, real = dataclasses.replace(exercises.get("E4.1"), minutes=77), exercises.get
    monkeypatch.setattr(exercises, "get", lambda id: longer if id == "E4.1" else real(id))
    assert main(["build", "sync"]) == 0
    made = pages.read(course / "notebooks/04_gate.ipynb")
    assert made.metadata.lstmcourse.exercise_minutes == 77
    assert "exercises about 77." in made.cells[1].source and "· 77 minutes ·" in made.cells[1].source
    assert "| 1 min | 77 min |" in (course / "README.md").read_text()


def test_a_renamed_function_is_renamed_where_it_is_checked(course, monkeypatch):
    renamed = dataclasses.replace(exercises.get("E4.1"), stub="new = ...  # a value")
    monkeypatch.setattr(exercises, "get", lambda id: renamed)
    assert main(["build", "sync"]) == 0
    made = pages.read(course / "notebooks/04_gate.ipynb")
    assert (
        made.cells[2].source == "import math\n\nnew = ...  # a value" and made.cells[3].source == 'check("E4.1", new)'
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def lstm_step", "def another", "no cell with the tag exercise that defines lstm_step, as E4.1 has it"),
        ("### Exercise E4.1", "### Exercise E4.9", "there is no heading ### Exercise E4.1"),
        (FACTS, "", "below the heading of E4.1 there is no line with difficulty and minutes"),
    ],
)
def test_what_a_notebook_lacks_is_said_and_the_notebook_stays(course, capsys, old, new, said):
    path = course / "notebooks/04_gate.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    before = path.read_bytes()
    assert main(["build", "sync"]) == 1
    assert said in capsys.readouterr().err and path.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("@f\ndef a():\n    ...\nb = 1", "a", "NEW\nb = 1"),
        ("x = 1\na, b = 1, 2  # two", "b", "x = 1\nNEW"),
        ("a = (\n    1\n)\n\na + 1", "a", "NEW\n\na + 1"),
        ("def b():\n    a = 1", "a", None),
    ],
)
def test_replace_definition(source, name, expected):
    assert pages.replace_definition(source, name, "NEW") == expected


@pytest.mark.parametrize("number", ["04", "08"])
def test_a_new_notebook_holds_the_rules(course, number, capsys):
    """Notebook 04 has registered exercises, 08 has none yet: then the gate says that, and nothing else."""
    for path in (course / "notebooks").glob("04_*"):
        path.unlink()
    _files.write(course / "paths.toml", PATHS.replace("04", number))
    _files.write(course / "INSTRUCTORS.md", INSTRUCTORS.partition("| |")[0])
    assert main(["build", "new", number, "A small test, twice"]) == 0
    path = course / f"notebooks/{number}_a_small_test_twice.ipynb"
    made = pages.read(path)
    own = [id for id in exercises.ids() if id.startswith(f"E{int(number)}.")]
    assert list(pages.checks(made)) == own
    failed = test_gate.judge(copy.deepcopy(made), course, path.name)
    assert failed == (set() if own else {"test_exercises"})
    gate.test_exercise_minutes_are_those_of_the_exercises(path, made)
    assert test_bounds.faults(made, number) == []
    assert f"notebooks/{path.name} written and run" in capsys.readouterr().out
    assert f"| {number} | [A small test, twice](notebooks/{path.name}) |" in (course / "README.md").read_text()
    assert sync.everything(course) == 0 and capsys.readouterr().out == ""


def test_a_page_in_deeper_is_written_beside_its_notebook(course):
    assert main(["build", "new", "04", "Precision", "--deeper"]) == 0
    path = course / "notebooks/deeper/04_precision.ipynb"
    made = pages.read(path)
    gate.test_metadata(path, made)
    gate.test_template(path, made)
    gate.test_exercises(path, made)
    gate.test_links_between_notebooks_lead_somewhere(path, made)
    assert "](../04_gate.ipynb)" in made.cells[0].source


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["4", "Title"], 'new expects two digits and a title, such as 08 "Variants compared", got 4 "Title"'),
        (["08", "!"], "new expects two digits and a title"),
        (["04", "Gates again"], "the number 04 is taken by 04_gate.ipynb"),
        (["08", "More", "--deeper"], "a page in deeper belongs to a notebook, and there is no notebook 08"),
    ],
)
def test_a_number_that_is_taken_is_refused(course, capsys, arguments, said):
    before = state(course)
    assert main(["build", "new", *arguments]) == 1
    assert said in capsys.readouterr().err and state(course) == before


def test_outside_of_a_clone_there_is_nothing_to_renew(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    assert main(["build", "sync"]) == 1
    assert f"build needs a clone of the course, and {tmp_path} is none" in capsys.readouterr().err
