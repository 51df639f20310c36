"""Exercises of notebook 02: the gradient by lag, its slope, what predicts the slope, clipping by global norm."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import register

# --- E2.1 the gradient at each lag ------------------------------------------------------------------------------


def gradient_by_lag(U: np.ndarray, hs: np.ndarray, dh: np.ndarray) -> np.ndarray:
    """How much of a gradient is left k steps back, in h[t] = tanh(W x[t] + U h[t-1] + b).

    U (H, H); hs (T, B, H) the states of a forward run; dh (B, H) the gradient of the loss at the last state hs[-1],
    the only one that the loss looks at.
    Returns norms (T,): norms[k] is the Frobenius norm of the gradient at hs[-1 - k], so norms[0] is that of dh.
    """
    norms = [np.linalg.norm(dh)]
    for h in hs[:0:-1]:  # the last state, the one before, … the second
        dh = (dh * (1 - h**2)) @ U
        norms.append(np.linalg.norm(dh))
    return np.array(norms)


def _by_lag_but(U, hs, dh, *, turn=False, slope=True, late=0, norm=np.linalg.norm, order=1):
    norms = [norm(dh)]
    for t in range(len(hs) - 1, 0, -1):
        dh = (dh * (1 - hs[t - late] ** 2 if slope else 1.0)) @ (U.T if turn else U)
        norms.append(norm(dh))
    return np.array(norms)[::order]


def _squashed(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return np.tanh(rng.normal(size=shape))


register(
    "E2.1",
    title="The gradient at each lag",
    solution=gradient_by_lag,
    minutes=12,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="measure, before any training, how much of an error arrives how far back",
    returns={"norms": "(T,)"},
    case=lambda rng, n: (
        rng.normal(size=(n.H, n.H)) / np.sqrt(n.H), _squashed(rng, n.T, n.B, n.H), rng.normal(size=(n.B, n.H))
    ),
    hints=(
        "One step back is one product with the Jacobian of that step. Take the norm, go one step further back, repeat.",
        "dL/dh[t-1] = (dL/dh[t] ∘ (1 − h[t]²)) U, for rows. The factor 1 − h² belongs to the state that you leave,\n"
        "not to the one that you reach.",
        """
        norms = [np.linalg.norm(dh)]
        for h in hs[:0:-1]:
            dh = ...  # through tanh, then through U
        """,
    ),
    symptoms={
        "one number too many or too few": "T states have T-1 steps between them, and norms has T entries: that of dh, "
        "then one for each step back. The first state is reached, but not left.",
        "the norms grow where they should shrink": "Look at the order: norms[0] is the norm of dh itself, at lag 0.",
    },
    wrong={
        "U transposed": (
            partial(_by_lag_but, turn=True),
            "the gradient is multiplied with U.T: forward is h_ @ U.T, so back is @ U",
        ),
        "no tanh'": (
            partial(_by_lag_but, slope=False),
            "the derivative of tanh is left out: these are the powers of U alone, as if every state were at 0",
        ),
        "slope of the state before": (
            partial(_by_lag_but, late=1),
            "1 - h**2 is taken at the state that you reach instead of the one that you leave",
        ),
        "reversed": (partial(_by_lag_but, order=-1), "the norms stand in the order of time, with lag 0 at the end"),
        "squared": (
            partial(_by_lag_but, norm=lambda d: np.sum(d**2)),
            "the square of the norm is returned: the root is missing, and every slope doubles",
        ),
    },
    edges={
        "a saturated unit passes nothing back": lambda rng: (
            np.eye(2), np.tile([1.0, 0.5], (4, 1, 1)), np.array([[1.0, 0.0]])
        ),
        "U = I and states at 0 keep the norm": lambda rng: (np.eye(3), np.zeros((5, 2, 3)), np.ones((2, 3))),
    },
)  # fmt: skip

# --- E2.2 the slope, measured -----------------------------------------------------------------------------------


def example(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A network as PyTorch initialises it (uniform ±1/√H, H=64, I=8) after 101 steps of N(0, 1) input: U, hs, dh."""
    rng = np.random.default_rng(seed)
    H, B = 64, 16
    W, U, b = (rng.uniform(-1, 1, size) / np.sqrt(H) for size in ((H, 8), (H, H), (2, H)))
    h, hs = np.zeros((B, H)), []
    for _ in range(101):
        h = np.tanh(rng.normal(size=(B, 8)) @ W.T + h @ U.T + b.sum(axis=0))
        hs.append(h)
    return U, np.array(hs), rng.normal(size=(B, H))


