"""What every reference cell keeps to. A new cell is tested by its entry in CELLS."""

import copy
import functools
import re
import sys

import numpy as np
import pytest
import torch

from lstmcourse.gradcheck import central_differences
from lstmcourse.reference import (
    CELLS,
    COUPLED,
    GRU,
    LSTM,
    LSTM97,
    PEEPHOLE,
    RNN_RELU,
    Params,
    init,
    unroll,
    unroll_backward,
    variant,
    zero_state,
    zeros_like,
)

from ._problems import ALL_CELLS, WRITTEN_TWICE, base, disagreement, oracle, problem

pairs = functools.partial(zip, strict=True)
every_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
every_cell_and_subset = pytest.mark.parametrize("cell", ALL_CELLS, ids=lambda c: c.name)


def test_names_are_unique_and_match_the_states():
    names = [cell.name for cell in CELLS]
    assert len(set(names)) == len(names)
    assert all(cell.states[0] == "h" for cell in CELLS)


# ---- what a cell says of itself


@every_cell_and_subset
def test_every_parameter_is_a_gates_or_says_whose_rows_it_has(cell):
    I, H = 3, 5
    shapes = cell.shapes(I, H)
    assert {"W", "U", "b"} <= set(shapes)
    G = len(cell.rows)
    assert (shapes["W"], shapes["U"], shapes["b"]) == ((G * H, I), (G * H, H), (G * H,))
    seeing = {f"p_{k}" for k, gate in cell.gates.items() if gate.peephole}
    assert set(shapes) - {"W", "U", "b"} == seeing | set(cell.stacks) - {"W", "U"}
    quantities = unroll(cell, problem(cell).p, problem(cell).xs)[1][0] if cell.stacks else ()
    for name, gates in cell.stacks.items():
        assert shapes[name][0] == len(gates) * H
        assert set(gates) <= set(cell.rows) or set(gates) <= set(quantities)


@every_cell_and_subset
def test_a_gate_is_squashed_or_coupled(cell):
    for name, gate in cell.gates.items():
        assert len(name) == 1
        assert bool(gate.squashing) != bool(gate.coupled)
        assert not gate.coupled or gate.coupled in cell.rows
        assert not gate.peephole or gate.peephole.removesuffix("_") in cell.states
    assert set(cell.initial) <= set(cell.states)


@every_cell
def test_the_docstring_has_the_same_rows_and_peepholes(cell):
    module = sys.modules[cell.forward.__module__]
    if module.__name__.endswith("odyssey"):
        return  # one docstring for all variants
    rows = re.search(r"rows ([a-z](, [a-z])*)$", module.__doc__, re.MULTILINE)
    assert cell.rows == (rows[1].replace(", ", "") if rows else "h")
    peepholes = dict(re.findall(r"p_([a-z]) ∘ (\w₋?)", module.__doc__))
    said = {k: gate.peephole.replace("_", "₋") for k, gate in cell.gates.items() if gate.peephole}
    assert said == peepholes


def test_a_state_starts_where_the_cell_says():
    prob = problem(LSTM)
    cell = LSTM._replace(initial={"c": 2.0})
    h, c = zero_state(cell, 3, 6, np.float32)
    assert c.dtype == h.dtype == np.float32
    assert (h == 0).all() and (c == 2).all()
    for a, b in pairs(unroll(cell, prob.p, prob.xs)[0], unroll(LSTM, prob.p, prob.xs, zero_state(cell, 3, 6))[0]):
        np.testing.assert_array_equal(a, b)
    assert hash(cell) == hash(LSTM) and cell != LSTM


# ---- values and gradients


@every_cell_and_subset
def test_gradients_equal_central_differences(cell):
    prob = problem(cell) if cell in CELLS else problem(cell, T=3, B=2, I=3, H=4)
    names, values = pairs(*prob.inputs().items())
    numerical = central_differences(lambda *v: prob.with_inputs(**dict(pairs(names, v))).loss(), values, eps=1e-5)
    gradients = prob.gradients()
    assert set(gradients) == set(names)
    for name, expected in pairs(names, numerical):
        assert disagreement(expected, gradients[name]) < 1e-7, name


