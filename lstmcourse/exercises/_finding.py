"""What can be said of a wrong answer whose mistake has no name: which part is wrong, and how it differs.

The first of these that holds is told: the arguments in another order, columns for rows, another result at each call,
parts in each other's place or transposed, a factor or a difference that is the same everywhere, rows of gates in
another order, a difference as small as that of float32. Then where: one part, one gate's rows, one time step, larger
batches only.
"""

import inspect
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lstmcourse.exercises import _tree
from lstmcourse.exercises._running import Failed, Trial
from lstmcourse.exercises._variants import values_within

MEANING = {"B": "the size of the batch", "T": "the number of steps", "N": "the number of rows"}
CONSTANTS = {
    -1.0: "has its sign turned", 0.5: "is half of what it should be", 2.0: "is twice what it should be",
    1 / math.log(2): "is too large by the factor 1/ln 2, as with log2", math.log(2): "is too small by the factor ln 2",
    1 / math.log(10): "is too small by the factor 1/ln 10, as with log10",
}  # fmt: skip
#: A factor that is the same everywhere, and of which nothing else is known, does not say what is wrong.
UNEXPLAINED = "times what"
#: A relative difference up to this is told as one of precision.
PRECISION = 3e-6


def found(trial: Trial, compared: bool = True) -> tuple[str, bool]:
    """One or two sentences on an answer that fails, or "", and whether they say all that is wrong.

    compared: whether the exercise compares values with the solution's at all.
    """
    parts = _parts(trial) if compared else []
    if not parts:
        return "", False
    for said in _another_each_time(trial):
        return said, True
    wrong = [part for part in parts if part.wrong]
    told = {name: said for said, names in _of_parts(parts, wrong, trial) for name in names[::-1]}
    sentences = list(dict.fromkeys(told.values()))
    if len(told) == len(wrong) and len(sentences) <= 2:
        return " ".join(sentences), bool(sentences) and UNEXPLAINED not in " ".join(sentences)
    return " ".join([*sentences[:1], *itertools.islice(_places(trial, parts, wrong), 2)][:2]), False


@dataclass
class Part:
    """One part of what is returned, on all cases that ran."""

    name: str
    got: list[np.ndarray]
    want: list[np.ndarray]
    letters: tuple[str, ...]
    rtol: float
    atol: float

    @cached_property
    def fits(self) -> bool:
        """Whether its shapes are right."""
        return all(g.shape == w.shape for g, w in zip(self.got, self.want, strict=True))

    @cached_property
    def wrong(self) -> bool:
        """Whether it is wrong on some case."""
        return not self.is_(self.want)

    def is_(self, other: list[np.ndarray]) -> bool:
        """Whether it equals these, case by case."""
        return all(
            g.shape == o.shape and not _tree.differing(g, o, self.rtol, self.atol).any()
            for g, o in zip(self.got, other, strict=True)
        )

    def mask(self, k: int) -> np.ndarray:
        """Which numbers differ on case k."""
        return _tree.differing(self.got[k], self.want[k], self.rtol, self.atol)


def _parts(trial: Trial) -> list[Part]:
    """The parts of the answer, as far as it is built like the solution's; [] where it is not, or where it raised."""
    parts: dict[str, Part] = {}
    for got, want in zip(trial.got, trial.wanted, strict=False):
        try:
            leaves = [] if got.error is not None else trial.leaves(got, want)
        except Failed:
            leaves = []
        if not leaves:
            return []
        for name, g, w in leaves:
            letters = trial.exercise.returns.get(name, "")
            axes = tuple(a.strip() for a in letters.strip("()").split(",") if a.strip()) if "(" in letters else ()
            part = parts.setdefault(name, Part(name, [], [], axes, trial.exercise.rtol, trial.exercise.atol))
            part.got.append(g)
            part.want.append(w)
    return [part for part in parts.values() if len(part.got) == len(trial.got) and part.want[0].dtype.kind in "biuf"]


Said = Iterator[tuple[str, list[str]]]  # a sentence, and the names of the parts of which it says all


def _of_parts(parts: list[Part], wrong: list[Part], trial: Trial) -> Said:
    """What is said of the parts that are wrong; the last for each part is the best."""
    if wrong and all(part.fits for part in parts):
        yield from _quantities(wrong, trial)
        yield from _shifted(wrong)
        yield from _rows(wrong, trial)
        yield from _factors(wrong, trial)
        yield from _small(wrong)
    for part in wrong:
        if part.want[0].ndim == 2 and Part.is_(_turned(part), part.want):
            yield f"{part.name} is right but transposed.", [part.name]
    yield from _exchanged(parts)


def _turned(part: Part) -> Part:
    return Part(part.name, [g.T for g in part.got], part.want, part.letters, part.rtol, part.atol)


