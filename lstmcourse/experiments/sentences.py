"""Sentences that popular articles write about LSTMs, each with the measurement that decides it.

A `Sentence` is judged when it is asked: `judge(measured, cases)` takes the one verdict whose condition holds. The
numbers are measured on the spot or read from stored runs; no verdict is written down.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from .. import reference, tasks
from .._display import aligned
from ..probes import gate_traces
from ._records import blocks, load
from ._verdict import verdict
from .stories import train_story

MARKS = {"true": "✓", "false": "✗", "depends": "±"}
Range = Sequence[float]


class Judged(NamedTuple):
    """A verdict, "true …", "false …" or "depends on …", and what was measured, in words."""

    verdict: str
    measured: str

    @property
    def mark(self) -> str:
        """✓, ✗ or ±."""
        return MARKS[self.verdict.split()[0].rstrip(",:")]


class Sentence(NamedTuple):
    """says: the claim, in the course's words. said_in: the article. tested: how. rule: returns its `Judged`."""

    says: str
    said_in: str
    tested: str
    rule: Callable[[], Judged]


def judge(measured: str, cases: Mapping[str, bool]) -> Judged:
    """The one verdict whose condition holds. ValueError where none or several do."""
    held = [words for words, holds in cases.items() if holds]
    if len(held) != 1:
        raise ValueError(f"exactly one of {', '.join(cases)} must hold, {len(held)} do: {measured}")
    return Judged(held[0], measured)


def king_story(cell: str) -> np.ndarray:
    """The king story: the median share of right answers, by block and by the steps since the death (DISTANCES).

    (blocks, 5), from `two_stories`.
    """
    record = blocks("two_stories")
    return np.array([np.median(block, axis=0) for block in record.values(f"kings, {cell}", "by_distance")])


