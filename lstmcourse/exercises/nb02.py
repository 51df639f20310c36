"""Exercises of notebook 02: the gradient by lag, its slope, what predicts the slope, clipping by global norm."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import register

# --- E2.1 the gradient at each lag ------------------------------------------------------------------------------


def gradient_by_lag(U: np.ndarray, hs: np.ndarray, dh: np.ndarray) -> np.ndarray:
    """How much of a gradient is left k steps back, in h[t] = tanh(W x[t] + U h[t-1] + b).

    U (H, H); hs (T, B, H) the states of a forward run; dh (B, H) the gradient of the loss at the
    last state hs[-1], the only one that the loss looks at.
    Returns norms (T,): norms[k] is the Frobenius norm of the gradient at hs[-1 - k], so that
    norms[0] is the norm of dh.
    """
    norms = [np.linalg.norm(dh)]
    for h in hs[:0:-1]:  # the last state, the one before, … the second
        dh = (dh * (1 - h**2)) @ U
        norms.append(np.linalg.norm(dh))
    return np.array(norms)


def _by_lag_but(U, hs, dh, *, turn=False, slope=True, late=0, norm=np.linalg.norm, then=lambda norms: norms, **way):
    norms = [norm(dh)]
    for left in _back(U.T if turn else U, hs, dh, slope=slope, late=late, **way):
        norms.append(norm(left))
    return then(np.array(norms))


def _back(U, hs, dh, *, slope, late, order="back", first="tanh", carried=True, to=0):
    """dh at each lag from 1 on, with one thing done otherwise."""
    steps, arrived = range(len(hs) - 1, to, -1), dh
    for t in steps if order == "back" else steps[::-1]:
        h = np.tanh(hs[t]) if slope == "twice" else hs[t - late]
        factor = 1 - h**2 if slope else 1.0
        start = dh if carried else arrived
        dh = (start * factor) @ U if first == "tanh" else (start @ U) * factor
        yield dh


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
        "reversed": (
            partial(_by_lag_but, then=lambda norms: norms[::-1]),
            "the norms stand in the order of time, with lag 0 at the end",
        ),
        "squared": (
            partial(_by_lag_but, norm=lambda d: np.sum(d**2)),
            "the square of the norm is returned: the root is missing, and every slope doubles",
        ),
        "tanh twice": (
            partial(_by_lag_but, slope="twice"),
            "tanh is taken twice: hs holds tanh(a) already, so the derivative is 1 - h**2 and not 1 - np.tanh(h)**2",
        ),
        "U first": (
            partial(_by_lag_but, first="U"),
            "dh goes through U first and through tanh afterwards; on the way back tanh, the last to act, comes first",
        ),
        "U first, then the state before": (
            partial(_by_lag_but, first="U", late=1),
            "dh goes through U first, and then through tanh at the state that it reaches. That is the gradient at the "
            "pre-activations a, and not at the states; its first factor is missing",
        ),
        "not carried": (
            partial(_by_lag_but, carried=False),
            "each step back starts from the first dh again; it starts from what the step before left",
        ),
        "forward in time": (
            partial(_by_lag_but, order="forward"),
            "the states are walked from the first to the last; the way back begins at hs[-1]",
        ),
        "lag 0 left out": (
            partial(_by_lag_but, then=lambda norms: norms[1:]),
            "norms[0], that of dh itself, is left out",
        ),
        "one step too many": (
            partial(_by_lag_but, to=-1),
            "one step too many is taken: hs[0] is reached and not left (hs[:0:-1] stops in time, hs[::-1] does not)",
        ),
        "relative to lag 0": (
            partial(_by_lag_but, then=lambda norms: norms / norms[0]),
            "the norms are divided by the first; the figures of the notebook do that, and the exercise does not",
        ),
        "logarithm": (partial(_by_lag_but, then=np.log), "the logarithms of the norms are returned, not the norms"),
        "each row's norm": (
            partial(_by_lag_but, norm=lambda d: np.linalg.norm(d, axis=1)),
            "each row of the batch has a norm of its own; wanted is that of the whole array",
        ),
        "mean over the rows": (
            partial(_by_lag_but, norm=lambda d: np.linalg.norm(d, axis=1).mean()),
            "the norms of the rows are averaged; the Frobenius norm is the root of the sum over all entries",
        ),
        "largest singular value": (
            partial(_by_lag_but, norm=lambda d: np.linalg.norm(d, 2)),
            "np.linalg.norm(dh, 2) is the largest singular value of an array with two axes; without the 2 it is the "
            "Frobenius norm",
        ),
        "sum of the entries": (
            partial(_by_lag_but, norm=lambda d: np.abs(d).sum()),
            "the magnitudes of the entries are added up; the norm is the root of the sum of their squares",
        ),
        "largest entry": (
            partial(_by_lag_but, norm=lambda d: np.abs(d).max()),
            "the largest entry is taken; the norm is the root of the sum of the squares of all",
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


def _all_norms() -> np.ndarray:
    return np.array([gradient_by_lag(*example(seed)) for seed in range(5)])


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
        "one network": (
            lambda: float(np.log(_all_norms()[0, 100] / _all_norms()[0, 0]) / 100),
            "example(0) alone is measured; networks differ, and the mean of five is wanted",
        ),
        "norms averaged first": (
            lambda: float(np.log(_all_norms()[:, 100].mean() / _all_norms()[:, 0].mean()) / 100),
            "the norms of the five are averaged before the logarithm is taken: the one that fades least is then all "
            "that is left of the mean",
        ),
        "no logarithm": (
            lambda: float((_all_norms()[:, 100] - _all_norms()[:, 0]).mean() / 100),
            "the norms themselves are subtracted: what falls along a line is their logarithms",
        ),
        "log2": (lambda: measured_slope() / np.log(2), "the logarithm to base 2 is used, not the natural one"),
        "lag 0 left out": (
            lambda: float(np.log(_all_norms()[:, 100]).mean() / 100),
            "ln norms[0] is left out: dh does not have the norm 1",
        ),
        "half-life": (
            lambda: float(np.log(2) / -measured_slope()),
            "this is the number of steps after which half is left; the slope is the fall of the logarithm per step",
        ),
        "whole fall": (lambda: 100 * measured_slope(), "the fall over all 100 steps is given, not that of one step"),
    },
)

# --- E2.3 what predicts the slope -------------------------------------------------------------------------------


def lyapunov(U: np.ndarray, hs: np.ndarray, v: np.ndarray) -> float:
    """The mean growth per step, in natural logarithm, of a gradient v on its way back through hs.

    U (H, H); hs (T, H) the states of one run of h[t] = tanh(W x[t] + U h[t-1] + b); v (H,) the
    gradient at hs[-1]. All T steps are taken back, the one that leaves hs[0] among them. The run
    may be so long that the product of the Jacobians is smaller, or larger, than any float.
    Returns (ln |v at the far end| - ln |v|) / T: for large T, an estimate of the top Lyapunov
    exponent.
    """
    growth, v = 0.0, v / np.linalg.norm(v)
    for h in hs[::-1]:
        v = (v * (1 - h**2)) @ U
        length = np.linalg.norm(v)
        growth += np.log(length)
        v = v / length
    return growth / len(hs)


def _lyapunov_but(U, hs, v, *, normed=True, turn=False, slope=True, log=np.log, mean=True, skip=0, **way):
    growth, v = 0.0, v / np.linalg.norm(v) if way.get("start", True) else v
    for h in hs[skip:] if way.get("order") == "forward" else hs[skip:][::-1]:
        factor = 1 - h**2 if slope else 1.0
        v = (v * factor) @ (U.T if turn else U) if way.get("first", "tanh") == "tanh" else (v @ U) * factor
        if normed:
            growth += log(np.linalg.norm(v))
            v = v / np.linalg.norm(v) if normed != "only in the sum" else v
    growth = growth if normed else log(np.linalg.norm(v))
    return growth / len(hs) if mean else growth


def _push_forward(U, hs, v):
    """The growth of a small change of the state, on its way forward through the same steps."""
    growth, v = 0.0, v / np.linalg.norm(v)
    for h in hs:
        v = (v @ U.T) * (1 - h**2)
        growth += np.log(np.linalg.norm(v))
        v = v / np.linalg.norm(v)
    return growth / len(hs)


def _each_jacobian(U, hs, size) -> float:
    """The mean over the steps of ln size(J), each Jacobian by itself."""
    return float(np.mean([np.log(size((1 - h**2)[:, None] * U)) for h in hs]))


def _mean_growth(U, hs, v) -> float:
    growth = []
    for h in hs[::-1]:
        v = (v / np.linalg.norm(v) * (1 - h**2)) @ U
        growth.append(np.linalg.norm(v))
    return float(np.log(np.mean(growth)))


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
        "start not of length 1": (
            partial(_lyapunov_but, start=False),
            "v is not brought to length 1 before the first step: its own length counts as growth",
        ),
        "last step left out": (
            partial(_lyapunov_but, skip=1),
            "the step that leaves hs[0] is not taken: hs[::-1] takes all T, hs[:0:-1], as in E2.1, one fewer",
        ),
        "renormalised for the sum only": (
            partial(_lyapunov_but, normed="only in the sum"),
            "the lengths are added up at every step, but v is not divided by its length, so that all former steps "
            "count again in each",
        ),
        "forward in time": (
            partial(_lyapunov_but, order="forward"),
            "the states are walked from the first to the last; the way back begins at hs[-1]",
        ),
        "a push forward": (
            _push_forward,
            "v is a push on its way forward, through U.T. In a long run that gives the same number, in a short one "
            "another; a gradient on its way back is asked for",
        ),
        "U first": (
            partial(_lyapunov_but, first="U"),
            "v goes through U first and through tanh afterwards; on the way back tanh comes first",
        ),
        "squared length": (
            lambda U, hs, v: 2 * lyapunov(U, hs, v),
            "the logarithm is taken of the squared length: the root is missing, and the rate doubles",
        ),
        "without its sign": (
            lambda U, hs, v: abs(lyapunov(U, hs, v)),
            "the magnitude is returned; the sign says whether the gradient fades (negative) or grows",
        ),
        "factor": (
            lambda U, hs, v: np.exp(lyapunov(U, hs, v)),
            "the mean factor per step is returned, not its logarithm",
        ),
        "logarithm of the mean": (
            _mean_growth,
            "the lengths are averaged before the logarithm is taken; factors multiply, so it is their logarithms that "
            "are averaged",
        ),
        "eigenvalue of each Jacobian": (
            lambda U, hs, v: _each_jacobian(U, hs, lambda J: np.abs(np.linalg.eigvals(J)).max()),
            "the largest eigenvalue is taken of each Jacobian by itself; that of a product is not the product of those",
        ),
        "singular value of each Jacobian": (
            lambda U, hs, v: _each_jacobian(U, hs, lambda J: np.linalg.norm(J, 2)),
            "the largest singular value is taken of each Jacobian by itself: a bound, reached only by a vector that "
            "lies right at every step",
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

    The global norm is that of all entries of all arrays taken as one long vector. Gradients whose
    global norm is max_norm or less stay as they are; the arrays passed in are never changed.
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


def _by(norm, scale=lambda norm, max_norm: max_norm / norm):
    """Clipping by another norm, or with another factor."""

    def clip(grads, max_norm):
        size = norm(grads)
        return [g * (scale(size, max_norm) if size > max_norm else 1.0) for g in grads], size

    return clip


def _only_the_long(grads, max_norm):
    norm = _norm(grads)
    return [g * (max_norm / norm if np.linalg.norm(g) > max_norm else 1.0) for g in grads], norm


def _square_compared(grads, max_norm):
    norm = _norm(grads)
    return [g * (max_norm / norm if norm**2 > max_norm else 1.0) for g in grads], norm


def _lengthened(grads, max_norm):
    norm = _norm(grads)
    return [g * (max(1.0, max_norm / norm) if norm else 1.0) for g in grads], norm


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
        "NaN or ZeroDivisionError for gradients that are all zero": "Something is divided by 0. Divide only "
        "where norm > max_norm.",
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
        "inverted": (
            _by(_norm, lambda norm, max_norm: norm / max_norm),
            "the factor is norm / max_norm, the wrong way up: long gradients become longer",
        ),
        "to length 1": (
            _by(_norm, lambda norm, max_norm: 1 / norm),
            "long gradients are cut to length 1, and not to max_norm",
        ),
        "max for min": (
            _lengthened,
            "the factor is max(1, max_norm / norm): it lengthens what is short. min is the one that shortens",
        ),
        "largest norm": (
            _by(lambda grads: max(np.linalg.norm(g) for g in grads)),
            "the largest of the arrays' norms is taken for the global one; the squares of all of them add",
        ),
        "largest entry": (
            _by(lambda grads: max(np.abs(g).max() for g in grads)),
            "the largest entry is taken for the norm; the norm is the root of the sum of the squares of all entries",
        ),
        "sum of the entries": (
            _by(lambda grads: sum(np.abs(g).sum() for g in grads)),
            "the magnitudes of the entries are added up; the norm is the root of the sum of their squares",
        ),
        "mean of the norms": (
            _by(lambda grads: np.mean([np.linalg.norm(g) for g in grads])),
            "the mean of the arrays' norms is taken for the global one; the squares of all of them add",
        ),
        "compared before the root": (
            _square_compared,
            "max_norm is compared with the square of the norm: some gradients that are short enough are lengthened",
        ),
        "root of the mean": (
            _by(lambda grads: np.sqrt(np.mean(np.concatenate([g.ravel() for g in grads]) ** 2))),
            "the mean of the squares is taken where their sum belongs: the threshold then grows with the number of "
            "weights",
        ),
        "only the long arrays": (
            _only_the_long,
            "only the arrays that are longer than max_norm by themselves are scaled: their proportions change, and so "
            "does the direction of the update",
        ),
        "swapped": (
            lambda grads, max_norm: clip_by_global_norm(grads, max_norm)[::-1],
            "the norm and the gradients are returned in the wrong order: (clipped, norm)",
        ),
    },
    edges={
        "all gradients are zero": lambda rng: ([np.zeros((2, 3)), np.zeros(2)], 1.0),
        "the norm is max_norm exactly": lambda rng: ([np.array([3.0]), np.array([4.0])], 5.0),
        "the norm is under max_norm, and its square over": lambda rng: ([np.array([2.0]), np.array([[3.0]])], 4.0),
        "one array only": lambda rng: ([np.array([[30.0, 40.0]])], 5.0),
    },
)
