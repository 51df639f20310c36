"""The instruments show what is there: checked against the layers, autograd, numerical Jacobians and known answers."""

import re

import numpy as np
import pytest
import torch

from lstmcourse import convert, nn, probes
from lstmcourse.gradcheck import central_differences
from lstmcourse.reference import (
    CELLS,
    CIFG,
    COUPLED,
    FGR,
    GRU,
    LSTM,
    LSTM97,
    NIAF,
    PEEPHOLE,
    RNN,
    Gate,
    Params,
    init,
    sigmoid,
    unroll,
    unroll_backward,
    zeros_like,
)
from tests.own import EXPONENTIAL
from tests.reference._problems import disagreement, problem

every_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)


def refuse(error, text):
    return pytest.raises(error, match=re.escape(text))


# ---- gate traces


@every_cell
def test_traces_of_a_cell_are_its_caches(cell):
    prob = problem(cell)
    traces = probes.gate_traces((cell, prob.p), prob.xs, prob.s0)
    _, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    assert list(traces) == list(caches[0])
    for k, v in traces.items():
        np.testing.assert_array_equal(v, [cache[k] for cache in caches])


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(
    "make", [torch.nn.LSTM, torch.nn.GRU, nn.LSTM, nn.PeepholeLSTM], ids=lambda c: c.__module__ + c.__name__
)
def test_traces_of_every_layer_and_direction(make, batch_first):
    layer = make(3, 5, num_layers=2, bidirectional=True, batch_first=batch_first, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(7, 4, 3, dtype=torch.float64, generator=generator)
    hx = tuple(torch.randn(4, 4, 5, dtype=torch.float64, generator=generator) for _ in "hc")
    hx = hx[0] if "GRU" in make.__name__ else hx
    x = x.swapaxes(0, 1) if batch_first else x
    output, final = layer(x, hx)
    output = output.swapaxes(0, 1) if batch_first else output
    for reverse in (False, True):
        traces = probes.gate_traces(layer, x, hx, layer_index=1, reverse=reverse)
        assert traces["x"].shape == (7, 4, 10)
        half = output[..., 5:] if reverse else output[..., :5]
        assert disagreement(half.detach().numpy(), traces["h"]) < 1e-13
        if "c" in traces:
            last = traces["c"][0 if reverse else -1]
            assert disagreement(final[1][2 + reverse].detach().numpy(), last) < 1e-13


def test_traces_in_float32_and_without_a_state():
    layer = nn.GRU(3, 5)
    traces = probes.gate_traces(layer, np.ones((4, 2, 3), np.float32))
    np.testing.assert_allclose(traces["h"], layer(torch.ones(4, 2, 3))[0].detach(), atol=1e-6)
    assert traces["z"].dtype == float
    prob = problem(LSTM)
    p32 = Params(**{k: v.astype(np.float32) for k, v in vars(prob.p).items()})
    s32 = tuple(s.astype(np.float32) for s in prob.s0)
    traces = probes.gate_traces((LSTM, p32), prob.xs.astype(np.float32), s32)
    np.testing.assert_allclose(traces["c"], unroll(LSTM, prob.p, prob.xs, prob.s0)[0][1], atol=1e-5)
    with refuse(ValueError, "x must have shape (T, B, I), got (4, 3)"):
        probes.gate_traces(layer, np.ones((4, 3)))
    with refuse(ValueError, "(cell, params) is one layer, got layer_index=1, reverse=False"):
        probes.gate_traces((LSTM, problem(LSTM).p), problem(LSTM).xs, layer_index=1)
    with refuse(TypeError, "layer must be a layer of lstmcourse.nn"):
        probes.gate_traces(torch.nn.Linear(2, 2), np.ones((4, 2, 3)))


# ---- gradient against lag


@every_cell
def test_gradient_against_lag_is_autograds(cell):
    """Each state cut out of the graph, one step at a time, through our own layer."""
    prob, r = problem(cell), np.random.default_rng(1).normal(size=(3, 6))
    got = probes.gradient_against_lag((cell, prob.p), prob.xs, readout=r, state=prob.s0)
    layer, T = convert.to_torch(cell, prob.p), 5
    states, _ = unroll(cell, prob.p, prob.xs, prob.s0)
    for lag in range(1, T):
        cut = tuple(torch.tensor(s[T - 1 - lag][None], requires_grad=True) for s in states)
        output, _ = layer(torch.tensor(prob.xs[T - lag :]), cut if len(cut) > 1 else cut[0])
        (output[-1] * torch.tensor(r)).sum().backward()
        for name, s in zip(cell.states, cut, strict=True):
            want = 0.0 if s.grad is None else s.grad[0].norm(dim=1).mean().item()
            np.testing.assert_allclose(got[name][lag], want, rtol=1e-12, atol=1e-18)
    np.testing.assert_allclose(got["h"][0], np.linalg.norm(r, axis=1).mean())
    assert all(got[k][0] == 0 for k in cell.states[1:])
    assert all(v.shape == (T,) for v in got.values())


def test_the_random_readout_has_length_one_and_is_repeatable():
    prob = problem(LSTM)
    a = probes.gradient_against_lag((LSTM, prob.p), prob.xs)
    b = probes.gradient_against_lag((LSTM, prob.p), prob.xs)
    c = probes.gradient_against_lag((LSTM, prob.p), prob.xs, rng=np.random.default_rng(9))
    np.testing.assert_array_equal(a["h"], b["h"])
    assert (a["h"][1:] != c["h"][1:]).all()
    np.testing.assert_allclose([a["h"][0], c["h"][0]], 1)
    layer = convert.to_torch(LSTM, prob.p)
    np.testing.assert_array_equal(probes.gradient_against_lag(layer, prob.xs)["c"], a["c"])
    with refuse(ValueError, "readout must have shape (3, 6), got (6,)"):
        probes.gradient_against_lag((LSTM, prob.p), prob.xs, readout=np.ones(6))
    with refuse(ValueError, "model must have one layer and one direction, got num_layers=2, bidirectional=False"):
        probes.gradient_against_lag(nn.LSTM(4, 6, 2), prob.xs)


@every_cell
def test_what_arrives_is_backpropagation_through_time(cell):
    prob, rng = problem(cell), np.random.default_rng(1)
    p, (states, caches) = prob.p, unroll(cell, prob.p, prob.xs, prob.s0)
    dstates = tuple(rng.normal(size=s.shape) for s in states)
    arriving = probes.arriving_gradients(cell, p, caches, dstates)
    _, dxs, dstate0 = unroll_backward(cell, p, caches, dstates)
    for t, here in enumerate(arriving):
        dx, dstate_ = cell.backward(p, zeros_like(p), caches[t], *here)
        np.testing.assert_allclose(dx, dxs[t], atol=1e-13)
        if t == 0:
            np.testing.assert_allclose(dstate_, dstate0, atol=1e-13)


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.1])
@pytest.mark.parametrize("bias", [-2.0, 1.0, 6.0])
def test_forget_bias_curves_follow_the_forget_gate_and_the_radius(bias, radius):
    data = probes.forget_bias_curves(bias, radius, 40)
    assert data["f"] == pytest.approx(sigmoid(bias), abs=0.03)
    ks = np.arange(len(data["lstm"]))
    slope = np.polyfit(ks[5:30], np.log(data["lstm"][5:30]), 1)[0]
    assert slope == pytest.approx(np.log(data["f"]), abs=0.35 if bias < 0 else 0.12)
    rnn = np.log(data["rnn"][25] / data["rnn"][5]) / 20
    assert abs(rnn - np.log(radius)) < 0.15 or radius > 1