def measured_slope() -> float:
    """The slope of ln(norm of the gradient) over the lag, per step: the mean of the networks example(0) … example(4).

    For each network: (ln norms[100] − ln norms[0]) / 100.
    """
    slopes = []
    for seed in range(5):
        norms = gradient_by_lag(*example(seed))
        slopes.append(np.log(norms[100] / norms[0]) / 100)
    return float(np.mean(slopes))


def _log_radius() -> float:
    return float(np.mean([np.log(np.abs(np.linalg.eigvals(example(seed)[0])).max()) for seed in range(5)]))


register(
    "E2.2",
    title="The slope, measured",
    solution=measured_slope,
    kind="experiment",
    minutes=12,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="say at which rate the gradient of a freshly initialised network fades, with a number",
    returns={"slope": "a number, per step"},
    rtol=0,
    atol=0.02,
    stub="slope = ...  # the mean over the networks example(0) … example(4)",
    helpers=(example,),
    hints=(
        "On a logarithmic axis the norms fall along a line. Take its slope for each of five networks, then the mean.",
        "slope = (ln norms[100] − ln norms[0]) / 100, with the natural logarithm. It is negative: the gradient fades.",
        """
        slopes = []
        for seed in range(5):
            norms = gradient_by_lag(*example(seed))
            slopes.append(...)
        """,
    ),
    symptoms={
        "my E2.1 does not pass yet": "Take the package's: from lstmcourse.exercises.nb02 import gradient_by_lag.",
        "I get minus infinity": "Then a norm is 0: check that nothing is in float32, which ends near 1e-45.",
    },
    wrong={
        "spectral radius": (
            _log_radius,
            "the logarithm of U's spectral radius is taken, or tanh's derivative left out: both give the slope near "
            "zero activation, and tanh makes it steeper",
        ),
        "log10": (lambda: measured_slope() / np.log(10), "the logarithm to base 10 is used, not the natural one"),
        "sign": (lambda: -measured_slope(), "the sign is turned: the gradient shrinks with the lag"),
        "factor": (
            lambda: float(np.exp(measured_slope())),
            "the factor per step is given, not its logarithm",
        ),
        "whole fall": (lambda: 100 * measured_slope(), "the fall over all 100 steps is given, not that of one step"),
    },
)

# --- E2.3 what predicts the slope -------------------------------------------------------------------------------


def lyapunov(U: np.ndarray, hs: np.ndarray, v: np.ndarray) -> float:
    """The mean growth per step, in natural logarithm, of a gradient v on its way back through the steps of hs.

    U (H, H); hs (T, H) the states of one run of h[t] = tanh(W x[t] + U h[t-1] + b); v (H,), the gradient at hs[-1].
    All T steps are taken back, the one that leaves hs[0] among them. The run may be so long that the product of the
    Jacobians is smaller, or larger, than any float.
    Returns (ln |v at the far end| - ln |v|) / T: for large T an estimate of the top Lyapunov exponent.
    """
    growth, v = 0.0, v / np.linalg.norm(v)
    for h in hs[::-1]:
        v = (v * (1 - h**2)) @ U
        length = np.linalg.norm(v)
        growth += np.log(length)
        v = v / length
    return growth / len(hs)


