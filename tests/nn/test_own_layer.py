"""A layer of one's own: its states start where it says, alone, stacked, packed, and in an ensemble."""

import numpy as np
import pytest
import torch

from lstmcourse import convert, nn
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


BASES = [(base, {}) for base in (nn.LSTM, nn.CoupledLSTM, nn.PeepholeLSTM, nn.GRU, nn.RNN)]


@pytest.mark.parametrize("base,options", [*BASES, (nn.RNN, {"nonlinearity": "relu"})])
def test_inputs_of_its_own_are_what_every_way_computes(base, options):
    """The fast ways of the class above compute W x + b_ih, whatever the layer says."""
    half = type("Half", (base,), {"inputs": staticmethod(lambda xs, w: nn.affine(xs, w.weight_ih) / 2)})
    layer, plain, x = half(I, H, **options), base(I, H, **options), random(T, B, I).float()
    assert layer.ways() == ("auto", "loop") and layer.route(x) == "loop"
    plain.load_state_dict(layer.state_dict())
    with torch.no_grad():
        plain.weight_ih_l0.div_(2)
        plain.bias_ih_l0.zero_()
    assert_close(layer(x)[0], plain(x)[0], 1e-5)
    with pytest.raises(TypeError, match=r"Half is no layer of lstmcourse\.nn\.LAYERS"):
        convert.from_torch(layer)
