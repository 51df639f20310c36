"""impl="fused": the Triton kernels, compiled on a GPU, by Triton's interpreter elsewhere, equal the loop."""

import importlib.util
from importlib.metadata import version

import pytest
import torch

from lstmcourse import nn, reference
from lstmcourse.nn import LAYERS
from lstmcourse.nn.ways import fused

from .layers import CELLS, T, assert_close, flat, gradients, make, random, random_state

triton = pytest.importorskip("triton", minversion="3.7", reason="needs Triton 3.7, which has wheels for Linux alone")

pytestmark = pytest.mark.kernels
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
NAMES = [name for name in LAYERS if "fused" in LAYERS[name].ways("cuda")]
KINDS = ("peephole", "gru", "gru_reset_before", "rnn_relu")  # one for each branch of the template
B, I, H = 3, 2, 5
LENGTHS = [2, 4, 1]


@pytest.fixture(scope="module", autouse=True)
def kernels():
    """The module of the kernels: what is decorated while TRITON_INTERPRET is 1 runs by NumPy."""
    with pytest.MonkeyPatch.context() as patch:
        if DEVICE == "cpu":
            patch.setenv("TRITON_INTERPRET", "1")
        from lstmcourse.nn.ways import fused_kernels
    assert (DEVICE == "cpu") == fused_kernels.INTERPRETED
    return fused_kernels


@pytest.fixture
def by(monkeypatch):
    """How time goes by: in one kernel, or step by step."""

    def choose(mode):
        monkeypatch.setattr(fused, "ON_CHIP", {"over time": fused.ON_CHIP, "step by step": 0}[mode])

    return choose


def assert_equals_the_loop(name, dtype, x, **kwargs):
    """Outputs, states and every gradient, each within rounding of the largest of its numbers."""
    tol, results = (1e-10 if dtype == torch.float64 else 2e-6), []
    for way in ("loop", "fused"):
        layer = make(name, x.data.size(-1), kwargs.pop("hidden_size", H), dtype=dtype, impl=way, **kwargs).to(DEVICE)
        kwargs["hidden_size"] = layer.hidden_size
        batch = int(x.batch_sizes[0]) if hasattr(x, "batch_sizes") else x.size(1)
        hx = random_state(layer, batch, dtype=dtype)
        state = [s.to(DEVICE).requires_grad_() for s in (hx if isinstance(hx, tuple) else (hx,))]
        leaf = x.data.to(DEVICE).requires_grad_()
        given = x.to(DEVICE)._replace(data=leaf) if hasattr(x, "batch_sizes") else leaf
        assert layer.route(given) == way
        outputs = flat(layer(given, tuple(state) if len(state) > 1 else state[0]))
        seeds = [random(*o.shape, seed=5 + k, dtype=dtype).to(DEVICE) for k, o in enumerate(outputs)]
        torch.autograd.backward(outputs, seeds)
        results.append([*outputs, leaf.grad, *(s.grad for s in state), *gradients(layer).values()])
    for k, (want, got) in enumerate(zip(*results, strict=True)):
        assert_close(got, want, tol * max(1.0, float(want.detach().abs().max())), f"{name}, item {k}")


@pytest.mark.parametrize("mode,dtype", [("over time", torch.float32), ("step by step", torch.float64)])
@pytest.mark.parametrize("name", NAMES)
def test_every_cell_equals_the_loop(name, mode, dtype, by):
    by(mode)
    x = random(4, B, I, dtype=dtype)
    assert_equals_the_loop(name, dtype, nn.pack(x, LENGTHS) if mode == "over time" else x)


@pytest.mark.parametrize("mode", ["over time", "step by step"])
@pytest.mark.parametrize("name", KINDS)
def test_both_directions_packed_and_without_biases(name, mode, by):
    by(mode)
    x = random(3, B, I)
    assert_equals_the_loop(name, torch.float64, nn.pack(x, [2, 3, 1]), bidirectional=True, bias=mode == "over time")


@pytest.mark.parametrize("peepholes", ["", "i", "o", "fo"])
def test_any_subset_of_the_peepholes(peepholes):
    assert_equals_the_loop("peephole", torch.float64, random(2, B, I), peepholes=peepholes)


@pytest.mark.parametrize("B,H", [(17, 5), (2, 17), (1, 1)])
def test_sizes_beyond_one_tile(B, H):
    """More sequences than a tile has, more units than the least power of two; and one of each."""
    assert_equals_the_loop("peephole", torch.float64, random(2, B, I), hidden_size=H)


@pytest.mark.parametrize("name", KINDS)
def test_without_gradients_nothing_is_kept(name, by):
    layer, x = make(name, I, H, impl="fused", num_layers=2).to(DEVICE), random(3, B, I).to(DEVICE)
    want = flat(layer(x))
    for mode in ("over time", "step by step"):
        by(mode)
        with torch.no_grad():
            for got, expected in zip(flat(layer(x)), want, strict=True):
                assert_close(got, expected.detach(), 1e-12)


def test_gradients_of_gradients_are_the_loops():
    results = []
    for way in ("loop", "fused"):
        layer, x = make("cifg", I, H, impl=way).to(DEVICE), random(3, B, I).to(DEVICE).requires_grad_()
        (first,) = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
        results.append(torch.autograd.grad(first.square().sum(), layer.weight_hh_l0)[0])
    assert_close(results[1], results[0], 1e-10)


