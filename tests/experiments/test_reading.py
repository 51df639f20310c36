"""The network that has read the standard library: its file is what it says, and its symbols are the same everywhere."""

import numpy as np
import pytest
import torch

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


def test_held_out_is_the_end_of_its_source_with_exact_labels():
    held, (read, labels) = reading.held_out(), reading.numbers()
    n = len(held.numbers)
    text = "".join(reading.SYMBOLS[k] for k in held.numbers)
    assert n == len(read) - int(0.9 * len(read)) and held.source.endswith(text)
    assert all(label.shape == (n,) and label.dtype == bool and label.any() for label in held.labels.values())
    quotes = held.labels["in quotes"]
    assert not (quotes & ~labels["string"][-n:]).any() and not (quotes & (held.numbers == 0)).any()
    assert not held.labels["in a comment"][quotes].any()
    column = np.array([len(text[: k + 1].rpartition("\n")[2]) for k in range(5000)])
    whole = text.index("\n")  # the first line is cut off
    assert (held.labels["beyond column 40"][whole:5000] == (column[whole:] > 40)).all()


def test_side_by_side_puts_pieces_into_columns():
    assert reading.side_by_side(np.arange(11), rows=3).tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_inside_is_the_layer_itself_and_a_unit_can_be_held():
    net, x = reading.net(), np.random.default_rng(0).integers(len(reading.SYMBOLS), size=(5, 3))
    found = reading.inside(net, x)
    with torch.no_grad():
        out, (h, c) = net(torch.nn.functional.one_hot(torch.tensor(x), len(reading.SYMBOLS)).float())
    for name, expected in (("h", h[0]), ("c", c[0]), ("guesses", out.softmax(-1)[-1])):
        np.testing.assert_allclose(found[name][-1], expected.numpy(), atol=1e-6)
    np.testing.assert_allclose(found["c"][1], found["f"][1] * found["c"][0] + found["i"][1] * found["g"][1], atol=1e-6)
    held = reading.inside(net, x, lambda c: c.index_fill(1, torch.tensor([4]), 0.5))
    assert (held["c"][..., 4] == 0.5).all() and (held["c"][0, :, :4] == found["c"][0, :, :4]).all()


def test_training_begins_at_the_letters_frequencies_and_learns():
    _, bits = reading.trained(updates=3)
    assert 4 < bits["training"] < 5.5 and 3.5 < bits["held_out"] < 5.5


def test_a_missing_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "FILE", tmp_path / "none.safetensors")
    with pytest.raises(checkpoint.CheckpointError, match=r"none\.safetensors"):
        reading.opened()