@pytest.mark.parametrize("cell", WRITTEN_TWICE, ids=lambda c: c.name)
def test_states_intermediates_and_gradients_equal_the_equations_written_a_second_time(cell):
    prob = problem(cell)
    states, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    want_states, want_trace, want_gradients = oracle(prob)
    for name, got in pairs(cell.states, states):
        assert disagreement(want_states[name], got) < 1e-14, name
    for name in caches[0]:
        assert disagreement(want_trace[name], np.stack([cache[name] for cache in caches])) < 1e-14, name
    for name, got in prob.gradients().items():
        assert disagreement(want_gradients[name], got) < 1e-13, name


def test_the_relu_problem_stays_clear_of_the_kink():
    prob = problem(RNN_RELU)
    _, caches = unroll(RNN_RELU, prob.p, prob.xs, prob.s0)
    assert min(np.abs(cache["a"]).min() for cache in caches) > 1e-3


@every_cell_and_subset
def test_the_cache_names_every_intermediate_in_its_place(cell):
    prob = problem(cell)
    states, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    for name, s, s0 in pairs(cell.states, states, prob.s0):
        before = np.concatenate([s0[None], s[:-1]])
        np.testing.assert_array_equal([cache[name] for cache in caches], s)
        np.testing.assert_array_equal([cache[f"{name}_"] for cache in caches], before)
    np.testing.assert_array_equal([cache["x"] for cache in caches], prob.xs)
    low = {"σ": 0.0, "tanh": -1.0}
    for k, gate in cell.gates.items():
        if gate.squashing in low:
            assert all(((cache[k] >= low[gate.squashing]) & (cache[k] <= 1)).all() for cache in caches)


@every_cell
def test_one_checked_step_is_one_step_of_unroll(cell):
    prob = problem(cell, T=1)
    states, (cache,) = unroll(cell, prob.p, prob.xs, prob.s0)
    state, same = cell.forward(prob.p, prob.xs[0], prob.s0)
    assert list(same) == list(cache)
    for a, b in pairs(state, states):
        np.testing.assert_array_equal(a, b[0])
    d = zeros_like(prob.p)
    dx, dstate = cell.backward(prob.p, d, cache, *(w[0] for w in prob.ws))
    want, dxs, ds0 = unroll_backward(cell, prob.p, [cache], prob.ws)
    np.testing.assert_array_equal(dx, dxs[0])
    for a, b in pairs([*vars(d).values(), *dstate], [*vars(want).values(), *ds0]):
        np.testing.assert_array_equal(a, b)


def test_a_cell_of_plain_functions_is_a_cell():
    """As a learner writes it: Cell(...) without the checks of make_cell."""
    prob = problem(LSTM)
    plain = LSTM._replace(forward=LSTM.forward.__wrapped__, backward=LSTM.backward.__wrapped__)
    for a, b in pairs(prob.gradients().values(), prob._replace(cell=plain).gradients().values()):
        np.testing.assert_array_equal(a, b)


@every_cell
def test_backward_adds_to_the_gradients_it_is_given(cell):
    prob = problem(cell, T=1)
    _, (cache,) = unroll(cell, prob.p, prob.xs, prob.s0)
    once, twice = zeros_like(prob.p), zeros_like(prob.p)
    cell.backward(prob.p, once, cache, *(w[0] for w in prob.ws))
    for _ in range(2):
        cell.backward(prob.p, twice, cache, *(w[0] for w in prob.ws))
    for k, v in vars(once).items():
        np.testing.assert_allclose(vars(twice)[k], 2 * v, rtol=1e-14)


# ---- what a cell must not do, and how its pieces fit


