"""The fast ways: which one a call takes, that it is really taken, and that all ways give the same numbers."""

import sys
import warnings

import numpy as np
import pytest
import torch

import lstmcourse
from lstmcourse import nn
from lstmcourse.nn import LAYERS
from lstmcourse.nn.ways import buffers, route, scan, vendor
from lstmcourse.nn.ways.arithmetic import NUMPY, TORCH, arithmetic
from lstmcourse.nn.ways.buffers import Buffers

from ..pairs import pairwise
from .layers import (
    EACH_PATH,
    LENGTHS,
    B,
    H,
    I,
    T,
    assert_close,
    backward,
    flat,
    gradients,
    make,
    random,
    random_state,
)

NAMES = list(LAYERS)
LSTM_KERNEL = ("lstm", "lstm97", "coupled", "nig_plain", "nfg_plain", "nog_plain")  # fits oneDNN's and cuDNN's LSTM
OWN_KERNEL = ("gru", "rnn", "rnn_relu")
SCAN = ("rnn", "rnn_relu", "lstm97", "lstm", "peephole", "coupled", "gru", "gru_reset_before")
SCAN += ("vanilla", "nig", "nfg", "nog", "niaf", "noaf", "cifg")
SCAN += ("nig_plain", "nfg_plain", "nog_plain", "niaf_plain", "noaf_plain")
KINDS = ("lstm", "lstm97", "peephole", "gru", "rnn_relu", "fgr")  # for the rest, test_ways_of_a_class
FAST = [(name, way) for name in NAMES for way in LAYERS[name].ways() if way in ("scan", "vendor")]


# ---- the route


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", KINDS)
def test_route_on_the_cpu(name, dtype, packed):
    layer, x = make(name, dtype=dtype), random(T, B, I).to(dtype)
    kernel = name in LSTM_KERNEL + OWN_KERNEL
    if dtype in (torch.bfloat16, torch.float16):
        expected = "vendor" if kernel else "loop"
    elif name == "fgr":
        expected = "loop"
    elif name in LSTM_KERNEL and dtype == torch.float32 and not packed:
        expected = "vendor"
    else:
        expected = "scan"
    assert layer.route(nn.pack(x, LENGTHS) if packed else x) == expected


@pytest.mark.cuda
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", KINDS)
def test_route_on_cuda(name, dtype, packed):
    layer, x = make(name, dtype=dtype).cuda(), random(T, B, I).to(dtype).cuda()
    expected = "vendor" if name in LSTM_KERNEL + OWN_KERNEL else "loop" if name == "fgr" else "scan"
    assert layer.route(nn.pack(x, LENGTHS) if packed else x) == expected


@pytest.mark.parametrize("name", NAMES)
def test_ways_of_a_class(name):
    scan = ["scan"] if name in SCAN else []
    vendor = ["vendor"] if name in LSTM_KERNEL + OWN_KERNEL else []
    assert LAYERS[name].ways() == ("auto", "loop", *scan, *vendor)
    assert LAYERS[name].ways("cuda") == ("auto", "loop", *scan, *vendor, *(["graph", "fused"] if scan else []))


@pytest.mark.parametrize("name", ["peephole", "vanilla", "nig", "nfg", "nog", "cifg"])
def test_without_peepholes_the_vendor_kernel_fits(name):
    x = random(T, B, I, dtype=torch.float32)
    layer = make(name, dtype=torch.float32, peepholes="")
    assert layer.route(x) == "vendor"
    assert make(name, dtype=torch.float32).route(x) == "scan"
    with pytest.raises(
        ValueError, match=r"impl of \w+ must be one of \('auto', 'loop', 'scan', 'graph', 'fused'\), got 'vendor'"
    ):
        make(name, impl="vendor")


@pytest.mark.parametrize("name", ["niaf_plain", "noaf_plain"])
def test_a_missing_activation_fits_no_kernel(name):
    assert make(name, dtype=torch.float32).route(random(T, B, I, dtype=torch.float32)) == "scan"


def test_short_sequences_take_the_loop():
    layer, x = make("lstm"), random(3, B, I)
    assert [layer.route(x[:n]) for n in (1, 2, 3)] == ["loop", "loop", "scan"]
    first = make("lstm", batch_first=True)
    assert first.route(random(3, 2, I)) == "loop"
    assert first.route(random(2, 3, I)) == "scan"
    assert first.route(random(2, I)) == "loop"  # unbatched: time comes first
    assert layer.route(nn.pack(random(3, B, I), [1, 2, 1, 2])) == "loop"


