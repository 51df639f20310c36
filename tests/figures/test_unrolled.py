"""The chain of steps as a picture: what it says must be what the cell computed."""

import itertools
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from lstmcourse.diagrams import unrolled
from lstmcourse.reference import LSTM, RNN, init, unroll


def chain(cell, T, H=2):
    rng = np.random.default_rng(0)
    return unroll(cell, init(cell, 3, H, rng), rng.normal(size=(T, 2, 3)))[1]


@pytest.mark.parametrize("cell, states", [(RNN, "h"), (LSTM, "ch")])
def test_every_state_and_input_stands_on_its_wire(cell, states):
    caches = chain(cell, 3)
    svg = unrolled(caches, batch=1).svg
    ElementTree.fromstring(svg)
    for name in states:
        for t, cache in enumerate(caches, 1):
            assert f">{name}{'₀₁₂₃'[t]}</text>" in svg
            assert f">{cache[name][1, 0]:.2f}".replace("-", "−") in svg
    assert svg.count("W, U, b") == 3


def test_gradients_take_the_place_of_values_and_arrows_turn_round():
    caches = chain(RNN, 2, H=1)
    grads = {"h": np.array([1.25, 2.5, -3.75]).reshape(3, 1, 1), "x": np.zeros((2, 1, 3))}
    svg = unrolled(caches, grads).svg
    assert all(text in svg for text in (">dh₀<", ">1.25<", ">2.50<", ">−3.75<", ">dx₂<"))
    assert svg != unrolled(caches).svg


def test_a_long_chain_goes_on_below():
    caches = chain(LSTM, 10, H=4)
    root = ElementTree.fromstring(unrolled(caches).svg)
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    assert width == float(ElementTree.fromstring(unrolled(caches[:4]).svg).get("viewBox").split()[2])
    texts = [text.text for text in root.findall(".//{*}text")]
    assert texts.count("h₄") == texts.count("c₈") == 2  # at the end of one row and at the start of the next
    assert texts.count("h₁₀") == texts.count("x₁₀") == texts.count("step 10") == 1
    for shape in root.findall(".//{*}rect"):
        right, bottom = (float(shape.get(a, 0)) + float(shape.get(b)) for a, b in (("x", "width"), ("y", "height")))
        assert right <= width and bottom <= height
    plates = {
        tuple(float(shape.get(a)) for a in ("x", "y", "width", "height"))
        for shape in root.findall(".//{*}rect")
        if shape.get("rx") == "5"
    }
    for (x, y, w, h), (x2, y2, w2, h2) in itertools.combinations(plates, 2):
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_what_is_no_number_is_drawn_as_such():
    svg = unrolled([{k: np.full_like(v, np.nan) for k, v in cache.items()} for cache in chain(RNN, 2)]).svg
    ElementTree.fromstring(svg)
    assert ">nan<" in svg and '"nan"' not in svg


def test_a_text_shows_what_the_network_reads_and_what_it_is_judged_by():
    root = ElementTree.fromstring(unrolled("to be").svg)
    texts = [text.text for text in root.findall(".//{*}text")]
    assert [texts.count(weight) for weight in ("W", "U", "W_out", "tanh", "softmax")] == [4] * 5
    read, follows = ([t for t in texts if t in "tobe␣" and len(t) == 1][k::2] for k in (0, 1))
    assert "".join(read) == "to␣b" and "".join(follows) == "o␣be"
    assert "reads t, o, ␣, b, one letter a step" in unrolled("to be").alt
    with pytest.raises(ValueError, match="expects a text of 2 to 7 letters, got 1"):
        unrolled("a")


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expects at least one cache, got none"):
        unrolled([])
    with pytest.raises(ValueError, match="must hold 3 arrays, got 2"):
        unrolled(chain(RNN, 2), {"h": np.zeros((2, 2, 2)), "x": np.zeros((2, 2, 3))})
    with pytest.raises(ValueError, match="grads must hold c, h, x; c is missing"):
        unrolled(chain(LSTM, 2), {"h": np.zeros((3, 2, 2)), "x": np.zeros((2, 2, 3))})
