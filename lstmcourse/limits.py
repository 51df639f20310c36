"""The lattice of limiting cases: which cell is another one with some of its parameters held.

Each `Limit` of LIMITS says how the weights of the special cell become weights of the general one, which then computes
the same. `diagrams.lattice` draws them, `difference` puts one to the test.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from . import reference
from .reference import Cell, Params

OPEN, SHUT = np.inf, -np.inf  # the biases with which σ is 1 and 0 exactly
SMALL = 1e-4

_CHANGES = {
    "nig": "no input gate", "nfg": "no forget gate", "nog": "no output gate", "niaf": "candidate as it is",
    "noaf": "output as it is",
}  # fmt: skip
TITLES = {
    **{f"{name}_plain": words for name, words in _CHANGES.items()},
    **{name: f"peephole, {words}" for name, words in _CHANGES.items()},
    "lstm": "LSTM", "lstm97": "no forget gate (1997)", "nfg_plain": "no forget gate (1997)", "coupled": "coupled gates",
    "peephole": "peephole LSTM", "cifg": "peephole, coupled gates", "fgr": "full gate recurrence", "gru": "GRU",
    "gru_reset_before": "GRU, reset before", "rnn": "RNN",
}  # fmt: skip
"""What each cell is called in pictures and tables; that of 1997 stands under both its names."""

Rows = dict[str, tuple[np.ndarray, ...]]  # gate -> its rows of W, U and b


class Limit(NamedTuple):
    """One edge of the lattice.

    where: what has to hold in the general cell. pair: from weights of the special cell, the weights for which the two
    are compared: the special cell's, as they are but for a restriction that both need, and the general cell's.
    exact: whether the two are equal there; else they approach each other where the candidate is small.
    """

    special: Cell
    general: Cell
    where: str
    pair: Callable[[Params], tuple[Params, Params]]
    exact: bool = True

    @property
    def name(self) -> str:
        """The edge in words: "lstm with f = 1 is lstm97"."""
        return f"{self.general.name} with {self.where} {'is' if self.exact else 'tends to'} {self.special.name}"


def rows_of(cell: Cell, p: Params) -> Rows:
    """The rows of W, U and b by gate."""
    parts = (np.split(a, len(cell.rows)) for a in (p.W, p.U, p.b))
    return dict(zip(cell.rows, zip(*parts, strict=True), strict=True))


def stack(cell: Cell, rows: Rows, given: Mapping[str, Any]) -> Params:
    """Weights of a cell from the rows of its gates; its further parameters as given, 0 where they are not."""
    W, U, b = (np.concatenate([rows[gate][k] for gate in cell.rows]) for k in range(3))
    shapes = cell.shapes(W.shape[1], U.shape[1])
    more = {name: given.get(name, np.zeros(shape)) for name, shape in shapes.items() if name not in ("W", "U", "b")}
    return Params(W=W, U=U, b=b, **more)


def limit(special: Cell, general: Cell, where: str, exact: bool = True, **made: float | str) -> Limit:
    """An edge whose two cells share their gates by name, but for those in `made`.

    made: of a gate of the general cell, the bias that holds it, the name of the special cell's gate whose rows it
    takes, or "-f" for those of f with their signs turned.
    """

    def pair(p: Params) -> tuple[Params, Params]:
        rows, given = rows_of(special, p), dict(vars(p))
        if not exact:
            rows["g"] = tuple(SMALL * a for a in rows["g"])
        restricted = stack(special, rows, given)
        held = tuple(np.zeros_like(a) for a in next(iter(rows.values())))
        for gate, how in made.items():
            if not isinstance(how, str):
                rows[gate] = (held[0], held[1], held[2] + how)
            elif how.startswith("-"):
                rows[gate] = tuple(-a for a in rows[how[1:]])
                given[f"p_{gate}"] = -given[f"p_{how[1:]}"] if f"p_{how[1:]}" in given else held[2]
            else:
                rows[gate] = rows[how]
        return restricted, stack(general, rows, given)

    return Limit(special, general, where, pair, exact)


def _diagonal(p: Params) -> tuple[Params, Params]:
    """The two GRUs: with U_n diagonal, r multiplies before or after the product, which is all one."""
    rows = rows_of(reference.GRU_RESET_BEFORE, p)
    W, U, b = rows["n"]
    rows["n"] = W, np.diag(np.diag(U)), b
    return stack(reference.GRU_RESET_BEFORE, rows, {}), stack(reference.GRU, rows, {})


def _of_base(peephole: bool) -> list[Limit]:
    """The variants of one base."""
    r = reference
    base = r.PEEPHOLE if peephole else r.LSTM
    nig, nfg, nog, cifg, niaf, noaf = (
        (r.NIG, r.NFG, r.NOG, r.CIFG, r.NIAF, r.NOAF)
        if peephole
        else (r.NIG_PLAIN, r.LSTM97, r.NOG_PLAIN, r.COUPLED, r.NIAF_PLAIN, r.NOAF_PLAIN)
    )
    return [
        limit(nig, base, "i = 1", i=OPEN),
        limit(nfg, base, "f = 1", f=OPEN),
        limit(nog, base, "o = 1", o=OPEN),
        limit(cifg, base, "i = 1 − f", i="-f"),
        limit(niaf, base, "small g", exact=False),
        limit(noaf, base, "small c", exact=False),
    ]


WITH, WITHOUT = _of_base(True), _of_base(False)

LIMITS: tuple[Limit, ...] = (
    limit(reference.PEEPHOLE, reference.FGR, "R = 0"),
    limit(reference.LSTM, reference.PEEPHOLE, "p = 0"),
    *WITH,
    *WITHOUT,
    *(limit(plain.special, full.special, "p = 0") for full, plain in zip(WITH, WITHOUT, strict=True)),
    limit(reference.RNN, reference.NOAF_PLAIN, "i = o = 1, f = 0", i=OPEN, f=SHUT, g="h", o=OPEN),
    limit(reference.RNN, reference.GRU_RESET_BEFORE, "r = 1, z = 0", r=OPEN, z=SHUT, n="h"),
    limit(reference.RNN, reference.GRU, "r = 1, z = 0", r=OPEN, z=SHUT, n="h"),
    Limit(reference.GRU_RESET_BEFORE, reference.GRU, "U_n diagonal, b_hn = 0", _diagonal),
)
"""The edges, from the most general cell down. In the last one both cells are special, and neither is the other."""


def difference(edge: Limit, rng: np.random.Generator, *, I: int = 3, H: int = 4, T: int = 8, B: int = 2) -> float:
    """How far the two cells of an edge are apart: the largest difference of their h over T steps of random input.

    With random weights of the special cell; as a fraction of the largest |h|.
    """
    p, q = edge.pair(reference.init(edge.special, I, H, rng, scale=1.0))
    xs = rng.normal(size=(T, B, I))
    (one, *_), _ = reference.unroll(edge.special, p, xs)
    (other, *_), _ = reference.unroll(edge.general, q, xs)
    return float(np.abs(one - other).max() / np.abs(one).max())
