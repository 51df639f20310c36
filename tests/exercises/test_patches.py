"""Mistakes as patches: found exactly once, compiled beside the solution, generated for each gate, two at once."""

import re

import numpy as np
import pytest

from lstmcourse import exercises
from lstmcourse.exercises import _naming, wrong
from lstmcourse.exercises._patches import Patched
from tests.exercises.own import own

OFFSET = 1.0


def line(x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y = a x + 1 and z = a - x, for x and a (B, H)."""
    y = a * x + OFFSET
    z = a - x  # a less x
    return y, z


def tripled(x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y = 3 x and z = 3 a, for x and a (B, H)."""
    s = 3.0
    return s * x, s * a


def line_case(rng, n):
    return rng.normal(size=(n.B, n.H)), rng.normal(size=(n.B, n.H))


def lines(**mistakes):
    return own(
        solution=line,
        case=line_case,
        sizes=exercises.STEP_SIZES,
        returns={"y": "(B, H)", "z": "(B, H)"},
        wrong=mistakes,
    )


TURNED = wrong("z = a - x", "z = x - a", "z is x - a.")
EXERCISE = lines(
    no_offset=wrong(" + OFFSET", "", "1 is left out of y"),
    turned=TURNED,
    exchanged=wrong("return y, z", "return z, y", "z is returned first"),
    squared=wrong(lambda x, a: (a * x**2 + OFFSET, a - x), "x is squared"),
    both=wrong("a * x", "a", "a - x", "-x", "a is taken for 1 in one place and for 0 in the other"),
)


def test_a_patch_is_the_solution_with_one_text_replaced(monkeypatch):
    x, a = np.array([[2.0]]), np.array([[3.0]])
    call = lambda name: tuple(float(v[0, 0]) for v in EXERCISE.wrong[name][0](x, a))
    assert call("no_offset") == (6, 1) and call("turned") == (7, -1) and call("both") == (4, -2)
    assert EXERCISE.solution(x, a)[0] == 7
    monkeypatch.setitem(globals(), "OFFSET", 10.0)
    assert call("turned") == (16, -1), "a patch lives where the solution lives"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("b * x", "x", "never"), r"'b \* x' must occur once in the body of line, it occurs 0 times"),
        (("a", "b", "many"), r"'a' must occur once in the body of line, it occurs [3-9] times"),
        (("y = a x", "", "in the docstring"), "it occurs 0 times"),
        (("", "a", "nothing"), "must occur once"),
        (("a * x", "a", "x + OFFSET", "x", "overlap"), "two changes of line overlap"),
    ],
)
def test_a_text_that_does_not_occur_exactly_once_is_refused(parts, text):
    with pytest.raises(ValueError, match=text):
        lines(mistake=wrong(*parts))


@pytest.mark.parametrize("parts", [("a",), ("a", "b"), ("a", "b", "c", "d"), (np.abs, "b", "c"), ("a", 1, "b")])
def test_wrong_takes_pairs_of_texts_or_a_function(parts):
    with pytest.raises(ValueError, match="wrong takes old and new texts in pairs, or a function, and then a sentence"):
        wrong(*parts)


def test_per_gate_puts_the_letter_in():
    assert exercises.per_gate("if", "no {k}", "a_{k}", "0", "{k} is gone") == {
        "no i": wrong("a_i", "0", "i is gone"), "no f": wrong("a_f", "0", "f is gone")
    }  # fmt: skip


ALL = [id for id in exercises.ids() if any(isinstance(fn, Patched) for fn, _ in exercises.get(id).wrong.values())]


VERBS = re.compile(
    r"(^| )(is|are|was|were|has|have|does|do|goes|go|gets?|takes?|comes|stands?|stays?|lies?|gives?|keeps|looks?|sees?|"
    r"lets|leaves|loses|counts|multiplies|cannot|can|holds?|acts|adds|shows|reads|begins|makes|grows|opens|fires|meets|"
    r"runs|gates|forgets|knows|serves|decides|fits|shuts|replaces|carries|starts|enters|changes?|passes|squashes|picks|"
    r"ends|=)[ ,]"
)


@pytest.mark.parametrize("id", exercises.ids())
def test_what_follows_when_is_a_sentence(id):
    for name, (_, said) in exercises.get(id).wrong.items():
        assert VERBS.search(f"{re.split('[:;.] ', said)[0]} "), f"{id} {name}: {said}"
        assert not re.match(r"[A-Z][a-z]{2,} ", said), f"{id} {name}: {said}"


@pytest.mark.parametrize("id", ALL)
def test_every_patch_compiles_and_is_not_the_solution(id):
    exercise = exercises.get(id)
    patches = {name: fn for name, (fn, _) in exercise.wrong.items() if isinstance(fn, Patched)}
    assert all(callable(patch.function) for patch in patches.values())
    sources = [patch.source for patch in patches.values()]
    assert len(set(sources)) == len(sources), "two mistakes are one and the same"


# --- two at once ------------------------------------------------------------------------------------------------


