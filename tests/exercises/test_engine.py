"""The engine: which stage stops, what it says, and what it leaves untouched."""

import html
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lstmcourse import _shown, exercises
from lstmcourse.exercises import _state
from tests.exercises.own import PLAIN, half, half_case, own

# --- the stages -------------------------------------------------------------------------------------------------


@pytest.fixture
def halving():
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
        (lambda x: x.T, "shape", "y must have shape (3, 5) = (B, H), got (5, 3) = (H, B) (case T=4, B=3, I=2, H=5)"),
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

    x = next(exercises.Trial(halving, one_off).cases())[1][0]
    text = exercises.run(halving, one_off).text
    assert f"y[2, 1] is {x[2, 1] / 2 + 3:.4g}, expected {x[2, 1] / 2:.4g}; 1 of 15 numbers differ" in text


def test_the_gradient_stage_trusts_differences_more_than_the_solution():
    def slope(x: np.ndarray) -> np.ndarray:
        """Claims that the derivative of x² is x."""
        return x

    exercise = own(solution=slope, case=half_case, loss=lambda *base: lambda x: float(np.sum(x**2)), wrt={"y": "x"})
    result = exercises.run(exercise, lambda x: x + 0.0)
    assert result.stage == "gradient" and "central differences say" in result.text


def test_nested_answers_are_compared_part_by_part():
    def parts(x: np.ndarray) -> tuple:
        """A dict, a list and a namespace."""
        return {"a": x}, [x, 2 * x], SimpleNamespace(h=x)

    exercise = own(solution=parts, case=half_case, returns={"first": "", "second": "", "third": ""})
    assert exercises.run(exercise, lambda x: [{"a": x}, (x, 2 * x), SimpleNamespace(h=x)]).passed
    assert "second[1][" in exercises.run(exercise, lambda x: ({"a": x}, [x, x], SimpleNamespace(h=x))).text
    assert "third['h']" in exercises.run(exercise, lambda x: ({"a": x}, [x, 2 * x], SimpleNamespace(h=x[:, :1]))).text
    assert "first must have the keys a, got" in exercises.run(exercise, lambda x: ({"b": x}, [x, x], 1)).text


def test_a_mistake_is_named_even_when_it_raises_on_some_case():
    def wrong(x):
        return x[2]  # an IndexError for a batch of one

    exercise = own(solution=half, case=half_case, wrong={"third": (wrong, "only the third row is taken")})
    assert exercises.run(exercise, lambda x: x[2]).mistake == "third"
    assert exercises.run(exercise, lambda x: x[1]).mistake is None


def test_custom_stages():
    def positive(trial):
        if (trial.got[0].result < 0).any():
            raise exercises.Failed("a number is negative")
        return "all positive"

    exercise = own(solution=half, case=half_case, stages=(*exercises.STAGES[:2], ("sign", positive)))
    assert "sign (all positive)" in exercises.run(exercise, np.abs).text
    assert exercises.run(exercise, lambda x: -np.abs(x)).stage == "sign"


def test_torch_answers_are_accepted():
    torch = pytest.importorskip("torch")

    def plain_step(W, U, b, x, h_):
        W, U, b, x, h_ = (torch.tensor(a, requires_grad=True) for a in (W, U, b, x, h_))
        return torch.tanh(x @ W.T + h_ @ U.T + b)

    result = exercises.run(PLAIN, plain_step)
    assert result.passed, result.text


# --- being attempted, or not ------------------------------------------------------------------------------------


def not_implemented(W, U, b, x, h_):
    raise NotImplementedError


def only_passes(W, U, b, x, h_):
    """Nothing yet."""


@pytest.mark.parametrize("answer", [None, ..., not_implemented, only_passes, lambda *args: ...])
def test_not_attempted(answer):
    result = exercises.run(PLAIN, answer)
    assert result.text == "E99.2: not attempted" and not result.attempted


def test_what_a_library_has_not_implemented_is_an_attempt():
    torch = pytest.importorskip("torch")

    def plain_step(W, U, b, x, h_):
        return torch.zeros(3, 5, device="meta").cpu()

    result = exercises.run(PLAIN, plain_step)
    assert result.attempted and "NotImplementedError" in result.text


def test_a_forgotten_return_is_an_attempt():
    def plain_step(W, U, b, x, h_):
        h = np.tanh(x @ W.T + h_ @ U.T + b)  # noqa: F841

    result = exercises.run(PLAIN, plain_step)
    assert result.attempted and "is a `return` missing" in result.text


