"""How far gradients reach: over lags, step by step, and as a product of Jacobians."""

from typing import Any

import numpy as np

from ..reference import LSTM, RNN, Cell, Params, init, unroll, zeros_like
from ._traces import float64, pair


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
    cell, p = pair(model)
    _, caches = unroll(cell, p, np.asarray(xs, float), float64(state))
    shape = caches[0]["h_"].shape
    if readout is None:
        readout = (np.random.default_rng(0) if rng is None else rng).normal(size=shape)
        readout /= np.linalg.norm(readout, axis=1, keepdims=True)
    elif np.shape(readout) != shape:
        raise ValueError(f"readout must have shape {shape}, got {np.shape(readout)}")
    dstates = [np.zeros((len(caches), *shape)) for _ in cell.states]
    dstates[0][-1] = readout
    arriving = arriving_gradients(cell, p, caches, dstates)
    norms = [[np.linalg.norm(d, axis=1).mean() for d in dstate] for dstate in reversed(arriving)]
    return dict(zip(cell.states, np.array(norms).T, strict=True))


def arriving_gradients(cell: Cell, p: Params, caches, dstates=None) -> list[tuple[np.ndarray, ...]]:
    """What arrives at each step from the loss and from the steps after it.

    Args:
        cell, p: the network.
        caches: of a run by `unroll`.
        dstates: (T, B, H) for each state, the gradient of the loss itself; the loss is the sum of the last h unless
            given.

    Returns:
        T tuples of dL/dstate, (B, H) each.

    Raises:
        ValueError: for dstates of another number or shape.
    """
    shape = caches[0][f"{cell.states[0]}_"].shape
    whole = (len(caches), *shape)
    if dstates is None:
        dstates = [np.zeros(whole) for _ in cell.states]
        dstates[0][-1] = 1.0
    if [np.shape(d) for d in dstates] != [whole] * len(cell.states):
        got = ", ".join(str(np.shape(d)) for d in dstates)
        raise ValueError(
            f"dstates must hold one array of shape {whole} for each of {', '.join(cell.states)}; got {got}"
        )
    carried, out, scratch = tuple(np.zeros(shape) for _ in cell.states), [], zeros_like(p)
    for t in reversed(range(len(caches))):
        here = tuple(c + d[t] for c, d in zip(carried, dstates, strict=True))
        out.append(here)
        _, carried = cell.backward(p, scratch, caches[t], *here)
    return out[::-1]


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


def forget_bias_curves(bias: float, radius: float, steps: int, *, hidden: int = 16, seed: int = 0) -> dict[str, Any]:
    """Gradient norm against lag for an LSTM with that forget bias and a simple network with that spectral radius.

    Both get the same noise. The LSTM's is ‖dL/dc‖ with all that comes through h, the simple network's ‖dL/dh‖, for
    L = the sum of the last h, relative to lag 0. Returns "lstm" and "rnn", (steps,) each, and "f", the gates' mean.
    """
    rng = np.random.default_rng(seed)
    xs = rng.normal(size=(steps, 1, 4))
    lstm, rnn = init(LSTM, 4, hidden, rng, scale=0.3 / hidden**0.5), init(RNN, 4, hidden, rng)
    lstm.b[hidden : 2 * hidden] = bias
    rnn.U *= radius / spectral_radius(rnn.U)
    rnn.W *= 0.1  # small inputs: tanh stays near its straight part, so that the radius is what counts
    rnn.b *= 0.0
    out: dict[str, Any] = {}
    for cell, p in ((LSTM, lstm), (RNN, rnn)):
        _, caches = unroll(cell, p, xs)
        arriving = arriving_gradients(cell, p, caches)
        if cell is LSTM:
            out["f"] = float(np.mean([cache["f"] for cache in caches]))
            slopes = [cache["o"] * (1 - np.tanh(cache["c"]) ** 2) for cache in caches]  # of h against c
            arriving = [(dc + dh * slope,) for (dh, dc), slope in zip(arriving, slopes, strict=True)]
        norms = np.array([np.linalg.norm(d[-1]) for d in reversed(arriving)])
        out[cell.name] = norms / norms[0]
    return out
