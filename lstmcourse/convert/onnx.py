"""Reference parameters to and from the ONNX operators RNN, LSTM and GRU."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import singledispatch
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..reference import Cell, Params
from ..reference._core import check_cell, check_params
from ._common import KNOWN, MADE, ORDERS, another, is_known, reorder, with_gru_biases


class Operator(NamedTuple):
    """An ONNX operator, and the attributes with which it computes a cell."""

    op: str
    attributes: dict[str, Any]


def _lstm(input_forget: int = 0, **attributes: Any) -> Operator:
    return Operator("LSTM", {"input_forget": input_forget, **attributes})


def _activations(*names: str) -> dict[str, Any]:
    """The attributes of an LSTM for σ, g and y; Affine is a ↦ 1·a + 0."""
    return {"activations": list(names), "activation_alpha": [1.0], "activation_beta": [0.0]}


_VARIANTS = {
    **dict.fromkeys(("vanilla", "nig", "nfg", "nog"), _lstm()),
    "niaf": _lstm(**_activations("Sigmoid", "Affine", "Tanh")),
    "noaf": _lstm(**_activations("Sigmoid", "Tanh", "Affine")),
    "cifg": _lstm(input_forget=1),
}
OPERATORS: dict[str, Operator] = {  # which cells are which operator; any other cell is refused
    "rnn": Operator("RNN", {"activations": ["Tanh"]}),
    "rnn_relu": Operator("RNN", {"activations": ["Relu"]}),
    "gru": Operator("GRU", {"linear_before_reset": 1}),
    "gru_reset_before": Operator("GRU", {"linear_before_reset": 0}),
    **dict.fromkeys(("lstm97", "lstm", "peephole"), _lstm()),
    "coupled": _lstm(input_forget=1),
    **{cell.name: _VARIANTS[name] for (name, _), cell in MADE.items()},
}
REASONS = {"fgr": "its gates see the gates of the step before", "layer_norm": "it normalises within a step"}


def operator(cell: Cell) -> Operator:
    """The cell's row of `OPERATORS`. Raises ValueError, with the reason, for a cell that is no ONNX operator."""
    check_cell(cell)
    if cell.name in OPERATORS and is_known(cell):
        return OPERATORS[cell.name]
    reason = REASONS.get(cell.name, "convert.OPERATORS has no row for it")
    raise ValueError(f"no ONNX operator computes {another(cell)}: {reason}")


class OnnxArrays(NamedTuple):
    """One ONNX node: op RNN, LSTM or GRU; W (1, G·H, I), R (1, G·H, H), B (1, 2·G·H), P (1, 3H) or None, float32."""

    op: str
    W: np.ndarray
    R: np.ndarray
    B: np.ndarray
    P: np.ndarray | None
    attributes: dict[str, Any]


PER_DIRECTION = {"activations", "activation_alpha", "activation_beta"}  # attributes with entries for each direction
OPEN = 100.0  # a bias that holds a gate open: σ(100) = 1 in float32 and in float64


def onnx_arrays(cell: Cell, params: Params) -> OnnxArrays:
    """The cell as one ONNX node.

    ONNX's LSTM has peepholes and coupled gates. A gate that a variant lacks is held open by its bias, an activation
    that it lacks is an Affine. Raises ValueError for a cell that has no row in `OPERATORS`, such as FGR.
    """
    op, attributes = operator(cell)
    _, H = check_params(cell, params, None)
    attributes = {"hidden_size": H, **attributes}
    if op == "LSTM":
        return _onnx_lstm(cell, params, attributes)
    Rb = np.zeros_like(params.b)
    if hasattr(params, "b_hn"):
        Rb[2 * H :] = params.b_hn
    new = ORDERS["onnx"]["gru"] if op == "GRU" else cell.rows
    W, R, Wb, Rb = (reorder(a, cell.rows, new) for a in (params.W, params.U, params.b, Rb))
    return _node(op, W, R, Wb, Rb, None, attributes)