def _lyapunov_but(U, hs, v, *, normed=True, turn=False, slope=True, log=np.log, mean=True, skip=0):
    growth, v = 0.0, v / np.linalg.norm(v)
    for h in hs[skip:][::-1]:
        v = (v * (1 - h**2 if slope else 1.0)) @ (U.T if turn else U)
        if normed:
            growth += log(np.linalg.norm(v))
            v = v / np.linalg.norm(v)
    growth = growth if normed else log(np.linalg.norm(v))
    return growth / len(hs) if mean else growth


def _long_run(rng: np.random.Generator, gain: float, span: float) -> tuple:
    U = gain * np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return U, rng.uniform(-span, span, size=(2000, 4)), rng.normal(size=4)


register(
    "E2.3",
    title="What predicts the slope",
    solution=lyapunov,
    minutes=15,
    difficulty=3,
    importance=3,
    lines=7,
    can_now="compute a product of thousands of Jacobians that no float could hold, and read off its rate",
    returns={"exponent": "a number"},
    case=lambda rng, n: (rng.normal(size=(n.H, n.H)) / np.sqrt(n.H), _squashed(rng, n.T, n.H), rng.normal(size=n.H)),
    sizes=({"T": 6, "H": 5}, {"T": 9, "H": 2}, {"T": 1, "H": 3}),
    hints=(
        "The product itself is too small or too large to be stored, and its logarithm is not. Keep v at length 1 and\n"
        "write down what you took away.",
        "ln ‖J₁ … J_T v‖ = Σ ln ‖J v̂‖, where v̂ has length 1 at each step. Divide by T at the end.",
        """
        growth, v = 0.0, v / np.linalg.norm(v)
        for h in hs[::-1]:
            v = (v * (1 - h**2)) @ U
            length = np.linalg.norm(v)
        """,
    ),
    symptoms={
        "minus infinity, or NaN": "The product has underflowed to 0 (or overflowed). Divide v by its length at every "
        "step, and add up the logarithms of the lengths.",
        "right for short runs, wrong by a little": "v has to have length 1 before the first step as well, and the last "
        "step counts too.",
    },
    wrong={
        "not renormalised": (
            partial(_lyapunov_but, normed=False),
            "v is not brought back to length 1: right for short runs, and in a long one the product leaves the range "
            "of a float",
        ),
        "U transposed": (partial(_lyapunov_but, turn=True), "v goes back through U.T: for rows the way back is @ U"),
        "no tanh'": (partial(_lyapunov_but, slope=False), "the derivative of tanh is left out"),
        "sum": (partial(_lyapunov_but, mean=False), "the growth of the whole run is returned, not that of one step"),
        "log2": (partial(_lyapunov_but, log=np.log2), "the logarithm to base 2 is taken, not the natural one"),
        "log10": (partial(_lyapunov_but, log=np.log10), "the logarithm to base 10 is taken, not the natural one"),
        "spectral radius": (
            lambda U, hs, v: float(np.log(np.abs(np.linalg.eigvals(U)).max())),
            "the logarithm of U's spectral radius is returned; it knows nothing of the states",
        ),
    },
    edges={
        "2000 steps that vanish": lambda rng: _long_run(rng, 0.5, 0.9),
        "2000 steps that explode": lambda rng: _long_run(rng, 3.0, 0.3),
        "states at 0 and U = 2 I double at each step": lambda rng: (2 * np.eye(3), np.zeros((8, 3)), np.ones(3)),
    },
)

# --- E2.4 clipping by global norm -------------------------------------------------------------------------------


def clip_by_global_norm(grads: list[np.ndarray], max_norm: float) -> tuple[list[np.ndarray], float]:
    """Scales all gradients by one common factor, so that their global norm is at most max_norm.

    The global norm is that of all entries of all arrays taken as one long vector. Gradients whose global norm is
    max_norm or less stay as they are; the arrays passed in are never changed.
    Returns (clipped, norm): a list like grads, and the global norm before clipping (a number).
    """
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in grads], norm


