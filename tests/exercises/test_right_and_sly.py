"""Right answers in any style pass; answers that are right only where a careless check looks do not."""

import builtins
import math
import sys

import numpy as np
import pytest

from lstmcourse import exercises
from tests.exercises import right, right_from_05
from tests.exercises.own import half, half_case, own
from tests.exercises.right import GRU_BACK, LSTM, LSTM97, LSTM_BACK, RNN, RNN_BACK, defined

RIGHT = right.RIGHT | right_from_05.RIGHT
WAYS = [(slug, k) for slug, ways in RIGHT.items() for k in range(len(ways))]


@pytest.mark.parametrize(("slug", "k"), WAYS)
def test_a_right_answer_in_another_way_passes(slug, k):
    exercise = exercises.get(slug)
    result = exercises.run(exercise, defined(RIGHT[slug][k], exercise.name))
    assert result.passed, result.text


@pytest.mark.parametrize("id", exercises.ids())
def test_an_exercise_has_three_other_right_ways(id):
    assert len(set(RIGHT[exercises.get(id).slug])) >= 3


MEMORY = f"""
{RNN}
memory = {{}}
right = rnn_step
def rnn_step(W, U, b, x, h_):
"""
RIGHT_STEP = f"{RNN}\nright = rnn_step\ndef rnn_step(W, U, b, x, h_):\n    "
BACK = "return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U"

