"""Gradients put to the test: central differences for anything, and one certificate per cell."""

import html
import operator
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from .reference import Cell, Params, init, unroll, unroll_backward


def central_differences(f: Callable[..., float], arrays: Sequence[np.ndarray], eps: float = 1e-5) -> tuple:
    """The gradient of f(*arrays) by central differences, (f(x + eps) − f(x − eps)) / (2 eps), one entry at a time.

    Args:
        f: takes the arrays, returns one number. It must not keep them: they are changed between the calls.
        arrays: floating point, float64 to be of use; they are copied, so the caller's stay as they are.
        eps: the step. The error is about eps² of the third derivative, plus 1e-16 |f| / eps of rounding.

    Returns:
        For each array the gradient, of its shape.

    Raises:
        TypeError: if an array is no floating point NumPy array, or f does not return one number.
    """
    for n, a in enumerate(arrays):
        if not isinstance(a, np.ndarray) or a.dtype.kind != "f":
            got = a.dtype if isinstance(a, np.ndarray) else type(a).__name__
            raise TypeError(f"arrays[{n}] must be a floating point NumPy array, got {got}")
    points = [a.copy() for a in arrays]
    gradients = tuple(np.zeros_like(a) for a in points)
    for point, gradient in zip(points, gradients, strict=True):
        for index in np.ndindex(point.shape):
            keep = point[index]
            point[index] = keep + eps
            above = _number(f(*points))
            point[index] = keep - eps
            below = _number(f(*points))
            point[index] = keep
            gradient[index] = (above - below) / (2 * eps)
    return gradients


def _number(value) -> float:
    if np.ndim(value) != 0:
        raise TypeError(f"f must return one number, got an array of shape {np.shape(value)}")
    return float(value)


def through_time(
    step: Callable, backward: Callable, bptt: Callable, *, shapes: Sequence[tuple[int, ...]], parts: int = 1, T: int = 5
) -> list[float]:
    """How far a walk back through time is from central differences, for a cell by position.

    The params, T inputs of a batch of two and the state before them are random; the loss is a random mixture of the
    first part of all T states.

    Args:
        step: step(*params, x, *state_) -> state, a tuple.
        backward: backward(*params, x, *state_, *dstate) -> (*dparams, dx, *dstate_).
        bptt: bptt(backward, params, xs, states, dhs) -> the gradients of the params.
        shapes: of the params; the first is W's (…, I), the second U's (…, H).
        parts: arrays in the state, 1 for (h,), 2 for (h, c); each is (2, H).
        T: steps.

    Returns:
        For each of the params max|bptt − central| / max|central|.

    Raises:
        ValueError: if bptt returns another number of gradients than there are params, or one of another shape.
    """
    rng = np.random.default_rng(0)
    params = [rng.normal(size=shape) for shape in shapes]
    xs = rng.normal(size=(T, 2, shapes[0][-1]))
    state = tuple(rng.normal(size=(2, shapes[1][-1])) for _ in range(parts))
    dhs = rng.normal(size=(T, *state[0].shape))

    def states(params: Sequence[np.ndarray]) -> list[tuple]:
        found = [state]
        for x in xs:
            found.append(step(*params, x, *found[-1]))
        return found

    central = central_differences(lambda *p: sum((d * s[0]).sum() for d, s in zip(dhs, states(p)[1:])), params)
    ours = bptt(backward, params, xs, states(params), dhs)
    got, expected = [np.shape(a) for a in ours], [p.shape for p in params]
    if got != expected:
        raise ValueError(f"bptt must return gradients of the shapes {expected}, got {got}")
    return [float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, central)]


# ---- the certificate

LIMITS = {  # largest disagreement with any other way that a certificate allows, as max|a − b| / max|a|
    "hand-written": 1e-11,
    "central differences": 1e-7,
    "torch autograd": 1e-11,
    "torch.nn": 1e-11,
    "onnxruntime": 2e-6,  # float32, outputs only
}


class Disagreement(NamedTuple):
    """How far two ways are apart in one quantity: max|a − b| / max|a|, where a is the larger of the two."""

    ways: tuple[str, str]
    quantity: str  # h, c_T … for outputs, dW, dx, dh_0 … for gradients
    value: float
    limit: float

    @property
    def ok(self) -> bool:
        return self.value <= self.limit  # a NaN is not


