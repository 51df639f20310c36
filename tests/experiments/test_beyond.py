"""Attention that looks at valid steps only, scans that equal loops, gates whose stabiliser changes nothing."""

import datetime
import re

import numpy as np
import pytest
import torch

from lstmcourse import beyond
from lstmcourse.experiments.revising import Holders, bids, last_error, train_holders
from lstmcourse.reference import COUPLED, Params, sigmoid


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# ── sequence to sequence ──


def test_a_date_in_every_form_is_the_day_that_its_answer_says(rng):
    texts, answers = beyond.dates(rng, 300, words=0)
    forms = set()
    for text, answer in zip(texts, answers, strict=True):
        day = datetime.date.fromisoformat(answer.removesuffix("."))
        (form,) = (k for k, write in enumerate(beyond.FORMS) if write(day) == text)
        forms.add(form)
    assert forms == set(range(len(beyond.FORMS)))
    assert [beyond.FORMS[4](datetime.date(2000, 1, d))[4:8] for d in (1, 2, 3, 11, 12, 13, 22)] == [
        "1st ", "2nd ", "3rd ", "11th", "12th", "13th", "22nd",
    ]  # fmt: skip


def test_other_words_stand_around_the_date(rng):
    (text,), (answer,) = beyond.dates(rng, 1, words=8)
    assert sum(word in beyond.AROUND for word in re.findall("[a-z]+", text)) >= 8 and len(answer) == 11
    counts = {len(text.split()) for text in beyond.dates(rng, 200, words=(0, 3))[0]}
    assert min(counts) == 1 and max(counts) == 3 + 5
    with pytest.raises(
        ValueError, match=r"^n and words must be at least 0, and words from the least to the most, got 1"
    ):
        beyond.dates(rng, 1, words=(3, 2))


def test_letters_are_numbers_from_1_and_back(rng):
    x, lengths = beyond.as_read(["a b", "May"])
    assert x.T.tolist() == [[1 + beyond.READ.index(letter) for letter in text] for text in ("a b", "May")]
    x, lengths = beyond.as_read(["1.2.2000", "1"])
    assert lengths.tolist() == [8, 1] and not x[1:, 1].any()
    assert beyond.as_written(["2026-11-30."]).squeeze(1).tolist() == [2, 0, 2, 6, 10, 1, 1, 10, 3, 0, beyond.STOP]
    for texts in ([], [""], ["ü"]):
        with pytest.raises(ValueError, match=r"^texts must be one at least, none empty, of letters in READ, got"):
            beyond.as_read(texts)


def test_attention_looks_at_valid_steps_alone():
    keys, query, lengths = torch.randn(5, 3, 4), torch.randn(3, 4), torch.tensor([5, 1, 3])
    context, weights = beyond.attend(query, keys, lengths)
    for k, n in enumerate(lengths.tolist()):
        want = torch.softmax(keys[:n, k] @ query[k] / 2, dim=0)
        torch.testing.assert_close(weights[:n, k], want)
        torch.testing.assert_close(context[k], want @ keys[:n, k])
        assert not weights[n:, k].any()


@pytest.mark.parametrize("attend", [None, beyond.attend])
def test_a_text_is_translated_alike_alone_and_in_a_batch(rng, attend):
    torch.manual_seed(0)
    model = beyond.Translator(attend, units=8, size=4)
    texts, answers = beyond.dates(rng, 5)
    y = beyond.as_written(answers)
    logits, weights = model(*beyond.as_read(texts), y)
    assert logits.shape == (11, 5, len(beyond.WRITE)) and (weights is None) == (attend is None)
    for k, text in enumerate(texts):
        torch.testing.assert_close(model(*beyond.as_read([text]), y[:, k : k + 1])[0][:, 0], logits[:, k])
    with pytest.raises(ValueError, match=r"^units must be even, half of them .* got 7$"):
        beyond.Translator(units=7)


