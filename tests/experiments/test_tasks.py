"""The tasks against brute force: independent acceptors, recomputed targets, measured baselines."""

import inspect
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from lstmcourse import tasks

# an independent acceptor: the Reber grammar as a regular expression, solved by hand from its diagram
LOOP = "XT*V"
INNER = f"B(?:TS*X(?:{LOOP}P)*(?:S|{LOOP}V)|PT*V(?:P(?:{LOOP}P)*(?:S|{LOOP}V)|V))E"
EMBEDDED = re.compile(f"B(?:T{INNER}T|P{INNER}P)E")


def rng(seed=0):
    return np.random.default_rng(seed)


MADE = {
    "adding": lambda r: tasks.adding(r, 5, 12),
    "adding_1997": lambda r: tasks.adding_1997(r, 5, 30),
    "anbn": lambda r: tasks.anbn(r, 5),
    "anbncn": lambda r: tasks.anbncn(r, 5),
    "continual_reber": lambda r: tasks.continual_reber(r, 5, 3),
    "copy_memory": lambda r: tasks.copy_memory(r, 5, 7),
    "embedded_reber": lambda r: tasks.embedded_reber(r, 5),
    "interval": lambda r: tasks.interval(r, 5),
    "kings": lambda r: tasks.kings(r, 5, 30),
    "pronouns": lambda r: tasks.pronouns(r, 5, 30),
    "temporal_order": lambda r: tasks.temporal_order(r, 5),
    "timed_spikes": lambda r: tasks.timed_spikes(),
}


def test_every_task_is_listed_here():
    assert set(MADE) == set(tasks.TASKS)


@pytest.mark.parametrize("name", MADE)
def test_a_batch_has_the_promised_form_and_follows_from_the_rng(name):
    batch, again = MADE[name](rng(3)), MADE[name](rng(3))
    T, B = batch.mask.shape
    assert batch.x.dtype == np.float32 and batch.x.shape[:2] == (T, B) and batch.x.ndim == 3
    assert batch.mask.dtype == bool and batch.mask.any(0).all()
    assert batch.y.shape[:2] == (T, B) and (batch.y.dtype, batch.y.ndim) in ((np.float32, 3), (np.int64, 2))
    for one, two in zip(batch[:3], again[:3], strict=True):
        np.testing.assert_array_equal(one, two)
    if name != "timed_spikes":
        assert any(not np.array_equal(a, b) for a, b in zip(batch[:3], MADE[name](rng(4))[:3], strict=True))


@pytest.mark.parametrize("name", MADE)
def test_the_docstring_names_source_baseline_and_what_counts_as_solved(name):
    doc = inspect.getdoc(tasks.TASKS[name])
    if name in ("anbn", "anbncn", "interval"):  # they point to the function that makes the strings
        doc += inspect.getdoc(getattr(tasks, re.search(r"`(\w+_all)`", doc)[1])) + inspect.getdoc(tasks.anbn_all)
    for word in ("Source:", "Baseline:", "Solved:"):
        assert word in doc


