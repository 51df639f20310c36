"""The layers on a CUDA device: every way against float64 on the CPU, and what cuDNN, streams and graphs ask for."""

import copy
import warnings

import pytest
import torch

from lstmcourse import nn
from lstmcourse.nn import LAYERS

from .layers import LENGTHS, B, H, I, T, assert_close, flat, gradients, make, random, random_state

pytestmark = pytest.mark.cuda
DEVICE = "cuda"
WAYS = [(name, way) for name in LAYERS for way in LAYERS[name].ways("cuda")[1:]]
KINDS = [(name, way) for name, way in WAYS if name in ("lstm", "coupled", "peephole", "gru", "gru_reset_before")]
ONCE = [(name, way) for name, way in WAYS if way == LAYERS[name].ways("cuda")[-1]]  # one way of each cell
# The largest ‖out − ref‖ / ‖ref‖: a few roundings of the format's own, which T steps add up.
PRECISIONS = {"float32": 1e-5, "tf32": 5e-3, "bfloat16": 5e-2, "float16": 1e-2}


@pytest.fixture(params=PRECISIONS)
def precision(request):
    """(the format, its tolerance, the autocast for it)"""
    kind, backends = request.param, (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [backend.allow_tf32 for backend in backends]
    for backend in backends:
        backend.allow_tf32 = kind == "tf32"
    half = getattr(torch, kind) if kind in ("bfloat16", "float16") else torch.float32
    yield kind, PRECISIONS[kind], lambda: torch.autocast(DEVICE, dtype=half, enabled=half != torch.float32)
    for backend, allowed in zip(backends, before, strict=True):
        backend.allow_tf32 = allowed


def pair(name, way, dtype=torch.float64, *sizes, scale=1.0, **kwargs):
    """The layer on the device, and the same in float64 by the loop on the CPU; scale: of the parameters."""
    reference = make(name, *sizes, impl="loop", **kwargs)
    layer = make(name, *sizes, impl=way, **kwargs).to(DEVICE, dtype)
    with torch.no_grad():  # the same numbers in both, as the lower precision rounds them
        for p in layer.parameters():
            p.mul_(scale)
        for ours, theirs in zip(layer.parameters(), reference.parameters(), strict=True):
            theirs.copy_(ours)
    return layer, reference


def error(got, want):
    """‖got − want‖ / ‖want‖"""
    got, want = got.detach().double().cpu(), want.detach().double().cpu()
    return float((got - want).norm() / want.norm().clamp_min(1e-30))


def run(layer, x, hx=None):
    """Outputs, states and every gradient for a loss that weighs all outputs alike."""
    leaf = x.data.detach().clone().requires_grad_()
    outputs = flat(layer(x._replace(data=leaf) if hasattr(x, "batch_sizes") else leaf, hx))
    layer.zero_grad()
    torch.autograd.backward(outputs, [torch.ones_like(o) for o in outputs])
    return [*outputs, leaf.grad, *gradients(layer).values()]


def on_device(hx, dtype=torch.float64):
    return tuple(s.to(DEVICE, dtype) for s in hx) if isinstance(hx, tuple) else hx.to(DEVICE, dtype)


# ---- the same numbers


@pytest.mark.parametrize("name,way", WAYS)
def test_parity_with_float64(name, way, precision):
    kind, tol, autocast = precision
    layer, reference = pair(name, way, torch.float32)
    x = random(T, B, I).float()
    with autocast():
        got = run(layer, x.to(DEVICE))
    want = run(reference, x.double())
    worst = max(error(a, b) for a, b in zip(got, want, strict=True))
    assert worst < tol, f"{name} by {way} in {kind}: {worst:.1e}"


@pytest.mark.parametrize("name,way", WAYS)
def test_packed_stacked_and_in_both_directions(name, way):
    layer, reference = pair(name, way, num_layers=2, bidirectional=True)
    hx = random_state(reference)
    for x in (random(T, B, I), nn.pack(random(T, B, I), LENGTHS)):
        for a, b in zip(run(layer, x.to(DEVICE), on_device(hx)), run(reference, x, hx), strict=True):
            assert error(a, b) < 1e-8


@pytest.mark.parametrize("name,way", KINDS)
def test_larger_than_one_tile_and_than_one_kernel(name, way):
    """More sequences than a program takes, and units for which U no longer lies on the chip."""
    for sequences, units in ((33, 20), (5, 200)):
        layer, reference = pair(name, way, torch.float32, I, units, scale=units**-0.5)
        x = random(20, sequences, I).float()
        with torch.no_grad():
            assert error(layer(x.to(DEVICE))[0], reference(x.double())[0]) < 1e-5


@pytest.mark.parametrize("name,way", ONCE)
def test_empty_batches_and_inputs_that_are_not_contiguous(name, way):
    layer, reference = pair(name, way)
    empty, _ = layer(torch.zeros(T, 0, I, dtype=torch.float64, device=DEVICE))
    assert empty.shape == (T, 0, H)
    x = random(B, I, T).to(DEVICE).permute(2, 0, 1)
    assert not x.is_contiguous()
    assert error(layer(x)[0], reference(x.cpu())[0]) < 1e-8
    strided = random(T, 2 * B, I).to(DEVICE)[:, ::2]
    assert error(layer(strided)[0], reference(strided.cpu())[0]) < 1e-8


# ---- half precision


@pytest.mark.parametrize("name,way", KINDS)
def test_gradients_under_a_grad_scaler_are_finite(name, way):
    layer, _ = pair(name, way, torch.float32)
    optimizer, scaler = torch.optim.SGD(layer.parameters(), 0.1), torch.amp.GradScaler(DEVICE)
    before = [p.detach().clone() for p in layer.parameters()]
    with torch.autocast(DEVICE, dtype=torch.float16):
        loss = layer(random(T, B, I).to(DEVICE, torch.float32))[0].float().square().mean()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    assert all(p.grad.isfinite().all() for p in layer.parameters())
    scaler.step(optimizer)
    scaler.update()
    assert any(not torch.equal(p, old) for p, old in zip(layer.parameters(), before, strict=True))


# ---- cuDNN


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn", "coupled", "lstm97"])
def test_cudnn_is_what_runs(name):
    layer, x = make(name, dtype=torch.float32).to(DEVICE), random(T, B, I).to(DEVICE, torch.float32)
    assert layer.route(x) == "vendor"
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as seen:
        layer(x)[0].sum().backward()
    names = {event.key for event in seen.key_averages()}
    assert {"aten::_cudnn_rnn", "aten::_cudnn_rnn_backward"} <= names


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
def test_weights_stay_one_buffer(name):
    """cuDNN warns when it has to collect them at every call."""
    x = random(T, B, I).to(DEVICE, torch.float32)
    layer = make(name, dtype=torch.float32, num_layers=2, bidirectional=True).to(DEVICE)
    loaded = LAYERS[name](I, H, num_layers=2, bidirectional=True, device=DEVICE)
    loaded.load_state_dict(layer.state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for one in (layer, copy.deepcopy(layer), loaded, layer.half().float()):
            assert len({p.untyped_storage().data_ptr() for p in one.parameters()}) == 1
            one(x)


# ---- streams, graphs, synchronisation


@pytest.mark.parametrize("name,way", ONCE)
def test_streams_do_not_disturb_each_other(name, way):
    layer, reference = pair(name, way)
    xs, streams = [random(60, B, I, seed=k) for k in range(4)], [torch.cuda.Stream() for _ in range(4)]
    given = [x.to(DEVICE) for x in xs]
    torch.cuda.synchronize()
    outputs = []
    for x, stream in zip(given, streams, strict=True):
        with torch.cuda.stream(stream):
            outputs.append(layer(x)[0])
    torch.cuda.synchronize()
    for x, output in zip(xs, outputs, strict=True):
        assert error(output, reference(x)[0]) < 1e-8


@pytest.mark.parametrize("name,way", ONCE)
def test_a_whole_step_of_training_in_one_graph(name, way):
    layer, _ = pair(name, way, torch.float32)
    eager = copy.deepcopy(layer)
    x, steps = random(T, B, I).to(DEVICE, torch.float32), 3

    def step(model, optimizer):
        optimizer.zero_grad(set_to_none=False)
        model(x)[0].square().mean().backward()
        optimizer.step()

    sgd = [torch.optim.SGD(model.parameters(), 0.1) for model in (layer, eager)]
    start = copy.deepcopy(layer.state_dict())
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # what is compiled or chosen at a first call happens before the capture
        for _ in range(3):
            step(layer, sgd[0])
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(layer, sgd[0])
    layer.load_state_dict(start)
    for _ in range(steps):
        graph.replay()
        step(eager, sgd[1])
    for got, want in zip(layer.parameters(), eager.parameters(), strict=True):
        assert error(got, want) < 1e-5


@pytest.mark.parametrize("name,way", WAYS)
def test_nothing_waits_for_the_device(name, way):
    layer, x = make(name, impl=way).to(DEVICE), random(T, B, I).to(DEVICE)
    layer(x)[0].sum().backward()  # compiles, allocates
    torch.cuda.set_sync_debug_mode("error")
    try:
        layer(x)[0].sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_compiled_kernels_equal_the_loop_over_long_sequences():
    """A thousand steps, over which a fault of the products' order or of a tile's edge would grow."""
    for name, way in KINDS:
        layer, reference = pair(name, way)
        x = random(1000, 3, I)
        with torch.no_grad():
            assert_close(layer(x.to(DEVICE))[0].cpu(), reference(x)[0], 1e-8, f"{name} by {way}")
