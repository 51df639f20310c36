"""The character model that the notebooks train from 01 on: its text as numbers, its loop, what counting achieves.

Notebook 01 writes `start`, `train`, `one_batch`, `held_out_bits` and `write` in sight; here they stand for the
notebooks after it, with the text as an argument. The cell's step and its way back are always given, so that they may be
the learner's.
"""

import contextlib
import html
import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from tqdm.auto import tqdm

from . import _files, _record, data, reference
from ._display import aligned

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


def one_hot(numbers: np.ndarray, V: int, dtype: Any = float) -> np.ndarray:
    """(…) numbers from 0 to V - 1 as (…, V): 1 at the number's place, 0 elsewhere."""
    return np.eye(V, dtype=dtype)[numbers]


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


# --- the loop of notebook 01 ---------------------------------------------------------------------------------------


def start(
    text: Text, rows: int = 1, H: int = 96, seed: int = 0, dtype: Any = float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The weights before the first update: the cell's W, U, b, and W_out, b_out, which turn its state into guesses.

    rows: how many parts of H the cell computes from W, U and b (1 for the RNN, 4 for the LSTM): W (rows H, V).
    """
    rng, V = np.random.default_rng(seed), len(text.symbols)
    small = lambda *shape: rng.uniform(-1, 1, shape) / np.sqrt(H)
    cell = [small(rows * H, V), small(rows * H, H), np.zeros(rows * H)]
    head = [small(V, H), log_frequencies(text)]
    return [w.astype(dtype) for w in cell], [w.astype(dtype) for w in head]


def zeros(head: Sequence[np.ndarray], B: int, states: Sequence[str] = "h") -> tuple[np.ndarray, ...]:
    """The state before the first letter: for each of its parts zeros (B, H), in the precision of the weights."""
    return tuple(np.zeros((B, head[0].shape[1]), head[0].dtype) for _ in states)


def train(
    text: Text,
    updates: int,
    weights: tuple[list[np.ndarray], list[np.ndarray]] | None = None,
    learning_rate: float = 4e-3,
    T: int = 32,
    B: int = 16,
    states: Sequence[str] = "h",
    watch: Callable[[tuple[np.ndarray, ...]], object] | None = None,
    **parts: Any,
) -> tuple[list[np.ndarray], list[np.ndarray], list[float]]:
    """Train on the text, and return cell, head and the losses in bits per character.

    weights: (cell, head) to begin from, changed in place; `start` by default. states: the parts of the cell's state.
    watch: is given the state after each update. parts: step, backward, bptt and cross_entropy, see `one_batch`.
    """
    cell, head = weights or start(text)
    adam, state = Adam([*cell, *head], learning_rate), zeros(head, B, states)
    pieces, losses = batches(text.train, T, B), []
    for _ in tqdm(range(updates)):
        x, y = next(pieces)  # T letters at B places of the text, and the letters that follow them
        loss, grads, state = one_batch(cell, head, x, y, state, **parts)
        adam(clip(grads, 1.0))  # move each weight a little
        losses.append(loss / np.log(2))
        if watch:
            watch(state)
    return cell, head, losses


def one_batch(
    cell: Sequence[np.ndarray],
    head: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    state: tuple[np.ndarray, ...],
    step: Step,
    backward: Step,
    bptt: Callable[..., Sequence[np.ndarray]],
    cross_entropy: Callable[..., tuple[float, np.ndarray]],
) -> tuple[float, list[np.ndarray], tuple[np.ndarray, ...]]:
    """How wrong the model is about letters y (T, B) after x (T, B): the loss in nats, its gradients, the last state."""
    W_out, b_out = head
    # read: a state after each letter
    xs = one_hot(x, len(b_out), b_out.dtype)
    states = unroll(step, cell, xs, state)
    hs = np.concatenate([h for h, *_ in states[1:]])
    # guess what follows: how wrong, and which way is better?
    loss, dlogits = cross_entropy(hs @ W_out.T + b_out, y.ravel())
    # go back: from the guesses to the states, and through time to the weights
    dhs = (dlogits @ W_out).reshape(*x.shape, -1)
    grads = bptt(backward, cell, xs, states, dhs)
    return loss, [*grads, dlogits.T @ hs, dlogits.sum(axis=0)], states[-1]


def held_out_bits(
    text: Text,
    cell: Sequence[np.ndarray],
    head: Sequence[np.ndarray],
    step: Step,
    cross_entropy: Callable[..., tuple[float, np.ndarray]],
    B: int = 16,
    states: Sequence[str] = "h",
    state: tuple[np.ndarray, ...] | None = None,
) -> float:
    """Bits per character on the held-out text, read as B long pieces side by side from `state`, else from zeros."""
    x, y = next(batches(text.held_out, len(text.held_out) // B - 1, B))
    run = unroll(step, cell, one_hot(x, len(head[1]), head[1].dtype), state or zeros(head, B, states))
    hs = np.concatenate([h for h, *_ in run[1:]])
    return cross_entropy(hs @ head[0].T + head[1], y.ravel())[0] / np.log(2)


def write(
    text: Text,
    cell: Sequence[np.ndarray],
    head: Sequence[np.ndarray],
    step: Step,
    sample: Callable[[np.ndarray, float, np.ndarray], np.ndarray],
    length: int = 240,
    temperature: float = 0.7,
    seed: int = 1,
    begin: str = "The ",
    states: Sequence[str] = "h",
    state: tuple[np.ndarray, ...] | None = None,
) -> str:
    """`begin`, and `length` letters that the model draws after it, from `state` (its parts (1, H)), else from zeros."""
    (W_out, b_out), rng = head, np.random.default_rng(seed)
    state, unread, written = state or zeros(head, 1, states), text.encode(begin), begin
    for _ in range(length):
        state = unroll(step, cell, one_hot(unread, len(b_out), b_out.dtype)[:, None], state)[-1]  # read
        unread = sample(state[0] @ W_out.T + b_out, temperature, rng.random(1))  # draw
        written += text.decode(unread)
    return written


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

#: The cells that the notebooks train, with the name of the row that each adds.
NAMES = {
    reference.RNN: "RNN (01)",
    reference.LSTM97: "LSTM of 1997 (03)",
    reference.LSTM: "LSTM (04)",
    reference.PEEPHOLE: "peephole LSTM (05)",
    reference.COUPLED: "coupled (06)",
    reference.GRU: "GRU (07)",
}


def since_bracket(read: Iterable[str]) -> np.ndarray:
    """After each letter, how many letters ago the bracket was opened that is still open; -1 where none is: (T,)."""
    since, opened = [], None
    for t, letter in enumerate(read):
        opened = t if letter == "(" else None if letter == ")" else opened
        since.append(-1 if opened is None else t - opened)
    return np.array(since, int)


class Row(NamedTuple):
    """One trained model: its weights, bits per character in training and held out, CPU seconds, a line of its writing.

    cell: its name, with the number of its notebook in brackets at the end.
    """

    cell: str
    weights: int
    training: float
    held_out: float
    seconds: float | None
    line: str

    @property
    def notebook(self) -> str:
        """The number at the end of the name: "03" of "LSTM of 1997 (03)"."""
        return self.cell[-3:-1]


class Table:
    """The models that were trained so far, the best on held-out text first, between the n-grams that count.

    course: further rows, of the course's own networks. A notebook shows it all as a table with header cells; `print`
    shows it as text.
    """

    heads = ("", "weights", "bits, training", "bits, held out", "CPU seconds", "a line that it writes")

    def __init__(self, rows: Sequence[Row], baselines: dict[str, float], course: Sequence[Row] = ()):
        counted = [(bits, (name, "", "", f"{bits:.2f}", "", "")) for name, bits in baselines.items()]
        models = [(row.held_out, self._cells(row)) for row in (*rows, *course)]
        self.body = [cells for _, cells in sorted([*models, *counted], key=lambda row: row[0])]
        self.models = {row.cell for row in rows}

    @staticmethod
    def _cells(row: Row) -> tuple[str, ...]:
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        return row.cell, f"{row.weights:,}", f"{row.training:.2f}", f"{row.held_out:.2f}", seconds, row.line

    def __str__(self) -> str:
        return aligned([self.heads, *self.body])

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


def course_rows(before: str) -> list[Row]:
    """The course's own networks of the notebooks with a smaller number: medians of the stored run `character_model`.

    They were trained with PyTorch at the notebooks' learning rate, and tested from the state after training on; they
    have no seconds and no line. Without the record, outside of a checkout of the course, there are none.
    """
    try:
        record = json.loads((_record.RESULTS / "blocks" / "character_model.json").read_text(encoding="utf-8"))
    except OSError:
        return []
    V, H, rows = len(load().symbols), 96, []
    for cell, name in NAMES.items():
        of_cell = [row for row in record["rows"] if (row["name"], row["lr"]) == (cell.name, 0.004)]
        runs = [row["values"] for row in of_cell if row["block"] >= 0]
        weights = sum(int(np.prod(shape)) for shape in cell.shapes(V, H).values()) + V * (H + 1)
        training, held_out = (
            statistics.median(bits for run in runs for bits in run[of]) for of in ("bits_train", "bits_running")
        )
        rows.append(Row(name, weights, training, held_out, None, ""))
    return [row for row in rows if row.notebook < before]


def table(row: Row, baselines: dict[str, float]) -> Table:
    """The table with this row, with those of the notebooks that were run before, and with the course's for the others.

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
    own = {kept.notebook for kept in rows}
    course = [r._replace(cell=f"{r.cell}, the course's") for r in course_rows(row.notebook) if r.notebook not in own]
    return Table(rows, baselines, course)
