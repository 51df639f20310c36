"""What every layer must do: equal the reference, and behave as torch.nn's layers do. A new layer joins by LAYERS."""

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import torch

from lstmcourse import convert, nn, reference
from lstmcourse.nn import LAYERS
from lstmcourse.nn.ways.loop import loop

from .layers import (
    CELLS,
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
    relative,
)

NAMES = list(LAYERS)
WAYS = [(name, way) for name in NAMES for way in LAYERS[name].ways() if way != "auto"]  # it takes one of the others
PATHS = [(name, "loop") for name in NAMES] + EACH_PATH  # the rest by test_ways: every way agrees with the loop


@pytest.mark.parametrize("name,way", WAYS)
def test_equals_the_reference_forwards_and_backwards(name, way):
    """Random weights, biases, peepholes and states; every output, state and gradient to 1e-11 of the largest."""
    cell, layer = CELLS[name], make(name, impl=way)
    _, p = convert.from_torch(layer)
    x, hx = random(T, B, I).requires_grad_(), random_state(layer)
    hx = tuple(s.requires_grad_() for s in (hx if isinstance(hx, tuple) else (hx,)))
    states, caches = reference.unroll(cell, p, x.detach().numpy(), tuple(s[0].detach().numpy() for s in hx))
    outputs = flat(layer(x, hx if len(hx) > 1 else hx[0]))
    assert relative(states[0], outputs[0].detach()) < 1e-11
    for want, got in zip(states, outputs[1:], strict=True):
        assert relative(want[-1], got[0].detach()) < 1e-11

    gs = [random(*o.shape, seed=9 + k) for k, o in enumerate(outputs)]
    torch.autograd.backward(outputs, gs)
    dstates = [np.zeros((T, B, H)) for _ in cell.states]
    dstates[0] += gs[0].numpy()
    for ds, g in zip(dstates, gs[1:], strict=True):
        ds[-1] += g[0].numpy()
    d, dxs, dstate0 = reference.unroll_backward(cell, p, caches, tuple(dstates))
    assert relative(dxs, x.grad) < 1e-11
    for want, s in zip(dstate0, hx, strict=True):
        assert relative(want, s.grad[0]) < 1e-11
    grad = convert.gradients_from_torch(layer)
    assert vars(grad).keys() == vars(d).keys()
    for name, want in vars(d).items():
        assert relative(want, getattr(grad, name)) < 1e-11, name


@pytest.mark.parametrize("name", NAMES)
def test_gradcheck_and_gradgradcheck(name):
    layer = make(name, 2, 3, impl="loop")
    values = [p.detach().clone().requires_grad_() for p in layer.parameters()]
    keys = [k for k, _ in layer.named_parameters()]
    x, hx = random(3, 2, 2).requires_grad_(), random_state(layer, batch=2)
    hx = tuple(s.requires_grad_() for s in (hx if isinstance(hx, tuple) else (hx,)))

    def f(x, *rest):
        h, ps = rest[: len(hx)], rest[len(hx) :]
        h = h if len(h) > 1 else h[0]
        return tuple(flat(torch.func.functional_call(layer, dict(zip(keys, ps, strict=True)), (x, h))))

    assert torch.autograd.gradcheck(f, (x, *hx, *values))
    assert torch.autograd.gradgradcheck(f, (x, *hx, *values))


@pytest.mark.parametrize("name,way", PATHS)
def test_packed_is_each_sequence_alone(name, way):
    layer = make(name, num_layers=2, bidirectional=True, impl=way)
    x, hx = random(T, B, I), random_state(layer)
    hs = hx if isinstance(hx, tuple) else (hx,)
    output, *states = flat_padded(layer(nn.pack(x, LENGTHS), hx))
    for b, n in enumerate(LENGTHS):
        alone_h = tuple(s[:, b : b + 1] for s in hs)
        alone = flat(layer(x[:n, b : b + 1], alone_h if len(hs) > 1 else alone_h[0]))
        assert_close(output[:n, b : b + 1], alone[0], 1e-12)
        assert not output[n:, b].any()
        for got, want in zip(states, alone[1:], strict=True):
            assert_close(got[:, b : b + 1], want, 1e-12)


def flat_padded(result):
    output, state = result
    output, lengths = torch.nn.utils.rnn.pad_packed_sequence(output)
    assert lengths.tolist() == LENGTHS
    return [output, *(state if isinstance(state, tuple) else (state,))]


@pytest.mark.parametrize("name,way", PATHS)
def test_bidirectional_is_two_runs(name, way):
    both, one = make(name, bidirectional=True, impl=way), make(name, impl=way)
    x, outs, finals = random(T, B, I), [], []
    for suffix, flip in (("", False), ("_reverse", True)):
        one.load_state_dict({k: both.state_dict()[k + suffix] for k in one.state_dict()})
        out, *final = flat(one(x.flip(0) if flip else x))
        outs.append(out.flip(0) if flip else out)
        finals.append(final)
    got = flat(both(x))
    assert_close(got[0], torch.cat(outs, -1), 1e-12)
    for k, final in enumerate(zip(*finals, strict=True)):
        assert_close(got[k + 1], torch.cat(final), 1e-12)