@pytest.mark.parametrize("steps", [2, 50])
def test_forget_bias_curves_start_at_lag_0(steps):
    data = probes.forget_bias_curves(1.0, 0.9, steps)
    assert data["lstm"].shape == data["rnn"].shape == (steps,)
    assert data["lstm"][0] == data["rnn"][0] == 1
    assert data["lstm"][1] == pytest.approx(data["f"], abs=0.2)  # a step back along c costs one forget gate


def long_run(cell, bias=None, T=201, H=32, seed=0):
    """As torch.nn starts, input from N(0, 1)."""
    rng = np.random.default_rng(seed)
    p = init(cell, 8, H, rng)
    if bias is not None:
        p.b[H : 2 * H] = bias
    return p, rng.normal(size=(T, 4, 8))


def test_lags_tell_what_the_course_says():
    """Out of the box an LSTM's gradient vanishes like an RNN's; a forget bias of 5 keeps it, a GRU's z as well."""
    norm = {}
    for name, cell, bias in [
        ("rnn", RNN, None),
        ("lstm", LSTM, None),
        ("lstm 5", LSTM, 5.0),
        ("gru 5", GRU, 5.0),
    ]:
        p, xs = long_run(cell, bias)
        norm[name] = probes.gradient_against_lag((cell, p), xs)["h"]
    assert norm["rnn"][100] < 1e-12
    assert norm["lstm"][100] < 1e-12
    assert norm["lstm 5"][100] > 1e-4
    assert norm["gru 5"][100] > 1e-2


