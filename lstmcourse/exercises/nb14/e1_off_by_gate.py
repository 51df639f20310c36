"""E14.1: in which gate's rows a gradient is off."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def off_by_gate(ours: np.ndarray, central: np.ndarray, gates: int) -> np.ndarray:
    """How far a gradient is off, for each gate by itself.

    ours, central (gates·H, ·): the gradient of W or U by hand, and by central differences; the rows of the first gate
    first, H of them, then those of the second.
    Returns apart (gates,): the largest |ours - central| in each gate's rows, divided by the largest |central| of all.
    """
    apart = np.abs(ours - central)
    largest = apart.reshape(gates, -1).max(axis=1)
    return largest / np.abs(central).max()


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Two gradients that differ everywhere, by gates to a different degree."""
    shape = (n.G * n.H, n.I)
    central = rng.normal(size=shape)
    return central + rng.normal(size=shape) * rng.uniform(0.01, 1, n.G).repeat(n.H)[:, None], central, n.G


def one_gate(rng: np.random.Generator) -> tuple:
    """Only the second gate of four is off."""
    central = rng.normal(size=(8, 3))
    ours = central.copy()
    ours[2:4] += 0.5
    return ours, central, 4


def _interleaved(ours, central, gates):
    return np.abs(ours - central).reshape(-1, gates, ours.shape[1]).max(axis=(0, 2)) / np.abs(central).max()


def _by_own_gate(ours, central, gates):
    blocks = (np.split(each, gates) for each in (ours, central))
    return np.array([np.abs(a - b).max() / np.abs(b).max() for a, b in zip(*blocks)])


exercise = Exercise(
    id="E14.1",
    title="The gate that is off",
    solution=off_by_gate,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="read from a gradient check not only that a backward is wrong, but in which of its lines to look",
    returns={"apart": "(gates,)"},
    case=case,
    sizes=({"G": 4, "H": 3, "I": 2}, {"G": 3, "H": 1, "I": 5}, {"G": 1, "H": 4, "I": 3}),
    edges={
        "one gate of four is off": one_gate,
        "nothing is off": lambda rng: (np.ones((6, 2)), np.ones((6, 2)), 3),
        "ours is too small": lambda rng: (np.zeros((4, 2)), np.ones((4, 2)), 2),
    },
    hints=(
        "The rows of one gate lie together. Split the difference into `gates` blocks, and take the largest of each.",
        "apart[k] = max |ours − central| over block k  /  max |central| over all rows;\n"
        "an array of shape (gates·H, ·) becomes blocks by reshape(gates, -1).",
        """
        apart = np.abs(ours - central)
        largest = apart.reshape(gates, -1)...  # one number a block
        return ...
        """,
    ),
    symptoms={
        "apart must have shape (gates,)": "One number for each gate: reshape(gates, -1) puts a gate into each row, and "
        "max(axis=1) leaves one number of it.",
        "a gate that is right is not 0": "The blocks are mixed: the rows of a gate lie one after the other, so the "
        "first axis is divided into `gates` pieces.",
    },
    wrong={
        "entry by entry and again": wrong(
            "np.abs(ours - central)",
            "np.abs(ours - central) / np.abs(central)",
            "each entry is divided by its own size before the largest is taken; all are divided by the largest alone",
        ),
        "largest with its sign": wrong(
            "np.abs(central).max()", "central.max()", "they are divided by max(central): what is far below 0 counts too"
        ),
        "entry by entry": wrong(
            "apart = np.abs(ours - central)",
            "apart = np.abs(ours - central) / np.abs(central)",
            " / np.abs(central).max()",
            "",
            "each entry is divided by itself: an entry near 0 is then far off, however small the difference",
        ),
        "signed": wrong("np.abs(ours - central)", "ours - central", "the sign stays: what is too small counts as none"),
        "mean": wrong(".max(axis=1)", ".mean(axis=1)", "you take the mean of a gate's differences, not the largest"),
        "sum": wrong(".max(axis=1)", ".sum(axis=1)", "you take the sum of a gate's differences, not the largest"),
        "not divided": wrong(" / np.abs(central).max()", "", "the differences are not divided by the gradient's size"),
        "divided by ours": wrong(
            "np.abs(central).max()", "np.abs(ours).max()", "they are divided by the gradient that is under suspicion"
        ),
        "by the mean": wrong(
            "np.abs(central).max()", "np.abs(central).mean()", "they are divided by the mean, not the largest"
        ),
        "interleaved": wrong(_interleaved, "every gates-th row is taken, and the rows of a gate lie together"),
        "by its own gate": wrong(
            _by_own_gate, "each gate is divided by its own largest gradient: a gate of tiny gradients then looks ill"
        ),
    },
)
