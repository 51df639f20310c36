"""What a check says of a mistake that has no name: variants of the solution, and what it can see by itself."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest

from lstmcourse import exercises
from lstmcourse.exercises import _tree, _variants
from tests.exercises.own import own
from tests.exercises.right import LSTM, LSTM97, LSTM_BACK, RIGHT, RNN, RNN_BACK, defined
from tests.exercises.right_from_05 import RIGHT as RIGHT_05

#: (slug, source, replaced, by what, what is told)
TOLD = {
    "one gate's slope has lost a factor": (
        LSTM_BACK, "dh * t * o * (1 - o)", "dh * t * (1 - o)", "the factor o is missing in da",
    ),
    "one name for another": (LSTM_BACK, "dc * g * i", "dh * g * i", "dh stands where dc belongs, in di"),
    "a sign": (RNN, "+ b", "- b", "x @ W.T + h_ @ U.T - b stands where x @ W.T + h_ @ U.T + b belongs"),
    "two variants at once": (
        LSTM_BACK, "dc * g * i * (1 - i), dc * c_ * f", "dc * g * (1 - i), dc * f",
        "two things are wrong at once:\n    - the factor c_ is missing in df.\n    - the factor i is missing in da.",
    ),
    "a mean for a sum": (
        LSTM_BACK, "da.T @ x", "da.T @ x / len(x)",
        "dW is divided by B, the size of the batch: a mean, where the sum is asked for.",
    ),
    "half": (LSTM_BACK, "da @ W", "da @ W / 2", "dx is half of what it should be."),
    "half, at one gate": (
        LSTM_BACK, "dc * i * (1 - g * g)", "dc * i * (1 - g * g) / 2", "In dW, dU and db the rows of g are half",
    ),
    "only one gate's rows": (
        LSTM_BACK, "dh * t * o * (1 - o)", "dh * t * np.minimum(o * (1 - o), 0.2)",
        "Of dW, dU and db only the rows of o differ.",
    ),
    "only one gradient": (RNN_BACK, "da @ W", "np.sin(da) @ W", "Only dx is wrong: look where it is made."),
    "two exchanged": (LSTM_BACK, "da @ U, dc * f", "dc * f, da @ U", "dh_ and dc_ are returned in the wrong order"),
    "transposed": (RNN_BACK, "da.T @ h_", "(da.T @ h_).T", "dU is transposed"),
    "the arguments in another order": (
        RNN, "b, x, h_):", "b, h_, x):",
        "takes its arguments as (W, U, b, h_, x); they are handed in as (W, U, b, x, h_), whatever their names.",
    ),
    "columns": (
        LSTM, "x @ W.T", "W @ x",
        "W @ x is the equation for one column. Here the rows of x are the batch, so the product is x @ W.T.",
    ),
    "columns by np.dot": (
        RNN, "x @ W.T + h_ @ U.T", "np.dot(W, x) + np.dot(U, h_)", "np.dot(W, x) is the equation for one column.",
    ),
    "not transposed": (
        LSTM, "h_ @ U.T", "h_ @ U",
        "h_ = (B, H) and U = (4H, H) do not fit in h_ @ U: the last axis of the one must be the first of the other. "
        "h_ @ U.T fits.",
    ),
    "cut along the batch": (LSTM, "4, axis=1", "4", "np.split cuts along axis 0 where it is told nothing else"),
    "σ before tanh": (
        LSTM97, "np.tanh(a[:, H", "np.tanh(sigmoid(a)[:, H",
        "a_g goes through σ before it goes through tanh, in c",
    ),
    "a state of two parts": (
        RIGHT["bptt"][0], "back[0] + dhs[t], *back[1:])", "back[0])",
        "This cell's state has 2 parts, and backward wants a gradient for each",
    ),
    "a diagonal of a batch": (
        RNN, "x @ W.T + h_ @ U.T", "x @ W.T @ np.diag(h_) + h_ @ U.T", "np.diag takes the diagonal out of an array",
    ),
    "arrays of different shapes as one": (
        RIGHT["clip_by_global_norm"][0], "np.concatenate([g.ravel() for g in grads])", "grads",
        "NumPy makes no one array of arrays with different shapes.",
    ),
    "a list for an array": (
        RIGHT["clip_by_global_norm"][1], "sum(float((g * g).sum()) for g in grads)", "np.sum(grads**2)",
        "One of the two is a list, and an operation takes an array",
    ),
    "an axis less": (
        RIGHT["lstm_factors"][0], "[[c0], cs[:-1]]", "[c0, cs[:-1]]", "One array has an axis less than the other",
    ),
    "cut into too few": (LSTM, "4, axis=1", "3, axis=1", "Cut into 4: the rows of i, f, g, o are all there are."),
    "used before it is set": (
        LSTM, "sigmoid(f) * c_", "sigmoid(f) * c", "c is used here before the line that sets it.",
    ),
    "shapes that do not broadcast": (
        LSTM, "sigmoid(f) * c_", "sigmoid(f) * c_.sum(axis=1)", "and (B, H) and (B,) do not fit so.",
    ),
    "one gate's bias": (
        LSTM, "np.split(a, 4, axis=1)", "np.split(a, 4, axis=1)\n    o = o - np.split(b, 4)[3]",
        "the rows of o in b are left out",
    ),
    "one gate's block of U": (
        LSTM, "i, f, g, o = np.split(a, 4, axis=1)",
        "i, f, g, o = np.split(a, 4, axis=1)\n    u = np.split(U, 4)[1]\n    f = f - h_ @ u.T + h_ @ u",
        "the block of f in U is used the wrong way round",
    ),
    "one gate the other way": (LSTM, "sigmoid(i)", "sigmoid(-i)", "a_i has the other sign"),
    "one name for another, twice in a line": (
        LSTM_BACK, "f * (1 - f)", "i * (1 - i)", "i stands where f belongs",
    ),
    "what arrived": (
        LSTM_BACK, "dc * g * i", "DC * g * i", "the dc that arrived stands where the new dc belongs, in di",
    ),
    "what was not named": (
        LSTM_BACK, "dc * c_ * f", "dc * (f * c_ + i * g) * f", "df is dc times the new c; the forget gate multiplied",
    ),
    "outside the function": (RNN, "h_ @ U.T + b)", "h_ @ U.T) + b", "b is added after tanh instead of before"),
    "a factor at the other term": (
        LSTM97, "c_ + i * g", "i * c_ + g", "c_ * i + np.tanh(a_g) stands where c_ + i * np.tanh(a_g) belongs, in c",
    ),
    "a factor too many": (LSTM97, "c_ + i * g", "o * c_ + i * g", "c_ is multiplied by o as well, in c"),
    "an eps": (RNN, "+ b)", "+ b + 1e-8)", "or with a small number (eps) added somewhere."),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told(name, monkeypatch):
    monkeypatch.setattr("lstmcourse.exercises._naming.PATIENCE", 5)
    source, old, new, said = TOLD[name]
    assert source.count(old) == 1
    slug = source.split("def ")[1].split("(")[0]
    changed = source.replace(old, new)
    changed = changed.replace("    a =", "    DC = dc\n    a =", 1) if "DC" in new else changed
    result = exercises.run(exercises.get(slug), defined(changed, slug))
    assert not result.passed and said in result.text, result.text


def test_another_number_of_gates_is_not_told_to_be_another_axis():
    source = LSTM.replace("4, axis=1", "3, axis=1")
    text = exercises.run(exercises.get("lstm_step"), defined(source, "lstm_step")).text
    assert "array split does not result in an equal division" in text and "cuts along axis 0" not in text


def test_variants_of_a_solution_in_torch_are_tried():
    source = RIGHT_05["mean_valid"][1].replace("steps < lengths", "steps > lengths")
    text = exercises.run(exercises.get("mean_valid"), defined(source, "mean_valid")).text
    assert "> lengths stands where torch.arange(len(out))[:, None] < lengths belongs, in valid" in text


def test_one_step_late_and_another_part_in_its_place():
    late = RIGHT["gradient_by_lag"][0].replace("np.array(norms)", "np.array(norms[:1] + norms[:-1])")
    text = exercises.run(exercises.get("gradient_by_lag"), defined(late, "gradient_by_lag")).text
    assert "norms is right, but one step late." in text
    swapped = RIGHT["lstm_backward_all"][0].replace("das @ W, dh, dc", "das @ W, dc, dh")
    text = exercises.run(exercises.get("lstm_backward_all"), defined(swapped, "lstm_backward_all")).text
    assert "dc0 and dh0 are returned in each other's place." in text


def test_the_same_numbers_twice_are_no_sign_of_a_result_that_is_kept():
    wrong = defined("def equal_width(inputs, units):\n    return round(units * 4 / 3)", "equal_width")
    assert "what it returned before" not in exercises.run(exercises.get("equal_width"), wrong).text


def test_a_few_whole_numbers_do_not_tell_two_mistakes_at_once():
    source = """