# ---- Jacobians and exponents


@every_cell
def test_jacobians_are_the_numerical_ones(cell):
    prob, row = problem(cell, T=3), 2
    J = probes.jacobians(cell, prob.p, prob.xs, prob.s0, row=row)
    states, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    n = len(cell.states)
    assert J.shape == (3, 6 * n, 6 * n)
    for t in range(3):
        before = [cache[row] for cache in (caches[t][f"{k}_"] for k in cell.states)]

        def step(flat, t=t):
            state = tuple(s[None] for s in np.split(flat, n))
            new, _ = cell.forward(prob.p, prob.xs[t, row : row + 1], state)
            return np.concatenate(new, 1)[0]

        for a in range(6 * n):
            (numerical,) = central_differences(lambda flat, a=a, step=step: step(flat)[a], [np.concatenate(before)])
            np.testing.assert_allclose(J[t][a], numerical, atol=1e-8)
    np.testing.assert_array_equal(J, probes.jacobians(cell, prob.p, caches, row=row))
    with refuse(ValueError, "row must be one of the 3 sequences, got 3"):
        probes.jacobians(cell, prob.p, prob.xs, row=3)


def test_the_product_of_jacobians_is_the_gradient():
    prob = problem(PEEPHOLE, T=6)
    J = probes.jacobians(PEEPHOLE, prob.p, prob.xs, prob.s0, row=1)
    r = np.random.default_rng(0).normal(size=(3, 6))
    lags = [np.concatenate([r[1], np.zeros(6)])]
    for step in J[::-1]:
        lags.append(lags[-1] @ step)
    alone = probes.gradient_against_lag((PEEPHOLE, prob.p), prob.xs[:, 1:2], r[1:2], tuple(s[1:2] for s in prob.s0))
    np.testing.assert_allclose(alone["h"], [np.linalg.norm(v[:6]) for v in lags[:6]], rtol=1e-12)
    np.testing.assert_allclose(alone["c"], [np.linalg.norm(v[6:]) for v in lags[:6]], rtol=1e-12, atol=1e-18)


def test_exponents_of_known_products():
    diagonal = np.tile(np.diag([2.0, 0.5, 0.1]), (50, 1, 1))
    np.testing.assert_allclose(probes.lyapunov(diagonal, skip=10), np.log([2.0, 0.5, 0.1]), atol=1e-9)
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    turning = np.tile(0.9 * rotation, (30, 1, 1))
    np.testing.assert_allclose(probes.lyapunov(turning), np.full(4, np.log(0.9)), atol=1e-12)
    random = rng.normal(size=(40, 5, 5))
    np.testing.assert_allclose(probes.lyapunov(random).sum(), np.log(np.abs(np.linalg.det(random))).mean(), atol=1e-10)
    np.testing.assert_allclose(probes.lyapunov(random, k=2), probes.lyapunov(random)[:2], atol=1e-9)
    assert probes.lyapunov(np.zeros((3, 2, 2)))[0] == -np.inf
    big = np.tile(1e200 * np.eye(2), (100, 1, 1))  # the product itself would overflow
    np.testing.assert_allclose(probes.lyapunov(big), np.log(1e200))


