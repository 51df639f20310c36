"""Data sets: exact labels against an independent reader, honest cards, clear words when something is missing."""

import builtins
import platform
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from lstmcourse import data
from lstmcourse.commands.data import main
from lstmcourse.data import DataUnavailable, _card
from lstmcourse.data import code as code_module
from lstmcourse.data import series as series_module
from lstmcourse.data import text as text_module
from tests.damage import damaged, damages


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_DATA", str(tmp_path / "cache"))


def decoded(arrays):
    return "".join(arrays["symbols"][arrays["numbers"]])


def test_text_is_pydocs_topics_in_plain_ascii():
    arrays, card = data.load("text")
    text = decoded(arrays)
    assert card.n == len(text) > 300_000 and text.isascii() and len(set(text)) == len(arrays["symbols"])
    assert arrays["numbers"].dtype == np.uint8 and arrays["symbols"].tolist() == sorted(set(text))
    assert "\nAssignment statements\n***\n" in text and "****" not in text and "iterator" in text
    assert card.version == f"Python {platform.python_version()}" and card.licence == "PSF-2.0"


def test_normalise_keeps_what_reads_and_drops_what_does_not():
    assert text_module.normalise(["a’b “c” — d…", "T\n=======\n--\n--------"]) == 'a\'b "c" - d...\nT\n===\n--\n---'


def test_the_same_data_have_the_same_sha256_and_others_another():
    one, two = data.load("text"), data.load("text")
    assert one[1] == two[1] and re.fullmatch("[0-9a-f]{64}", one[1].sha256)
    arrays = dict(one[0])
    arrays["numbers"] = arrays["numbers"].copy()
    arrays["numbers"][7] ^= 1
    assert data.sha256(arrays) != one[1].sha256
    assert data.sha256({"a": np.arange(3, dtype=">i4")}) == data.sha256({"a": np.arange(3, dtype="<i4")})


def test_a_card_prints_its_facts_and_cannot_be_changed():
    card = data.load("text")[1]
    for word in ("text:", "PSF-2.0", card.sha256, f"{card.n:,}", "train: the first 90 %"):
        assert word in str(card)
    with pytest.raises(FrozenInstanceError):
        card.n = 3


def read(source):
    """An independent reader, character by character, for sources with plain strings only."""
    depth, quote, comment, labels, k = 0, "", False, [], 0
    while k < len(source):
        if quote:
            if source[k] == "\\":
                labels += [(depth, True, False)] * 2
                k += 2
                continue
            if source.startswith(quote, k):
                labels += [(depth, True, False)] * (len(quote) - 1) + [(depth, False, False)]
                k, quote = k + len(quote), ""
                continue
        elif comment:
            comment = source[k] != "\n"
        elif source[k] == "#":
            comment = True
        elif source[k] in "\"'":
            quote = source[k] * 3 if source.startswith(source[k] * 3, k) else source[k]
            labels += [(depth, True, False)] * len(quote)
            k += len(quote)
            continue
        else:
            depth += (source[k] in "([{") - (source[k] in ")]}")
        labels.append((depth, bool(quote), comment))
        k += 1
    return np.array(labels)


def test_code_labels_equal_an_independent_readers(monkeypatch):
    assert len(code_module.MODULES) == len(set(code_module.MODULES)) <= 256
    monkeypatch.setattr(code_module, "MODULES", ("argparse", "ast", "enum"))  # without an f-string inside an f-string
    arrays, card = data.load("code")
    assert card.n == len(arrays["numbers"]) > 150_000
    assert all(len(arrays[key]) == card.n for key in ("depth", "string", "comment", "indentation", "module"))
    text = decoded(arrays)
    for k, module in enumerate(code_module.MODULES):
        inside = arrays["module"] == k
        source = "".join(np.array(list(text))[inside])
        labels = read(source)
        ours = np.stack([arrays[key][inside] for key in ("depth", "string", "comment")], 1)
        prefixed = np.flatnonzero((labels != ours).any(1))  # the reader does not count the r, b, f before a quote
        assert all(source[t] in "rbfuRBFU" and ours[t, 1] for t in prefixed), (module, source[prefixed[0] - 20 :][:40])
        assert arrays["depth"][inside][-1] == 0 and arrays["depth"][inside].max() < 20


