"""Bad input gets an error at once that names the argument, what was expected and what was got (CI compares texts)."""

import re

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from lstmcourse import nn
from lstmcourse.nn import LAYERS

from .layers import B, H, I, T

x = torch.zeros(T, B, I)
h, c = torch.zeros(1, B, H), torch.zeros(1, B, H)

INPUTS = [
    (
        np.zeros((T, B, I)),
        TypeError,
        "expects a torch.Tensor or a PackedSequence as input, got numpy.ndarray; torch.from",
    ),
    ([[0.0]], TypeError, "expects a torch.Tensor or a PackedSequence as input, got a list of 1"),
    (None, TypeError, "expects a torch.Tensor or a PackedSequence as input, got NoneType"),
    (torch.zeros(T, B, 6), ValueError, "expects input of shape (T, B, 5), got (7, 4, 6)"),
    (torch.zeros(T, 6), ValueError, "expects input of shape (T, B, 5) or (T, 5), got (7, 6)"),
    (torch.zeros(I), ValueError, "expects input of shape (T, B, 5), got (5,)"),
    (torch.zeros(2, T, B, I), ValueError, "expects input of shape (T, B, 5), got (2, 7, 4, 5)"),
    (torch.zeros(0, B, I), ValueError, "expects at least one time step, got input of shape (0, 4, 5)"),
    (
        x.long(),
        ValueError,
        "expects input of dtype torch.float32, got torch.int64; input.to(torch.float32) converts it",
    ),
    (x.double(), ValueError, "expects input of dtype torch.float32, got torch.float64"),
    (x > 0, ValueError, "expects input of dtype torch.float32, got torch.bool"),
    (x.to("meta"), ValueError, "expects input on cpu, where its parameters are, got meta"),
]


@pytest.mark.parametrize("value,error,text", INPUTS, ids=lambda v: None)
def test_inputs(value, error, text):
    with pytest.raises(error, match=f"LSTM {re.escape(text)}"):
        nn.LSTM(I, H)(value)


@pytest.mark.parametrize("name", LAYERS)
def test_the_text_names_the_layer(name):
    with pytest.raises(ValueError, match=f"^{LAYERS[name].__name__} expects input of shape"):
        LAYERS[name](I, H)(torch.zeros(T, B, 6))


def test_batch_first_is_told_in_the_shape():
    with pytest.raises(ValueError, match=re.escape("LSTM expects input of shape (B, T, 5), got (4, 7, 6)")):
        nn.LSTM(I, H, batch_first=True)(torch.zeros(B, T, 6))


PAIR_STATES = [
    (h, TypeError, "LSTM expects hx to be a tuple (h_0, c_0), got a tensor of shape (1, 4, 6)"),
    ((h,), TypeError, "LSTM expects hx to be a tuple (h_0, c_0), got a tuple of 1"),
    ((h, c, c), TypeError, "LSTM expects hx to be a tuple (h_0, c_0), got a tuple of 3"),
    ((h, None), TypeError, "c_0 must be a torch.Tensor, got NoneType"),
    ((h, np.zeros((1, B, H))), TypeError, "c_0 must be a torch.Tensor, got numpy.ndarray"),
    ((h, c[:, :2]), ValueError, "c_0 must have shape (1, 4, 6), got (1, 2, 6)"),
    ((h[:, :1], c), ValueError, "h_0 must have shape (1, 4, 6), got (1, 1, 6)"),
    ((h[0], c), ValueError, "h_0 must have shape (1, 4, 6), got (4, 6)"),
    ((h, c[..., :5]), ValueError, "c_0 must have shape (1, 4, 6), got (1, 4, 5)"),
    ((h.repeat(2, 1, 1), c), ValueError, "h_0 must have shape (1, 4, 6), got (2, 4, 6)"),
    ((h.double(), c), ValueError, "h_0 must have the input's dtype torch.float32, got torch.float64"),
    ((h, c.to("meta")), ValueError, "c_0 must be on the input's device cpu, got meta"),
]


@pytest.mark.parametrize("hx,error,text", PAIR_STATES, ids=lambda v: None)
def test_states_of_a_cell_with_two(hx, error, text):
    with pytest.raises(error, match=re.escape(text)):
        nn.LSTM(I, H)(x, hx)


@pytest.mark.parametrize("hx", [(h,), (h, c), [h]])
def test_states_of_a_cell_with_one(hx):
    with pytest.raises(TypeError, match=r"GRU expects hx to be one tensor, h_0, got a (tuple|list) of"):
        nn.GRU(I, H)(x, hx)


def test_states_count_layers_and_directions_and_unbatched_has_no_batch():
    with pytest.raises(ValueError, match=re.escape("h_0 must have shape (4, 4, 6), got (1, 4, 6)")):
        nn.GRU(I, H, 2, bidirectional=True)(x, h)
    with pytest.raises(ValueError, match=re.escape("h_0 must have shape (1, 6), got (1, 4, 6)")):
        nn.GRU(I, H)(x[:, 0], h)