def test_large_tied_layers_take_the_scan():
    x = random(3, 64, I, dtype=torch.float32)
    assert nn.CoupledLSTM(I, 63).route(x) == "vendor"
    assert nn.CoupledLSTM(I, 64).route(x) == "scan"
    assert nn.LSTM(I, 64).route(x) == "vendor"


def test_without_onednn_the_scan_is_next(monkeypatch):
    layer, x = make("lstm", dtype=torch.float32), random(T, B, I, dtype=torch.float32)
    assert layer.route(x) == "vendor"
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert layer.route(x) == "scan"
    assert make("lstm", dtype=torch.float32, proj_size=2).route(x) == "scan"


def test_transforms_take_the_loop(monkeypatch):
    layer, x, seen = make("lstm"), random(T, B, I), []

    def call(x):
        seen.append(layer.route(x))
        return layer(x)[0].sum()

    call(x)
    torch.func.grad(call)(x)
    with torch.autograd.forward_ad.dual_level(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's own, where it loads its decompositions
        call(torch.autograd.forward_ad.make_dual(x, torch.ones_like(x)))
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    call(x)
    monkeypatch.undo()
    monkeypatch.setattr(torch.jit, "is_tracing", lambda: True)
    call(x)
    assert seen == ["scan", "loop", "loop", "operator", "vendor"]


def test_impl_is_the_route():
    for name, way in FAST:
        assert make(name, impl=way).route(random(T, B, I)) == way


@pytest.mark.parametrize("name,dtype", [("peephole", torch.float64), ("gru", torch.float32), ("lstm", torch.float32)])
def test_the_way_named_is_the_way_taken(name, dtype, monkeypatch):
    """A fast way that falls back in silence would still give the right numbers."""
    layer, x, calls = make(name, dtype=dtype), random(T, B, I, dtype=dtype), []
    for way, function in route.WAYS.items():
        monkeypatch.setitem(
            route.WAYS, way, lambda *args, way=way, function=function: calls.append(way) or function(*args)
        )
    apply = scan.OneNode.apply
    monkeypatch.setattr(scan.OneNode, "apply", lambda *args: calls.append("node") or apply(*args))
    output = layer(x.requires_grad_())[0]
    assert calls == (["vendor"] if name == "lstm" else ["scan", "node"])
    assert (output.grad_fn.name() == "OneNodeBackward") == (name != "lstm")


# ---- the same numbers


def assert_agrees(layer, loop, x, hx, tol):
    """Outputs, states and every gradient of two layers."""
    results = []
    for m in (loop, layer):
        data = (x.data if hasattr(x, "batch_sizes") else x).clone().requires_grad_()
        state = tuple(s.clone().requires_grad_() for s in (hx if isinstance(hx, tuple) else (hx,)))
        outputs = flat(
            m(x._replace(data=data) if hasattr(x, "batch_sizes") else data, *[state if len(state) > 1 else state[0]])
        )
        m.zero_grad()
        backward(outputs)
        results.append([o.detach() for o in outputs] + [data.grad, *(s.grad for s in state), *gradients(m).values()])
    for k, (want, got) in enumerate(zip(*results, strict=True)):
        assert_close(got, want, tol * max(1.0, float(want.abs().max())), f"item {k}")


@pytest.mark.parametrize("dtype,packed,bias", pairwise((torch.float64, torch.float32), (True, False), (True, False)))
@pytest.mark.parametrize("name,way", FAST)
def test_all_ways_agree(name, way, dtype, packed, bias):
    tol = 1e-10 if dtype == torch.float64 else 1e-5
    kwargs = dict(num_layers=2, bidirectional=True, bias=bias, dtype=dtype)
    layer, loop = make(name, impl=way, **kwargs), make(name, impl="loop", **kwargs)
    x = random(T, B, I, dtype=dtype)
    assert_agrees(layer, loop, nn.pack(x, LENGTHS) if packed else x, random_state(layer, dtype=dtype), tol)


PEEPING = ("peephole", "nig", "nfg", "nog", "niaf", "noaf", "cifg")


@pytest.mark.parametrize("name,i,f,o", pairwise(PEEPING, ("", "i"), ("", "f"), ("", "o")))
def test_scan_with_some_of_the_peepholes(name, i, f, o):
    layer, loop = (make(name, impl=way, peepholes=i + f + o) for way in ("scan", "loop"))
    assert_agrees(layer, loop, random(T, B, I), random_state(layer), 1e-10)


@pytest.mark.parametrize("name", ["lstm", "lstm97", "coupled", "nig_plain", "nog_plain", "gru"])
def test_long_sequences_in_single_precision(name):
    """T = 400, so that a fault that grows with time would show."""
    ways = [way for way in LAYERS[name].ways() if way in ("scan", "vendor")]
    for way in ways:
        layer, loop = (make(name, impl=w, dtype=torch.float32) for w in (way, "loop"))
        x = random(400, B, I, dtype=torch.float32)
        with torch.no_grad():
            for want, got in zip(flat(loop(x)), flat(layer(x)), strict=True):
                torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SCAN)
