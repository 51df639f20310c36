"""The exercises keep their promises: solutions pass, stubs are "not attempted", every known mistake is named."""

import ast
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lstmcourse import exercises
from lstmcourse.exercises import _engine, _registry, _state

IDS = exercises.ids()
CODE = [id for id in IDS if exercises.get(id).kind == "code"]
WRONG = [(id, name) for id in IDS for name in exercises.get(id).wrong]
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(_state, "_unsaved", {})
    return tmp_path / "home"


@pytest.fixture
def own(monkeypatch):
    """Registers exercises of the test's own, and forgets them afterwards."""
    monkeypatch.setattr(_registry, "_exercises", dict(_registry._exercises))

    def register(id="E99.1", **fields):
        facts = {
            "title": "a test",
            "hints": ("a", "b", "c"),
            "minutes": 1,
            "difficulty": 1,
            "importance": 1,
            "lines": 1,
        }
        return exercises.register(id, **{**facts, "can_now": "test", "returns": {"y": "(B, H)"}, **fields})

    return register


def of(function, kind):
    """A learner's answer made from a solution or a wrong version: the function, or for an experiment its value."""
    return function() if kind == "experiment" else function


def stub(exercise):
    """What the untouched stub defines."""
    scope = {"np": np}
    exec(exercise.stub, scope)
    name = ast.parse(exercise.stub).body[0]
    return scope[name.name if isinstance(name, ast.FunctionDef) else name.targets[0].id]


# --- every exercise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_solution_passes_quickly(id):
    exercise = exercises.get(id)
    answer = of(exercise.solution, exercise.kind)
    start = time.process_time()
    result = exercises.run(exercise, answer)
    assert result.passed and result.attempted, result.text
    assert time.process_time() - start < 3  # a second, with slack for a busy machine
    assert result.text.endswith(".") and "✗" not in result.text


@pytest.mark.parametrize("id", IDS)
def test_untouched_stub_is_not_attempted(id, capsys, home):
    exercises.check(id, stub(exercises.get(id)))
    assert capsys.readouterr().out == f"{id}: not attempted\n"
    assert not home.exists()


@pytest.mark.parametrize(("id", "name"), WRONG)
def test_wrong_version_is_rejected_and_named(id, name):
    exercise = exercises.get(id)
    function, sentence = exercise.wrong[name]
    start = time.process_time()
    result = exercises.run(exercise, of(function, exercise.kind))
    assert time.process_time() - start < 3
    assert result.attempted and not result.passed
    assert result.mistake == name, result.text
    assert f"This is what you get when {sentence.rstrip('.')}." in result.text


@pytest.mark.parametrize("id", IDS)
def test_what_an_exercise_must_have(id):
    exercise = exercises.get(id)
    assert len(exercise.hints) == 3 and all(exercise.hints) and len(set(exercise.hints)) == 3
    assert 1 <= exercise.minutes <= 60 and exercise.lines >= 1
    assert exercise.symptoms and all(exercise.symptoms.values())
    assert len(exercise.wrong) >= 3
    assert exercise.can_now and exercise.heading.startswith(f"### Exercise {id} · ")
    if exercise.kind == "code":
        ast.parse(exercise.stub)
        assert exercise.solution.__doc__ and exercise.stub.endswith("...")
        sizes = exercise.sizes
        assert len(sizes) == 3
        for letter in {"B", "T"} & set(sizes[0]):
            assert 1 in {size[letter] for size in sizes}, f"no case with {letter} = 1"
        if {"I", "H"} <= set(sizes[0]):
            assert any(size["I"] != size["H"] for size in sizes)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_core_notebook_has_three_exercises_and_an_experiment(number):
    kinds = [exercises.get(id).kind for id in IDS if id.startswith(f"E{number}.")]
    assert len(kinds) >= 3 and "experiment" in kinds


# --- the stages -------------------------------------------------------------------------------------------------


def half(x: np.ndarray) -> np.ndarray:
    """Half of x (B, H)."""
    return x / 2


def half_case(rng, n):
    return (rng.normal(size=(n.B, n.H)),)


@pytest.fixture
def halving(own):
    return own(
        solution=half,
        case=half_case,
        wrong={"double": (lambda x: x * 2, "x is doubled")},
        edges={"x is zero": lambda rng: (np.zeros((1, 2)),)},
    )


def adds_in_place(x):
    x /= 2
    return x


