"""What a training code base does around a layer: compile, trace, export, count, cast, re-parametrise, share threads.

Each must work or say at once why not; none may give other numbers in silence.
"""

import inspect

import pytest
import threadpoolctl
import torch
from torch.nn.utils import parametrizations

from lstmcourse import nn
from lstmcourse.nn import LAYERS
from lstmcourse.nn.ways import vendor

from .layers import LENGTHS, B, H, I, T, assert_close, gradients, make, random

SCANS = [name for name in LAYERS if LAYERS[name].scan]
VENDORS = [name for name in LAYERS if "vendor" in LAYERS[name].ways()]


# ---- tensors that are not what they seem


def negated(x):
    """−x as torch keeps the imaginary part of a conjugate: x's memory and a flag."""
    value = torch.complex(x, x).conj().imag
    assert value.is_neg()
    return value


@pytest.mark.parametrize("name", SCANS)
def test_tensors_that_are_negated_or_zero_by_a_flag(name):
    layer, loop, x = make(name, impl="scan"), make(name, impl="loop"), random(T, B, I)
    for m in (layer, loop):
        m(negated(x))[0].backward(negated(random(T, B, H)))
    for key, want in gradients(loop).items():
        assert_close(gradients(layer)[key], want, 1e-10, key)
    x.requires_grad_()
    layer(x)[0].backward(torch._efficientzerotensor(T, B, H, dtype=torch.float64))
    assert not x.grad.any()


@pytest.mark.parametrize("way", nn.LSTM.ways())
@pytest.mark.parametrize("name,shape", [("weight_hh", (4 * H, 1)), ("weight_ih", (4 * H, I - 1)), ("bias_ih", (1,))])
def test_parameters_of_another_shape(name, shape, way):
    """With a smaller matrix oneDNN's LSTM reads on in whatever lies behind it."""
    layer = make("lstm", num_layers=2, impl=way, dtype=torch.float32)
    value = torch.nn.Parameter(torch.ones(shape))
    for call in (
        lambda: torch.func.functional_call(layer, {f"{name}_l0": value}, (random(T, B, I).float(),)),
        lambda: (setattr(layer, f"{name}_l0", value), layer(random(T, B, I).float())),
    ):
        with pytest.raises(ValueError, match=rf"{name}_l0 must have shape \({4 * H},.*\), got \({shape[0]},"):
            call()


@pytest.mark.parametrize("way", nn.GRU.ways())
def test_parameters_of_another_dtype(way):
    layer = make("gru", impl=way, dtype=torch.float32)
    layer.weight_hh_l0 = torch.nn.Parameter(layer.weight_hh_l0.double())
    with pytest.raises(ValueError, match=r"weight_hh_l0 must have weight_ih_l0's dtype torch\.float32, got torch\.flo"):
        layer(random(T, B, I).float())


def test_a_default_device_does_not_reach_into_packed_sequences():
    """Masks and lengths stay on the CPU, wherever new tensors go."""
    layer, x = make("peephole"), random(T, B, I)
    want = layer(nn.pack(x, LENGTHS))[0].data
    with torch.device("meta"):
        got = layer(nn.pack(x, LENGTHS))[0].data
    assert_close(got, want, 0.0)


# ---- precision and parametrisations


@pytest.mark.parametrize("name", ["lstm", "peephole", "gru"])
def test_autocast_and_an_orthogonal_matrix(name):
    """The parametrisation's products are in bfloat16 there, and so is the matrix; the others are not."""
    grads = []
    for way in ("loop", "scan"):
        layer = make(name, impl=way, dtype=torch.float32)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            parametrizations.orthogonal(layer, "weight_hh_l0")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = layer(random(T, B, I, dtype=torch.float32))[0]
        output.float().square().sum().backward()
        grads.append(layer.parametrizations.weight_hh_l0.original.grad)
    assert_close(grads[1], grads[0], 0.05 * float(grads[0].abs().max()))


def test_under_autocast_the_parameters_decide_the_way():
    """What comes out of a linear layer there is bfloat16; that is no reason to take the slow loop."""
    x = random(T, B, I).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert make("peephole", dtype=torch.float32).route(x) == "scan"
        assert make("gru", dtype=torch.float32).route(x) == "scan"
        assert make("lstm", dtype=torch.float32).route(x) == "vendor"
        assert make("peephole", dtype=torch.bfloat16).route(x) == "loop"


def test_autocast_to_float16_works_where_oneDNN_has_no_kernel():
    layer, x = make("lstm", dtype=torch.float32), random(T, B, I, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.float16):
        assert layer.route(x) == "scan"
        assert_close(layer(x)[0], layer(x.half())[0], 1e-3)


@pytest.mark.parametrize("name", ["lstm", "coupled", "gru"])
def test_frozen_tensors_do_not_ask_the_kernel_for_gradients(name, monkeypatch):
    layer, seen, apply = make(name, impl="vendor"), [], vendor.Entry.apply

    def spy(*args):
        inputs = apply(*args)
        seen.append(sum(t.requires_grad for t in inputs))
        return inputs

    monkeypatch.setattr(vendor.Entry, "apply", spy)
    layer(random(T, B, I))[0].sum().backward()
    assert layer.requires_grad_(False)(random(T, B, I))[0].grad_fn is None
    layer(random(T, B, I).requires_grad_())[0].sum().backward()
    assert seen == [4, 1]