def test_the_top_exponent_is_the_slope_of_the_gradient():
    """SCIENCE in one line: not the spectral radius and not the product of f, but this predicts the slope."""
    for cell, bias in ((RNN, None), (LSTM, None), (LSTM, 1.0), (GRU, None)):
        p, xs = long_run(cell, bias, T=150)
        xs = xs[:, :1]
        norm = probes.gradient_against_lag((cell, p), xs)["h"]
        slope = np.polyfit(np.arange(20, 120), np.log(norm[20:120]), 1)[0]
        top = probes.lyapunov(probes.jacobians(cell, p, xs), k=1, skip=20)[0]
        assert abs(slope - top) < 0.05 * abs(slope) + 0.01


def test_exponents_refuse():
    J = np.zeros((5, 3, 3))
    with refuse(ValueError, "jacobians must have shape (T, S, S), got (5, 3)"):
        probes.lyapunov(J[0:5, :, 0])
    with refuse(ValueError, "k must be 1 … 3, got 4"):
        probes.lyapunov(J, k=4)
    with refuse(ValueError, "skip must leave at least one of the 5 steps, got 5"):
        probes.lyapunov(J, skip=5)
    with refuse(ValueError, "matrix must be square, got shape (3, 4)"):
        probes.spectral_radius(np.zeros((3, 4)))


def test_spectral_radius():
    assert probes.spectral_radius(np.array([[0.0, 2.0], [-2.0, 0.0]])) == pytest.approx(2)
    assert probes.spectral_radius(np.array([[0.5, 100.0], [0.0, 0.3]])) == pytest.approx(0.5)


# ---- units


def brute_force(how, unit, y):
    if how == "auc":
        pairs = [(a > b) + 0.5 * (a == b) for a in unit[y] for b in unit[~y]]
        return np.mean(pairs)
    if how == "correlation":
        return np.corrcoef(unit, y)[0, 1]
    thresholds = [-np.inf, *np.unique(unit), np.inf]
    return max(max(np.mean((unit > t) == y), np.mean((unit <= t) == y)) for t in thresholds)


@pytest.mark.parametrize("how", ["auc", "correlation", "accuracy"])
def test_scores_are_what_they_say(how):
    rng = np.random.default_rng(0)
    activations = rng.normal(size=(9, 5, 4)).round(1)  # equal values occur
    labels = rng.random((9, 5)) < 0.3
    got = probes.unit_scores(activations, labels, how)
    flat, y = activations.reshape(-1, 4), labels.ravel()
    np.testing.assert_allclose(got, [brute_force(how, unit, y) for unit in flat.T], rtol=1e-12)
    mask = rng.random((9, 5)) < 0.7
    masked = probes.unit_scores(activations, labels, how, mask)
    np.testing.assert_allclose(masked, [brute_force(how, u, y[mask.ravel()]) for u in flat[mask.ravel()].T], rtol=1e-12)


@pytest.mark.parametrize("how", ["auc", "correlation", "accuracy"])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_unit_that_knows_is_found(how, sign):
    rng = np.random.default_rng(1)
    labels = rng.random((30, 8)) < 0.5
    h = rng.normal(size=(30, 8, 16))
    h[..., 11] = sign * (labels - 0.5) * 4 + 0.1 * rng.normal(size=labels.shape)
    unit = probes.find_unit(h, labels, how)
    assert unit.index == 11
    perfect = {"auc": (0.0, 1.0)[sign > 0], "correlation": sign, "accuracy": 1.0}[how]
    assert unit.score == pytest.approx(perfect, abs=0.01)


