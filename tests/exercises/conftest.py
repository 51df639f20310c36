"""Progress of the tests goes into a folder of their own."""

import pytest

from lstmcourse.exercises import _state


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(_state, "_unsaved", {})
    return tmp_path / "home"
