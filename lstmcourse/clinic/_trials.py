"""Two small networks that are trained with a patient's parts, one in NumPy and one in PyTorch, on a text of its own."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Any, NamedTuple

import numpy as np
import torch

from lstmcourse import letters, nn, reference, training
from lstmcourse.tasks import Batch

V, T, B, H = 8, 10, 10, 16
"""Letters, steps, rows of a batch, units."""


class Text(NamedTuple):
    """Blocks: one of four letters drawn at random, lag - 1 that are always the same, the first again, an end.

    numbers (n,): below `letters`. lag: steps from the first letter to where it comes again.
    """

    numbers: np.ndarray
    lag: int

    @property
    def letters(self) -> int:
        """How many letters there are; one of them never comes."""
        return self.lag + 5

    @property
    def floor(self) -> float:
        """Nats per letter of a model that knows all this."""
        return np.log(4) / (self.lag + 2)

    @property
    def memoryless(self) -> float:
        """Nats per letter of the best model that sees the last letter alone: after one of the four, two can come."""
        return (2 * np.log(4) + 2 * np.log(2)) / (self.lag + 2)


def text(lag: int = 3, blocks: int = 1000) -> Text:
    """The text, always the same."""
    drawn = np.random.default_rng(0).integers(0, 4, blocks)
    filled = (0 * drawn + 4 + k for k in range(lag - 1))
    return Text(np.stack([drawn, *filled, drawn, 0 * drawn + lag + 3], axis=1).ravel(), lag)


#: forward(weights, x, state) -> hs (T, B, H), the new state, and back(dhs) -> the gradients of the weights
Model = Callable[[list[np.ndarray], np.ndarray, tuple], tuple[np.ndarray, tuple, Callable]]


def by_caches(cell: reference.Cell) -> Model:
    """A cell that is walked back by `reference.unroll_backward`."""
    names = tuple(cell.shapes(1, 1))

    def forward(weights: list[np.ndarray], x: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple, Callable]:
        p = reference.Params(**dict(zip(names, weights, strict=True)))
        states, caches = reference.unroll(cell, p, letters.one_hot(x, weights[0].shape[1]), state)

        def back(dhs: np.ndarray) -> list[np.ndarray]:
            others = (np.zeros_like(dhs) for _ in states[1:])
            return list(vars(reference.unroll_backward(cell, p, caches, (dhs, *others))[0]).values())

        return states[0], tuple(s[-1] for s in states), back

    return forward


def by_walk(bptt: Callable) -> Model:
    """The LSTM, walked back by a function like that of notebook 01."""
    step, backward = letters.by_position(reference.LSTM)

    def forward(weights: list[np.ndarray], x: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple, Callable]:
        xs = letters.one_hot(x, weights[0].shape[1])
        states = letters.unroll(step, weights, xs, state)
        hs = np.stack([s[0] for s in states[1:]])
        return hs, states[-1], lambda dhs: bptt(backward, weights, xs, states, dhs)

    return forward


def numpy_losses(
    model: Model,
    batches: Iterable[Any],
    updates: int,
    cross_entropy: Callable,
    clip: Callable,
    size: int = V,
    seed: int = 0,
) -> list[float]:
    """The loss (nats a letter) of each update; size: how many letters there are."""
    rng = np.random.default_rng(seed)
    cell = list(vars(reference.init(reference.LSTM, size, H, rng)).values())
    W_out, b_out = rng.uniform(-0.1, 0.1, (size, H)), np.zeros(size)
    adam = letters.Adam([*cell, W_out, b_out], learning_rate=0.03)
    state, losses = (np.zeros((B, H)), np.zeros((B, H))), []
    for x, y in islice(batches, updates):
        hs, state, back = model(cell, x, state)
        flat = hs.reshape(-1, H)
        loss, dlogits = cross_entropy(flat @ W_out.T + b_out, y.ravel())
        dhs = (dlogits @ W_out).reshape(hs.shape)
        adam(clip([*back(dhs), dlogits.T @ flat, dlogits.sum(axis=0)], 1.0))
        losses.append(float(loss))
    return losses


def one_of(batches: Iterator[Any]) -> Iterator[Any]:
    """The first batch, again and again."""
    return repeat(next(batches))


class Net(torch.nn.Module):
    """A layer, run by `loop`, with a linear readout: x (T, B, V) -> out (T, B, V), state."""

    def __init__(self, layer: type[nn.Recurrent], loop: Callable, dropout: float = 0.0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.layer, self.readout = layer(V, H), torch.nn.Linear(H, V)
        self.loop, self.dropout = loop, torch.nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        state = tuple(x.new_zeros(x.shape[1], H) for _ in self.layer.states) if state is None else state
        hs, state = self.loop(self.layer.step, self.layer.weights(), x, state)
        return self.readout(self.dropout(hs)), state


def torch_losses(
    batch: Batch | Callable, updates: int, layer: type[nn.Recurrent], loop: Callable, fit: Callable, carry: bool
) -> list[float]:
    """The same for the network in PyTorch, trained by `fit`."""
    settings = dict(steps=updates, lr=0.03, carry=carry, progress=False)
    return fit(Net(layer, loop), batch, training.cross_entropy, **settings).loss