def test_states_of_the_other_order_are_told_of_batch_first():
    with pytest.raises(
        ValueError, match=re.escape("got (1, 4, 6); is the input (B, T, ·)? the layer has batch_first=False")
    ):
        nn.GRU(I, H)(x.transpose(0, 1), h)
    with pytest.raises(
        ValueError, match=re.escape("got (1, 4, 6); is the input (T, B, ·)? the layer has batch_first=True")
    ):
        nn.GRU(I, H, batch_first=True)(x, h)


def test_a_sequence_that_fits_into_no_memory_is_refused_with_the_numbers(monkeypatch):
    long = torch.zeros(1, 1, I).expand(10**10, B, I)  # one row in memory
    with pytest.raises(
        ValueError, match=r"LSTM needs at least [\d,]+\.\d GiB for T = 10000000000, B = 4, H = 6, and this"
    ):
        nn.LSTM(I, H)(long)
    with pytest.raises(ValueError, match="LSTM needs at least"):
        nn.Zoneout(nn.LSTM(I, H), h=0.1)(long)
    monkeypatch.setattr(nn._input, "memory", lambda: T * B * H * 5 * 4)
    assert nn.LSTM(I, H)(x)[0].shape == (T, B, H)
    monkeypatch.setattr(nn._input, "memory", lambda: T * B * H * 5 * 4 - 1)
    with pytest.raises(RuntimeError, match="cut the sequences into windows and carry the state, detached"):
        nn.LSTM(I, H)(x)


SIZES = [
    ((0, H), {}, ValueError, "input_size must be at least 1, got 0"),
    ((I, 0), {}, ValueError, "hidden_size must be at least 1, got 0"),
    ((I, -1), {}, ValueError, "hidden_size must be at least 1, got -1"),
    ((I, 5.0), {}, TypeError, "hidden_size must be an integer, got 5.0 of type float"),
    ((I, "4"), {}, TypeError, "hidden_size must be an integer, got '4' of type str"),
    ((I, True), {}, TypeError, "hidden_size must be an integer, got True of type bool"),
    ((I, H, 0), {}, ValueError, "num_layers must be at least 1, got 0"),
    ((I, H), {"dropout": 1.5}, ValueError, "dropout must be a number between 0 and 1, got 1.5"),
    ((I, H), {"dropout": "a"}, ValueError, "dropout must be a number between 0 and 1, got 'a'"),
    ((I, H), {"dropout": True}, ValueError, "dropout must be a number between 0 and 1, got True"),
    ((I, H), {"bias": "False"}, TypeError, "bias must be a bool, got 'False' of type str"),
    ((I, H), {"bias": 1}, TypeError, "bias must be a bool, got 1 of type int"),
    ((I, H), {"bias": None}, TypeError, "bias must be a bool, got None of type NoneType"),
    ((I, H), {"batch_first": "no"}, TypeError, "batch_first must be a bool, got 'no' of type str"),
    ((I, H), {"batch_first": np.True_}, TypeError, "batch_first must be a bool, got np.True_ of type bool"),
    ((I, H), {"bidirectional": 2}, TypeError, "bidirectional must be a bool, got 2 of type int"),
    ((I, H), {"bidirectional": [True]}, TypeError, "bidirectional must be a bool, got [True] of type list"),
    ((I, H, "2"), {}, TypeError, "num_layers must be an integer, got '2' of type str"),
    ((I, H, True), {}, TypeError, "num_layers must be an integer, got True of type bool"),
    ((I, H), {"forget_bias": "1"}, ValueError, "forget_bias must be a finite number, got '1'"),
    ((I, H), {"forget_bias": float("nan")}, ValueError, "forget_bias must be a finite number, got nan"),
    ((I, H), {"impl": "fast"}, ValueError, "must be one of ('auto', 'loop'"),
]


@pytest.mark.parametrize("args,kwargs,error,text", SIZES, ids=lambda v: None)
def test_constructor(args, kwargs, error, text):
    with pytest.raises(error, match=re.escape(text)):
        nn.LSTM(*args, **kwargs)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("flag", ["bias", "batch_first", "bidirectional"])
def test_no_layer_takes_a_word_for_a_flag(name, flag):
    with pytest.raises(TypeError, match=f"{flag} must be a bool, got 'False' of type str"):
        LAYERS[name](I, H, **{flag: "False"})


def test_constructor_of_single_layers():
    with pytest.raises(ValueError, match=re.escape("proj_size must be smaller than hidden_size (6), got 6")):
        nn.LSTM(I, H, proj_size=6)
    for layer in (nn.GRU, nn.PeepholeLSTM, nn.CoupledLSTM):
        with pytest.raises(ValueError, match=f"proj_size is for LSTM alone, {layer.__name__} has no projection; got 3"):
            layer(I, H, proj_size=3)
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'gelu'"):
        nn.RNN(I, H, nonlinearity="gelu")
    with pytest.raises(ValueError, match="nonlinearity of RNNReLU is 'relu', got 'tanh'"):
        nn.RNNReLU(I, H, 1, "tanh")
    with pytest.warns(UserWarning, match="dropout acts between layers"):
        nn.LSTM(I, H, dropout=0.5)