def _onnx_lstm(cell: Cell, params: Params, attributes: dict[str, Any]) -> OnnxArrays:
    H, have = attributes["hidden_size"], cell.rows
    coupled = bool(attributes["input_forget"])
    blocks = {k: dict(zip(have, np.split(getattr(params, k), len(have)), strict=True)) for k in ("W", "U", "b")}
    peep = {k: getattr(params, f"p_{k}", np.zeros(H)) for k in "ifo"}
    for name, gates in blocks.items():
        for k in "ifgo":
            if k not in gates:
                gates[k] = np.full_like(gates["g"], OPEN if name == "b" else 0.0)
        if coupled:
            gates["i"], gates["f"] = -gates["f"], np.zeros_like(gates["f"])
    if coupled:
        peep["i"], peep["f"] = -peep["f"], np.zeros(H)
    W, R, b = (np.concatenate([blocks[k][gate] for gate in ORDERS["onnx"]["lstm"]]) for k in ("W", "U", "b"))
    seeing = any(gate.peephole for gate in cell.gates.values())
    P = np.concatenate([peep[k] for k in "iof"]) if seeing else None
    return _node("LSTM", W, R, b, np.zeros_like(b), P, attributes)


def _node(op, W, R, Wb, Rb, P, attributes) -> OnnxArrays:
    as32 = lambda a: np.ascontiguousarray(a[None], np.float32)
    return OnnxArrays(op, as32(W), as32(R), as32(np.concatenate([Wb, Rb])), None if P is None else as32(P), attributes)


def side_by_side(halves: list[OnnxArrays]) -> OnnxArrays:
    """The node of several directions from those of one each."""
    W, R, B = (np.concatenate(arrays) for arrays in zip(*((n.W, n.R, n.B) for n in halves)))
    peepholes = [n.P for n in halves if n.P is not None]
    attributes = {k: v * len(halves) if k in PER_DIRECTION else v for k, v in halves[0].attributes.items()}
    return OnnxArrays(halves[0].op, W, R, B, np.concatenate(peepholes) if peepholes else None, attributes)


@singledispatch
def to_onnx(cell: Any, params: Params, direction: str = "forward", sequence_lens: bool = False):
    """The cell as an ONNX model of one node (needs the package onnx); for a layer see `layer_to_onnx`.

    Inputs X (T, B, I), initial_h and, for an LSTM, initial_c (1, B, H), all float32; with ``sequence_lens`` also
    sequence_lens (B,) int32. Outputs Y (T, 1, B, H), Y_h and, for an LSTM, Y_c (1, B, H).
    """
    from onnx import TensorProto, helper, numpy_helper

    node = onnx_arrays(cell, params)
    H, inputs = node.attributes["hidden_size"], node.W.shape[2]
    arrays = {"W": node.W, "R": node.R, "B": node.B} | ({} if node.P is None else {"P": node.P})
    lstm = node.op == "LSTM"
    names = ["X", "W", "R", "B", "sequence_lens" if sequence_lens else "", "initial_h", *["initial_c"] * lstm]
    outputs = ["Y", "Y_h", *["Y_c"] * lstm]
    shapes = {"X": ["T", "B", inputs], "Y": ["T", 1, "B", H]}
    shapes |= {name: [1, "B", H] for name in ("initial_h", "initial_c", "Y_h", "Y_c")}
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])
    given = [value(name) for name in names if name in shapes]
    if sequence_lens:
        given.append(helper.make_tensor_value_info("sequence_lens", TensorProto.INT32, ["B"]))
    graph = helper.make_graph(
        [helper.make_node(node.op, names + ["P"] * ("P" in arrays), outputs, direction=direction, **node.attributes)],
        cell.name,
        given,
        [value(name) for name in outputs],
        [numpy_helper.from_array(a, name) for name, a in arrays.items()],
    )
    return checked(graph)


def checked(graph):
    """The model of a graph, passed by onnx.checker."""
    from onnx import checker, helper

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    checker.check_model(model)
    return model


