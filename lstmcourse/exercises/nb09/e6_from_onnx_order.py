"""E9.6: the weights of an ONNX LSTM in PyTorch's order."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, wrong


def from_onnx_order(W: np.ndarray, R: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, ...]:
    """The weights of an ONNX LSTM node (one direction) as torch.nn.LSTM wants them.

    W (4H, I), R (4H, H): the rows of i first, then o, f and c. B (8H,): the bias beside W, then
    the one beside R, each in that order. PyTorch's rows are i, f, g, o; g is what ONNX calls c.
    Returns weight_ih (4H, I), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
    """

    def ifgo(rows):
        i, o, f, g = np.split(rows, 4)
        return np.concatenate([i, f, g, o])

    bias_ih, bias_hh = np.split(B, 2)
    return ifgo(W), ifgo(R), ifgo(bias_ih), ifgo(bias_hh)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """W (4H, I), R (4H, H), B (8H,)."""
    return rng.normal(size=(4 * n.H, n.I)), rng.normal(size=(4 * n.H, n.H)), rng.normal(size=8 * n.H)


HINTS = (
    "Four blocks of H rows each. Take them apart under ONNX's names, put them together in PyTorch's order.",
    "i, o, f, c = the four quarters of W; weight_ih = [i; f; c; o]. R and both halves of B in the same way.",
    """
    def ifgo(rows):
        i, o, f, g = np.split(rows, 4)
        return np.concatenate(...)
    """,
)

SYMPTOMS = {
    "right for W, wrong for the biases": "B is two biases one after the other, (4H,) each: halve it first, then "
    "reorder each half.",
    "right with one unit, wrong with more": "The gates lie in blocks of H rows; rows.reshape(4, H, ...) is right, "
    "rows.reshape(H, 4, ...) takes them as interleaved.",
    "the first H rows are right, the others not": "i is first in both orders. See where f comes from.",
}

WRONG = {
    "as they are": wrong(
        "[i, f, g, o]", "[i, o, f, g]",
        "the rows stay where they are: the shapes fit, nothing complains, and ONNX's o does the work of f",
    ),
    "the way back": wrong(
        "[i, f, g, o]", "[i, g, o, f]", "the permutation is the inverse one, which carries PyTorch's rows to ONNX"
    ),
    "f and o exchanged": wrong(
        "[i, f, g, o]", "[i, f, o, g]",
        "f is put in its place, and o and c are left in the order in which ONNX has them: o goes before c",
    ),
    "interleaved": wrong(
        "np.concatenate([i, f, g, o])", "rows.reshape(-1, 4, *rows.shape[1:])[:, [0, 2, 3, 1]].reshape(rows.shape)",
        "the rows are taken as i o f c of the first unit, then of the second; they lie gate by gate",
    ),
    "biases exchanged": wrong(
        "np.split(B, 2)", "np.split(B, 2)[::-1]",
        "the two halves of B are exchanged: an LSTM does not mind, because it adds them, and a GRU does",
    ),
    "every other": wrong(
        "np.split(B, 2)", "B[0::2], B[1::2]", "B is taken apart as every other number; it is one bias after the other"
    ),
    "a pair a gate": wrong(
        "np.split(B, 2)", "np.concatenate(np.split(B, 8)[0::2]), np.concatenate(np.split(B, 8)[1::2])",
        "B is read as pairs of biases, gate by gate; it is all of Wb, then all of Rb",
    ),
    "biases forgotten": wrong(
        "ifgo(bias_ih), ifgo(bias_hh)", "bias_ih, bias_hh", "the biases are split and not reordered"
    ),
    "R forgotten": wrong("ifgo(R)", "R", "R keeps ONNX's order"),
}  # fmt: skip

exercise = Exercise(
    id="E9.6",
    title="Weights from ONNX",
    solution=from_onnx_order,
    minutes=10,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="carry the weights of an LSTM from one library to another, and prove that nothing was mixed up",
    returns={"weight_ih": "(4H, I)", "weight_hh": "(4H, H)", "bias_ih": "(4H,)", "bias_hh": "(4H,)"},
    rows="ifgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=STEP_SIZES,
    edges={"one unit, one input": lambda rng: (np.arange(4.0)[:, None], np.arange(4.0, 8)[:, None], np.arange(8.0))},
)
