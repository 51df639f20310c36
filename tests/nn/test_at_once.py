"""One module in two threads, forked and in a loader's workers, and a sequence of 20,000 steps."""

import os
import threading

import pytest
import torch
from torch import multiprocessing
from torch.utils.data import DataLoader, Dataset

from .layers import EACH_PATH, B, I, T, assert_close, gradients, make, random


@pytest.mark.parametrize("name,way", [("peephole", "loop"), *EACH_PATH])
def test_two_threads_on_one_module(name, way):
    layer = make(name, impl=way)
    xs = [random(T, B, I, seed=k) for k in range(4)]
    wanted = [torch.autograd.grad(layer(x)[0].square().sum(), list(layer.parameters())) for x in xs]
    found = [None] * len(xs)

    def work(k):
        for _ in range(5):
            found[k] = torch.autograd.grad(layer(xs[k])[0].square().sum(), list(layer.parameters()))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(xs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, want in zip(found, wanted, strict=True):
        for a, b in zip(got, want, strict=True):
            assert_close(a, b, 1e-12)


def _child(layer, x, queue):
    layer.zero_grad()
    layer(x)[0].square().sum().backward()
    queue.put({key: grad.numpy().copy() for key, grad in gradients(layer).items()})


class Encoded(Dataset):
    """Items that a layer has gone over."""

    def __init__(self, layer):
        self.layer = layer

    def __len__(self):
        return 4

    def __getitem__(self, k):
        with torch.no_grad():
            return self.layer(random(T, B, I, seed=k))[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("name,way", [("peephole", "scan"), ("lstm", "vendor")])
def test_forks_after_a_backward(name, way):
    layer, x = make(name, impl=way), random(T, B, I)
    layer(x)[0].square().sum().backward()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_child, args=(layer, x, queue))
    child.start()
    found = queue.get()
    child.join(60)
    assert child.exitcode == 0
    for key, want in gradients(layer).items():
        assert_close(torch.tensor(found[key]), want, 1e-12, key)
    loaded = list(DataLoader(Encoded(layer), batch_size=None, num_workers=2, multiprocessing_context="fork"))
    for k, item in enumerate(loaded):
        assert_close(item, layer(random(T, B, I, seed=k))[0].detach(), 1e-12)


KINDS = [("coupled", "scan", torch.float64), ("gru", "scan", torch.float64), ("lstm", "vendor", torch.float32)]


@pytest.mark.parametrize("name,way,dtype", KINDS)
def test_twenty_thousand_steps(name, way, dtype):
    """Nothing is lost over them: the same in windows of 5,000 with the state carried."""
    layer, x = make(name, 2, 3, impl=way, dtype=dtype), random(20_000, 1, 2, dtype=dtype)
    tolerance = 1e-9 if dtype == torch.float64 else 1e-4
    hs, _ = layer(x)
    state, parts = None, []
    for window in x.split(5_000):
        out, state = layer(window, state)
        parts.append(out)
    assert_close(torch.cat(parts), hs, tolerance)
    (whole,) = torch.autograd.grad(hs[-1].sum(), layer.weight_hh_l0)
    (split,) = torch.autograd.grad(parts[-1][-1].sum(), layer.weight_hh_l0)
    assert whole.isfinite().all()
    assert_close(split, whole, tolerance)
