"""LSTM, GRU and RNN are torch.nn's: outputs, states and every gradient, over all pairs of flags."""

import itertools
import warnings

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from lstmcourse import nn
from lstmcourse.nn import LAYERS

from ..pairs import pairwise
from .layers import LENGTHS, B, H, I, T, assert_close, backward, flat, gradients, random, random_state

TWINS = {"lstm": (nn.LSTM, torch.nn.LSTM), "gru": (nn.GRU, torch.nn.GRU), "rnn": (nn.RNN, torch.nn.RNN)}
WAYS = [(name, way) for name, (ours, _) in TWINS.items() for way in ours.ways()]
FLAGS = pairwise((2, 1), (True, False), (False, True), (True, False), (0, 1))


def pair(name, way, *args, **kwargs):
    ours, theirs = TWINS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        twin = theirs(*args, dtype=torch.float64, **kwargs)
    layer = ours(*args, dtype=torch.float64, impl=way, **kwargs)
    layer.load_state_dict(twin.state_dict())
    return layer, twin


def assert_twins(layer, twin, x, hx):
    xs = [x._replace(data=x.data.clone().requires_grad_()) if hasattr(x, "data") and hasattr(x, "batch_sizes")
          else x.clone().requires_grad_() for _ in range(2)]  # fmt: skip
    hs = [None if hx is None else tuple(s.clone().requires_grad_() for s in hx) for _ in range(2)]
    results = [
        flat(m(x, h if h is None or len(h) > 1 else h[0])) for m, x, h in zip((twin, layer), xs, hs, strict=True)
    ]
    for k, (want, got) in enumerate(zip(*results, strict=True)):
        assert_close(got, want, 1e-10, f"output {k}")
    for outputs in results:
        backward(outputs)
    inputs = [getattr(x, "data", x) if hasattr(x, "batch_sizes") else x for x in xs]
    assert_close(inputs[1].grad, inputs[0].grad, 1e-10, "input")
    for k, (want, got) in enumerate(zip(hs[0] or (), hs[1] or (), strict=True)):
        assert_close(got.grad, want.grad, 1e-10, f"state {k}")
    for key, want in gradients(twin).items():
        assert_close(gradients(layer)[key], want, 1e-10, key)


def inputs(first, packed):
    x = random(*((B, T, I) if first else (T, B, I)))
    if packed == "sorted":
        return pack_padded_sequence(x, torch.tensor(sorted(LENGTHS, reverse=True)), batch_first=first)
    if packed == "unsorted":
        return nn.pack(x, LENGTHS, batch_first=first)
    return x


@pytest.mark.parametrize("layers,bias,first,bi,dropout", FLAGS)
@pytest.mark.parametrize("name,way", WAYS)
def test_equal_over_all_pairs_of_flags(name, way, layers, bias, first, bi, dropout):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # dropout with one layer
        layer, twin = pair(name, way, I, H, layers, bias=bias, batch_first=first, bidirectional=bi, dropout=dropout)
    for packed in (None, "sorted", "unsorted"):
        for state in (None, random_state(layer)):
            layer.zero_grad()
            twin.zero_grad()
            hx = state if state is None or isinstance(state, tuple) else (state,)
            assert_twins(layer, twin, inputs(first, packed), hx)


@pytest.mark.parametrize("proj,layers,bi,bias", pairwise((1, 3), (1, 2), (False, True), (True, False)))
@pytest.mark.parametrize("way", nn.LSTM.ways())
def test_projections(way, proj, layers, bi, bias):
    layer, twin = pair("lstm", way, I, H, layers, bidirectional=bi, bias=bias, proj_size=proj)
    for packed in (None, "unsorted"):
        layer.zero_grad()
        twin.zero_grad()
        assert_twins(layer, twin, inputs(False, packed), random_state(layer))


@pytest.mark.parametrize("way", nn.RNN.ways())
def test_relu(way):
    layer, twin = pair("rnn", way, I, H, 2, "relu", bidirectional=True)
    assert_twins(layer, twin, inputs(False, None), (random_state(layer),))


@pytest.mark.parametrize("name,way", WAYS)
def test_unbatched_input(name, way):
    layer, twin = pair(name, way, I, H, 2, bidirectional=True, batch_first=True)  # batch_first has no say here
    hx = random_state(layer, batch=1)
    hx = tuple(s.squeeze(1) for s in (hx if isinstance(hx, tuple) else (hx,)))
    assert_twins(layer, twin, random(T, I), hx)


@pytest.mark.parametrize("name", TWINS)
def test_positions_of_the_constructor(name):
    ours, theirs = TWINS[name]
    args = {
        "lstm": (I, H, 2, False, True, 0.5, True, 3, "cpu", torch.float64),
        "gru": (I, H, 2, False, True, 0.5, True, "cpu", torch.float64),
        "rnn": (I, H, 2, "relu", False, True, 0.5, True, "cpu", torch.float64),
    }[name]
    # torch documents (…, bidirectional, device, dtype) for RNN and GRU, but its code reads a proj_size in between
    layer, twin = ours(*args), theirs(*args[:-2], device=args[-2], dtype=args[-1])
    assert [(k, v.shape, v.dtype) for k, v in layer.state_dict().items()] == [
        (k, v.shape, v.dtype) for k, v in twin.state_dict().items()
    ]
    for attribute in ("num_layers", "bias", "batch_first", "dropout", "bidirectional", "input_size", "hidden_size"):
        assert getattr(layer, attribute) == getattr(twin, attribute)
    twin.load_state_dict(layer.state_dict())  # and back
    for mine, other in zip(layer.all_weights, twin.all_weights, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine, other, strict=True))


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("way", ["loop", "vendor"])
def test_dropout_masks_have_the_right_statistics(name, way):
    """Between layers, in training only: each unit of the lower layer is dropped with probability p, else it grows by
    1/(1 − p). One step of two layers, 4000 times; every result must be that of one of the 2ᴴ masks."""
    p, n, units = 0.3, 4000, 3
    layer, _ = pair(name, way, I, units, 2, dropout=p)
    x = random(1, 1, I).expand(1, n, I).contiguous()
    lower = LAYERS[name](I, units, dtype=torch.float64)
    upper = LAYERS[name](units, units, dtype=torch.float64)
    lower.load_state_dict({k: v for k, v in layer.state_dict().items() if k.endswith("_l0")})
    upper.load_state_dict({k.replace("_l1", "_l0"): v for k, v in layer.state_dict().items() if k.endswith("_l1")})
    masks = torch.tensor(list(itertools.product((0.0, 1.0), repeat=units)), dtype=torch.float64)
    possible = upper(lower(x[:, :1])[0] * masks[None] / (1 - p))[0][0]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        got = layer(x)[0][0]
    distance = (got[:, None] - possible[None]).abs().amax(-1)
    assert distance.amin(1).max() < 1e-12
    kept = masks[distance.argmin(1)].mean(0)
    assert (kept - (1 - p)).abs().max() < 4 * (p * (1 - p) / n) ** 0.5
    assert_close(layer.eval()(x)[0], upper(lower(x)[0])[0], 1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_empty_batch(name):
    layer, twin = pair(name, "loop", I, H)
    assert flat(layer(torch.zeros(3, 0, I, dtype=torch.float64)))[0].shape == (3, 0, H)
    assert flat(twin(torch.zeros(3, 0, I, dtype=torch.float64)))[0].shape == (3, 0, H)