@pytest.mark.parametrize(
    ("answer", "stage", "text"),
    [
        (3.0, "callable", "expected a function, got a number: hand in the function itself"),
        (lambda: 1, "callable", "expected half(x), got half()"),
        (lambda x: np.sqrt(x, x, x), "runs", "TypeError"),
        (lambda x: None if x.size else x, "shape", "is a `return` missing"),
        (lambda x: (x, x), "shape", "y must have shape (3, 5) = (B, H), got a tuple of 2"),
        (lambda x: {"y": x}, "shape", "y must be real numbers, got a dict"),
        (lambda x: x.T, "shape", "y must have shape (3, 5) = (B, H), got (5, 3) (case T=4, B=3, I=2, H=5)"),
        (lambda x: "half", "shape", "y must be real numbers, got 'half'"),
        (lambda x: (x / 2).astype(np.float32), "dtype", "y must have dtype float64, as the inputs have, got float32"),
        (lambda x: x / 0 * 0, "finite", "y[0, 0] is nan"),
        (adds_in_place, "inputs unchanged", "x was changed in place"),
        (lambda x: x / 3, "values", "numbers differ"),
        (lambda x: x / 2 if x.any() else x + 1, "edge cases", "y[0, 0] is 1, expected 0; 2 of 2 numbers differ"),
    ],
)
def test_the_stage_that_stops(halving, answer, stage, text):
    result = exercises.run(halving, answer)
    assert (result.attempted, result.passed, result.stage) == (True, False, stage), result.text
    assert text in result.text
    assert result.text.count("✗") == 1


def test_the_worst_index_is_shown_with_both_numbers(halving):
    def one_off(x):
        y = x / 2
        y[-1, 1] += 3
        return y

    x = next(_engine.Trial(halving, one_off).cases())[1][0]
    text = exercises.run(halving, one_off).text
    assert f"y[2, 1] is {x[2, 1] / 2 + 3:.4g}, expected {x[2, 1] / 2:.4g}; 1 of 15 numbers differ" in text


def test_the_gradient_stage_trusts_differences_more_than_the_solution(own):
    def slope(x: np.ndarray) -> np.ndarray:
        """Claims that the derivative of x² is x."""
        return x

    exercise = own(solution=slope, case=half_case, loss=lambda *base: lambda x: float(np.sum(x**2)), wrt={"y": "x"})
    result = exercises.run(exercise, lambda x: x + 0.0)
    assert result.stage == "gradient" and "central differences say" in result.text


def test_nested_answers_are_compared_part_by_part(own):
    def parts(x: np.ndarray) -> tuple:
        """A dict, a list and a namespace."""
        return {"a": x}, [x, 2 * x], SimpleNamespace(h=x)

    exercise = own(solution=parts, case=half_case, returns={"first": "", "second": "", "third": ""})
    assert exercises.run(exercise, lambda x: [{"a": x}, (x, 2 * x), SimpleNamespace(h=x)]).passed
    assert "second[1][" in exercises.run(exercise, lambda x: ({"a": x}, [x, x], SimpleNamespace(h=x))).text
    assert "third['h']" in exercises.run(exercise, lambda x: ({"a": x}, [x, 2 * x], SimpleNamespace(h=x[:, :1]))).text
    assert "first must have the keys a, got" in exercises.run(exercise, lambda x: ({"b": x}, [x, x], 1)).text


def test_a_mistake_is_named_even_when_it_raises_on_some_case(own):
    def wrong(x):
        return x[2]  # an IndexError for a batch of one

    exercise = own(solution=half, case=half_case, wrong={"third": (wrong, "only the third row is taken")})
    assert exercises.run(exercise, lambda x: x[2]).mistake == "third"
    assert exercises.run(exercise, lambda x: x[1]).mistake is None


def test_custom_stages(own):
    def positive(trial):
        if (trial.got[0].result < 0).any():
            raise exercises.Failed("a number is negative")
        return "all positive"

    exercise = own(solution=half, case=half_case, stages=(*exercises.STAGES[:2], ("sign", positive)))
    assert "✓ sign: all positive" in exercises.run(exercise, np.abs).text
    assert exercises.run(exercise, lambda x: -np.abs(x)).stage == "sign"


def test_torch_answers_are_accepted():
    torch = pytest.importorskip("torch")

    def rnn_step(W, U, b, x, h_):
        W, U, b, x, h_ = (torch.tensor(a, requires_grad=True) for a in (W, U, b, x, h_))
        return torch.tanh(x @ W.T + h_ @ U.T + b)

    result = exercises.run(exercises.get("E1.1"), rnn_step)
    assert result.passed, result.text


