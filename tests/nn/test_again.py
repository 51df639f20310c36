"""Gradients of gradients, and many gradients at once: every way answers as the loop does, and as torch.nn does.

The loop itself is held to gradgradcheck in test_nn_contract.
"""

import warnings

import pytest
import torch
from torch.autograd.functional import hessian, hvp

from lstmcourse import nn
from lstmcourse.nn import LAYERS
from lstmcourse.nn.ways import again, vendor

from .layers import EACH_PATH, LENGTHS, B, H, I, T, assert_close, flat, make, random, random_state

FAST = [(name, way) for name in LAYERS for way in LAYERS[name].ways() if way in ("scan", "vendor")]
TWINS = [(nn.LSTM, torch.nn.LSTM), (nn.GRU, torch.nn.GRU), (nn.RNN, torch.nn.RNN)]


@pytest.fixture
def by_loop(monkeypatch):
    """Counts the calls that were left to the loop."""
    calls, recomputed = [], again.recomputed
    monkeypatch.setattr(again, "recomputed", lambda *args: calls.append(1) or recomputed(*args))
    return calls


def both_orders(layer, packed):
    """First and second derivatives by everything, of a loss that sees every output."""
    x, hx = random(T, B, I).requires_grad_(), random_state(layer)
    states = tuple(s.requires_grad_() for s in (hx if isinstance(hx, tuple) else (hx,)))
    outputs = flat(layer(nn.pack(x, LENGTHS) if packed else x, states if len(states) > 1 else states[0]))
    inputs = [x, *states, *layer.parameters()]
    first = torch.autograd.grad(sum(o.square().sum() for o in outputs), inputs, create_graph=True)
    return [*first, *torch.autograd.grad(sum(g.square().sum() for g in first), inputs)]


@pytest.mark.parametrize("name,way", FAST)
def test_a_gradient_can_be_differentiated_again(name, way, by_loop):
    packed, bias = way == "scan", name != "coupled"
    kwargs = dict(num_layers=2, bidirectional=True, bias=bias)
    layer, loop = (make(name, impl=impl, **kwargs) for impl in (way, "loop"))
    for k, (got, want) in enumerate(zip(both_orders(layer, packed), both_orders(loop, packed), strict=True)):
        assert_close(got, want, 1e-10 * max(1.0, float(want.detach().abs().max())), f"item {k}")
    assert len(by_loop) == (4 if way == "scan" else 1)  # a call each layer and direction, or one for all


