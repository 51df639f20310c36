"""The bug clinic: one line a bug, a healthy course, and an instrument for every bug."""

import difflib
import re
from dataclasses import fields, replace

import numpy as np
import pytest

from lstmcourse import clinic, letters, reference
from lstmcourse.clinic._findings import Finding, agrees
from lstmcourse.clinic._instruments import Instrument
from lstmcourse.exercises import _state
from lstmcourse.exercises._patches import source_of
from tests.notebooks import pages

bugs = pytest.mark.parametrize("bug", clinic.BUGS, ids=lambda bug: bug.name)
instruments = pytest.mark.parametrize("name", clinic.INSTRUMENTS)
NUMBER = {bug.name: number for number, bug in enumerate(clinic.BUGS, start=1)}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path))
    monkeypatch.setattr(clinic, "_used", {})


@pytest.fixture(scope="module")
def table():
    return clinic.table()


def test_there_are_twenty_with_names_symptoms_and_diagnoses_of_their_own():
    assert len(clinic.BUGS) == 20
    for what in ("name", "symptom", "diagnosis"):
        assert len({str(getattr(bug, what)) for bug in clinic.BUGS}) == 20, what


@bugs
def test_a_bug_is_one_line_of_the_course_changed(bug):
    healthy, ill = "".join(source_of(bug.function)).splitlines(), bug.patch.source.splitlines()
    changed = [line for line in difflib.ndiff(healthy, ill) if line[0] in "+-"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert bug.lines() == tuple(line[2:].strip() for line in changed)
    assert "\n" not in bug.old + bug.new


@pytest.mark.parametrize("k", [10, 12, 13, 16, 18])  # each in a file of its own
def test_the_healthy_function_mends_it_and_the_ill_one_does_not(k, capsys):
    bug = clinic.BUGS[k - 1]
    clinic.mend(k, bug.patch.function)
    said = capsys.readouterr().out
    assert said.startswith("✗ Not yet: “") and "\n    ✗ " in said
    clinic.mend(k, bug.function)
    said = capsys.readouterr().out
    assert said.startswith(f"✓ Patient {k} is cured") and f"- {bug.lines()[0]}\n" in said
    assert clinic.examine(0, "limits").ok, "the course stays healthy"


def test_only_a_function_of_the_same_name_is_tried():
    with pytest.raises(ValueError, match="function must be a function named backward, got <function"):
        clinic.mend(2, reference.LSTM.forward)
    with pytest.raises(ValueError, match="function must be a function named backward, got 'backward'"):
        clinic.mend(2, "backward")


def test_parts_of_ones_own_are_examined():
    own = clinic.cell_by_hand(*letters.by_position(reference.LSTM))
    for name in ("gradients, one step", "gradients, T = 5", "rows", "causality", "limits"):
        assert clinic.examine(0, name, cell=own).ok, name
    ill = clinic.patient(10).parts.cell
    assert not clinic.examine(0, "limits", cell=clinic.cell_by_hand(*letters.by_position(ill))).ok
    with pytest.raises(ValueError, match=r"own parts must be among cell, peephole, .*, got layer"):
        clinic.examine(0, "rows", layer=own)


def test_a_gradient_that_should_be_zero_is_not_off_by_a_share_of_it():
    assert agrees("dU", np.ones((4, 1)), np.zeros((4, 1))).seen == "not 0, as it should be"


def test_losses_are_those_of_the_instrument():
    kept = {finding.what: finding.seen for finding in clinic.examine(17, "baseline").findings}
    losses = clinic.losses(17, updates=12)
    assert losses.shape == (1, 12) and kept["loss of the untrained network, by bptt"].startswith(f"{losses[0, 0]:.2f},")
    assert clinic.losses(14, updates=3, layer=True).shape == (1, 3)
    assert clinic.losses(2, lag=4, updates=2, seeds=2)[0, 0] == pytest.approx(np.log(9), abs=0.1)
    with pytest.raises(ValueError, match="lag must be 1 or more, got 0"):
        clinic.losses(2, lag=0)
    with pytest.raises(ValueError, match="with layer=True lag must be 3 and seeds 1, got 5 and 1"):
        clinic.losses(2, lag=5, layer=True)


@bugs
def test_one_part_is_ill_and_the_course_stays_healthy(bug):
    parts = bug.parts()
    differ = [f.name for f in fields(parts) if getattr(parts, f.name) is not getattr(clinic.HEALTHY, f.name)]
    assert differ == [bug.part]
    assert clinic.Parts() == clinic.HEALTHY


@instruments
def test_the_healthy_course_passes_every_instrument(name):
    examined = clinic.examine(0, name)
    assert examined.ok, examined
    assert len(examined.findings) >= 2


@bugs
def test_every_bug_is_seen_and_no_test_of_shapes_sees_it(bug, table):
    assert set(table.seen[bug.name]) - clinic.TRAINED, "by an instrument that trains nothing"
    assert "shapes" not in table.seen[bug.name]


def test_every_instrument_but_the_shapes_sees_something(table):
    assert [name for name in clinic.INSTRUMENTS if not table.by(name)] == ["shapes"]


def test_what_the_notebook_says_of_the_table(table):
    assert set(table.by("gradients, T = 1")) < set(table.by("gradients, T = 5"))
    assert table.seen["forget-bias-misplaced"] == ["gates"]
    assert table.seen["temperature-unused"] == ["limits"]
    assert table.seen["padding-read"] == ["rows"]


@bugs
def test_an_instrument_tells_it_from_the_three_that_stand_beside_it(bug):
    listed = clinic.choices(NUMBER[bug.name])
    assert list(listed) == list("abcd") and len(set(listed.values())) == 4
    assert [each for each in listed.values() if each is bug] == [bug]
    for name in bug.others:
        other = clinic._named(name)
        instrument, here, there = clinic.difference(bug, other)
        assert here.what == there.what and here.ok is not there.ok
        assert here in clinic.examine(NUMBER[bug.name], instrument).findings
        assert there in clinic.examine(NUMBER[name], instrument).findings


def test_the_right_letters_are_spread():
    right = [
        letter for k, bug in enumerate(clinic.BUGS, 1) for letter, each in clinic.choices(k).items() if each is bug
    ]
    assert all(3 <= right.count(letter) <= 8 for letter in "abcd"), right


@bugs
def test_a_wrong_choice_is_answered_by_what_contradicts_it_and_the_right_one_by_the_line(bug, capsys):
    k = NUMBER[bug.name]
    clinic.examine(k, "shapes")
    for letter, chosen in clinic.choices(k).items():
        clinic.diagnose(k, letter)
        said = capsys.readouterr().out
        if chosen is bug:
            assert said.startswith("✓ Yes:") and f"- {bug.lines()[0]}\n" in said and "    ✗ " in said
            assert "You used “shapes”; without training it is seen by “" in said
        else:
            assert said.startswith("✗ No. If ") and f"and with patient {k} it shows" in said
            assert ("✓" in said) and said.count("✗") == 2


def test_a_diagnosis_is_kept_and_the_ward_tells(capsys):
    listed = clinic.choices(2)
    (right,) = [letter for letter, bug in listed.items() if bug is clinic.BUGS[1]]
    (wrong, *_) = [letter for letter in listed if letter != right]
    clinic.examine(2, "limits")
    clinic.diagnose(2, wrong)
    capsys.readouterr()
    clinic.ward()
    said = capsys.readouterr().out
    assert " 2  1 wrong" in said and said.endswith("0 of 20 cured\n")
    clinic.diagnose(2, right)
    clinic.diagnose(2, wrong)
    capsys.readouterr()
    clinic.ward()
    said = capsys.readouterr().out
    assert " 2  cured " in said and said.endswith("1 of 20 cured\n")
    assert _state.entry("clinic_c-not-gated")["attempts"] == 3


def test_a_patient_is_examined_before_it_is_diagnosed(capsys):
    clinic.diagnose(1)
    clinic.diagnose(1, "a")
    clinic.examine(0, "limits", cross_entropy=clinic.patient(1).parts.cross_entropy)
    clinic.diagnose(1)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3 and all(line.startswith("Examine patient 1 first: clinic.examine(1, …)") for line in said)
    clinic.ward()
    assert " 1  waiting" in capsys.readouterr().out


def test_choices_are_listed_and_only_they_are_taken(capsys):
    clinic.examine(1, "shapes")
    clinic.diagnose(1)
    assert [line[:3] for line in capsys.readouterr().out.splitlines() if line[0] == "("] == ["(a)", "(b)", "(c)", "(d)"]
    with pytest.raises(ValueError, match="choice must be one of a, b, c, d, got 'e'"):
        clinic.diagnose(1, "e")


@pytest.mark.parametrize("k", [0, 21, 1.0, True, "1"])
def test_another_number_is_refused(k):
    with pytest.raises(ValueError, match=f"k must be a patient's number from 1 to 20, got {k!r}"):
        clinic.patient(k)


def test_another_instrument_is_refused():
    with pytest.raises(ValueError, match=r"instrument must be one of shapes, gradients, .* baseline, got 'luck'"):
        clinic.examine(1, "luck")


def test_a_patient_says_what_the_user_says_and_not_what_it_has():
    said = repr(clinic.patient(2))
    assert said.startswith("Patient 2. “I wrote the LSTM's backward by hand.") and "c-not-gated" not in said
    assert clinic.patient(2).parts is clinic.patient(2).parts


def test_an_error_is_a_finding():
    def broken(cell):
        """What is tried."""
        yield Finding("before", True, "fine")
        raise RuntimeError("it broke (here)")

    found = Instrument("own", "", ((broken, ("cell",)),))(clinic.HEALTHY)
    assert found == [Finding("before", True, "fine"), Finding("what is tried", False, "RuntimeError: it broke")]


def test_a_text_that_is_not_there_once_is_refused():
    with pytest.raises(ValueError, match="must occur once in the body of backward"):
        replace(clinic.BUGS[1], old="nowhere").parts()


def test_the_table_says_the_same_in_text_and_in_html(table):
    text, page = repr(table), table._repr_html_()
    dots = sum(len(names) for names in table.seen.values())
    assert text.count("●") == page.count("●") == dots
    assert page.count('scope="row"') == 21 and page.count('scope="col"') == len(clinic.INSTRUMENTS)


def test_the_notebooks_folded_answers_are_right(table):
    """Each names what the patient has, and an instrument that sees it; the eight patients in the text have none."""
    text = "\n".join(pages.prose(pages.read(pages.FOLDER / "14_bug_clinic.ipynb")))
    folded = dict(re.findall(r"<summary>Patient (\d+)</summary>\s+(.*?)\s+</details>", text, re.DOTALL))
    assert set(range(1, 21)) - set(map(int, folded)) == {1, 9, 10, 14, 16, 17, 18, 20}
    for k, said in folded.items():
        bug = clinic.BUGS[int(k) - 1]
        assert bug.diagnosis[1:] in said
        (instrument,) = re.findall("“(.*?)” sees it", said)
        assert instrument in table.seen[bug.name]


@pytest.mark.parametrize("name", ["softmax-over-the-batch", "runs-backward"])
def test_the_letters_in_the_notebook_are_right(name):
    text = "\n".join(pages.prose(pages.read(pages.FOLDER / "14_bug_clinic.ipynb")))
    (letter,) = [letter for letter, bug in clinic.choices(NUMBER[name]).items() if bug.name == name]
    start = {"softmax-over-the-batch": "The softmax divides", "runs-backward": "The loop runs from the end"}[name]
    assert f"({letter}). {start}" in text


@pytest.mark.parametrize("k", [10, 16, 18, 20])
def test_the_code_in_the_notebook_is_the_patients(k):
    notebook = pages.read(pages.FOLDER / "14_bug_clinic.ipynb")
    (cell,) = [cell.source for cell in pages.code(notebook) if f"clinic.mend({k}, " in cell.source]
    shown, bug = cell.partition("\n\n\nclinic.mend")[0], clinic.BUGS[k - 1]
    parameters, body = bug.patch.source.partition("\n    ")[2], shown.partition("\n    ")[2]
    assert body.split() == parameters[parameters.index(body[:20]) :].split()
    assert shown.startswith(f"def {bug.function.__name__}(") and f"clinic.mend({k}, {bug.function.__name__})" in cell
