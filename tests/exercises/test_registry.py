"""The exercises by the names of their files, loaded when asked for."""

import json
import re
import subprocess
import sys

import pytest

from lstmcourse import exercises
from lstmcourse.exercises import _registry


def loaded_after(code):
    """The modules of exercises that are loaded after `code`."""
    code += "; import json, sys; print(json.dumps([m for m in sys.modules if m.startswith('lstmcourse.exercises.nb')]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.removeprefix("lstmcourse.exercises.").split(".")[0] for name in json.loads(run.stdout)}


def test_importing_exercises_imports_no_notebook():
    assert loaded_after("import lstmcourse.exercises") == set()


def test_an_exercise_imports_its_notebook_alone():
    assert loaded_after("from lstmcourse.exercises import get; get('E4.2')") == {"nb04"}


def test_every_number_and_every_slug_stands_once():
    places = _registry.places()
    slugs = [slug for slug, _ in places.values()]
    assert len(set(slugs)) == len(slugs)
    for id, (slug, _) in places.items():
        assert exercises.get(id) is exercises.get(slug)
        assert (exercises.get(id).id, exercises.get(id).slug) == (id, slug)
        assert re.fullmatch(r"[a-z]\w+", slug)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ("e1_other.py", r"nb98/e1_\w+\.py is E98\.1 \w+, and there is E98\.1 \w+ already"),
        ("e2_one.py", r"nb98/e2_one\.py is E98\.2 one, and there is E98\.1 one already"),
    ],
)
def test_a_number_or_a_slug_taken_twice_is_refused(tmp_path, second, text):
    (tmp_path / "nb98").mkdir()
    for name in ("__init__.py", "e1_one.py", second):
        (tmp_path / "nb98" / name).touch()
    with pytest.raises(ValueError, match=text):
        _registry.places(tmp_path)


def test_files_are_in_the_order_of_their_numbers(tmp_path):
    (tmp_path / "nb98").mkdir()
    for name in ("__init__.py", "e10_ten.py", "e2_two.py", "cases.py"):
        (tmp_path / "nb98" / name).touch()
    assert list(_registry.places(tmp_path)) == ["E98.2", "E98.10"]


def test_a_file_that_holds_another_exercise_than_its_name_says_is_refused(monkeypatch):
    module = "lstmcourse.exercises.nb04.e1_lstm_step"
    monkeypatch.setattr(_registry, "places", lambda: {"E4.5": ("lstm_step", module)})
    with pytest.raises(ValueError, match=r"e1_lstm_step must hold E4\.5 lstm_step, got E4\.1 lstm_step"):
        exercises.get("E4.5")