def test_autograd_passes_the_backward_exercise():
    torch = pytest.importorskip("torch")

    def bptt(W, U, b, xs, h0, dhs):
        leaves = [torch.tensor(a, requires_grad=True) for a in (W, U, b, xs, h0)]
        W, U, b, xs, h = leaves
        total = 0
        for x, dh in zip(xs, torch.tensor(dhs), strict=True):
            h = torch.tanh(x @ W.T + h @ U.T + b)
            total = total + (dh * h).sum()
        return torch.autograd.grad(total, leaves)

    assert exercises.run(exercises.get("E1.2"), bptt).passed


def test_norm_of_torch_is_near_enough():
    torch = pytest.importorskip("torch")

    def clip_by_global_norm(grads, max_norm):
        parameters = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads]
        for p, g in zip(parameters, grads, strict=True):
            p.grad = torch.tensor(g)
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        return [p.grad for p in parameters], norm

    result = exercises.run(exercises.get("E2.4"), clip_by_global_norm)
    assert result.passed, result.text


# --- being attempted, or not ------------------------------------------------------------------------------------


def not_implemented(W, U, b, x, h_):
    raise NotImplementedError


def only_passes(W, U, b, x, h_):
    """Nothing yet."""


@pytest.mark.parametrize("answer", [None, ..., not_implemented, only_passes, lambda *args: ...])
def test_not_attempted(answer):
    result = exercises.run(exercises.get("E1.1"), answer)
    assert result.text == "E1.1: not attempted" and not result.attempted


def test_what_a_library_has_not_implemented_is_an_attempt():
    torch = pytest.importorskip("torch")

    def rnn_step(W, U, b, x, h_):
        return torch.zeros(3, 5, device="meta").cpu()

    result = exercises.run(exercises.get("E1.1"), rnn_step)
    assert result.attempted and "NotImplementedError" in result.text


def test_a_forgotten_return_is_an_attempt():
    def rnn_step(W, U, b, x, h_):
        h = np.tanh(x @ W.T + h_ @ U.T + b)  # noqa: F841

    result = exercises.run(exercises.get("E1.1"), rnn_step)
    assert result.attempted and "is a `return` missing" in result.text


# --- exceptions, prints, surroundings ---------------------------------------------------------------------------


def test_an_exception_is_shown_in_a_few_lines_of_the_learners_code():
    def helper(x, W):
        return x @ W

    def rnn_step(W, U, b, x, h_):
        a = helper(x, W) + b
        return np.tanh(a)

    text = exercises.run(exercises.get("E1.1"), rnn_step).text
    assert "ValueError: matmul" in text and text.count("\n") < 12
    assert "in rnn_step:  a = helper(x, W) + b" in text
    assert "in helper:  return x @ W" in text
    assert "shapes: x (3, 2), W (5, 2)" in text
    assert "_engine" not in text and "site-packages" not in text and str(Path.home()) not in text


@pytest.mark.parametrize("leave", [sys.exit, SystemExit, GeneratorExit, BaseException])
def test_leaving_python_ends_the_answer_only(halving, leave):
    def leaves(x):
        raise leave("no more")

    text = exercises.run(halving, leaves).text
    assert f"✗ runs: {'SystemExit' if leave is sys.exit else leave.__name__}" in text and "in leaves" in text


def test_an_exception_that_cannot_say_what_it_is(halving):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def raises(x):
        raise Mute

    assert "✗ runs: Mute (case" in exercises.run(halving, raises).text


def test_ctrl_c_names_the_line_that_ran_and_is_an_attempt(own, capsys):
    own(solution=half, case=half_case)

    def endless(x):
        raise KeyboardInterrupt  # as Ctrl-C does, wherever the code is

    with pytest.raises(KeyboardInterrupt):
        exercises.check("E99.1", endless)
    said = capsys.readouterr().out
    assert said.startswith("E99.1: stopped while your code ran, in\n") and "in endless:  raise Keyboard" in said
    assert _state.entry("E99.1") == {"attempts": 1, "passes": 0, "hints": 0}


