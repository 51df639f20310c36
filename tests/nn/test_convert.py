"""Weights keep their meaning in other hands: torch.nn, our layers, Keras' layout, ONNX."""

import re

import numpy as np
import pytest
import torch

from lstmcourse import convert, nn
from lstmcourse.reference import (
    CELLS,
    CIFG,
    COUPLED,
    FGR,
    GRU,
    GRU_RESET_BEFORE,
    LSTM,
    LSTM97,
    NIAF,
    NOAF_PLAIN,
    PEEPHOLE,
    RNN,
    RNN_RELU,
    Gate,
    Params,
    init,
    unroll,
    variant,
)
from tests.own import EXPONENTIAL, ExponentialLSTM
from tests.reference._problems import ALL_CELLS, ROWS, WRITTEN_TWICE, disagreement, problem

all_cells = pytest.mark.parametrize("cell", ALL_CELLS, ids=lambda c: c.name)
TWINS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def as_state(states):
    state = tuple(torch.tensor(s)[None] for s in states)
    return state if len(state) > 1 else state[0]


def sigma(a):
    return 1 / (1 + np.exp(-a))


# ---- torch


@all_cells
def test_to_torch_computes_the_same(cell):
    prob = problem(cell)
    states, _ = unroll(cell, prob.p, prob.xs, prob.s0)
    layer = convert.to_torch(cell, prob.p)
    output, final = layer(torch.tensor(prob.xs), as_state(prob.s0))
    assert disagreement(states[0], output.detach().numpy()) < 1e-14
    final = final if isinstance(final, tuple) else (final,)
    for want, got in zip(states, final, strict=True):
        assert disagreement(want[-1], got[0].detach().numpy()) < 1e-14


@all_cells
def test_there_and_back(cell):
    prob = problem(cell)
    same, p = convert.from_torch(convert.to_torch(cell, prob.p))
    assert same.name == cell.name
    assert vars(p).keys() == vars(prob.p).keys()
    for k, v in vars(prob.p).items():
        np.testing.assert_array_equal(vars(p)[k], v)
    if cell in CELLS:
        assert same is cell


def test_the_random_state_is_left_alone():
    before = torch.random.get_rng_state()
    convert.to_torch(LSTM, problem(LSTM).p)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_parameters_are_copies():
    prob = problem(LSTM)
    layer = convert.to_torch(LSTM, prob.p)
    before = layer.weight_ih_l0.detach().clone()
    prob.p.W[:] = 0
    assert torch.equal(layer.weight_ih_l0, before)
    _, p = convert.from_torch(layer)
    p.W[:] = 0
    assert torch.equal(layer.weight_ih_l0, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_to_torch_dtype(dtype):
    assert {p.dtype for p in convert.to_torch(FGR, problem(FGR).p, dtype).parameters()} == {dtype}


def test_zero_and_placed_biases_of_to_torch():
    p = problem(GRU).p
    layer = convert.to_torch(GRU, p)
    np.testing.assert_array_equal(layer.bias_ih_l0.detach(), p.b)
    np.testing.assert_array_equal(layer.bias_hh_l0.detach(), [*np.zeros(12), *p.b_hn])
    assert not convert.to_torch(LSTM, problem(LSTM).p).bias_hh_l0.any()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ["rnn", "rnn_relu", "lstm", "gru"])
def test_from_torch_nn_every_layer_and_direction(name, bias):
    kwargs = {"nonlinearity": "relu"} if name == "rnn_relu" else {}
    layer = TWINS[name.removesuffix("_relu")](4, 5, 2, bias=bias, bidirectional=True, dtype=torch.float64, **kwargs)
    x = np.random.default_rng(1).normal(size=(7, 3, 4))
    want = layer(torch.tensor(x))[0].detach().numpy()
    for index in range(2):
        outputs = []
        for reverse in (False, True):
            cell, p = convert.from_torch(layer, index, reverse)
            assert cell.name == name
            states, _ = unroll(cell, p, x[::-1].copy() if reverse else x)
            outputs.append(states[0][::-1] if reverse else states[0])
        x = np.concatenate(outputs, -1)
    assert disagreement(want, x) < 1e-14