#: (exercise, source, the stage that stops, what is said): nobody passes with one of these by mistake.
SLY = {
    "a result kept by shape": (
        "rnn_step", MEMORY + "    return memory.setdefault(x.shape, right(W, U, b, x, h_))",
        "values", "For other numbers in the same shapes your function returns what it returned before",
    ),
    "weights kept by shape": (
        "rnn_step", MEMORY + "    kept = memory.setdefault(W.shape, (W, U, b))\n    return right(*kept, x, h_)",
        "values", "once more",
    ),
    "gradients clipped": (
        "rnn_backward",
        RNN_BACK.replace(BACK, f"return tuple(np.clip(d, -9, 9) for d in ({BACK[7:]}))"),
        "large and tiny gradients", "is 9, expected",
    ),
    "one gradient clipped": (
        "lstm_backward", LSTM_BACK.replace("return da.T @ x", "return np.clip(da.T @ x, -5, 5)"),
        "large and tiny gradients", "dW[",
    ),
    "tiny gradients dropped": (
        "gru_backward", GRU_BACK.replace("    return", "    da = np.where(np.abs(da) < 1e-8, 0, da)\n    return"),
        "large and tiny gradients", "times 10^-9",
    ),
    "an eps in a norm": (
        "gradient_by_lag", RIGHT["gradient_by_lag"][0].replace("(dh ** 2).sum()", "(dh ** 2).sum() + 1e-20"),
        "edge cases", "expected 0",
    ),
    "a norm that is capped": (
        "clip_by_global_norm", RIGHT["clip_by_global_norm"][1].replace("** 0.5", "** 0.5\n    norm = min(norm, 1000)"),
        "edge cases", "when gradients that have exploded",
    ),
    "three parameters only": (
        "bptt", RIGHT["bptt"][0].replace("*params, xs[t]", "*params[:3], xs[t]"), "edge cases", "",
    ),
    "rounded, not whole": (
        "waits_up_to", "def waits_up_to(I, H, speed, wait):\n    return round(wait * speed / (8 * H * (I + H)))",
        "values", "is rounded to the nearest whole number",
    ),
    "the package's own cell": (
        "lstm_step", """
def lstm_step(W, U, b, x, h_, c_):
    from lstmcourse.reference import LSTM, Params
    return LSTM.forward(Params(W=W, U=U, b=b), x, (h_, c_))[0]
""",
        "runs", "your code calls forward of lstmcourse.reference, which is the course's own: write yours",
    ),
    "the solution itself": (
        "lstm_step", """
def lstm_step(*args):
    from lstmcourse.exercises import get
    return get("lstm_step").solution(*args)
""",
        "runs", "your code calls lstm_step, which is the course's own: write yours",
    ),
    "np.tanh replaced": (
        "rnn_step", RIGHT_STEP + "np.tanh = lambda a: a\n    return right(W, U, b, x, h_)",
        "runs", "your code replaced numpy.tanh, which all other code uses too (it has been put back)",
    ),
    "np.isclose replaced": (
        "rnn_step", RIGHT_STEP + "np.isclose = lambda *a, **k: np.True_\n    return (0 * h_,)",
        "runs", "your code replaced numpy.isclose",
    ),
    "np.linalg.norm replaced": (
        "rnn_step", RIGHT_STEP + "np.linalg.norm = abs\n    return right(W, U, b, x, h_)", "runs", "numpy.linalg.norm",
    ),
    "a builtin replaced": (
        "rnn_step", RIGHT_STEP + "import builtins\n    builtins.len = None\n    return right(W, U, b, x, h_)",
        "runs", "your code replaced builtins.len",
    ),
    "float32 at the end": (
        "rnn_step", RIGHT_STEP + "return (right(W, U, b, x, h_)[0].astype(np.float32),)",
        "dtype", "must have dtype float64, as the inputs have, got float32",
    ),
    "float32 on the way": (
        "rnn_step",
        RIGHT_STEP + "W, x = W.astype(np.float32), x.astype(np.float32)\n    return right(W, U, b, x, h_)",
        "values", "as if computed in float32, or with a small number (eps) added somewhere",
    ),
    "float32 in lists": (
        "rnn_backward",
        RNN_BACK.replace(BACK, f"return [d.astype(np.float32).tolist() for d in ({BACK[7:]})]"),
        "values", "as if computed in float32",
    ),
    "two gigabytes": (
        "rnn_step", "def rnn_step(W, U, b, x, h_):\n    return (np.zeros(250_000_000),)",
        "shape", "must have shape (3, 5) = (B, H), got (250000000,)",
    ),
    "a list of millions": (
        "rnn_step", "def rnn_step(W, U, b, x, h_):\n    return ([0.0] * 5_000_000,)", "shape", "got a list of 5000000",
    ),
    "sys.stdout closed": (
        "rnn_step", RIGHT_STEP + "import sys\n    sys.stdout.close()\n    return (2 * right(W, U, b, x, h_)[0],)",
        "values", "is twice what it should be",
    ),
    "an __array__ that exits": (
        "rnn_step", """
class Leaves:
    def __array__(self, *args, **kwargs):
        raise SystemExit
def rnn_step(W, U, b, x, h_):
    return (Leaves(),)
""",
        "shape", "must be an array, got a Leaves",
    ),
    "an array that equals everything": (
        "rnn_step", """
class Equal(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros((3, 5))
def rnn_step(W, U, b, x, h_):
    return (np.zeros((len(x), len(b))).view(Equal),)
""",
        "values", "",
    ),
    "right four times": (
        "lstm_step",
        "calls = []" + LSTM.replace("    return", "    calls.append(1)\n    c = -c if calls[4:] else c\n    return"),
        "values", "once more",
    ),
    "another result each time": (
        "sample", "def sample(logits, temperature, u):\n    return np.random.randint(logits.shape[1], size=len(u))",
        "values", "Your function returns something else each time that it is called",
    ),
    "no number": (
        "cross_entropy", "def cross_entropy(logits, targets):\n    return 0.0, set(logits.ravel())",
        "shape", "got a set",
    ),
    "rounded": (
        "expected_size", RIGHT["expected_size"][0].replace("np.array(sizes)", "np.round(sizes, 6)"),
        "values", "rounded to 6 places",
    ),
    "an eps in a factor": (
        "clip_by_global_norm", RIGHT["clip_by_global_norm"][1].replace("max_norm / norm", "max_norm / (norm + 1e-12)"),
        "edge cases", "when gradients and max_norm are tiny",
    ),
    "letters that end at 127": (
        "sample", RIGHT["sample"][0].replace("def sample", "def right") + """
def sample(logits, temperature, u):
    return np.asarray(right(logits, temperature, u)).astype(np.int8)
""",
        "dtype", "letters must have dtype int64, got int8, which ends at 127",
    ),
    "a float for a whole number": (
        "equal_width", RIGHT["equal_width"][0].replace("def equal_width", "def right") + """
def equal_width(inputs, units):
    return float(right(inputs, units))
""",
        "dtype", "H must be a whole number (an int), got 151.0, a float",
    ),
    "right for a small batch": (
        "lstm97_step",
        LSTM97.replace("    return", "    c = np.where(np.arange(len(c))[:, None] < 5, c, c_)\n    return"),
        "values", "(case B=8, I=1, H=3)",
    ),
    "a mean through which no gradient passes": (
        "mean_valid", RIGHT["mean_valid"][0].replace("out[:n, k]", "out.detach()[:n, k]"),
        "a gradient passes", "no gradient passes through mean: use operations of torch only",
    ),
    "ends by NumPy": (
        "both_ends", RIGHT["both_ends"][0].replace("H = ", "out = out.detach()\n    H = "),
        "a gradient passes", "no gradient passes through ends",
    ),
    "a loop in place of a scan": (
        "scan", """
def scan(a, b):
    h = [b[0]]
    for t in range(1, len(b)):
        h.append(a[t] * h[-1] + b[t])
    return np.stack(h)
""",
        "few rounds", "but for 512 steps Python goes through",
    ),
    "attention by NumPy": (
        "attend",
        RIGHT["attend"][1].replace("    padding =", "    keys, scores = keys.data, scores.data\n    padding ="),
        "a gradient passes", "no gradient passes through context",
    ),
    "gates that saturate early": (
        "lstm_step", LSTM.replace("sigmoid(f)", "sigmoid(np.clip(f, -20, 20))"), "edge cases", "c[",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SLY)
def test_a_sly_answer_is_rejected_and_told(name):
    slug, source, stage, said = SLY[name]
    exercise = exercises.get(slug)
    before = np.tanh, np.isclose, np.linalg.norm, builtins.len, math.exp, sys.stdout
    result = exercises.run(exercise, defined(source, exercise.name))
    assert before == (np.tanh, np.isclose, np.linalg.norm, builtins.len, math.exp, sys.stdout)
    assert not result.passed and result.stage == stage, result.text
    assert said in result.text, result.text
    assert exercises.run(exercise, exercise.solution).passed, "an answer must not spoil the check of the next"


def test_a_function_given_to_the_answer_may_be_ours():
    """`bptt` is handed a step back that calls a cell of the package, and calls it."""
    assert exercises.run(exercises.get("bptt"), defined(RIGHT["bptt"][0], "bptt")).passed


def test_an_earlier_answer_of_the_course_may_be_called():
    source = "from lstmcourse.exercises import get\nrnn_step = get('rnn_step').solution\n" + RNN_BACK.replace(
        "h = np.tanh(x @ W.T + h_ @ U.T + b)", "(h,) = rnn_step(W, U, b, x, h_)"
    )
    assert exercises.run(exercises.get("rnn_backward"), defined(source, "rnn_backward")).passed


@pytest.mark.parametrize(("answer", "passes"), [(5.9e-6, True), (8e-6, False), (0.0, False), (-5e-6, False)])
def test_a_band_around_a_small_number_does_not_hold_zero(answer, passes):
    def tiny():
        """A value that was measured."""
        return 5e-6

    exercise = own(kind="experiment", solution=tiny, returns={"y": "a number"}, atol=0.004)
    assert exercises.run(exercise, answer).passed == passes


def test_whole_numbers_are_exact():
    def count(x: np.ndarray) -> int:
        """A large whole number."""
        return 10**12

    exercise = own(solution=count, case=half_case, returns={"n": "a whole number"})
    assert exercises.run(exercise, lambda x: 10**12).passed
    assert not exercises.run(exercise, lambda x: 10**12 + 1).passed


def test_a_case_comes_once_more_in_the_same_shapes_with_other_numbers():
    trial = exercises.Trial(own(solution=half, case=half_case), half)
    cases = dict(trial.cases())
    first, again = "T=4, B=3, I=2, H=5", "T=4, B=3, I=2, H=5 once more"
    names = list(cases)
    assert (names[0], names[-1]) == (first, again)
    assert cases[first][0].shape == cases[again][0].shape and not np.any(cases[first][0] == cases[again][0])
