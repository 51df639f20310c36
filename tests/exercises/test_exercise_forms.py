"""Answers in another form than the solution's, where nobody would call them wrong."""

import numpy as np
import pytest

from lstmcourse import exercises
from tests.exercises.own import own


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "home"))


def half_and_one() -> tuple[float, float]:
    """Two numbers."""
    return 0.5, 1.0


def a_pair():
    """An exercise that asks for two numbers."""
    return own(kind="experiment", solution=half_and_one, returns={"bare": "a number", "cell": "a number"})


@pytest.mark.parametrize("form", [tuple, list, np.array])
def test_two_numbers_may_come_as_a_pair_a_list_or_an_array(form):
    exercise = a_pair()
    assert exercises.run(exercise, form(exercise.solution())).passed


@pytest.mark.parametrize("answer", [np.array([0.5]), np.array([[0.5, 1.0]]), np.array([0.5, 1.0, 1.5])])
def test_an_array_of_another_length_or_shape_is_told(answer):
    result = exercises.run(a_pair(), answer)
    assert not result.passed and "must be a tuple of 2 (bare, cell), got " in result.text
