"""Memory stays torch's: after a call every storage can be resized, which FSDP does to parameters at each step."""

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed import fsdp

from lstmcourse.nn import LAYERS

from .layers import B, I, T, make, random, random_state

SMALL = dict(bidirectional=True)
BY_LOOP = ("fgr", "layer_norm")


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("grad", [False, True])
def test_what_a_call_has_seen_and_made_can_be_resized(name, grad):
    layer, x = make(name, **SMALL), random(T, B, I)
    hx = random_state(layer)
    hx = hx if isinstance(hx, tuple) else (hx,)
    assert layer.route(x) == ("loop" if name in BY_LOOP else "scan")
    layer.requires_grad_(grad)
    output, state = layer(x, hx if len(hx) > 1 else hx[0])
    if grad:
        output.square().sum().backward()
    made = [output, *(state if isinstance(state, tuple) else (state,))]
    for tensor in [x, *hx, *made, *layer.parameters(), *(p.grad for p in layer.parameters() if grad)]:
        storage = tensor.untyped_storage()
        assert storage.resizable()
        storage.resize_(2 * len(storage))
    assert x.resize_(2 * T, B, I).shape == (2 * T, B, I)


def test_an_input_may_be_freed_before_the_backward_and_filled_again():
    """What FSDP does between the passes: nothing may go on reading the old memory."""
    layer, x = make("peephole"), random(T, B, I)
    assert layer.route(x) == "scan"
    weight, values = layer.weight_hh_l0, layer.weight_hh_l0.detach().clone()
    y = layer(x)[0].square().sum()
    (want,) = torch.autograd.grad(y, layer.weight_ih_l0, retain_graph=True)
    storage = weight.untyped_storage()
    n = len(storage)
    storage.resize_(0)
    storage.resize_(n)
    with torch.no_grad(), torch.autograd._unsafe_preserve_version_counter(weight):
        weight.copy_(values)
    (got,) = torch.autograd.grad(y, layer.weight_ih_l0)
    assert torch.equal(got, want)


# ---- two processes

WRAPPERS = ("DDP", *(["FSDP2"] if hasattr(fsdp, "fully_shard") else []))


def _work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    found = {}
    for name in LAYERS:
        for wrapper in WRAPPERS:
            found[wrapper, name] = _differs(name, wrapper, rank)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def _differs(name: str, wrapper: str, rank: int) -> str:
    """Half of the batch on each process, twice; the mean of the gradients must be half of the whole batch's."""
    alone, layer, x = make(name, **SMALL), make(name, **SMALL), random(T, B, I)
    if layer.route(x) != ("loop" if name in BY_LOOP else "scan"):
        return f"took {layer.route(x)}"
    half = slice(0, B // 2) if rank == 0 else slice(B // 2, B)
    try:
        if wrapper == "DDP":
            call = torch.nn.parallel.DistributedDataParallel(layer)
        else:
            call = fsdp.fully_shard(layer)
        for _ in range(2):
            call(x[:, half])[0].square().sum().backward()
            alone(x)[0].square().sum().backward()
        for (key, p), want in zip(layer.named_parameters(), alone.parameters(), strict=True):
            got = p.grad.full_tensor() if wrapper == "FSDP2" else p.grad
            torch.testing.assert_close(got, want.grad / 2, rtol=1e-9, atol=1e-9, msg=lambda m, key=key: f"{key}: {m}")
    except (RuntimeError, AssertionError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def test_every_cell_on_two_processes(tmp_path):
    """One test for all, since starting the processes takes longer than all cells on both wrappers."""
    if not dist.is_available() or not dist.is_gloo_available():
        pytest.skip("this torch was built without gloo")
    mp.spawn(_work, (str(tmp_path),), nprocs=2)
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert found == {(wrapper, name): "" for name in LAYERS for wrapper in WRAPPERS}
    if "FSDP2" not in WRAPPERS:
        pytest.skip("DDP is right; FSDP2 (fully_shard) came after this torch")
