"""The character model of notebook 01, trained for longer, and what it writes.

    python -m lstmcourse.experiments.writing

takes some minutes and renews results/writing.json, from which notebook 01 shows ten lines.
"""

import textwrap
import time
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from .. import _record, letters, reference

HIDDEN, T, B, RATE, TEMPERATURE = 96, 32, 16, 4e-3, 0.7


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """ln p for every row: (N, V)."""
    z = logits - logits.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def gradients(cell: reference.Cell, p: reference.Params, head: list, x: np.ndarray, y: np.ndarray, state: tuple):
    """The loss in nats of one window, the gradients of all weights, and the state at its end."""
    W_out, b_out = head
    states, caches = reference.unroll(cell, p, letters.one_hot(x, len(b_out)), state)
    hs, rows = states[0].reshape(-1, HIDDEN), np.arange(y.size)
    log_p = log_softmax(hs @ W_out.T + b_out)
    dlogits = np.exp(log_p)
    dlogits[rows, y.ravel()] -= 1
    dlogits /= y.size
    dstates = [np.zeros_like(s) for s in states]
    dstates[0] = (dlogits @ W_out).reshape(states[0].shape)
    d, _, _ = reference.unroll_backward(cell, p, caches, tuple(dstates))
    end = tuple(s[-1] for s in states)
    return -log_p[rows, y.ravel()].mean(), [*vars(d).values(), dlogits.T @ hs, dlogits.sum(0)], end


def bits(cell: reference.Cell, p: reference.Params, head: list, numbers: np.ndarray, streams: int = 16) -> float:
    """Bits per character on a text, read at `streams` places from a zero state."""
    n = len(numbers) // streams
    text = numbers[: n * streams].reshape(streams, n).T
    states, _ = reference.unroll(cell, p, letters.one_hot(text[:-1], len(head[1])))
    log_p = log_softmax(states[0].reshape(-1, HIDDEN) @ head[0].T + head[1])
    return float(-log_p[np.arange(len(log_p)), text[1:].ravel()].mean() / np.log(2))


def write(
    cell: reference.Cell, p: reference.Params, head: list, begin: np.ndarray, length: int, rng: np.random.Generator
) -> list[int]:
    """The letters `begin`, and as many as `length` after them, drawn one by one and each read back in."""
    V, unread, written = len(head[1]), begin, begin.tolist()
    state = tuple(np.zeros((1, HIDDEN)) for _ in cell.states)
    for _ in range(length):
        states, _ = reference.unroll(cell, p, letters.one_hot(unread, V)[:, None], state)
        state = tuple(s[-1] for s in states)
        chances = np.exp(log_softmax((state[0] @ head[0].T + head[1]) / TEMPERATURE))[0]
        unread = rng.choice(V, size=1, p=chances)
        written += unread.tolist()
    return written


def trained(updates: int = 20_000, seed: int = 0) -> dict[str, Any]:
    """The RNN of notebook 01 with its settings, but a learning rate that falls to 0: its bits, and ten lines."""
    text, rng, cell = letters.load(), np.random.default_rng(seed), reference.RNN
    V = len(text.symbols)
    p = reference.init(cell, V, HIDDEN, rng)
    head = [rng.uniform(-1, 1, (V, HIDDEN)) / np.sqrt(HIDDEN), letters.log_frequencies(text)]
    adam = letters.Adam([*vars(p).values(), *head], RATE)
    batches, losses = letters.batches(text.train, T, B), []
    state: tuple = tuple(np.zeros((B, HIDDEN)) for _ in cell.states)
    for n in tqdm(range(updates), desc="writing"):
        adam.learning_rate = RATE * (1 - n / updates)
        loss, grads, state = gradients(cell, p, head, *next(batches), state)
        adam(letters.clip(grads, 1.0))
        losses.append(loss / np.log(2))
    written = text.decode(write(cell, p, head, text.encode("The "), 1000, np.random.default_rng(seed)))
    row = {
        "cell": cell.name,
        "updates": updates,
        "weights": sum(w.size for w in adam.weights),
        "training": round(float(np.mean(losses[-200:])), 3),
        "held_out": round(bits(cell, p, head, text.held_out), 3),
    }
    lines = textwrap.wrap(" ".join(written.split()), 75)[:10]  # the breaks are ours
    return {"temperature": TEMPERATURE, "rows": [row], "lines": lines}


def main() -> None:
    """Train for some minutes and write results/writing.json."""
    commit, began = _record.commit(), time.perf_counter()
    result = trained()
    made = _record.provenance("python -m lstmcourse.experiments.writing", time.perf_counter() - began, commit)
    _record.write(_record.RESULTS / "writing.json", {"provenance": made, "result": result})


if __name__ == "__main__":
    main()
