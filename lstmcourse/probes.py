"""Instruments for looking inside a recurrent network: gates over time, gradients over lags, Jacobians, units, clamps.

All of them work on the NumPy reference in float64, where nothing underflows before 1e-308. A ``model`` is a layer of
`lstmcourse.nn`, a torch.nn.RNN, LSTM or GRU, or a pair (cell, params).
"""

from typing import Any, NamedTuple

import numpy as np

from .reference import Cell, Params, unroll, zeros_like

# ---- the values inside


def gate_traces(model, x, hx=None, layer_index: int = 0, reverse: bool = False) -> dict[str, np.ndarray]:
    """Every named intermediate of a run: the gates, the candidate, the states, by the names of the equations.

    Args:
        model: a layer, or (cell, params).
        x: the input, (T, B, I), a NumPy array or a tensor; (B, T, I) for a layer with batch_first.
        hx: the initial state as the layer takes it; for (cell, params) a tuple of (B, H). By default the cell's start.
        layer_index, reverse: which layer and direction of a layer that has several. Dropout is not applied.

    Returns:
        name -> (T, B, H), time first whatever the layer's batch_first, in the order of the input for both directions;
        "x" is the input of that layer, (T, B, ·), "h_" and "c_" are the states one step before.
    """
    cell, p, xs, state = _at_layer(model, x, hx, layer_index, reverse)
    _, caches = unroll(cell, p, xs[::-1] if reverse else xs, state)
    if reverse:
        caches = caches[::-1]
    return {name: np.stack([cache[name] for cache in caches]) for name in caches[0]}


def _pair(model) -> tuple[Cell, Params]:
    """(cell, params) of a model with one layer, in float64."""
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Cell):
        return model[0], Params(**{k: np.asarray(v, float) for k, v in vars(model[1]).items()})
    from . import convert

    cell, p = convert.from_torch(model)
    if model.num_layers > 1 or model.bidirectional:
        raise ValueError(
            f"model must have one layer and one direction, got num_layers={model.num_layers}, "
            f"bidirectional={model.bidirectional}; pass convert.from_torch(layer, layer_index, reverse)"
        )
    return cell, p


def _at_layer(model, x, hx, layer_index: int, reverse: bool):
    """(cell, params, input, initial state) of one layer and direction: the layers below are run on the way."""
    x = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x, float)
    if isinstance(model, tuple):
        if layer_index or reverse:
            raise ValueError(f"(cell, params) is one layer, got layer_index={layer_index}, reverse={reverse}")
        return *_pair(model), x, _float64(hx)
    from . import convert

    def of(index, direction):
        cell, p = convert.from_torch(model, index, direction)
        return cell, p, _initial(hx, index * (1 + model.bidirectional) + direction)

    cell, p, state = of(layer_index, reverse)
    if x.ndim != 3:
        raise ValueError(f"x must have shape (T, B, I), got {x.shape}")
    xs = x.swapaxes(0, 1) if model.batch_first else x
    directions = [False, True] if model.bidirectional else [False]
    for index in range(layer_index):
        outputs = []
        for direction in directions:
            lower, weights, start = of(index, direction)
            states, _ = unroll(lower, weights, xs[::-1] if direction else xs, start)
            outputs.append(states[0][::-1] if direction else states[0])
        xs = np.concatenate(outputs, -1)
    return cell, p, xs, state


def _initial(hx, n: int):
    """The n-th of a layer's initial states, (L·D, B, H) each, as a reference state."""
    states = _float64(hx if hx is None or isinstance(hx, tuple) else (hx,))
    return states and tuple(s[n] for s in states)


def _float64(states):
    """A tuple of arrays or tensors as NumPy arrays; None stays None."""
    return states and tuple(np.asarray(s.detach().cpu() if hasattr(s, "detach") else s, float) for s in states)


# ---- how far gradients reach


