"""The character model that the notebooks train from 01 on: its text as numbers, what counting achieves, its table.

The training loop is not here: it stands in the notebooks, where it can be read and changed.
"""

import contextlib
import html
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import _files, _record, data, reference

#: step(*params, x, *state_) -> state, and backward(*params, x, *state_, *dstate) -> (*dparams, dx, *dstate_).
Step = Callable[..., tuple[np.ndarray, ...]]


class Text(NamedTuple):
    """A text as numbers: symbols (V,) its letters, train (n,) the first nine tenths, held_out (m,) the rest."""

    symbols: np.ndarray
    train: np.ndarray
    held_out: np.ndarray

    def encode(self, text: str) -> np.ndarray:
        """The numbers of the letters: (len(text),). Raises ValueError for a letter that the text does not have."""
        strange = sorted(set(text) - set(self.symbols.tolist()))
        if strange:
            raise ValueError(
                f"text must consist of the {len(self.symbols)} symbols, got {', '.join(map(repr, strange))}"
            )
        return np.searchsorted(self.symbols, list(text))

    def decode(self, numbers: Sequence[int] | np.ndarray) -> str:
        """The letters with these numbers, as one string."""
        return "".join(self.symbols[np.asarray(numbers)])


def load() -> Text:
    """Python's documentation as the running Python carries it. Raises data.DataUnavailable where it has none."""
    arrays, _ = data.load("text")
    numbers = arrays["numbers"].astype(int)
    cut = int(0.9 * len(numbers))
    return Text(arrays["symbols"], numbers[:cut], numbers[cut:])


def long_run() -> dict:
    """What `python -m lstmcourse.experiments.writing` stored: "rows" with its bits, "lines" that it wrote.

    Raises FileNotFoundError outside of a checkout of the course.
    """
    return json.loads((_record.RESULTS / "writing.json").read_text(encoding="utf-8"))["result"]


def one_hot(numbers: np.ndarray, V: int) -> np.ndarray:
    """(…) numbers from 0 to V - 1 as (…, V): 1 at the number's place, 0 elsewhere."""
    return np.eye(V)[numbers]


def log_frequencies(text: Text) -> np.ndarray:
    """ln of how often each letter comes in the training part: (V,). One is added to each count."""
    counts = np.bincount(text.train, minlength=len(text.symbols)) + 1
    return np.log(counts / counts.sum())