def test_what_is_written_greedily_is_likeliest_after_itself(rng):
    """Fed back as if it were the right answer, it is at each letter the likeliest."""
    torch.manual_seed(1)
    model = beyond.Translator(beyond.attend, units=8, size=4)
    texts, _ = beyond.dates(rng, 6)
    written = beyond.greedy(*model.stepper(texts), batch=6, stop=beyond.STOP, most=9)
    logits, _ = model(*beyond.as_read(texts), torch.from_numpy(written))
    ended = np.cumsum(written == beyond.STOP, axis=0) > 1
    assert ((logits.argmax(dim=2).numpy() == written) | ended).all()


def test_greedy_writing_ends_when_all_have_stopped():
    script = np.array([[1, 2], [3, 0], [0, 4], [5, 5]])

    def step(letters, t):
        return np.eye(6)[script[t]], t + 1

    assert beyond.greedy(step, 0, batch=2, stop=0, most=4).tolist() == [[1, 2], [3, 0], [0, 0]]
    assert beyond.greedy(step, 0, batch=2, stop=0, most=2).tolist() == [[1, 2], [3, 0]]


def test_a_translator_learns(rng):
    torch.manual_seed(0)
    model = beyond.Translator(beyond.attend, units=16, size=8)
    optimizer, losses = torch.optim.Adam(model.parameters(), 0.02), []
    for _ in range(20):
        texts, answers = beyond.dates(rng, 32, words=0)
        y = beyond.as_written(answers)
        losses.append(torch.nn.functional.cross_entropy(model(*beyond.as_read(texts), y)[0].flatten(0, 1), y.flatten()))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0] - 0.5


# ── scans ──


@pytest.mark.parametrize("T", [1, 2, 3, 4, 5, 7, 8, 17, 64])
def test_a_scan_is_its_loop(rng, T):
    a, b = rng.normal(size=(2, T, 2, 3))
    before = a.copy(), b.copy()
    np.testing.assert_allclose(
        beyond.scan(a, b), beyond.loop(a, b), rtol=1e-12, atol=1e-12 * np.abs(beyond.loop(a, b)).max()
    )
    assert (a == before[0]).all() and (b == before[1]).all()
    a, b = rng.random((2, T, 2, 3))
    np.testing.assert_allclose(np.exp(beyond.log_scan(np.log(a), np.log(b))), beyond.loop(a, b), rtol=1e-10)


def test_the_gradient_of_a_scan_is_a_scan(rng):
    a, b, dh = rng.normal(size=(3, 6, 1, 2))
    da, db = beyond.scan_backward(a, beyond.scan(a, b), dh)
    for array, gradient in ((a, da), (b, db)):
        for place in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = array.copy()
                moved[place] += sign * 1e-6
                given = (moved, b) if array is a else (a, moved)
                ends.append((dh * beyond.scan(*given)).sum())
            assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-8)


def test_min_gru_and_min_lstm_are_their_equations(rng):
    xs, W, b = rng.normal(size=(5, 2, 3)), rng.normal(size=(12, 3)), rng.normal(size=12)
    h, c = np.zeros((2, 2, 4))
    gru, lstm = beyond.loop(*beyond.min_gru(W[:8], b[:8], xs)), beyond.loop(*beyond.min_lstm(W, b, xs))
    for t, x in enumerate(xs):
        z, n = np.split(x @ W[:8].T + b[:8], 2, axis=1)
        h = (1 - sigmoid(z)) * h + sigmoid(z) * n
        i, f, g = np.split(x @ W.T + b, 3, axis=1)
        c = (sigmoid(f) * c + sigmoid(i) * g) / (sigmoid(f) + sigmoid(i))
        np.testing.assert_allclose(gru[t], h)
        np.testing.assert_allclose(lstm[t], c)


def test_mamba_with_one_number_of_state_is_the_coupled_cell_without_h(rng):
    xs, W, b = rng.normal(size=(6, 2, 3)), rng.normal(size=(12, 3)), rng.normal(size=12)
    p, state = Params(W=W, U=np.zeros((12, 4)), b=b), (np.zeros((2, 4)), np.zeros((2, 4)))
    f, g, _ = np.split(xs @ W.T + b, 3, axis=2)
    states = beyond.scan(*beyond.mamba(np.logaddexp(0, -f), -1.0, 1.0, np.tanh(g)))
    for t, x in enumerate(xs):
        state, _ = COUPLED.forward(p, x, state)
        np.testing.assert_allclose(states[t], state[1], rtol=1e-12, atol=1e-14)