def test_two_mistakes_at_once_are_told():
    def both(x, a):
        return a * x, x - a

    result = exercises.run(EXERCISE, both)
    assert result.mistake == "no_offset + turned"
    said = "    This is what you get when two things are wrong at once:\n    - 1 is left out of y.\n    - z is x - a.\n"
    assert said in result.text


def test_one_mistake_is_named_before_two():
    assert exercises.run(EXERCISE, lambda x, a: (a - x, a * x + 1)).mistake == "exchanged"


def test_two_mistakes_that_are_not_known_are_not_named():
    assert exercises.run(EXERCISE, lambda x, a: (a * x + 2, x - a)).mistake is None


def test_two_mistakes_are_told_where_one_undoes_a_part_of_the_other():
    exercise = own(
        solution=tripled,
        case=line_case,
        sizes=exercises.STEP_SIZES,
        returns={"y": "(B, H)", "z": "(B, H)"},
        wrong={
            "doubled": wrong("s = 3.0", "s = 2.0", "both are doubled"),
            "z as it is": wrong("s * a", "a", "z is left as it is"),
        },
    )
    assert exercises.run(exercise, lambda x, a: (2 * x, a)).mistake == "doubled + z as it is"


def test_two_mistakes_are_told_where_one_changes_the_form():
    exercise = lines(flat=wrong("return y, z", "return y, z.ravel()", "z is one row"), turned=TURNED)
    result = exercises.run(exercise, lambda x, a: (a * x + 1, (x - a).ravel()))
    assert (result.stage, result.mistake) == ("shape", "flat + turned")


@pytest.mark.parametrize("id", [id for id in ALL if len(exercises.get(id).wrong) > 20])
def test_a_sample_of_pairs_is_told(id, monkeypatch):
    """Each of the two, or one that hides the other, or does the same alone; never another pair.

    An input that is changed in place has a stage of its own, which comes first.
    """
    monkeypatch.setattr(_naming, "PATIENCE", 60)
    exercise = exercises.get(id)
    every = [pair for pair in exercises.pairs(exercise.wrong) if "in place" not in pair]
    told = [(f"{a} + {b}", exercises.run(exercise, both).mistake) for a, b, both in every[7 :: len(every) // 3]]
    assert all(mistake == pair or mistake in exercise.wrong for pair, mistake in told), told
    assert sum(mistake == pair for pair, mistake in told) >= len(told) // 2


def test_pairs_leave_out_what_touches_the_same_text():
    found = {(a, b) for a, b, _ in exercises.pairs(EXERCISE.wrong)}
    assert found == {
        ("no_offset", "turned"),
        ("no_offset", "exchanged"),
        ("no_offset", "both"),
        ("turned", "exchanged"),
        ("exchanged", "both"),
    }


def test_two_mistakes_in_the_lstms_step_back(monkeypatch):
    monkeypatch.setattr(_naming, "PATIENCE", 60)  # on a busy machine too
    exercise = exercises.get("E4.2")
    tried = [("ungated", "no slope of o"), ("h_ for c_", "mean over the batch"), ("1 - c**2", "no gradient for i")]
    for names in tried:
        both = Patched(exercise.solution, sum((exercise.wrong[name][0].changes for name in names), ()))
        assert exercises.run(exercise, both).mistake == " + ".join(names)


def test_the_search_for_two_ends(monkeypatch):
    monkeypatch.setattr(_naming, "PATIENCE", -1)
    assert exercises.run(EXERCISE, lambda x, a: (a * x, x - a)).mistake is None


# --- the learner's own line -------------------------------------------------------------------------------------


def test_the_line_in_which_the_mistake_stands_is_shown():
    def mine(x, a):
        y, z = a * x + OFFSET, x - a
        return y, z

    text = exercises.run(EXERCISE, mine).text
    assert "This is what you get when z is x - a.\n      your line:  y, z = a * x + OFFSET, x - a\n" in text


def test_of_what_is_changed_in_place_the_line_that_changes_it_is_shown():
    by_name = lines(name=wrong("y = a * x + OFFSET", "x *= a\n    y = x + OFFSET", "x is changed in place"))

    def mine(x, a):
        x *= a + 0.0
        return x + OFFSET, a - x

    result = exercises.run(by_name, mine)
    assert result.stage == "inputs unchanged" and "your line:  x *= a + 0.0\n" in result.text


@pytest.mark.parametrize("form", ["other words", "lambda", "patch"])
def test_no_line_is_shown_where_none_says_what_the_mistake_says(form):
    def other(x, a):
        w = x - a
        return a * x + OFFSET, w

    answer = {"other words": other, "lambda": lambda x, a: (a * x + 1, x - a), "patch": EXERCISE.wrong["turned"][0]}
    result = exercises.run(EXERCISE, answer[form])
    assert result.mistake == "turned" and "your line" not in result.text


def test_each_slope_can_go_wrong_by_itself():
    found = exercises.slopes("i", "g", without=["sign of i"])
    assert found["no slope of i"] == wrong(" * i * (1 - i)", "", "the slope i(1 - i) is missing in da_i")
    assert found["g with the slope of σ"][0] == wrong("(1 - g**2)", "g * (1 - g)", "")[0]
    assert "sign of g" in found and "sign of i" not in found
