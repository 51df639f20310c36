"""One rule for every conclusion: counts by block, an exact test over nets, and no block that turns it round."""

from collections.abc import Sequence
from math import comb, isfinite
from typing import NamedTuple

from scipy import stats

from .._statistics import wilson
from ._records import Record
from ._registry import ExperimentError

LEVEL = 0.05
BLOCKS = 5  # over fewer, no difference is claimed
Counts = Sequence[tuple[int, int]]  # (solved, nets) of each block


def fisher(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Fisher's exact test, two-sided, of `a` and `b`, (solved, nets) each: its p."""
    return float(stats.fisher_exact([[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]]).pvalue)


def rank_test(a: Sequence[float], b: Sequence[float]) -> float:
    """The exact two-sided rank-sum test (Wilcoxon 1945; Mann and Whitney 1947), ties by mid-ranks: its p."""
    both = sorted([*a, *b])
    twice = {value: both.index(value) + 1 + len(both) - both[::-1].index(value) for value in set(both)}
    ranks = [twice[value] for value in [*a, *b]]  # twice the mid-rank, an integer
    ways: list[dict[int, int]] = [{0: 1}] + [{} for _ in a]  # size of a subset -> {its rank sum: how many subsets}
    for rank in ranks:
        for size in range(len(a) - 1, -1, -1):
            for total, count in ways[size].items():
                ways[size + 1][total + rank] = ways[size + 1].get(total + rank, 0) + count
    middle = len(a) * sum(ranks) / len(ranks)
    seen = abs(sum(ranks[: len(a)]) - middle)
    return sum(n for total, n in ways[-1].items() if abs(total - middle) >= seen - 1e-9) / comb(len(ranks), len(a))


class Side(NamedTuple):
    """One of two networks compared.

    counts: (solved, nets) for each block, empty where the measure decides; medians: the measure's, for each block;
    median: of all nets.
    """

    name: str
    lr: float
    counts: list[tuple[int, int]]
    medians: list[float]
    median: float

    @property
    def pooled(self) -> tuple[int, int]:
        """(solved, nets) over all blocks."""
        return sum(k for k, _ in self.counts), sum(n for _, n in self.counts)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the pooled rate."""
        return wilson(*self.pooled)

    @property
    def scores(self) -> list[float]:
        """One number for each block and, last, for all together: the more the better."""
        if self.counts:
            return [k / n for k, n in [*self.counts, self.pooled]]
        return [-m for m in [*self.medians, self.median]]

    def __str__(self) -> str:
        if not self.counts:
            spread = f"blocks {min(self.medians):.4g} to {max(self.medians):.4g}"
            return f"{self.name} (rate {self.lr:g}) {self.median:.4g} ({spread})"
        (solved, nets), (low, high) = self.pooled, self.interval
        parts = [k for k, _ in self.counts]
        spread = f"blocks {min(parts)} to {max(parts)} of {self.counts[0][1]}"
        rates = f"{100 * solved / nets:.0f} %, interval {100 * low:.0f} to {100 * high:.0f}"
        return f"{self.name} (rate {self.lr:g}) {solved} of {nets} ({rates}; {spread})"


class Verdict(NamedTuple):
    """What a comparison came to.

    p: of the exact test over all nets; looks: how many comparisons the experiment makes, by which p is multiplied.
    signs: for each block +1 where a is ahead, -1 where b is, 0 in a tie; ahead: the same for all nets together.
    by_rate: the same sign for each rate that both were trained with.
    """

    a: Side
    b: Side
    p: float
    looks: int
    signs: list[int]
    ahead: int
    by_rate: dict[float, int]

    @property
    def p_adjusted(self) -> float:
        """p times the number of looks (Bonferroni), at most 1."""
        return min(1.0, self.p * self.looks)

    @property
    def differs(self) -> bool:
        """Whether a difference may be claimed: the test holds for all looks, in five blocks, none against it."""
        enough = len(self.signs) >= BLOCKS
        return enough and self.p_adjusted < LEVEL and all(sign != -self.ahead for sign in self.signs)

    @property
    def stable(self) -> bool:
        """Whether, besides, every block alone shows the sign."""
        return self.differs and all(sign == self.ahead for sign in self.signs)

    @property
    def said(self) -> str:
        """What may be said, in words."""
        shown, count = sum(sign == self.ahead for sign in self.signs), len(self.signs)
        blocks = f"{shown} of {count} blocks show its sign"
        if self.stable:
            return f"a stable difference: {blocks}"
        if self.differs:
            return f"a difference, not a stable one: {blocks}, none turns it round"
        if self.p_adjusted >= LEVEL:
            return "no difference shown"
        if -self.ahead not in self.signs:
            return f"no claim yet: {blocks}, and it takes {BLOCKS}"
        return f"no claim: {sum(sign == -self.ahead for sign in self.signs)} of {count} blocks turn it round"

    def __str__(self) -> str:
        turned = [f"{lr:g}" for lr, sign in self.by_rate.items() if sign == -self.ahead and self.ahead]
        rates = f"; at rate {', '.join(turned)} the other is ahead" if turned else ""
        test = f"p = {self.p:.2g}" + (f", times {self.looks} looks {self.p_adjusted:.2g}" if self.looks > 1 else "")
        return f"{self.a} v {self.b}: {test}; {self.said}{rates}"


def compared(a: Counts, b: Counts, looks: int) -> Verdict:
    """The one rule for counts by block, whatever they count; looks: how many comparisons are made with this one."""
    one, other = (Side("", 0.0, list(counts), [], float("nan")) for counts in (a, b))
    *signs, ahead = _signs(one, other)
    return Verdict(one, other, fisher(one.pooled, other.pooled), looks, signs, ahead, {})


def verdict(record: Record, a: str, b: str, lr: float | None = None, measure: str | None = None) -> Verdict:
    """Compare two networks of a record by the one rule, both at rate `lr` where it is given.

    Else the one ahead has the rate chosen on seeds of its own, and the one behind whichever rate serves it best: a rate
    chosen on few nets must not make a difference. By counts where the record says what counts as solved, else by the
    measure, smaller being better. measure: another one, by its ranks. Raises ExperimentError for a record without a
    whole block.
    """
    if not record.blocks:
        raise ExperimentError(f"{record.data['name']} has no finished block yet")
    by_count = record.solved is not None and measure is None
    rates = record.rates if lr is None else (lr,)
    sides = {(name, rate): _side(record, name, rate, by_count, measure) for name in (a, b) for rate in rates}
    best = {name: max((sides[name, rate] for rate in rates), key=lambda side: side.scores[-1]) for name in (a, b)}
    chosen = {name: sides[name, record.rate(name) if lr is None else lr] for name in (a, b)}
    looks = max(1, len(record.pairs))
    by_rate = {rate: _signs(sides[a, rate], sides[b, rate])[-1] for rate in rates}
    for one, other, sign in ((chosen[a], best[b], 1), (best[a], chosen[b], -1)):
        *signs, ahead = _signs(one, other)
        if ahead == sign:
            return Verdict(one, other, _test(record, one, other, measure), looks, signs, ahead, by_rate)
    one, other = best[a], best[b]  # none is ahead of the other at its better rate
    return Verdict(one, other, 1.0, looks, _signs(one, other)[:-1], 0, by_rate)


def _test(record: Record, one: Side, other: Side, measure: str | None) -> float:
    if one.counts:
        return fisher(one.pooled, other.pooled)
    return rank_test(*(numbers(record, side.name, side.lr, measure) for side in (one, other)))


def _side(record: Record, name: str, lr: float, by_count: bool, measure: str | None) -> Side:
    medians = [median([_number(v) for v in block]) for block in record.values(name, measure, lr)]
    counts = record.counts(name, lr) if by_count else []
    return Side(name, lr, counts, medians, median(numbers(record, name, lr, measure)))


def numbers(record: Record, name: str, lr: float, measure: str | None = None) -> list[float]:
    """The measure of every net, infinite where it never came."""
    return [_number(value) for value in record.pooled(name, measure, lr)]


def median(values: Sequence[float]) -> float:
    """The median; of two middle values, one of them infinite, the other one."""
    ordered = sorted(values)
    low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    return (low + high) / 2 if isfinite(low + high) else low


def _number(value: float | None) -> float:
    return float("inf") if value is None else value  # what never came is later than all that did


def _signs(x: Side, y: Side) -> list[int]:
    return [(a > b) - (a < b) for a, b in zip(x.scores, y.scores, strict=True)]