def order_of_arguments(trial: Trial) -> Iterator[str]:
    """That the function has the stub's arguments in another order."""
    asked = list(inspect.signature(trial.exercise.solution).parameters)
    try:
        theirs = list(inspect.signature(trial.fn).parameters)
    except (ValueError, TypeError):
        return
    if theirs != asked and sorted(theirs) == sorted(asked):
        yield (
            f"Your function takes its arguments as ({', '.join(theirs)}); "
            f"they are handed in as ({', '.join(asked)}), whatever their names."
        )


def _another_each_time(trial: Trial) -> Iterator[str]:
    first, last = trial.got[0], trial.got[-1]
    is_again = len(trial.got) > 1 and last.label == f"{first.label} once more"
    others = not _tree.same(trial.wanted[0].result, trial.wanted[-1].result, 0.0, 0.0)
    if is_again and others and _tree.same(first.result, last.result, 0.0, 0.0):
        yield "For other numbers in the same shapes your function returns what it returned before."
    outcome = trial.call(*next(trial.cases()))
    if outcome.error is None and not _tree.same(outcome.result, trial.got[0].result, 0.0, 0.0):
        yield "Your function returns something else each time that it is called, with the same arguments."


def _exchanged(parts: list[Part]) -> Said:
    """A part that is right, in another's place."""
    is_now: dict[str, str] = {}
    for here, other in itertools.permutations(parts, 2):
        if here.wrong and any(w.any() for w in other.want) and here.is_(other.want):
            is_now[here.name] = other.name
    for name, its in is_now.items():
        yield f"What you return as {name} is {its}.", [name]
    for name, its in is_now.items():
        if is_now.get(its) == name and name < its:
            yield f"{name} and {its} are returned in each other's place.", [name, its]


def _shifted(wrong: list[Part]) -> Said:
    """A sequence that is one step early or late."""
    for part in wrong:
        if part.letters[:1] == ("T",):
            for said, mine, theirs in (
                ("early", slice(None, -1), slice(1, None)),
                ("late", slice(1, None), slice(None, -1)),
            ):
                moved = Part(part.name, [g[mine] for g in part.got], part.want, (), part.rtol, part.atol)
                if any(len(w) > 1 for w in part.want) and moved.is_([w[theirs] for w in part.want]):
                    yield f"{part.name} is right, but one step {said}.", [part.name]


def _small(wrong: list[Part]) -> Said:
    """A difference as small as a rounding."""
    if any(part.want[0].dtype.kind != "f" for part in wrong):
        return
    scaled = [
        np.max(np.abs(g - w), initial=0) / max(np.max(np.abs(w), initial=0), 1e-300)
        for part in wrong
        for g, w in zip(part.got, part.want, strict=True)
    ]
    if scaled and max(scaled) < PRECISION:
        yield (
            (
                f"The difference is small, {max(scaled):.0e} of the largest number: as if computed in float32, "
                "or with a small number (eps) added somewhere."
            ),
            [part.name for part in wrong],
        )
    for places in range(7):
        if all(part.is_([np.round(w, places) for w in part.want]) for part in wrong):
            yield f"It is right, but rounded to {places} places.", [part.name for part in wrong]
            return


def _factors(wrong: list[Part], trial: Trial) -> Said:
    """The same factor, or the same difference, in every number."""
    told: dict[str, list[str]] = {}
    for part in wrong:
        if not any(g.any() for g in part.got):
            told.setdefault("is 0 everywhere", []).append(part.name)
            continue
        if (off := _same_difference(part)) is not None:
            told.setdefault(f"is too {'large' if off > 0 else 'small'} by {abs(off):g} everywhere", []).append(
                part.name
            )
        ratios = [_ratio(g, w) for g, w in zip(part.got, part.want, strict=True)]
        if None not in ratios and (said := _said_of(ratios, trial.sizes)):  # type: ignore[arg-type]
            told.setdefault(said, []).append(part.name)
    for said, names in told.items():
        yield f"{_listed(names)} {_plural(said) if len(names) > 1 else said}.", names


def _same_difference(part: Part) -> float | None:
    """For whole numbers: the difference, where it is the same everywhere and 1 or 2."""
    if part.want[0].dtype.kind not in "iu":
        return None
    off = {float(d) for g, w in zip(part.got, part.want, strict=True) for d in np.ravel(np.subtract(g, w, dtype=float))}
    return off.pop() if len(off) == 1 and abs(next(iter(off))) in (1, 2) else None


