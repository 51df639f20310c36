"""Whole layers as ONNX: what onnxruntime computes of them is what the layer computes, and they can be read back."""

import re

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pad_packed_sequence

from lstmcourse import convert, nn
from lstmcourse.convert.onnx import OPERATORS
from lstmcourse.nn import LAYERS
from tests.damage import damaged, damages

from .layers import flat, make, random, random_state


def single(name, *args, **kwargs):
    return make(name, *args, dtype=torch.float32, **kwargs)


def runtime(model, feed):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, feed)


def assert_runtime_agrees(layer, model, x, hx=None, lengths=None):
    feed = {"input": x.numpy()}
    if hx is not None:
        feed |= {f"{s}_0": h.numpy() for s, h in zip(layer.states, hx if isinstance(hx, tuple) else (hx,), strict=True)}
    if lengths is not None:
        feed["lengths"] = np.array(lengths, np.int32)
    output, *final = flat(layer(x, hx))
    if lengths is not None:
        packed, state = layer(nn.pack(x, lengths, layer.batch_first), hx)
        output = pad_packed_sequence(packed, layer.batch_first, total_length=x.size(1 - (not layer.batch_first)))[0]
        final = flat((output, state))[1:]
    for got, want in zip(runtime(model, feed), [output, *final], strict=True):
        np.testing.assert_allclose(got, want.detach(), atol=3e-6)


@pytest.mark.parametrize("name", [name for name in LAYERS if name in OPERATORS])
def test_every_cell_in_onnxruntime_and_back(name, tmp_path):
    layer, x = single(name, 3, 4, 2, bidirectional=True, batch_first=True), random(3, 5, 3, dtype=torch.float32)
    hx = random_state(layer, 3, dtype=torch.float32)
    model = convert.to_onnx(layer, tmp_path / "model.onnx", states=True, lengths=True)
    assert_runtime_agrees(layer, model, x, hx, [5, 1, 3])
    kinds = [node.op_type for node in model.graph.node]
    assert sum(kind in ("RNN", "LSTM", "GRU") for kind in kinds) == 2
    back = convert.layer_from_onnx(tmp_path / "model.onnx", batch_first=True)
    for got, want in zip(flat(back(x, hx)), flat(layer(x, hx)), strict=True):
        torch.testing.assert_close(got, want, atol=1e-6, rtol=0)


sizes = st.integers(1, 4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(["rnn", "gru", "gru_reset_before", "peephole", "cifg"]),
    shape=st.tuples(sizes, sizes, sizes, sizes, st.integers(1, 3)),
    flags=st.tuples(*[st.booleans()] * 5),
    data=st.data(),
)
def test_any_sizes_and_flags(name, shape, flags, data):
    T, B, I, H, L = shape
    bias, two, first, states, padded = flags
    layer = single(name, I, H, L, bias=bias, bidirectional=two, batch_first=first)
    x = random(*((B, T) if first else (T, B)), I, dtype=torch.float32)
    lengths = data.draw(st.lists(st.integers(1, T), min_size=B, max_size=B)) if padded else None
    hx = random_state(layer, B, dtype=torch.float32) if states else None
    assert_runtime_agrees(layer, convert.to_onnx(layer, states=states, lengths=padded), x, hx, lengths)


def test_a_layer_of_torch():
    layer, x = torch.nn.LSTM(3, 4, 2, bidirectional=True), random(5, 3, 3, dtype=torch.float32)
    for got, want in zip(runtime(convert.to_onnx(layer), {"input": x.numpy()}), flat(layer(x)), strict=True):
        np.testing.assert_allclose(got, want.detach(), atol=1e-6)


def test_what_has_no_operator_is_refused():
    for layer, error, match in (
        (nn.FGRLSTM(3, 4), ValueError, "no ONNX operator computes 'fgr': its gates see"),
        (nn.LayerNormLSTM(3, 4), ValueError, "no ONNX operator computes 'layer_norm'"),
        (nn.LSTM(3, 4, proj_size=2), ValueError, "ONNX's LSTM has no projection, and the layer has proj_size=2"),
        (torch.nn.Linear(3, 4), TypeError, "layer must be a layer of lstmcourse.nn or torch.nn"),
    ):
        with pytest.raises(error, match=match):
            convert.to_onnx(layer)


