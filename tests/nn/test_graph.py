"""impl="graph": CUDA graphs on a GPU; elsewhere a stand-in that forgets and overwrites as they do."""

import copy
import gc

import pytest
import torch

from lstmcourse import nn
from lstmcourse.nn.ways import graph

from .layers import LENGTHS, B, H, I, T, assert_close, flat, gradients, make, random, random_state

pytestmark = pytest.mark.kernels
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class StandIn(graph.Recording):
    """As a graph does: a replay reads the recording's inputs, and nothing of the one before it survives."""

    def record(self, function):
        results, ours = function(), self.outputs

        def replay():
            forward = not ours
            with torch.set_grad_enabled(bool(self.wanted)):
                new = function()
            for old in self.outputs if forward else self.grads:
                if old is not None:
                    old.detach().fill_(float("nan"))
            if forward:
                self.outputs = new
            else:
                self.grads = new

        return results, replay


@pytest.fixture(autouse=True)
def made(monkeypatch):
    """What is recorded, in order."""
    made, base = [], graph.Recording if DEVICE == "cuda" else StandIn

    class Counted(base):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(graph, "Recording", Counted)
    if DEVICE == "cpu":
        monkeypatch.setattr("lstmcourse.nn.ways.route.applies", lambda steps: steps.packed is None)
    return made


def pair(name="peephole", **kwargs):
    return tuple(make(name, impl=way, **kwargs).to(DEVICE) for way in ("graph", "loop"))


def run(layer, x, hx=None):
    """Outputs, states and every gradient."""
    x = x.detach().clone().requires_grad_()
    outputs = flat(layer(x, hx))
    layer.zero_grad()
    sum(o.square().sum() for o in outputs).backward()
    return [*outputs, x.grad, *(g.clone() for g in gradients(layer).values())]


def assert_same(got, want):
    for a, b in zip(got, want, strict=True):
        assert_close(a.detach(), b.detach(), 1e-10 if a.dtype == torch.float64 else 1e-5)


def inputs(seed=1, T=T, B=B):
    return random(T, B, I, seed=seed).to(DEVICE)


@pytest.mark.parametrize("name", ["peephole", "coupled", "gru", "gru_reset_before", "rnn"])
def test_it_equals_the_loop_call_after_call(name, made):
    layer, loop = pair(name, num_layers=2, bidirectional=True)
    hx = random_state(layer)
    hx = tuple(s.to(DEVICE) for s in hx) if isinstance(hx, tuple) else hx.to(DEVICE)
    assert layer.route(inputs()) == "graph"
    for seed in (1, 2, 3):
        assert_same(run(layer, inputs(seed), hx), run(loop, inputs(seed), hx))
    assert len(made) == 4  # layers times directions


def test_what_was_handed_out_is_not_written_to_again():
    layer, _ = pair()
    first = run(layer, inputs(1))
    kept = [t.detach().clone() for t in first]
    run(layer, inputs(2))
    assert_same(first, kept)


def test_a_second_call_before_the_backward_of_the_first():
    layer, loop = pair()
    results = []
    for m in (layer, loop):
        a, b = (inputs(seed).requires_grad_() for seed in (1, 2))
        y, z = m(a)[0], m(b)[0]
        (y.square().sum() + z.square().sum()).backward()
        results.append([a.grad, b.grad, *gradients(m).values()])
    assert_same(*results)


def test_layers_of_one_shape_keep_what_their_backward_needs(made, monkeypatch):
    layer, loop = (make("peephole", I, I, 3, impl=way).to(DEVICE) for way in ("graph", "loop"))
    want = run(loop, inputs())
    monkeypatch.setattr(graph.again, "recomputed", None)  # what a backward would call whose replay is lost
    assert_same(run(layer, inputs()), want)
    assert len(made) == 3


def test_a_recording_made_under_autocast_is_that_of_other_calls(made, monkeypatch):
    """Its backward is recorded within the forward's autocast, in which products are rounded."""
    layer, seen, record = make("peephole", dtype=torch.float32, impl="graph").to(DEVICE), [], graph.Recording.record
    monkeypatch.setattr(
        graph.Recording, "record", lambda *a: seen.append(torch.is_autocast_enabled(DEVICE)) or record(*a)
    )
    x = inputs().float()
    with torch.autocast(DEVICE, torch.bfloat16):
        got = run(layer, x)
    assert_same(got, run(layer, x))
    assert seen == [False, False] and len(made) == 1


