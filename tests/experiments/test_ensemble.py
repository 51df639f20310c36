"""An ensemble is N ordinary nets: same outputs, same training, at about the price of one."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from lstmcourse import tasks, training
from lstmcourse.ensemble import Ensemble
from lstmcourse.nn import LAYERS
from lstmcourse.training import Net

I, H, O, N = 3, 4, 2, 3


def batch(T=6, B=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, B, I)).astype(np.float32)
    y = rng.normal(size=(T, B, O)).astype(np.float32)
    return tasks.Batch(x, y, rng.random((T, B)) < 0.7)


def net(ensemble, k):
    layer, readout = ensemble.member(k)
    made = Net(layer, readout.out_features)
    made.readout = readout
    return made


@pytest.mark.parametrize("name", LAYERS)
def test_outputs_and_states_equal_the_single_nets(name):
    ensemble, x = Ensemble(name, I, H, O, N, seed=5), torch.as_tensor(batch().x)
    out, states = ensemble(x)
    traces = ensemble.trace(x)
    assert out.shape == (N, 6, 5, O) and tuple(traces) == (*ensemble.states, "out")
    for k in range(N):
        single = net(ensemble, k)
        expected, state = single(x)
        torch.testing.assert_close(out[k], expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(traces["out"][k], expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(traces["h"][k], single.layer(x)[0], atol=1e-6, rtol=0)
        state = state if isinstance(state, tuple) else (state,)
        for ours, theirs, name_of in zip(states, state, ensemble.states, strict=True):
            torch.testing.assert_close(ours[k], theirs[0], atol=1e-6, rtol=0)
            torch.testing.assert_close(traces[name_of][k, -1], theirs[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", LAYERS)
def test_training_equals_training_each_net_alone(name):
    data, ensemble = batch(), Ensemble(name, I, H, O, N)
    singles = [net(ensemble, k) for k in range(N)]
    arguments = {"steps": 3, "lr": 0.05, "clip": 0.1, "progress": False}
    history = ensemble.fit(data, training.mse, **arguments)
    x = torch.as_tensor(data.x)
    for k, single in enumerate(singles):
        alone = training.fit(single, data, training.mse, **arguments)
        np.testing.assert_allclose([loss[k] for loss in history.loss], alone.loss, atol=1e-6)
        np.testing.assert_allclose([norm[k] for norm in history.grad_norm], alone.grad_norm, rtol=1e-4)
        # Adam divides by the gradient's size, so rounding in a nearly vanishing gradient may show: 1e-5, not 1e-6
        torch.testing.assert_close(ensemble(x)[0][k], single(x)[0], atol=1e-5, rtol=0)


def test_training_equals_training_alone_to_rounding_in_float64():
    data, ensemble = batch(), Ensemble("peephole", I, H, O, N, dtype=torch.float64)
    singles = [net(ensemble, k) for k in range(N)]
    ensemble.fit(data, training.mse, steps=3, lr=0.05, clip=0.1, progress=False)
    x = torch.as_tensor(data.x).double()
    for k, single in enumerate(singles):
        training.fit(single, data, training.mse, steps=3, lr=0.05, clip=0.1, progress=False)
        torch.testing.assert_close(ensemble(x)[0][k], single(x)[0], atol=1e-9, rtol=0)


def test_net_k_is_the_one_of_seed_plus_k_whatever_the_number_of_nets():
    ten, one = (
        Ensemble("lstm", I, H, O, 4, seed=2, forget_bias=1.0),
        Ensemble("lstm", I, H, O, 1, seed=5, forget_bias=1.0),
    )
    torch.manual_seed(5)
    layer, readout = LAYERS["lstm"](I, H, forget_bias=1.0), nn.Linear(H, O)
    for made, linear in (ten.member(3), one.member(0)):
        for name, value in layer.state_dict().items():
            assert torch.equal(made.state_dict()[name], value)
        assert torch.equal(linear.weight, readout.weight) and torch.equal(linear.bias, readout.bias)


def test_making_one_leaves_torchs_random_state_alone():
    state = torch.get_rng_state()
    Ensemble("gru", I, H, O, 2)
    assert torch.equal(torch.get_rng_state(), state)


def test_layer_arguments_reach_every_net():
    ensemble = Ensemble("lstm", I, H, O, N, forget_bias=2.5)
    biases = ensemble.bias_ih_l0 + ensemble.bias_hh_l0
    torch.testing.assert_close(biases[:, 0, H : 2 * H], torch.full((N, H), 2.5))
    partial = Ensemble("peephole", I, H, O, N, peepholes="f")
    assert partial.p_f_l0.shape == (N, 1, H) and not hasattr(partial, "p_i_l0")
    assert net(partial, 1).layer.peepholes == "f"
    assert not hasattr(Ensemble("rnn", I, H, O, N, bias=False), "bias_ih_l0")
    relu, x = Ensemble("rnn", I, H, O, N, nonlinearity="relu"), torch.as_tensor(batch().x)
    torch.testing.assert_close(relu(x)[0][1], net(relu, 1)(x)[0], atol=1e-6, rtol=0)


def test_each_net_may_have_its_own_input_and_a_given_state():
    ensemble = Ensemble("lstm", I, H, O, N)
    x = torch.randn(6, N, 5, I, generator=torch.Generator().manual_seed(0))
    out, _ = ensemble(x)
    for k in range(N):
        torch.testing.assert_close(out[k], net(ensemble, k)(x[:, k])[0], atol=1e-6, rtol=0)
    first, state = ensemble(x[:2])
    second, _ = ensemble(x[2:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), out)


def test_one_net_at_its_limit_does_not_hold_back_the_others():
    data, ensemble = batch(), Ensemble("lstm", I, H, O, N)
    ensemble(torch.as_tensor(data.x))[0].square().sum().backward()
    with torch.no_grad():
        ensemble.weight_ih_l0.grad[0] *= 1e6
        ensemble.weight_ih_l0.grad[1, 0, 0] = torch.nan
        before = ensemble.weight_ih_l0.grad[2].clone()
        sizes = [torch.cat([p.grad[k].flatten() for p in ensemble.parameters()]).norm() for k in range(N)]
    norms = ensemble.clip_gradients(1e3)
    torch.testing.assert_close(norms, torch.stack(sizes), equal_nan=True)
    after = [torch.cat([p.grad[k].flatten() for p in ensemble.parameters()]) for k in range(N)]
    assert after[0].norm() == pytest.approx(1e3, rel=1e-4) and not after[1].any()
    assert torch.equal(ensemble.weight_ih_l0.grad[2], before)


def test_a_net_that_diverges_is_named():
    ensemble = Ensemble("lstm", I, H, O, N)
    with torch.no_grad():
        ensemble.readout_bias[1] = torch.inf
    with pytest.raises(training.DivergedError, match=r"^loss of net 1 must be finite, got inf at step 1: lower lr"):
        ensemble.fit(batch(), training.mse, steps=2, progress=False)


def test_evaluation_and_tasks_judge_all_nets_at_once():
    strings = tasks.anbn_all(range(1, 5))
    ensemble = Ensemble("lstm", 4, H, 4, N)
    out = training.answers(ensemble, strings)
    assert tasks.reach(tasks.accepted(out, strings)).shape == (N,)
    assert training.score(training.bce, strings)(ensemble).shape == (N,)


STEPS = torch.zeros(6, 5, I)


def call_with(*arguments):
    return lambda: Ensemble("lstm", I, H, O, N)(*arguments)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: Ensemble("lstn", I, H, O, N), ValueError, "layer must be one of rnn, .*, got 'lstn'"),
        (lambda: Ensemble("lstm", I, H, O, 0), ValueError, "n must be at least 1, got 0"),
        (lambda: Ensemble("lstm", I, H, O, 2.5), TypeError, "'float' object cannot be interpreted as an integer"),
        (lambda: Ensemble(torch.nn.LSTM, I, H, O, N), TypeError, "layer must be a class of lstmcourse.nn or its name"),
        (lambda: Ensemble("lstm", I, H, O, N, num_layers=2), ValueError, "an ensemble's layer must be a single one"),
        (lambda: Ensemble("lstm", I, 0, O, N), ValueError, "hidden_size must be at least 1, got 0"),
        (lambda: Ensemble("lstm", I, H, O, N).member(3), IndexError, "k must be between 0 and 2, got 3"),
        (
            lambda: Ensemble("lstm", I, H, O, N)(torch.zeros(6, 5, 4)),
            ValueError,
            r"Ensemble expects input of shape \(T, B, 3\) or \(T, 3, B, 3\), got \(6, 5, 4\)",
        ),
        (call_with(np.zeros((6, 5, I))), TypeError, r"Ensemble expects a torch.Tensor as input, got numpy.ndarray"),
        (call_with(torch.zeros(6, 5, I).double()), ValueError, "Ensemble expects input of dtype torch.float32, got"),
        (call_with(torch.zeros(0, 5, I)), ValueError, "Ensemble expects at least one time step, got input of shape"),
        (
            call_with(STEPS, torch.zeros(N, 5, H)),
            TypeError,
            "Ensemble expects state to be a tuple",
        ),
        (
            call_with(STEPS, (torch.zeros(5, H),) * 2),
            ValueError,
            r"h must be a tensor of shape \(3, 5, 4\), got",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()


@pytest.mark.parametrize("name", LAYERS)
def test_copies_and_pickles(name):
    ensemble, x = Ensemble(name, I, H, O, N), torch.as_tensor(batch().x)
    for other in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):
        assert torch.equal(other(x)[0], ensemble(x)[0]) and list(other.state_dict()) == list(ensemble.state_dict())


def test_it_says_what_it_is():
    assert repr(Ensemble("gru", I, H, O, N)) == "Ensemble(3 x GRU(3, 4) -> 2)"