def _ratio(g: np.ndarray, w: np.ndarray) -> float | None:
    """g / w where it is the same for all numbers, else None."""
    large = np.abs(w) > 1e-9 * np.max(np.abs(w), initial=0)
    if not large.any() or g[~large].any():
        return None
    with np.errstate(all="ignore"):
        ratios = np.divide(g[large], w[large], dtype=float)
    return float(ratios.flat[0]) if np.allclose(ratios, ratios.flat[0], 1e-6, 0.0) else None


def _said_of(ratios: list[float], sizes: list[dict]) -> str:
    """What these ratios, one a case, are: a constant, or made of the sizes; "" where they are neither."""
    for constant, said in CONSTANTS.items():
        if np.allclose(ratios, constant, 1e-6, 0.0):
            return said
    letters = [letter for letter in sizes[0] if isinstance(sizes[0][letter], int)]
    for letter, what in [(letter, MEANING.get(letter, "")) for letter in letters]:
        n = np.array([size[letter] for size in sizes], float)
        if len(ratios) != len(n) or len(set(n)) == 1 or not n.all():
            continue
        apposition = f", {what}" if what else ""
        for factor, said in (
            (1 / n, f"is divided by {letter}{apposition}: a mean, where the sum is asked for"),
            (n, f"is multiplied by {letter}{apposition}: a sum, where the mean is asked for"),
            (1 / np.sqrt(n), f"is divided by the root of {letter}{apposition}"),
            (np.sqrt(n), f"is multiplied by the root of {letter}{apposition}"),
            (n / np.maximum(n - 1, 1), f"is divided by {letter} - 1, where {letter} belongs"),
        ):
            if np.allclose(ratios, factor, 1e-6, 0.0):
                return said
    for a, b in itertools.combinations(letters, 2):
        n = np.array([size[a] * size[b] for size in sizes], float)
        if len(ratios) == len(n) and n.all():
            for factor, said in (
                (1 / n, f"is divided by {a}·{b}"),
                (1 / np.sqrt(n), f"is divided by the root of {a}·{b}"),
            ):
                if np.allclose(ratios, factor, 1e-6, 0.0):
                    return f"{said}: a mean, where the sum is asked for"
    if len(ratios) > 1 and np.allclose(ratios, ratios[0], 1e-6, 0.0):
        return f"is {ratios[0]:.4g} {UNEXPLAINED} it should be"
    return ""


def _blocks(part: Part) -> tuple[int, int] | None:
    """(axis, number of blocks) of the rows of gates: in (4H, I) it is (0, 4)."""
    for axis, letter in enumerate(part.letters):
        if at := re.fullmatch(r"(\d)H", letter):
            return axis, int(at[1])
    return None


