"""Zoneout, variational dropout and weight drop against the equations of their papers."""

from functools import partial

import pytest
import torch
from torch.nn.utils import parametrize
from torch.nn.utils.rnn import pad_packed_sequence

from lstmcourse import nn
from lstmcourse.nn import wrappers

from .layers import LENGTHS, B, H, I, T, assert_close, flat, make, random, random_state


@pytest.fixture
def drawn(monkeypatch):
    """What the wrappers draw, in order."""
    kept = []

    def spy(draw, like, p):
        kept.append(draw(like, p))
        return kept[-1]

    for name in ("_drawn", "_mask"):
        monkeypatch.setattr(wrappers, name, partial(spy, getattr(wrappers, name)))
    return kept


def lstm(layer, ax, h_, c_):
    """The LSTM's equations, from W x + b_ih and the h that U sees."""
    i, f, g, o = (ax + h_ @ layer.weight_hh_l0.T + layer.bias_hh_l0).split(H, -1)
    c = f.sigmoid() * c_ + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


# ---- zoneout


def zoned(layer, xs, state, mix):
    """Krueger et al. (2017), equations 4 and 5; mix(name, t, old, new)."""
    (h, c), hs = (s[0] for s in state), []
    for t, x in enumerate(xs):
        new_h, new_c = lstm(layer, x @ layer.weight_ih_l0.T + layer.bias_ih_l0, h, c)
        h, c = mix("h", t, h, new_h), mix("c", t, c, new_c)
        hs.append(h)
    return torch.stack(hs), h, c


def test_zoneout_keeps_what_was_drawn(drawn):
    layer, xs = make("lstm"), random(T, B, I)
    state = random_state(layer)
    got = flat(nn.Zoneout(layer, h=0.3, c=0.6)(xs, state))
    d = {"h": drawn[0::2], "c": drawn[1::2]}
    want = zoned(layer, xs, state, lambda name, t, old, new: d[name][t] * old + ~d[name][t] * new)
    for a, b in zip(got, (want[0], want[1][None], want[2][None]), strict=True):
        assert_close(a, b, 1e-13)
    assert len(drawn) == 2 * T and not torch.equal(drawn[0], drawn[2])


def test_zoneout_in_evaluation_is_the_mean():
    layer, xs = make("lstm"), random(T, B, I)
    state, rates = random_state(layer), {"h": 0.3, "c": 0.6}
    got = nn.Zoneout(layer, **rates).eval()(xs, state)[0]
    want = zoned(layer, xs, state, lambda name, t, old, new: rates[name] * old + (1 - rates[name]) * new)
    assert_close(got, want[0], 1e-13)


def test_zoneout_draws_at_its_rate_and_none_is_the_layer():
    layer, xs = make("gru", 4, 50), random(40, 10, 4)
    assert_close(flat(nn.Zoneout(layer)(xs))[0], layer(xs)[0], 1e-13)
    hs = nn.Zoneout(layer, h=0.25)(xs)[0]
    assert abs((hs[1:] == hs[:-1]).double().mean() - 0.25) < 0.02
    still = nn.Zoneout(layer, h=1.0)(xs, torch.ones(1, 10, 50, dtype=torch.float64))[0]
    assert still.eq(1).all()


# ---- variational dropout


def test_variational_dropout_has_one_mask_for_all_steps(drawn):
    layer, xs = make("lstm"), random(T, B, I)
    state = random_state(layer)
    got = nn.VariationalDropout(layer, input=0.4, recurrent=0.3, output=0.2)(xs, state)[0]
    z_x, z_h, z_y = drawn  # three draws, whatever T is
    for z, p in ((z_x, 0.4), (z_h, 0.3), (z_y, 0.2)):
        assert set(z.unique().tolist()) <= {0.0, 1 / (1 - p)} and len(z) == B
    (h, c), hs = (s[0] for s in state), []
    for x in xs:  # Gal & Ghahramani (2016), equation 7
        h, c = lstm(layer, (x * z_x) @ layer.weight_ih_l0.T + layer.bias_ih_l0, h * z_h, c)
        hs.append(h)
    assert_close(got, torch.stack(hs) * z_y, 1e-13)


def test_variational_dropout_draws_for_each_layer_and_direction_and_not_in_evaluation(drawn):
    layer, xs = make("rnn", num_layers=2, bidirectional=True), random(T, B, I)
    wrapper = nn.VariationalDropout(layer, input=0.5, recurrent=0.5)
    wrapper(xs)
    assert [len(z.T) for z in drawn] == [I, H, I, H, 2 * H, H, 2 * H, H, 2 * H]
    drawn.clear()
    assert_close(wrapper.eval()(xs)[0], layer(xs)[0], 0.0)
    assert not drawn