def test_an_output_changed_in_place_and_a_gradient_taken_twice():
    grads = []
    for way in ("loop", "fused"):
        layer, x = make("peephole", I, H, impl=way).to(DEVICE), random(3, B, I).to(DEVICE).requires_grad_()
        y = layer(x)[0] * 1 if way == "loop" else layer(x)[0]
        y.mul_(2)
        loss = y.square().sum()
        grads += [torch.autograd.grad(loss, x, retain_graph=True)[0], torch.autograd.grad(loss, x)[0]]
    for got in grads[1:]:
        assert_close(got, grads[0], 1e-10)


def test_an_empty_batch():
    layer = make("gru", I, H, impl="fused").to(DEVICE)
    output, state = layer(torch.zeros(T, 0, I, dtype=torch.float64, device=DEVICE))
    assert output.shape == (T, 0, H) and state.shape == (1, 0, H)
    output.sum().backward()
    assert not layer.weight_ih_l0.grad.any()


# ---- what a cell says of itself


@pytest.mark.parametrize("name", NAMES)
def test_a_program_says_what_the_reference_says(name):
    cell, layer = CELLS[name], LAYERS[name]
    made = fused.program(layer.scan, layer.vectors)
    assert made.rows == len(cell.rows)
    if made.kind == "lstm":
        rows = {k: getattr(made, k) for k in "ifgo"}
        assert "".join(sorted((k for k in rows if rows[k] >= 0), key=rows.get)) == cell.rows
        assert made.coupled == any(gate.coupled for gate in cell.gates.values())
        assert made.squashes_g == (cell.gates["g"].squashing == "tanh")
        seen = [k for k, gate in cell.gates.items() if gate.peephole]
        assert {k for k in "ifo" if getattr(made, f"p_{k}") >= 0} == set(seen)
    assert made.has_c == ("c" in cell.states)


def test_every_reference_cell_is_one_of_the_template_or_known_not_to_be():
    without = {cell.name for cell in reference.CELLS} - set(NAMES)
    assert all(LAYERS[name].scan is None for name in without)
    assert len(NAMES) >= 20


def test_a_cell_of_ones_own_has_no_kernel():
    class Frozen(nn.LSTM):
        @staticmethod
        def step(ax, state, w):
            return state

    assert "fused" not in Frozen.ways("cuda")
    with pytest.raises(
        ValueError, match=r"impl of LSTM must be one of \('auto', 'loop', 'scan', 'vendor', 'graph'\), got"
    ):
        nn.LSTM(I, H, proj_size=2, impl="fused")


# ---- where it cannot run


def test_auto_never_takes_it():
    for name in NAMES:
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            assert make(name, I, H, dtype=dtype).to(DEVICE).route(random(T, B, I).to(DEVICE, dtype)) != "fused"


def test_another_device_and_a_missing_triton_are_told(kernels, monkeypatch):
    layer, x = nn.GRU(I, H, impl="fused"), random(T, B, I).float()
    monkeypatch.setattr(kernels, "INTERPRETED", False)
    with pytest.raises(RuntimeError, match='impl="fused" needs a CUDA device, got input on cpu'):
        layer(x)
    monkeypatch.setattr(fused, "triton_version", lambda: "3.0.0")
    with pytest.raises(RuntimeError, match=r'impl="fused" needs Triton 3\.7 or newer \(Linux only\), got 3\.0\.0'):
        layer(x)
    monkeypatch.undo()
    monkeypatch.setattr(fused, "version", lambda name: version("a package that there is not"))
    monkeypatch.setattr(fused, "triton_version", fused.triton_version.__wrapped__)
    with pytest.raises(RuntimeError, match=r"needs Triton .*, got none"):
        layer(x)


def test_what_cannot_see_through_it_is_told():
    layer, x = make("lstm", I, H, impl="fused").to(DEVICE), random(T, B, I).to(DEVICE)
    with pytest.raises(RuntimeError, match=r'impl="fused" cannot go through torch\.func'):
        torch.func.vmap(lambda x: layer(x)[0])(x[None])


# ---- the compiler, which needs no GPU


@pytest.mark.parametrize("name", ["peephole", "gru_reset_before"])
def test_the_kernels_compile_for_a_gpu(name, kernels, tmp_path, monkeypatch):
    """To the machine code of compute capability 9.0, within the shared memory that it has."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    spec = importlib.util.spec_from_file_location("compiled_kernels", kernels.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    layer = LAYERS[name]
    cell = fused.program(layer.scan, layer.vectors)
    constants = dict(H=H, CELL=cell, PACKED=True, ACC=module.tl.float32)
    tiled = constants | dict(HP=16, BB=fused.TILE, PRECISION="ieee")
    stepwise = constants | dict(BLOCK=fused.BLOCK, RESET=False)
    for kernel, fixed in (
        (module.forward_over_time, tiled | {"SAVE": True}),
        (module.backward_over_time, tiled),
        (module.forward_step, stepwise | {"SAVE": True}),
        (module.backward_step, stepwise),
    ):
        types = dict.fromkeys(kernel.arg_names, "*fp32") | dict.fromkeys(("T", "B", "t"), "i32")
        types |= dict.fromkeys(("start", "stop"), "*i32") | dict.fromkeys(fixed, "constexpr")
        signature = {argument: types[argument] for argument in kernel.arg_names}
        source = triton.compiler.ASTSource(fn=kernel, signature=signature, constexprs=fixed)
        made = triton.compile(source, target=triton.backends.compiler.GPUTarget("cuda", 90, 32))
        assert len(made.asm["cubin"]) > 0
        assert made.metadata.shared <= 227 * 1024