def test_torch_does_what_numpy_does(name, monkeypatch):
    """The scan's arithmetic on other devices, tried out on this one."""
    assert arithmetic(random(1)) is NUMPY
    assert arithmetic(random(1).bfloat16()) is TORCH
    kwargs = dict(num_layers=2, bidirectional=True)
    layer, loop = make(name, impl="scan", **kwargs), make(name, impl="loop", **kwargs)
    monkeypatch.setattr(buffers, "arithmetic", lambda xs: TORCH)
    for x in (random(T, B, I), nn.pack(random(T, B, I), LENGTHS)):
        assert_agrees(layer, loop, x, random_state(layer), 1e-10)
        with torch.no_grad():
            assert_close(flat(layer(x))[0], flat(loop(x))[0], 1e-10)


@pytest.mark.cuda
@pytest.mark.parametrize("name,way", FAST)
def test_all_ways_agree_on_cuda(name, way):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # cuDNN warns when weights do not lie in one buffer
        layer, loop = (make(name, impl=w, num_layers=2, bidirectional=True).cuda() for w in (way, "loop"))
        hx = random_state(layer)
        hx = tuple(s.cuda() for s in hx) if isinstance(hx, tuple) else hx.cuda()
        for x in (random(T, B, I).cuda(), nn.pack(random(T, B, I).cuda(), LENGTHS)):
            results = []
            for m in (layer, loop):
                outputs = flat(m(x, hx))
                m.zero_grad()
                torch.autograd.backward(outputs, [torch.ones_like(o) for o in outputs])
                results.append([*outputs, *gradients(m).values()])
            for got, want in zip(*results, strict=True):
                torch.testing.assert_close(got, want, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name,way", EACH_PATH)
def test_without_gradients_the_numbers_are_the_same(name, way):
    layer = make(name, impl=way, num_layers=2, bidirectional=True)
    for x in (random(T, B, I), nn.pack(random(T, B, I), LENGTHS)):
        with torch.no_grad():
            got = flat(layer(x))
        for a, b in zip(got, flat(layer(x)), strict=True):
            assert_close(a, b.detach(), 1e-12)
            assert not a.requires_grad


@pytest.mark.parametrize("name", ["peephole", "gru", "gru_reset_before", "rnn"])
def test_dropout_between_layers_draws_as_the_loop_does(name):
    outputs = []
    for way in ("loop", "scan"):
        layer = make(name, impl=way, num_layers=3, dropout=0.5)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            outputs.append(layer(random(T, B, I))[0])
    assert_close(outputs[1], outputs[0], 1e-12)


@pytest.mark.parametrize("name", ["lstm", "peephole", "coupled", "gru", "gru_reset_before", "rnn_relu"])
def test_blocks_of_the_backward_do_not_show(name, monkeypatch):
    """The backward works through time in blocks; here in blocks of 1, 3 and all steps."""
    layer, loop = make(name, impl="scan"), make(name, impl="loop")
    for size in (1, 3, 100):
        monkeypatch.setattr(Buffers, "block", lambda self, elements, size=size: min(size, self.T))
        for x in (random(T, B, I), nn.pack(random(T, B, I), LENGTHS)):
            assert_agrees(layer, loop, x, random_state(layer), 1e-10)


# ---- what a scan must not get wrong


def test_gradients_of_some_outputs_alone():
    for pick in (lambda y, s: y.sum(), lambda y, s: y[-1].square().sum(), lambda y, s: s[0].sum(),
                 lambda y, s: s[1].square().sum(), lambda y, s: y.transpose(0, 2).sum(0).square().sum()):  # fmt: skip
        grads = []
        for way in ("loop", "scan"):
            layer, x = make("peephole", impl=way), random(T, B, I).requires_grad_()
            pick(*layer(x)).backward()
            grads.append([x.grad, *gradients(layer).values()])
        for want, got in zip(*grads, strict=True):
            assert_close(got, want, 1e-10)


def test_an_input_that_needs_no_gradient_costs_none():
    layer, x = make("peephole", impl="scan"), random(T, B, I)
    layer(x)[0].sum().backward()
    assert x.grad is None
    for p in layer.parameters():
        p.requires_grad_(False)
    assert not layer(x)[0].requires_grad


@pytest.mark.parametrize("name", ["peephole", "gru", "gru_reset_before", "rnn"])
def test_backward_twice_and_changed_weights(name):
    layer, x = make(name, impl="scan"), random(T, B, I).requires_grad_()
    y = layer(x)[0].sum()
    first = torch.autograd.grad(y, x, retain_graph=True)[0]
    assert_close(torch.autograd.grad(y, x)[0], first, 0.0)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        torch.autograd.grad(y, x)
    y = layer(x)[0].sum()
    with torch.no_grad():
        layer.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


@pytest.mark.parametrize("name,way", EACH_PATH)
def test_a_change_in_place_before_the_backward_is_told_as_torch_tells_it(name, way):
    layer, x = make(name, impl=way), random(T, B, I)
    copied = way == "vendor" and vendor.tied(layer)  # tied weights are copies: changing the parameter harms nothing
    for tensor in (x,) if copied else (x, layer.weight_hh_l0):
        y = layer(x)[0].sum()
        with torch.no_grad():
            tensor.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()


@pytest.mark.filterwarnings("ignore:.*torch.cpu.amp.autocast:FutureWarning")  # torch 2.4's own checkpoint uses it
@pytest.mark.parametrize("name,way", EACH_PATH)
def test_activation_checkpoints(name, way):
    """torch.utils.checkpoint lets a node read what it saved only once."""
    layer, x = make(name, impl=way), random(T, B, I).requires_grad_()
    want = torch.autograd.grad(layer(x)[0].sum(), x)[0]
    y = torch.utils.checkpoint.checkpoint(lambda x: layer(x)[0], x, use_reentrant=False)
    assert_close(torch.autograd.grad(y.sum(), x)[0], want, 0.0)


@pytest.mark.parametrize("way", ["scan", "vendor"])
def test_transforms_of_a_way_asked_for_name_the_loop(way):
    layer, x = make("lstm", impl=way), random(T, B, I)
    for transform in (torch.func.vmap, torch.func.jacrev):
        with pytest.raises(RuntimeError, match=f'impl="{way}" cannot go through torch.func.*impl="auto" takes it'):
            transform(lambda x: layer(x)[0])(x if transform is torch.func.jacrev else x[None])


def test_changing_the_output_in_place_leaves_the_gradient_right():
    grads = []
    for way in ("loop", "scan"):
        layer, x = make("peephole", impl=way), random(T, B, I).requires_grad_()
        y = layer(x)[0] * 1 if way == "loop" else layer(x)[0]
        y.mul_(2)
        y.square().sum().backward()
        grads.append(x.grad)
    assert_close(grads[1], grads[0], 1e-10)


def test_infinities_pass_without_a_warning():
    layer, x = make("peephole", impl="scan"), random(T, B, I)
    x[2, 0, 0], x[3, 1, 1] = float("inf"), float("nan")
    output = layer(x.requires_grad_())[0]
    output.sum().backward()
    assert output[3, 1].isnan().all() and not output[:, 2:].isnan().any()


@pytest.mark.parametrize("name,way", EACH_PATH)
def test_an_empty_batch(name, way):
    layer = make(name, impl=way)
    output, _ = layer(torch.zeros(T, 0, I, dtype=torch.float64))
    assert output.shape == (T, 0, H)
    if way == "scan":
        output.sum().backward()
        assert not layer.weight_ih_l0.grad.any()


@pytest.mark.parametrize("name", ["peephole", "gru"])
def test_autocast_leaves_the_scan_in_the_parameters_dtype(name):
    layer, x = make(name, impl="scan", dtype=torch.float32), random(T, B, I, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = layer(x.bfloat16())[0]
    assert output.dtype == torch.float32
    output.sum().backward()
    assert_close(output.detach(), layer(x)[0].detach(), 0.05)


# ---- the vendor's kernel for cells that it does not have


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_saturated_forget_gate_is_exactly_one(dtype):
    """i is closed (σ(−200) = 0), so that c must still be c_0, bit for bit, after 5000 steps of 1 ∘ c + 0."""
    layer = make("lstm97", dtype=dtype, impl="vendor")
    with torch.no_grad():
        layer.weight_ih_l0[:H] = layer.weight_hh_l0[:H] = 0
        layer.bias_ih_l0[:H] = -200
    h0, c0 = random_state(layer, dtype=dtype)
    with torch.no_grad():
        _, (_, c) = layer(random(5000, B, I, dtype=dtype) * 3, (h0, c0))
    assert torch.equal(c, c0)
    x = random(300, B, I, dtype=dtype).requires_grad_()
    c0.requires_grad_()
    _, (_, c) = layer(x, (h0, c0))
    c.sum().backward()
    assert_close(c0.grad, torch.ones_like(c0), 1e-5)  # the error rides on, unchanged but for rounding


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_saturated_input_and_output_gates_are_exactly_one(dtype):
    """NIG with f = 0 gives c = g; NOG gives h = tanh(c): to the last bits of the kernel's own tanh."""
    tol = 1e-6 if dtype == torch.float32 else 1e-13
    nig = make("nig_plain", dtype=dtype, impl="vendor")
    with torch.no_grad():
        nig.weight_ih_l0[:H] = nig.weight_hh_l0[:H] = 0
        nig.bias_ih_l0[:H] = -200
        nig.weight_ih_l0[H : 2 * H] = nig.weight_hh_l0[H : 2 * H] = 0
        _, (_, c) = nig(random(T, B, I, dtype=dtype))
        g = torch.tanh(nig.bias_ih_l0 + nig.bias_hh_l0)[H : 2 * H]
        assert_close(c[0], g.expand(B, H), tol)
        nog = make("nog_plain", dtype=dtype, impl="vendor")
        _, (h, c) = nog(random(T, B, I, dtype=dtype))
        assert_close(h, c.tanh(), tol)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ["coupled", "lstm97"])
def test_one_buffer_holds_the_same_weights(name, bias):
    """cuDNN's layout: all matrices, then all biases, one after the other in one memory."""
    layer = make(name, num_layers=2, bidirectional=True, bias=bias)
    each = [layer.weights(k, r) for k in (0, 1) for r in (False, True)]
    lists = [vendor.as_lstm(w, layer.rows, layer.coupled) for w in each]
    flat_list = vendor.one_buffer(lists)
    want = [t for ts in lists for t in ts]
    for a, b in zip(flat_list, want, strict=True):
        assert torch.equal(a, b)
    assert len({t.untyped_storage().data_ptr() for t in flat_list}) == 1
    matrices = [t for t in flat_list if t.dim() == 2]
    assert matrices[0].storage_offset() == 0
    assert matrices[-1].storage_offset() == sum(t.numel() for t in matrices[:-1])
    sum(t.square().sum() for t in flat_list).backward()
    assert layer.weight_ih_l1_reverse.grad is not None


def test_flatten_parameters_leaves_cpu_weights_alone():
    layer = nn.LSTM(I, H, 2)
    before = {k: (v.data_ptr(), v.clone()) for k, v in layer.named_parameters()}
    layer.flatten_parameters()
    layer.float()
    for k, v in layer.named_parameters():
        assert v.data_ptr() == before[k][0] and torch.equal(v, before[k][1])


# ---- the allocator


def test_tune_allocator_says_what_it_did():
    done = lstmcourse.tune_allocator()
    assert isinstance(done, bool)
    assert done or not sys.platform.startswith("linux") or "musl" in str(np.__config__)