def gradient_against_lag(model, xs, readout=None, state=None, rng=None) -> dict[str, np.ndarray]:
    """How much of an error at the last step arrives ``lag`` steps before it.

    The loss is L = Σ r · h_T. The state of a step is all of cell.states, and dL/dc_{T−lag} is what c alone passes on:
    its way through h of the same step counts as h's.

    Args:
        model: a layer with one layer and one direction, or (cell, params).
        xs: the input (T, B, I), in float64.
        readout: r (B, H); rows of length 1 in random directions unless given.
        state: the initial state, a tuple of (B, H); the cell's own start unless given.
        rng: for the readout; the same one each time unless given.

    Returns:
        For each of cell.states (T,): the norm of dL/dstate_{T−lag} for lag 0, 1, … T−1, averaged over the batch.
        At lag 0 it is |r| for h, and 0 for the others.

    Raises:
        ValueError: if readout has another shape.
    """
    cell, p = _pair(model)
    _, caches = unroll(cell, p, np.asarray(xs, float), _float64(state))
    shape = caches[0]["h_"].shape
    if readout is None:
        readout = (np.random.default_rng(0) if rng is None else rng).normal(size=shape)
        readout /= np.linalg.norm(readout, axis=1, keepdims=True)
    elif np.shape(readout) != shape:
        raise ValueError(f"readout must have shape {shape}, got {np.shape(readout)}")
    dstate = (np.asarray(readout, float), *(np.zeros(shape) for _ in cell.states[1:]))
    norms, scratch = [], zeros_like(p)
    for cache in reversed(caches):
        norms.append([np.linalg.norm(d, axis=1).mean() for d in dstate])
        _, dstate = cell.backward(p, scratch, cache, *dstate)
    return dict(zip(cell.states, np.array(norms).T, strict=True))


def jacobians(cell: Cell, p: Params, xs, state=None, row: int = 0) -> np.ndarray:
    """The Jacobian of each step, dstate_t / dstate_{t−1}, along the run of one sequence.

    Args:
        cell, p: the network.
        xs: the input (T, B, I), or the caches of a run by `unroll`.
        state: the initial state, a tuple of (B, H); the cell's own start unless given.
        row: the sequence of the batch whose Jacobians are wanted.

    Returns:
        (T, S, S), S = H times the number of states (h first); entry [t, a, b] is dstate_t[a] / dstate_{t−1}[b].
        The product J_T … J_{t+1} carries a small change of the state at t to T.

    Raises:
        ValueError: if row is none of the batch.
    """
    caches = xs if isinstance(xs, list) else unroll(cell, p, xs, state)[1]
    B, H = caches[0]["h_"].shape
    if not -B <= row < B:
        raise ValueError(f"row must be one of the {B} sequences, got {row}")
    S = H * len(cell.states)
    unit = tuple(np.split(np.eye(S), len(cell.states), axis=1))  # row a: the gradient of state entry a
    result, scratch = np.empty((len(caches), S, S)), zeros_like(p)
    for t, cache in enumerate(caches):
        copies = {k: np.repeat(v[row][None], S, axis=0) for k, v in cache.items()}
        _, dstate = cell.backward(p, scratch, copies, *unit)
        result[t] = np.concatenate(dstate, axis=1)
    return result


def lyapunov(jacobians: np.ndarray, k: int | None = None, skip: int = 0) -> np.ndarray:
    """The k largest Lyapunov exponents of a product of Jacobians, largest first (Benettin et al., 1980).

    The first is the mean slope of log |gradient| per step, forwards and backwards: below 0 gradients vanish, above 0
    they explode. Worked out by a QR decomposition at each step, so that nothing overflows.

    Args:
        jacobians: (T, S, S), as `jacobians` gives them.
        k: how many; all S unless given.
        skip: steps at the start that turn the directions but do not count.

    Returns:
        (k,), in nats per step; −inf for a direction that is lost altogether.

    Raises:
        ValueError: for another shape, or a k or skip that it does not allow.
    """
    J = np.asarray(jacobians, float)
    if J.ndim != 3 or J.shape[1] != J.shape[2]:
        raise ValueError(f"jacobians must have shape (T, S, S), got {J.shape}")
    T, S, _ = J.shape
    k = S if k is None else k
    if not 1 <= k <= S:
        raise ValueError(f"k must be 1 … {S}, got {k}")
    if not 0 <= skip < T:
        raise ValueError(f"skip must leave at least one of the {T} steps, got {skip}")
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(S, S))[:, :k])[0]  # no direction is special
    total = np.zeros(k)
    for t, step in enumerate(J):
        Q, R = np.linalg.qr(step @ Q)
        if t >= skip:
            with np.errstate(divide="ignore"):
                total += np.log(np.abs(np.diag(R)))
    return np.sort(total / (T - skip))[::-1]


def spectral_radius(matrix: np.ndarray) -> float:
    """The largest absolute value of the eigenvalues of a square matrix; ValueError for any other."""
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    return float(np.abs(np.linalg.eigvals(matrix)).max())


