"""Chorales: tanh units, GRU and LSTM of equal parameters, on pieces by rules and on Bach's."""

from typing import Any

import torch

from .. import music, training
from ..nn import LAYERS
from ._registry import experiment

UNITS = {"rnn": 82, "gru": 44, "lstm": 36}  # about 21,500 parameters each, the readout's among them
SETTING: dict[str, Any] = dict(
    grid={cell: {"cell": cell} for cell in UNITS},
    updates=240,
    rates=(0.006, 0.015),
    nets=1,
    blocks=3,
    measure="nll",
    pairs=(("rnn", "gru"), ("rnn", "lstm"), ("gru", "lstm")),
)


@experiment("12", "Chorales by rules: tanh units, GRU and LSTM of equal parameters", **SETTING)
def chorales(cell: str, n: int, seed: int, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """One layer, a probability for each key; 16 pieces an update, Adam with a rate that falls to a twentieth, the
    gradient clipped to 1. Each block divides the pieces anew.

    nll: nats a frame on the pieces for testing; nll_train: on those for training; unigram, markov: what counting
    reaches there; floor: what no model with a probability for each key can pass; weights: parameters.
    """
    return _trained("chorales", cell, n, seed, updates, lr, device)


@experiment("12", "Bach's chorales: tanh units, GRU and LSTM of equal parameters", **SETTING)
def bach_chorales(cell: str, n: int, seed: int, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    """As `chorales`, on the data set music, which has to be fetched; there is no floor."""
    return _trained("music", cell, n, seed, updates, lr, device)


def _trained(name: str, cell: str, n: int, seed: int, updates: int, lr: float, device: str) -> dict[str, list[Any]]:
    pieces = music.pieces(name, seed)
    counted = {
        "unigram": music.counted(music.unigram(pieces.train), pieces.test),
        "markov": music.counted(music.markov(pieces.train), pieces.test),
        "floor": music.floor(pieces.test).notes if name == "chorales" else None,
    }
    nets = [_net(pieces, cell, seed + k, updates, lr, device) | counted for k in range(n)]
    return {measure: [net[measure] for net in nets] for measure in nets[0]}


def _net(pieces: music.Pieces, cell: str, seed: int, updates: int, lr: float, device: str) -> dict[str, Any]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        start: dict[str, Any] = {"forget_bias": 1.0} if cell == "lstm" else {}
        net = music.model(LAYERS[cell](88, UNITS[cell], **start), pieces.train).to(device)
    draws = music.draws(pieces.train, seed=seed)
    rate = training.linear_decay()
    training.fit(net, draws, training.bce, steps=updates, lr=lr, schedule=rate, progress=False)
    return {
        "nll": music.nll(net, pieces.test),
        "nll_train": music.nll(net, pieces.train),
        "weights": sum(p.numel() for p in net.parameters()),
    }
