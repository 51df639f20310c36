"""What code written for torch.nn.RNNBase finds on a layer, and what torch's tools are told."""

import warnings

import pytest
import torch

from lstmcourse import nn
from lstmcourse.nn import LAYERS

from .layers import LENGTHS, B, H, I, T, assert_close, flat, make, random, random_state

TWINS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
STATE = torch.zeros(4, B, H)


@pytest.mark.parametrize("name", TWINS)
def test_attributes_of_the_base_are_torchs(name):
    options = dict(num_layers=2, bidirectional=True)
    ours, theirs = LAYERS[name](I, H, **options), TWINS[name](I, H, **options)
    ours.load_state_dict(theirs.state_dict())
    assert ours.mode == theirs.mode and ours._flat_weights_names == theirs._flat_weights_names
    for a, b in zip(ours._flat_weights, theirs._flat_weights, strict=True):
        assert torch.equal(a, b)
    good = (STATE, STATE) if name == "lstm" else STATE
    bad = (STATE, STATE[:, :3]) if name == "lstm" else STATE[:, :3]
    order = torch.tensor([2, 0, 3, 1])
    packed = torch.zeros(sum(LENGTHS), I), torch.tensor([4, 3, 3, 2, 2, 1, 1])
    for x, sizes in ((random(T, B, I).float(), None), packed):
        assert ours.get_expected_hidden_size(x, sizes) == theirs.get_expected_hidden_size(x, sizes) == (4, B, H)
        for layer in (ours, theirs):
            layer.check_input(x, sizes)
            layer.check_forward_args(x, good, sizes)
            for arguments in ((x[..., :2], good, sizes), (x, bad, sizes)):
                with pytest.raises(RuntimeError):
                    layer.check_forward_args(*arguments)
    for permutation in (None, order):
        permuted = [layer.permute_hidden(good, permutation) for layer in (ours, theirs)]
        for a, b in zip(*(p if isinstance(p, tuple) else (p,) for p in permuted), strict=True):
            assert torch.equal(a, b)


def test_mode_is_torchs_only_where_torch_has_the_cell():
    modes = {name: LAYERS[name](I, H).mode for name in LAYERS}
    theirs = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN_TANH", "rnn_relu": "RNN_RELU"}
    assert modes == {name: theirs.get(name, LAYERS[name].__name__) for name in LAYERS}
    assert nn.PeepholeLSTM(I, H, peepholes="").mode == "LSTM"
    assert nn.RNN(I, H, nonlinearity="relu").mode == "RNN_RELU"


# ---- torch's own layer for those who ask for its class


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("bias", [True, False])
def test_as_torch_computes_the_same_or_refuses(name, bias):
    layer = make(name, num_layers=2, bidirectional=True, bias=bias)
    if "vendor" not in layer.ways():
        with pytest.raises(TypeError, match=f"{type(layer).__name__} is no layer that torch.nn's LSTM, GRU or RNN can"):
            nn.as_torch(layer)
        return
    drawn = torch.get_rng_state()
    twin = nn.as_torch(layer.eval())
    assert torch.equal(torch.get_rng_state(), drawn)
    assert isinstance(twin, torch.nn.RNNBase) and not twin.training
    x, state = random(T, B, I), random_state(layer)
    for got, want in zip(flat(twin(x, state)), flat(layer(x, state)), strict=True):
        assert_close(got, want, 1e-12)
    with torch.no_grad():
        twin.weight_ih_l0.zero_()
    assert layer.weight_ih_l0.any()


def test_as_torch_keeps_a_projection():
    layer, x = make("lstm", proj_size=3, batch_first=True), random(B, T, I)
    assert_close(nn.as_torch(layer)(x)[0], layer(x)[0], 1e-12)
    with pytest.raises(TypeError, match="Linear is no layer that torch"):
        nn.as_torch(torch.nn.Linear(2, 3))