def test_constant_units_and_bad_labels():
    labels = np.array([0, 1, 1, 0, 1])
    constant = np.ones((5, 1))
    assert probes.unit_scores(constant, labels) == 0.5
    assert probes.unit_scores(constant, labels, "correlation") == 0
    assert probes.unit_scores(constant, labels, "accuracy") == 0.6
    with refuse(ValueError, "labels must have shape (5,), got (4,)"):
        probes.unit_scores(constant, labels[:4])
    with refuse(ValueError, "activations must be numbers, got nan"):
        probes.unit_scores(constant * np.nan, labels)
    with refuse(ValueError, "labels must be true or false, got other values"):
        probes.unit_scores(constant, labels * 2)
    with refuse(ValueError, "both labels must occur, got 5 true of 5"):
        probes.unit_scores(constant, np.ones(5))
    with refuse(ValueError, "both labels must occur, got 2 true of 2"):
        probes.unit_scores(constant, labels, mask=[0, 1, 1, 0, 0])
    with refuse(ValueError, "how must be one of auc, correlation, accuracy, got 'f1'"):
        probes.unit_scores(constant, labels, "f1")
    with refuse(ValueError, "mask must have shape (5,), got (1,)"):
        probes.unit_scores(constant, labels, mask=[1])


# ---- clamps

ROWS = [(cell, gate) for cell in CELLS for gate in cell.rows if gate != "h"]
GATES = [(cell, gate) for cell, gate in ROWS if cell.gates[gate].squashing in probes.SQUASHINGS]


@pytest.mark.parametrize(("cell", "gate"), GATES, ids=[f"{c.name}-{g}" for c, g in GATES])
@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
def test_the_gate_is_held_from_start_to_stop_and_nothing_before(cell, gate, value):
    prob, (start, stop), units = problem(cell, T=7), (2, 5), [0, 3]
    free, free_caches = unroll(cell, prob.p, prob.xs, prob.s0)
    before = {k: v.copy() for k, v in vars(prob.p).items()}
    states, caches = probes.clamp(cell, prob.p, prob.xs, gate, value, start, stop, units, prob.s0)
    np.testing.assert_equal(vars(prob.p), before)
    trace = np.stack([cache[gate] for cache in caches])
    if value in (0.0, 1.0):
        assert (trace[start:stop][..., units] == value).all()
    np.testing.assert_allclose(trace[start:stop][..., units], value, rtol=1e-14)
    others = [1, 2, 4, 5]
    assert not np.isclose(trace[start:stop][..., others], value).any()
    assert not np.isclose(trace[stop:], value).any()
    for s, u in zip(states, free, strict=True):
        np.testing.assert_array_equal(s[:start], u[:start])
    np.testing.assert_array_equal(trace[start][:, others], free_caches[start][gate][:, others])
    assert (states[0][start:] != free[0][start:]).any()
    assert all(np.isfinite(s).all() for s in states)


def test_any_other_gate_is_refused_by_name():
    for cell, gate in set(ROWS) - set(GATES):
        with refuse(ValueError, f"{gate} of {cell.name} is squashed by"):
            probes.clamp(cell, problem(cell).p, problem(cell).xs, gate)


def test_a_state_without_a_gate_is_held_too():
    prob = problem(RNN)
    (h,), _ = probes.clamp(RNN, prob.p, prob.xs, "h", -0.5, start=1, stop=3)
    np.testing.assert_allclose(h[1:3], -0.5, rtol=1e-14)
    assert not np.isclose(h[3:], -0.5).any()


