"""Whole layers as lists of Keras' weights, held to Keras' equations as its documentation has them, in NumPy alone."""

import re

import numpy as np
import pytest
import torch

from lstmcourse import convert, nn
from lstmcourse.nn import LAYERS
from lstmcourse.reference import GRU, LSTM, RNN

from .layers import CELLS, B, H, I, T, make, random

NAMES = ["rnn", "rnn_relu", "lstm", "gru", "gru_reset_before"]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def keras_layer(name, weights, x):
    """SimpleRNN, LSTM or GRU with return_sequences=True over x (B, T, I)."""
    kernel, recurrent, *bias = weights
    units = len(recurrent)
    h, c, outputs = np.zeros((len(x), units)), np.zeros((len(x), units)), []
    b = bias[0] if bias else 0.0
    for t in range(x.shape[1]):
        if name in ("rnn", "rnn_relu"):
            a = x[:, t] @ kernel + h @ recurrent + b
            h = np.tanh(a) if name == "rnn" else np.maximum(a, 0)
        elif name == "lstm":
            a = x[:, t] @ kernel + h @ recurrent + b
            i, f, g, o = (a[:, k * units : (k + 1) * units] for k in range(4))
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            after = name == "gru"
            b_x, b_h = b if after and bias else (b, 0.0)
            a = x[:, t] @ kernel + b_x
            z, r = (h @ recurrent[:, k * units : (k + 1) * units] for k in range(2))
            if after and bias:
                z, r = z + b_h[:units], r + b_h[units : 2 * units]
            z, r = sigmoid(a[:, :units] + z), sigmoid(a[:, units : 2 * units] + r)
            R = recurrent[:, 2 * units :]
            inner = r * (h @ R + (b_h[2 * units :] if bias else 0.0)) if after else (r * h) @ R
            h = z * h + (1 - z) * np.tanh(a[:, 2 * units :] + inner)
        outputs.append(h)
    return np.stack(outputs, 1)


def keras_model(name, lists, x):
    """Layers one after the other; of 4 or 6 arrays it is a Bidirectional with merge_mode="concat", its default."""
    for arrays in lists:
        n = len(arrays) if len(arrays) < 4 else len(arrays) // 2
        y = keras_layer(name, arrays[:n], x)
        if n < len(arrays):
            back = keras_layer(name, arrays[n:], x[:, ::-1])[:, ::-1]
            y = np.concatenate([y, back], -1)
        x = y
    return x


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_layer_as_keras_computes_it_and_back(name, bias, both):
    layer = make(name, num_layers=2, bias=bias, bidirectional=both, batch_first=True, dtype=torch.float32)
    lists, x = convert.layer_to_keras(layer), random(B, T, I)
    assert [len(each) for each in lists] == 2 * [(3 if bias else 2) * (1 + both)]
    assert {array.dtype for each in lists for array in each} == {np.dtype(np.float32)}
    want = layer.double()(x)[0].detach().numpy()
    np.testing.assert_allclose(keras_model(name, lists, x.numpy()), want, atol=1e-6)
    back = convert.layer_from_keras(CELLS[name], lists, batch_first=True, dtype=torch.float64)
    assert (type(back), back.num_layers, back.bias, back.bidirectional) == (LAYERS[name], 2, bias, both)
    np.testing.assert_allclose(back(x)[0].detach().numpy(), want, atol=1e-6)
    np.testing.assert_equal(convert.layer_to_keras(back), lists)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_weights_of_keras_in_a_layer(name, bias, both):
    """Arrays that were never a layer's: both rows of a GRU's bias are there."""
    rng, G = np.random.default_rng(0), {"lstm": 4, "gru": 3, "gru_reset_before": 3}.get(name, 1)
    b_shape = (2, G * H) if name == "gru" else (G * H,)
    lists = []
    for size in (I, H * (1 + both), H * (1 + both)):
        shapes = [(size, G * H), (H, G * H), *[b_shape] * bias] * (1 + both)
        lists.append([rng.uniform(-0.6, 0.6, shape) for shape in shapes])
    x = random(B, T, I)
    layer = convert.layer_from_keras(CELLS[name], lists, batch_first=True, dtype=torch.float64)
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), keras_model(name, lists, x.numpy()), atol=1e-12)


def test_a_layer_of_torch_and_without_a_bias():
    layer = torch.nn.GRU(I, H, 2, bias=False)
    (one, two), x = convert.layer_to_keras(layer), random(B, T, I)
    want = layer.double()(x.transpose(0, 1))[0].transpose(0, 1).detach().numpy()
    np.testing.assert_allclose(keras_model("gru", [one, two], x.numpy()), want, atol=1e-6)
    p = convert.from_keras(GRU, one)
    assert not p.b.any() and not p.b_hn.any()


def test_what_is_refused():
    good = convert.layer_to_keras(nn.LSTM(I, H, 2, bidirectional=True))
    counts = "weights must be a list of 2, 3, 4 or 6 arrays for each Keras layer, all alike, got "
    for cell, weights, error, text in (
        (LSTM, [], ValueError, counts + "[]"),
        (LSTM, good[0], ValueError, counts + "[0, 0, 0, 0, 0, 0]"),
        (LSTM, [good[0], good[1][:3]], ValueError, counts + "[6, 3]"),
        (LSTM, [good[0], good[0]], ValueError, f"[[({I}, {H}), ({I}, {H})], [({I}, {H}), ({I}, {H})]]"),
        (GRU, good, ValueError, "weights[0]: bias of a GRU with reset_after=True must have shape (2, 3H), got (24,)"),
        (RNN, [good[0][::-1]], ValueError, "weights[0]: kernel and recurrent_kernel must have shapes (I, G·H) and"),
        (CELLS["peephole"], good, ValueError, "Keras has rnn, rnn_relu, lstm, gru, gru_reset_before, got 'peephole'"),
    ):
        with pytest.raises(error, match=re.escape(text)):
            convert.layer_from_keras(cell, weights)
    with pytest.raises(ValueError, match="a layer with proj_size has no reference cell"):
        convert.layer_to_keras(nn.LSTM(I, H, proj_size=2))
    with pytest.raises(TypeError, match="layer must be a layer of lstmcourse"):
        convert.layer_to_keras(torch.nn.Linear(I, H))
