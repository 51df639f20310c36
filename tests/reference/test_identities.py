"""The lattice of limiting cases: each cell is another one in disguise, forwards and backwards.

A relation holds between the parameters of two cells; the gradients follow it by the chain rule. "Bit for bit" is said
where both sides do the same floating-point operations in the same order.
"""

import numpy as np
import pytest
import torch

from lstmcourse import convert
from lstmcourse.reference import (
    CIFG,
    COUPLED,
    FGR,
    GRU,
    GRU_RESET_BEFORE,
    LSTM,
    LSTM97,
    NFG,
    NIAF,
    NIG,
    NOAF,
    NOG,
    PEEPHOLE,
    RNN,
    VANILLA,
    Params,
    unroll,
    unroll_backward,
    variant,
)

from ._problems import disagreement, problem

T, B, I, H = 6, 3, 4, 5
CLOSE = 1e-13


def run(cell, p, xs, s0, ws):
    """-> states, gradients of the parameters, dxs, dstate0; the loss is Σ w · state."""
    states, caches = unroll(cell, p, xs, s0)
    d, dxs, ds0 = unroll_backward(cell, p, caches, ws)
    return states, vars(d), dxs, ds0


def problem_of(cell):
    return problem(cell, T, B, I, H)


def edited(p, **changes):
    return Params(**(vars(p) | changes))


def without(p, *names):
    return Params(**{k: v for k, v in vars(p).items() if k not in names})


def gates(a, n):
    return np.split(a, n)


def map_rows(p, function):
    """W, U and b with their rows put together anew: function takes one of them and returns its successor."""
    return Params(**{k: function(getattr(p, k)) for k in ("W", "U", "b")})


