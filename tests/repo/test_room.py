"""The instructor's table: nothing is written unless a learner asks for it, and then counts alone."""

import json
import os
import re

import pytest

from lstmcourse import _files, exercises
from lstmcourse.__main__ import main
from lstmcourse.commands import room as command
from lstmcourse.exercises import _room


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An own folder of one learner, and a share; both empty."""
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("LSTMCOURSE_ROOM", raising=False)
    monkeypatch.setattr(_room, "_told", set())
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


def answers():
    found = exercises.get("E4.1")
    return found.wrong["no bias"][0], found.solution


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def learner(share, label, slug="lstm_step", **entry):
    """A learner's file, as the share has it."""
    one = {"attempts": 1, "hints": 0, "passed": False, "wrong": {}} | entry
    _files.write(share / f"{label}.json", json.dumps({"label": label, "last": slug, "exercises": {slug: one}}))


def shown(capsys, share, *options):
    assert main(["room", str(share), "--once", *options]) == 0
    return capsys.readouterr().out


# ── the learner ──


def test_nothing_is_written_unless_a_learner_asks_for_it(own, capsys):
    exercises.check("E4.1", answers()[0])
    exercises.hint("E4.1")
    assert files(own) == [] and not _room.path().exists()


def test_who_joins_writes_counts_and_mistakes_and_no_answer(own, capsys):
    assert main(["room", str(own), "--join", "--label", "desk 7"]) == 0
    assert "You are 'desk 7' in this room." in capsys.readouterr().out
    wrong, right = answers()
    for answer in (wrong, wrong, right):
        exercises.check("E4.1", answer)
    exercises.hint("E4.1")
    (file,) = own.iterdir()
    assert re.fullmatch(r"[0-9a-f]{6}\.json", file.name)
    assert json.loads(file.read_text()) == {
        "label": "desk 7",
        "last": "lstm_step",
        "exercises": {"lstm_step": {"attempts": 3, "hints": 1, "passed": True, "wrong": {"no bias": 2}}},
    }
    assert main(["room", "--leave"]) == 0
    exercises.check("E4.1", right)
    assert files(own) == []


def test_the_variable_does_too_with_one_random_label(own, monkeypatch, capsys):
    monkeypatch.setenv("LSTMCOURSE_ROOM", str(own))
    exercises.hint("E4.1")
    exercises.check("E4.1", lambda *args: 1)
    (file,) = own.iterdir()
    room = _room.read(file)
    assert room["label"] == file.stem
    assert room["exercises"]["lstm_step"]["wrong"] == {"stops at shape": 1}
    monkeypatch.delenv("LSTMCOURSE_ROOM")
    assert _room.settings().folder == ""


@pytest.mark.parametrize("broken", ["{", "[]", '{"label": 1}', '{"label": "a", "last": "b", "exercises": {"c": 4}}'])
def test_a_file_that_is_damaged_begins_again(own, monkeypatch, broken):
    _room.join(own, "a")
    file = own / f"{_room.settings().id}.json"
    file.write_text(broken)
    _room.tell("lstm_step", attempts=1)
    assert _room.read(file)["exercises"]["lstm_step"]["attempts"] == 1


@pytest.mark.parametrize("broken", ["{", "[]", '{"folder": "x"}', '{"folder": "x", "label": "a", "id": "../up"}'])
def test_settings_that_are_damaged_name_no_folder(own, broken):
    _files.write(_room.path(), broken)
    assert _room.settings().folder == "" and _room.settings().id.isalnum()


def test_a_share_that_is_not_there_is_told_once_and_not_made(own, monkeypatch, capsys):
    monkeypatch.setenv("LSTMCOURSE_ROOM", str(own / "away"))
    for _ in range(2):
        exercises.hint("E4.1")
    said = capsys.readouterr().out
    assert said.count("The room does not hear of this") == 1 and "away is no folder" in said
    assert files(own) == []


# ── the instructor ──


def test_the_table_says_who_is_where_and_which_mistake_is_frequent(own, capsys, monkeypatch):
    learner(own, "b", wrong={"no bias": 1})
    learner(own, "a", attempts=4, hints=2, wrong={"no bias": 3, "stops at shape": 1})
    learner(own, "c", passed=True, wrong={"stops at runs": 2})
    for file in own.iterdir():
        os.utime(file, (1000, 1000))
    monkeypatch.setattr(command.time, "time", lambda: 1090.0)
    rows = shown(capsys, own).splitlines()
    head = next(k for k, row in enumerate(rows) if row.startswith("who"))
    assert [re.split(r"  +", row) for row in rows[head + 1 : head + 4]] == [
        ["a", "E4.1", "0", "4", "2", "1 min ago", "stops at shape"],
        ["b", "E4.1", "0", "1", "0", "1 min ago", "no bias"],
        ["c", "E4.1 passed", "1", "1", "0", "1 min ago"],
    ]
    head = next(k for k, row in enumerate(rows) if row.startswith("exercise"))
    sentence = exercises.get("E4.1").wrong["no bias"][1]
    assert re.split(r"  +", rows[head + 1]) == ["E4.1", "2", "4", sentence]


def test_a_damaged_file_is_told_and_passed_over(own, capsys):
    learner(own, "a")
    (own / "z.json").write_text('{"label": "z", "exercises"')
    said = shown(capsys, own)
    assert "passed over, because damaged: z.json" in said and "\na " in said


def test_what_a_file_holds_moves_no_cursor_and_no_page(own, capsys, tmp_path):
    learner(own, "a", slug="gone", wrong={"\x1b[2J<script>": 1})
    page = tmp_path / "room.html"
    said = shown(capsys, own, "--page", str(page), "--every", "3")
    assert "\x1b" not in said and "gone" in said and "?[2J<script>" in said
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text and "&lt;script&gt;" in text and 'content="3"' in text
    assert text.count("<caption>") == 2 and "http://" not in text and "https://" not in text


def test_two_mistakes_at_once_are_both_told():
    names = list(exercises.get("E4.1").wrong)[:2]
    both = command.sentence("lstm_step", " + ".join(names))
    assert both == " and ".join(exercises.get("E4.1").wrong[name][1] for name in names)


def test_it_looks_again_until_it_is_stopped(own, capsys, monkeypatch):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", sleep)
    assert main(["room", str(own), "--every", "2"]) == 130
    assert slept == [2, 2] and capsys.readouterr().out.count("Who is where") == 2


@pytest.mark.parametrize(
    ("arguments", "says"), [([], "FOLDER is missing"), (["x", "--every", "0"], "--every must be positive, got 0")]
)
def test_what_is_asked_wrongly_is_refused(arguments, says, capsys):
    with pytest.raises(SystemExit):
        main(["room", *arguments])
    assert says in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_refused(own, capsys):
    assert main(["room", str(own / "no")]) == 1
    assert "FOLDER must be a folder that is there" in capsys.readouterr().err