def test_our_layers_are_recognised():
    assert convert.from_torch(nn.RNN(2, 3, nonlinearity="relu"))[0] is RNN_RELU
    assert convert.from_torch(nn.PeepholeLSTM(2, 3))[0] is PEEPHOLE
    assert convert.from_torch(nn.PeepholeLSTM(2, 3, peepholes="o"))[0].name == "vanilla_o"
    assert convert.from_torch(nn.PeepholeLSTM(2, 3, peepholes=""))[0].name == "vanilla_plain"
    assert convert.from_torch(nn.NIGLSTM(2, 3, peepholes=""))[0] in CELLS
    assert convert.from_torch(nn.NIGPlainLSTM(2, 3, peepholes="f"))[0].name == "nig_f"

    class Mine(nn.LSTM):
        pass

    cell, p = convert.from_torch(Mine(2, 3), dtype=np.float32)
    assert cell is LSTM
    assert p.W.dtype == np.float32


def test_rows_are_those_of_the_docstrings_and_of_the_second_writing():
    for cell in WRITTEN_TWICE:
        base = cell.name if cell.name in ROWS else cell.name.split("_")[0]
        assert cell.rows == {"a": "h"}.get(ROWS.get(base, "ifgo"), ROWS.get(base, "ifgo")), cell.name


def refuse(error, text):
    return pytest.raises(error, match=re.escape(text))


def test_every_operator_of_the_table_is_a_cells():
    assert set(convert.OPERATORS) <= set(convert._common.KNOWN) - {"fgr"}
    for cell in ALL_CELLS:
        if cell.name not in convert.OPERATORS:
            with refuse(ValueError, f"no ONNX operator computes {cell.name!r}: "):
                convert.to_onnx(cell, problem(cell).p)


@pytest.mark.parametrize("name", ["exponential", "lstm", "nig_io", "cifg_mine", "rnn", "gru"])
def test_a_cell_of_ones_own_is_refused_by_whatever_name(name):
    """An exponential gate, and the LSTM's shapes with other gates, are no LSTM to any other library."""
    own = EXPONENTIAL._replace(name=name)
    p = init(own, 4, 6, np.random.default_rng(0))
    known = name not in ("exponential", "cifg_mine")
    named = f"{name!r}" + ", which is not the package's cell of that name" * known
    with refuse(ValueError, f"no ONNX operator computes {named}: convert.OPERATORS has no row for it"):
        convert.to_onnx(own, p)
    for function in (convert.to_torch, convert.to_keras):
        with refuse(ValueError, f"got {named}"):
            function(own, p)
    with refuse(ValueError, "no ONNX operator computes 'lstm', which is not the package's cell of that name"):
        convert.to_onnx(LSTM._replace(gates={**LSTM.gates, "i": Gate("exp")}), problem(LSTM).p)


def test_a_layer_with_a_step_of_its_own_has_no_cell():
    class Mine(nn.LSTM97):
        @staticmethod
        def step(ax, state, w):
            return state

    for layer in (Mine(2, 3), ExponentialLSTM(2, 3)):
        with refuse(
            TypeError, f"{type(layer).__name__} is no layer of lstmcourse.nn.LAYERS: it has a step or inputs of its own"
        ):
            convert.from_torch(layer)


def test_gradients_have_the_references_names():
    layer = nn.GRU(2, 3)
    with refuse(ValueError, "every parameter must hold a gradient, weight_ih, weight_hh, bias_ih, bias_hh holds none"):
        convert.gradients_from_torch(layer)
    layer(torch.ones(4, 1, 2))[0].sum().backward()
    d = convert.gradients_from_torch(layer)
    np.testing.assert_array_equal(d.b, layer.bias_ih_l0.grad)
    np.testing.assert_array_equal(d.b_hn, layer.bias_hh_l0.grad[6:])
    assert set(vars(d)) == set(GRU.shapes(2, 3))


@pytest.mark.parametrize("module", [nn.LSTM, torch.nn.LSTM])
def test_parametrised_weights_are_taken_as_they_come_out(module):
    layer = torch.nn.utils.parametrizations.weight_norm(module(2, 3, bidirectional=True), "weight_hh_l0_reverse")
    _, p = convert.from_torch(layer, reverse=True)
    np.testing.assert_array_equal(p.U, layer.weight_hh_l0_reverse.detach().double().numpy())