def equal_width(inputs, units):
    k = inputs + 2
    return round((-k + np.sqrt(k * k + 16 * units * (k + units) / 3)) / 2)
"""
    result = exercises.run(exercises.get("equal_width"), defined(source, "equal_width"))
    assert not result.passed and "two things" not in result.text


def test_a_failing_shape_names_its_axes():
    turned = RNN_BACK.replace("da.T @ x,", "x.T @ np.tanh(da),")
    text = exercises.run(exercises.get("rnn_backward"), defined(turned, "rnn_backward")).text
    assert "dW must have shape (5, 2) = (H, I), got (2, 5) = (I, H)" in text
    text = exercises.run(exercises.get("rnn_step"), defined(RNN.replace("x @ W.T", "x @ W"), "rnn_step")).text
    assert "x (3, 2) = (B, I), W (5, 2) = (H, I)" in text


def test_a_mistake_keeps_its_name_when_an_edge_case_differs():
    def double(x: np.ndarray) -> np.ndarray:
        """Twice x (B, H)."""
        return 2 * x

    exercise = own(
        solution=double,
        case=lambda rng, n: (rng.normal(size=(n.B, n.H)),),
        edges={"x is zero": lambda rng: (np.zeros((1, 2)),)},
        wrong={"three": exercises.wrong("2 * x", "3 * x", "x is taken three times")},
    )
    assert exercises.run(exercise, lambda x: 3 * x + (not x.any())).mistake == "three"


def test_an_experiment_is_not_given_away():
    def measured():
        """A number."""
        return 8.0

    text = exercises.run(own(kind="experiment", solution=measured, returns={"y": "a number"}), 4.0).text
    assert "half" not in text and "8" not in text


@pytest.mark.parametrize("id", [id for id in exercises.ids() if exercises.get(id).wrong])
def test_a_failing_message_is_short_and_begins_with_the_verdict(id):
    exercise = exercises.get(id)
    for function, _ in list(exercise.wrong.values())[:4]:
        text = exercises.run(exercise, function() if exercise.kind == "experiment" else function).text
        lines = text.splitlines()
        assert lines[0] == f"{id} {exercise.title.rstrip('?')}: not yet." and lines[1].startswith("  ✗ ")
        assert sum(line.startswith("  ✓ ") for line in lines) <= 1
        assert len(" ".join(lines[:2]).partition("expected")[0].split()) <= 60 or "Error" in lines[1]


# --- the variants of a solution -----------------------------------------------------------------------------------

CODE = [id for id in exercises.ids() if exercises.get(id).kind == "code" and not exercises.get(id).stages]


@pytest.mark.parametrize("id", CODE)
def test_a_variant_is_rejected_and_named_or_does_what_the_solution_does(id, monkeypatch):
    """A sample of the solution's mutants: what passes must equal the solution on cases that the check has not seen."""
    monkeypatch.setattr("lstmcourse.exercises._naming.PATIENCE", 5)
    exercise = exercises.get(id)
    trial = exercises.Trial(exercise, exercise.solution)
    made = _variants.variants(exercise.solution, next(trial.cases())[1], tuple(exercise.returns))
    for name, (patch, _) in list(made.items())[3 :: max(1, len(made) // 3)]:
        try:
            ast.parse(patch.source)
        except SyntaxError:
            continue
        result = exercises.run(exercise, patch.function)
        if result.passed:
            unseen = exercises.Trial(exercise, patch.function)
            unseen.cases = lambda: ((label, args) for seed in range(50, 60) for label, args in cases(exercise, seed))
            assert all(same(exercise, got, want) for got, want in zip(unseen.got, unseen.wanted, strict=True)), name
        elif result.stage in ("values", "edge cases"):
            assert result.mistake or result.found, f"{name}\n{result.text}"


def cases(exercise, seed):
    for size in exercise.sizes:
        yield str(size), exercise.case(np.random.default_rng(seed), SimpleNamespace(**size))


def same(exercise, got, want):
    return got.error is None and _tree.same(got.result, want.result, exercise.rtol, exercise.atol)


def test_a_solution_with_while_has_no_variants():
    assert _variants.variants(exercises.get("equal_width").solution, (2, 3)) == {}


def test_names_are_exchanged_only_for_names_of_the_same_shape_that_are_known_by_then():
    exercise = exercises.get("lstm_backward")
    made = _variants.variants(exercise.solution, next(exercises.Trial(exercise, None).cases())[1])
    assert "dh stands where dc belongs, in di" in made
    assert "W stands where dc belongs, in di" not in made and "dg stands where o belongs, in dc" not in made
