"""`mine`: the learner's function where it is right and keeps up, else the course's; one line says which and why."""

import subprocess
import sys

import numpy as np
import pytest
from numpy import tanh

from lstmcourse import _files, exercises
from lstmcourse.exercises import _state, check, mine
from lstmcourse.exercises.nb01.e2_rnn_step import exercise as STEP

module = sys.modules["lstmcourse.exercises.mine"]
ONE = 1.0
SCALE = np.float64(1.0)
TABLE = np.ones(1)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(_state, "_unsaved", {})
    return tmp_path / "home"


def squash(a):
    return tanh(ONE * a)


def rnn_step(W: np.ndarray, U, b, x, h_):
    return (squash(x @ W.T + h_ @ U.T + b),)


def under_another_name(W, U, b, x, h_):
    return rnn_step(W, U, b, x, h_)


def transposed(W, U, b, x, h_):
    return (np.tanh(x @ W.T + h_ @ U + b),)


def unit_by_unit(W, U, b, x, h_):
    h = np.zeros_like(h_)
    for row in range(len(x)):
        for j in range(len(b)):
            h[row, j] = np.tanh(W[j] @ x[row] + U[j] @ h_[row] + b[j])
    return (h,)


def with_a_number_of_numpy(W, U, b, x, h_):
    return (np.tanh(SCALE * (x @ W.T + h_ @ U.T + b)),)


def with_an_array(W, U, b, x, h_):
    return (np.tanh(TABLE * (x @ W.T + h_ @ U.T + b)),)


W = np.eye(3)  # as an argument is called, which is another
logistic = lambda a: 1 / (1 + np.exp(-a))


def with_a_lambda(W, U, b, x, h_):
    return (2 * logistic(2 * (x @ W.T + h_ @ U.T + b)) - 1,)


def stub(W, U, b, x, h_): ...


OUTSIDE = (
    "which lies outside it and cannot be written down; a helper written with def in a cell of this notebook is kept "
    "along, or put it into the function"
)


def said(capsys):
    out = capsys.readouterr().out
    assert out.count("\n") == 1, out
    return out.strip()


def test_a_right_answer_is_what_runs(capsys):
    assert mine("E1.2", rnn_step) is rnn_step
    assert said(capsys) == "E1.2: your rnn_step runs."


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (stub, "yours is still the stub"),
        (None, "yours is still the stub"),
        (..., "yours is still the stub"),
        (transposed, 'yours stops at "values"; check("E1.2", rnn_step) says why'),
        (3, 'yours stops at "callable"; check("E1.2", rnn_step) says why'),
        (lambda *args: 1 / 0, 'yours stops at "runs"; check("E1.2", rnn_step) says why'),
    ],
)
def test_else_the_course_s_runs_and_the_line_says_why(capsys, answer, why):
    assert mine("E1.2", answer) is STEP.solution
    assert said(capsys) == f"E1.2: the course's rnn_step runs: {why}."


def test_what_is_right_and_slow_runs_on_demand(capsys, monkeypatch):
    monkeypatch.setattr(module, "pace", lambda exercise, answer: 40.2)
    assert mine("E1.2", unit_by_unit) is STEP.solution
    why = 'yours is right but 40 times slower; mine("E1.2", rnn_step, slow=True) runs it'
    assert said(capsys) == f"E1.2: the course's rnn_step runs: {why}."
    assert mine("E1.2", unit_by_unit, slow=True) is unit_by_unit
    assert said(capsys) == "E1.2: your rnn_step runs."


def test_the_pace_is_measured_at_the_size_that_is_trained():
    seen = []

    def watched(W, U, b, x, h_):
        print("noise")
        seen.append((W.shape, x.shape))
        return rnn_step(W, U, b, x, h_)

    assert module.pace(STEP, watched) > 0
    assert set(seen) == {((96, 94), (16, 94))}
    assert module.pace(STEP, unit_by_unit) > 10 * module.pace(STEP, STEP.solution)


def test_what_fails_only_at_that_size_is_told(capsys):
    def small_only(W, U, b, x, h_):
        if len(x) > 10:
            raise MemoryError("too large")
        return rnn_step(W, U, b, x, h_)

    assert mine("E1.2", small_only) is STEP.solution
    assert said(capsys).endswith("yours fails at the size that is trained (MemoryError: too large).")


def test_nothing_is_counted_and_nothing_is_kept(home):
    mine("E1.2", rnn_step)
    mine("E1.2", transposed)
    assert not home.exists()