SOURCE = '''\
def f(a, b=(1, 2)):  # two (
    """Doc [1]."""
    if a:
        return {"(": [a, 'x\\'']}

    # back
    return f"{a[0]} {b!r}" + "é"


x = [
    1,
]
'''


def test_labels_of_a_small_source_by_hand():
    labels = code_module.label(SOURCE)
    lines = SOURCE.splitlines()
    at = {}
    for number, line in enumerate(lines):
        at[number] = SOURCE.index(line, at.get(number - 1, 0)) if line else None

    def row(key, number):
        return "".join(str(int(v)) for v in labels[key][at[number] : at[number] + len(lines[number])])

    assert row("depth", 0) == "0" * 5 + "1" * 6 + "2" * 5 + "10" + "0" * 10
    assert row("comment", 0) == "0" * 21 + "1" * 7
    assert row("string", 1) == "0" * 4 + "1" * 13 + "0"
    assert row("depth", 1) == "0" * 18, "brackets in strings are no brackets"
    assert row("string", 3) == "0" * 16 + "110" + "0" * 6 + "11110" + "00"
    assert row("string", 6) == "0" * 11 + "1" * 14 + "0" + "000" + "110"
    assert row("depth", 6) == "0" * len(lines[6])
    levels = [labels["indentation"][at[k]] if lines[k] else None for k in range(len(lines))]
    assert levels == [0, 1, 1, 2, None, 2, 1, None, None, 0, 0, 0]  # a comment line stays with the block before it


def test_labels_begin_with_blank_lines_and_comments():
    labels = code_module.label("\n# a\nx = 1\n")
    assert labels["indentation"].tolist() == [0] * 11 and labels["comment"].sum() == 3


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(code_module, "MODULES", ("dataclasses",))


def test_code_comes_from_the_cache_the_second_time(small, monkeypatch):
    arrays, card = data.load("code")
    once = data.DATASETS["code"]._replace(make=lambda: pytest.fail("made twice"))
    monkeypatch.setitem(data.DATASETS, "code", once)
    again, second = data.load("code")
    assert second == card and all(np.array_equal(arrays[key], again[key]) for key in arrays)


def test_a_damaged_cache_is_made_again(small):
    card = data.load("code")[1]
    (file,) = data.folder().iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert data.load("code")[1] == card


