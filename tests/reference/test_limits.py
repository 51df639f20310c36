"""The lattice as data: every edge holds, would not hold by chance, and no cell is left out."""

import numpy as np
import pytest

from lstmcourse import limits
from lstmcourse.limits import LIMITS
from lstmcourse.reference import CELLS, init, unroll, unroll_backward

NAMES = [edge.name for edge in LIMITS]
ONE_CELL_TWO_NAMES = {"vanilla": "peephole", "nfg_plain": "lstm97"}
WITHOUT_TANH = {"rnn_relu"}
WITH_NORMS = {"layer_norm"}  # no gain turns a norm off


@pytest.mark.parametrize("edge", LIMITS, ids=NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_an_edge_holds(edge, seed):
    """The same h: to rounding where the edge is exact, else to the square of the candidate."""
    apart = limits.difference(edge, np.random.default_rng(seed))
    assert apart < 1e-12 if edge.exact else 0 < apart < 100 * limits.SMALL**2


@pytest.mark.parametrize("edge", [edge for edge in LIMITS if edge.exact], ids=lambda edge: edge.name)
def test_an_edge_holds_backward(edge):
    rng = np.random.default_rng(4)
    p, q = edge.pair(init(edge.special, 3, 4, rng, scale=1.0))
    xs, dh = rng.normal(size=(6, 2, 3)), rng.normal(size=(6, 2, 4))

    def dxs(cell, params):
        (h, *others), caches = unroll(cell, params, xs)
        return unroll_backward(cell, params, caches, (dh, *(np.zeros_like(s) for s in others)))[1]

    np.testing.assert_allclose(dxs(edge.special, p), dxs(edge.general, q), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("edge", LIMITS, ids=NAMES)
def test_an_edge_is_no_matter_of_course(edge):
    """With what is held let loose, the general cell computes something else."""
    rng = np.random.default_rng(5)
    p, q = edge.pair(init(edge.special, 3, 4, rng, scale=1.0))
    if not edge.exact:
        q = p = init(edge.special, 3, 4, rng, scale=1.0)  # a candidate that is not small
    else:
        loose = {k: np.where(np.isinf(v) | (v == 0), rng.normal(size=v.shape), v) for k, v in vars(q).items()}
        if all((loose[k] == v).all() for k, v in vars(q).items()):  # coupled: nothing is constant
            loose["b"] = q.b + rng.normal(size=q.b.shape)
        q = type(q)(**loose)
    xs = rng.normal(size=(6, 2, 3))
    one, other = (unroll(cell, params, xs)[0][0] for cell, params in ((edge.special, p), (edge.general, q)))
    assert np.abs(one - other).max() > 1e-3


def test_every_cell_stands_in_the_lattice():
    there = {cell.name for edge in LIMITS for cell in (edge.special, edge.general)}
    assert there | set(ONE_CELL_TWO_NAMES) | WITHOUT_TANH | WITH_NORMS == {cell.name for cell in CELLS}
    assert len(set(NAMES)) == len(NAMES)
