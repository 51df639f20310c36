"""The chain of steps as a picture: what it says must be what the cell computed."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from lstmcourse.diagrams.unrolled import unrolled
from lstmcourse.reference import LSTM, RNN, init, unroll


def chain(cell, T, H=2):
    rng = np.random.default_rng(0)
    return unroll(cell, init(cell, 3, H, rng), rng.normal(size=(T, 2, 3)))[1]


@pytest.mark.parametrize("cell, states", [(RNN, "h"), (LSTM, "ch")])
def test_every_state_and_input_stands_on_its_wire(cell, states):
    caches = chain(cell, 3)
    svg = unrolled(caches, batch=1)
    ElementTree.fromstring(svg)
    for name in states:
        for t, cache in enumerate(caches, 1):
            assert f">{name}{'₀₁₂₃'[t]}</text>" in svg
            assert f">{cache[name][1, 0]:.2f}".replace("-", "−") in svg
    assert svg.count("W, U, b") == 3


def test_gradients_take_the_place_of_values_and_arrows_turn_round():
    caches = chain(RNN, 2, H=1)
    grads = {"h": np.array([1.25, 2.5, -3.75]).reshape(3, 1, 1), "x": np.zeros((2, 1, 3))}
    svg = unrolled(caches, grads)
    assert all(text in svg for text in (">dh₀<", ">1.25<", ">2.50<", ">−3.75<", ">dx₂<"))
    assert svg != unrolled(caches)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expects at least one cache, got none"):
        unrolled([])
    with pytest.raises(ValueError, match="must hold 3 arrays, got 2"):
        unrolled(chain(RNN, 2), {"h": np.zeros((2, 2, 2)), "x": np.zeros((2, 2, 3))})
