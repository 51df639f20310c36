"""Sentences of film reviews, good or bad: networks that read them, and a regression that counts their words."""

from typing import Any

import numpy as np
import torch

from .. import sentiment
from ..nn import LAYERS, Recurrent
from ._registry import experiment

EMBEDDING, UNITS, TEST = 32, 32, 2000
Part = tuple[list[sentiment.Sentence], np.ndarray]


@experiment(
    "11",
    "Sentiment of film reviews: LSTM, GRU and two directions against counted words (TF-IDF)",
    grid={
        "tf_idf": {"cell": "tf_idf"},
        "lstm": {"cell": "lstm", "pool": "mean"},
        "gru": {"cell": "gru", "pool": "mean"},
        "lstm_both": {"cell": "lstm", "pool": "mean", "both": True},
        "lstm_both_max": {"cell": "lstm", "pool": "max", "both": True},
        "lstm_both_ends": {"cell": "lstm", "pool": "ends", "both": True},
    },
    updates=1024,
    rates=(0.002, 0.005),
    nets=2,
    blocks=3,
    measure="wrong",
    pairs=(("tf_idf", "lstm_both"), ("lstm", "lstm_both"), ("lstm", "gru")),
)
def reviews(
    cell: str, n: int, seed: int, updates: int, lr: float, device: str, pool: str = "mean", both: bool = False
) -> dict[str, list[Any]]:
    """Embedding of 32, layer of 32 units (each way), dropout 0.5, batches of 32, Adam with a rate that falls to a
    twentieth; about 255 updates are one reading of the training sentences. Each block has its own 2,000 sentences for
    testing, and the vocabulary is that of the others.

    wrong: share of the test sentences judged wrongly; wrong_train: the same of those trained on; weights: a network's
    parameters. The regression knows no rate and no seed: in a block it is always the same.
    """
    found = sentiment.labelled("reviews")
    test = np.zeros(len(found.good), bool)
    test[np.random.default_rng(seed).permutation(len(test))[:TEST]] = True
    again = found._replace(test=test)
    train, others = again.part(False), again.part(True)
    if cell == "tf_idf":
        return {name: [value] * n for name, value in _counted(train, others).items()}
    nets = [_trained(train, others, LAYERS[cell], pool, both, seed + k, updates, lr, device) for k in range(n)]
    return {name: [net[name] for net in nets] for name in nets[0]}


def _counted(train: Part, test: Part) -> dict[str, Any]:
    (read, good), (others, right) = train, test
    said = sentiment.by_counting(read, good, [*others, *read])
    wrong, wrong_train = said[: len(others)] != right, said[len(others) :] != good
    return {"wrong": float(wrong.mean()), "wrong_train": float(wrong_train.mean()), "weights": None}


def _trained(
    train: Part,
    test: Part,
    layer: type[Recurrent],
    pool: str,
    both: bool,
    seed: int,
    updates: int,
    lr: float,
    device: str,
) -> dict[str, Any]:
    (read, good), (others, right) = train, test
    number = sentiment.vocabulary(read)
    x, lengths = (t.to(device) for t in sentiment.padded(read, number))
    x_test, lengths_test = (t.to(device) for t in sentiment.padded(others, number))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = sentiment.Reader(layer(EMBEDDING, UNITS, bidirectional=both), 2 + len(number), pool).to(device)
        for _ in sentiment.train(model, x, lengths, good, updates, lr, seed):
            pass
    return {
        "wrong": float(((sentiment.logits(model, x_test, lengths_test) > 0) != right).mean()),
        "wrong_train": float(((sentiment.logits(model, x, lengths) > 0) != good).mean()),
        "weights": sum(p.numel() for p in model.parameters()),
    }