@pytest.mark.parametrize("name,way", PATHS)
def test_stacked_is_one_on_top_of_the_other(name, way):
    two, one = make(name, num_layers=2, impl=way), make(name, impl=way)
    upper = make(name, H, H, impl=way)
    x = random(T, B, I)
    one.load_state_dict({k: two.state_dict()[k] for k in one.state_dict()})
    upper.load_state_dict({k: two.state_dict()[k.replace("_l0", "_l1")] for k in upper.state_dict()})
    assert_close(two(x)[0], upper(one(x)[0])[0], 1e-12)


@pytest.mark.parametrize("name,way", PATHS)
def test_batch_first_unbatched_and_strided_input(name, way):
    layer, first = make(name, impl=way), make(name, impl=way, batch_first=True)
    x, hx = random(T, B, I), random_state(layer)
    want = flat(layer(x, hx))
    got = flat(first(x.transpose(0, 1), hx))
    assert_close(got[0], want[0].transpose(0, 1), 1e-12)
    for a, b in zip(got[1:], want[1:], strict=True):
        assert_close(a, b, 1e-12)
    hs = hx if isinstance(hx, tuple) else (hx,)
    single = tuple(s[:, 2] for s in hs)
    single = flat(layer(x[:, 2], single if len(hs) > 1 else single[0]))
    assert_close(single[0], want[0][:, 2], 1e-12)
    assert_close(single[1], want[1][:, 2], 1e-12)
    wide = random(T, B, 2 * I)
    assert_close(layer(wide[..., ::2])[0], layer(wide[..., ::2].contiguous())[0], 1e-12)


@pytest.mark.parametrize("name,way", PATHS)
def test_no_state_is_where_the_layer_starts(name, way):
    layer = make(name, num_layers=2, impl=way)
    start = tuple(torch.full((2, B, H), layer.initial.get(s, 0.0), dtype=torch.float64) for s in layer.states)
    start = start if len(start) > 1 else start[0]
    for a, b in zip(flat(layer(random(T, B, I))), flat(layer(random(T, B, I), start)), strict=True):
        assert_close(a, b, 1e-14)


@pytest.mark.parametrize("name,way", PATHS)
def test_without_biases(name, way):
    layer, zeroed = make(name, bias=False, impl=way), make(name, impl=way)
    assert not any("bias" in k for k in layer.state_dict())
    state = zeroed.state_dict() | layer.state_dict()
    zeroed.load_state_dict({k: torch.zeros_like(v) if "bias" in k else v for k, v in state.items()})
    outputs = [flat(m(random(T, B, I))) for m in (layer, zeroed)]
    assert_close(outputs[0][0], outputs[1][0], 1e-12)
    for o in outputs:
        backward(o)
    for key, want in gradients(layer).items():
        assert_close(want, gradients(zeroed)[key], 1e-12, key)


@pytest.mark.parametrize("name,way", PATHS)
def test_copies_pickles_and_state_dicts(name, way):
    layer = make(name, num_layers=2, impl=way)
    x = random(T, B, I)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    fresh = make(name, num_layers=2, impl=way, seed=1)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), fresh):
        assert_close(other(x)[0], layer(x)[0], 0.0)
        assert repr(other) == repr(layer)


