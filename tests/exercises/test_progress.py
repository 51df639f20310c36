"""hint, solution, progress, and the file in which it is kept."""

import hashlib
import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from lstmcourse import exercises
from lstmcourse.exercises import _state
from tests.damage import damaged, damages
from tests.exercises.own import half, half_case, own

# --- hint, solution, progress -----------------------------------------------------------------------------------


def test_hints_come_one_by_one_and_are_remembered(capsys):
    for number, word in ((1, "direction"), (2, "equation"), (3, "first lines"), (3, "first lines")):
        exercises.hint("E4.1")
        assert f"hint {number} of 3 ({word})" in capsys.readouterr().out
    assert _state.entry("lstm_step")["hints"] == 4


def test_help_by_symptom(capsys):
    exercises.hint("E4.1", "array split")
    assert "The gates lie side by side: axis=1" in " ".join(capsys.readouterr().out.split())
    exercises.hint("E4.1", "it smells odd")
    out = capsys.readouterr().out
    assert "no help for 'it smells odd'" in out
    assert all(name in out for name in exercises.get("E4.1").symptoms)
    assert _state.entry("lstm_step")["hints"] == 0


def test_solution_asks_for_an_attempt(capsys):
    exercises.solution("E4.1")
    assert "try it once first" in capsys.readouterr().out
    exercises.solution("E4.1", spoil=True)
    assert "return o * np.tanh(c), c" in capsys.readouterr().out
    exercises.check("E4.1", exercises.get("E4.1").wrong["no bias"][0])
    capsys.readouterr()
    exercises.solution("E4.1")
    assert "return o * np.tanh(c), c" in capsys.readouterr().out


def test_check_returns_nothing_and_prints_the_same_whatever_was_done_before(capsys):
    texts = []
    for _ in range(2):
        assert exercises.check("E4.2", exercises.get("E4.2").wrong["carousel lost"][0]) is None
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_progress_counts(capsys):
    exercises.check("E4.1", exercises.get("E4.1").wrong["no bias"][0])
    exercises.check("E4.1", exercises.get("E4.1").solution)
    exercises.check("E4.2", exercises.get("E4.2").wrong["carousel lost"][0])
    capsys.readouterr()
    exercises.progress("all")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"1 of {len(exercises.ids())} exercises passed"
    assert next(line for line in lines if line.startswith("E4.1")).split()[-3:] == ["2", "0", "passed"]
    assert next(line for line in lines if line.startswith("E4.2")).split()[-3:] == ["1", "0", "tried"]
    assert next(line for line in lines if line.startswith("E4.3")).endswith("not yet tried")


def test_progress_is_of_the_notebook_at_hand_and_of_all_before_the_first_check(capsys, monkeypatch):
    monkeypatch.setattr(exercises._state, "at_hand", None)
    exercises.progress()
    assert capsys.readouterr().out.startswith(f"0 of {len(exercises.ids())} exercises passed")
    exercises.check("E4.1", exercises.get("E4.1").solution)
    exercises.hint("E5.1")
    capsys.readouterr()
    for notebook, number, passed in ((None, 5, 0), (4, 4, 1), ("04", 4, 1)):
        exercises.progress(notebook)
        lines = capsys.readouterr().out.splitlines()
        own = [id for id in exercises.ids() if id.startswith(f"E{number}.")]
        assert [line.split()[0] for line in lines[2:]] == own
        told = f"{passed} of {len(own)} exercises of notebook {number:02} passed; 1 of {len(exercises.ids())} in all"
        assert lines[0] == f'{told}: progress("all")'
    for notebook in (99, "four", 4.0, "E4.1"):
        with pytest.raises(ValueError, match=r"notebook must be .all. or one with exercises .*, got"):
            exercises.progress(notebook)


def test_progress_as_a_table_has_a_caption_and_header_cells():
    table = exercises._table("0 of 1", [("E4.1", "a < b", "8", "0", "0", "tried")])
    assert "<caption>0 of 1</caption>" in table and '<th scope="row">E4.1</th>' in table
    assert table.count('<th scope="col"') == len(exercises.COLUMNS) and "a &lt; b" in table


