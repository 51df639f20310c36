"""What the tests of the layers share: sizes, random problems, and outputs as a flat list."""

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

from lstmcourse import reference
from lstmcourse.nn import LAYERS

T, B, I, H = 7, 4, 5, 6
LENGTHS = [3, 7, 1, 5]
CELLS = {cell.name: cell for cell in reference.CELLS}
# One layer for each piece of code that computes it: for what belongs to the way and not to the cell's equations.
EACH_PATH = [("peephole", "scan"), ("coupled", "scan"), ("gru", "scan"), ("gru_reset_before", "scan"), ("rnn", "scan")]
EACH_PATH += [("lstm", "vendor"), ("lstm97", "vendor"), ("gru", "vendor"), ("rnn", "vendor")]


def make(name, *args, seed=0, dtype=torch.float64, **kwargs):
    """A layer with random parameters that are larger than the default, so that no gate idles near 1/2."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layer = LAYERS[name](*(args or (I, H)), dtype=dtype, **kwargs)
        with torch.no_grad():
            for p in layer.parameters():
                p.uniform_(-0.9, 0.9)
    return layer


def random(*shape, seed=1, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def random_state(layer, batch=B, seed=2, dtype=torch.float64):
    n = layer.num_layers * (1 + layer.bidirectional)
    sizes = [layer.proj_size or layer.hidden_size if s == "h" else layer.hidden_size for s in layer.states]
    states = tuple(random(n, batch, size, seed=seed + k, dtype=dtype) for k, size in enumerate(sizes))
    return states if len(states) > 1 else states[0]


def flat(result):
    """(output, state) as a list of tensors, packed data included."""
    output, state = result
    output = output.data if isinstance(output, PackedSequence) else output
    return [output, *(state if isinstance(state, tuple) else (state,))]


def backward(outputs, seed=5):
    """Send random gradients into every output."""
    torch.autograd.backward(outputs, [random(*o.shape, seed=seed + k, dtype=o.dtype) for k, o in enumerate(outputs)])


def gradients(layer):
    return {name: p.grad for name, p in layer.named_parameters()}


def assert_close(got, want, tol, what=""):
    torch.testing.assert_close(got, want, rtol=tol, atol=tol, msg=lambda m: f"{what}: {m}")


def relative(a, b):
    """max|a − b| / max|a|."""
    a, b = np.asarray(a), np.asarray(b)
    return np.abs(a - b).max() / np.abs(a).max()