def test_clamped_gates_do_what_the_equations_say():
    prob = problem(LSTM, T=6)
    (_, c), caches = probes.clamp(LSTM, prob.p, prob.xs, "f", 0.0, start=3, state=prob.s0)
    for t in range(3, 6):
        np.testing.assert_array_equal(c[t], caches[t]["i"] * caches[t]["g"])  # nothing is remembered
    (h, _), _ = probes.clamp(LSTM, prob.p, prob.xs, "o", 0.0, start=2, stop=4, state=prob.s0)
    assert not h[2:4].any()
    assert h[4:].any()
    p = problem(GRU, T=4)
    (h,), _ = probes.clamp(GRU, p.p, p.xs, "z", 1.0, state=p.s0)
    np.testing.assert_array_equal(h, np.broadcast_to(p.s0[0], h.shape))
    p = problem(LSTM97, T=4)
    (_, c), _ = probes.clamp(LSTM97, p.p, p.xs, "i", 0.0, state=p.s0)
    np.testing.assert_array_equal(c, np.broadcast_to(p.s0[1], c.shape))


@pytest.mark.parametrize("cell", [COUPLED, CIFG], ids=lambda c: c.name)
def test_the_coupled_input_gate_is_the_forget_gate(cell):
    prob = problem(cell)
    a, _ = probes.clamp(cell, prob.p, prob.xs, "i", 0.25)
    b, _ = probes.clamp(cell, prob.p, prob.xs, "f", 0.75)
    np.testing.assert_array_equal(a[0], b[0])


def test_a_value_for_each_unit_and_a_candidate_without_bounds():
    prob = problem(LSTM)
    _, caches = probes.clamp(LSTM, prob.p, prob.xs, "f", [0.0, 0.5, 1.0], units=[5, 1, 0])
    np.testing.assert_allclose(caches[0]["f"][0, [5, 1, 0]], [0, 0.5, 1])
    _, caches = probes.clamp(LSTM, prob.p, prob.xs, "g", -1.0)
    assert (caches[2]["g"] == -1).all()
    p = problem(NIAF)
    _, caches = probes.clamp(NIAF, p.p, p.xs, "g", 7.0)
    assert (caches[2]["g"] == 7).all()


def test_clamping_an_fgr_gate_silences_its_gate_recurrence():
    prob = problem(FGR)
    _, caches = probes.clamp(FGR, prob.p, prob.xs, "f", 1.0, state=prob.s0)
    assert all((cache["f"] == 1).all() for cache in caches)


def test_clamp_refuses():
    prob = problem(LSTM)
    args = (LSTM, prob.p, prob.xs)
    with refuse(ValueError, "gate must be one that lstm states (i, f, g, o), got 'z'"):
        probes.clamp(*args, gate="z")
    with refuse(ValueError, "gate must be one that rnn states (h), got 'f'"):
        probes.clamp(RNN, problem(RNN).p, prob.xs)
    with refuse(ValueError, "value of f must be between 0 and 1, got 1.5"):
        probes.clamp(*args, value=1.5)
    with refuse(ValueError, "value of g must be between -1 and 1, got -2.0"):
        probes.clamp(*args, gate="g", value=-2.0)
    with refuse(ValueError, "units must be indices 0 … 5, got [6]"):
        probes.clamp(*args, units=6)
    with refuse(ValueError, "value must be one number, or one for each of the 6 units, got (2,)"):
        probes.clamp(*args, value=[0, 1])
    with refuse(ValueError, "start and stop must satisfy 0 ≤ start ≤ stop ≤ 5, got 3 and 9"):
        probes.clamp(*args, start=3, stop=9)


# ---- clamps of a cell of one's own


@pytest.mark.parametrize(("gate", "value"), [("i", 0.3), ("i", 5.0), ("i", 0.0), ("f", 0.3), ("g", -0.5)])
def test_a_gate_of_ones_own_cell_is_held_by_its_own_squashing(gate, value):
    p = init(EXPONENTIAL, 4, 6, np.random.default_rng(0))
    xs = np.random.default_rng(1).normal(size=(6, 3, 4))
    (_, c, n), caches = probes.clamp(EXPONENTIAL, p, xs, gate, value, start=2, units=[1, 4])
    free, _ = unroll(EXPONENTIAL, p, xs)
    np.testing.assert_allclose([cache[gate][:, [1, 4]] for cache in caches[2:]], value, rtol=1e-14)
    np.testing.assert_array_equal(n[:2], free[2][:2])  # from n = 1 on, where the cell starts
    assert (c[2:] != free[1][2:]).any()