def gradient_by_lag(
    cell: reference.Cell, bias: float = 0.0, times: float = 1.0, seed: int = 0, T: int = 100, I: int = 8, H: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """A new network on noise: what is left of the last step's gradient k steps back, (T,), and its forget gates.

    bias: of the forget gates of an LSTM; times: by how much all weights are larger than at PyTorch's start, biases
    included. ValueError for both at once.
    """
    if bias and times != 1:
        raise ValueError(f"bias must be 0 where times is not 1, which draws the biases too; got {bias} and {times}")
    rng = np.random.default_rng(seed)
    p = reference.init(cell, I, H, rng, scale=times / np.sqrt(H))
    if "f" in cell.rows and times == 1:
        p.b[H * cell.rows.index("f") :][:H] = bias
    states, caches = reference.unroll(cell, p, rng.normal(size=(T, 4, I)))
    last = [np.zeros_like(s) for s in states]
    last[0][-1] = rng.normal(size=(4, H))
    dxs = reference.unroll_backward(cell, p, caches, tuple(last))[1]
    norms = np.array([np.linalg.norm(dx) for dx in dxs[::-1]])
    return norms / norms[0], np.array([cache.get("f", 0.0) for cache in caches])


def _from_to(values: Range, form: str = ".0f") -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def _default_memory() -> Judged:
    half = {}
    for bias in (0, 1, 5):
        gates = [gradient_by_lag(reference.LSTM, bias, seed=s)[1] for s in range(10)]
        half[bias] = [float(np.log(0.5) / np.log(f).mean()) for f in gates]
    said = ", ".join(f"{_from_to(steps, '.1f')} with bias {bias}" for bias, steps in half.items())
    return judge(
        f"Half of c is left after so many steps, in ten new LSTMs: {said}.",
        {
            "depends on the forget bias": max(half[0]) < 2 and min(half[5]) > 90,
            "true": min(half[0]) > 90,
            "false": max(half[5]) < 9,
        },
    )


def _exploding() -> Judged:
    grown = {
        times: [float(gradient_by_lag(reference.LSTM, times=times, seed=s)[0][-1]) for s in range(10)]
        for times in (1, 16)
    }
    return judge(
        f"Over 100 steps the gradient becomes {_from_to(grown[16], '.0e')} times as large with weights 16 times those "
        f"of PyTorch's start, and {_from_to(grown[1], '.0e')} times with those: along c the factor is at most 1, the "
        "other paths have no bound.",
        {"true where weights are large": bool(np.median(grown[16]) > 1e6), "false": max(grown[16]) < 10},
    )


def _hundreds_of_steps() -> Judged:
    record = blocks("adding_long")
    found = verdict(record, "LSTM, chrono", "LSTM", measure="learnt_at")
    learnt = {side.name: sum(k for k, _ in record.counts(side.name, side.lr)) for side in (found.a, found.b)}
    n = record.nets * len(record.blocks)
    medians = " and ".join(f"{side.name}: {learnt[side.name]} of {n}, in the median by update {side.median:.0f}"
                           for side in (found.b, found.a))  # fmt: skip
    far = blocks("adding_1000")
    (begun, starts), at = map(sum, zip(*far.counts("LSTM, chrono"), strict=True)), far.pooled("LSTM, chrono")
    thousand = f"Over 1,000 steps with chrono: {begun} of {starts}, in the median by update {np.median(at):.0f}"
    return judge(
        f"Adding over 200 steps, learnt within 2,000 updates. {medians}. {thousand}.",
        {
            "depends on the start": found.stable and found.a.median < found.b.median / 2,
            "true": learnt["LSTM, chrono"] < n / 2,
            "false": learnt["LSTM"] > n / 2 and not found.differs,
        },
    )


def _weights() -> dict[str, int]:
    return {c.name: sum(int(np.prod(s)) for s in c.shapes(94, 96).values()) for c in reference.CELLS}


def _gru_cheaper() -> Judged:
    programs = {way: (("gru", way), ("lstm", way)) for way in ("loop", "scan", "NumPy reference")}
    programs["torch.nn"] = (("torch.nn.GRU", ""), ("torch.nn.LSTM", ""))
    shares: dict[str, list[float]] = {way: [] for way in programs}
    for size in load("bench_cpu")["results"]:
        ms = {(row["name"], row["way"]): row["both"]["ms"] for row in size["rows"] if "both" in row}
        for way, (gru, lstm) in programs.items():
            shares[way] += [ms[gru] / ms[lstm]] if gru in ms and lstm in ms else []
    weights = _weights()
    ratio = weights["gru_reset_before"] / weights["lstm"]
    every = [share for way in shares.values() for share in way]
    said = ", ".join(f"{way} {_from_to(found, '.2f')}" for way, found in shares.items())
    return judge(
        f"{ratio} of the LSTM's weights. Its time, as a share of the LSTM's, by program: {said}.",
        {
            "depends on the program: cheaper it is, faster not always": ratio == 0.75 and min(every) < 1 < max(every),
            "true": ratio == 0.75 and max(every) <= 1,
            "false": min(every) >= 1,
        },
    )


def _parameters() -> Judged:
    weights = _weights()
    ratio = weights["lstm"] / weights["rnn"]
    return judge(f"{ratio:g} times as many at equal width.", {"true": ratio == 4, "false": ratio < 2})


def _peepholes() -> Judged:
    few = blocks("subsets")
    rows = [(name.removeprefix("peepholes ").replace("none", ""), few.pooled(name, "reach")) for name in few.grid]
    far = {
        (gate, there): sum(n >= 100 for sees, reach in rows for n in reach if (gate in sees) == there)
        for gate in "ifo" for there in (True, False)
    }  # fmt: skip
    record = blocks("intervals")
    timing = [verdict(record, a, b).differs for a, b in record.pairs if "gru" not in (a, b)]
    of = sum(len(reach) for _, reach in rows) // 2
    said = ", ".join(f"{gate} {far[gate, True]} with and {far[gate, False]} without" for gate in "ifo")
    return judge(
        f"Networks that count to 100, of {of} each, by the gate that has a peephole: {said}. Intervals: "
        f"{sum(timing)} of {len(timing)} comparisons differ.",
        {
            "depends on the task: counting wants that of f": far["f", True] > 10 > far["f", False] and not all(timing),
            "true, all are needed": all(timing),
            "false, none is": far["f", True] <= far["f", False] and not any(timing),
        },
    )


def _gate_ends() -> Judged:
    story = tasks.kings(np.random.default_rng(7), 100, 40).x.astype(np.float32)
    outside: dict[str, list[float]] = {gate: [] for gate in "ifo"}
    for seed in (0, 1000, 2000):
        nets, _ = train_story("kings", "lstm", n=3, steps=150, seed=seed, progress=False, lr=0.03)
        traces = [gate_traces(nets.member(k)[0], story) for k in range(3)]
        for gate, found in outside.items():
            found.append(float(np.mean([(trace[gate] < 0.1) | (trace[gate] > 0.9) for trace in traces])))
    said = ", ".join(f"{gate} {_from_to(found, '.0%')}" for gate, found in outside.items())
    return judge(
        f"Values below 0.1 or above 0.9, in three blocks of three LSTMs trained on the spot: {said}.",
        {"false: most values lie between": max(outside["f"]) < 0.5, "true": min(outside["f"]) > 0.9},
    )


def _overshadowed() -> Judged:
    lost = {cell: (story := king_story(cell))[:, 0] - story[:, -1] for cell in ("rnn", "lstm")}
    said = ", ".join(f"{cell.upper()} {_from_to(100 * found, '.1f')}" for cell, found in lost.items())
    middle = float(np.median(lost["rnn"]))
    return judge(
        f"Right answers lost between 0 to 4 and 40 to 79 steps after the event, in points of 100: {said}.",
        {
            "true, but by little": 0 < middle < 0.2 and np.median(lost["lstm"]) < middle,
            "true": middle >= 0.2,
            "false": middle <= 0,
        },
    )


def _forward_too() -> Judged:
    p = reference.init(reference.LSTM, 3, 4, np.random.default_rng(0))
    p.U[:] = 0.0  # the direct path along c alone
    xs, zero, dc = np.random.default_rng(1).normal(size=(20, 1, 3)), np.zeros((1, 4)), np.zeros((20, 1, 4))
    (_, with_0), caches = reference.unroll(reference.LSTM, p, xs, (zero, zero))
    (_, with_1), _ = reference.unroll(reference.LSTM, p, xs, (zero, zero + 1))
    dc[-1] = 1.0
    back = reference.unroll_backward(reference.LSTM, p, caches, (0 * dc, dc))[2][1]
    ahead, product = with_1[-1] - with_0[-1], np.prod([cache["f"] for cache in caches], axis=0)
    same = np.allclose(ahead, product) and np.allclose(back, product)
    return judge(
        f"Of 1 added to c, {ahead.max():.1e} is left after 20 steps, and as much of a gradient on its way back: the "
        "product of the forget gates, both times.",
        {"true along c, and by one product both ways": same, "false": not same},
    )


def _sigma_candidate() -> Judged:
    record, longer = blocks("sigma_candidate"), blocks("sigma_candidate", times=3)
    names = {kind: [name for name in record.grid if name.startswith(kind)] for kind in ("σ", "tanh")}
    best, later = (
        max(n for k in names["σ"] for lr in r.rates for n in r.pooled(k, "reach", lr)) for r in (record, longer)
    )
    usual = [float(np.median(record.pooled(k, "reach", lr))) for k in names["tanh"] for lr in record.rates]
    return judge(
        f"Counting, trained to 10: with σ none gets beyond {best}, after three times the updates none beyond {later}; "
        f"with tanh half get to {_from_to(usual)} or more.",
        {"false where something must be lowered": max(best, later) < min(usual), "true": best >= max(usual)},
    )


UNLOCKING, UNDERSTANDING = "Unlocking the power of LSTM networks", "Understanding LSTM's and GRU's"
WORKING, OLAH = "Working of LSTM and GRU", "Olah, Understanding LSTM Networks (2015)"

SENTENCES = (
    Sentence("remembering for a long time is what an LSTM does by default", OLAH,
             "half-life of c at the start, forget biases 0, 1 and 5", _default_memory),
    Sentence("an LSTM does not solve exploding gradients, so clip", UNDERSTANDING,
             "gradient after 100 steps, usual and large weights", _exploding),
    Sentence("an LSTM handles about 100 steps and struggles with hundreds or thousands", WORKING,
             "adding over 200 steps, PyTorch's start and chrono, five blocks", _hundreds_of_steps),
    Sentence("a GRU is faster and cheaper than an LSTM", f"{UNDERSTANDING}; {WORKING}",
             "weights counted; time in four programs at eight sizes", _gru_cheaper),
    Sentence("an LSTM has far more parameters than an RNN", UNDERSTANDING, "counted", _parameters),
    Sentence("peepholes go to all gates, though many papers give them to some only", OLAH,
             "counting with each of the eight subsets; intervals", _peepholes),
    Sentence("gates decide between keeping completely and forgetting completely", f"{OLAH}; {WORKING}",
             "the share of gate values near 0 or 1 in trained networks", _gate_ends),
    Sentence("in an RNN the short-term context overshadows the long-term one", UNLOCKING,
             "the king story, by the steps since the event", _overshadowed),
    Sentence("in an LSTM what is stored can still vanish in the forward direction", UNDERSTANDING,
             "1 added to c, and a gradient on the way back", _forward_too),
    Sentence("the candidate may as well go through σ", f"{UNDERSTANDING}, in its equations",
             "counting with σ and with tanh, 2 and 4 units, five blocks", _sigma_candidate),
)  # fmt: skip


WORDS = {"t": "true", "f": "false", "d": "depends"}


class Verdicts:
    """Judged sentences as a table: a mark, the sentence, the verdict; each unfolds to what was measured.

    rows: (number, sentence, its verdict, the reader's guess "t", "f", "d" or "").
    """

    def __init__(self, rows: Sequence[tuple[int, Sentence, Judged, str]]):
        self.rows = list(rows)

    @property
    def agreed(self) -> int:
        """How many guesses are right."""
        return sum(WORDS.get(guess, "?") == judged.verdict.split()[0].rstrip(",:") for _, _, judged, guess in self.rows)

    def __str__(self) -> str:
        return aligned([(str(k), row.mark, says.says, row.verdict) for k, says, row, _ in self.rows])

    def _repr_html_(self) -> str:
        body = "".join(
            f'<details style="margin:.4em 0"><summary>{k} <b>{judged.mark}</b>&ensp;{escape(sentence.says)}: '
            f"<b>{escape(judged.verdict)}</b>{f' (you: {WORDS[guess]})' if guess in WORDS else ''}</summary>"
            f'<p style="margin:.2em 0 .6em 2.4em">{escape(judged.measured)}<br>'
            f"<i>Tested by: {escape(sentence.tested)}. Said in: {escape(sentence.said_in)}.</i></p></details>"
            for k, sentence, judged, guess in self.rows
        )
        guessed = sum(guess in WORDS for *_, guess in self.rows)
        told = f"<p>You agree with {self.agreed} of {guessed}.</p>" if guessed else ""
        return f'<div style="text-align:left;max-width:56em">{told}{body}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}


def judged_sentences(guesses: str = "", by: str = "verdict") -> Verdicts:
    """All of SENTENCES, judged now.

    guesses: a letter each, in their order: t true, f false, d depends; blanks are left out. by: the order, "verdict"
    (true, then depends, then false), "number" or "article". ValueError for another order or other letters.
    """
    letters = guesses.replace(" ", "").lower()
    if letters and (len(letters) != len(SENTENCES) or set(letters) - set(WORDS)):
        raise ValueError(f"guesses must be {len(SENTENCES)} letters t, f or d, got {guesses!r}")
    keys: dict[str, Callable[[tuple[int, Sentence, Judged, str]], str | int]] = {
        "verdict": lambda row: "✓±✗".index(row[2].mark),
        "number": lambda row: row[0],
        "article": lambda row: row[1].said_in,
    }
    if by not in keys:
        raise ValueError(f"by must be one of {', '.join(keys)}; got {by!r}")
    rows = [(k, one, one.rule(), letters[k - 1 : k]) for k, one in enumerate(SENTENCES, start=1)]
    return Verdicts(sorted(rows, key=keys[by]))