# ---- which unit knows


class Unit(NamedTuple):
    """A unit and how well it alone predicts the label."""

    index: int
    score: float


def unit_scores(activations, labels, how: str = "auc", mask=None) -> np.ndarray:
    """How well each unit alone predicts a label that is true or false.

    Args:
        activations: (…, U), e.g. h over time (T, B, H).
        labels: (…), true or false; both must occur.
        how: "auc", the probability that the unit is higher where the label is true (1/2 is chance, 0 as good as 1);
            "correlation", Pearson's, from −1 to 1; "accuracy", of the best single threshold, in either direction.
        mask: (…), which entries count; all unless given.

    Returns:
        (U,). Choose a unit on one part of the data and score it on another: the best of many is good by chance too.

    Raises:
        ValueError: for shapes that do not fit, activations that are nan, labels that are not true or false or all
            the same, another `how`.
    """
    a, y = np.asarray(activations, float), np.asarray(labels)
    if a.shape[:-1] != y.shape:
        raise ValueError(f"labels must have shape {a.shape[:-1]}, got {y.shape}")
    if np.isnan(a).any():
        raise ValueError("activations must be numbers, got nan")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("labels must be true or false, got other values")
    if mask is not None and np.shape(mask) != y.shape:
        raise ValueError(f"mask must have shape {y.shape}, got {np.shape(mask)}")
    keep = np.ones(y.shape, bool) if mask is None else np.asarray(mask, bool)
    a, y = a[keep], y[keep].astype(bool)
    if y.all() or not y.any():
        raise ValueError(f"both labels must occur, got {y.sum()} true of {y.size}")
    if how not in _SCORES:
        raise ValueError(f"how must be one of {', '.join(_SCORES)}, got {how!r}")
    return np.array([_SCORES[how](unit, y) for unit in a.T])


def find_unit(activations, labels, how: str = "auc", mask=None) -> Unit:
    """The unit that predicts the label best, in either direction; arguments as in `unit_scores`."""
    scores = unit_scores(activations, labels, how, mask)
    index = int(np.argmax(np.abs(scores - {"auc": 0.5, "correlation": 0.0, "accuracy": 0.0}[how])))
    return Unit(index, float(scores[index]))


def _auc(unit, y) -> float:
    """Mann and Whitney's U over the number of pairs; equal values count one half."""
    order = np.sort(unit)
    ranks = (np.searchsorted(order, unit, "left") + np.searchsorted(order, unit, "right") + 1) / 2
    n = y.sum()
    return float((ranks[y].sum() - n * (n + 1) / 2) / (n * (y.size - n)))


def _correlation(unit, y) -> float:
    unit, y = unit - unit.mean(), y - y.mean()
    scale = np.sqrt((unit**2).sum() * (y**2).sum())
    return float((unit * y).sum() / scale) if scale > 0 else 0.0


def _accuracy(unit, y) -> float:
    """The best of all thresholds between two different values, and of none."""
    order = np.argsort(unit)
    unit, y = unit[order], y[order]
    below = np.concatenate([[0], np.cumsum(y)])  # labels true among the k lowest
    right = below + (np.arange(len(y), -1, -1) - (y.sum() - below))  # … called true, the others false
    possible = np.concatenate([[True], unit[1:] != unit[:-1], [True]])
    return float(np.maximum(right, len(y) - right)[possible].max() / len(y))


_SCORES = {"auc": _auc, "correlation": _correlation, "accuracy": _accuracy}


# ---- what happens if