def test_the_learners_numpy_may_raise_where_ours_warns(halving):
    with np.errstate(all="raise"):
        assert "RuntimeWarning" not in exercises.run(halving, lambda x: x / 2 + 0 * np.exp(-1e4 * x**2)).text
        assert exercises.run(halving, half).passed
        assert np.geterr()["divide"] == "raise"


def test_an_exception_in_a_library_shows_the_learners_line_only(halving):
    def loads(x):
        return json.loads("{")

    text = exercises.run(halving, loads).text
    assert 'return json.loads("{")' in text and "decoder" not in text


def test_deep_recursion_stays_short(halving):
    def forever(x):
        return forever(x)

    text = exercises.run(halving, forever).text
    assert "RecursionError" in text and text.count("\n") < 14


def test_prints_of_the_learner_are_shown_once(halving, capsys):
    def chatty(x):
        print("x has shape", x.shape)
        return x / 2

    text = exercises.run(halving, chatty).text
    assert capsys.readouterr().out == ""
    assert text.count("x has shape (3, 5)") == 1 and text.count("x has shape") == 1


def test_long_prints_are_shortened(halving):
    def chatty(x):
        for _ in range(20):
            print("x" * 1000)
        return x / 2

    text = exercises.run(halving, chatty).text
    assert "… 12 more lines" in text and max(map(len, text.splitlines())) < 170


def test_a_number_replaced_in_a_list_is_a_changed_input(own):
    def total(xs: list) -> float:
        """The sum of the numbers."""
        return sum(xs)

    def spoils(xs):
        y = sum(xs)
        xs[1] = 0.0
        return y

    exercise = own(solution=total, case=lambda rng, n: ([1.0, 2.0, 3.0],), returns={"y": "a number"})
    assert exercises.run(exercise, lambda xs: sum(xs)).passed
    assert "xs[1] was changed in place" in exercises.run(exercise, spoils).text


def test_random_states_are_left_alone_and_checks_repeat(halving):
    torch = pytest.importorskip("torch")

    def noisy(x):
        return x / 2 + np.random.rand(*x.shape) + random.random() + torch.rand(1).numpy()  # noqa: NPY002

    before = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state().clone()  # noqa: NPY002
    texts = {exercises.run(halving, noisy).text for _ in range(3)}
    assert len(texts) == 1
    assert random.getstate() == before[0]
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])


def test_inputs_of_one_call_do_not_reach_the_next(halving):
    def spoils(x):
        y = x / 2
        x[:] = np.nan
        return y

    assert exercises.run(halving, spoils).stage == "inputs unchanged"


@pytest.mark.parametrize(
    "answer", [1j, "text", [[1], [1, 2]], object(), np.array(["a"]), float("inf"), [], {}, b"x", True]
)
@pytest.mark.parametrize("id", IDS)
def test_no_answer_makes_check_raise(id, answer, capsys):
    exercises.check(id, answer)
    exercises.check(id, lambda *args: answer)
    assert "passed" not in capsys.readouterr().out


