"""Random layers, flags and sizes, the smallest ones included; and files with random damage. The examples are fixed."""

import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from lstmcourse import checkpoint, nn
from lstmcourse.checkpoint import CheckpointError
from lstmcourse.nn import LAYERS
from lstmcourse.training import Net
from tests.damage import damaged, damages

from .layers import assert_close, flat, make, random, random_state

TORCH = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
few = functools.partial(settings, deadline=None, derandomize=True, database=None)
sizes = some.integers(1, 3)
flags = some.booleans()
layers = some.tuples(some.sampled_from(sorted(LAYERS)), sizes, sizes, some.integers(1, 2), flags, flags, flags)


def built(drawn, impl="auto"):
    name, I, H, num_layers, bias, batch_first, both = drawn
    options = dict(bias=bias, batch_first=batch_first, bidirectional=both)
    return make(name, I, H, num_layers, impl=impl, **options)


def run(layer, x, state):
    """Outputs, and the gradients of input, states and parameters."""
    x = x.clone().requires_grad_()
    states = tuple(s.clone().requires_grad_() for s in (state if isinstance(state, tuple) else (state,)))
    outputs = flat(layer(x, states if len(states) > 1 else states[0]))
    sum((o * random(*o.shape)).sum() for o in outputs).backward()
    return outputs, [x.grad, *(s.grad for s in states), *(p.grad for p in layer.parameters())]


@few(max_examples=150)
@given(layers, some.integers(1, 5), some.integers(0, 3), some.data())
def test_every_way_is_the_loop_and_torchs_whatever_the_sizes(drawn, T, B, data):
    loop = built(drawn, "loop")
    way = data.draw(some.sampled_from(loop.ways()))
    shape = (B, T, drawn[1]) if loop.batch_first else (T, B, drawn[1])
    x, state = random(*shape), random_state(loop, B)
    want = run(loop, x, state)
    assert want[0][0].shape == (*shape[:2], drawn[2] * loop._directions)
    others = [built(drawn, way)]
    if drawn[0] in TORCH and B:
        name, I, H, num_layers, bias, batch_first, both = drawn
        others.append(TORCH[name](I, H, num_layers, bias=bias, batch_first=batch_first, bidirectional=both).double())
        others[1].load_state_dict(loop.state_dict())
    for other in others:
        for got, wanted in zip(run(other, x, state), want, strict=True):
            for a, b in zip(got, wanted, strict=True):
                assert_close(torch.zeros_like(b) if a is None else a, torch.zeros_like(b) if b is None else b, 1e-9)


@few(max_examples=30)
@given(layers, some.integers(1, 3))
def test_no_step_at_all_is_refused_as_torch_refuses_it(drawn, B):
    layer = built(drawn)
    with pytest.raises(RuntimeError, match="expects at least one time step, got input of shape"):
        layer(torch.zeros((B, 0, drawn[1]) if layer.batch_first else (0, B, drawn[1]), dtype=torch.float64))


@few(max_examples=60)
@given(layers, some.lists(some.integers(1, 5), min_size=1, max_size=4), some.data())
def test_packed_sequences_do_not_see_each_other(drawn, lengths, data):
    layer = built(drawn)
    layer.impl = data.draw(some.sampled_from(layer.ways()))
    x = random(len(lengths), max(lengths), drawn[1])
    packed, state = layer(nn.pack(x, lengths, batch_first=True))
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    b = data.draw(some.integers(0, len(lengths) - 1))
    alone = x[b : b + 1, : lengths[b]]
    want, final = layer(alone if layer.batch_first else alone.transpose(0, 1))
    assert_close(out[b, : lengths[b]], want[0] if layer.batch_first else want[:, 0], 1e-10)
    for got, one in zip(state if isinstance(state, tuple) else [state], final if isinstance(final, tuple) else [final]):
        assert_close(got[:, b], one[:, 0], 1e-10)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "a"
    model = Net(nn.CoupledLSTM(2, 3), 1)
    checkpoint.save(path, model, torch.optim.Adam(model.parameters()), step=3, extra={"note": 1})
    return path


@few(max_examples=300)
@given(damages)
def test_a_damaged_checkpoint_is_refused_and_changes_nothing(file, how):
    whole = file.read_bytes()
    data = damaged(whole, how)
    path, model = file.with_name("damaged"), Net(nn.CoupledLSTM(2, 3), 1)
    path.write_bytes(data)
    before = [p.detach().clone() for p in model.parameters()]
    if data == whole:
        checkpoint.load(path, model)
        return
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(path, model, torch.optim.Adam(model.parameters()))
    assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True))