@pytest.mark.parametrize("name,way", FAST)
def test_many_gradients_at_once(name, way, by_loop):
    """is_grads_batched, for packed sequences where the test above has padded ones."""
    packed, results = way == "vendor", []
    for impl in (way, "loop"):
        layer, x = make(name, impl=impl, bidirectional=True), random(T, B, I).requires_grad_()
        y = flat(layer(nn.pack(x, LENGTHS) if packed else x))[0]
        inputs = [x, *layer.parameters()]
        results.append(torch.autograd.grad(y, inputs, random(3, *y.shape), is_grads_batched=True))
    for got, want in zip(*results, strict=True):
        assert_close(got, want, 1e-10)
    assert by_loop


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ours,theirs", TWINS)
def test_impl_auto_does_what_torch_does(ours, theirs, dtype):
    """A gradient penalty, a Hessian, its product with a vector, and a Jacobian by is_grads_batched."""
    tol = 1e-10 if dtype == torch.float64 else 1e-4
    with torch.random.fork_rng():
        torch.manual_seed(0)
        twin = theirs(2, 3, batch_first=True, dtype=dtype)
    layer = ours(2, 3, batch_first=True, dtype=dtype)
    layer.load_state_dict(twin.state_dict())
    x, v = random(2, 4, 2, dtype=dtype), random(2, 4, 2, seed=3, dtype=dtype)
    assert layer.route(x) == ("vendor" if ours is nn.LSTM and dtype == torch.float32 else "scan")
    answers = []
    for m in (layer, twin):
        loss = lambda x, m=m: m(x)[0].square().sum()
        leaf = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(loss(leaf), leaf, create_graph=True)
        ((g.norm(2, dim=-1) - 1) ** 2).mean().backward()
        y = m(leaf)[0]
        seeds = torch.eye(y.numel(), dtype=dtype).view(-1, *y.shape)
        (jacobian,) = torch.autograd.grad(y, leaf, seeds, is_grads_batched=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, of operations that its vmap takes one by one
            batched = hessian(loss, x, vectorize=True)
        parameters = [p.grad for _, p in sorted(m.named_parameters())]
        answers.append([leaf.grad, *parameters, jacobian, hessian(loss, x), hvp(loss, x, v)[1], batched])
    for k, (got, want) in enumerate(zip(*answers, strict=True)):
        if want is None:
            assert got is None
        else:
            assert_close(got, want, tol * max(1.0, float(want.abs().max())), f"item {k}")


@pytest.mark.parametrize("name,way", [("peephole", "scan"), ("gru", "scan"), ("lstm", "vendor"), ("gru", "vendor")])
def test_a_plain_backward_is_the_fast_one_before_and_after(name, way, by_loop):
    layer, x = make(name, impl=way), random(T, B, I).requires_grad_()
    y = layer(x)[0].square().sum()
    (want,) = torch.autograd.grad(y, x, retain_graph=True)
    assert not by_loop
    (recorded,) = torch.autograd.grad(y, x, retain_graph=True, create_graph=True)
    assert len(by_loop) == 1
    assert_close(recorded.detach(), want, 1e-12)
    (after,) = torch.autograd.grad(y, x)
    assert len(by_loop) == 1
    assert_close(after, want, 0.0)


@pytest.mark.parametrize("way", ["scan", "vendor"])
def test_a_tensor_that_comes_in_twice_and_one_that_needs_nothing(way):
    """x is the input and, summed, the initial state; W is frozen and U tied between the directions."""
    results = []
    for impl in (way, "loop"):
        layer, x = make("lstm", I, I, impl=impl, bidirectional=True), random(T, B, I).requires_grad_()
        layer.weight_hh_l0_reverse = layer.weight_hh_l0
        layer.weight_ih_l0.requires_grad_(False)
        h = x[:2]
        y, _ = layer(x, (h, h))
        g = torch.autograd.grad(y.square().sum(), (x, layer.weight_hh_l0), create_graph=True)
        results.append([*g, *torch.autograd.grad(g[0].square().sum() + g[1].square().sum(), x)])
    for got, want in zip(*results, strict=True):
        assert_close(got, want, 1e-10 * max(1.0, float(want.detach().abs().max())))


@pytest.mark.parametrize("way", nn.GRU.ways()[1:])
def test_what_dropout_dropped_is_dropped_again(way):
    layer, x = make("gru", num_layers=3, dropout=0.5, impl=way), random(T, B, I).requires_grad_()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        y = layer(x)[0].square().sum()
        (want,) = torch.autograd.grad(y, x, retain_graph=True)
        (got,) = torch.autograd.grad(y, x, create_graph=True)
    assert_close(got.detach(), want, 1e-12)
    assert torch.autograd.grad(got.square().sum(), x)[0].abs().max() > 0


def test_a_kernel_that_does_not_tell_what_it_dropped_says_so(monkeypatch):
    """cuDNN with dropout, played on this machine."""
    monkeypatch.setattr(vendor, "keeps_its_mask", lambda xs: True)
    layer, x = make("gru", num_layers=2, dropout=0.5, impl="vendor"), random(T, B, I).requires_grad_()
    y = layer(x)[0].sum()
    with pytest.raises(RuntimeError, match=r'impl="vendor" with dropout on a GPU.*impl="loop" and impl="scan"'):
        torch.autograd.grad(y, x, create_graph=True, retain_graph=True)
    assert torch.autograd.grad(y, x)[0].abs().max() > 0


@pytest.mark.parametrize("name,way", [("peephole", "scan"), ("lstm", "vendor"), ("coupled", "vendor")])
def test_under_autocast(name, way):
    layer, x = make(name, impl=way, dtype=torch.float32), random(T, B, I, dtype=torch.float32).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(x.bfloat16())[0].float()
        (g,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(g.square().sum(), x)
    exact = make(name, impl="loop", dtype=torch.float32)
    (g,) = torch.autograd.grad(exact(x)[0].square().sum(), x, create_graph=True)
    (want,) = torch.autograd.grad(g.square().sum(), x)
    assert_close(second, want, 0.1 * float(want.abs().max()))


@pytest.mark.filterwarnings("ignore:.*torch.cpu.amp.autocast:FutureWarning")  # torch 2.4's own checkpoint uses it
@pytest.mark.parametrize("name,way", [("peephole", "scan"), ("gru", "vendor")])
def test_inside_an_activation_checkpoint(name, way):
    layer, x = make(name, impl=way), random(T, B, I).requires_grad_()

    def penalty(call):
        (g,) = torch.autograd.grad(call(x).square().sum(), x, create_graph=True)
        return torch.autograd.grad(g.square().sum(), x)[0]

    want = penalty(lambda x: layer(x)[0])
    checkpoint = torch.utils.checkpoint.checkpoint
    assert_close(penalty(lambda x: checkpoint(lambda x: layer(x)[0], x, use_reentrant=False)), want, 1e-12)


# ---- what torch.nn does about changes in place, and about memory


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("parameter", ["bias_ih_l0", "bias_hh_l0", "weight_ih_l0"])
@pytest.mark.parametrize("ours,theirs", TWINS)
def test_a_parameter_changed_before_the_backward(ours, theirs, parameter, dtype):
    """oneDNN's LSTM refuses a changed bias; elsewhere nothing needs it, and the gradient is the right one."""
    twin = theirs(I, H, dtype=dtype)
    layer = ours(I, H, dtype=dtype)
    layer.load_state_dict(twin.state_dict())
    answers = []
    for m in (layer, twin):
        x = random(T, B, I, dtype=dtype).requires_grad_()
        y = m(x)[0].square().sum()
        with torch.no_grad():
            getattr(m, parameter).mul_(2)
        try:
            answers.append(torch.autograd.grad(y, x)[0])
        except RuntimeError as error:
            assert "modified by an inplace operation" in str(error)
            answers.append(None)
    assert (answers[0] is None) == (answers[1] is None)
    assert answers[1] is None or parameter.startswith("bias")
    if answers[1] is not None:
        assert_close(answers[0], answers[1], 1e-10 if dtype == torch.float64 else 1e-5)


@pytest.mark.parametrize("name,way", EACH_PATH)
def test_gradients_are_contiguous(name, way):
    layer, x = make(name, impl=way, batch_first=True, bidirectional=True), random(B, T, I).requires_grad_()
    layer(x)[0].sum().backward()
    assert x.grad.is_contiguous() and all(p.grad.is_contiguous() for p in layer.parameters())
    assert all(g.is_contiguous() for g in torch.autograd.grad(layer(x)[0].sum(), list(layer.parameters())))


@pytest.mark.parametrize("name,way", EACH_PATH)
def test_a_state_that_is_carried_on_with_its_graph_is_explained(name, way):
    layer, x = make(name, impl=way), random(T, B, I)
    output, state = layer(x)
    output.sum().backward()
    with pytest.raises(RuntimeError, match="a state that was carried on from the batch before: detach such a state"):
        layer(x, state)[0].sum().backward()
