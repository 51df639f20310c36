"""What came after the cells of this course, in plain functions: attention, scans for loops, an exponential gate.

Sequence to sequence: `dates` writes dates in many forms, `Translator` reads one letter by letter and writes it again as
2026-11-30, with `attend` (attention) or without.
Recurrences whose gates do not see h: `loop` and `scan` compute all states of h = a ∘ h₋ + b, `log_scan` those of
positive b; `min_gru`, `min_lstm` and `mamba` say what a and b are.
Exponential gates: `exponential_gate` and `unstabilised` in NumPy; `lstm`, `slstm` and `sigmoid_slstm` are steps on
pre-activations, of any number of networks side by side.
"""

import datetime
import string
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.nn.utils.rnn import pad_packed_sequence

from .nn import GRU, pack
from .reference import sigmoid

# ── sequence to sequence ──

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AROUND = "the letter was written on a cold day and she read it again when rain came over hills".split()  # noqa: SIM905
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)

READ = " ,./" + string.digits + string.ascii_letters
"""The letters of a text; their numbers begin at 1, 0 is padding."""
WRITE = string.digits + "-."
"""The letters of an answer. The full stop ends it, and is what stands before its first letter."""
STOP = WRITE.index(".")


def _th(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


FORMS: tuple[Callable[[datetime.date], str], ...] = (
    lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"{d.year}/{d.month}/{d.day}",
    lambda d: f"the {_th(d.day)} of {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{DAYS[d.weekday()]}, {MONTHS[d.month - 1][:3]} {d.day} {d.year}",
)
"""How a date is written; none leaves open which number is the day."""


def dates(rng: np.random.Generator, n: int, words: int | tuple[int, int] = (0, 3)) -> tuple[list[str], list[str]]:
    """n texts, each a date from 1900 to 2099 among other words, and their answers, the dates as "2026-11-30.".

    words: how many other words there are, a number or the least and the most. ValueError for n or words below 0.
    """
    least, most = (words, words) if isinstance(words, int) else words
    if n < 0 or not 0 <= least <= most:
        raise ValueError(f"n and words must be at least 0, and words from the least to the most, got {n} and {words}")
    texts, answers = [], []
    for _ in range(n):
        day = datetime.date.fromordinal(int(rng.integers(FIRST.toordinal(), LAST.toordinal() + 1)))
        others = [AROUND[k] for k in rng.integers(len(AROUND), size=rng.integers(least, most + 1))]
        before = int(rng.integers(len(others) + 1))
        texts.append(" ".join([*others[:before], FORMS[rng.integers(len(FORMS))](day), *others[before:]]))
        answers.append(day.isoformat() + ".")
    return texts, answers


def as_read(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """x (T, B) and lengths (B,): the letters' numbers in `READ`, from 1 on, with 0 after the end.

    ValueError for no text, an empty one, and a letter that is not in `READ`.
    """
    strange = sorted(set("".join(texts)) - set(READ))
    if not texts or not all(texts) or strange:
        raise ValueError(f"texts must be one at least, none empty, of letters in READ, got {strange or list(texts)}")
    lengths = torch.tensor([len(text) for text in texts])
    x = torch.zeros(int(lengths.max()), len(texts), dtype=torch.long)
    for k, text in enumerate(texts):
        x[: len(text), k] = torch.tensor([1 + READ.index(letter) for letter in text])
    return x, lengths


def as_written(answers: Sequence[str]) -> Tensor:
    """y (N, B): the numbers in `WRITE` of answers that are of one length."""
    return torch.tensor([[WRITE.index(letter) for letter in answer] for answer in answers]).T


def attend(query: Tensor, keys: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Dot-product attention: query (B, H), keys (T, B, H), lengths (B,) -> context (B, H), weights (T, B).

    Scores are divided by √H (Vaswani et al., 2017); steps from a sequence's length on have weight 0.
    """
    scores = (keys * query).sum(dim=2) / query.shape[1] ** 0.5
    valid = torch.arange(len(keys), device=keys.device)[:, None] < lengths
    weights = scores.masked_fill(~valid, -torch.inf).softmax(dim=0)
    return (weights[:, :, None] * keys).sum(dim=0), weights


class Translator(nn.Module):
    """Reads a text letter by letter in both directions, and writes an answer letter by letter.

    attend: as `attend`, called for each letter that is written; None: the writer has the reader's last state alone.
    units: of the writer; the reader has half as many in each direction. ValueError for odd units.
    """

    def __init__(self, attend: Callable[..., tuple[Tensor, Tensor]] | None = None, units: int = 64, size: int = 32):
        super().__init__()
        if units % 2:
            raise ValueError(f"units must be even, half of them for each direction of the reader, got {units}")
        self.attend = attend
        self.letters_read, self.letters_written = nn.Embedding(1 + len(READ), size), nn.Embedding(len(WRITE), size)
        self.reader, self.writer = GRU(size, units // 2, bidirectional=True), GRU(size, units)
        self.mix, self.out = nn.Linear(units * (2 if attend else 1), units), nn.Linear(units, len(WRITE))

    def read(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """x (T, B), lengths (B,) -> keys (T, B, units), a state for each letter, and the last ones (1, B, units)."""
        packed, last = self.reader(pack(self.letters_read(x), lengths))
        keys, _ = pad_packed_sequence(packed, total_length=len(x))
        return keys, torch.cat([last[0], last[1]], dim=1)[None]

    def write(
        self, before: Tensor, state: Tensor, keys: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """before (N, B), the letters before the written ones -> logits (N, B, K), state, weights (N, T, B) or None."""
        hs, state = self.writer(self.letters_written(before), state)
        if self.attend is None:
            return self.out(torch.tanh(self.mix(hs))), state, None
        contexts, weights = zip(*(self.attend(h, keys, lengths) for h in hs), strict=True)
        both = torch.cat([torch.stack(contexts), hs], dim=2)
        return self.out(torch.tanh(self.mix(both))), state, torch.stack(weights)

    def forward(self, x: Tensor, lengths: Tensor, y: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits (N, B, K) of each letter of y (N, B) after the right ones before it (teacher forcing), and weights."""
        keys, state = self.read(x, lengths)
        before = torch.cat([torch.full_like(y[:1], STOP), y[:-1]])
        logits, _, weights = self.write(before, state, keys, lengths)
        return logits, weights

    def stepper(self, texts: Sequence[str]) -> tuple[Callable[[np.ndarray, Any], tuple[np.ndarray, Any]], Any]:
        """step(letters (B,), state) -> (logits (B, K), state) in NumPy, and the state to begin with."""
        x, lengths = as_read(texts)
        with torch.no_grad():
            keys, state = self.read(x, lengths)

        @torch.no_grad()
        def step(letters: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
            logits, state, _ = self.write(torch.as_tensor(letters)[None], state, keys, lengths)
            return logits[0].numpy(), state

        return step, state


def greedy(
    step: Callable[[np.ndarray, Any], tuple[np.ndarray, Any]], state: Any, batch: int, stop: int, most: int
) -> np.ndarray:
    """The likeliest letter at each step, read again at the next: (N, batch), N at most `most`.

    step(letters (batch,), state) -> (logits (batch, K), state). What is read first is `stop`, and a sequence that has
    written it goes on with it; when all have, the writing ends.
    """
    letters, done = np.full(batch, stop), np.zeros(batch, bool)
    written: list[np.ndarray] = []
    while len(written) < most and not done.all():
        logits, state = step(letters, state)
        letters = np.where(done, stop, logits.argmax(axis=1))
        done |= letters == stop
        written.append(letters)
    return np.array(written)


# ── gates that do not see h: scans in place of loops ──


def loop(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """h_t = a_t ∘ h_{t-1} + b_t from h = 0, a step at a time; a, b and the result (T, …)."""
    h = np.zeros_like(b)
    h[0] = b[0]
    for t in range(1, len(b)):
        h[t] = a[t] * h[t - 1] + b[t]
    return h


def scan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What `loop` computes, in about 2 log₂ T rounds (Blelloch, 1990).

    Two steps are one, with a₂ a₁ and a₂ b₁ + b₂: the scan of half as many steps gives every second state.
    """
    if len(b) == 1:
        return b.copy()
    a_, b_ = a[0:-1:2], b[0:-1:2]
    h = np.empty_like(b)
    h[1::2] = scan(a[1::2] * a_, a[1::2] * b_ + b[1::2])
    h[0] = b[0]
    h[2::2] = a[2::2] * h[1:-1:2] + b[2::2]
    return h


def scan_backward(a: np.ndarray, h: np.ndarray, dh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """da and db for dh, what the loss sends into each h, all (T, …): a scan from the last step to the first."""
    later = np.concatenate([a[1:], np.zeros_like(a[:1])])  # from h_t the gradient reaches h_{t+1} through a_{t+1}
    db = scan(later[::-1], dh[::-1])[::-1]
    return db * np.concatenate([np.zeros_like(h[:1]), h[:-1]]), db


def log_scan(log_a: np.ndarray, log_b: np.ndarray) -> np.ndarray:
    """log h for positive b, as Feng et al. (2024) compute it: A + log Σ exp(log b − A), A the sum of log a so far."""
    A = np.cumsum(log_a, axis=0)
    return A + np.logaddexp.accumulate(log_b - A, axis=0)


class Recurrence(NamedTuple):
    """a and b (T, B, H) of h = a ∘ h₋ + b."""

    a: np.ndarray
    b: np.ndarray


def min_gru(W: np.ndarray, b: np.ndarray, xs: np.ndarray) -> Recurrence:
    """minGRU (Feng et al., 2024): h = (1 − z) ∘ h₋ + z ∘ n. W (2H, I), b (2H,), rows z, n; xs (T, B, I)."""
    z, n = np.split(xs @ W.T + b, 2, axis=2)
    return Recurrence(sigmoid(-z), sigmoid(z) * n)


def min_lstm(W: np.ndarray, b: np.ndarray, xs: np.ndarray) -> Recurrence:
    """minLSTM (Feng et al., 2024): c = f ∘ c₋ + i ∘ g, f and i divided by f + i. W (3H, I), b (3H,), rows i, f, g."""
    i, f, g = np.split(xs @ W.T + b, 3, axis=2)
    i, f = sigmoid(i), sigmoid(f)
    return Recurrence(f / (f + i), i / (f + i) * g)


def mamba(delta: np.ndarray, A: float, B: float, xs: np.ndarray) -> Recurrence:
    """A state space h' = A h + B x held for a time delta at each step (Gu and Dao, 2023, equation 4); all (T, B, H)."""
    kept = np.exp(delta * A)
    return Recurrence(kept, (kept - 1) / A * B * xs)


# ── exponential gates ──


def exponential_gate(
    i: np.ndarray, f: np.ndarray, g: np.ndarray, c_: np.ndarray, n_: np.ndarray, m_: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A step of c, n and m in xLSTM's sLSTM (Beck et al., 2024); h is o ∘ c / n. i, f: before their exp and σ.

    m begins at −∞, c and n at 0. Everything (B, H).
    """
    log_f = -np.logaddexp(0, -f)
    m = np.maximum(log_f + m_, i)
    kept, written = np.exp(log_f + m_ - m), np.exp(i - m)
    return kept * c_ + written * g, kept * n_ + written, m


def unstabilised(
    i: np.ndarray, f: np.ndarray, g: np.ndarray, c_: np.ndarray, n_: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same step without m: c = σ(f) ∘ c₋ + exp(i) ∘ g and n = σ(f) ∘ n₋ + exp(i)."""
    return sigmoid(f) * c_ + np.exp(i) * g, sigmoid(f) * n_ + np.exp(i)


State = tuple[Tensor, ...]


def lstm(a: Tensor, state: State) -> State:
    """A step of the LSTM on its pre-activations (…, 4H), rows i f g o; state h, c."""
    i, f, g, o = a.chunk(4, dim=-1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def slstm(a: Tensor, state: State, log_gate: Callable[[Tensor], Tensor] = lambda i: i) -> State:
    """A step of the sLSTM on its pre-activations (…, 4H), rows i f g o; state h, c, n, m."""
    i, f, g, o = a.chunk(4, dim=-1)
    _, c_, n_, m_ = state
    log_i, log_f = log_gate(i), logsigmoid(f)
    m = torch.maximum(log_f + m_, log_i)
    kept, written = (log_f + m_ - m).exp(), (log_i - m).exp()
    c, n = kept * c_ + written * g.tanh(), kept * n_ + written
    return o.sigmoid() * c / n, c, n, m


def sigmoid_slstm(a: Tensor, state: State) -> State:
    """The same with σ for exp in the input gate: what the normaliser n does by itself."""
    return slstm(a, state, logsigmoid)


STEPS = {
    "lstm": (lstm, (0, 0)),
    "slstm": (slstm, (0, 0, 0, -torch.inf)),
    "sigmoid": (sigmoid_slstm, (0, 0, 0, -torch.inf)),
}
"""Name -> a step, and where each part of its state begins."""
