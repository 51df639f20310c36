"""What writes down a layer's operations: compile, export, traces, graphs of fx, counters. All lengths, one node.

Each must work or say at once why not; none may give other numbers in silence.
"""

import io
import warnings

import pytest
import torch
from torch.export import Dim
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

from lstmcourse import nn
from lstmcourse.nn import LAYERS
from lstmcourse.nn.ways import _torch_private
from tests.own import ExponentialLSTM

from .layers import LENGTHS, B, H, I, T, assert_close, flat, make, random, random_state

UNSEEN = r'impl="scan" cannot be written down or counted.*impl="loop" can, and impl="auto" takes it there'
LENGTHS_OF_T = (T, 3 * T, 2 * T)
EACH = ["lstm", "peephole", "coupled", "gru", "gru_reset_before", "rnn_relu", "nig", "niaf_plain", "fgr", "layer_norm"]
newer = pytest.mark.skipif(not _torch_private.TELLS_EXPORT, reason="torch before 2.7 does not tell export from compile")


@pytest.fixture(autouse=True)
def quiet_and_fresh():
    """Without torch's own warnings: TorchScript is old, and so is what export uses of it."""
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def compiled(layer, **kwargs):
    """The layer compiled without a compiler, and the list of its graphs, each the names of what it calls."""
    graphs = []

    def backend(module, inputs):
        graphs.append([str(node.target) for node in module.graph.nodes if node.op == "call_function"])
        return module.forward

    return torch.compile(layer, backend=backend, **kwargs), graphs


def assert_same(got, want, tol=1e-12):
    for a, b in zip(flat(got), flat(want), strict=True):
        assert_close(a, b, tol)


# ---- torch.compile


@pytest.mark.parametrize("name,way", [("peephole", "auto"), ("lstm", "vendor"), ("fgr", "auto")])
def test_inference_compiles_whole_and_once_for_all_lengths(name, way):
    layer = make(name, I, H, 2, bidirectional=True, batch_first=True, impl=way).eval()
    call, graphs = compiled(layer, fullgraph=True)
    with torch.no_grad():
        for t in LENGTHS_OF_T:
            x = random(B, t, I)
            assert_same(call(x), layer(x))
    assert len(graphs) == 2  # of one length, and of any
    assert all(len([op for op in graph if "lstmcourse" in op]) == 2 for graph in graphs)


@newer
@pytest.mark.parametrize("name,way", [("peephole", "scan"), ("lstm", "vendor"), ("fgr", "auto"), ("own", "auto")])
def test_training_breaks_the_graph_and_is_the_eager_way(name, way):
    layer = ExponentialLSTM(I, H, dtype=torch.float64) if name == "own" else make(name, impl=way)
    call, graphs = compiled(layer)
    for t in LENGTHS_OF_T:
        x = random(t, B, I).requires_grad_()
        got, want = (torch.autograd.grad(m(x)[0].square().sum(), x)[0] for m in (call, layer))
        assert_close(got, want, 1e-12)
    assert all(len(graph) < 10 for graph in graphs)


def test_the_loop_compiles_whole_with_its_backward():
    layer = make("peephole", bidirectional=True, batch_first=True, impl="loop")
    grads = []
    for m in (layer, torch.compile(layer, backend="aot_eager", fullgraph=True)):
        x = random(B, 2, I).requires_grad_()
        m(x, random_state(layer))[0].square().sum().backward()
        grads.append(x.grad)
    assert_close(grads[1], grads[0], 1e-10)


@pytest.mark.parametrize("grad", [False, True])
def test_packed_sequences_compile_with_breaks(grad):
    layer, x = make("peephole", bidirectional=True), nn.pack(random(T, B, I), LENGTHS)
    with torch.set_grad_enabled(grad):
        assert_same(compiled(layer)[0](x), layer(x))


def test_autocast_inside_a_compiled_call():
    layer, x = make("lstm", dtype=torch.float32), random(T, B, I, dtype=torch.float32)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert_same(compiled(layer)[0](x), layer(x), 0)


