"""The network that has read the standard library: its file is what it says, and its symbols are the same everywhere."""

import numpy as np
import pytest

from lstmcourse import checkpoint, data, training
from lstmcourse.experiments import reading


def test_symbols_are_printable_ascii_and_strangers_read_as_blanks():
    assert len(reading.SYMBOLS) == 96 and reading.encode("\n a").tolist() == [0, 1, 66]
    assert "".join(reading.SYMBOLS[k] for k in reading.encode("é\tx = 1\n")) == "  x = 1\n"


def test_numbers_are_the_code_with_its_labels():
    read, labels = reading.numbers()
    arrays, card = data.load("code")
    assert len(read) == card.n and all(len(label) == card.n for label in labels.values())
    text = "".join(arrays["symbols"][arrays["numbers"][:2000]])
    assert "".join(reading.SYMBOLS[k] for k in read[:2000]) == text


def test_the_stored_network_reads_as_well_as_its_file_says():
    net, stored = reading.opened()
    assert reading.FILE.stat().st_size < 1_000_000 and stored.step == reading.UPDATES and not net.training
    assert stored.header["sha256"] == reading.SHA256
    assert stored.extra["made"]["command"] == "python -m lstmcourse.experiments.reading"
    read, _ = reading.numbers()
    rest = read[int(0.9 * len(read)) :]
    batch = training.windows(rest, reading.B, len(rest) // reading.B - 1, len(reading.SYMBOLS))(0)
    bits = training.score(training.cross_entropy, batch)(net) / np.log(2)
    same = data.load("code")[1].sha256 in stored.extra["text"]  # the text of another Python differs a little
    assert bits == pytest.approx(stored.extra["bits"]["held_out"], abs=0.002 if same else 0.15)


def test_training_begins_at_the_letters_frequencies_and_learns():
    _, bits = reading.trained(updates=3)
    assert 4 < bits["training"] < 5.5 and 3.5 < bits["held_out"] < 5.5


def test_a_missing_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "FILE", tmp_path / "none.safetensors")
    with pytest.raises(checkpoint.CheckpointError, match=r"none\.safetensors"):
        reading.opened()