def test_gradients_over_lags_of_a_cell_that_does_not_start_at_zero():
    p = init(EXPONENTIAL, 4, 6, np.random.default_rng(0))
    xs, r = np.random.default_rng(1).normal(size=(5, 3, 4)), np.ones((3, 6))
    norms = probes.gradient_against_lag((EXPONENTIAL, p), xs, readout=r)
    _, caches = unroll(EXPONENTIAL, p, xs)
    zeros = np.zeros((5, 3, 6))
    last = zeros.copy()
    last[-1] = r
    _, _, dstate0 = unroll_backward(EXPONENTIAL, p, caches[1:], (last[1:], zeros[1:], zeros[1:]))
    for name, d in zip(EXPONENTIAL.states, dstate0, strict=True):
        np.testing.assert_allclose(norms[name][-1], np.linalg.norm(d, axis=1).mean())
    assert norms["n"][0] == 0


def test_clamp_refuses_what_a_cell_of_ones_own_does_not_say():
    prob = problem(LSTM)
    args = prob.p, prob.xs
    silent = LSTM._replace(name="mine", gates={})
    with refuse(ValueError, "gate must be one that mine states (none), got 'f'"):
        probes.clamp(silent, *args)
    with refuse(ValueError, "f of lstm is squashed by 'softplus', and only σ, tanh, exp"):
        probes.clamp(LSTM._replace(gates={**LSTM.gates, "f": Gate("softplus")}), *args)
    with refuse(ValueError, "i of lstm is not what its gates say: held at 0.3, it is 0.231"):
        probes.clamp(LSTM._replace(gates={**LSTM.gates, "i": Gate("exp")}), *args, "i", 0.3)
    with refuse(ValueError, "lstm must say in gates or stacks whose rows its W (24, 4) has"):
        probes.clamp(LSTM._replace(gates={k: LSTM.gates[k] for k in "ifg"}), *args)
    with refuse(ValueError, "gru must say in gates or stacks whose rows its b_hn (6,) has"):
        probes.clamp(GRU._replace(stacks={}), problem(GRU).p, prob.xs, "n")


def test_clamping_is_causal_in_a_net_made_by_hand():
    """A latch: one unit remembers the first input; shut its forget gate in between, and the memory is gone."""
    H = 1
    p = Params(W=np.zeros((4, 2)), U=np.zeros((4, H)), b=np.array([-8.0, 8.0, 0.0, 8.0]))
    p.W[0, 0], p.W[2, 1] = 16.0, 3.0  # the first input opens i, the second is the value
    xs = np.zeros((8, 2, 2))
    xs[0, :, 0], xs[0, :, 1] = 1.0, [1.0, -1.0]
    (h, _), _ = unroll(LSTM, p, xs)
    labels = np.broadcast_to(np.array([True, False]), (8, 2))
    assert probes.find_unit(h, labels).score == 1
    (clamped, _), _ = probes.clamp(LSTM, p, xs, "f", 0.0, start=4, stop=5)
    assert (np.abs(h[4:]) > 0.7).all()
    assert (np.abs(clamped[4:]) < 1e-3).all()


@pytest.mark.parametrize(
    "spread, bias, saturated, slope",
    [(0.1, 0.0, 0.0, 0.249), (1.0, 0.0, 0.028, 0.2066), (8.0, 0.0, 0.784, 0.049), (1.0, 5.0, 0.997, 0.0105)],
)
def test_saturation(spread, bias, saturated, slope):
    data = probes.saturation(spread, bias)
    assert data["saturated"] == pytest.approx(saturated, abs=2e-3) and data["slope"] == pytest.approx(slope, abs=2e-3)
    with pytest.raises(ValueError, match=r"spread must not be negative, got -1\.0"):
        probes.saturation(-1.0, bias)