@pytest.mark.parametrize("name,way", PATHS)
def test_dtypes_and_factory_arguments(name, way):
    double, single = make(name, impl=way), make(name, dtype=torch.float32, impl=way)
    single.load_state_dict(double.state_dict())
    single, double = single(random(T, B, I).float())[0], double(random(T, B, I))[0]
    assert single.dtype == torch.float32
    assert relative(double.detach(), single.detach()) < 2e-6
    meta = LAYERS[name](I, H, device="meta", impl=way)
    assert all(p.is_meta for p in meta.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_half_precisions_on_the_cpu(name):
    for dtype, tol in ((torch.bfloat16, 0.1), (torch.float16, 0.02)):
        layer = make(name, dtype=dtype, impl="loop")
        double = make(name)
        double.load_state_dict({k: v.double() for k, v in layer.state_dict().items()})
        out = layer(random(T, B, I).to(dtype))[0]
        assert relative(double(random(T, B, I).to(dtype).double())[0].detach(), out.detach().double()) < tol


@pytest.mark.parametrize("name", NAMES)
def test_step_serves_a_leading_dimension_of_nets(name):
    """Three nets at once through the same step: what ensembles stand on."""
    layers = [make(name, seed=s) for s in range(3)]
    stacked = {}
    for key in vars(layers[0].weights()):
        values = [getattr(layer.weights(), key) for layer in layers]
        if values[0] is not None:
            stacked[key] = torch.stack([v if v.dim() == 2 else v[None] for v in values])
        else:
            stacked[key] = None
    w = type(layers[0].weights())(**stacked)
    x = random(T, 3, B, I)
    state = tuple(random(3, B, H, seed=4 + k) for k in range(len(layers[0].states)))
    hs, final = loop(layers[0].step, w, x, state, inputs=layers[0].inputs)
    for n, layer in enumerate(layers):
        hx = tuple(s[None, n] for s in state)
        want = flat(layer(x[:, n], hx if len(hx) > 1 else hx[0]))
        assert_close(hs[:, n], want[0], 1e-12)
        assert_close(final[-1][n], want[-1][0], 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_functional_transforms_go_through_the_loop(name):
    layer = make(name)  # impl="auto"
    params = {k: v.detach() for k, v in layer.named_parameters()}
    xs = random(3, T, B, I)

    def loss(params, x):
        return torch.func.functional_call(layer, params, (x,))[0].square().sum()

    per_example = torch.func.vmap(torch.func.grad(loss), (None, 0))(params, xs)
    for n in range(3):
        layer.zero_grad()
        layer(xs[n])[0].square().sum().backward()
        for key, want in gradients(layer).items():
            assert_close(per_example[key][n], want, 1e-10, key)


# ---- the forget bias


KEEPS = [name for name in NAMES if LAYERS[name].forget]


@pytest.mark.parametrize("name", KEEPS)
def test_forget_bias_is_the_sum_of_both(name):
    layer = LAYERS[name](I, H, num_layers=2, bidirectional=True, forget_bias=1.5)
    at = layer.rows.index(layer.forget) * H
    for key, value in layer.state_dict().items():
        if key.startswith("bias_ih"):
            total = (value + layer.state_dict()[key.replace("_ih", "_hh")])[at : at + H]
            assert_close(total, torch.full_like(total, 1.5), 1e-7)
    assert "forget_bias=1.5" in repr(layer)
    layer.reset_parameters()
    assert_close(layer.bias_ih_l0[at : at + H].detach(), torch.full((H,), 1.5), 0.0)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(KEEPS)))
def test_cells_that_cannot_forget_refuse_a_forget_bias(name):
    for argument in ({"forget_bias": 1.0}, {"chrono": 10}):
        with pytest.raises(ValueError, match=f"{next(iter(argument))} needs a gate that keeps the old state"):
            LAYERS[name](I, H, **argument)


def test_forget_bias_needs_biases_and_not_chrono():
    with pytest.raises(ValueError, match="bias=False"):
        nn.LSTM(I, H, bias=False, forget_bias=1.0)
    with pytest.raises(ValueError, match="give one of them"):
        nn.LSTM(I, H, forget_bias=1.0, chrono=10)


@pytest.mark.parametrize("make_layer", [nn.LSTM, nn.PeepholeLSTM, torch.nn.LSTM, nn.GRU, torch.nn.GRU, nn.CoupledLSTM])
def test_chrono_spreads_memory_times_up_to_T_max(make_layer):
    """σ(b)/(1 − σ(b)) = eᵇ is uniform in [1, T_max − 1]; b_i = −b_f where there is an input gate of its own."""
    n, T_max = 4000, 50
    layer = nn.chrono_(make_layer(1, n), T_max, generator=torch.Generator().manual_seed(0))
    rows = getattr(layer, "rows", None) or {"LSTM": "ifgo", "GRU": "rzn"}[layer.mode]
    total = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().view(len(rows), n)
    u = total[rows.index("z" if "z" in rows else "f")].exp()
    assert u.min() >= 1 - 1e-5 and u.max() <= T_max - 1 + 1e-3
    assert abs(u.mean() - T_max / 2) < 4 * (T_max - 2) / (12 * n) ** 0.5
    if "i" in rows:
        assert_close(total[rows.index("i")], -total[rows.index("f")], 0.0)


def test_chrono_refuses_a_horizon_it_cannot_draw_from():
    for T_max in (2, 1, 0, float("inf"), "10", True):
        with pytest.raises(ValueError, match="T_max must be a finite number of steps above 2"):
            nn.LSTM(I, H, chrono=T_max)


@pytest.mark.parametrize("peepholes", ["", "i", "fo", "ifo"])
def test_peephole_subsets(peepholes):
    layer = nn.PeepholeLSTM(I, H, peepholes=peepholes)
    assert {k for k in layer.state_dict() if k.startswith("p_")} == {f"p_{k}_l0" for k in peepholes}
    assert ("peepholes=" in repr(layer)) == (peepholes != "ifo")
    with pytest.raises(ValueError, match='peepholes must be a subset of "ifo"'):
        nn.PeepholeLSTM(I, H, peepholes=peepholes + "g")


def test_repr_names_what_differs_from_the_defaults():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = nn.LSTM(3, 4, 2, batch_first=True, dropout=0.5, impl="loop")
    assert repr(layer) == "LSTM(3, 4, num_layers=2, batch_first=True, dropout=0.5, impl='loop')"