# ---- settings


@pytest.mark.parametrize("layer", [nn.LSTM, nn.PeepholeLSTM])
def test_a_way_set_later_is_checked(layer):
    layer = layer(I, H)
    layer.impl = "loop"
    assert layer.route(random(T, B, I).float()) == "loop"
    layer.impl = "fast"
    with pytest.raises(ValueError, match=r"impl of \w+ must be one of \('auto', 'loop', .*\), got 'fast'"):
        layer(random(T, B, I).float())


def test_peepholes_are_chosen_when_a_layer_is_made():
    """Set later, the attribute changes nothing: neither what the loop computes nor which way is taken."""
    layer, x = make("peephole", dtype=torch.float32), random(T, B, I, dtype=torch.float32)
    want = layer(x)[0]
    layer.peepholes = ""
    assert layer.route(x) == "scan"
    assert_close(layer(x)[0], want, 0.0)


@pytest.mark.parametrize("base", [nn.LSTM, nn.GRU, nn.PeepholeLSTM, nn.RNNReLU])
def test_a_step_of_ones_own_is_the_one_that_runs(base):
    """The fast ways of the class above would go on computing the cell of that class, without a word."""

    class Frozen(base):
        @staticmethod
        def step(ax, state, w):
            return state

    layer, x = Frozen(I, H), random(T, B, I).float()
    assert layer.ways() == ("auto", "loop") and layer.route(x) == "loop"
    assert not layer(x)[0].any()

    class Renamed(base):
        """No step: still the same cell."""

    assert Renamed.ways() == base.ways()


def _coupled_step(ax, state, w):
    """i = 1 − f with rows g, o, f: an order that no layer of ours has."""
    h_, c_ = state
    a_g, a_o, a_f = (ax + nn.ways.loop.affine(h_, w.weight_hh, w.bias_hh)).chunk(3, -1)
    f = a_f.sigmoid()
    c = f * c_ + (1 - f) * a_g.tanh()
    return a_o.sigmoid() * c.tanh(), c


class OwnLSTM(nn.Recurrent):
    """A step of one's own and a kernel for it, and no scan."""

    rows, states, vendor = "ifgo", ("h", "c"), staticmethod(torch._VF.lstm)
    step = staticmethod(nn.LSTM.step)


class OwnCoupled(nn.Recurrent):
    rows, states, coupled, vendor = "gof", ("h", "c"), True, staticmethod(torch._VF.lstm)
    step = staticmethod(_coupled_step)


class OwnGRU(nn.Recurrent):
    rows, vendor = "rzn", staticmethod(torch._VF.gru)
    step = staticmethod(nn.GRU.step)


@pytest.mark.parametrize("base", [OwnLSTM, OwnCoupled, OwnGRU])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_of_ones_own_with_a_vendors_kernel_and_no_scan(base, bias):
    loop, layer = (base(I, H, 2, bias=bias, bidirectional=True, impl=way) for way in ("loop", "auto"))
    layer.load_state_dict(loop.state_dict())
    x = random(T, B, I, dtype=torch.float32)
    assert layer.ways() == ("auto", "loop", "vendor") and layer.route(x) == "vendor"
    for m in (loop, layer):
        m(x)[0].square().sum().backward()
    assert_close(layer(x)[0], loop(x)[0], 1e-6)
    for key, want in gradients(loop).items():
        assert_close(gradients(layer)[key], want, 1e-4, key)


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU, nn.RNN, nn.PeepholeLSTM, nn.CoupledLSTM, nn.NIGLSTM])
def test_signatures_name_their_arguments(layer):
    """For those who read help(), and for torch.nn.utils.skip_init, which looks for ``device``."""
    wanted = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "dtype"]
    assert set(wanted) <= set(inspect.signature(layer).parameters)
    assert torch.nn.utils.skip_init(layer, I, H).weight_hh_l0.shape == (len(layer.rows) * H, H)


@pytest.mark.parametrize("name", ["peephole", "gru"])
def test_numpy_takes_no_more_threads_than_torch(name, monkeypatch):
    """torch.set_num_threads(1) says nothing to NumPy's BLAS, whose threads then wait for each other at every step."""
    scan, seen = type(LAYERS[name].scan), []
    for method in ("forward", "backward"):
        function = getattr(scan, method)

        def spy(*args, function=function):
            seen.append(_threads())
            return function(*args)

        monkeypatch.setattr(scan, method, spy)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        with threadpoolctl.threadpool_limits(2, user_api="blas"):
            outside = _threads()
            make(name, impl="scan")(random(T, B, I))[0].sum().backward()
            assert _threads() == outside
    finally:
        torch.set_num_threads(before)
    assert seen == [{1}] * 2 or not outside  # Apple's Accelerate lets nobody set them


def _threads() -> set[int]:
    return {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}
