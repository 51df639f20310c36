"""Networks that read numbers and answer with one, trained by given parts."""

import numpy as np
import pytest

from lstmcourse import recall
from lstmcourse.exercises.nb01 import bptt, rnn_backward, rnn_step

PARTS = rnn_step, rnn_backward, bptt


def test_the_tasks():
    x, y = recall.first_number(np.random.default_rng(0), 5, 4)
    assert x.shape == (4, 5, 2) and x.dtype == y.dtype == np.float32
    assert np.array_equal(y[:, 0], x[0, :, 0]) and x[..., 1].sum() == 5 and (x[0, :, 1] == 1).all()
    x, y = recall.adding(np.random.default_rng(0), 5, 8)
    assert x[..., 1].sum(axis=0).tolist() == [2.0] * 5
    assert np.allclose((x[..., 0] * x[..., 1]).sum(axis=0), y[:, 0])


def test_a_network_learns_and_the_same_seed_repeats_it():
    first, again = (recall.learn(recall.first_number, 1.0, 1 / 24, *PARTS, T=6, H=16, updates=300) for _ in range(2))
    assert first == again and first.at is not None and 10 <= first.at <= 300 and first.at % 10 == 0


@pytest.mark.parametrize("gain", [0.5, 0.9])
def test_a_rotation_keeps_at_most_its_gain_at_every_step(gain):
    found = recall.learn(recall.first_number, gain, 0.0, *PARTS, T=8, H=16, updates=0)
    assert found.at is None and 0.3 * gain**7 < found.before <= gain**7 * (1 + 1e-6) and found.after == found.before