def _norm(grads) -> float:
    return np.sqrt(sum(np.sum(g**2) for g in grads))


def _each_alone(grads, max_norm):
    return [clip_by_global_norm([g], max_norm)[0][0] for g in grads], _norm(grads)


def _norm_after(grads, max_norm):
    clipped, _ = clip_by_global_norm(grads, max_norm)
    return clipped, _norm(clipped)


def _in_place(grads, max_norm):
    norm = _norm(grads)
    for g in grads:
        g *= max_norm / norm if norm > max_norm else 1.0
    return grads, norm


def _sum_of_norms(grads, max_norm):
    norm = sum(np.linalg.norm(g) for g in grads)
    return [g * min(1.0, max_norm / norm) for g in grads] if norm else grads, norm


def _no_root(grads, max_norm):
    norm = _norm(grads) ** 2
    return [g * (max_norm / norm if norm > max_norm else 1.0) for g in grads], norm


def _grads(rng: np.random.Generator, n: SimpleNamespace) -> list[np.ndarray]:
    return [rng.normal(size=shape) for shape in ((n.H, n.I), (n.H, n.H), (n.H,))]


register(
    "E2.4",
    title="Clipping by global norm",
    solution=clip_by_global_norm,
    minutes=10,
    difficulty=2,
    importance=5,
    lines=3,
    can_now="clip gradients without turning their direction, and say why the norm before clipping is worth plotting",
    returns={"clipped": "a list like grads", "norm": "a number"},
    case=lambda rng, n: (_grads(rng, n), n.max_norm),
    sizes=({"I": 2, "H": 5, "max_norm": 1}, {"I": 4, "H": 2, "max_norm": 100}, {"I": 3, "H": 1, "max_norm": 2}),
    rtol=1e-6,
    hints=(
        "One number for all arrays: how long would the vector be that holds every entry of every gradient? Compare it\n"
        "with max_norm once, and scale everything by the same factor.",
        "norm = √(Σ over arrays Σ over entries g²);  factor = max_norm / norm where norm > max_norm, and 1 elsewhere.",
        """
        norm = np.sqrt(sum(np.sum(g**2) for g in grads))
        scale = ...
        """,
    ),
    symptoms={
        "NaN for gradients that are all zero": "0 / 0. Divide only where norm > max_norm.",
        "the function changes its inputs": "g *= scale writes into the caller's arrays. [g * scale for g in grads] "
        "makes new ones.",
        "small gradients become larger": "The factor must never exceed 1: clipping shortens, it does not normalise.",
    },
    wrong={
        "each array alone": (
            _each_alone,
            "each array is clipped by its own norm: their proportions change, and so does the direction of the update",
        ),
        "by value": (
            lambda grads, max_norm: ([np.clip(g, -max_norm, max_norm) for g in grads], _norm(grads)),
            "every entry is clipped by value: that turns the direction of the update",
        ),
        "always scaled": (
            lambda grads, max_norm: ([g * (max_norm / _norm(grads)) for g in grads], _norm(grads)),
            "the gradients are always scaled to max_norm, small ones made larger; clipping only ever shortens",
        ),
        "norm after": (_norm_after, "the norm after clipping is returned; the one before shows what happened"),
        "in place": (_in_place, "the caller's arrays are scaled in place"),
        "sum of norms": (_sum_of_norms, "the arrays' norms are added up; their squares add, and then comes the root"),
        "no root": (_no_root, "the root is missing: this is the square of the norm"),
        "no scaling": (
            lambda grads, max_norm: (list(grads), _norm(grads)),
            "the norm is computed and nothing is clipped",
        ),
    },
    edges={
        "all gradients are zero": lambda rng: ([np.zeros((2, 3)), np.zeros(2)], 1.0),
        "the norm is max_norm exactly": lambda rng: ([np.array([3.0]), np.array([4.0])], 5.0),
        "one array only": lambda rng: ([np.array([[30.0, 40.0]])], 5.0),
    },
)
