"""The lattice with results and marks, and the widget on which they are marked first."""

import re

import pytest

from lstmcourse import diagrams, widgets

SOLVED = {"lstm": (10, 20), "nfg_plain": (4, 20), "nig": (0, 20), "rnn": (20, 20)}


def test_a_box_is_filled_in_proportion_and_a_marked_one_has_a_frame():
    picture = diagrams.lattice(SOLVED, ["nfg_plain", "rnn"], theme="light")
    shares = [float(wide) for wide in re.findall(r'class="lc-share"[^>]*? width="([\d.]+)"', picture.svg)]
    assert sorted(shares) == pytest.approx([0, 52, 130, 260])
    assert picture.svg.count('class="lc-marked"') == 2 and "4 of 20" in picture.svg
    assert "LSTM: 10 of 20." in picture.alt and picture.alt.endswith("Marked: RNN, no forget gate (1997).")
    with pytest.raises(ValueError, match=r"lattice knows the cells .*; got 'tcn'"):
        diagrams.lattice({"tcn": (1, 2)})
    with pytest.raises(
        ValueError, match=r"^solved must hold \(solved, networks\) of each cell, got \(0, 0\) for 'lstm'"
    ):
        diagrams.lattice({"lstm": (0, 0)})


def test_the_results_come_when_they_are_asked_for_with_the_hits():
    before, said = widgets.draw_guess(SOLVED, ["nig", "lstm"], 0.25, False)
    assert "of 20" not in before.svg and said.startswith("Marked: peephole, no input gate, LSTM.")
    after, said = widgets.draw_guess(SOLVED, ["nig", "lstm"], 0.25, True)
    assert after.svg.count(" of 20<") == 4
    assert "2 cells learn it in fewer than 25%" in said and "you marked 1 of them and 1 of the others" in said
    assert said.endswith("Not marked: no forget gate (1997).")


def test_its_buttons_mark_and_show():
    box = widgets.lattice_guess(SOLVED)
    buttons = [w for w in box.children[0].children[0].children if hasattr(w, "description")]
    assert [b.description for b in buttons][-1] == "show the results" and len(buttons) == 5
    line = box.children[0].children[2]
    buttons[0].value = True
    assert "Marked: LSTM." in line.value
    buttons[-1].value = True
    assert "2 cells learn it" in line.value
