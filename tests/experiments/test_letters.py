"""The character model's text, its parts, the tables that count, and the table that grows."""

import ast
import itertools
import json
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from lstmcourse import letters, reference
from lstmcourse.exercises import nb01
from lstmcourse.experiments import writing

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01_recurrent_networks.ipynb"
PARTS = {name: getattr(nb01, of) for name, of in (("step", "rnn_step"), ("backward", "rnn_backward"))}
PARTS |= {name: getattr(nb01, name) for name in ("bptt", "cross_entropy")}


@pytest.fixture(scope="module")
def text():
    return letters.load()


@pytest.fixture(scope="module")
def loop(text):
    """The functions that notebook 01 defines in its own cells, by name."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    trees = (ast.parse(cell.source) for cell in cells if cell.cell_type == "code")
    names = {"start", "train", "one_batch", "held_out_bits", "write"}
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    assert {node.name for node in found} == names
    scope = {"np": np, "tqdm": lambda updates: updates, "time": time, "letters": letters}
    scope |= {"text": text, "V": len(text.symbols), "Adam": letters.Adam, "clip": letters.clip}
    scope |= {"one_hot": letters.one_hot, "unroll": letters.unroll}
    exec(compile(ast.Module(found, type_ignores=[]), str(NOTEBOOK), "exec"), scope)
    return {name: scope[name] for name in names}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTMCOURSE_HOME", str(tmp_path))
    return tmp_path


def test_a_text_there_and_back(text):
    assert text.decode(text.encode('The "assert"')) == 'The "assert"'
    with pytest.raises(ValueError, match=r"text must consist of the .* symbols, got 'é', '漢'"):
        text.encode("é 漢")
    assert len(text.held_out) == pytest.approx(len(text.train) / 9, abs=1)
    assert np.exp(letters.log_frequencies(text)).sum() == pytest.approx(1)


def test_batches_continue_each_other_and_begin_again():
    numbers = np.arange(41)
    found = list(itertools.islice(letters.batches(numbers, T=6, B=2), 4))
    (x, y), (x2, _), (x3, _), (again, _) = found
    assert x.shape == y.shape == (6, 2)
    assert (x[:, 0] == np.arange(6)).all() and (x[:, 1] == np.arange(20, 26)).all()
    assert (y == x + 1).all() and (x2 == x + 6).all() and (x3 == x + 12).all()
    assert (again == x).all(), "the fourth would need a letter that is not there"


def test_letters_since_a_bracket_that_is_still_open():
    assert letters.since_bracket("a(bc)d(").tolist() == [-1, 0, 1, 2, -1, -1, 0]


def test_one_hot():
    assert (letters.one_hot(np.array([[2, 0]]), 3) == [[[0, 0, 1], [1, 0, 0]]]).all()


@pytest.mark.parametrize("cell", reference.CELLS, ids=lambda cell: cell.name)
def test_every_cell_runs_by_position(cell):
    rng = np.random.default_rng(0)
    p, xs = reference.init(cell, 3, 4, rng), rng.normal(size=(5, 2, 3))
    state = tuple(rng.normal(size=(2, 4)) for _ in cell.states)
    step, backward = letters.by_position(cell)
    states, caches = reference.unroll(cell, p, xs, state)
    ours = letters.unroll(step, list(vars(p).values()), xs, state)
    assert all(np.array_equal(a, b) for t in range(5) for a, b in zip(ours[t + 1], (s[t] for s in states), strict=True))
    d, dstate = reference.zeros_like(p), tuple(rng.normal(size=(2, 4)) for _ in cell.states)
    dx, dstate_ = cell.backward(p, d, caches[-1], *dstate)
    back = backward(*vars(p).values(), xs[-1], *ours[-2], *dstate)
    assert all(np.array_equal(a, b) for a, b in zip(back, (*vars(d).values(), dx, *dstate_), strict=True))


def test_the_loop_is_that_of_notebook_01(text, loop):
    """Weights, losses, held-out bits and writing are equal to the last bit."""
    for theirs, ours in zip(loop["start"](), letters.start(text), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(theirs, ours, strict=True))
    theirs, ours = loop["train"](3, **PARTS), letters.train(text, 3, **PARTS)
    assert theirs[2] == ours[2] and len(ours[2]) == 3
    for a, b in zip(itertools.chain(*theirs[:2]), itertools.chain(*ours[:2]), strict=True):
        assert np.array_equal(a, b)
    judged = PARTS["step"], PARTS["cross_entropy"]
    assert loop["held_out_bits"](*theirs[:2], *judged) == letters.held_out_bits(text, *ours[:2], *judged)
    written = letters.write(text, *ours[:2], PARTS["step"], nb01.sample, length=30)
    assert loop["write"](*theirs[:2], PARTS["step"], nb01.sample, length=30) == written and len(written) == 34


def test_a_cell_of_more_rows_and_another_part_of_the_state(text):
    """In float32, on from given weights, which change in place, and from a given state."""
    step, backward = letters.by_position(reference.LSTM97)
    parts, seen = {**PARTS, "step": step, "backward": backward}, []
    weights = letters.start(text, rows=3, H=8, dtype=np.float32)
    before = weights[0][0].copy()
    cell, head, losses = letters.train(text, 4, weights, states="hc", watch=seen.append, **parts)
    assert cell is weights[0] and not np.array_equal(cell[0], before) and cell[0].shape == (24, len(text.symbols))
    assert len(losses) == len(seen) == 4 and [part.shape for part in seen[-1]] == [(16, 8)] * 2
    assert all(w.dtype == np.float32 for w in (*cell, *head))
    from_zero, from_seen = (
        letters.held_out_bits(text, cell, head, step, nb01.cross_entropy, states="hc", state=state)
        for state in (None, seen[-1])
    )
    assert from_zero != from_seen and abs(from_zero - from_seen) < 0.1
    assert len(letters.write(text, cell, head, step, nb01.sample, length=5, states="hc")) == 9


def test_clip_scales_all_by_one_factor_and_only_what_is_too_long():
    long, short = [np.array([3.0]), np.array([[4.0]])], [np.array([0.3]), np.array([[0.4]])]
    assert np.allclose(np.concatenate([g.ravel() for g in letters.clip(long, 1.0)]), [0.6, 0.8])
    assert all(np.array_equal(a, b) for a, b in zip(letters.clip(short, 1.0), short, strict=True))


def test_adam_is_torch_s():
    rng = np.random.default_rng(0)
    ours, gradients = [rng.normal(size=(3, 2)), rng.normal(size=4)], [[rng.normal(size=(3, 2)), rng.normal(size=4)]] * 9
    theirs = [torch.tensor(w, requires_grad=True) for w in ours]
    adam, optimizer = letters.Adam(ours, 0.01), torch.optim.Adam(theirs, 0.01)
    for step in gradients:
        adam(step)
        for w, g in zip(theirs, step, strict=True):
            w.grad = torch.tensor(g)
        optimizer.step()
    assert all(np.allclose(a, b.detach(), atol=1e-12) for a, b in zip(ours, theirs, strict=True))


def test_a_table_by_hand():
    """ "abab" was read; then "ab" comes. One letter: 1/2 each. After an a: b twice in two, one kind of follower."""
    one, two = letters.witten_bell(np.array([0, 1, 0, 1]), np.array([0, 1]), 2, most=2)
    assert one == pytest.approx(1)
    assert two == pytest.approx(-np.log2((2 + 1 * 0.5) / (2 + 1)))


def test_the_table_grows_and_one_cell_has_one_row(home):
    row = letters.Row("RNN (02)", 27454, 2.65, 2.74, 5.0, "a < b")
    letters.table(row, {})
    letters.table(row._replace(cell="LSTM (01)", held_out=2.3), {})
    shown = letters.table(row._replace(held_out=2.7), {"trigram": 2.69})
    assert [cells[0] for cells in shown.body] == ["LSTM (01)", "trigram", "RNN (02)"]
    assert "27,454" in str(shown) and "a &lt; b" in shown._repr_html_() and shown._repr_html_().count("<tr>") == 4


def test_the_course_s_rows_stand_where_the_learner_has_none(home):
    """Those of the notebooks before, marked, and judged as in the stored run; one of her own takes its place."""
    shown = letters.table(letters.Row("GRU (07)", 1, 2.0, 2.0, 1.0, ""), {"trigram": 2.69})
    names = {cells[0] for cells in shown.body}
    assert {"RNN (01), the course's", "LSTM of 1997 (03), the course's", "LSTM (04), the course's"} < names
    assert "GRU (07)" in names and not any(name.startswith("GRU (07),") for name in names)
    letters.table(letters.Row("mine (03)", 1, 2.0, 2.0, 1.0, ""), {})
    shown = letters.table(letters.Row("x (09)", 1, 2.0, 2.0, 1.0, ""), {})
    assert not any(cells[0].startswith("LSTM of 1997") for cells in shown.body)
    first, *_ = letters.course_rows("05")
    assert first.weights == sum(w.size for part in letters.start(letters.load()) for w in part)
    assert letters.course_rows("01") == []


def test_without_the_record_there_are_no_rows_of_the_course(monkeypatch, tmp_path):
    monkeypatch.setattr(letters._record, "RESULTS", tmp_path)
    assert letters.course_rows("09") == []


@pytest.mark.parametrize("content", ["{", "[[1]]", "3"])
def test_a_table_that_cannot_be_read_begins_again(home, content):
    (home / "letters.json").write_text(content)
    assert len(letters.table(letters.Row("RNN (01)", 1, 2.0, 2.0, 1.0, ""), {}).body) == 1
    assert len(json.loads((home / "letters.json").read_text())) == 1


def test_the_long_run_repeats_and_learns(monkeypatch):
    monkeypatch.setattr(writing, "write", lambda *_: [0])
    first, second = writing.trained(updates=30), writing.trained(updates=30)
    assert first == second and first["rows"][0]["held_out"] < 4.5
