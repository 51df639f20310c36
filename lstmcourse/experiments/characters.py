"""A character model of Python's documentation: the same text and the same number of updates for every cell."""

from typing import Any

import numpy as np
import torch

from .. import letters, training
from ..nn import LAYERS
from ..training import Net
from ._common import fit
from ._registry import experiment

STREAMS, WINDOW = 16, 32  # of the text in training, and the steps that the error goes back


def text() -> tuple[np.ndarray, np.ndarray, int]:
    """The text as numbers, in the two parts of `letters.load`; and how many symbols."""
    text = letters.load()
    return text.train, text.held_out, len(text.symbols)


def ngram_bits(longest: int = 5) -> list[float]:
    """Bits per character of tables of 1, 2 … `longest` characters on the held-out text: see `letters.witten_bell`."""
    train, test, size = text()
    return letters.witten_bell(train, test, size, longest)


def begin_with_frequencies(model: Net, numbers: np.ndarray) -> None:
    """Set the readout's bias to the logarithms of how often each symbol comes in the text, one added to each count."""
    size = len(model.readout.bias)
    frequencies = (np.bincount(numbers, minlength=size) + 1) / (len(numbers) + size)
    with torch.no_grad():
        model.readout.bias.copy_(torch.as_tensor(np.log(frequencies)))


def bits_held_out(model: Net, test: np.ndarray, size: int, state: Any = None) -> float:
    """Bits per character on a text read in 64 streams, from zero states or from `state` of 16 streams."""
    batches = training.windows(test, 64, 64, size)
    if state is not None:
        state = tuple(part.repeat(1, 4, 1) for part in state) if isinstance(state, tuple) else state.repeat(1, 4, 1)
    losses = []
    with torch.no_grad():
        for step in range((len(test) - 1) // 64 // 64):
            batch = batches(step)
            x, y, mask = (torch.as_tensor(array, device=model.readout.bias.device) for array in batch[:3])
            out, state = model(x, state)
            losses.append(training.cross_entropy(out, y, mask).item())
    return float(np.mean(losses) / np.log(2))


def train_characters(
    cell: str, seed: int = 0, updates: int = 1000, lr: float = 0.004, hidden: int = 96, device: str = "cpu"
) -> tuple[Net, dict[str, Any]]:
    """One network on the text, and what it came to: see `character_model`."""
    train, test, size = text()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Net(LAYERS[cell](size, hidden), size).to(device)
    begin_with_frequencies(model, train)
    last: dict[str, Any] = {}
    hook = model.register_forward_hook(lambda _, __, result: last.update(state=result[1]))
    history = fit(
        model,
        training.windows(train, STREAMS, WINDOW, size),
        training.cross_entropy,
        steps=updates,
        lr=lr,
        carry=True,
        progress=False,
    )
    hook.remove()
    state = training.detach(last["state"])
    memory = state[-1] if isinstance(state, tuple) else state
    return model, {
        "bits": bits_held_out(model, test, size),
        "bits_running": bits_held_out(model, test, size, state),
        "bits_train": float(np.mean(history.loss[-200:]) / np.log(2)),
        "state": memory.abs().mean().item(),
        "weights": sum(p.numel() for p in model.parameters()),
    }


@experiment(
    "01",
    "A character model of Python's documentation: seven cells, a thousand updates each",
    grid={name: {"cell": name} for name in ("rnn", "lstm97", "lstm", "peephole", "coupled", "gru", "gru_reset_before")},
    updates=1000,
    rates=(0.004, 0.008),
    nets=2,
    blocks=5,
    measure="bits",
    pairs=(
        ("lstm", "rnn"),
        ("lstm", "lstm97"),
        ("rnn", "lstm97"),
        ("lstm", "peephole"),
        ("lstm", "coupled"),
        ("lstm", "gru"),
        ("gru", "gru_reset_before"),
    ),
    control=("lstm97",),
)
def character_model(
    cell: str, n: int, seed: int, updates: int, lr: float, device: str, hidden: int = 96
) -> dict[str, list[Any]]:
    """96 units, 16 streams, the error back over 32 steps, the state carried on, Adam, the gradient clipped to 1; the
    readout's bias starts at the logarithms of the symbols' frequencies.

    bits: per character on the held-out text, read from zero states; bits_running: from the states at the end of
    training; bits_train: the mean of the last 200 updates; state: mean |c| (|h| where there is no c) then.
    """
    nets = [train_characters(cell, seed + k, updates, lr, hidden, device)[1] for k in range(n)]
    return {measure: [net[measure] for net in nets] for measure in nets[0]}