def equal(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


def close(a, b, tol=CLOSE):
    for x, y in zip(a, b, strict=True):
        assert disagreement(x, y) < tol


# ---- peepholes of zero: the LSTM, bit for bit


def test_no_peepholes_is_the_lstm_bit_for_bit():
    prob = problem_of(PEEPHOLE)
    zero = {f"p_{k}": np.zeros(H) for k in "ifo"}
    states, d, dxs, ds0 = run(PEEPHOLE, edited(prob.p, **zero), *prob[2:])
    plain, d_plain, dxs_plain, ds0_plain = run(LSTM, without(prob.p, *zero), *prob[2:])
    equal(states, plain)
    equal([dxs, *ds0], [dxs_plain, *ds0_plain])
    equal([d[k] for k in "WUb"], [d_plain[k] for k in "WUb"])


@pytest.mark.parametrize(
    ("full", "plain"),
    [
        ("vanilla", LSTM),
        ("cifg", COUPLED),
        ("nfg", LSTM97),
        *[(n, variant(n, "")) for n in ("nig", "nog", "niaf", "noaf")],
    ],
    ids=lambda c: getattr(c, "name", c),
)
def test_a_variant_without_peepholes_is_the_plain_one(full, plain):
    """vanilla "" is LSTM, plain CIFG is COUPLED, plain NFG is LSTM97, and p = 0 is no peephole for all of them."""
    prob = problem_of(variant(full))
    zero = {k: np.zeros(H) for k in vars(prob.p) if k.startswith("p_")}
    states, d, dxs, ds0 = run(prob.cell, edited(prob.p, **zero), *prob[2:])
    for cell in (variant(full, peepholes=""), plain):
        other, d2, dxs2, ds02 = run(cell, without(prob.p, *zero), *prob[2:])
        close(states, other)
        close([dxs, *ds0, *(d[k] for k in "WUb")], [dxs2, *ds02, *(d2[k] for k in "WUb")])


@pytest.mark.parametrize("subset", ["i", "f", "o", "if", "io", "fo"])
def test_a_subset_of_peepholes_is_the_others_at_zero(subset):
    prob = problem_of(VANILLA)
    absent = [f"p_{k}" for k in "ifo" if k not in subset]
    states, d, dxs, ds0 = run(VANILLA, edited(prob.p, **dict.fromkeys(absent, np.zeros(H))), *prob[2:])
    other, d2, dxs2, ds02 = run(variant("vanilla", subset), without(prob.p, *absent), *prob[2:])
    close(states, other)
    close([dxs, *ds0, *(d[k] for k in d2)], [dxs2, *ds02, *d2.values()])
    assert all(d[k].any() for k in absent)  # they would move if they could


def test_vanilla_is_the_peephole_lstm():
    prob = problem_of(PEEPHOLE)
    a, b = run(PEEPHOLE, *prob[1:]), run(VANILLA, *prob[1:])
    close(a[0], b[0])
    close([*a[1].values(), a[2], *a[3]], [*b[1].values(), b[2], *b[3]])


# ---- gates held open: σ(1000) is 1 exactly


def opened(p, n, gate):
    """The LSTM-like p with one gate's rows zero and its bias so large that the gate is 1 exactly."""
    change = lambda a, value: np.concatenate(
        [g if k != gate else np.full_like(g, value) for k, g in enumerate(gates(a, n))]
    )
    return edited(p, W=change(p.W, 0.0), U=change(p.U, 0.0), b=change(p.b, 1000.0))


def drop(a, n, gate):
    return np.concatenate([g for k, g in enumerate(gates(a, n)) if k != gate])


@pytest.mark.parametrize(
    ("gate", "full", "reduced"),
    [(1, LSTM, LSTM97), (1, VANILLA, NFG), (0, VANILLA, NIG), (3, VANILLA, NOG)],
    ids=["f=1 of LSTM is LSTM97", "NFG", "NIG", "NOG"],
)
def test_a_gate_that_is_one_is_no_gate(gate, full, reduced):
    prob = problem_of(full)
    p, name = opened(prob.p, 4, gate), f"p_{'ifgo'[gate]}"
    if name in vars(p):
        p = edited(p, **{name: np.zeros(H)})
    states, d, dxs, ds0 = run(full, p, *prob[2:])
    less = edited(without(p, name), **{k: drop(getattr(p, k), 4, gate) for k in "WUb"})
    other, d2, dxs2, ds02 = run(reduced, less, *prob[2:])
    close(states, other)
    close([dxs, *ds0], [dxs2, *ds02])
    for k in "WUb":
        assert disagreement(drop(d[k], 4, gate), d2[k]) < CLOSE
        assert not gates(d[k], 4)[gate].any()  # saturated: nothing comes through


def test_a_gru_whose_gates_stand_still_is_the_rnn():
    """r = 1 and z = 0: h = tanh(W x + U h₋ + b)."""
    prob = problem_of(RNN)
    rnn = run(RNN, *prob[1:])
    still = lambda a, r, z: np.concatenate([np.full_like(a, r), np.full_like(a, z), a])
    p = Params(W=still(prob.p.W, 0, 0), U=still(prob.p.U, 0, 0), b=still(prob.p.b, 1000.0, -1000.0))
    for cell, params in ((GRU_RESET_BEFORE, p), (GRU, edited(p, b_hn=np.zeros(H)))):
        states, d, dxs, ds0 = run(cell, params, *prob[2:])
        close(states, rnn[0])
        close([dxs, *ds0, *(gates(d[k], 3)[2] for k in "WUb")], [rnn[2], *rnn[3], *(rnn[1][k] for k in "WUb")])


def test_an_lstm_whose_gates_stand_still_is_the_rnn_with_one_more_tanh():
    """i = o = 1, f = 0: c = tanh(a), h = tanh(tanh(a)); NOAF takes the second tanh away."""
    prob = problem_of(RNN)
    zero = np.zeros_like
    p = Params(
        W=np.concatenate([zero(prob.p.W), zero(prob.p.W), prob.p.W, zero(prob.p.W)]),
        U=np.concatenate([zero(prob.p.U), zero(prob.p.U), prob.p.U, zero(prob.p.U)]),
        b=np.concatenate([np.full(H, 1000.0), np.full(H, -1000.0), prob.p.b, np.full(H, 1000.0)]),
    )
    s0, ws = (prob.s0[0], np.ones((B, H))), (prob.ws[0], np.zeros_like(prob.ws[0]))
    (h, c), d, dxs, ds0 = run(variant("noaf", ""), p, prob.xs, s0, ws)
    rnn = run(RNN, *prob[1:])
    close([h, c], [rnn[0][0], rnn[0][0]])
    close([dxs, ds0[0], *(gates(d[k], 4)[2] for k in "WUb")], [rnn[2], rnn[3][0], *(rnn[1][k] for k in "WUb")])
    assert not ds0[1].any()  # nothing is remembered
    (h, c), *_ = run(LSTM, p, prob.xs, s0, ws)
    np.testing.assert_allclose(h, np.tanh(c), rtol=1e-14)


# ---- i = 1 − f


def test_input_rows_that_are_minus_the_forget_rows_couple_the_gates():
    """1 − σ(a) = σ(−a), so that i = 1 − f; the coupled gate's gradient is the difference of the two."""
    prob = problem_of(COUPLED)

    def apart(a):
        f, g, o = gates(a, 3)
        return np.concatenate([-f, f, g, o])

    def together(da):
        di, df, dg, do = gates(da, 4)
        return np.concatenate([df - di, dg, do])

    states, d, dxs, ds0 = run(COUPLED, *prob[1:])
    other, d2, dxs2, ds02 = run(LSTM, map_rows(prob.p, apart), *prob[2:])
    close(states, other)
    close([dxs, *ds0, *(d[k] for k in "WUb")], [dxs2, *ds02, *(together(d2[k]) for k in "WUb")])


def test_cifg_is_the_peephole_lstm_with_the_input_gate_negated():
    prob = problem_of(CIFG)

    def apart(a):
        f, g, o = gates(a, 3)
        return np.concatenate([-f, f, g, o])

    p = edited(map_rows(prob.p, apart), p_i=-prob.p.p_f, p_f=prob.p.p_f, p_o=prob.p.p_o)
    states, d, dxs, ds0 = run(CIFG, *prob[1:])
    other, d2, dxs2, ds02 = run(PEEPHOLE, p, *prob[2:])
    close(states, other)
    close([dxs, *ds0, d["p_f"], d["p_o"]], [dxs2, *ds02, d2["p_f"] - d2["p_i"], d2["p_o"]])


# ---- the two GRUs


def test_both_grus_are_one_where_the_reset_commutes_with_the_product():
    """U_n diagonal and b_hn = 0: r ∘ (U_n h) = U_n (r ∘ h)."""
    prob = problem_of(GRU_RESET_BEFORE)
    U_r, U_z, U_n = gates(prob.p.U, 3)
    diagonal = np.diag(np.diag(U_n))
    p = edited(prob.p, U=np.concatenate([U_r, U_z, diagonal]))
    states, d, dxs, ds0 = run(GRU_RESET_BEFORE, p, *prob[2:])
    other, d2, dxs2, ds02 = run(GRU, edited(p, b_hn=np.zeros(H)), *prob[2:])
    close(states, other)
    close([dxs, *ds0, d["W"], d["b"]], [dxs2, *ds02, d2["W"], d2["b"]])
    dU, dU2 = gates(d["U"], 3), gates(d2["U"], 3)
    close([dU[0], dU[1], np.diag(dU[2])], [dU2[0], dU2[1], np.diag(dU2[2])])
    off = ~np.eye(H, dtype=bool)
    assert np.abs(dU[2][off] - dU2[2][off]).max() > 1e-3  # off the diagonal they part


def test_the_two_grus_differ_otherwise():
    prob = problem_of(GRU_RESET_BEFORE)
    states, *_ = run(GRU_RESET_BEFORE, *prob[1:])
    other, *_ = run(GRU, edited(prob.p, b_hn=np.zeros(H)), *prob[2:])
    assert disagreement(states[0], other[0]) > 1e-2


def test_with_r_one_both_grus_are_one_and_b_hn_is_one_more_bias():
    prob = problem_of(GRU)
    b = prob.p.b.copy()
    b[:H] = 1000.0
    p = edited(prob.p, b=b)
    states, *_ = run(GRU, p, *prob[2:])
    merged = edited(without(p, "b_hn"), b=np.concatenate([b[: 2 * H], b[2 * H :] + p.b_hn]))
    other, *_ = run(GRU_RESET_BEFORE, merged, *prob[2:])
    close(states, other)


def test_z_one_keeps_the_state_and_its_gradient():
    prob = problem_of(GRU)
    b = prob.p.b.copy()
    b[H : 2 * H] = 1000.0
    ws = (np.zeros_like(prob.ws[0]),)
    ws[0][-1] = prob.ws[0][-1]
    states, d, dxs, ds0 = run(GRU, edited(prob.p, b=b), prob.xs, prob.s0, ws)
    np.testing.assert_array_equal(states[0], np.broadcast_to(prob.s0[0], (T, B, H)))
    np.testing.assert_array_equal(ds0[0], ws[0][-1])
    assert not dxs.any()


# ---- full gate recurrence


def test_full_gate_recurrence_with_no_recurrence_is_the_peephole_lstm():
    prob = problem_of(FGR)
    ws = (*prob.ws[:2], *(np.zeros_like(w) for w in prob.ws[2:]))
    states, d, dxs, ds0 = run(FGR, edited(prob.p, R=np.zeros((3 * H, 3 * H))), prob.xs, prob.s0, ws)
    other, d2, dxs2, ds02 = run(PEEPHOLE, without(prob.p, "R"), prob.xs, prob.s0[:2], ws[:2])
    equal(states[:2], other)
    equal([dxs, *ds0[:2], *(d[k] for k in d2)], [dxs2, *ds02, *d2.values()])
    assert not any(s.any() for s in ds0[2:])  # the gates' own past does not matter
    assert d["R"].any()


# ---- 1997: the squashing functions of Hochreiter & Schmidhuber


def lstm_of_1997(p, xs, s0):
    """Their functions: gates σ(x), candidate 4σ(x) − 2, output 2σ(x) − 1."""
    h, c = s0
    hs, cs = [], []
    for x in xs:
        i, g, o = (x @ p["W"].T + h @ p["U"].T + p["b"]).chunk(3, 1)
        c = c + torch.sigmoid(i) * (4 * torch.sigmoid(g) - 2)
        h = torch.sigmoid(o) * (2 * torch.sigmoid(c) - 1)
        hs.append(h)
        cs.append(c)
    return torch.stack(hs), torch.stack(cs)


def test_the_squashing_functions_of_1997_are_tanh_with_candidate_rows_halved_and_c_doubled():
    """4σ(a) − 2 = 2 tanh(a/2) and 2σ(c) − 1 = tanh(c/2): with c = 2 c′ and a_g = 2 a_g′ this is LSTM97 for c′.

    c = c₋ + i ∘ 2 tanh(a_g/2) becomes c′ = c′₋ + i ∘ tanh(a_g/2), and h = o ∘ tanh(c/2) = o ∘ tanh(c′).
    """
    prob = problem_of(LSTM97)
    p = {k: torch.tensor(v, requires_grad=True) for k, v in vars(prob.p).items()}
    x, h0, c0 = (torch.tensor(a, requires_grad=True) for a in (prob.xs, *prob.s0))
    h, c = lstm_of_1997(p, x, (h0, c0))
    w_h, w_c = (torch.tensor(w) for w in prob.ws)
    ((w_h * h).sum() + (w_c * c).sum()).backward()

    def halved(a):
        i, g, o = gates(a, 3)
        return np.concatenate([i, g / 2, o])

    start = (prob.s0[0], prob.s0[1] / 2)
    weights = (prob.ws[0], prob.ws[1] * 2)  # Σ w_c c = Σ (2 w_c) c′
    states, d, dxs, ds0 = run(LSTM97, map_rows(prob.p, halved), prob.xs, start, weights)
    close([h.detach().numpy(), c.detach().numpy()], [states[0], 2 * states[1]])
    close([x.grad.numpy(), h0.grad.numpy(), c0.grad.numpy()], [dxs, ds0[0], ds0[1] / 2])
    close([p[k].grad.numpy() for k in "WUb"], [halved(d[k]) for k in "WUb"])


def test_the_squashing_functions_themselves():
    x = np.linspace(-30, 30, 1001)
    sigma = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(2 * sigma - 1, np.tanh(x / 2), atol=1e-15)
    np.testing.assert_allclose(4 * sigma - 2, 2 * np.tanh(x / 2), atol=1e-15)


# ---- linear limits and symmetries


def test_small_inputs_make_the_activations_disappear():
    """tanh(ε) = ε − ε³/3: NIAF and NOAF are the vanilla cell where everything is small."""
    prob = problem_of(VANILLA)
    eps = 1e-4
    W, U, b = (a.copy() for a in (prob.p.W, prob.p.U, prob.p.b))
    for a in (W, U, b):
        a[2 * H : 3 * H] *= eps
    args = (edited(prob.p, W=W, U=U, b=b), prob.xs, tuple(eps * s for s in prob.s0), prob.ws)
    states, *_ = run(VANILLA, *args)
    for cell in (NIAF, NOAF):
        other, *_ = run(cell, *args)
        assert 0 < disagreement(states[0], other[0]) < 100 * eps**2


@pytest.mark.parametrize("cell", [RNN, LSTM97, LSTM, PEEPHOLE, COUPLED, GRU, GRU_RESET_BEFORE], ids=lambda c: c.name)
def test_renaming_the_units_changes_nothing(cell):
    """Permute the units in every row, column and state: the same network."""
    prob = problem_of(cell)
    order = np.random.default_rng(7).permutation(H)
    n = len(cell.rows)
    permute = lambda a: np.concatenate([g[order] for g in gates(a, n)])
    changes = {k: v[order] for k, v in vars(prob.p).items() if k not in "WUb"}
    p = edited(prob.p, W=permute(prob.p.W), U=permute(prob.p.U)[:, order], b=permute(prob.p.b), **changes)
    states, d, dxs, _ = run(cell, *prob[1:])
    other, d2, dxs2, _ = run(
        cell, p, prob.xs, tuple(s[:, order] for s in prob.s0), tuple(w[..., order] for w in prob.ws)
    )
    close([s[..., order] for s in states], other)
    close([dxs, permute(d["W"]), permute(d["U"])[:, order]], [dxs2, d2["W"], d2["U"]])


@pytest.mark.parametrize("cell", [LSTM97, LSTM, COUPLED], ids=lambda c: c.name)
def test_a_unit_may_change_its_sign(cell):
    """c → −c, h → −h with the candidate's rows and the columns of U negated: tanh is odd."""
    prob = problem_of(cell)
    kinds, sign = cell.rows, np.random.default_rng(3).choice([-1.0, 1.0], H)

    def flip(a):
        column = sign if a.ndim == 1 else sign[:, None]
        return np.concatenate([g * column if k == "g" else g for k, g in zip(kinds, gates(a, len(kinds)), strict=True)])

    p = Params(W=flip(prob.p.W), U=flip(prob.p.U) * sign, b=flip(prob.p.b))
    states, *_ = run(cell, *prob[1:])
    other, *_ = run(cell, p, prob.xs, tuple(s * sign for s in prob.s0), prob.ws)
    close([s * sign for s in states], other)


# ---- the same in torch


def test_the_lattice_holds_for_the_layers():
    """One line for each edge: the layer of one cell, fed with the parameters of the other."""
    x = torch.tensor(problem_of(LSTM).xs)
    lstm = problem_of(LSTM).p
    zero = {f"p_{k}": np.zeros(H) for k in "ifo"}
    edges = [
        (LSTM, lstm, PEEPHOLE, edited(lstm, **zero)),
        (LSTM, lstm, variant("vanilla", ""), lstm),
        (PEEPHOLE, edited(lstm, **zero), FGR, edited(lstm, **zero, R=np.zeros((3 * H, 3 * H)))),
        (LSTM97, problem_of(LSTM97).p, variant("nfg", ""), problem_of(LSTM97).p),
        (COUPLED, problem_of(COUPLED).p, variant("cifg", ""), problem_of(COUPLED).p),
    ]
    for cell, p, other, q in edges:
        a, b = convert.to_torch(cell, p)(x)[0], convert.to_torch(other, q)(x)[0]
        assert disagreement(a.detach().numpy(), b.detach().numpy()) < CLOSE, (cell.name, other.name)
