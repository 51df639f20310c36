"""Answers in another form than the solution's, where nobody would call them wrong."""

import numpy as np
import pytest

from lstmcourse import exercises


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("form", [tuple, list, np.array])
def test_two_numbers_may_come_as_a_pair_a_list_or_an_array(form):
    exercise = exercises.get("E3.4")
    assert exercises.run(exercise, form(exercise.solution())).passed


@pytest.mark.parametrize("answer", [np.array([0.5]), np.array([[0.5, 1.0]]), np.array([0.5, 1.0, 1.5])])
def test_an_array_of_another_length_or_shape_is_told(answer):
    result = exercises.run(exercises.get("E3.4"), answer)
    assert not result.passed and "must be a tuple of 2 (bare, cell), got " in result.text
