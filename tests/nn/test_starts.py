"""The starts of an RNN: what each sets, and what is left of a gradient."""

import numpy as np
import pytest
import torch

from lstmcourse import experiments, probes, tasks


def test_each_start_sets_what_it_says():
    orthogonal, identity = (experiments.rnn_start(start, hidden=5, n=3) for start in ("orthogonal", "identity"))
    eye = torch.eye(5).expand(3, 5, 5)
    torch.testing.assert_close(orthogonal.weight_hh_l0 @ orthogonal.weight_hh_l0.mT, eye)
    assert not torch.equal(orthogonal.weight_hh_l0[0], orthogonal.weight_hh_l0[1])
    assert torch.equal(identity.weight_hh_l0.detach(), eye)
    assert 0 < identity.weight_ih_l0.abs().max() < 0.01
    for nets in (orthogonal, identity):
        assert not nets.bias_ih_l0.any() and not nets.bias_hh_l0.any()
    default = experiments.rnn_start("default", hidden=5, n=3)
    assert torch.equal(orthogonal.weight_ih_l0, default.weight_ih_l0) and default.bias_ih_l0.all()
    with pytest.raises(ValueError, match="start must be one of default, orthogonal, identity, got 'zeros'"):
        experiments.rnn_start("zeros")


def test_before_training_the_better_starts_keep_more_of_the_gradient():
    xs = tasks.adding(np.random.default_rng(0), 20, 81).x
    left = {
        start: probes.gradient_against_lag(experiments.rnn_start(start, n=1).member(0)[0], xs)["h"][80]
        for start in experiments.RNN_STARTS
    }
    assert left["default"] < 1e-12 < 0.02 < left["orthogonal"] < 0.3 < left["identity"]


def test_a_net_that_overflows_does_not_stop_the_others():
    def shout(rng, batch, T):
        return tasks.adding(rng, batch, T)._replace(y=np.full((T, batch, 1), 1e30, np.float32))

    nets, errors, history = experiments.train_rnn_start("identity", 6, n=2, steps=3, hidden=4, batch=3, progress=False)
    assert errors.shape == (2,) and nets.n == 2 and history.steps == 3
    out = torch.full((2, 6, 3, 1), 1e30)
    batch = shout(np.random.default_rng(0), 3, 6)
    loss = experiments.starts._finite_mse(out * 10, torch.as_tensor(batch.y), torch.as_tensor(batch.mask))
    assert torch.isfinite(loss).all() and (loss == 1e6).all()