def test_nodes_that_make_no_layer_are_refused():
    one, wide = convert.to_onnx(single("lstm", 3, 4)), convert.to_onnx(single("lstm", 3, 5))
    reverse = convert.to_onnx(*convert.from_torch(single("lstm", 3, 4)), direction="reverse")

    def joined(a, b):
        model = onnx.ModelProto()
        model.CopyFrom(a)
        for tensor in b.graph.initializer:
            model.graph.initializer.add().CopyFrom(tensor)
            model.graph.initializer[-1].name += "_b"
        for node in b.graph.node:
            model.graph.node.add().CopyFrom(node)
            model.graph.node[-1].input[1:4] = [f"{name}_b" for name in node.input[1:4]]
        return model

    for model, match in (
        (joined(one, wide), "the nodes must be of one cell"),
        (joined(one, one), r"every node after the first must read the 4 outputs of the one before, got \[3\]"),
        (reverse, "no layer reads from the end alone"),
        (onnx.ModelProto(), "model must have RNN, LSTM or GRU nodes, got none"),
    ):
        with pytest.raises(ValueError, match=match):
            convert.layer_from_onnx(model)


# ---- damaged files


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "a.onnx"
    convert.to_onnx(single("peephole", 2, 3, 2, bidirectional=True), path)
    return path


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(damages)
def test_a_file_with_random_damage_is_refused_by_name_or_gives_a_layer_of_the_same_form(file, how):
    """ONNX has no checksum, so that a weight may be another number; nothing else may."""
    path = file.with_name("damaged.onnx")
    path.write_bytes(damaged(file.read_bytes(), how))
    try:
        layer = convert.layer_from_onnx(path)
    except ValueError as error:
        assert str(error).startswith(f"{path}: ")
        return
    assert all(p.isfinite().all() for p in layer.parameters())
    assert torch.isfinite(layer(torch.zeros(3, 1, layer.input_size))[0]).all()


def test_damage_is_told_with_the_file_what_was_expected_and_what_was_got(file, tmp_path):
    path, whole = tmp_path / "b.onnx", file.read_bytes()

    def refused(text, model=None, read=convert.layer_from_onnx):
        if model is not None:
            onnx.save(model, path)
        with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {text}')}"):
            read(path)

    page = b"<!DOCTYPE html> not found"
    for data in (page, whole[:900]):
        path.write_bytes(data)
        refused(f"expected an ONNX model, got {len(data)} bytes that begin with {data[:16]!r}: ")
    path.write_bytes(b"")
    refused("expected an ONNX model, got 0 bytes that begin with b'': ")
    refused("model must have one RNN, LSTM or GRU node, got 2", onnx.load(file), convert.from_onnx)

    def with_array(name, array):
        model = onnx.load(file)
        (tensor,) = (t for t in model.graph.initializer if t.name == name)
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))
        return model

    wide, nan = np.zeros((2, 12, 4), np.float32), np.full((2, 24), np.nan, np.float32)
    refused("R of the LSTM node must have shape (2, 12, 3), got (2, 12, 4)", with_array("R_0", wide))
    refused("P of the LSTM node must have shape (2, 9), got (2, 24)", with_array("P_1", np.ones_like(nan)))
    refused("the initializer 'B_0' must hold finite numbers, got NaN or infinity", with_array("B_0", nan))
    whole_numbers = with_array("P_0", np.zeros((2, 9), np.int64))
    refused("the initializer 'P_0' must hold floating-point numbers, got int64", whole_numbers)
    model = onnx.load(file)
    next(t for t in model.graph.initializer if t.name == "R_0").raw_data = b"123"
    with pytest.raises(ValueError, match="the initializer 'R_0' cannot be read: "):
        convert.layer_from_onnx(model)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        convert.layer_from_onnx(tmp_path / "nowhere.onnx")