def from_onnx(model, dtype=np.float64) -> tuple[Cell, Params]:
    """(cell, params) of a model, or of its file, with one RNN, LSTM or GRU node of one direction.

    The inverse of `to_onnx` for the cells that need nothing held open. Raises ValueError for a model with another
    number of such nodes, and as `recurrent_nodes` and `from_onnx_arrays` do.
    """
    with read(model) as nodes:
        if len(nodes) != 1:
            raise ValueError(f"model must have one RNN, LSTM or GRU node, got {len(nodes)}")
        return from_onnx_arrays(nodes[0], dtype)


@contextmanager
def read(model) -> Iterator[list[OnnxArrays]]:
    """The recurrent nodes of a model or of the file at a path, whose name then begins every ValueError.

    A file is damaged, and so a ValueError, where protobuf cannot read it or onnx.checker refuses what it read. ONNX has
    no checksum: a weight that became another finite number is not seen.
    """
    if not isinstance(model, (str, PathLike)):
        yield recurrent_nodes(model)
        return
    from onnx import checker, load

    path = Path(fspath(model))
    with path.open("rb") as file:  # one that is missing or forbidden says so itself
        start = file.read(16)
    try:
        try:
            loaded = load(path)
            checker.check_model(loaded)
        except Exception as error:  # protobuf's, onnx's or NumPy's: whatever the damage leads to
            reason = str(error).strip().partition("\n")[0]
            got = f"{path.stat().st_size} bytes that begin with {start!r}: {reason}"
            raise ValueError(f"expected an ONNX model, got {got}") from error
        yield recurrent_nodes(loaded)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def recurrent_nodes(model) -> list[OnnxArrays]:
    """The RNN, LSTM and GRU nodes of a model.

    Raises ValueError where their weights are no initializers, cannot be read, have other shapes than the operator's,
    or hold what is no finite number.
    """
    from onnx import helper

    found = []
    initializers = {t.name: t for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in _ACTIVATIONS:
            continue
        names = [*node.input, *[""] * 8]
        missing = [names[k] for k in (1, 2, 3, 7) if names[k] and names[k] not in initializers]
        missing += [key for k, key in ((1, "W"), (2, "R")) if not names[k]]
        if missing:
            raise ValueError(f"W, R, B and P must be initializers of the model, {', '.join(missing)} is none")
        known = {key: _array(initializers[names[k]]) for k, key in ((1, "W"), (2, "R"), (3, "B"), (7, "P")) if names[k]}
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if "direction" in options:
            options["direction"] = options["direction"].decode()
        if "activations" in options:
            options["activations"] = [a.decode() for a in options["activations"]]
        _check_shapes(node, known, options)
        W, B, P = known["W"], known.get("B"), known.get("P")
        B = np.zeros((len(W), 2 * W.shape[1])) if B is None else B
        found.append(OnnxArrays(node.op_type, W, known["R"], B, P, options))
    return found


def _array(tensor) -> np.ndarray:
    """An initializer's numbers. Raises ValueError, with its name, where it has none or they are not all finite."""
    from onnx import numpy_helper

    try:
        array = numpy_helper.to_array(tensor)
    except Exception as error:  # whatever a damaged tensor leads it to
        raise ValueError(f"the initializer {tensor.name!r} cannot be read: {error}") from error
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"the initializer {tensor.name!r} must hold floating-point numbers, got {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"the initializer {tensor.name!r} must hold finite numbers, got NaN or infinity")
    return array


def _check_shapes(node, known: dict[str, np.ndarray], options: dict[str, Any]) -> None:
    """ValueError unless the arrays have the shapes that the operator takes, of one H."""
    G, W = GATES[node.op_type], known["W"].shape
    H = W[1] // G if len(W) == 3 else 0
    D = {"bidirectional": 2}.get(options.get("direction", "forward"), 1)
    wanted: dict[str, tuple[Any, ...]] = {"W": (D, G * H, W[-1] if W else 0), "R": (D, G * H, H)}
    wanted |= {"B": (D, 2 * G * H), "P": (D, 3 * H)}
    for key, array in known.items():
        if array.shape != wanted[key] or not array.size:
            raise ValueError(f"{key} of the {node.op_type} node must have shape {wanted[key]}, got {array.shape}")
    if options.get("hidden_size", H) != H:
        raise ValueError(f"hidden_size of the {node.op_type} node must be {H}, as in W, got {options['hidden_size']}")


def from_onnx_arrays(node: OnnxArrays, dtype=np.float64) -> tuple[Cell, Params]:
    """(cell, params) of one ONNX node of one direction.

    ``input_forget`` gives the cell with i = 1 − f: COUPLED, or CIFG where there are peepholes. Raises ValueError for
    two directions, for activations that no cell has (RNN also has Relu, LSTM an Affine that is a ↦ a in place of one
    tanh: NIAF and NOAF), and for ``clip``.
    """
    if len(node.W) != 1:
        raise ValueError(f"the node must have one direction, got {len(node.W)}")
    if node.attributes.get("clip"):
        raise ValueError(f"no cell clips its pre-activations, and the node has clip={node.attributes['clip']}")
    activations = _activations_of(node)
    W, R, biases = (a.astype(dtype) for a in (node.W[0], node.R[0], node.B.reshape(2, -1)))
    if node.op == "LSTM":
        P = None if node.P is None else node.P[0].astype(dtype)
        return _from_onnx_lstm(W, R, biases.sum(0), P, bool(node.attributes.get("input_forget", 0)), activations)
    if node.op == "RNN":
        return KNOWN["rnn_relu" if activations == ("Relu",) else "rnn"], Params(W=W, U=R, b=biases.sum(0))
    W, U, b_ih, b_hh = (reorder(a, "zrn", "rzn") for a in (W, R, *biases))
    p = Params(W=W, U=U, b=b_ih + b_hh)
    if node.attributes.get("linear_before_reset", 0):
        return KNOWN["gru"], with_gru_biases(p, b_ih, b_hh)
    return KNOWN["gru_reset_before"], p


GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
_ACTIVATIONS = {"RNN": ("Tanh",), "LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}  # the defaults
_UNSQUASHED = {tuple(_VARIANTS[name].attributes["activations"]): name for name in ("niaf", "noaf")}


def _activations_of(node: OnnxArrays) -> tuple[str, ...]:
    default, given = _ACTIVATIONS[node.op], node.attributes.get
    got, known = tuple(given("activations", default)), {default}
    if node.op == "RNN":
        known |= {("Relu",)}
    if node.op == "LSTM" and (given("activation_alpha"), given("activation_beta")) == ([1.0], [0.0]):
        known |= set() if given("input_forget") else set(_UNSQUASHED)
    if got not in known:
        raise ValueError(f"activations must be {default}, got {got}")
    return got


def _from_onnx_lstm(W, R, b, P, coupled: bool, activations: tuple[str, ...]) -> tuple[Cell, Params]:
    arrays = {k: np.split(reorder(a, "iofg", "ifgo"), 4) for k, a in {"W": W, "U": R, "b": b}.items()}
    peepholes = {} if P is None else dict(zip(("p_i", "p_o", "p_f"), np.split(P, 3), strict=True))
    if coupled:  # f is not computed there: its rows and its peephole are not used
        arrays = {k: [-i, g, o] for k, (i, _, g, o) in arrays.items()}
        peepholes = {"p_f": -peepholes["p_i"], "p_o": peepholes["p_o"]} if peepholes else {}
    names = {(False, False): "lstm", (False, True): "peephole", (True, False): "coupled", (True, True): "cifg"}
    if activations in _UNSQUASHED:
        cell = MADE[_UNSQUASHED[activations], "ifo" if peepholes else ""]
    else:
        cell = KNOWN[names[coupled, bool(peepholes)]]
    return cell, Params(**{k: np.concatenate(parts) for k, parts in arrays.items()}, **peepholes)