class Certificate:
    """The same numbers, worked out in up to five ways, and how far each pair of ways is apart.

    ``print(certificate)`` and a notebook show one table of bounds; the bounds are the same on every machine. The
    figures measured, which are not, are in ``rows``: a `Disagreement` for each pair of ways and each quantity.
    """

    def __init__(self, cell: str, sizes: dict[str, int], ways: dict[str, dict[str, np.ndarray]]):
        self.cell, self.sizes, self.ways = cell, sizes, tuple(ways)
        self.rows = [
            Disagreement((a, b), quantity, _disagreement(quantity, ways[a][quantity], ways[b][quantity]), _limit(a, b))
            for a, b in combinations(ways, 2)
            for quantity in ways[a]
            if quantity in ways[b]
        ]

    @property
    def ok(self) -> bool:
        """Do all pairs agree in all quantities within their limits?"""
        return all(row.ok for row in self.rows)

    @property
    def worst(self) -> Disagreement:
        """The disagreement that comes nearest to its limit, or is farthest beyond it."""
        return max(self.rows, key=lambda row: np.nan_to_num(row.value, nan=np.inf) / row.limit)

    def between(self, a: str, b: str) -> Disagreement:
        """The largest disagreement of two ways; KeyError if they have no quantity in common."""
        rows = [row for row in self.rows if set(row.ways) == {a, b}]
        if not rows:
            raise KeyError(f"no quantity in common: {a}, {b}")
        return max(rows, key=lambda row: np.nan_to_num(row.value, nan=np.inf))

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heads and rows of the table as text, the upper triangle of all pairs; "" where nothing is in common."""
        body = []
        for n, a in enumerate(self.ways[:-1]):
            cells = [self._cell(a, b) if m > n else "" for m, b in enumerate(self.ways)][1:]
            body.append([a, *cells])
        return ["", *self.ways[1:]], body

    def _cell(self, a: str, b: str) -> str:
        try:
            row = self.between(a, b)
        except KeyError:
            return "–"
        return f"≤ {_bound(row.limit)} ✓" if row.ok else f"{row.value:.0e} ✗"

    def _title(self) -> str:
        return f"{self.cell}: " + ", ".join(f"{k} = {v}" for k, v in self.sizes.items())

    def _failures(self) -> list[str]:
        """One line for each pair that does not agree, with the quantities and how far they are apart."""
        lines = []
        for a, b in combinations(self.ways, 2):
            apart = [f"{r.quantity} {r.value:.0e}" for r in self.rows if r.ways == (a, b) and not r.ok]
            if apart:
                lines.append(f"{a} and {b} (allowed {_bound(_limit(a, b))}): {', '.join(apart)}")
        return lines

    def __str__(self) -> str:
        heads, body = self.table()
        widths = [max(map(len, column)) for column in zip(heads, *body, strict=True)]
        line = lambda cells: "  ".join(text.ljust(w) for text, w in zip(cells, widths, strict=True)).rstrip()
        verdict = ["all agree" if self.ok else "DO NOT AGREE:", *(f"    {f}" for f in self._failures())]
        return "\n".join([self._title(), line(heads), *map(line, body), *verdict])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads, body = self.table()
        head = "".join(f'<th scope="col">{html.escape(h)}</th>' if h else "<td></td>" for h in heads)
        rows = ""
        for name, *cells in body:
            data = "".join(f"<td>{html.escape(c)}</td>" for c in cells)
            rows += f'<tr><th scope="row">{html.escape(name)}</th>{data}</tr>'
        caption = f"Certificate of {html.escape(self._title())}; largest disagreement, max|a − b| / max|a|"
        failures = "".join(f"<li>{html.escape(f)}</li>" for f in self._failures())
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" + (
            f"<p>Do not agree:</p><ul>{failures}</ul>" if failures else "<p>All agree.</p>"
        )


def certificate(
    cell: Cell,
    T: int = 5,
    B: int = 3,
    input_size: int = 4,
    hidden_size: int = 6,
    rng: np.random.Generator | None = None,
) -> Certificate:
    """Work out a cell's outputs and gradients in every way there is, and compare each pair of ways.

    The loss is a random weighted sum of h at every step and of all final states; parameters and input are random too,
    and the initial state is the one after three random steps; all in float64. The ways: the cell's own backward
    (hand-written); central differences of its forward; autograd through the loop of `lstmcourse.nn`; torch.nn, where
    it has the cell; onnxruntime (outputs only, float32), where it is installed and has the cell. A cell of one's own,
    that the package does not know by its name and by what it says of itself, is held against central differences
    alone, and so is every cell where torch is not installed.

    Args:
        cell: a `Cell`.
        T, B, input_size, hidden_size: steps, batch, I and H. All differ, so that a transposed matrix shows.
        rng: for the random problem; the same one each time unless given.

    Raises:
        TypeError: if cell is no Cell, or a size no integer.
        ValueError: if a gradient of the cell has another shape than what it is the gradient of, or a size is below 1.
    """
    for name, size in (("T", T), ("B", B)):
        if operator.index(size) < 1:  # onnxruntime does not survive an empty batch
            raise ValueError(f"{name} must be at least 1, got {size}")
    rng = np.random.default_rng(0) if rng is None else rng
    p = init(cell, input_size, hidden_size, rng, scale=0.7)
    xs = rng.normal(size=(T, B, input_size))
    s0 = tuple(s[-1] for s in unroll(cell, p, rng.normal(size=(3, B, input_size)))[0])
    weights = [rng.normal(size=(T, B, hidden_size))] + [rng.normal(size=(B, hidden_size)) for _ in cell.states[1:]]
    problem = (cell, p, xs, s0, weights)
    ways = {"hand-written": _hand_written(*problem), "central differences": _central(*problem)}
    if find_spec("torch"):
        ways |= _by_libraries(*problem)
    return Certificate(cell.name, {"T": T, "B": B, "I": input_size, "H": hidden_size}, ways)


def _bound(limit: float) -> str:
    mantissa, exponent = f"{limit:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _limit(a: str, b: str) -> float:
    return max(LIMITS[a], LIMITS[b])


def _disagreement(name: str, a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape:
        raise ValueError(f"{name} must have shape {b.shape}, got {a.shape}")
    scale = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
    return float(np.abs(a - b).max(initial=0.0) / scale) if scale else 0.0


def _outputs(cell: Cell, states: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """h over time (T, B, H), and the other states after the last step (B, H)."""
    return {"h": states[0], **{f"{k}_T": s for k, s in zip(cell.states[1:], states[1:], strict=True)}}


def _gradients(cell: Cell, parameters: dict, dxs, ds0) -> dict[str, np.ndarray]:
    initial = {f"d{k}_0": s for k, s in zip(cell.states, ds0, strict=True)}
    return {**{f"d{k}": v for k, v in parameters.items()}, "dx": dxs, **initial}


def _hand_written(cell, p, xs, s0, weights) -> dict[str, np.ndarray]:
    states, caches = unroll(cell, p, xs, s0)
    dstates = [weights[0], *(np.zeros_like(weights[0]) for _ in weights[1:])]
    for dstate, w in zip(dstates[1:], weights[1:], strict=True):
        dstate[-1] = w
    d, dxs, ds0 = unroll_backward(cell, p, caches, tuple(dstates))
    final = [states[0], *(s[-1] for s in states[1:])]
    return _outputs(cell, final) | _gradients(cell, vars(d), dxs, ds0)


def _central(cell, p, xs, s0, weights) -> dict[str, np.ndarray]:
    names = list(vars(p))

    def loss(*arrays):
        parameters, (xs, *s0) = arrays[: len(names)], arrays[len(names) :]
        states, _ = unroll(cell, Params(**dict(zip(names, parameters, strict=True))), xs, tuple(s0))
        final = [states[0], *(s[-1] for s in states[1:])]
        return sum((w * s).sum() for w, s in zip(weights, final, strict=True))

    values = list(central_differences(loss, [*vars(p).values(), xs, *s0]))
    parameters = {k: values.pop(0) for k in names}
    return _gradients(cell, parameters, values[0], values[1:])


def _by_libraries(cell, p, xs, s0, weights) -> dict[str, dict[str, np.ndarray]]:
    """Our own loop under autograd, torch.nn's layer and onnxruntime, each where there is one."""
    import torch

    from . import convert

    if not convert.is_known(cell):
        return {}
    ours = convert.to_torch(cell, p)
    ours.impl = "loop"
    layers: dict[str, Any] = {"torch autograd": ours}
    theirs = {"rnn": torch.nn.RNN, "rnn_relu": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    if cell.name in theirs:
        kwargs = {"nonlinearity": "relu"} if cell.name == "rnn_relu" else {}
        with torch.random.fork_rng(devices=[]):
            layers["torch.nn"] = theirs[cell.name](xs.shape[2], p.U.shape[1], dtype=torch.float64, **kwargs)
        layers["torch.nn"].load_state_dict(ours.state_dict())
    ways = {name: _run_layer(layer, cell, xs, s0, weights) for name, layer in layers.items()}
    if find_spec("onnxruntime") and find_spec("onnx") and cell.name in convert.OPERATORS:
        ways["onnxruntime"] = _by_onnxruntime(cell, p, xs, s0)
    return ways


def _run_layer(layer, cell, xs, s0, weights) -> dict[str, np.ndarray]:
    import torch

    from . import convert

    x, *state = (torch.tensor(a, requires_grad=True) for a in (xs, *s0))
    hx = tuple(s[None] for s in state)
    output, final = layer(x, hx if len(hx) > 1 else hx[0])
    values = [output, *(s[0] for s in final[1:])] if len(hx) > 1 else [output]
    loss = sum((torch.tensor(w) * v).sum() for w, v in zip(weights, values, strict=True))
    loss.backward()
    d = convert.gradients_from_torch(layer)
    outputs = _outputs(cell, [v.detach().numpy() for v in values])
    return outputs | _gradients(cell, vars(d), np.asarray(x.grad), [np.asarray(s.grad) for s in state])


def _by_onnxruntime(cell, p, xs, s0) -> dict[str, np.ndarray]:
    import onnxruntime

    from . import convert

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = convert.to_onnx(cell, p).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    arrays = [xs, *(s[None] for s in s0)]
    feeds = {i.name: a.astype(np.float32) for i, a in zip(session.get_inputs(), arrays, strict=True)}
    y, _, *final = session.run(None, feeds)
    return _outputs(cell, [y[:, 0], *(s[0] for s in final)])
