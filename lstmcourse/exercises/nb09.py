"""Exercises of notebook 09: the last valid step of padded batches, weights from ONNX, waiting or computing."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register

# --- E9.1 the last valid step -----------------------------------------------------------------------------------


def last_valid(out: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The output of each sequence at its own last step.

    out (T, B, H): a layer's output over a padded batch; in sequence k, lengths[k] steps are valid.
    lengths (B,): integers from 1 to T.
    Returns last (B, H).
    """
    return out[lengths - 1, np.arange(len(lengths))]


def _padded(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The longest sequence is shorter than T where that can be."""
    return rng.normal(size=(n.T, n.B, n.H)), rng.integers(1, max(2, n.T), size=n.B)


def _at(out, lengths, shift=-1):
    T, B, _ = out.shape
    return out[np.clip(lengths + shift, 0, T - 1), np.arange(B)]


def _reshaped(out, lengths):
    T, B, H = out.shape
    return out.reshape(B, T, H)[np.arange(B), lengths - 1]


def _mean_valid(out, lengths):
    valid = np.arange(len(out))[:, None, None] < lengths[:, None]
    return (out * valid).sum(axis=0) / lengths[:, None]


register(
    "E9.1",
    title="The last valid step",
    solution=last_valid,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=1,
    can_now="take the state at which each sequence of a padded batch ended, and show that padding has no part in it",
    returns={"last": "(B, H)"},
    case=_padded,
    sizes=({"T": 7, "B": 4, "H": 3}, {"T": 5, "B": 1, "H": 2}, {"T": 1, "B": 2, "H": 4}),
    hints=(
        "Each sequence ends at a step of its own: two index arrays side by side, one for the time, one for the batch.",
        "last[k] = out[lengths[k] − 1, k] for k = 0 … B − 1; the first step has the index 0.",
        """
        k = np.arange(len(lengths))
        return out[..., k]
        """,
    ),
    symptoms={
        "last must have shape (B, H), got (B, B, H)": "out[lengths - 1] picks a step for the whole batch, B times. "
        "Give the sequence as a second index.",
        "IndexError: index is out of bounds": "Time is the first axis here, and the last step of n steps "
        "has the index n - 1.",
        "only the longest sequence is right": "out[-1] is the last step of the batch, not of each sequence.",
    },
    wrong={
        "last of the batch": (
            lambda out, lengths: out[-1],
            "out[-1] is taken: the last step of the longest row, which for all others is padding",
        ),
        "last of the longest": (
            lambda out, lengths: out[lengths.max() - 1],
            "every sequence is read at the step at which the longest one ends",
        ),
        "off by one": (
            partial(_at, shift=0),
            "the step with the index lengths[k] is read: that is the first step of the padding",
        ),
        "one before": (partial(_at, shift=-2), "the step before the last is read, lengths[k] - 2"),
        "all pairs": (
            lambda out, lengths: out[lengths - 1],
            "out[lengths - 1] picks whole steps, each with all B sequences: the second index is missing",
        ),
        "reshaped": (
            _reshaped,
            "the output is reshaped to (B, T, H) as if it were batch_first; reshaping mixes the sequences, "
            "only a transposition exchanges the axes",
        ),
        "mean with padding": (
            lambda out, lengths: out.mean(axis=0),
            "you take the mean over all T steps, and the padding is counted in",
        ),
        "mean": (_mean_valid, "you take the mean over the valid steps; the last one of them was asked for"),
    },
    edges={
        "all sequences as long as the batch": lambda rng: (rng.normal(size=(4, 3, 2)), np.full(3, 4)),
        "all sequences of one step": lambda rng: (rng.normal(size=(4, 3, 2)), np.ones(3, int)),
    },
)

# --- E9.2 weights from ONNX -------------------------------------------------------------------------------------


def from_onnx_order(W: np.ndarray, R: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, ...]:
    """The weights of an ONNX LSTM node (one direction) as torch.nn.LSTM wants them.

    W (4H, I), R (4H, H): the rows of i first, then o, f and c. B (8H,): the bias beside W, then
    the one beside R, each in that order. PyTorch's rows are i, f, g, o; g is what ONNX calls c.
    Returns weight_ih (4H, I), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
    """

    def ifgo(rows):
        i, o, f, g = np.split(rows, 4)
        return np.concatenate([i, f, g, o])

    bias_ih, bias_hh = np.split(B, 2)
    return ifgo(W), ifgo(R), ifgo(bias_ih), ifgo(bias_hh)


def _weights(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    return rng.normal(size=(4 * n.H, n.I)), rng.normal(size=(4 * n.H, n.H)), rng.normal(size=8 * n.H)


def _taken(W, R, B, *, order=(0, 2, 3, 1), biases="halves", which="WRB", interleaved=False):
    def take(rows, do=True):
        if not do:
            return rows + 0
        if interleaved:
            blocks = rows.reshape(-1, 4, *rows.shape[1:])
            return blocks[:, list(order)].reshape(rows.shape)
        parts = np.split(rows, 4)
        return np.concatenate([parts[k] for k in order])

    first, second = {
        "halves": lambda: np.split(B, 2),
        "exchanged": lambda: np.split(B, 2)[::-1],
        "every other": lambda: (B[0::2], B[1::2]),
        "by gate": lambda: tuple(np.concatenate(p) for p in zip(*(np.split(g, 2) for g in np.split(B, 4)))),
    }[biases]()
    return take(W, "W" in which), take(R, "R" in which), take(first, "B" in which), take(second, "B" in which)


register(
    "E9.2",
    title="Weights from ONNX",
    solution=from_onnx_order,
    minutes=10,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="carry the weights of an LSTM from one library to another, and prove that nothing was mixed up",
    returns={"weight_ih": "(4H, I)", "weight_hh": "(4H, H)", "bias_ih": "(4H,)", "bias_hh": "(4H,)"},
    case=_weights,
    sizes=STEP_SIZES,
    hints=(
        "Four blocks of H rows each. Take them apart under ONNX's names, put them together in PyTorch's order.",
        "i, o, f, c = the four quarters of W; weight_ih = [i; f; c; o]. R and both halves of B in the same way.",
        """
        def ifgo(rows):
            i, o, f, g = np.split(rows, 4)
            return np.concatenate(...)
        """,
    ),
    symptoms={
        "right for W, wrong for the biases": "B is two biases one after the other, (4H,) each: halve it first, then "
        "reorder each half.",
        "right with one unit, wrong with more": "The gates lie in blocks of H rows; rows.reshape(4, H, ...) is right, "
        "rows.reshape(H, 4, ...) takes them as interleaved.",
        "the first H rows are right, the others not": "i is first in both orders. See where f comes from.",
    },
    wrong={
        "as they are": (
            partial(_taken, order=(0, 1, 2, 3)),
            "the rows stay where they are: the shapes fit, nothing complains, and ONNX's o does the work of f",
        ),
        "the way back": (
            partial(_taken, order=(0, 3, 1, 2)),
            "the permutation is the inverse one, which carries PyTorch's rows to ONNX",
        ),
        "f and o exchanged": (
            partial(_taken, order=(0, 2, 1, 3)),
            "f is put in its place, and o and c are left in the order in which ONNX has them: o goes before c",
        ),
        "interleaved": (
            partial(_taken, interleaved=True),
            "the rows are taken as i o f c of the first unit, then of the second; they lie gate by gate",
        ),
        "biases exchanged": (
            partial(_taken, biases="exchanged"),
            "the two halves of B are exchanged: an LSTM does not mind, because it adds them, and a GRU does",
        ),
        "every other": (
            partial(_taken, biases="every other"),
            "B is taken apart as every other number; it is one bias after the other",
        ),
        "a pair a gate": (
            partial(_taken, biases="by gate"),
            "B is read as pairs of biases, gate by gate; it is all of Wb, then all of Rb",
        ),
        "biases forgotten": (partial(_taken, which="WR"), "the biases are split and not reordered"),
        "R forgotten": (partial(_taken, which="WB"), "R keeps ONNX's order"),
    },
    edges={"one unit, one input": lambda rng: (np.arange(4.0)[:, None], np.arange(4.0, 8)[:, None], np.arange(8.0))},
)

# --- E9.3 waiting or computing ----------------------------------------------------------------------------------


def waits_up_to() -> int:
    """The largest batch at which a step forward of an LSTM waits longer than it computes.

    I = 64 inputs, H = 128 units, 150 billion (1.5e11) operations a second, and 20 microseconds of waiting a step.
    A multiplication and an addition are two operations.
    """
    return _batch()


def _batch(operations: int = 2, gates: int = 4, I: int = 64, H: int = 128, speed: float = 150e9, wait: float = 20e-6):
    B = 1
    while operations * gates * (B + 1) * H * (I + H) / speed < wait:
        B += 1
    return B


register(
    "E9.3",
    title="Waiting or computing?",
    solution=waits_up_to,
    kind="experiment",
    minutes=6,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="say from the sizes alone whether a layer waits or computes, and which of the two is worth improving",
    returns={"batch": "a number of sequences"},
    rtol=0,
    atol=0.1,
    stub="batch = ...  # the largest B for which 8 B H (I + H) / F is less than the wait",
    helpers=(_batch,),
    hints=(
        "Write down the operations of one step for one sequence, and how long they take.",
        "8 B H (I + H) / F < λ with H = 128, I = 64, F = 150e9, λ = 20e-6.",
        """
        one = 8 * 128 * (64 + 128) / 150e9  # seconds of computing for one sequence
        batch = max(B for B in range(1, 100) if ...)
        """,
    ),
    symptoms={
        "twice too large": "A multiplication and the addition after it are two operations.",
        "one too large": "At the batch asked for, the step must still wait longer than it computes.",
    },
    wrong={
        "multiplications": (partial(_batch, operations=1), "only the multiplications are counted, not the additions"),
        "inputs forgotten": (partial(_batch, I=0), "W x is left out: a step has H (I + H) weights a gate, not H²"),
        "a GRU": (partial(_batch, gates=3), "three gates are counted; an LSTM has four blocks of rows"),
        "one too many": (lambda: _batch() + 1, "this is the first batch that computes longer than it waits"),
        "backward too": (partial(_batch, operations=6), "the way back is counted too; the question is about forward"),
        "one gate": (partial(_batch, gates=1), "you counted one gate, and there are four"),
    },
)