# ---- weight drop


@pytest.mark.parametrize("name,way", [("lstm", "loop"), ("lstm", "vendor"), ("peephole", "scan"), ("gru", "scan")])
def test_weight_drop_is_the_layer_with_other_recurrent_weights(name, way):
    """Merity et al. (2018): the same dropped U at every step of a call, forwards and backwards."""
    plain, dropped, xs = make(name, impl=way), nn.weight_drop(make(name, impl=way), 0.5), random(T, B, I)
    whole = plain.weight_hh_l0.detach().clone()
    torch.manual_seed(3)
    mask = dropped.weight_hh_l0.detach() / whole
    assert set(mask.round(decimals=12).unique().tolist()) == {0.0, 2.0} and abs(mask.mean() - 1) < 0.3
    with torch.no_grad():
        plain.weight_hh_l0.mul_(mask)
    torch.manual_seed(3)
    for layer in (dropped, plain):
        layer(xs)[0].square().sum().backward()
    got = dropped.parametrizations.weight_hh_l0.original.grad
    assert_close(got, plain.weight_hh_l0.grad * mask, 1e-10)
    assert not got[mask == 0].any()
    for key in ("weight_ih_l0", "bias_hh_l0"):
        assert_close(getattr(dropped, key).grad, getattr(plain, key).grad, 1e-10)
    assert not torch.equal(dropped(xs)[0], dropped(xs)[0])
    with torch.no_grad():
        plain.weight_hh_l0.copy_(whole)
    assert_close(dropped.eval()(xs)[0], plain(xs)[0], 0.0)
    parametrize.remove_parametrizations(dropped, "weight_hh_l0")
    assert dropped.state_dict().keys() == plain.state_dict().keys()


def test_weight_drop_drops_in_every_layer_and_direction():
    layer = nn.weight_drop(make("coupled", num_layers=2, bidirectional=True))
    assert set(layer.parametrizations) == {k for names in layer._all_weights for k in names if "weight_hh" in k}


# ---- all of them


WRAPPED = [
    lambda layer: nn.Zoneout(layer, h=0.3),
    lambda layer: nn.VariationalDropout(layer, input=0.3, output=0.3),
    nn.weight_drop,
]


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("name", ["gru", "layer_norm"])
def test_shapes_are_the_layers_and_padding_does_not_matter(wrap, name):
    """Packed, two layers, two directions, batch first: zeros where a sequence has ended, gradients everywhere."""
    layer = make(name, num_layers=2, bidirectional=True, batch_first=True)
    wrapper, x = wrap(layer), random(B, T, I)
    packed, state = wrapper(nn.pack(x, LENGTHS, batch_first=True))
    output, lengths = pad_packed_sequence(packed, batch_first=True)
    assert lengths.tolist() == LENGTHS and output.shape == (B, T, 2 * H) == wrapper(x)[0].shape
    for b, n in enumerate(LENGTHS):
        assert output[b, :n].any() and not output[b, n:].any()
    for a, b in zip(flat(wrapper(x)), flat(layer(x)), strict=True):
        assert a.shape == b.shape
    output.sum().backward()
    assert all(p.grad is not None for p in wrapper.parameters())
    assert wrapper(x[0])[0].shape == (T, 2 * H)


BAD = [
    (lambda: nn.Zoneout(make("gru"), c=0.5), ValueError, "rates must be of the states of GRU, h, got c"),
    (lambda: nn.Zoneout(make("gru"), h=1.5), ValueError, "h must be a number between 0 and 1, got 1.5"),
    (lambda: nn.Zoneout(torch.nn.GRU(2, 3), h=0.5), TypeError, "layer must be a layer of lstmcourse.nn, got torch.nn"),
    (lambda: nn.VariationalDropout(make("gru"), recurrent=0.5), ValueError, "GRU also keeps h; weight_drop is for it"),
    (
        lambda: nn.VariationalDropout(make("lstm", I, H, 2, dropout=0.1)),
        ValueError,
        "layer must have dropout=0, got 0.1",
    ),
    (
        lambda: nn.VariationalDropout(make("lstm"), input=-1),
        ValueError,
        "input must be a number between 0 and 1, got -1",
    ),
    (lambda: nn.weight_drop(make("lstm"), 2.0), ValueError, r"p must be a number between 0 and 1, got 2\.0"),
    (lambda: nn.weight_drop(torch.nn.LSTM(2, 3)), TypeError, "layer must be a layer of lstmcourse.nn, got torch.nn"),
]


@pytest.mark.parametrize("call,error,text", BAD, ids=lambda value: None)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