# --- exceptions, prints, surroundings ---------------------------------------------------------------------------


def test_an_exception_is_shown_in_a_few_lines_of_the_learners_code():
    def helper(x, W):
        return x @ W

    def plain_step(W, U, b, x, h_):
        a = helper(x, W) + b
        return np.tanh(a)

    text = exercises.run(PLAIN, plain_step).text
    assert "ValueError: matmul" in text and text.count("\n") < 12
    assert "in plain_step:  a = helper(x, W) + b" in text
    assert "in helper:  return x @ W" in text
    assert "shapes: x (3, 2) = (B, I), W (5, 2) = (H, I)" in text
    assert "_running" not in text and "site-packages" not in text and str(Path.home()) not in text


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


def test_ctrl_c_names_the_line_that_ran_and_is_an_attempt(halving, monkeypatch, capsys):
    monkeypatch.setattr(exercises, "get", {"E99.1": halving}.get)

    def endless(x):
        raise KeyboardInterrupt  # as Ctrl-C does, wherever the code is

    with pytest.raises(KeyboardInterrupt):
        exercises.check("E99.1", endless)
    said = capsys.readouterr().out
    assert said.startswith("E99.1: stopped while your code ran, in\n") and "in endless:  raise Keyboard" in said
    assert _state.entry("half") == {"attempts": 1, "passes": 0, "hints": 0, "stub": ""}


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


def test_a_number_replaced_in_a_list_is_a_changed_input():
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


def test_importing_exercises_loads_neither_torch_nor_matplotlib():
    code = (
        "import sys, lstmcourse.exercises; print([m for m in ('torch', 'matplotlib', 'IPython') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- an answer that calls another answer --------------------------------------------------------------------------

BACKWARD = """
import numpy as np
{step}
def rnn_backward(W, U, b, x, h_, dh):
    (h,) = rnn_step(W, U, b, x, h_)
    da = dh * (1 - h**2)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ {U}
"""
STEP = "def rnn_step(W, U, b, x, h_): "


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("...", "is still the stub"),
        ("return (np.tanh(W @ x + U @ h_ + b),)", 'stops at "runs" of its own check'),
        ("return (np.tanh(x @ W.T + h_ @ U + b),)", 'stops at "values" of its own check'),
    ],
)
def test_a_function_of_an_earlier_exercise_that_fails_is_named_where_it_is_called(step, said):
    scope = {}
    exec(BACKWARD.format(step=STEP + step, U="U"), scope)
    result = exercises.run(exercises.get("E1.3"), scope["rnn_backward"])
    assert f'Your rnn_step, which this calls, {said}: first check("E1.2", rnn_step).' in result.text
    assert "This is what you get" not in result.text


def test_a_right_function_of_an_earlier_exercise_is_not_blamed():
    scope = {}
    exec(BACKWARD.format(step=STEP + "return (np.tanh(x @ W.T + h_ @ U.T + b),)", U="U.T"), scope)
    result = exercises.run(exercises.get("E1.3"), scope["rnn_backward"])
    assert not result.passed
    assert "which this calls" not in result.text
    assert "U.T is used on the way back" in result.text


def test_an_answer_that_cannot_be_looked_into_has_its_verdict(monkeypatch, capsys):
    monkeypatch.setattr("lstmcourse.exercises._stages.found", lambda *args: 1 / 0)
    exercises.check("E1.2", lambda W, U, b, x, h_: (x @ W.T + 3 * h_ @ U.T,))
    out = capsys.readouterr().out
    assert out.startswith("E1.2 The recurrent step: not yet.\n  ✗ values: ")


def test_in_a_notebook_lines_wrap_between_words_under_their_own_beginning(monkeypatch):
    shown = []
    monkeypatch.setattr("lstmcourse._shown.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    exercises.check("E1.2", lambda W, U, b, x, h_: (np.tanh(x @ W.T + h_ @ U.T - b),))
    (data,) = shown
    assert data["text/plain"].startswith("E1.2 The recurrent step: not yet.\n  ✗ values: ")
    lines = re.findall(r'<div style="padding-left:(\d+)ch;text-indent:-2ch">(.*?)</div>', data["text/html"])
    assert [html.unescape(line) for _, line in lines] == [line.strip() for line in data["text/plain"].splitlines()]
    assert [int(indent) for indent, _ in lines[:3]] == [2, 4, 6] and "<b>" not in _shown.as_html("a <b> c")