# ── exponential gates ──


def test_the_stabiliser_changes_nothing_where_both_are_finite(rng):
    c, n, m = np.zeros((2, 3)), np.zeros((2, 3)), np.full((2, 3), -np.inf)
    plain = np.zeros((2, 2, 3))
    for i, f, g in rng.normal(size=(30, 3, 2, 3), scale=3):
        c, n, m = beyond.exponential_gate(i, f, np.tanh(g), c, n, m)
        plain = beyond.unstabilised(i, f, np.tanh(g), *plain)
        np.testing.assert_allclose(c / n, plain[0] / plain[1], rtol=1e-12)
        assert (n >= 1).all()  # so that nothing has to be clamped
    with np.errstate(over="ignore", invalid="ignore"):
        assert not np.isfinite(beyond.unstabilised(np.full((2, 3), 800.0), f, g, *plain)).all()
    assert np.isfinite(beyond.exponential_gate(np.full((2, 3), 800.0), f, g, c, n, m)).all()


def test_the_steps_in_torch_are_those_in_numpy(rng):
    a = torch.tensor(rng.normal(size=(4, 2, 12)), requires_grad=True)
    c, n, m = np.zeros((2, 3)), np.zeros((2, 3)), np.full((2, 3), -np.inf)
    state = tuple(torch.full((2, 3), float(start), dtype=torch.double) for start in beyond.STEPS["slstm"][1])
    for rows in a:
        state = beyond.slstm(rows, state)
        i, f, g, o = np.split(rows.detach().numpy(), 4, axis=1)
        c, n, m = beyond.exponential_gate(i, f, np.tanh(g), c, n, m)
        np.testing.assert_allclose(state[0].detach(), sigmoid(o) * c / n)
    state[0].sum().backward()
    assert a.grad.isfinite().all() and a.grad[0].abs().max() > 0


def test_a_sigmoid_in_the_input_gate_keeps_the_normaliser(rng):
    a = torch.tensor(rng.normal(size=(4, 2, 12)))
    state = tuple(torch.full((2, 3), float(start), dtype=torch.double) for start in beyond.STEPS["sigmoid"][1])
    c = n = torch.zeros(2, 3, dtype=torch.double)
    for rows in a:
        state = beyond.sigmoid_slstm(rows, state)
        i, f, g, o = rows.chunk(4, dim=1)
        c, n = f.sigmoid() * c + i.sigmoid() * g.tanh(), f.sigmoid() * n + i.sigmoid()
        torch.testing.assert_close(state[0], o.sigmoid() * c / n)


# ── the highest bid ──


def test_the_answer_is_the_value_of_the_highest_bid_so_far(rng):
    x, y = bids(rng, 20, 8)
    for row in range(20):
        for t in range(8):
            at = int(x[: t + 1, row, 0].argmax())
            assert y[t, row] == x[at, row, 1]


@pytest.mark.parametrize("cell", beyond.STEPS)
def test_networks_side_by_side_are_those_alone_and_learn(cell):
    nets, one = Holders(cell, 3, seed=5), Holders(cell, 1, seed=6)
    x, _ = bids(np.random.default_rng(0), 4, 6)
    torch.testing.assert_close(nets(x)[:, 1], one(x)[:, 0])
    losses = np.array(list(train_holders(nets, np.random.default_rng(0), 40, 0.03, T=5)))
    assert losses.shape == (40, 3) and (losses[-5:].mean(axis=0) < losses[:5].mean(axis=0)).all()
    assert all(0 < error < 1 / 6 for error in last_error(nets, 5))


def test_an_unknown_cell_is_refused():
    with pytest.raises(ValueError, match=r"^cell must be one of lstm, slstm, sigmoid, got 'gru'$"):
        Holders("gru", 1)
