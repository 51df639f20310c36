"""Words as numbers, what a network makes of them whatever else is in the batch, and what counting can do."""

import numpy as np
import pytest
import torch

from lstmcourse import data, nn, sentiment


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_DATA", str(tmp_path))


SENTENCES = [["a", "film", "that", "moves", "a", "lot"], ["dull"], ["a", "film"], ["moves", "dull", "film"]]


def test_words_are_small_letters_and_marks_by_themselves():
    assert sentiment.words("It's GOOD, isn’t it? Très bien…") == [
        "it's",
        "good",
        ",",
        "isn’t",
        "it",
        "?",
        "très",
        "bien",
    ]
    assert sentiment.words("10,5 -- ''ok''!") == ["10", ",", "5", "ok", "!"]


def test_the_vocabulary_has_frequent_words_from_2_on():
    number = sentiment.vocabulary(SENTENCES)
    assert list(number) == ["a", "film", "moves", "dull"] and list(number.values()) == [2, 3, 4, 5]
    x, lengths = sentiment.padded(SENTENCES, number)
    assert x.T.tolist()[0] == [2, 3, 1, 4, 2, 1] and x.T.tolist()[1] == [5, 0, 0, 0, 0, 0]
    assert lengths.tolist() == [6, 1, 2, 3]
    with pytest.raises(ValueError, match=r"^padded expects at least one sentence, got none$"):
        sentiment.padded([], number)


def test_reviews_that_are_neither_good_nor_bad_are_left_out(monkeypatch):
    arrays = {"texts": np.array(["Good.", "So so.", "Bad."]), "ratings": np.array([0.5, 0.4, -2.0])}
    arrays["test"] = np.array([False, False, True])
    monkeypatch.setattr(data, "load", lambda name: (arrays, None))
    found = sentiment.labelled("reviews")
    assert found.good.tolist() == [True, False] and found.part(True)[0] == [["bad", "."]]
    assert found.part(False)[1].tolist() == [True]


def test_batches_take_every_sentence_once_and_those_of_like_length_together():
    lengths = torch.randint(1, 60, (1000,), generator=torch.Generator().manual_seed(0))
    made = list(sentiment.batches(lengths, 32, torch.Generator().manual_seed(1)))
    assert sorted(torch.cat(made).tolist()) == list(range(1000))
    spread = np.mean([float(lengths[batch].max() - lengths[batch].min()) for batch in made])
    assert spread < 12 and torch.cat(made)[:32].tolist() != sorted(torch.cat(made)[:32].tolist())


@pytest.mark.parametrize("pool", sentiment.POOLS)
def test_a_sentence_is_read_alike_alone_and_in_a_batch(pool):
    torch.manual_seed(0)
    layer = nn.LSTM(4, 3, bidirectional=pool != "last")
    model = sentiment.Reader(layer, 6, pool)
    x, lengths = sentiment.padded(SENTENCES, sentiment.vocabulary(SENTENCES))
    together = sentiment.logits(model, x, lengths, size=3)
    alone = [sentiment.logits(model, x[:n, [k]], lengths[[k]])[0] for k, n in enumerate(lengths)]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert model.training and len(set(np.round(together, 6))) == 4
    with pytest.raises(ValueError, match=r"^pool must be one of mean, max, ends, last, got 'sum'"):
        sentiment.Reader(layer, 6, "sum")
    with pytest.raises(ValueError, match=r"^pool 'ends' needs a layer of two directions, got one: take 'last'$"):
        sentiment.Reader(nn.LSTM(4, 3), 6, "ends")


def test_pools_against_loops():
    out, lengths = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0)) - 3, torch.tensor([5, 1, 3])
    each = [out[:n, k] for k, n in enumerate(lengths)]
    loops = {
        "mean": [o.mean(0) for o in each],
        "max": [o.amax(0) for o in each],
        "last": [o[-1] for o in each],
        "ends": [torch.cat([o[-1, :2], o[0, 2:]]) for o in each],
    }
    for name, wanted in loops.items():
        torch.testing.assert_close(sentiment.POOLS[name](out, lengths), torch.stack(wanted))


def test_training_learns_which_words_are_good():
    sentences = [["a", word] for word in ("good", "fine", "bad", "dull")] * 40
    good = np.array([word in ("good", "fine") for _, word in sentences])
    number = sentiment.vocabulary(sentences)
    torch.manual_seed(0)
    model = sentiment.Reader(nn.GRU(8, 8), 2 + len(number), "last", dropout=0.1)
    losses = list(sentiment.train(model, *sentiment.padded(sentences, number), good, 60, lr=0.02))
    assert len(losses) == 60 and losses[-1] < 0.2 < 0.6 < losses[0]
    said = sentiment.logits(model, *sentiment.padded([["a", "good"], ["a", "dull"]], number))
    assert said[0] > 0 > said[1]


def test_counting_is_right_on_exactly_half_of_the_twins():
    opinions = sentiment.labelled("opinions")
    train, (sentences, good) = opinions.part(False), opinions.part(True)
    assert (sentiment.by_counting(*train, sentences, tf_idf=False) == good).mean() == 0.5
    assert 0.5 < (sentiment.by_counting(*train, sentences) == good).mean() < 0.8
