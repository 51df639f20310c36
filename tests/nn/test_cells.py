"""Single steps: each equals one step of its layer, and three of them are torch.nn's cells."""

import copy
import inspect
import pickle
import re

import numpy as np
import pytest
import torch

from lstmcourse import nn
from lstmcourse.nn import CELLS, LAYERS

from .layers import B, H, I, assert_close, backward, gradients, make, random, random_state

TORCH = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}


def cell_of(name, layer, **options):
    """The cell with the parameters of a layer of that name."""
    cell = CELLS[name](I, H, dtype=torch.float64, **options)
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in layer.state_dict().items()})
    return cell


def flat(state):
    return list(state) if isinstance(state, tuple) else [state]


@pytest.mark.parametrize("name", LAYERS)
def test_steps_are_the_layer(name):
    layer, xs = make(name, impl="loop"), random(3, B, I)
    cell, state = cell_of(name, layer), random_state(layer)
    assert CELLS[name].layer is LAYERS[name] and CELLS[name].__name__ == f"{LAYERS[name].__name__}Cell"
    hs, final = layer(xs, state)
    state = tuple(s[0] for s in state) if isinstance(state, tuple) else state[0]
    alone = cell(xs[0, 1], tuple(s[1] for s in state) if isinstance(state, tuple) else state[1])
    for t, x in enumerate(xs):
        state = cell(x, state)
        assert_close(flat(state)[0], hs[t], 1e-13)
        if t == 0:
            for one, all_ in zip(flat(alone), flat(state), strict=True):
                assert_close(one, all_[1], 1e-13)
    for got, want in zip(flat(state), flat(final), strict=True):
        assert_close(got, want[0], 1e-13)
    assert_close(flat(cell(xs[0]))[0], layer(xs[:1])[0][0], 1e-13)
    for other in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):
        assert_close(flat(other(xs[0]))[0], flat(cell(xs[0]))[0], 0.0)


CASES = [(name, bias, {}) for name in TORCH for bias in (True, False)] + [("rnn", True, {"nonlinearity": "relu"})]


@pytest.mark.parametrize("name,bias,options", CASES, ids=lambda value: str(value))
def test_drop_in(name, bias, options):
    theirs = TORCH[name](I, H, bias, dtype=torch.float64, **options)
    ours = CELLS[name](I, H, bias, dtype=torch.float64, **options)
    wanted = list(inspect.signature(type(theirs)).parameters)
    assert list(inspect.signature(type(ours)).parameters)[: len(wanted)] == wanted
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    assert (ours.bias_ih is None) == (theirs.bias_ih is None) == (not bias)
    assert options or repr(ours) == repr(theirs)
    state = tuple(random(B, H, seed=k) for k in range(2 if name == "lstm" else 1))
    for hx in (None, state if name == "lstm" else state[0]):
        results = [flat(cell(random(B, I), hx)) for cell in (ours, theirs)]
        for got, want in zip(*results, strict=True):
            assert_close(got, want, 1e-13)
        for result in results:
            backward(result)
    for key, want in gradients(theirs).items():
        assert_close(gradients(ours)[key], want, 1e-12, key)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parameters_are_drawn_as_the_layers(dtype):
    torch.manual_seed(0)
    cell = nn.PeepholeLSTMCell(I, H, dtype=dtype, peepholes="fo", forget_bias=1.0)
    first = {key: value.clone() for key, value in cell.state_dict().items()}
    assert "p_i" not in first and first["p_f"].shape == (H,) and first["bias_ih"][H : 2 * H].eq(1).all()
    assert repr(cell) == f"PeepholeLSTMCell({I}, {H}, forget_bias=1.0, peepholes='fo')"
    cell.reset_parameters()
    assert cell.bias_ih[H : 2 * H].eq(1).all() and not torch.equal(cell.weight_ih, first["weight_ih"])
    torch.manual_seed(0)
    cell.reset_parameters()
    assert all(torch.equal(value, first[key]) for key, value in cell.state_dict().items())


x, h = torch.zeros(B, I), torch.zeros(B, H)
BAD = [
    ((np.zeros((B, I)),), TypeError, "LSTMCell expects a torch.Tensor as input, got numpy.ndarray; torch.from_numpy"),
    ((torch.zeros(B, I + 1),), ValueError, f"LSTMCell expects input of shape (B, {I}) or ({I},), got ({B}, {I + 1})"),
    ((torch.zeros(2, B, I),), RuntimeError, f"LSTMCell expects input of shape (B, {I}) or ({I},), got (2, {B}, {I})"),
    ((x.double(),), ValueError, "LSTMCell expects input of dtype torch.float32, got torch.float64"),
    ((x, h), TypeError, "LSTMCell expects hx to be a tuple (h_0, c_0), got a tensor of shape"),
    ((x, (h, h[:1])), ValueError, f"c_0 must have shape ({B}, {H}), got (1, {H})"),
    ((x[0], (h, h)), ValueError, f"h_0 must have shape ({H},), got ({B}, {H})"),
]


@pytest.mark.parametrize("args,error,text", BAD, ids=lambda value: None)
def test_errors(args, error, text):
    with pytest.raises(error, match=re.escape(text)):
        nn.LSTMCell(I, H)(*args)