@every_cell
def test_nothing_that_is_passed_in_is_changed(cell):
    prob = problem(cell)
    before = copy.deepcopy((vars(prob.p), prob.xs, prob.s0, prob.ws))
    _, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    kept = copy.deepcopy(caches)
    unroll_backward(cell, prob.p, caches, prob.ws)
    np.testing.assert_equal((vars(prob.p), prob.xs, prob.s0, prob.ws), before)
    np.testing.assert_equal(caches, kept)


@every_cell
def test_read_only_arrays_are_enough(cell):
    prob = problem(cell)
    for a in [*prob.inputs().values(), *prob.ws]:
        a.setflags(write=False)
    prob.gradients()


@every_cell
def test_causal_forwards_and_backwards(cell):
    prob, t = problem(cell, T=6), 3
    changed = prob.xs.copy()
    changed[t:] += 1.0
    a, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    b, _ = unroll(cell, prob.p, changed, prob.s0)
    for s, u in pairs(a, b):
        np.testing.assert_array_equal(s[:t], u[:t])
        assert (s[t:] != u[t:]).any()
    early = tuple(np.where(np.arange(6)[:, None, None] < t, w, 0.0) for w in prob.ws)
    _, dxs, _ = unroll_backward(cell, prob.p, caches, early)
    assert not dxs[t:].any()
    assert all(dx.any() for dx in dxs[:t])


@every_cell
def test_batch_rows_are_independent(cell):
    prob, row, others = problem(cell), 1, [0, 2]
    changed = prob.with_inputs(xs=prob.xs.copy())
    changed.xs[:, row] += 1.0
    for a, b in pairs(unroll(cell, prob.p, prob.xs, prob.s0)[0], unroll(cell, prob.p, changed.xs, prob.s0)[0]):
        np.testing.assert_array_equal(a[:, others], b[:, others])
        assert (a[:, row] != b[:, row]).any()
    a, b = prob.gradients(), changed.gradients()
    for k in ["xs"] + [f"{s}0" for s in cell.states]:
        np.testing.assert_array_equal(a[k][..., others, :], b[k][..., others, :])