class Model(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.readout = layer, torch.nn.Linear(H, 2)

    def forward(self, x):
        return self.readout(self.layer(x)[0])


@pytest.mark.filterwarnings("ignore")  # torch's own: its quantized tensors are old
@pytest.mark.parametrize("name", ["lstm", "gru", "coupled"])
def test_dynamic_quantization_says_what_it_leaves_and_takes_the_twin(name):
    if "fbgemm" not in torch.backends.quantized.supported_engines:
        pytest.skip("this torch has no quantized kernels for this processor")
    layer, x = make(name, dtype=torch.float32), random(T, B, I).float()
    wanted = {torch.nn.LSTM, torch.nn.GRU, torch.nn.Linear}
    said = rf"quantization leaves {type(layer).__name__} as it is; nn\.as_torch\(layer\) can be quantized"
    with pytest.warns(UserWarning, match=said):
        left = torch.ao.quantization.quantize_dynamic(Model(layer), wanted)
    assert type(left.layer) is type(layer) and type(left.readout) is not torch.nn.Linear
    model = Model(nn.as_torch(layer))
    small = torch.ao.quantization.quantize_dynamic(model, wanted)
    assert "quantized" in type(small.layer).__module__
    assert 0 < (small(x) - model(x)).abs().max() < 0.1


# ---- those who count


@pytest.mark.parametrize("name", ["lstm", "peephole", "gru", "fgr"])
def test_multiply_adds_are_those_of_the_products(name):
    layer = make(name, num_layers=2, bidirectional=True)
    for x, steps in ((random(T, B, I), T * B), (random(T, I), T), (nn.pack(random(T, B, I), LENGTHS), sum(LENGTHS))):
        G, extra = len(layer.rows), 9 * H * H if name == "fgr" else 0
        one = [G * H * (size + H) + extra for size in (I, 2 * H)]
        assert nn.multiply_adds(layer, x) == steps * 2 * sum(one)
    with pytest.raises(ValueError, match=rf"expects input of shape \(T, B, {I}\), got"):
        nn.multiply_adds(layer, random(T, B, I + 1))
    with pytest.raises(TypeError, match=r"expects a torch\.Tensor or a PackedSequence as input, got numpy\.ndarray"):
        nn.multiply_adds(layer, random(T, B, I).numpy())


def test_hooks_are_found_by_the_layers_class_as_thop_and_ptflops_look():
    """Both register what they find under type(m) as a forward hook, on a module with a counter of their own."""
    model, x = Model(make("coupled", dtype=torch.float32)), random(T, B, I).float()
    layer = model.layer
    layer.register_buffer("total_ops", torch.zeros(1, dtype=torch.float64))
    layer.__flops__ = 0
    for hooks in (nn.for_thop(model), nn.for_ptflops(model)):
        assert list(hooks) == [nn.CoupledLSTM]
        layer.register_forward_hook(hooks[type(layer)])
    model(x)
    assert layer.total_ops.item() == layer.__flops__ == T * B * 3 * H * (I + H)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("wrap", [lambda m: nn.Zoneout(m, h=0.1), lambda m: nn.VariationalDropout(m, 0.1)])
def test_a_wrapper_is_counted_as_its_layer(wrap, training):
    """thop and ptflops ask a module that has a hook and none below it, and Zoneout never calls its layer."""
    model = wrap(make("lstm")).train(training)
    model.total_ops, model.__flops__ = torch.zeros(1, dtype=torch.float64), 0
    for hooks in (nn.for_thop(model), nn.for_ptflops(model)):
        model.register_forward_hook(hooks[type(model)])
    model(random(T, B, I))
    assert model.total_ops.item() == model.__flops__ == T * B * 4 * H * (I + H)


def test_a_cell_is_counted():
    cell = nn.PeepholeLSTMCell(I, H)
    assert nn.multiply_adds(cell, random(B, I).float()) == B * 4 * H * (I + H)
    assert list(nn.for_thop(torch.nn.Sequential(cell))) == [nn.PeepholeLSTMCell]
    with pytest.raises(ValueError, match="PeepholeLSTMCell expects input of shape"):
        nn.multiply_adds(cell, random(B, I + 1).float())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name,rows", [("lstm", 4), ("coupled", 4), ("gru", 3), ("rnn_relu", 1), ("peephole", 4)])
def test_operators_of_a_trace_are_counted_as_fvcore_does(name, rows):
    """fvcore hands a node's inputs and outputs to the handle of its kind."""
    layer, handles = make(name, num_layers=2, bidirectional=True), nn.for_fvcore()
    graph, _ = torch.jit._get_trace_graph(layer, (random(T, B, I),))  # as fvcore does; it has the parameters' sizes
    nodes = [node for node in graph.nodes() if node.kind() in handles]
    counted = sum(handles[node.kind()](list(node.inputs()), list(node.outputs())) for node in nodes)
    assert counted == T * B * sum(2 * rows * H * (size + H) for size in (I, 2 * H))


# ---- autocast


@pytest.mark.parametrize("name", TWINS)
def test_under_autocast_to_bfloat16_outputs_have_torchs_dtype(name):
    layer, x = make(name, dtype=torch.float32), random(T, B, I).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got, want = layer(x), nn.as_torch(layer)(x)
    assert [t.dtype for t in flat(got)] == [t.dtype for t in flat(want)]
    assert_close(got[0].float(), layer(x)[0], 0.05)
    flat(got)[0].float().sum().backward()
    assert layer.weight_hh_l0.grad.dtype == torch.float32


def test_nothing_is_said_where_nothing_is_quantized():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.LSTM(I, H).quantity = 3