@pytest.mark.parametrize("name", [name for name in MADE if name != "timed_spikes"])
def test_the_rng_must_be_a_generator_and_the_batch_a_positive_integer(name):
    task, needed = tasks.TASKS[name], {"T": 30, "strings": 2}
    arguments = {k: needed[k] for k in inspect.signature(task).parameters if k in needed}
    with pytest.raises(TypeError, match=r"^rng must be a numpy.random.Generator such as .*, got int$"):
        task(0, 5, **arguments)
    with pytest.raises(ValueError, match=r"^batch must be at least 1, got 0$"):
        task(rng(), 0, **arguments)
    with pytest.raises(TypeError, match=r"^batch must be an integer, got 2.5 of type float$"):
        task(rng(), 2.5, **arguments)
    assert task(rng(), np.int64(2), **arguments).mask.shape[1] == 2


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: tasks.adding(rng(), 3, 1), "T must be at least 2, got 1"),
        (lambda: tasks.adding_1997(rng(), 3, 21), "T must be at least 22, got 21"),
        (lambda: tasks.copy_memory(rng(), 3, 0), "T must be at least 1, got 0"),
        (lambda: tasks.copy_memory(rng(), 3, 5, symbols=0), "symbols must be at least 1, got 0"),
        (lambda: tasks.temporal_order(rng(), 3, 19), "T must be at least 20, got 19"),
        (lambda: tasks.temporal_order(rng(), 3, relevant=4), "relevant must be 2 .* or 3 .*, got 4"),
        (lambda: tasks.anbn(rng(), 3, low=0), "low must be at least 1, got 0"),
        (lambda: tasks.anbn(rng(), 3, low=5, high=4), "high must be at least low = 5, got 4"),
        (lambda: tasks.anbn_all([]), "ns must hold at least one number, got none"),
        (lambda: tasks.anbncn_all([1, 0]), "each of ns must be at least 1, got 0"),
        (lambda: tasks.interval_all([1, 2], lead=-1), "lead must be at least 0, got -1"),
        (lambda: tasks.interval_all([1, 2], tail=0), "tail must be at least 1, got 0"),
        (lambda: tasks.timed_spikes(period=1), "period must be at least 2, got 1"),
        (lambda: tasks.embedded_reber(rng(), 3, low=8), "low must be at least 9, got 8"),
        (lambda: tasks.embedded_reber(rng(), 3, low=31), "low must be at most 30, .*, got 31"),
        (lambda: tasks.continual_reber(rng(), 3, 0), "strings must be at least 1, got 0"),
        (lambda: tasks.encode(["BTE"]), "each string must belong to the embedded Reber grammar, got 'BTE'"),
        (lambda: tasks.encode([]), "strings must hold at least one string, got none"),
        (lambda: tasks.legal_next("B"), "string must belong to the embedded Reber grammar, got 'B'"),
        (lambda: tasks.kings(rng(), 3, 1), "T must be at least 2, got 1"),
        (lambda: tasks.kings(rng(), 3, 9, death=1.5), "death must be a probability between 0 and 1, got 1.5"),
        (lambda: tasks.kings(rng(), 3, 9, death=0.5, ask=0.6), r"death \+ ask \+ guests must be at most 1, got 1.3"),
        (lambda: tasks.pronouns(rng(), 3, 3), "T must be at least 4, got 3"),
        (lambda: tasks.pronouns(rng(), 3, 9, new=-1), "new must be a probability between 0 and 1, got -1"),
        (lambda: tasks.REBER.index("Q"), "word must be one of B, T, P, S, X, V, E, got 'Q'"),
        (lambda: tasks.REBER.decode(np.zeros((3, 5))), r"x must have shape \(T, 7\), got \(3, 5\)"),
        (lambda: tasks.accepted(np.zeros((3, 2, 4)), tasks.anbn_all([1])), r"out must have shape \(\.\.\., 3, 1, 4\)"),
    ],
)
def test_impossible_sizes_are_refused_with_name_expected_and_got(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_sequences_of_numbers_must_be_sequences():
    with pytest.raises(TypeError, match=r"^ns must be a sequence of integers, got 5 of type int$"):
        tasks.anbn_all(5)


def test_adding_has_one_marker_a_half_and_the_sum_as_target():
    batch = tasks.adding(rng(), 400, 9)
    values, markers = batch.x[..., 0], batch.x[..., 1]
    assert set(np.unique(markers)) == {0, 1}
    assert (markers[:4].sum(0) == 1).all() and (markers[4:].sum(0) == 1).all()
    for k in range(400):
        assert batch.y[-1, k, 0] == pytest.approx(sum(values[markers[:, k] == 1, k]), abs=1e-6)
    assert markers.sum(1).min() > 0, "every step is marked now and then"
    assert batch.mask.sum() == 400 and batch.mask[-1].all()


def test_baselines_are_what_the_best_constant_reaches():
    y = tasks.adding(rng(), 40_000, 4)
    assert ((y.y[y.mask] - 1) ** 2).mean() == pytest.approx(tasks.ADDING_BASELINE, rel=0.03)
    y = tasks.adding_1997(rng(), 40_000, 22)
    error = ((y.y[y.mask] - 0.5) ** 2).mean()  # a marked first pair (about 2 in 10 here) adds no variance
    first = (y.extra["marked"] == 0).any(0).mean()
    assert error == pytest.approx(tasks.ADDING_1997_BASELINE * (1 - first / 2), rel=0.03)


def test_adding_1997_follows_the_paper_step_by_step():
    batch = tasks.adding_1997(rng(), 500, 30)
    values, markers = batch.x[..., 0], batch.x[..., 1]
    lengths = batch.extra["lengths"]
    assert set(lengths) == {30, 31, 32, 33}
    assert np.abs(values).max() <= 1 and values.min() < -0.9
    for k, length in enumerate(lengths):
        ones = np.flatnonzero(markers[:, k] == 1)
        first, second = batch.extra["marked"][:, k]
        assert set(ones) == {first, second} and first != second and first < 10 and second <= 30 // 2 - 1
        assert markers[length - 1, k] == -1 and (markers[0, k] == -1 or 0 in ones)
        assert 0 not in ones or values[0, k] == 0
        assert not batch.x[length:, k].any()
        assert np.flatnonzero(batch.mask[:, k]).tolist() == [length - 1]
        assert batch.y[length - 1, k, 0] == pytest.approx(0.5 + values[ones, k].sum() / 4, abs=1e-6)
    assert set(batch.extra["marked"][1]) == set(range(15))


def test_copy_memory_repeats_its_letters_after_the_delimiter():
    batch = tasks.copy_memory(rng(), 50, T=6, symbols=3, alphabet=4)
    shown = batch.x.argmax(-1)
    assert batch.x.shape == (12, 50, 6) and (batch.x.sum(-1) == 1).all()
    assert (shown[:3] == batch.y[-3:]).all() and (shown[:3] >= 1).all() and (shown[:3] <= 4).all()
    assert (shown[3:8] == 0).all() and (shown[8] == 5).all() and (shown[9:] == 0).all()
    assert (batch.y[:-3] == 0).all() and (batch.extra["recall"] == (np.arange(12) >= 9)[:, None]).all()
    # the baseline: certain of the blanks, uniform over the letters
    assert tasks.copy_baseline(6, 3, 4) == pytest.approx(3 * math.log(4) / 12)
    assert tasks.copy_baseline(20) == pytest.approx(0.5199, abs=1e-4)


@pytest.mark.parametrize("relevant, windows", [(2, ((10, 20), (50, 60))), (3, ((10, 20), (33, 43), (66, 76)))])
def test_temporal_order_reads_its_symbols_in_order(relevant, windows):
    batch = tasks.temporal_order(rng(), 600, relevant=relevant)
    for k, length in enumerate(batch.extra["lengths"]):
        text = tasks.TEMPORAL_ORDER.decode(batch.x[:, k], "")
        assert len(text) == length and 100 <= length <= 110
        assert re.fullmatch(r"E[abcdXY]+B", text)
        places = [t for t, letter in enumerate(text) if letter in "XY"]
        assert len(places) == relevant
        assert all(low <= t <= high for t, (low, high) in zip(places, windows, strict=True))
        assert batch.y[length - 1, k] == int("".join("01"[text[t] == "Y"] for t in places), 2)
        assert np.flatnonzero(batch.mask[:, k]).tolist() == [length - 1]
    assert len(set(batch.y[batch.mask])) == 2**relevant


@pytest.mark.parametrize("make, letters", [(tasks.anbn_all, "ab"), (tasks.anbncn_all, "abc")])
def test_counting_strings_have_exactly_the_legal_continuations(make, letters):
    words = "S" + letters + "T"
    language = {"S" + "".join(letter * n for letter in letters) + "T" for n in range(1, 12)}
    batch = make([3, 1, 4])
    for k, n in enumerate(batch.extra["n"]):
        text = "".join(words[j] for j in batch.x[:, k].argmax(-1)[batch.mask[:, k]])
        assert text + "T" in language and text.count("a") == n
        for t in range(len(text)):
            legal = {string[t + 1] for string in language if string.startswith(text[: t + 1])}
            assert {words[j] for j in np.flatnonzero(batch.y[t, k])} == legal
        assert not batch.mask[len(text) :, k].any() and not batch.y[len(text) :, k].any()


def test_accepted_and_reach_judge_every_step_of_every_net():
    batch = tasks.anbn_all(range(1, 5))
    perfect = batch.y - 0.5
    wrong = perfect.copy()
    wrong[5, 2, 1] *= -1  # one mark of n = 3
    padding = perfect.copy()
    padding[~batch.mask] *= -1
    out = np.stack([perfect, wrong, padding, -perfect])
    np.testing.assert_array_equal(tasks.accepted(out, batch)[1], [True, True, False, True])
    assert tasks.reach(tasks.accepted(out, batch)).tolist() == [4, 2, 4, 0]


def test_drawn_numbers_cover_their_range():
    assert set(tasks.anbn(rng(), 200).extra["n"]) == set(range(1, 11))
    assert set(tasks.anbncn(rng(), 100, 2, 4).extra["n"]) == {2, 3, 4}
    assert set(tasks.interval(rng(), 200).extra["D"]) == set(range(1, 11))


def test_interval_fires_once_at_twice_the_delay():
    batch = tasks.interval_all([1, 4], lead=2, tail=3)
    assert batch.x.shape == (2 + 8 + 3, 2, 1)
    for k, D in enumerate((1, 4)):
        assert np.flatnonzero(batch.x[:, k, 0]).tolist() == [2, 2 + D]
        assert np.flatnonzero(batch.y[:, k, 0]).tolist() == [2 + 2 * D]
        assert batch.mask[:, k].sum() == 2 + 2 * D + 3
    silent = np.full_like(batch.y, -1)
    assert not tasks.accepted(silent, batch).any(), "never firing is no success"


def test_timed_spikes_beat_without_input():
    batch = tasks.timed_spikes(4, 3)
    assert np.flatnonzero(batch.y[:, 0, 0]).tolist() == [3, 7, 11] and not batch.x.any() and batch.mask.all()


def test_reber_strings_belong_to_the_grammar_and_others_do_not():
    r = rng()
    assert all(re.fullmatch(INNER, tasks.reber_string(r)) for _ in range(300))
    strings = [tasks.embedded_reber_string(r) for _ in range(500)]
    assert all(EMBEDDED.fullmatch(string) and tasks.is_embedded_reber(string) for string in strings)
    assert min(map(len, strings)) == 9 and {string[1] for string in strings} == {"T", "P"}
    for string in strings[:100]:  # every change of one letter is judged as the regular expression judges it
        for t in range(len(string)):
            for letter in "BTPSXVE":
                other = string[:t] + letter + string[t + 1 :]
                assert tasks.is_embedded_reber(other) == bool(EMBEDDED.fullmatch(other))
        assert not tasks.is_embedded_reber(string[:-1]) and not tasks.is_embedded_reber(string + "E")
    assert not tasks.is_embedded_reber("")


def test_reber_lengths_are_kept():
    strings = tasks.embedded_reber(rng(), 60, low=20, high=22).extra["strings"]
    assert {len(string) for string in strings} == {20, 21, 22}


def test_legal_next_is_what_some_continuation_needs():
    """Brute force: after each prefix, the letters with which some string of the grammar goes on."""
    r = rng()
    language = {tasks.embedded_reber_string(r, 9, 14) for _ in range(6000)}
    for string in sorted(language, key=len)[:40]:
        legal = tasks.legal_next(string)
        assert legal.shape == (len(string) - 1, 7)
        for t in range(min(6, len(string) - 1)):
            found = {other[t + 1] for other in language if other.startswith(string[: t + 1]) and len(other) > t + 1}
            assert {tasks.REBER.words[k] for k in np.flatnonzero(legal[t])} == found
        assert all(legal[t, tasks.REBER.index(string[t + 1])] for t in range(len(string) - 1))


@pytest.mark.parametrize("strings", [1, 4])
def test_reber_batches_predict_the_next_letter_and_mark_the_outer_one(strings):
    batch = tasks.continual_reber(rng(), 6, strings) if strings > 1 else tasks.embedded_reber(rng(), 6)
    for k, text in enumerate(batch.extra["strings"]):
        assert tasks.REBER.decode(batch.x[:, k], "") == text[:-1]
        assert "".join(tasks.REBER.words[j] for j in batch.y[batch.mask[:, k], k]) == text[1:]
        outer = np.flatnonzero(batch.extra["outer"][:, k])
        assert len(outer) == strings
        begin = 0
        for t in outer:  # the stream splits into strings of the grammar right behind the outer letters
            assert EMBEDDED.fullmatch(text[begin : t + 3]) and text[t + 1] == text[begin + 1]
            begin = t + 3
        assert begin == len(text)


def test_given_strings_are_encoded_in_order():
    batch = tasks.encode(["BTBTXSETE", "BPBPVVEPE"])
    assert batch.x.shape == (8, 2, 7) and batch.extra["strings"] == ["BTBTXSETE", "BPBPVVEPE"]
    assert batch.extra["outer"][6].all() and batch.extra["outer"].sum() == 2


def retell_kings(words):
    """An independent reader of the story: the ruler after each word."""
    rulers, king, dead = [], None, False
    for t, word in enumerate(words):
        if t == 0 or dead:
            assert word in tasks.RULERS and word != king, "an heir follows, never the dead king himself"
            king = word
        dead = word == "dies" and not dead
        rulers.append(king)
    return rulers


def test_kings_names_the_ruler_that_a_reader_of_the_words_names():
    batch = tasks.kings(rng(), 80, 60)
    for k in range(80):
        words = tasks.KINGS.decode(batch.x[:, k]).split()
        rulers = retell_kings(words)
        assert rulers == [tasks.RULERS[j] for j in batch.y[:, k]]
        assert [word == "who?" for word in words] == batch.mask[:, k].tolist()
        since = 0
        for t in range(60):
            since = 0 if t == 0 or words[t - 1] == "dies" else since + 1
            assert batch.extra["distance"][t, k] == since
            assert batch.extra["heir"][t, k] == (since == 0) and batch.extra["dies"][t, k] == (words[t] == "dies")
    assert len({word for k in range(80) for word in tasks.KINGS.decode(batch.x[:, k]).split()}) == len(tasks.KINGS)


def test_kings_cannot_be_answered_without_rewriting():
    batch = tasks.kings(rng(), 400, 60)
    first = tasks.kings_baseline(batch)
    shown = batch.x.argmax(-1)
    last_name = np.maximum.accumulate(np.where(shown < 4, np.arange(60)[:, None], 0), axis=0)
    last = (np.take_along_axis(shown, last_name, 0) == batch.y)[batch.mask].mean()
    assert 0.25 < first < 0.6 and 0.25 < last < 0.75, (first, last)
    assert tasks.kings_baseline(tasks.kings(rng(), 50, 40, death=0)) == 1


def retell_pronouns(words):
    """An independent reader: a name at the start of a sentence is the subject from there on."""
    gender, genders, start = None, [], True
    for word in words:
        if start and word in ("Tom", "Rafsun", "Jenny", "Mira"):
            gender = "he" if word in ("Tom", "Rafsun") else "she"
        genders.append(gender)
        start = word == "."
    return genders


def test_pronouns_follow_the_subject_that_a_reader_finds():
    batch = tasks.pronouns(rng(), 80, 50)
    for k in range(80):
        words = tasks.PRONOUNS.decode(batch.x[:, k]).split()
        assert retell_pronouns(words) == [tasks.GENDERS[j] for j in batch.y[:, k]]
        assert [word == "___" for word in words] == batch.mask[:, k].tolist()
        assert batch.extra["subject"][0, k] and batch.extra["distance"][0, k] == 0
        for t in range(1, 50):
            new = words[t - 1] == "." and words[t] in tasks.PRONOUNS.words[:4]
            assert batch.extra["subject"][t, k] == new
            assert batch.extra["distance"][t, k] == (0 if new else batch.extra["distance"][t - 1, k] + 1)
    assert 0.5 < tasks.pronouns_baseline(batch) < 0.85
    assert tasks.pronouns_baseline(tasks.pronouns(rng(), 50, 40, people=0)) == 1


def test_vocabulary_goes_there_and_back():
    assert len(tasks.KINGS) == 10 and tasks.KINGS.words[:4] == tasks.RULERS
    assert tasks.REBER.decode(tasks.REBER.encode("BTXSE"), "") == "BTXSE"
    assert tasks.REBER.decode(np.array([0, 1]), "") == "BT"
    with pytest.raises(ValueError, match=r"^x must have shape \(T,\) or \(T, 7\), got \(1, 1, 7\)$"):
        tasks.REBER.decode(np.zeros((1, 1, 7)))


def test_tasks_load_no_torch():
    code = "import lstmcourse.tasks, sys; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_told_text_keeps_to_its_grammar():
    """An independent reading of the words: who is the subject, and which pronoun may follow."""
    words, gender = tasks.told(np.random.default_rng(3), 4000)
    text = [tasks.TOLD.words[k] for k in words]
    assert words.shape == gender.shape == (4000,) and set(text) == set(tasks.TOLD.words)
    he = {"Tom": True, "Rafsun": True, "Jenny": False, "Mira": False}
    subject, kept = None, 0
    for before, word, said in zip([".", *text], text, gender, strict=False):
        if before == "." and word in he:
            subject = he[word]
        elif word in ("he", "she"):
            assert before in (".", "and") and (word == "he") == subject
            kept += 1
        if before == "and":
            assert word in ("he", "she")
        assert said == (not subject)
    assert kept > 300


def test_a_told_text_refuses_what_never_ends():
    for wrong in ({"near": 1.0}, {"new": 1.5}, {"people": -0.1}):
        with pytest.raises(ValueError):
            tasks.told(np.random.default_rng(0), 10, **wrong)
    with pytest.raises(ValueError, match="length"):
        tasks.told(np.random.default_rng(0), 0)
