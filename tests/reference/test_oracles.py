"""An independent author: onnxruntime's recurrent kernels, and the worked examples of the ONNX standard.

Float32, forward only. B = 0 is never fed: it aborts the process there. sequence_lens of 0 gives zeros, not h_0.
"""

import importlib

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lstmcourse import convert, nn
from lstmcourse.reference import (
    CIFG,
    COUPLED,
    GRU,
    GRU_RESET_BEFORE,
    LSTM,
    PEEPHOLE,
    RNN,
    RNN_RELU,
    Params,
    unroll,
)

from ._problems import ALL_CELLS, disagreement, problem

TOLERANCE = 2e-6
CELLS = [cell for cell in ALL_CELLS if cell.name in convert.OPERATORS]
DIRECT = (RNN, RNN_RELU, LSTM, PEEPHOLE, COUPLED, CIFG, GRU, GRU_RESET_BEFORE)  # nodes with nothing held open


def runtime(model, xs, s0, lengths=None):
    """-> Y (T, B, H), final states (B, H) each."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs() if i.name != "sequence_lens"]
    feeds = dict(zip(names, [a.astype(np.float32) for a in (xs, *(s[None] for s in s0))], strict=True))
    if lengths is not None:
        feeds["sequence_lens"] = np.asarray(lengths, np.int32)
    y, *final = session.run(None, feeds)
    return y[:, 0], [s[0] for s in final]


# ---- our cells in onnxruntime


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_onnxruntime_agrees(cell):
    prob = problem(cell, T=7, B=4, I=5, H=6)
    states, _ = unroll(cell, prob.p, prob.xs, prob.s0)
    y, final = runtime(convert.to_onnx(cell, prob.p), prob.xs, prob.s0)
    assert disagreement(states[0], y) < TOLERANCE
    for want, got in zip(states, final, strict=True):
        assert disagreement(want[-1], got) < TOLERANCE


@pytest.mark.parametrize("cell", DIRECT, ids=lambda c: c.name)
def test_masked_steps_of_onnxruntime_are_packed_sequences(cell):
    """sequence_lens there, pack here: zeros after the end, the final state that of the last valid step."""
    prob, lengths = problem(cell, T=7, B=4, I=5, H=6), [3, 7, 1, 5]
    y, final = runtime(convert.to_onnx(cell, prob.p, sequence_lens=True), prob.xs, prob.s0, lengths)
    layer = convert.to_torch(cell, prob.p)
    state = tuple(torch.tensor(s)[None] for s in prob.s0)
    packed = nn.pack(torch.tensor(prob.xs), lengths)
    output, last = layer(packed, state if len(state) > 1 else state[0])
    output, _ = torch.nn.utils.rnn.pad_packed_sequence(output)
    assert disagreement(output.detach().numpy(), y) < TOLERANCE
    assert not y[3:, 0].any()
    for want, got in zip(last if isinstance(last, tuple) else (last,), final, strict=True):
        assert disagreement(want[0].detach().numpy(), got) < TOLERANCE


@pytest.mark.parametrize("cell", DIRECT, ids=lambda c: c.name)
def test_reverse_of_onnxruntime_is_the_second_direction_of_our_layers(cell):
    prob = problem(cell, T=7, B=4, I=5, H=6)
    y, final = runtime(convert.to_onnx(cell, prob.p, direction="reverse"), prob.xs, prob.s0)
    one = convert.to_torch(cell, prob.p)
    both = type(one)(5, 6, bidirectional=True, dtype=torch.float64)
    weights = one.state_dict()
    both.load_state_dict(weights | {f"{k}_reverse": v for k, v in weights.items()})
    state = tuple(torch.tensor(np.stack([s, s])) for s in prob.s0)
    output, last = both(torch.tensor(prob.xs), state if len(state) > 1 else state[0])
    assert disagreement(output[..., 6:].detach().numpy(), y) < TOLERANCE
    for want, got in zip(last if isinstance(last, tuple) else (last,), final, strict=True):
        assert disagreement(want[1].detach().numpy(), got) < TOLERANCE


def test_length_zero_gives_zeros_there():
    """The one place where onnxruntime goes its own way; our pack refuses a length of 0."""
    prob = problem(LSTM)
    y, final = runtime(convert.to_onnx(LSTM, prob.p, sequence_lens=True), prob.xs, prob.s0, [0, 5, 2])
    assert not y[:, 0].any()
    assert not any(s[0].any() for s in final)
    with pytest.raises(ValueError, match="length"):
        nn.pack(torch.tensor(prob.xs), [0, 5, 2])


def test_coupling_by_i_is_coupling_by_f_with_the_rows_negated():
    """1 − σ(a) = σ(−a): the convention of ONNX and of Greff et al. against ours, on the arrays themselves."""
    p = problem(COUPLED, H=6).p
    node = convert.onnx_arrays(COUPLED, p)
    assert node.attributes["input_forget"] == 1
    np.testing.assert_array_equal(node.W[0, :6], -p.W[:6].astype(np.float32))  # i there, f here
    wrong = convert.to_onnx(COUPLED, Params(**{k: np.concatenate([-v[:6], v[6:]]) for k, v in vars(p).items()}))
    prob = problem(COUPLED)
    states, _ = unroll(COUPLED, p, prob.xs, prob.s0)
    assert disagreement(states[0], runtime(wrong, prob.xs, prob.s0)[0]) > 0.05


@pytest.mark.parametrize("cell", [PEEPHOLE, CIFG, GRU, GRU_RESET_BEFORE], ids=lambda c: c.name)
def test_the_oracle_can_tell(cell):
    """Peepholes exchanged, or the reset on the other side: far more than the tolerance."""
    prob = problem(cell)
    y, _ = runtime(convert.to_onnx(cell, prob.p), prob.xs, prob.s0)
    if cell in (PEEPHOLE, CIFG):
        p = Params(**(vars(prob.p) | {"p_f": prob.p.p_o, "p_o": prob.p.p_f}))
        other, _ = unroll(cell, p, prob.xs, prob.s0)
    elif cell is GRU:
        p = Params(W=prob.p.W, U=prob.p.U, b=prob.p.b)
        other, _ = unroll(GRU_RESET_BEFORE, p, prob.xs, prob.s0)
    else:
        other, _ = unroll(GRU, Params(**vars(prob.p), b_hn=np.zeros(6)), prob.xs, prob.s0)
    assert disagreement(y, other[0]) > 1e-2


# ---- the worked examples of the ONNX standard (the node tests inside the package onnx)


def standard_examples():
    """(name, node, inputs, outputs) of every RNN, LSTM and GRU example: ``expect`` is what they hand their case to."""
    cases = []
    for op in ("rnn", "lstm", "gru"):
        with np.errstate(invalid="ignore"):  # a BLAS may raise the flag in lanes that it then throws away
            module = importlib.import_module(f"onnx.backend.test.case.node.{op}")
        original = module.expect
        try:
            module.expect = lambda node, inputs, outputs, name, **_: cases.append((name, node, inputs, outputs))
            exporter = vars(module)[op.upper()]
            for name in sorted(n for n in vars(exporter) if n.startswith("export")):
                with np.errstate(invalid="ignore"):
                    getattr(exporter, name)()
        finally:
            module.expect = original
    return cases


EXAMPLES = standard_examples()
NODE_INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")


def test_all_examples_are_taken():
    assert len(EXAMPLES) == 18
    assert len({name for name, *_ in EXAMPLES}) == 18


@pytest.mark.parametrize(("name", "node", "inputs", "outputs"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_the_standards_examples(name, node, inputs, outputs):
    """Each through our reference cells: numbers for the formulas that were worked out by other people."""
    options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    arrays = iter(inputs)  # only those whose names are not empty
    given = {k: next(arrays) for k, used in zip(NODE_INPUTS, node.input, strict=False) if used}
    batch_first = bool(options.get("layout"))
    X = given["X"].swapaxes(0, 1) if batch_first else given["X"]
    H, B = options["hidden_size"], X.shape[1]
    assert (given.get("sequence_lens", np.array(len(X))) == len(X)).all()
    directions = {"forward": [1], "reverse": [-1], "bidirectional": [1, -1]}[
        options.get("direction", b"forward").decode()
    ]
    W, R = given["W"], given["R"]
    biases = given.get("B", np.zeros((len(W), 2 * W.shape[1])))
    runs = []
    for n, order in enumerate(directions):
        one = slice(n, n + 1)
        P = given["P"][one] if "P" in given else None
        cell, p = convert.from_onnx_arrays(convert.OnnxArrays(node.op_type, W[one], R[one], biases[one], P, options))
        zero = np.zeros((len(directions), B, H))
        s0 = tuple(given.get(f"initial_{k}", zero)[n].astype(float) for k in cell.states)
        states, _ = unroll(cell, p, X[::order].astype(float), s0)
        runs.append([states[0][::order], *(s[-1] for s in states)])
    got = dict(zip(("Y", "Y_h", "Y_c"), map(np.stack, zip(*runs, strict=True)), strict=False))
    got["Y"] = got["Y"].swapaxes(0, 1)  # (T, directions, B, H)
    if batch_first:
        got = {"Y": got["Y"].transpose(2, 0, 1, 3), "Y_h": got["Y_h"].swapaxes(0, 1)}
    expected = dict(zip([o for o in node.output if o], outputs, strict=True))
    for key, want in expected.items():
        np.testing.assert_allclose(got[key], want, rtol=2e-6, atol=1e-7)