def test_what_is_refused():
    layer = nn.LSTM(2, 3, 2)
    with refuse(ValueError, "layer_index must be 0 … 1, got 2"):
        convert.from_torch(layer, 2)
    with refuse(ValueError, "reverse asks for the second direction of a layer that has one"):
        convert.from_torch(layer, reverse=True)
    with refuse(ValueError, "a layer with proj_size has no reference cell, got proj_size=1"):
        convert.from_torch(torch.nn.LSTM(2, 3, proj_size=1))
    with refuse(TypeError, "layer must be a layer of lstmcourse.nn or torch.nn.RNN, LSTM or GRU, got torch.nn"):
        convert.from_torch(torch.nn.Linear(2, 3))
    with refuse(ValueError, "or a variant, got 'mine'"):
        convert.to_torch(LSTM._replace(name="mine"), problem(LSTM).p)
    with refuse(ValueError, "p.b must have shape (24,), got (3,)"):
        convert.to_torch(LSTM, Params(**(vars(problem(LSTM).p) | {"b": np.zeros(3)})))


# ---- orders of the gates


def test_reorder():
    W = np.repeat(np.arange(4), 2)[:, None] * np.ones(3)
    np.testing.assert_array_equal(convert.reorder(W, "ifgo", "iofg")[:, 0], [0, 0, 3, 3, 1, 1, 2, 2])
    np.testing.assert_array_equal(convert.reorder(W.T, "ifgo", "iofg", axis=1)[0], [0, 0, 3, 3, 1, 1, 2, 2])
    for kind in ("lstm", "gru"):
        for a in convert.ORDERS.values():
            for b in convert.ORDERS.values():
                x = np.random.default_rng(0).normal(size=(12, 5))
                there = convert.reorder(x, a[kind], b[kind])
                np.testing.assert_array_equal(convert.reorder(there, b[kind], a[kind]), x)
    with refuse(ValueError, "old and new must have the same letters, each once, got 'ifgo' and 'rzn'"):
        convert.reorder(W, "ifgo", "rzn")
    with refuse(ValueError, "axis 1 must hold 4 gates of one size, got shape (8, 3)"):
        convert.reorder(W, "ifgo", "iofg", axis=1)


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU, GRU_RESET_BEFORE], ids=lambda c: c.name)
def test_keras_there_and_back(cell):
    p = problem(cell).p
    back = convert.from_keras(cell, convert.to_keras(cell, p))
    np.testing.assert_equal(vars(back), vars(p))


def test_keras_lstm_by_its_own_formula():
    """Keras: z = x K + h R + b, split into i f c o along the last axis."""
    prob = problem(LSTM, T=1)
    K, R, b = convert.to_keras(LSTM, prob.p)
    h, c = prob.s0
    i, f, g, o = np.split(prob.xs[0] @ K + h @ R + b, 4, axis=1)
    c = sigma(f) * c + sigma(i) * np.tanh(g)
    want = sigma(o) * np.tanh(c)
    assert disagreement(want, LSTM.forward(prob.p, prob.xs[0], prob.s0)[0][0]) < 1e-14


@pytest.mark.parametrize("cell", [GRU, GRU_RESET_BEFORE], ids=lambda c: c.name)
def test_keras_gru_by_its_own_formula(cell):
    """Keras: z r h along the last axis; with reset_after the bias has two rows, of the input and of the recurrence."""
    prob = problem(cell, T=1)
    K, R, b = convert.to_keras(cell, prob.p)
    (h,) = prob.s0
    if cell is GRU:
        x_z, x_r, x_h = np.split(prob.xs[0] @ K + b[0], 3, axis=1)
        h_z, h_r, h_h = np.split(h @ R + b[1], 3, axis=1)
        z, r = sigma(x_z + h_z), sigma(x_r + h_r)
        candidate = np.tanh(x_h + r * h_h)
    else:
        x_z, x_r, x_h = np.split(prob.xs[0] @ K + b, 3, axis=1)
        R_z, R_r, R_h = np.split(R, 3, axis=1)
        z, r = sigma(x_z + h @ R_z), sigma(x_r + h @ R_r)
        candidate = np.tanh(x_h + (r * h) @ R_h)
    want = z * h + (1 - z) * candidate
    assert disagreement(want, cell.forward(prob.p, prob.xs[0], prob.s0)[0][0]) < 1e-14