def test_in_a_notebook_solution_is_markdown_and_progress_is_html(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(exercises, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", shown.append)
    exercises.solution("E4.3", spoil=True)
    exercises.progress()
    assert shown[0].data.startswith("<details><summary>Solution of E4.3</summary>\n\n```python\ndef remember_for(")
    assert shown[0].data.endswith("\n```\n\n</details>")
    assert shown[1].data.startswith("<table>")


def test_unknown_ids_name_the_nearest():
    with pytest.raises(
        ValueError, match=r"there is no exercise 'E4.11'. Did you mean E4.1 or .* All of them: .*E4.1, E4.2"
    ):
        exercises.check("E4.11", None)
    with pytest.raises(ValueError, match=r"there is no exercise 'nonsense'\. All of them"):
        exercises.hint("nonsense")
    assert exercises.get(" e4.1 ").id == "E4.1"
    assert exercises.get("lstm_step").id == "E4.1"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"id": "1.1"}, r"id must look like \"E4\.2\", got '1\.1'"),
        ({"hints": ("a", "b")}, "hints must be three"),
        ({"difficulty": 6}, "difficulty must be from 1 to 5, got 6"),
        ({"kind": "essay"}, 'kind must be "code" or "experiment", got \'essay\''),
        ({"solution": half_case}, "half_case needs a docstring"),
    ],
)
def test_an_exercise_refuses(fields, text):
    with pytest.raises(ValueError, match=text):
        own(**{"solution": half, "case": half_case, **fields})


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"exercises": 3}', '{"exercises": {"E4.1": {"attempts": "x"}}}', "\0"]
)
def test_an_unreadable_file_is_moved_aside(home, capsys, text):
    home.mkdir()
    (home / "progress.json").write_text(text)
    assert _state.add("lstm_step", attempts=1)["attempts"] == 1
    assert "progress.unreadable.json" in capsys.readouterr().out
    assert (home / "progress.unreadable.json").read_text() == text
    assert _state.load() == {"lstm_step": {"attempts": 1, "passes": 0, "hints": 0, "stub": ""}}
    assert capsys.readouterr().out == ""


def counts(attempts=0, passes=0, hints=0, stub=""):
    return {"attempts": attempts, "passes": passes, "hints": hints, "stub": stub}


def test_a_file_by_number_is_read_as_the_first_edition_numbered(home, capsys):
    home.mkdir()
    old = {
        "E1.2": {"attempts": 3, "passes": 1, "hints": 2},
        "E4.2": {"attempts": 1, "passes": 0, "hints": 0},
        "E8.1": {"attempts": 1, "passes": 1, "hints": 0},
    }
    (home / "progress.json").write_text(json.dumps({"version": 1, "exercises": old}))
    exercises.hint("E4.2")
    exercises.check("E4.1", exercises.get("E4.1").solution)
    file = json.loads((home / "progress.json").read_text())
    assert file["version"] == 2
    assert file["exercises"] == {
        "bptt": counts(3, 1, 2, _state.FIRST["E1.2"][1]),
        "lstm_backward": counts(1, hints=1),
        "lstm_step": counts(1, 1, stub=exercises.get("E4.1").stub_hash),
        "E8.1": counts(1, 1),  # of an edition that we do not know: kept as it is
    }


def test_numbers_written_beside_slugs_are_added_to_them(home):
    home.mkdir()
    both = {"lstm_step": counts(2, 1, stub="12345678"), "E4.1": {"attempts": 1, "passes": 1, "hints": 3}}
    (home / "progress.json").write_text(json.dumps({"version": 1, "exercises": both}))
    assert _state.load() == {"lstm_step": counts(3, 2, 3, stub="12345678")}