def test_a_cache_that_cannot_be_written_is_no_error(small, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LSTMCOURSE_DATA", str(tmp_path / "file" / "below"))
    assert data.load("code")[1].n > 30_000


def test_a_write_that_is_broken_off_leaves_nothing(small, monkeypatch):
    def press(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", press)
    with pytest.raises(KeyboardInterrupt):
        data.load("code")
    assert list(data.folder().iterdir()) == []


def test_an_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match=r"^name must be one of text, code, .*imdb, got 'txt'$"):
        data.load("txt")


def without_pydoc(monkeypatch):
    real = builtins.__import__

    def fail(name, *rest):
        if name.startswith("pydoc_data"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", fail)


def test_missing_documentation_names_what_to_do_and_the_alternative(monkeypatch):
    without_pydoc(monkeypatch)
    with pytest.raises(
        DataUnavailable, match=r"^text needs pydoc_data.topics, .*full standard library, .*load\(\"code"
    ):
        data.load("text")


def test_missing_sources_name_what_to_do_and_the_alternative(monkeypatch, tmp_path):
    monkeypatch.setattr(code_module.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(DataUnavailable, match=r"^code needs .* argparse.py is not among them.*load\(\"text"):
        data.load("code")


def test_the_command_lists_cards_and_says_what_is_missing(small, monkeypatch, capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name}: " in f"\n{printed}" for name in data.DATASETS) and "cache: " in printed
    assert "reviews: not available\n  reviews is not on this machine: with a network, python -m lstmcourse" in printed
    without_pydoc(monkeypatch)
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert "text: not available" in printed and 'data.load("code")' in printed


def test_verify_finds_a_cache_of_other_contents_and_fetch_mends_it(small, capsys):
    assert main(["fetch", "code"]) == 0 and main(["verify"]) == 0
    (file,) = data.folder().iterdir()
    arrays = dict(data.load("code")[0])
    arrays["depth"] = arrays["depth"] + 1
    _card.keep(file.stem, arrays)
    capsys.readouterr()
    assert main(["verify"]) == 1 and not data.verify("code")
    said = capsys.readouterr()
    assert "text: as its source has it" in said.out and "data fetch code" in said.err
    assert main(["fetch", "code"]) == 0 and data.verify("code")


def test_fetch_and_verify_fail_where_the_source_is_missing(small, monkeypatch, capsys):
    without_pydoc(monkeypatch)
    assert main(["fetch", "text"]) == 1 and main(["verify", "text"]) == 1
    assert capsys.readouterr().err.count("text: not available") == 2
    with pytest.raises(SystemExit):
        main(["fetch", "txt"])
    assert "NAME must be one of text, code, opinions" in capsys.readouterr().err


def test_data_load_neither_torch_nor_matplotlib():
    code = "import lstmcourse.data, sys; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_series_are_the_numbers_of_their_files(tmp_path, monkeypatch):
    arrays, card = data.load("series")
    assert card.licence == "public domain" and arrays["year"].tolist() == list(range(1700, 2009))
    assert arrays["sunspots"][:3].tolist() == [5, 11, 16] and arrays["sunspots"].min() == 0
    weeks = np.diff(arrays["week"]).astype(int)
    assert arrays["co2"][0] == 316.1 and np.isnan(arrays["co2"]).sum() == 59 and set(weeks.tolist()) == {7}
    for name in series_module.FILES:
        (tmp_path / name).write_bytes((series_module.HERE / name).read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(series_module, "HERE", tmp_path)
    assert data.load("series")[1] == card, "line ends are not data"
    (tmp_path / "co2.csv").write_bytes((tmp_path / "co2.csv").read_bytes().replace(b"316.1", b"316.2", 1))
    with pytest.raises(DataUnavailable, match=re.escape(f"as it was: git checkout {tmp_path}, or install anew")):
        data.load("series")


def test_digits_are_scikit_learns(monkeypatch):
    arrays, card = data.load("digits")
    assert arrays["images"].shape == (1797, 8, 8) and arrays["images"].max() == 16 and arrays["test"].sum() == 360
    assert (
        np.bincount(arrays["labels"]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180] and card.n == 1797
    )
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataUnavailable, match=r"^digits comes with scikit-learn, which is missing"):
        data.load("digits", fresh=True)


DEGREES = {"": 1.0, "very": 2.0, "not": -1.0, "hardly": -0.5}
POLARITY = dict.fromkeys(["good", "fine", "clever", "moving", "funny"], 1) | dict.fromkeys(
    ["bad", "dull", "clumsy", "empty", "tedious"], -1
)


def rated(text):
    """The rating of an opinion, read by another way: a regular expression for a clause."""
    clauses = re.findall(r"the \w+ is ?(very|not|hardly)?(?: ?,[a-z ]+,)? (\w+)", text)
    assert len(clauses) in (1, 2) and text.count(" is ") == len(clauses), text
    return sum(DEGREES[degree] * POLARITY[adjective] for degree, adjective in clauses)


def test_opinions_are_rated_by_the_order_of_their_words():
    arrays, _ = data.load("opinions")
    texts, ratings = arrays["texts"].tolist(), arrays["ratings"]
    assert len(set(texts)) == len(texts) == 10_000 and [rated(text) for text in texts] == ratings.tolist()
    assert (ratings[4000::2] == -ratings[4001::2]).all() and ratings.all()
    assert all(sorted(a.split()) == sorted(b.split()) for a, b in zip(texts[4000::2], texts[4001::2]))
    assert arrays["test"].sum() == 2000 and (arrays["test"][::2] == arrays["test"][1::2]).all(), "twins are not parted"


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the one folder of all examples
)
@given(damages)
def test_a_cache_with_random_damage_is_made_again_or_whole(how):
    arrays = {"x": np.arange(12.0).reshape(3, 4), "word": np.array([b"ab", b"c"])}
    _card.keep("damaged", arrays)
    file = data.folder() / "damaged.npz"
    file.write_bytes(damaged(file.read_bytes(), how))
    kept = _card.kept("damaged")
    file.unlink()
    assert kept is None or (kept.keys() == arrays.keys() and all(np.array_equal(kept[k], arrays[k]) for k in arrays))