@newer
def test_transforms_inside_a_compiled_call_take_the_loop():
    layer, x = make("gru").requires_grad_(False), random(3, B, I)
    for transform in (
        lambda x: torch.func.grad(lambda x: layer(x)[0].square().sum())(x),
        lambda x: torch.func.vmap(lambda x: layer(x)[0], 1, 1)(x.unsqueeze(2)),
    ):
        assert_close(compiled(transform)[0](x), transform(x), 1e-12)


# ---- the operator


def test_torch_finds_nothing_wrong_with_the_operator():
    layer = make("gru", bidirectional=True)
    x, h = random(3, B, I).requires_grad_(), random(2, B, H).requires_grad_()
    args = ("gru", "auto", ",".join(layer.weights().given()), True, x, [h], [*layer.parameters()], None)
    which = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(torch.ops.lstmcourse.layer.default, args, test_utils=which)


# ---- torch.export and torch.jit.trace


@pytest.mark.parametrize("name", EACH)
def test_an_export_takes_any_length_and_batch(name):
    layer, file = make(name, I, H, 2, bidirectional=True), io.BytesIO()
    program = torch.export.export(layer, (random(T, B, I),), dynamic_shapes=({0: Dim("T"), 1: Dim("B")},))
    torch.export.save(program, file)
    file.seek(0)
    loaded = torch.export.load(file).module()
    for t, b in ((1, 1), (3 * T, 2)):
        x = random(t, b, I)
        assert_same(loaded(x), layer(x))
    assert len(program.graph.nodes) < 80


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("way", ["auto", "scan", "vendor"])
def test_a_trace_takes_any_length_and_batch_and_can_be_saved(name, way):
    if way not in LAYERS[name].ways():
        return
    layer, file = make(name, I, H, 2, bidirectional=True, impl=way), io.BytesIO()
    torch.jit.save(torch.jit.trace(layer, random(T, B, I), check_trace=False), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for t, b in ((1, 1), (3 * T, 2)):
        x = random(t, b, I)
        assert_same(loaded(x), layer(x))
    ours = [node for node in loaded.inlined_graph.nodes() if node.kind() == "lstmcourse::layer"]
    assert len(ours) == (0 if way != "scan" and "vendor" in layer.ways() else 2)


@pytest.mark.parametrize("name", ["peephole", "fgr"])
def test_a_loaded_trace_has_gradients_and_theirs(name):
    layer, x = make(name), random(2 * T, B, I).requires_grad_()
    trace = torch.jit.trace(layer, random(T, B, I), check_trace=False)
    grads = []
    for m in (trace, layer):
        (first,) = torch.autograd.grad(m(x)[0].square().sum(), x, create_graph=True)
        grads.append([first, *torch.autograd.grad(first.square().sum(), [x, layer.weight_hh_l0])])
    for a, b in zip(*grads, strict=True):
        assert_close(a, b, 1e-10)


def test_script_is_refused_by_name():
    with pytest.raises(RuntimeError, match=r"torch\.jit\.script cannot compile GRU; torch\.jit\.trace"):
        torch.jit.script(make("gru"))


# ---- dispatch modes


@pytest.mark.parametrize("name", ["peephole", "gru", "lstm"])
def test_a_graph_of_fx_holds_operations_and_no_constants(name):
    """NumPy's results in it would be constants: right for the input of the tracing and wrong for every other."""
    layer = make(name).requires_grad_(False)
    graph = make_fx(lambda x: layer(x)[0])(random(T, B, I))
    other = random(T, B, I, seed=7)
    assert_close(graph(other), layer(other)[0], 1e-12)
    layer.impl = "scan"
    with pytest.raises(RuntimeError, match=UNSEEN):
        make_fx(lambda x: layer(x)[0])(other)


@pytest.mark.parametrize("name", ["peephole", "gru"])
def test_operations_are_counted(name):
    layer, x = make(name, bias=False), random(T, B, I)
    with FlopCounterMode(display=False) as counter:
        layer(x)
    rows = len(layer.rows) * H
    assert counter.get_total_flops() == 2 * T * B * rows * (I + H)
    layer.impl = "scan"
    with FlopCounterMode(display=False), pytest.raises(RuntimeError, match=UNSEEN):
        layer(x)