def test_importing_exercises_loads_neither_torch_nor_matplotlib():
    code = (
        "import sys, lstmcourse.exercises; print([m for m in ('torch', 'matplotlib', 'IPython') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- hint, solution, progress -----------------------------------------------------------------------------------


def test_hints_come_one_by_one_and_are_remembered(capsys):
    for number, word in ((1, "direction"), (2, "equation"), (3, "first lines"), (3, "first lines")):
        exercises.hint("E1.1")
        assert f"hint {number} of 3 ({word})" in capsys.readouterr().out
    assert _state.entry("E1.1")["hints"] == 4


def test_help_by_symptom(capsys):
    exercises.hint("E1.1", "broadcast")
    assert "adds it to every row" in capsys.readouterr().out
    exercises.hint("E1.1", "it smells odd")
    out = capsys.readouterr().out
    assert "no help for 'it smells odd'" in out
    assert all(name in out for name in exercises.get("E1.1").symptoms)
    assert _state.entry("E1.1")["hints"] == 0


def test_solution_asks_for_an_attempt(capsys):
    exercises.solution("E1.1")
    assert "try it once first" in capsys.readouterr().out
    exercises.solution("E1.1", spoil=True)
    assert "return np.tanh(x @ W.T + h_ @ U.T + b)" in capsys.readouterr().out
    exercises.check("E1.1", exercises.get("E1.1").wrong["no bias"][0])
    capsys.readouterr()
    exercises.solution("E1.1")
    assert "return np.tanh(x @ W.T + h_ @ U.T + b)" in capsys.readouterr().out


def test_check_returns_nothing_and_prints_the_same_whatever_was_done_before(capsys):
    texts = []
    for _ in range(2):
        assert exercises.check("E1.2", exercises.get("E1.2").wrong["no carry"][0]) is None
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_progress_counts(capsys):
    exercises.check("E1.1", exercises.get("E1.1").wrong["no bias"][0])
    exercises.check("E1.1", exercises.get("E1.1").solution)
    exercises.check("E1.2", exercises.get("E1.2").wrong["no carry"][0])
    capsys.readouterr()
    exercises.progress()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"1 of {len(IDS)} exercises passed"
    assert next(line for line in lines if line.startswith("E1.1")).split()[-3:] == ["2", "0", "passed"]
    assert next(line for line in lines if line.startswith("E1.2")).split()[-3:] == ["1", "0", "tried"]
    assert next(line for line in lines if line.startswith("E1.3")).endswith("not yet tried")


def test_progress_as_a_table_has_a_caption_and_header_cells():
    table = exercises._table("0 of 1", [("E1.1", "a < b", "8", "0", "0", "tried")])
    assert "<caption>0 of 1</caption>" in table and '<th scope="row">E1.1</th>' in table
    assert table.count('<th scope="col"') == len(exercises.COLUMNS) and "a &lt; b" in table


def test_in_a_notebook_solution_is_markdown_and_progress_is_html(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(exercises, "_in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", shown.append)
    exercises.solution("E1.3", spoil=True)
    exercises.progress()
    assert shown[0].data.startswith("<details><summary>Solution of E1.3</summary>\n\n```python\ndef truncated_bptt(")
    assert shown[0].data.endswith("\n```\n\n</details>")
    assert shown[1].data.startswith("<table>")


def test_unknown_ids_name_the_nearest():
    with pytest.raises(
        ValueError, match=r"there is no exercise 'E1.11'. Did you mean E1.1 or .* All of them: .*E1.1, E1.2"
    ):
        exercises.check("E1.11", None)
    with pytest.raises(ValueError, match=r"there is no exercise 'nonsense'\. All of them"):
        exercises.hint("nonsense")
    assert exercises.get(" e1.1 ").id == "E1.1"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"hints": ("a", "b")}, "hints must be three"),
        ({"difficulty": 6}, "difficulty must be from 1 to 5, got 6"),
        ({"kind": "essay"}, 'kind must be "code" or "experiment", got \'essay\''),
        ({"solution": adds_in_place}, "adds_in_place needs a docstring"),
    ],
)
def test_register_refuses(own, fields, text):
    with pytest.raises(ValueError, match=text):
        own(**{"solution": half, "case": half_case, **fields})


def test_an_id_can_be_taken_once(own):
    own(solution=half, case=half_case)
    own(solution=half, case=half_case)  # the same again, as after a reload
    with pytest.raises(ValueError, match=r"E99.1 is taken by .*half"):
        own(solution=exercises.get("E1.1").solution)
    with pytest.raises(ValueError, match=r"id must look like \"E4\.2\", got '1\.1'"):
        own("1.1", solution=half, case=half_case)


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"exercises": 3}', '{"exercises": {"E1.1": {"attempts": "x"}}}', "\0"]
)
def test_an_unreadable_file_is_moved_aside(home, capsys, text):
    home.mkdir()
    (home / "progress.json").write_text(text)
    assert _state.add("E1.1", attempts=1)["attempts"] == 1
    assert "progress.unreadable.json" in capsys.readouterr().out
    assert (home / "progress.unreadable.json").read_text() == text
    assert _state.load() == {"E1.1": {"attempts": 1, "passes": 0, "hints": 0}}
    assert capsys.readouterr().out == ""


def test_two_notebooks_may_write_at_once(home):
    def work():
        for _ in range(10):
            _state.add("E1.1", attempts=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _state.entry("E1.1")["attempts"] == 40
    assert sorted(p.name for p in home.iterdir()) == ["progress.json"]


def test_a_lock_left_behind_is_overridden(home, monkeypatch):
    home.mkdir()
    (home / "progress.lock").touch()
    monkeypatch.setattr(_state.time, "sleep", lambda s: None)
    ticks = iter([0.0, 3.0])
    monkeypatch.setattr(_state.time, "monotonic", lambda: next(ticks))
    assert _state.add("E1.1", hints=1)["hints"] == 1
    assert not (home / "progress.lock").exists()


def test_a_failed_write_leaves_the_old_file_and_is_told(home, monkeypatch, capsys):
    _state.add("E1.1", attempts=1)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_state.os, "replace", full)
    _state.add("E1.1", attempts=1)
    assert "could not be saved: No space left on device" in capsys.readouterr().out
    monkeypatch.undo()
    assert json.loads((home / "progress.json").read_text())["exercises"]["E1.1"]["attempts"] == 1
    assert [p.name for p in home.iterdir()] == ["progress.json"]


