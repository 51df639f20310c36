"""Central differences find what calculus finds; a certificate agrees for every cell and catches what is wrong."""

import re

import numpy as np
import pytest

from lstmcourse import gradcheck
from lstmcourse.convert import OPERATORS
from lstmcourse.gradcheck import LIMITS, Certificate, central_differences, certificate
from lstmcourse.letters import by_position
from lstmcourse.reference import CELLS, COUPLED, FGR, GRU, LSTM, PEEPHOLE, RNN, Cell, Gate, variant
from tests.own import EXPONENTIAL

# ---- central differences


def test_central_differences_of_known_gradients():
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    dA, dx = central_differences(lambda A, x: np.tanh(A @ x).sum(), [A, x])
    slope = 1 - np.tanh(A @ x) ** 2
    np.testing.assert_allclose(dA, np.outer(slope, x), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(dx, A.T @ slope, rtol=1e-8, atol=1e-9)


def test_central_differences_leave_the_arrays_alone():
    x = np.arange(3.0)
    x.setflags(write=False)
    (dx,) = central_differences(lambda x: (x**2).sum(), [x], eps=1e-3)
    np.testing.assert_allclose(dx, 2 * x, atol=1e-9)
    (scalar,) = central_differences(lambda x: float(x) ** 3, [np.array(2.0)])
    assert abs(scalar - 12) < 1e-8
    assert central_differences(lambda x: 1.0, [np.zeros((0, 3))])[0].shape == (0, 3)


def test_central_differences_say_what_is_wrong():
    for bad, got in ((np.arange(3), "int64"), ([1.0], "list")):
        with pytest.raises(TypeError, match=re.escape(f"arrays[0] must be a floating point NumPy array, got {got}")):
            central_differences(lambda x: 0.0, [bad])
    with pytest.raises(TypeError, match=re.escape("f must return one number, got an array of shape (3,)")):
        central_differences(lambda x: x, [np.zeros(3)])


# ---- the certificate

IN_TORCH = ("rnn", "rnn_relu", "lstm", "gru")


@pytest.mark.parametrize("cell", [*CELLS, variant("nig", "o"), variant("cifg", "")], ids=lambda c: c.name)
def test_every_cell_gets_its_certificate(cell):
    result = certificate(cell)
    assert result.ok
    assert len(result.ways) == 3 + (cell.name in IN_TORCH) + (cell.name in OPERATORS)
    exact = {"hand-written", "torch autograd", "torch.nn"}
    for row in result.rows:
        bound = 1e-11 if set(row.ways) <= exact else 2e-6 if "onnxruntime" in row.ways else 1e-7
        assert row.limit == bound
        assert row.value <= bound
    gradients = {row.quantity for row in result.rows if row.ways == ("hand-written", "central differences")}
    assert gradients == {f"d{k}" for k in cell.shapes(1, 1)} | {"dx"} | {f"d{k}_0" for k in cell.states}
    if "onnxruntime" in result.ways:
        outputs = {row.quantity for row in result.rows if row.ways == ("hand-written", "onnxruntime")}
        assert outputs == {"h"} | {f"{k}_T" for k in cell.states[1:]}


def test_another_problem_and_other_sizes():
    result = certificate(LSTM, T=1, B=1, input_size=1, hidden_size=1, rng=np.random.default_rng(3))
    assert result.ok
    assert result.sizes == {"T": 1, "B": 1, "I": 1, "H": 1}


def test_the_table_holds_bounds_only():
    assert str(certificate(LSTM)) == "\n".join(
        [
            "lstm: T = 5, B = 3, I = 4, H = 6",
            "                     central differences  torch autograd  torch.nn   onnxruntime",
            "hand-written         ≤ 1e-7 ✓             ≤ 1e-11 ✓       ≤ 1e-11 ✓  ≤ 2e-6 ✓",
            "central differences                       ≤ 1e-7 ✓        ≤ 1e-7 ✓   –",
            "torch autograd                                            ≤ 1e-11 ✓  ≤ 2e-6 ✓",
            "torch.nn                                                             ≤ 2e-6 ✓",
            "all agree",
        ]
    )
    assert str(certificate(FGR)).count("≤ 1e-7 ✓") == 2


def test_html_has_heads_a_caption_and_the_verdict_in_words():
    text = certificate(PEEPHOLE)._repr_html_()
    assert text.count('<th scope="col">') == 3
    assert text.count('<th scope="row">') == 3
    assert "<caption>Certificate of peephole: T = 5, B = 3, I = 4, H = 6;" in text
    assert "All agree." in text
    own = LSTM._replace(name="<b>")
    assert "<b>" not in certificate(own)._repr_html_()


def with_backward(change) -> Cell:
    """The LSTM with a backward that goes wrong."""

    def backward(p, d, cache, dh, dc):
        return change(LSTM.backward.__wrapped__, p, d, cache, dh, dc)

    return LSTM._replace(backward=backward)


def test_a_wrong_sign_is_found_and_named():
    def change(right, p, d, cache, dh, dc):
        dx, (dh_, dc_) = right(p, d, cache, dh, dc)
        return dx, (dh_, -dc_)

    result = certificate(with_backward(change))
    assert not result.ok
    assert not result.between("hand-written", "torch.nn").ok
    assert result.between("torch autograd", "central differences").ok
    assert result.worst.value > 0.1
    assert "hand-written" in result.worst.ways
    assert "DO NOT AGREE:" in str(result)
    assert re.search(r"hand-written and central differences \(allowed 1e-7\): .*dc_0 \de[+-]\d\d", str(result))
    assert "<p>Do not agree:</p>" in result._repr_html_()


def test_a_nan_is_not_agreement():
    def change(right, p, d, cache, dh, dc):
        dx, state = right(p, d, cache, dh, dc)
        return dx * np.nan, state

    result = certificate(with_backward(change))
    assert not result.ok
    assert result.worst.quantity == "dx"
    assert "dx nan" in str(result)


def test_a_forgotten_parameter_is_found():
    def change(right, p, d, cache, dh, dc):
        keep = d.b.copy()
        result = right(p, d, cache, dh, dc)
        d.b[:] = keep
        return result

    rows = [row for row in certificate(with_backward(change)).rows if not row.ok]
    assert {row.quantity for row in rows} == {"db"}
    assert {row.value for row in rows} == {1.0}


def test_a_certificate_refuses_what_would_end_python():
    for sizes in ({"T": 0}, {"B": 0}, {"B": -1}):
        with pytest.raises(ValueError, match=r"[TB] must be at least 1, got"):
            certificate(LSTM, **sizes)
    with pytest.raises(TypeError, match=r"cell must be a Cell, .*, got 'lstm'"):
        certificate("lstm")


def test_a_gradient_of_another_shape():
    def change(right, p, d, cache, dh, dc):
        dx, state = right(p, d, cache, dh, dc)
        return dx[:, :1], state

    with pytest.raises(ValueError, match=re.escape("dx must have shape (5, 3, 4), got (5, 3, 1)")):
        certificate(with_backward(change))


def test_a_cell_of_ones_own_is_held_against_central_differences():
    def shapes(I, H):
        return {"W": (H, I), "U": (H, H), "k": (H,)}

    def forward(p, x, state):
        (h_,) = state
        h = np.sin(x @ p.W.T + h_ @ p.U.T) * p.k
        return (h,), dict(x=x, h_=h_, h=h)

    def backward(p, d, cache, dh):
        x, h_, _ = cache.values()
        a = x @ p.W.T + h_ @ p.U.T
        d.k += (dh * np.sin(a)).sum(0)
        da = dh * p.k * np.cos(a)
        d.W += da.T @ x
        d.U += da.T @ h_
        return da @ p.W, (da @ p.U,)

    result = certificate(Cell("sine", ("h",), shapes, forward, backward))
    assert result.ok
    assert result.ways == ("hand-written", "central differences")


@pytest.mark.parametrize("name", ["exponential", "cifg_mine", "nig_io", "lstm97"])
def test_a_cell_of_ones_own_may_have_any_name(name):
    """lstm97 and nig_io have its number of rows, and other gates; cifg_mine only sounds like one of ours."""
    result = certificate(EXPONENTIAL._replace(name=name))
    assert result.ok
    assert result.ways == ("hand-written", "central differences")


def test_a_known_name_with_other_shapes_or_gates_is_ones_own():
    for own in (COUPLED._replace(name="lstm"), LSTM._replace(gates={**LSTM.gates, "i": Gate("exp")})):
        assert certificate(own).ways == ("hand-written", "central differences")


def test_a_wrong_forward_under_a_known_name_disagrees_with_the_layers():
    """o peeks at the old cell state: its own backward may be right, and the cell is still not the peephole LSTM."""
    result = certificate(variant("vanilla")._replace(name="peephole"))
    assert result.ok
    blind = PEEPHOLE._replace(forward=_ignores_peepholes, backward=LSTM.backward.__wrapped__)
    result = certificate(blind)
    assert result.between("hand-written", "central differences").ok
    assert not result.between("hand-written", "onnxruntime").ok


def _ignores_peepholes(p, x, state):
    return LSTM.forward.__wrapped__(p, x, state)


def test_without_onnxruntime_the_column_is_missing(monkeypatch):
    monkeypatch.setattr(gradcheck, "find_spec", lambda name: name == "torch" or None)
    assert certificate(LSTM).ways == ("hand-written", "central differences", "torch autograd", "torch.nn")


def test_limits_are_the_promised_ones():
    assert LIMITS["hand-written"] == LIMITS["torch autograd"] == LIMITS["torch.nn"] == 1e-11
    assert LIMITS["central differences"] == 1e-7
    assert LIMITS["onnxruntime"] == 2e-6
    a = np.ones(3)
    assert Certificate("x", {}, {"hand-written": {"h": a}, "torch.nn": {"h": a * (1 + 1e-10)}}).worst.ok is False


# ---- a walk back through time


def walk(backward, params, xs, states, dhs):
    total, dstate = [np.zeros_like(p) for p in params], [np.zeros_like(part) for part in states[-1]]
    for t in reversed(range(len(xs))):
        back = backward(*params, xs[t], *states[t], dstate[0] + dhs[t], *dstate[1:])
        total = [sum_ + grad for sum_, grad in zip(total, back)]
        dstate = back[len(params) + 1 :]
    return total


@pytest.mark.parametrize("cell", [RNN, LSTM, PEEPHOLE, GRU], ids=lambda cell: cell.name)
def test_a_right_walk_through_time_agrees_and_a_forgetful_one_does_for_one_step_alone(cell):
    step, backward = by_position(cell)
    given = {"shapes": list(cell.shapes(3, 4).values()), "parts": len(cell.states)}
    forgetful = lambda *args: tuple(g if n <= len(given["shapes"]) else 0 * g for n, g in enumerate(backward(*args)))
    assert max(gradcheck.through_time(step, backward, walk, **given)) < 1e-8
    assert len(gradcheck.through_time(step, backward, walk, **given)) == len(given["shapes"])
    assert max(gradcheck.through_time(step, forgetful, walk, **given, T=1)) < 1e-8
    assert max(gradcheck.through_time(step, forgetful, walk, **given, T=2)) > 1e-3


def test_a_walk_that_returns_other_gradients_is_refused():
    step, backward = by_position(RNN)
    shapes = [(4, 3), (4, 4), (4,)]
    with pytest.raises(ValueError, match=re.escape("of the shapes [(4, 3), (4, 4), (4,)], got [(4, 3), (4, 4)]")):
        gradcheck.through_time(step, backward, lambda *given: walk(*given)[:2], shapes=shapes)