def test_the_first_numbers_are_told_apart():
    slugs = [slug for slug, _ in _state.FIRST.values()]
    assert len(set(slugs)) == len(slugs)
    asked = "lstm_step(W, U, b, x, h_, c_) -> h, c"  # as the first edition asked, whatever E4.1 is today
    assert _state.FIRST["E4.1"] == ("lstm_step", hashlib.sha256(asked.encode()).hexdigest()[:8])


def test_a_pass_counts_for_the_stub_that_was_passed(capsys):
    _state.add("lstm_step", attempts=1, passes=1, stub=exercises.get("E4.1").stub_hash)
    _state.add("lstm_backward", attempts=1, passes=1, stub="another")
    exercises.progress()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 of ")
    assert next(line for line in lines if line.startswith("E4.1")).endswith("  passed")
    assert next(line for line in lines if line.startswith("E4.2")).endswith("  passed, in another form")


@pytest.mark.parametrize("change", ["words", "argument", "returned"])
def test_the_stubs_hash_is_of_what_is_asked_not_of_its_words(change):
    fields = {
        "words": {"stub": own(solution=half, case=half_case).stub.replace("Half of", "One half of")},
        "argument": {"stub": "def half(x, y):\n    ..."},
        "returned": {"returns": {"z": "(B, H)"}},
    }
    same = (
        own(solution=half, case=half_case).stub_hash == own(solution=half, case=half_case, **fields[change]).stub_hash
    )
    assert same == (change == "words")


def test_two_notebooks_may_write_at_once(home):
    def work():
        for _ in range(10):
            _state.add("lstm_step", attempts=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _state.entry("lstm_step")["attempts"] == 40
    assert sorted(p.name for p in home.iterdir()) == ["progress.json"]


def test_a_lock_left_behind_is_overridden(home, monkeypatch):
    home.mkdir()
    (home / "progress.lock").touch()
    monkeypatch.setattr(_state.time, "sleep", lambda s: None)
    ticks = iter([0.0, 3.0])
    monkeypatch.setattr(_state.time, "monotonic", lambda: next(ticks))
    assert _state.add("lstm_step", hints=1)["hints"] == 1
    assert not (home / "progress.lock").exists()


def test_a_failed_write_leaves_the_old_file_and_is_told(home, monkeypatch, capsys):
    _state.add("lstm_step", attempts=1)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_state.os, "replace", full)
    _state.add("lstm_step", attempts=1)
    assert "could not be saved: No space left on device" in capsys.readouterr().out
    monkeypatch.undo()
    assert json.loads((home / "progress.json").read_text())["exercises"]["lstm_step"]["attempts"] == 1
    assert [p.name for p in home.iterdir()] == ["progress.json"]


def test_where_nothing_can_be_written_hints_and_solution_still_go_on(home, capsys):
    home.touch()  # a file where the folder should be
    for number in (1, 2, 3):
        exercises.hint("E4.1")
        assert f"hint {number} of 3" in capsys.readouterr().out
    exercises.check("E4.1", exercises.get("E4.1").wrong["no bias"][0])
    assert "could not be saved" not in capsys.readouterr().out, "told once"
    exercises.solution("E4.1")
    assert "return o * np.tanh(c), c" in capsys.readouterr().out
    home.unlink()
    exercises.check("E4.2", exercises.get("E4.2").wrong["carousel lost"][0])  # it can be written again
    kept = json.loads((home / "progress.json").read_text())["exercises"]
    assert (
        kept["lstm_step"] == {"attempts": 1, "passes": 0, "hints": 3, "stub": ""}
        and kept["lstm_backward"]["attempts"] == 1
    )
    assert _state._unsaved == {}


def test_a_file_that_can_neither_be_read_nor_moved_is_told_as_it_is(home, monkeypatch, capsys):
    (home / "progress.json").mkdir(parents=True)

    def stays(*args):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(_state.os, "replace", stays)
    assert _state.add("lstm_step", hints=1)["hints"] == 1
    assert "It stays as it is; counting starts again" in capsys.readouterr().out


