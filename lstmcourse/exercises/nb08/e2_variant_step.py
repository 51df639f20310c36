"""E8.2: the six variants of one LSTM step."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.exercises._cases import step_case, weights
from lstmcourse.exercises._patches import source_of

ROWS = {"nig": 3, "nfg": 3, "nog": 3, "cifg": 3, "niaf": 4, "noaf": 4}


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The variant's name, and a step of that many gates."""
    return n.name, *step_case(rng, n, weights=lambda *args: weights(*args, gates=ROWS[n.name]))


def variant_step(
    name: str, W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray, c_: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the LSTM without peepholes, with one thing changed. Which, says its name:

    "nig" no input gate, i = 1; "nfg" no forget gate, f = 1; "nog" no output gate, o = 1; "cifg" coupled, i = 1 - f;
    "niaf" the candidate is not squashed, g = a_g; "noaf" the cell is not squashed when shown, h = o * c.
    W, U, b hold the rows i, f, g, o, in this order, without those of a gate that is not computed: "fgo" for "nig".
    x (B, I) is the input now; h_ (B, H) and c_ (B, H) are the states one step ago. The rows are taken apart already:
    a["f"], say, is the sum that goes into the σ of f, and "f" in a says whether there is one.
    Returns h (B, H), c (B, H).
    """
    rows = {"nig": "fgo", "nfg": "igo", "nog": "ifg", "cifg": "fgo"}.get(name, "ifgo")
    a = dict(zip(rows, np.split(x @ W.T + h_ @ U.T + b, len(rows), axis=1), strict=True))
    i, f, o = (1 / (1 + np.exp(-a[k])) if k in a else np.ones_like(c_) for k in "ifo")
    if name == "cifg":
        i = 1 - f
    g = a["g"] if name == "niaf" else np.tanh(a["g"])
    c = f * c_ + i * g
    y = c if name == "noaf" else np.tanh(c)
    return o * y, c


GIVEN = """\
    rows = {"nig": "fgo", "nfg": "igo", "nog": "ifg", "cifg": "fgo"}.get(name, "ifgo")
    a = dict(zip(rows, np.split(x @ W.T + h_ @ U.T + b, len(rows), axis=1), strict=True))
    ...
"""

HINTS = (
    "It is your LSTM step with six exceptions. A gate that has no rows is 1, but i in the coupled cell.",
    "c = f * c_ + i * g, h = o * tanh(c), where g or the last tanh may be left as it is.",
    """
    i, f, o = (1 / (1 + np.exp(-a[k])) if k in a else ... for k in "ifo")
    """,
)

SYMPTOMS = {
    "right for some names only": "check says for which name it is wrong: set that one thing beside the equations.",
    "KeyError": "A gate that is not computed has no rows, so it is not in a: it is 1.",
}

WRONG = {
    "nfg rows f g o": wrong(
        '"nfg": "igo"', '"nfg": "fgo"',
        'the gate that "nfg" computes is taken for f, and i is 1; its rows are i, g, o, and f = 1',
    ),
    "nog shows half": wrong(
        "return o * y, c", 'return (0.5 * y if name == "nog" else o * y), c',
        '"nog" is given o = 1/2: without an output gate all is shown, o = 1',
    ),
    "nig shuts the gate": wrong(
        'i = 1 - f\n', 'i = 1 - f\n    if name == "nig":\n        i = 0 * f\n',
        '"nig" is given i = 0: without an input gate everything comes in, i = 1',
    ),
    "nfg forgets all": wrong(
        'i = 1 - f\n', 'i = 1 - f\n    if name == "nfg":\n        f = 0 * f\n',
        '"nfg" is given f = 0: without a forget gate everything is kept, f = 1',
    ),
    "nog shows nothing": wrong(
        "return o * y, c", 'return (0 * y if name == "nog" else o * y), c',
        '"nog" is given o = 0: without an output gate all is shown, o = 1',
    ),
    "coupled forgotten": wrong(
        'if name == "cifg":\n        i = 1 - f', "pass", 'in "cifg" i is 1 and not 1 - f; the two are coupled'
    ),
    "f for i": wrong("i = 1 - f", "i = f", 'in "cifg" i is taken as f, and not as 1 - f'),
    "niaf by σ": wrong(
        'a["g"] if name', '1 / (1 + np.exp(-a["g"])) if name',
        'the candidate of "niaf" goes through σ: without an activation it is a_g itself',
    ),
    "niaf squashed": wrong(
        'a["g"] if name == "niaf" else np', "np", '"niaf" still squashes its candidate: g is a_g itself there'
    ),
    "noaf squashed": wrong(
        'c if name == "noaf" else np', "np", '"noaf" still squashes c when it is shown: h is o * c there'
    ),
    "noaf for the candidate": wrong(
        '== "niaf"', 'in ("niaf", "noaf")', "noaf leaves out the candidate's tanh as well; only the last one goes",
    ),
    "niaf for the output": wrong(
        '== "noaf"', 'in ("niaf", "noaf")',
        '"niaf" leaves out the tanh of the output as well; only that of the candidate goes',
    ),
    "niaf and noaf exchanged": wrong(
        '== "niaf"', '== "noaf"', '== "noaf"', '== "niaf"',
        '"niaf" and "noaf" are exchanged: the input activation is that of the candidate',
    ),
    "niaf shows the old cell": wrong(
        "return o * y, c", "return o * np.tanh(c_), c", "h shows c_ instead of the new c: it comes one step late"
    ),
    "cifg by i": wrong(
        "i = 1 - f", "i, f = f, 1 - f",
        'the gate that "cifg" computes is taken for i, and f is 1 - i; its rows are f, g, o, and i = 1 - f',
    ),
    "cifg rows i g o": wrong(
        '"cifg": "fgo"', '"cifg": "igo"',
        'the gate that "cifg" computes is taken for i, and f is 1; its rows are f, g, o, and i = 1 - f',
    ),
    "c not passed on": wrong("return o * y, c", "return o * y, y", "tanh(c) is handed on as state; c itself goes on"),
    "h and c exchanged": wrong(
        "return o * y, c", "return c, o * y", "c and h are returned in the wrong order: h comes first"
    ),
    "no bias": wrong(" + b,", ",", "b is left out of the pre-activations"),
    "gates missing are a half": wrong(
        "np.ones_like(c_) for", "np.full_like(c_, 0.5) for",
        "a gate that is not computed is a half, σ(0); it is left out, so it is 1",
    ),
}  # fmt: skip


def _edge(name: str):
    return lambda rng: case(rng, SimpleNamespace(B=2, I=2, H=3, name=name))


SIZES: tuple[dict[str, Any], ...] = (
    {"B": 3, "I": 2, "H": 5, "name": "nig"},
    {"B": 1, "I": 4, "H": 2, "name": "cifg"},
    {"B": 2, "I": 3, "H": 4, "name": "noaf"},
)

exercise = Exercise(
    id="E8.2",
    title="Six variants",
    solution=variant_step,
    minutes=10,
    difficulty=2,
    importance=4,
    lines=7,
    can_now="write any variant of the LSTM as a change of one line, and say which weights it does without",
    returns={"h": "(B, H)", "c": "(B, H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=SIZES,
    stub=source_of(variant_step)[0] + GIVEN.rstrip("\n"),
    edges={f'"{name}"': _edge(name) for name in ("nfg", "nog", "niaf")},
)