@every_cell
def test_a_batch_is_its_rows_one_by_one(cell):
    prob = problem(cell)
    states, _ = unroll(cell, prob.p, prob.xs, prob.s0)
    total, grads = prob.gradients(), []
    for n in range(prob.xs.shape[1]):
        only = slice(n, n + 1)
        s0, ws = tuple(s[only] for s in prob.s0), tuple(w[:, only] for w in prob.ws)
        alone = prob._replace(xs=prob.xs[:, only], s0=s0, ws=ws)
        for s, one in pairs(states, unroll(cell, prob.p, alone.xs, alone.s0)[0]):
            np.testing.assert_allclose(s[:, only], one, rtol=1e-13, atol=1e-14)
        grads.append(alone.gradients())
    for k in vars(prob.p):
        np.testing.assert_allclose(total[k], sum(g[k] for g in grads), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(total["xs"], np.concatenate([g["xs"] for g in grads], 1), rtol=1e-12, atol=1e-13)


@every_cell
def test_two_halves_make_the_whole(cell):
    prob, t = problem(cell, T=7), 4
    states, _ = unroll(cell, prob.p, prob.xs, prob.s0)
    first, caches1 = unroll(cell, prob.p, prob.xs[:t], prob.s0)
    second, caches2 = unroll(cell, prob.p, prob.xs[t:], tuple(s[-1] for s in first))
    for s, a, b in pairs(states, first, second):
        np.testing.assert_array_equal(s, np.concatenate([a, b]))
    d2, dxs2, carried = unroll_backward(cell, prob.p, caches2, tuple(w[t:] for w in prob.ws))
    early = tuple(w[:t].copy() for w in prob.ws)
    for w, dstate in pairs(early, carried):
        w[-1] += dstate
    d1, dxs1, ds0 = unroll_backward(cell, prob.p, caches1, early)
    whole = prob.gradients()
    np.testing.assert_allclose(whole["xs"], np.concatenate([dxs1, dxs2]), rtol=1e-12, atol=1e-14)
    for k in vars(prob.p):
        np.testing.assert_allclose(whole[k], vars(d1)[k] + vars(d2)[k], rtol=1e-12, atol=1e-13)
    for name, s in pairs(cell.states, ds0):
        np.testing.assert_allclose(whole[f"{name}0"], s, rtol=1e-12, atol=1e-14)


@every_cell
def test_no_state_is_the_zero_state(cell):
    prob = problem(cell)
    a, _ = unroll(cell, prob.p, prob.xs)
    b, _ = unroll(cell, prob.p, prob.xs, zero_state(cell, 3, 6))
    for s, u in pairs(a, b):
        np.testing.assert_array_equal(s, u)


@every_cell
def test_an_empty_batch_goes_through(cell):
    prob = problem(cell, B=0)
    states, caches = unroll(cell, prob.p, prob.xs, prob.s0)
    assert all(s.shape == (5, 0, 6) for s in states)
    d, dxs, _ = unroll_backward(cell, prob.p, caches, prob.ws)
    assert dxs.shape == (5, 0, 4)
    assert not any(v.any() for v in vars(d).values())


@every_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_parameters_is_kept(cell, dtype):
    prob = problem(cell)
    cast = lambda arrays: tuple(a.astype(dtype) for a in arrays)
    p = Params(**{k: v.astype(dtype) for k, v in vars(prob.p).items()})
    states, caches = unroll(cell, p, prob.xs.astype(dtype), cast(prob.s0))
    d, dxs, ds0 = unroll_backward(cell, p, caches, cast(prob.ws))
    assert {a.dtype for a in [*states, dxs, *ds0, *vars(d).values()]} == {np.dtype(dtype)}
    assert {v.dtype for v in caches[0].values()} == {np.dtype(dtype)}


@every_cell
@pytest.mark.parametrize("kind", [np.int64, np.uint8, bool], ids=lambda k: k.__name__)
def test_whole_numbers_are_converted(cell, kind):
    prob = problem(cell)
    whole = (prob.xs > 0).astype(kind)
    a, caches = unroll(cell, prob.p, whole, prob.s0)
    b, _ = unroll(cell, prob.p, whole.astype(float), prob.s0)
    for s, u in pairs(a, b):
        np.testing.assert_array_equal(s, u)
    ws = tuple((w > 0).astype(kind) for w in prob.ws)
    d, dxs, _ = unroll_backward(cell, prob.p, caches, ws)
    want, want_dxs, _ = unroll_backward(cell, prob.p, caches, tuple(w.astype(float) for w in ws))
    np.testing.assert_allclose(dxs, want_dxs, rtol=1e-13, atol=1e-15)
    for k, v in vars(want).items():
        np.testing.assert_allclose(vars(d)[k], v, rtol=1e-13, atol=1e-15)


def test_saturated_gates_give_no_warning_and_no_nan():
    """filterwarnings = error: an overflow inside σ would raise here."""
    for cell in CELLS:
        prob = problem(cell)
        prob.p.b[:] = np.where(np.arange(len(prob.p.b)) % 2, 1e4, -1e4)
        if base(cell.name) in ("rnn_relu", "niaf", "noaf"):
            prob = prob.with_inputs(U=0 * prob.p.U)
        assert all(np.isfinite(v).all() for v in prob.gradients().values()), cell.name


# ---- error texts: which argument, what was expected, what was got


def refuse(error, text):
    return pytest.raises(error, match=f"^{re.escape(text)}$")


@pytest.fixture
def lstm():
    return problem(LSTM)  # T=5, B=3, I=4, H=6


def test_input_of_another_shape(lstm):
    xs = lstm.xs
    with refuse(ValueError, "lstm expects xs of shape (T, 3, 4), got (5, 3, 9)"):
        unroll(LSTM, lstm.p, np.zeros((5, 3, 9)))
    with refuse(ValueError, "lstm expects xs of shape (T, B, 4), got (5, 4)"):
        unroll(LSTM, lstm.p, xs[:, 0])
    with refuse(ValueError, "xs must have at least one time step, got T = 0"):
        unroll(LSTM, lstm.p, xs[:0])
    with refuse(ValueError, "lstm expects x of shape (3, 4), got (3, 1)"):
        LSTM.forward(lstm.p, np.zeros((3, 1)), lstm.s0)
    with refuse(ValueError, "lstm expects x of shape (B, 4), got (4,)"):
        LSTM.forward(lstm.p, xs[0, 0], lstm.s0)


def test_state_that_numpy_would_broadcast(lstm):
    h, c = lstm.s0
    for shape in [(1, 6), (6,), (3, 1), (2, 6), (3, 6, 1)]:
        with refuse(ValueError, f"h_ must have shape (3, 6), got {shape}"):
            LSTM.forward(lstm.p, lstm.xs[0], (np.zeros(shape), c))
        with refuse(ValueError, f"c_ must have shape (3, 6), got {shape}"):
            unroll(LSTM, lstm.p, lstm.xs, (h, np.zeros(shape)))


def test_wrong_number_of_states(lstm):
    h, c = lstm.s0
    expects = "lstm expects state to be a tuple of 2 (h, c), got"
    with refuse(TypeError, f"{expects} ndarray"):
        unroll(LSTM, lstm.p, lstm.xs, h)
    with refuse(TypeError, f"{expects} 1 of them"):
        unroll(LSTM, lstm.p, lstm.xs, (h,))
    with refuse(TypeError, f"{expects} 3 of them"):
        LSTM.forward(lstm.p, lstm.xs[0], (h, c, c))
    with refuse(TypeError, f"{expects} list"):
        unroll(LSTM, lstm.p, lstm.xs, [h, c])
    gru = problem(GRU)
    with refuse(TypeError, "gru expects state to be a tuple of 1 (h), got ndarray"):
        unroll(GRU, gru.p, gru.xs, gru.s0[0])


def test_wrong_number_or_shape_of_state_gradients(lstm):
    _, caches = unroll(LSTM, lstm.p, lstm.xs, lstm.s0)
    dh, dc = lstm.ws
    d = zeros_like(lstm.p)
    with refuse(ValueError, "dstates must hold 2 arrays (h, c), got 1"):
        unroll_backward(LSTM, lstm.p, caches, (dh,))
    with refuse(ValueError, "caches must be those of at least one time step, got none"):
        unroll_backward(LSTM, lstm.p, [], (dh, dc))
    with refuse(ValueError, "dcs must have shape (5, 3, 6), got (4, 3, 6)"):
        unroll_backward(LSTM, lstm.p, caches, (dh, dc[1:]))
    with refuse(ValueError, "dhs must have shape (5, 3, 6), got (5, 1, 6)"):
        unroll_backward(LSTM, lstm.p, caches, (dh[:, :1], dc))
    with refuse(ValueError, "lstm.backward expects 2 state gradients (dh, dc), got 1"):
        LSTM.backward(lstm.p, d, caches[0], dh[0])
    with refuse(ValueError, "dh must have shape (3, 6), got (1, 6)"):
        LSTM.backward(lstm.p, d, caches[0], dh[0, :1], dc[0])


def test_caches_of_another_cell_or_size(lstm):
    _, caches = unroll(LSTM, lstm.p, lstm.xs, lstm.s0)
    coupled, small = problem(COUPLED), problem(LSTM, I=2)
    _, others = unroll(COUPLED, coupled.p, coupled.xs)
    lstm97 = problem(LSTM97)  # as many entries in its caches, so that unpacking alone would go well
    told = "a cache of lstm97 must hold x, h_, c_, i, g, o, c, h, got x, h_, c_, f, g, o, c, h"
    with refuse(ValueError, told):
        unroll_backward(LSTM97, lstm97.p, others, lstm97.ws)
    with refuse(ValueError, told):
        LSTM97.backward(lstm97.p, zeros_like(lstm97.p), others[0], *(w[0] for w in lstm97.ws))
    with refuse(ValueError, "a cache of lstm must hold x, h_, c_, i, f, g, o, c, h, got h_, c_, i, f, g, o, c, h, x"):
        turned = [{**{k: v for k, v in cache.items() if k != "x"}, "x": cache["x"]} for cache in caches]
        unroll_backward(LSTM, lstm.p, turned, lstm.ws)
    with refuse(ValueError, "caches must be of p's sizes, I = 2 and H = 6, got x (3, 4) and h_ (3, 6)"):
        unroll_backward(LSTM, small.p, caches, lstm.ws)
    with refuse(TypeError, "caches must be a list, as unroll returns it, got dict"):
        unroll_backward(LSTM, lstm.p, caches[0], lstm.ws)
    with refuse(TypeError, "a cache of lstm must be a dict, got tuple"):
        unroll_backward(LSTM, lstm.p, [tuple(caches[0].values())], lstm.ws)
    with refuse(TypeError, "dstates must be a tuple of arrays, one for each state, got ndarray"):
        unroll_backward(LSTM, lstm.p, caches, lstm.ws[0])


def test_a_name_is_no_cell_and_a_seed_no_generator(lstm):
    told = "cell must be a Cell, one of lstmcourse.reference.CELLS or your own, got 'lstm'"
    for use in (
        lambda: unroll("lstm", lstm.p, lstm.xs),
        lambda: unroll_backward("lstm", lstm.p, [], lstm.ws),
        lambda: init("lstm", 3, 4, np.random.default_rng(0)),
    ):
        with refuse(TypeError, told):
            use()
    for wrong in (0, None, np.random.RandomState(0)):
        expected = "rng must be a numpy.random.Generator such as numpy.random.default_rng(0)"
        with refuse(TypeError, f"{expected}, got {type(wrong).__name__}"):
            init(LSTM, 3, 4, wrong)


def test_what_is_no_numpy_array_is_refused(lstm):
    with refuse(TypeError, "xs must be a NumPy array, got builtins.list"):
        unroll(LSTM, lstm.p, lstm.xs.tolist())
    with refuse(TypeError, "xs must be a NumPy array, got torch.Tensor"):
        unroll(LSTM, lstm.p, torch.tensor(lstm.xs))
    with refuse(TypeError, "h_ must be a NumPy array, got torch.Tensor"):
        unroll(LSTM, lstm.p, lstm.xs, tuple(map(torch.tensor, lstm.s0)))
    with refuse(TypeError, "xs must be a NumPy array, got builtins.NoneType"):
        unroll(LSTM, lstm.p, None)


def test_other_number_types_are_refused(lstm):
    for dtype in (np.float32, complex, object, np.longdouble):
        with refuse(TypeError, f"xs must have the parameters' dtype float64, got {np.dtype(dtype)}"):
            unroll(LSTM, lstm.p, lstm.xs.astype(dtype))
        h, c = lstm.s0
        with refuse(TypeError, f"c_ must have the parameters' dtype float64, got {np.dtype(dtype)}"):
            unroll(LSTM, lstm.p, lstm.xs, (h, c.astype(dtype)))


@pytest.mark.parametrize(
    ("name", "value", "error", "text"),
    [
        ("b", np.zeros((3, 24)), ValueError, "p.b must have shape (24,), got (3, 24)"),
        ("b", np.zeros((24, 1)), ValueError, "p.b must have shape (24,), got (24, 1)"),
        ("b", np.zeros(3), ValueError, "p.b must have shape (24,), got (3,)"),
        ("W", np.zeros((6, 4)), ValueError, "p.W must have shape (24, 4), got (6, 4)"),
        ("W", np.zeros(24), ValueError, "peephole expects p.W to be a matrix, got shape (24,)"),
        ("U", np.zeros((6, 24)), ValueError, "p.W must have shape (96, 4), got (24, 4)"),
        ("U", np.zeros((24, 6), int), TypeError, "p.U must be floating point and of one dtype with p.W, got int64"),
        ("p_i", np.zeros((3, 6)), ValueError, "p.p_i must have shape (6,), got (3, 6)"),
        ("p_f", np.zeros(1), ValueError, "p.p_f must have shape (6,), got (1,)"),
        (
            "p_o",
            np.zeros(6, np.float32),
            TypeError,
            "p.p_o must be floating point and of one dtype with p.W, got float32",
        ),
        ("b", [0.0] * 24, TypeError, "p.b must be a NumPy array, got builtins.list"),
        ("W", [[0.0] * 4] * 24, TypeError, "p.W must be a NumPy array, got builtins.list"),
        ("U", torch.zeros(24, 6), TypeError, "p.U must be a NumPy array, got torch.Tensor"),
    ],
)
def test_parameters_of_another_shape_or_type(name, value, error, text):
    prob = problem(PEEPHOLE)
    setattr(prob.p, name, value)
    with refuse(error, text):
        unroll(PEEPHOLE, prob.p, prob.xs)


def test_a_bias_as_long_as_the_batch_is_not_taken_for_a_bias():
    """B = H: NumPy would add a (B, 1) column or a (B,) row without a word."""
    prob = problem(RNN_RELU, B=6)
    prob.p.b = np.zeros((6, 1))
    with refuse(ValueError, "p.b must have shape (6,), got (6, 1)"):
        unroll(RNN_RELU, prob.p, prob.xs)


def test_missing_and_additional_parameters(lstm):
    with refuse(ValueError, "peephole expects parameters ['U', 'W', 'b', 'p_f', 'p_i', 'p_o'], got ['U', 'W', 'b']"):
        unroll(PEEPHOLE, lstm.p, lstm.xs)
    with refuse(ValueError, "lstm expects p.U to be a matrix, got shape ()"):
        unroll(LSTM, Params(W=lstm.p.W), lstm.xs)
    with refuse(TypeError, "p must be Params (init makes them, Params(**arrays) too), got dict"):
        unroll(LSTM, vars(lstm.p), lstm.xs)


def test_sizes_of_init_and_names_of_variants():
    rng = np.random.default_rng(0)
    with refuse(ValueError, "input_size must be at least 1, got 0"):
        init(LSTM, 0, 3, rng)
    with refuse(ValueError, "hidden_size must be at least 1, got -1"):
        init(LSTM, 3, -1, rng)
    for wrong in (5.0, "5", True):
        with refuse(TypeError, f"hidden_size must be an integer, got {wrong!r}"):
            init(LSTM, 3, wrong, rng)
    with refuse(ValueError, "scale must not be negative, got -1"):
        init(LSTM, 3, 2, rng, scale=-1)
    assert init(LSTM, np.int64(3), np.int64(2), rng).W.shape == (8, 3)
    with refuse(ValueError, "name must be one of vanilla, nig, nfg, nog, niaf, noaf, cifg, got 'np'"):
        variant("np")
    for wrong in ("x", "ii", None):
        with refuse(ValueError, f'peepholes must be a subset of "ifo", each letter once, got {wrong!r}'):
            variant("nig", wrong)
    assert variant("vanilla", "oi").name == "vanilla_io" and variant("nig", "ofi").name == "nig"


@every_cell
def test_init_is_uniform_within_one_over_root_h(cell):
    p = init(cell, 4, 25, np.random.default_rng(0))
    values = np.concatenate([v.ravel() for v in vars(p).values()])
    assert 0.19 < np.abs(values).max() <= 0.2
    assert abs(values.mean()) < 0.02
    np.testing.assert_equal(vars(p), vars(init(cell, 4, 25, np.random.default_rng(0))))
    assert np.abs(init(cell, 4, 25, np.random.default_rng(0), scale=3.0).U).max() > 2.5