def _split(part: Part, k: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    axis, count = _blocks(part)  # type: ignore[misc]
    return np.split(part.got[k], count, axis), np.split(part.want[k], count, axis)


def _gates(count: int, trial: Trial) -> list[str]:
    letters = trial.exercise.rows
    return list(letters) if len(letters) == count else [f"block {k + 1}" for k in range(count)]


def _rows(wrong: list[Part], trial: Trial) -> Said:
    """Blocks of rows in another order; blocks with a factor."""
    orders: dict[str, list[str]] = {}
    blocks: dict[str, list[str]] = {}
    gates: list[str] = []
    for part in wrong:
        if not _blocks(part):
            continue
        gates = _gates(_blocks(part)[1], trial)  # type: ignore[index]
        cases = [_split(part, k) for k in range(len(part.got))]
        order = []
        for k in range(len(gates)):
            same = [
                j for j in range(len(gates))
                if all(not _tree.differing(g[k], w[j], part.rtol, part.atol).any() for g, w in cases)
            ]  # fmt: skip
            order.append(k if k in same else same[0] if same else None)
        if None not in order and order != list(range(len(gates))):
            orders.setdefault(", ".join(gates[j] for j in order if j is not None), []).append(part.name)
        off = [k for k in range(len(gates)) if order[k] != k]
        if len(off) == 1:
            ratios = [_ratio(g[off[0]], w[off[0]]) for g, w in cases]
            if None not in ratios and (said := _said_of(ratios, trial.sizes)):  # type: ignore[arg-type]
                blocks.setdefault(f"the rows of {gates[off[0]]} {_plural(said)}", []).append(part.name)
    for there, names in orders.items():
        yield f"The rows of {_listed(names)} stand in the order {there}, and {', '.join(gates)} is asked for.", names
    for said, names in blocks.items():
        yield f"In {_listed(names)} {said}.", names


def _quantities(wrong: list[Part], trial: Trial) -> Said:
    """A part that is some other quantity of the step, or is too large by one, or is multiplied by one."""
    cases = itertools.islice(trial.cases(), len(trial.got))
    inner = [values_within(trial.exercise.solution, case) for _, case in cases]
    names = [
        name for name in inner[0]
        if all(isinstance(values.get(name), np.ndarray) and values[name].dtype.kind == "f" for values in inner)
    ]  # fmt: skip
    for part in wrong:
        if part.want[0].dtype.kind != "f" or part.want[0].size < 2:
            continue
        for name in names:
            q = [values[name] for values in inner]
            if any(a.shape != w.shape for a, w in zip(q, part.want, strict=True)) or part.name == name:
                continue
            gaps = [g - w for g, w in zip(part.got, part.want, strict=True)]
            if part.is_(q):
                yield f"What you return as {part.name} is {name}.", [part.name]
            elif _are(gaps, q):
                yield f"{part.name} is too large by {name}.", [part.name]
            elif _are([-gap for gap in gaps], q):
                yield f"{part.name} is too small by {name}.", [part.name]
            elif part.is_([w * a for w, a in zip(part.want, q, strict=True)]):
                yield f"{part.name} is multiplied by {name}, and should not be.", [part.name]
            elif part.is_([w * (1 - a) for w, a in zip(part.want, q, strict=True)]):
                yield f"{part.name} is multiplied by 1 - {name}, and should not be.", [part.name]
            elif part.want[0].ndim and Part.is_(_times(part, q), part.want):
                yield f"In {part.name} the factor {name} is missing.", [part.name]


def _times(part: Part, factors: list[np.ndarray]) -> Part:
    got = [g * a for g, a in zip(part.got, factors, strict=True)]
    return Part(part.name, got, part.want, part.letters, part.rtol, part.atol)


def _are(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(y.any() and np.allclose(x, y, rtol=1e-6, atol=1e-9) for x, y in zip(a, b, strict=True))


# --- where it is wrong ------------------------------------------------------------------------------------------------


def _places(trial: Trial, parts: list[Part], wrong: list[Part]) -> Iterator[str]:
    """Where the parts that are wrong are wrong."""
    if not wrong or not all(part.fits for part in parts):
        return
    first = next(k for k in range(len(trial.got)) if any(part.mask(k).any() for part in wrong))
    yield from _one_gate(wrong, first, trial)
    yield from _one_step(wrong, first)
    yield from _larger_only(wrong, trial)
    if len(wrong) == 1 and len(parts) > 1:
        yield f"Only {wrong[0].name} is wrong: look where it is made."


def _one_gate(wrong: list[Part], first: int, trial: Trial) -> Iterator[str]:
    """One gate's rows in all parts that have any."""
    off: dict[str, set[int]] = {}
    for part in wrong:
        if _blocks(part):
            off[part.name] = {k for k, (g, w) in enumerate(zip(*_split(part, first), strict=True))
                              if _tree.differing(g, w, part.rtol, part.atol).any()}  # fmt: skip
    blocks = set().union(*off.values()) if off else set()
    if len(blocks) == 1 or (len(blocks) == 2 and trial.exercise.rows):
        some = next(part for part in wrong if part.name in off)
        gates = _gates(_blocks(some)[1], trial)  # type: ignore[index]
        if len(blocks) < len(gates):
            yield f"Of {_listed(list(off))} only the rows of {_listed([gates[k] for k in sorted(blocks)])} differ."


def _one_step(wrong: list[Part], first: int) -> Iterator[str]:
    """The first step, the last, or all but one of them."""
    for part in wrong:
        if "T" in part.letters and part.want[first].ndim and part.want[first].shape[part.letters.index("T")] > 1:
            axis = part.letters.index("T")
            steps = np.flatnonzero(
                np.moveaxis(part.mask(first), axis, 0).reshape(part.want[first].shape[axis], -1).any(1)
            )
            last = part.want[first].shape[axis] - 1
            said = {
                (0,): "only step 0 is wrong", (last,): "only the last step is wrong",
                tuple(range(1, last + 1)): "step 0 is right, and all after it are wrong",
                tuple(range(last)): "the last step is right, and all before it are wrong",
            }.get(tuple(steps))  # fmt: skip
            if said:
                yield f"In {part.name} {said}."
                return


def _larger_only(wrong: list[Part], trial: Trial) -> Iterator[str]:
    """Right for a batch of one, or for one step, and wrong for more."""
    failed = [any(part.mask(k).any() for part in wrong) for k in range(len(trial.got))]
    for letter in ("B", "T"):
        sizes = [size.get(letter) for size in trial.sizes]
        if True in failed and False in failed and all((n != 1) == f for n, f in zip(sizes, failed, strict=False)):
            yield f"It is right for {letter} = 1, and wrong for more."


def _listed(names: list[Any]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _plural(said: str) -> str:
    said = said.replace("what it should be", "what they should be")
    return re.sub(r"^is ", "are ", re.sub(r"^has its sign", "have their signs", said))
