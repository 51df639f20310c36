"""Sentences of articles: one verdict each, never two, and a table that tells them."""

import pytest

from lstmcourse import reference
from lstmcourse.experiments import gradient_by_lag, judge
from lstmcourse.experiments.sentences import SENTENCES, Judged, Verdicts, judged_sentences, king_story

QUICK = [s for s in SENTENCES if "trained" not in s.tested]  # one trains networks


def test_exactly_one_verdict_holds():
    assert judge("3 of 5", {"true": False, "depends on x": True}) == Judged("depends on x", "3 of 5")
    for cases in ({"true": False, "false": False}, {"true": True, "false": True}):
        with pytest.raises(ValueError, match="exactly one of true, false must hold"):
            judge("", cases)


@pytest.mark.parametrize("sentence", QUICK, ids=lambda s: s.says[:30])
def test_each_sentence_is_judged_by_what_is_measured(sentence):
    judged = sentence.rule()
    assert judged.mark in "✓✗±" and any(c.isdigit() for c in judged.measured)


def test_the_table_counts_the_reader_s_hits_and_escapes_what_it_shows():
    one, other = SENTENCES[:2]
    table = Verdicts([(1, one, Judged("true", "<b>"), "t"), (2, other, Judged("false: no", "2"), "d")])
    assert table.agreed == 1 and "agree with 1 of 2" in table._repr_html_()
    assert "&lt;b&gt;" in table._repr_html_() and "(you: depends)" in table._repr_html_()
    assert str(table).splitlines()[1].startswith("2  ✗  an LSTM does not solve")
    with pytest.raises(ValueError, match="guesses must be 10 letters t, f or d, got 'tt'"):
        judged_sentences("tt")
    with pytest.raises(ValueError, match="by must be one of verdict, number, article; got 'length'"):
        judged_sentences(by="length")


def test_the_king_story_has_a_row_a_block():
    assert king_story("rnn").shape[1] == 5 and (king_story("lstm") <= 1).all()


def test_a_forget_bias_is_not_passed_over_in_silence():
    gates = gradient_by_lag(reference.LSTM, 5.0, T=3)[1]
    assert gates.min() > 0.9 > 0.5 > gradient_by_lag(reference.LSTM, T=3)[1].min()
    with pytest.raises(ValueError, match=r"^bias must be 0 where times is not 1, .*; got 5.0 and 16.0$"):
        gradient_by_lag(reference.LSTM, 5.0, times=16.0)