def test_numpy_numbers_are_numbers():
    layer = nn.LSTM(I, H, 2, dropout=np.float32(0.5), forget_bias=np.float32(1), impl="loop")
    assert layer.dropout == 0.5 and layer.bias_ih_l0[H : 2 * H].eq(1).all()
    assert nn.LSTM(I, H, chrono=np.int64(10)).bias_ih_l0[H : 2 * H].min() >= 0


def test_numpy_integers_are_sizes():
    layer = nn.GRU(np.int64(I), np.int32(H), np.uint8(2))
    assert layer(x)[0].shape == (T, B, H)
    assert type(layer.hidden_size) is int


LENGTHS = [
    ([9, 3, 2, 1], ValueError, "lengths must be from 1 to T = 7, got 9 for sequence 0"),
    ([7, 0, 2, 1], ValueError, "lengths must be from 1 to T = 7, got 0 for sequence 1"),
    ([7, 3, 2, -1], ValueError, "lengths must be from 1 to T = 7, got -1 for sequence 3"),
    ([7, 3, 2], ValueError, "lengths must have shape (4,), one for each sequence, got (3,)"),
    ([], TypeError, "lengths must be integers, got torch.float32"),
    ([7.0, 3.0, 2.0, 1.0], TypeError, "lengths must be integers, got torch.float32"),
    (np.array([7.5, 3, 2, 1]), TypeError, "lengths must be integers, got torch.float64"),
    ([True, True, True, True], TypeError, "lengths must be integers, got torch.bool"),
    (None, TypeError, "lengths must be integers, one for each sequence, got NoneType"),
    ([[7], [3, 2]], TypeError, "lengths must be integers, one for each sequence, got a list of 2"),
    ([[7, 3, 2, 1]], ValueError, "lengths must have shape (4,), one for each sequence, got (1, 4)"),
]


@pytest.mark.parametrize("lengths,error,text", LENGTHS, ids=lambda v: None)
def test_lengths(lengths, error, text):
    with pytest.raises(error, match=re.escape(text)):
        nn.pack(x, lengths)
    with pytest.raises(error, match=re.escape(text)):
        nn.pack(x.transpose(0, 1), lengths, batch_first=True)


def test_pack_is_torchs_for_good_lengths_of_any_kind():
    want = pack_padded_sequence(x, torch.tensor([3, 7, 1, 5]), enforce_sorted=False)
    for lengths in ([3, 7, 1, 5], (3, 7, 1, 5), np.array([3, 7, 1, 5]), torch.tensor([3, 7, 1, 5], dtype=torch.int32)):
        got = nn.pack(x, lengths)
        assert all(torch.equal(a, b) for a, b in zip(got, want, strict=True))
    with pytest.raises(TypeError, match=r"x must be a torch\.Tensor, got numpy\.ndarray"):
        nn.pack(x.numpy(), [1])
    with pytest.raises(ValueError, match=re.escape("x must have shape (T, B, …), got (7,)")):
        nn.pack(torch.zeros(7), [1])


def bad_packed(data, sizes, order=None):
    order = None if order is None else torch.tensor(order)
    return PackedSequence(data, torch.tensor(sizes), order, None if order is None else torch.argsort(order))


PACKED = [
    (bad_packed(torch.zeros(12, I), [3, 3, 2, 1, 1, 1, 1, 1, 1]), "batch_sizes add up to 14 rows, data has 12"),
    (bad_packed(torch.zeros(5, I), [2, 3]), "batch_sizes must be positive and never grow, got [2, 3]"),
    (bad_packed(torch.zeros(3, I), [3, 0]), "batch_sizes must be positive and never grow, got [3, 0]"),
    (bad_packed(torch.zeros(5, 9), [3, 2]), "LSTM expects PackedSequence.data of shape (N, 5), got (5, 9)"),
    (bad_packed(torch.zeros(5, I), [3, 2], [1, 0]), "sorted_indices must have 3 entries, one a sequence, got 2"),
    (bad_packed(torch.zeros(5, I).double(), [3, 2]), "expects input of dtype torch.float32, got torch.float64"),
]


@pytest.mark.parametrize("packed,text", PACKED, ids=lambda v: None)
@pytest.mark.parametrize("way", nn.LSTM.ways())
def test_inconsistent_packed_sequences(packed, text, way):
    with pytest.raises(ValueError, match=re.escape(text)):
        nn.LSTM(I, H, impl=way)(packed)


def test_lengths_that_torch_packs_in_silence_are_refused_by_the_layer():
    packed = pack_padded_sequence(x[:, :3], [9, 3, 2])  # T is 7
    with pytest.raises(ValueError, match="were lengths longer than the padded input"):
        nn.PeepholeLSTM(I, H)(packed)
