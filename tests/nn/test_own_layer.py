"""A layer of one's own: its states start where it says, alone, stacked, packed, and in an ensemble."""

import numpy as np
import torch

from lstmcourse import nn
from lstmcourse.ensemble import Ensemble
from lstmcourse.reference import Params, unroll
from tests.own import EXPONENTIAL, ExponentialLSTM

from .layers import LENGTHS, B, H, I, T, assert_close, flat, random


def reference_states(layer, x):
    w = {k.removesuffix("_l0"): v.detach().numpy() for k, v in layer.named_parameters()}
    p = Params(W=w["weight_ih"], U=w["weight_hh"], b=w["bias_ih"] + w["bias_hh"])
    return unroll(EXPONENTIAL, p, x.numpy())[0]


def test_without_a_state_the_layer_starts_where_the_cell_does():
    layer = ExponentialLSTM(I, H, dtype=torch.float64)
    x = random(T, B, I)
    output, *final = flat(layer(x))
    states = reference_states(layer, x)
    assert_close(output, torch.tensor(states[0]), 1e-12)
    for got, want in zip(final, states, strict=True):
        assert_close(got[0], torch.tensor(want[-1]), 1e-12)


def test_every_layer_and_direction_starts_there():
    layer = ExponentialLSTM(I, H, 2, bidirectional=True, dtype=torch.float64)
    start = tuple(torch.full((4, B, H), layer.initial.get(s, 0.0), dtype=torch.float64) for s in layer.states)
    for x in (random(T, B, I), nn.pack(random(T, B, I), LENGTHS)):
        for a, b in zip(flat(layer(x)), flat(layer(x, start)), strict=True):
            assert torch.equal(a, b)


def test_an_ensemble_starts_there():
    ensemble = Ensemble(ExponentialLSTM, I, H, 2, n=3, dtype=torch.float64)
    x = random(T, B, I)
    _, states = ensemble(x)
    for k in range(3):
        want = reference_states(ensemble.member(k)[0], x)
        for got, w in zip(states, want, strict=True):
            assert_close(got[k], torch.tensor(w[-1]), 1e-12)


def test_chrono_needs_a_layer_that_says_which_gate_keeps_the_old_state():
    assert not ExponentialLSTM(I, H, chrono=10).bias_hh_l0[:H].any()
    unsaid = type("Unsaid", (ExponentialLSTM,), {"forget": None})
    with np.testing.assert_raises_regex(ValueError, "chrono needs a gate that keeps the old state; Unsaid has none"):
        nn.chrono_(unsaid(I, H), 10)