def test_where_nothing_can_be_written_hints_and_solution_still_go_on(home, capsys):
    home.touch()  # a file where the folder should be
    for number in (1, 2, 3):
        exercises.hint("E1.1")
        assert f"hint {number} of 3" in capsys.readouterr().out
    exercises.check("E1.1", exercises.get("E1.1").wrong["no bias"][0])
    assert "could not be saved" not in capsys.readouterr().out, "told once"
    exercises.solution("E1.1")
    assert "return np.tanh(x @ W.T + h_ @ U.T + b)" in capsys.readouterr().out
    home.unlink()
    exercises.check("E1.2", exercises.get("E1.2").wrong["no carry"][0])  # it can be written again
    kept = json.loads((home / "progress.json").read_text())["exercises"]
    assert kept["E1.1"] == {"attempts": 1, "passes": 0, "hints": 3} and kept["E1.2"]["attempts"] == 1
    assert _state._unsaved == {}


def test_a_file_that_can_neither_be_read_nor_moved_is_told_as_it_is(home, monkeypatch, capsys):
    (home / "progress.json").mkdir(parents=True)

    def stays(*args):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(_state.os, "replace", stays)
    assert _state.add("E1.1", hints=1)["hints"] == 1
    assert "It stays as it is; counting starts again" in capsys.readouterr().out


def test_a_folder_without_the_right_to_write_costs_no_waiting(home, monkeypatch, capsys):
    home.mkdir()

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_state.os, "open", refuse)
    monkeypatch.setattr(_state.os, "access", lambda *args: False)
    monkeypatch.setattr(_state.time, "sleep", lambda s: pytest.fail("waits for nothing"))
    assert _state.add("E1.1", hints=1)["hints"] == 1
    assert "could not be saved: Permission denied" in capsys.readouterr().out


def test_a_tilde_is_the_users_home(home, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", "~/course")
    assert _state.path() == Path.home() / "course" / "progress.json"


def test_without_the_variable_the_users_data_directory_is_used(monkeypatch):
    monkeypatch.delenv("LSTMCOURSE_HOME")
    assert _state.path().name == "progress.json" and "lstmcourse" in _state.path().parts


# --- the notebooks ----------------------------------------------------------------------------------------------


def checks_of(path):
    """(id, name of the answer, sources of the cells before) of every check in a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    before = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            before.append(source)
            plain = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
            for node in ast.walk(ast.parse(plain)):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func).split(".")[-1] == "check"
                    and len(node.args) == 2
                ):
                    yield ast.literal_eval(node.args[0]), ast.unparse(node.args[1]), list(before)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_stubs_in_a_notebook_are_the_registered_ones(path):
    markdown = "\n".join(
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
    for id, answer, before in checks_of(path):
        exercise = exercises.get(id)
        wanted = ast.parse(exercise.stub).body[0]
        name = wanted.name if isinstance(wanted, ast.FunctionDef) else ast.unparse(wanted.targets[0])
        assert answer == name, f'{path.name}: check("{id}", …) must check {name}'
        assert any(exercise.stub in source for source in before), f"{path.name}: {id}'s stub must be\n{exercise.stub}"
        assert exercise.heading in markdown, f"{path.name}: the heading must be {exercise.heading!r}"
        assert exercise.facts in markdown, f"{path.name}: below the heading of {id} must stand {exercise.facts!r}"


@pytest.mark.parametrize("number", sorted({int(id[1:].split(".")[0]) for id in IDS}))
def test_every_registered_exercise_stands_in_its_notebook(number):
    paths = [p for p in NOTEBOOKS if p.name.startswith(f"{number:02d}_")]
    assert len(paths) == 1, f"exercises E{number}.… are registered, and notebook {number:02d} stands {len(paths)} times"
    found = {id for id, _, _ in checks_of(paths[0])}
    assert found == {id for id in IDS if id.startswith(f"E{number}.")}