def batches(numbers: np.ndarray, T: int, B: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Without end: x (T, B), the next T letters at B places of the text, and y (T, B), the letters that follow them.

    Row by row the batches continue each other; at the end of the text all places start again.
    """
    n = len(numbers) // B
    streams, at = numbers[: n * B].reshape(B, n).T, 0
    while True:
        if at + T + 1 > n:
            at = 0
        yield streams[at : at + T], streams[at + 1 : at + T + 1]
        at += T


def unroll(step: Step, params: Sequence[np.ndarray], xs: np.ndarray, state: tuple) -> list[tuple]:
    """The T + 1 states, each a tuple and the first one given, of a cell's step along xs (T, B, I)."""
    states = [state]
    for x in xs:
        states.append(step(*params, x, *states[-1]))
    return states


def by_position(cell: reference.Cell) -> tuple[Step, Step]:
    """A cell's step and backward as the notebooks' loops call them, with every array in its place: see `Step`."""
    names, parts = tuple(cell.shapes(1, 1)), len(cell.states)

    def split(given: tuple) -> tuple:
        params, (x, *rest) = given[: len(names)], given[len(names) :]
        return reference.Params(**dict(zip(names, params, strict=True))), x, tuple(rest[:parts]), rest[parts:]

    def step(*given: np.ndarray) -> tuple:
        p, x, state, _ = split(given)
        return cell.forward(p, x, state)[0]

    def backward(*given: np.ndarray) -> tuple:
        p, x, state, dstate = split(given)
        d = reference.zeros_like(p)
        dx, dstate_ = cell.backward(p, d, cell.forward(p, x, state)[1], *dstate)
        return (*vars(d).values(), dx, *dstate_)

    return step, backward


def clip(gradients: Sequence[np.ndarray], most: float) -> list[np.ndarray]:
    """The gradients, all scaled by one factor where their joint norm is larger than `most` (Pascanu et al. 2013)."""
    norm = np.sqrt(sum((g * g).sum() for g in gradients))
    return [g * min(1.0, most / norm) for g in gradients]


class Adam:
    """The optimizer of Kingma and Ba (2015), algorithm 1. Called with gradients, it changes the weights in place."""

    def __init__(self, weights: Sequence[np.ndarray], learning_rate: float):
        self.weights, self.learning_rate, self.n = weights, learning_rate, 0
        self.m, self.v = ([np.zeros_like(w) for w in weights] for _ in range(2))

    def __call__(self, gradients: Sequence[np.ndarray]) -> None:
        self.n += 1
        for w, g, m, v in zip(self.weights, gradients, self.m, self.v, strict=True):
            m += 0.1 * (g - m)  # the mean of the gradient, of late
            v += 0.001 * (g * g - v)  # the mean of its square
            w -= self.learning_rate * (m / (1 - 0.9**self.n)) / (np.sqrt(v / (1 - 0.999**self.n)) + 1e-8)


def witten_bell(train: np.ndarray, held_out: np.ndarray, V: int, most: int) -> list[float]:
    """Bits per character of n-gram tables on the held-out text, for n = 1 … most.

    The table for n counts what followed each run of n - 1 letters; where it has seen little, it borrows from the
    table for n - 1 (Witten and Bell 1991, method C).
    """
    before, after = "".join(map(chr, train)), "".join(map(chr, held_out))
    p, bits = np.full(len(after), 1 / V), []
    for k in range(most):
        runs = Counter(before[i : i + k + 1] for i in range(len(before) - k))
        seen, kinds = Counter[str](), Counter[str]()
        for run, count in runs.items():
            seen[run[:k]] += count
            kinds[run[:k]] += 1
        for i in range(k, len(after)):
            c = after[i - k : i]
            if c in seen:
                p[i] = (runs[after[i - k : i + 1]] + kinds[c] * p[i]) / (seen[c] + kinds[c])
        bits.append(float(-np.log2(p[k:]).mean()))
    return bits


# --- the table that grows from notebook to notebook ---------------------------------------------------------------


class Row(NamedTuple):
    """One trained model: its weights, bits per character in training and held out, seconds, a line that it wrote."""

    cell: str
    weights: int
    training: float
    held_out: float
    seconds: float
    line: str


class Table:
    """The models that were trained so far, the best on held-out text first, between the n-grams that count.

    A notebook shows it as a table with header cells; `print` shows it as text.
    """

    heads = ("", "weights", "bits, training", "bits, held out", "seconds", "a line that it writes")

    def __init__(self, rows: Sequence[Row], baselines: dict[str, float]):
        models = [
            (
                r.held_out,
                (r.cell, f"{r.weights:,}", f"{r.training:.2f}", f"{r.held_out:.2f}", f"{r.seconds:.1f}", r.line),
            )
            for r in rows
        ]
        counted = [(bits, (name, "", "", f"{bits:.2f}", "", "")) for name, bits in baselines.items()]
        self.body = [cells for _, cells in sorted([*models, *counted], key=lambda row: row[0])]
        self.models = {r.cell for r in rows}

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.heads, *self.body, strict=True)]
        lines = [self.heads, *self.body]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'
        head = "".join(f'<th scope="col" {left}>{h}</th>' if h else "<td></td>" for h in self.heads)
        body = ""
        for name, *numbers, line in self.body:
            bold = "" if name in self.models else ";font-weight:normal"
            written = f"<code>{html.escape(line)}</code>" if line else ""
            cells = "".join(f"<td>{number}</td>" for number in numbers) + f"<td {left}>{written}</td>"
            body += f'<tr><th scope="row" style="text-align:left{bold}">{html.escape(name)}</th>{cells}</tr>'
        caption = "Bits per character; counting tables for comparison"
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table(row: Row, baselines: dict[str, float]) -> Table:
    """The table with this row, and with those of the notebooks that were run before.

    A row takes the place of an earlier one of its cell. The rows are kept in letters.json in the learner's own folder;
    a file that cannot be read counts as empty, one that cannot be written leaves the table as it is on the screen.
    """
    file = _files.home() / "letters.json"
    try:
        rows = [Row(*kept) for kept in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        rows = []
    rows = [kept for kept in rows if kept.cell != row.cell] + [row]
    with contextlib.suppress(OSError):
        _files.write(file, json.dumps(rows, indent=1))
    return Table(rows, baselines)