def clamp(
    cell: Cell,
    p: Params,
    xs,
    gate: str = "f",
    value=0.0,
    start: int = 0,
    stop: int | None = None,
    units=None,
    state=None,
):
    """Run a network with one gate held at a value: what it would do if it could not forget, write or speak.

    Args:
        cell, p: the network; the cell may be one's own, if it states its ``gates``.
        xs: the input (T, B, I).
        gate, value, units: as in `held`, whose parameters the clamped steps have.
        start, stop: the steps start, …, stop − 1 are clamped; to the end unless stop is given.
        state: the initial state, a tuple of (B, H); the cell's own start unless given.

    Returns:
        states, caches, as of `unroll`.

    Raises:
        ValueError: as `held` does, for a step that is not there, and for a gate that is not what ``cell.gates`` says:
            one that these parameters do not hold.
    """
    T = len(xs)
    stop = T if stop is None else stop
    if not 0 <= start <= stop <= T:
        raise ValueError(f"start and stop must satisfy 0 ≤ start ≤ stop ≤ {T}, got {start} and {stop}")
    clamped = held(cell, p, gate, value, units)
    parts, caches = [], []
    for params, first, last in ((p, 0, start), (clamped, start, stop), (p, stop, T)):
        if first < last:
            states, made = unroll(cell, params, xs[first:last], state)
            state = tuple(s[-1] for s in states)
            parts.append(states)
            caches += made
    for cache in caches[start:stop]:
        got = cache[gate] if gate in cache else 1 - cache[cell.gates[gate].coupled]
        got = got if units is None else got[:, np.atleast_1d(units)]
        if not np.allclose(got, value, rtol=1e-5, atol=1e-12):
            name = f"{gate} of {cell.name}"
            raise ValueError(f"{name} is not what its gates say: held at {value}, it is {got.flat[0]:.3g}")
    return tuple(np.concatenate(s) for s in zip(*parts, strict=True)), caches


def held(cell: Cell, p: Params, gate: str = "f", value=0.0, units=None) -> Params:
    """The parameters of a network with one gate held at a value.

    Nothing but the gate's own rows is changed: its weights, recurrent weights and peephole are zero and its bias is
    the pre-activation of that value, ±∞ for a σ's 0 and 1, so that those are met exactly.

    Args:
        cell, p: the network.
        gate: one of cell.gates. Where i = 1 − f, holding i holds f at 1 − value.
        value: in the range of the gate's squashing, for σ 0 to 1; a number, or one for each of the units.
        units: the indices of the units; all unless given.

    Raises:
        ValueError: for a gate that the cell does not state, a squashing that `SQUASHINGS` does not have, a value out
            of range or too many of them, a unit that is not there, parameters of which the cell does not say whose
            rows they have.
    """
    value = np.asarray(value, float)
    if gate not in cell.gates:
        stated = ", ".join(cell.gates) or "none"
        raise ValueError(f"gate must be one that {cell.name} states ({stated}), got {gate!r}")
    if cell.gates[gate].coupled:
        gate, value = cell.gates[gate].coupled, 1 - value
    H, rows = p.U.shape[1], cell.rows
    stacks = {"W": rows, "U": rows, "b": rows} | {f"p_{k}": k for k, g in cell.gates.items() if g.peephole}
    stacks |= cell.stacks
    for name, array in vars(p).items():
        if name not in stacks or len(array) != len(stacks[name]) * H:
            raise ValueError(f"{cell.name} must say in gates or stacks whose rows its {name} {array.shape} has")
    units = np.arange(H) if units is None else np.atleast_1d(units)
    if units.dtype.kind not in "iu" or not ((units >= 0) & (units < H)).all():
        raise ValueError(f"units must be indices 0 … {H - 1}, got {units}")
    if value.shape not in ((), units.shape):
        raise ValueError(f"value must be one number, or one for each of the {units.size} units, got {value.shape}")
    q = Params(**{k: v.copy() for k, v in vars(p).items()})
    for name, gates in stacks.items():
        if gate in gates:
            getattr(q, name)[gates.index(gate) * H + units] = 0.0
    q.b[rows.index(gate) * H + units] = _pre_activation(cell, gate, value)
    return q


SQUASHINGS: dict[str, tuple[float, float, Any]] = {  # range, and the inverse on it
    "σ": (0.0, 1.0, lambda y: np.log(y) - np.log1p(-y)),
    "tanh": (-1.0, 1.0, np.arctanh),
    "exp": (0.0, np.inf, np.log),
    "relu": (0.0, np.inf, np.positive),
    "identity": (-np.inf, np.inf, np.positive),
}


def _pre_activation(cell: Cell, gate: str, value: np.ndarray) -> np.ndarray:
    """The a with σ(a) = value, or tanh(a), or whatever squashes the gate."""
    squashing = cell.gates[gate].squashing
    if squashing not in SQUASHINGS:
        known = ", ".join(SQUASHINGS)
        raise ValueError(f"{gate} of {cell.name} is squashed by {squashing!r}, and only {known} can be inverted")
    low, high, inverse = SQUASHINGS[squashing]
    if not ((value >= low) & (value <= high)).all():
        raise ValueError(f"value of {gate} must be between {low:g} and {high:g}, got {value}")
    with np.errstate(divide="ignore"):
        return inverse(value)
