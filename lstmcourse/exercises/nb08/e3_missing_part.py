"""E8.3: which part of an LSTM a cell does without, found by calling it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.reference import sigmoid


def missing_part(step) -> str:
    """Which part of the LSTM a unit does without, found by calling it.

    step(i, f, g, o, c_) returns h, c: one step of one unit. Of the gates and the candidate it takes the sums, which are
    numbers of your choice: in an LSTM c = σ(f) * c_ + σ(i) * tanh(g) and h = σ(o) * tanh(c).
    Returns the name, as in E8.2, of the variant that the unit is: "nig", "nfg", "nog", "cifg", "niaf" or "noaf";
    and "lstm" where nothing is missing.
    """
    shut, wide = -500.0, 500.0
    shown, kept = step(shut, wide, 3.0, wide, 2.0)
    _, emptied = step(shut, shut, 3.0, wide, 2.0)
    hidden, _ = step(shut, wide, 3.0, shut, 2.0)
    _, written = step(wide, shut, 3.0, wide, 2.0)
    signs = {
        "nig": kept > 2.5,
        "nfg": emptied > 1.5,
        "cifg": emptied > 0.5,
        "nog": hidden > 0.5,
        "niaf": written > 1.5,
        "noaf": shown > 1.5,
    }
    return next((name for name, seen in signs.items() if seen), "lstm")


def unit(name: str) -> Callable:
    """The step of one unit, of the LSTM or with one part changed; it takes numbers or arrays of one shape."""

    def step(i, f, g, o, c_):  # type: ignore[no-untyped-def]
        f = 1.0 if name == "nfg" else sigmoid(f)
        i = 1.0 if name == "nig" else 1 - f if name == "cifg" else sigmoid(i)
        c = f * c_ + i * (g if name == "niaf" else np.tanh(g))
        return (1.0 if name == "nog" else sigmoid(o)) * (c if name == "noaf" else np.tanh(c)), c

    return step


suspect = unit("nfg")  # of the notebook


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A unit with one part changed."""
    return (unit(n.name),)


HINTS = (
    "Shut or open each gate by a very large sum: then you know what an LSTM gives. What do the six give?",
    "With i shut and f wide open an LSTM keeps c_; without an input gate something comes in. With both shut it is\n"
    "empty: what is left without a forget gate, and in a coupled cell? A tanh is hardly seen near 0: take 2 or 3.",
    """
    shut, wide = -500.0, 500.0
    shown, kept = step(shut, wide, 3.0, wide, 2.0)  # an LSTM: tanh(2) and 2
    _, emptied = step(shut, shut, 3.0, wide, 2.0)  # an LSTM: 0
    """,
)

SYMPTOMS = {
    'everything is "lstm"': "Print what your calls return for a unit that check names, and for the LSTM by hand.",
    "one variant is taken for another": "Two parts may show in the same call. Look first for the one that shows alone: "
    '"nig" changes every call in which i is shut.',
    "a gate that is shut lets something through": "σ(-5) is 0.007. Compare with a tolerance, or take a larger sum.",
}

WRONG = {
    "shut at 0": wrong("-500.0", "0.0", "a gate is taken for shut at a sum of 0; σ(0) is a half"),
    "nothing to let in": wrong(
        "wide, 3.0, wide", "wide, 0.0, wide",
        "the input gate is tried with a candidate of 0: nothing comes in, with a gate or without",
    ),
    "input gate open": wrong(
        "step(shut, wide, 3.0, wide", "step(wide, wide, 3.0, wide",
        "the input gate is tried open, where the LSTM lets the candidate in, too; shut it",
    ),
    "nothing to forget": wrong(
        "shut, 3.0, wide, 2.0)\n    hidden", "shut, 3.0, wide, 0.0)\n    hidden",
        "the forget gate is tried on an empty cell, in which there is nothing to forget",
    ),
    "nothing to hide": wrong(
        "3.0, shut, 2.0", "3.0, shut, 0.0", "the output gate is tried on an empty cell, which shows nothing anyway"
    ),
    "small candidate": wrong(
        "step(wide, shut, 3.0", "step(wide, shut, 0.01",
        "the candidate is tried with a small sum, where tanh(g) is nearly g: along a dashed arrow the cells are alike",
    ),
    "added to the old cell": wrong(
        "step(wide, shut, 3.0", "step(wide, wide, 3.0",
        "the candidate is tried with f open, so that the old cell is added to it; shut f",
    ),
    "all that is left is old": wrong(
        "emptied > 1.5", "emptied > 0.5",
        'the coupled cell is taken for "nfg": with f shut its i is 1, and what is left is the candidate, not c_',
    ),
    "no coupled cell": wrong(
        '"cifg": emptied > 0.5,', "",
        'the coupled cell is not looked for: with i and f shut it lets the candidate in, an LSTM does not',
    ),
    "whatever is shown": wrong(
        "shown > 1.5", "shown > 0.5",
        "all that is shown counts as not squashed; an LSTM shows tanh(c), which is nearly 1 for a c of 2 or 3",
    ),
    "h and c exchanged": wrong("shown, kept =", "kept, shown =", "h and c are exchanged: the step returns h first"),
    "no word": wrong('"lstm")', '"")', 'where nothing is missing no word is returned; "lstm" is asked for'),
}  # fmt: skip

SIZES: tuple[dict[str, Any], ...] = ({"name": "nig"}, {"name": "cifg"}, {"name": "niaf"})


def _edge(name: str) -> Callable:
    return lambda rng: (unit(name),)


exercise = Exercise(
    id="E8.3",
    title="Which part is missing?",
    solution=missing_part,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=12,
    can_now="find out what a cell computes by its limiting cases, whatever its name and its shapes say",
    returns={"name": "text"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=SIZES,
    edges={f'the unit is "{name}"': _edge(name) for name in ("lstm", "nfg", "nog", "noaf")},
)