def test_the_table_of_gate_orders_is_the_registry():
    rows = re.findall(r"^    (\w+) +LSTM (\w \w \w \w) +GRU (\w \w \w)", convert.__doc__, re.MULTILINE)
    table = {name.lower(): {"lstm": lstm.replace(" ", ""), "gru": gru.replace(" ", "")} for name, lstm, gru in rows}
    assert table == convert.ORDERS


def test_keras_refuses():
    with refuse(ValueError, "Keras has rnn, rnn_relu, lstm, gru, gru_reset_before, got 'peephole'"):
        convert.to_keras(PEEPHOLE, problem(PEEPHOLE).p)
    with refuse(ValueError, "weights must be kernel, recurrent_kernel and, with use_bias, bias, got 1 arrays"):
        convert.from_keras(LSTM, convert.to_keras(LSTM, problem(LSTM).p)[:1])
    with refuse(ValueError, "bias of a GRU with reset_after=True must have shape (2, 3H), got (18,)"):
        convert.from_keras(GRU, convert.to_keras(GRU_RESET_BEFORE, problem(GRU_RESET_BEFORE).p))


# ---- ONNX: the arrays here, the numbers in test_oracles


READ = [RNN, RNN_RELU, LSTM, PEEPHOLE, COUPLED, CIFG, NIAF, NOAF_PLAIN, GRU, GRU_RESET_BEFORE]


@pytest.mark.parametrize("cell", READ, ids=lambda c: c.name)
def test_onnx_there_and_back(cell):
    p = Params(**{k: v.astype(np.float32).astype(float) for k, v in vars(problem(cell).p).items()})
    same, back = convert.from_onnx(convert.to_onnx(cell, p))
    assert same.is_like(cell) and same.name == cell.name
    np.testing.assert_equal(vars(back), vars(p))


def test_onnx_arrays_of_an_lstm():
    p = problem(LSTM, I=4, H=6).p
    node = convert.onnx_arrays(LSTM, p)
    assert (node.op, node.W.shape, node.R.shape, node.B.shape, node.P) == (
        "LSTM",
        (1, 24, 4),
        (1, 24, 6),
        (1, 48),
        None,
    )
    np.testing.assert_array_equal(node.W[0, 6:12], p.W[18:].astype(np.float32))  # o comes second
    assert not node.B[0, 24:].any()


def test_a_missing_gate_is_held_open():
    node = convert.onnx_arrays(LSTM97, problem(LSTM97).p)
    f = slice(12, 18)  # i o f g
    assert not node.W[0, f].any()
    assert not node.R[0, f].any()
    assert (node.B[0, f] == 100).all()
    assert sigma(np.float32(100)) == 1


def test_onnx_refuses():
    import onnx

    with refuse(ValueError, "no ONNX operator computes 'fgr': its gates see the gates of the step before"):
        convert.to_onnx(FGR, problem(FGR).p)
    node = convert.onnx_arrays(LSTM, problem(LSTM).p)
    node.attributes["clip"] = 3.0
    with refuse(ValueError, "no cell clips its pre-activations, and the node has clip=3.0"):
        convert.from_onnx_arrays(node)
    node = convert.onnx_arrays(variant("niaf"), problem(variant("niaf")).p)
    for attributes in ({"activation_alpha": [2.0]}, {"activation_beta": [0.5]}, {"input_forget": 1}):
        with refuse(ValueError, "activations must be ('Sigmoid', 'Tanh', 'Tanh'), got ('Sigmoid', 'Affine', 'Tanh')"):
            convert.from_onnx_arrays(node._replace(attributes=node.attributes | attributes))
    model = convert.to_onnx(LSTM, problem(LSTM).p)
    model.graph.node.append(model.graph.node[0])
    with refuse(ValueError, "model must have one RNN, LSTM or GRU node, got 2"):
        convert.from_onnx(model)
    model = convert.to_onnx(LSTM, problem(LSTM).p)
    del model.graph.initializer[:]
    with refuse(ValueError, "W, R, B and P must be initializers of the model, W, R, B is none"):
        convert.from_onnx(model)
    assert onnx.checker.check_model(convert.to_onnx(GRU, problem(GRU).p)) is None


@pytest.mark.parametrize("function", [convert.to_torch, convert.to_keras, convert.onnx_arrays, convert.to_onnx])
def test_a_name_is_no_cell(function):
    with refuse(TypeError, "cell must be a Cell, one of lstmcourse.reference.CELLS or your own, got 'gru'"):
        function("gru", problem(GRU).p)