@pytest.mark.parametrize("id", [id for id in exercises.ids() if exercises.get(id).kind == "code"])
def test_every_solution_would_run_and_be_kept(id, capsys):
    exercise = exercises.get(id)
    assert mine(id, exercise.solution) is exercise.solution
    assert said(capsys) == f"{id}: your {exercise.name} runs."


def test_an_exercise_that_asks_for_a_value_has_nothing_to_run():
    value = next(id for id in exercises.ids() if exercises.get(id).kind == "experiment")
    with pytest.raises(ValueError, match=f"must be an exercise that asks for a function, got {value}"):
        mine(value, 3)
    with pytest.raises(ValueError, match="there is no exercise 'nonsense'"):
        mine("nonsense")


# --- what check keeps -------------------------------------------------------------------------------------------


def test_a_passed_answer_runs_in_a_later_notebook_with_all_that_it_uses(home, capsys):
    check("E1.2", rnn_step)
    assert "Not kept" not in capsys.readouterr().out
    code = "import lstmcourse, numpy; o = numpy.ones((1, 1)); print(lstmcourse.mine('rnn_step')(o, o, o[0], o, o)[0])"
    later = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert later.stdout == f"E1.2: your rnn_step runs.\n[[{np.tanh(3):.8f}]]\n"
    assert [path.name for path in (home / "answers").iterdir()] == [f"rnn_step-{STEP.stub_hash}.py"]


def test_the_name_does_not_matter(capsys):
    check("E1.2", under_another_name)
    capsys.readouterr()
    assert mine("E1.2").__name__ == "under_another_name"
    assert said(capsys) == "E1.2: your rnn_step runs."


def test_an_attempt_that_fails_leaves_the_answer_that_passed(home):
    check("E1.2", rnn_step)
    kept = module.path(STEP).read_text()
    check("E1.2", transposed)
    assert module.path(STEP).read_text() == kept


def test_a_number_of_numpy_is_kept_as_a_number(capsys):
    check("E1.2", with_a_number_of_numpy)
    assert "Not kept" not in capsys.readouterr().out
    assert "\nSCALE = 1.0\n" in module.path(STEP).read_text()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (with_an_array, f"it uses TABLE, {OUTSIDE}"),
        (with_a_lambda, f"it uses logistic, {OUTSIDE}"),
        (lambda W, U, b, x, h_: (np.tanh(x @ W.T + h_ @ U.T + b),), "it was not written with def"),
    ],
)
def test_what_does_not_stand_by_itself_is_not_kept(home, capsys, answer, why):
    check("E1.2", answer)
    out = capsys.readouterr().out
    assert f"(Not kept for later notebooks: {why}.)" in out
    assert not (home / "answers").exists()


def test_a_source_that_cannot_be_read_is_not_kept(home, capsys):
    scope = {"np": np}
    exec("def rnn_step(W, U, b, x, h_):\n    return (np.tanh(x @ W.T + h_ @ U.T + b),)", scope)
    check("E1.2", scope["rnn_step"])
    assert "Not kept for later notebooks: its source cannot be read" in capsys.readouterr().out


def test_a_disk_that_is_full_is_told_and_leaves_the_old_file(capsys, monkeypatch):
    check("E1.2", rnn_step)
    kept = module.path(STEP).read_text()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.os, "replace", full)
    module.keep(STEP, under_another_name)
    assert "(Not kept for later notebooks: No space left on device.)" in capsys.readouterr().out
    assert module.path(STEP).read_text() == kept and len(list(module.path(STEP).parent.iterdir())) == 1


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (None, "you have not passed it yet"),
        (b"\xff", "is damaged; pass"),
        (b"def rnn_step(:", "does not load (SyntaxError: "),
        (b"x = 1", "does not load (KeyError: 'passed_answer'); pass check(\"E1.2\", rnn_step) again"),
        (b"import nonsense_", "does not load (ModuleNotFoundError: No module named 'nonsense_')"),
        (b"def passed_answer(W, U, b, x, h_):\n    return (x,)", 'the one that you passed with stops at "shape"'),
    ],
)
def test_a_kept_answer_that_is_of_no_use_is_told(capsys, source, why):
    if source is not None:
        _files.write(module.path(STEP), source)
    assert mine("rnn_step") is STEP.solution
    assert why in said(capsys)


def test_an_answer_to_another_form_of_the_exercise_does_not_count(capsys):
    _files.write(module.path(STEP).with_name("rnn_step-0123abcd.py"), "rnn_step = 3")
    assert mine("E1.2") is STEP.solution
    assert "since you passed it the exercise has changed; pass check" in said(capsys)
