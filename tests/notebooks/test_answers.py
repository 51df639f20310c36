"""The run with all solutions filled in sees what it is there to see."""

import pytest
from nbformat import v4

from lstmcourse import exercises
from lstmcourse.commands.build import pages

from . import run_answers

BEGIN = "import numpy as np\nfrom lstmcourse import claim\nfrom lstmcourse.exercises import check"
MINE = "def mine(id, answer):\n    print(f'{id}: your {answer.__name__} runs.')\n    return answer"


def course(folder, *cells):
    """A notebook with E4.1 and these cells, which stands for one that calls `mine`."""
    exercise = exercises.get("E4.1")
    sources = [BEGIN, MINE, exercise.stub, 'check("E4.1", lstm_step)', 'mine("E4.1", lstm_step)', *cells]
    made = [v4.new_code_cell(source, id=f"n-{k}") for k, source in enumerate(sources)]
    made[2].metadata["tags"] = ["exercise"]
    folder.mkdir(exist_ok=True)
    (folder / "04_x.ipynb").write_text(pages.text(v4.new_notebook(cells=made)), encoding="utf-8")
    return folder


def test_a_notebook_that_holds_with_the_solutions_passes(tmp_path, capsys):
    use = "h, c = lstm_step(*map(np.ones, [(8, 3), (8, 2), 8, (1, 3), (1, 2), (1, 2)]))"
    other = 'print("rates: the course\'s rows were trained at 0.004.")'  # no word of mine
    folder = course(tmp_path / "notebooks", use, 'claim("it is the solution", h.shape == (1, 2))', other)
    before = (folder / "04_x.ipynb").read_bytes()
    assert run_answers.main([str(folder)]) == 0
    assert "[1/1] passed 04_x.ipynb" in capsys.readouterr().out
    assert (folder / "04_x.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (['claim("false with the solution", lstm_step is None)'], "ClaimError: ✗ false with the solution"),
        (["1 / 0"], "ZeroDivisionError"),
        (["print(\"E4.1: the course's lstm_step runs: why.\")"], "E4.1: the course's lstm_step runs"),
        (["def lstm_backward(): ...", 'check("E4.2", lstm_backward)'], "there is no stub of E4.2"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_told(tmp_path, capsys, cells, said):
    assert run_answers.main([str(course(tmp_path / "notebooks", *cells))]) == 1
    assert said in capsys.readouterr().out


def test_a_notebook_that_never_runs_an_answer_fails(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(f"{__name__}.MINE", "def mine(id, answer):\n    return answer")
    assert run_answers.main([str(course(tmp_path / "notebooks"))]) == 1
    assert "mine never says that an answer runs" in capsys.readouterr().out


def test_a_solution_that_does_not_pass_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run_answers, "answer", lambda exercise: "def lstm_step(*args):\n    return 1")
    assert run_answers.main([str(course(tmp_path / "notebooks"))]) == 1
    assert "E4.1 is not passed by its solution" in capsys.readouterr().out


def test_a_folder_in_which_no_notebook_calls_mine_fails(tmp_path, capsys):
    assert run_answers.main([str(tmp_path)]) == 1
    assert "no notebook calls mine" in capsys.readouterr().err


def test_a_value_is_answered_by_what_the_solution_returns():
    source = run_answers.answer(exercises.get("E4.4"))
    assert source.endswith("\nking_unit = king_unit()") and "def king_unit" in source