def test_new_values_of_the_parameters_are_used(made):
    layer, loop = pair()
    run(layer, inputs())
    for m in (layer, loop):
        with torch.no_grad():
            for p in m.parameters():
                p.mul_(0.5)
        m.weight_hh_l0 = torch.nn.Parameter(m.weight_hh_l0 * 0.5)
    assert_same(run(layer, inputs()), run(loop, inputs()))
    assert len(made) == 1


def test_what_differs_is_recorded_anew_and_what_comes_back_is_not(made):
    layer, loop = pair()

    def call(x):
        assert_same(flat(layer(x)), flat(loop(x)))

    changes = [
        lambda: call(inputs()),
        lambda: call(inputs(T=T + 1)),
        lambda: call(inputs(B=B + 1)),
        lambda: call(inputs().requires_grad_()),
        lambda: (layer.eval(), call(inputs())),
        lambda: (layer.weight_hh_l0.requires_grad_(False), call(inputs())),
        lambda: (layer.float(), loop.float(), call(inputs().float())),
    ]
    for number, change in enumerate(changes, 1):
        change()
        assert len(made) == number
    call(inputs().float())
    assert len(made) == len(changes)
    with torch.no_grad():
        call(inputs().float())
    assert len(made) == len(changes) + 1


def test_old_recordings_make_room_and_go_with_their_layer(made, monkeypatch):
    monkeypatch.setattr(graph, "MOST", 2)
    layer, _ = pair()
    for length in (3, 4, 5, 4, 3):  # 3 had to make room for 5
        layer(inputs(T=length))
    assert len(made) == 4 and len(graph.RECORDINGS[layer][0]) == 2
    twin = copy.deepcopy(layer)
    assert twin not in graph.RECORDINGS
    gc.collect()
    before = len(graph.RECORDINGS)
    del layer
    gc.collect()
    assert len(graph.RECORDINGS) == before - 1


def test_gradients_of_gradients_and_a_gradient_taken_twice():
    results = []
    for m in pair("cifg"):
        x = inputs().requires_grad_()
        (first,) = torch.autograd.grad(m(x)[0].square().sum(), x, create_graph=True)
        loss = m(x)[1][1].square().sum()
        twice = [torch.autograd.grad(loss, x, retain_graph=True)[0] for _ in range(2)]
        results.append([*torch.autograd.grad(first.square().sum(), m.weight_hh_l0), *twice])
    assert_same(*results)


def test_a_parameter_changed_before_the_backward_is_told():
    layer, _ = pair()
    y = layer(inputs())[0].sum()
    with torch.no_grad():
        layer.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_dropout_is_drawn_anew():
    layer, _ = pair(num_layers=2, dropout=0.5)
    assert not torch.equal(layer(inputs())[0], layer(inputs())[0])


def test_what_cannot_be_recorded_is_the_scans(made, monkeypatch):
    layer, loop = pair()
    packed = nn.pack(inputs(), LENGTHS)
    assert layer.route(packed) == "scan"
    assert_same(flat(layer(packed)), flat(loop(packed)))
    monkeypatch.undo()
    cpu = make("peephole", impl="graph")
    assert cpu.route(random(T, B, I)) == "scan"
    assert cpu(random(T, B, I))[0].shape == (T, B, H)
    assert not made


def test_what_is_compiled_or_exported_makes_no_recordings(made):
    """The operator has no layer in which they could stay."""
    layer, loop = pair()
    with torch.no_grad():
        x = inputs()
        args = ("peephole", "graph", ",".join(layer.weights().given()), False, x, [x.new_zeros(1, B, H)] * 2)
        output, *_ = torch.ops.lstmcourse.layer(*args, [*layer.parameters()], None)
        assert_close(output, loop(x)[0], 1e-12)
    assert not made


def test_auto_never_takes_it():
    assert make("peephole").to(DEVICE).route(inputs()) == "scan"