def test_a_folder_without_the_right_to_write_costs_no_waiting(home, monkeypatch, capsys):
    home.mkdir()

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_state.os, "open", refuse)
    monkeypatch.setattr(_state.os, "access", lambda *args: False)
    monkeypatch.setattr(_state.time, "sleep", lambda s: pytest.fail("waits for nothing"))
    assert _state.add("lstm_step", hints=1)["hints"] == 1
    assert "could not be saved: Permission denied" in capsys.readouterr().out


def test_a_tilde_is_the_users_home(home, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", "~/course")
    assert _state.path() == Path.home() / "course" / "progress.json"


def test_without_the_variable_the_users_data_directory_is_used(monkeypatch):
    monkeypatch.delenv("LSTMCOURSE_HOME")
    assert _state.path().name == "progress.json" and "lstmcourse" in _state.path().parts


# --- help for what a learner sees, and files that are damaged -------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("matmul", "In A @ B the last axis of A must be as long as the first of B"),
        ("ValueError: operands could not be broadcast", "NumPy lines up shapes from the right"),
        ("shape", "Print the shapes in the line that stops"),
        ("squashed", "E4.2, check knows:"),
        ("right where dc is 0", "The gradient that arrives through c is dropped."),
    ],
)
def test_hint_finds_common_words_and_what_the_check_knows(asked, said, capsys):
    exercises.hint("E4.2", asked)
    assert said in " ".join(capsys.readouterr().out.split())


def test_hint_lists_what_there_is_help_for(capsys):
    exercises.hint("E4.2", "zzz")
    told = capsys.readouterr().out
    assert "has no help for 'zzz'" in told and "  matmul\n" in told and "  dc_ is wrong\n" in told


GOOD = '{"version": 2, "exercises": {"rnn_step": {"attempts": 2, "passes": 1, "hints": 0, "stub": "12345678"}}}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace('2, "passes"', '1e400, "passes"'),
        GOOD.replace('2, "passes"', '-3, "passes"'),
        '{"exercises": ' + '{"a":' * 100_000 + "0" + "}" * 100_001,
        "\ufeff{",
    ],
)
def test_a_damaged_file_is_moved_aside_and_told(text, home, capsys):
    home.mkdir()
    (home / "progress.json").write_text(text, encoding="utf-8")
    assert _state.load() == {}
    assert "could not be read. It is kept as progress.unreadable.json" in capsys.readouterr().out
    assert (home / "progress.unreadable.json").read_text(encoding="utf-8") == text


def test_a_byte_order_mark_is_no_damage(home):
    home.mkdir()
    (home / "progress.json").write_text(GOOD, encoding="utf-8-sig")
    assert _state.entry("rnn_step")["attempts"] == 2


def test_what_was_kept_of_a_file_damaged_before_stays(home, capsys):
    home.mkdir()
    for text in ("first", "second", "third"):
        (home / "progress.json").write_text(text, encoding="utf-8")
        _state.load()
    kept = sorted(home.glob("*.json"))
    assert [file.read_text(encoding="utf-8") for file in kept] == ["first", "second", "third"]
    assert "It is kept as progress.unreadable3.json" in capsys.readouterr().out


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # of other tests: this one's folders are its own
)
@given(damages)
def test_a_file_with_random_damage_is_read_or_kept_aside(tmp_path_factory, how):
    """Whatever is in it, counts are counts, and what cannot be read is still there."""
    folder = tmp_path_factory.mktemp("home")
    data = damaged(GOOD.encode(), how)
    (folder / "progress.json").write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSTMCOURSE_HOME", str(folder))
        patch.setattr(_state, "_unsaved", {})
        entries = _state.load()
        assert all(type(one[key]) is type(empty) for one in entries.values() for key, empty in _state.EMPTY.items())
        (kept,) = folder.glob("progress*.json")
        assert kept.read_bytes() == data
        assert _state.add("rnn_step", attempts=1)["attempts"] == entries.get("rnn_step", _state.EMPTY)["attempts"] + 1
