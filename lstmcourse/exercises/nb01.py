"""Exercises of notebook 01, Recurrent networks: the recurrent step, BPTT, truncated BPTT, and a window measured."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, register

# --- E1.1 the recurrent step ------------------------------------------------------------------------------------


def rnn_step(W: np.ndarray, U: np.ndarray, b: np.ndarray, x: np.ndarray, h_: np.ndarray) -> np.ndarray:
    """One step of a recurrent network, h = tanh(W x + U h_ + b), for every row of the batch at once.

    W (H, I), U (H, H), b (H,); x (B, I) is the input now, h_ (B, H) the state one step ago.
    Returns h (B, H).
    """
    return np.tanh(x @ W.T + h_ @ U.T + b)


def _step_case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    return (*_weights(rng, n.I, n.H), rng.normal(size=(n.B, n.I)), rng.normal(size=(n.B, n.H)))


def _weights(rng: np.random.Generator, I: int, H: int) -> tuple:
    return rng.normal(size=(H, I)), rng.normal(size=(H, H)) / np.sqrt(H), rng.normal(size=H)


register(
    "E1.1",
    title="The recurrent step",
    solution=rnn_step,
    minutes=8,
    difficulty=1,
    importance=5,
    lines=1,
    can_now="write the recurrent cell for a whole batch, and say why W stands transposed in the code",
    returns={"h": "(B, H)"},
    case=_step_case,
    sizes=STEP_SIZES,
    hints=(
        "Two things reach the state: what comes in now, and what was there before. Add them, add b, squash the sum.",
        "h = tanh(W x + U h_ + b) is written for one column x. In the batch each x is a row, and for rows\n"
        "W x becomes x @ W.T: (B, I) @ (I, H) gives (B, H).",
        """
        a = x @ W.T + h_ @ U.T + b
        h = ...  # squash a
        """,
    ),
    symptoms={
        "ValueError: matmul … mismatch": "Write the shape under each factor. x is (B, I) and W is (H, I): the inner "
        "numbers meet only in x @ W.T. For U both orders have fitting shapes, and only one is right.",
        "the shape is right, the numbers are not": "Look at U: it is square, so h_ @ U runs as well as h_ @ U.T. The "
        "row i of U belongs to the unit i that receives. Then see whether b stands inside tanh.",
        "broadcast error with b": "b has shape (H,), and NumPy adds it to every row of a (B, H) array by itself: "
        "no reshape, no loop.",
    },
    wrong={
        "U not transposed": (
            lambda W, U, b, x, h_: np.tanh(x @ W.T + h_ @ U + b),
            "U is used where U.T is needed; U is square, so the shapes do not complain",
        ),
        "no bias": (lambda W, U, b, x, h_: np.tanh(x @ W.T + h_ @ U.T), "the bias b is left out"),
        "bias outside": (
            lambda W, U, b, x, h_: np.tanh(x @ W.T + h_ @ U.T) + b,
            "b is added after tanh instead of before",
        ),
        "linear": (
            lambda W, U, b, x, h_: x @ W.T + h_ @ U.T + b,
            "tanh is missing: a linear network, however many steps it takes",
        ),
        "no state": (lambda W, U, b, x, h_: np.tanh(x @ W.T + b), "h_ is not used, so that nothing is remembered"),
        "sigmoid": (
            lambda W, U, b, x, h_: 1 / (1 + np.exp(-(x @ W.T + h_ @ U.T + b))),
            "the logistic sigmoid is used in place of tanh",
        ),
        "relu": (lambda W, U, b, x, h_: np.maximum(0, x @ W.T + h_ @ U.T + b), "ReLU is used in place of tanh"),
        "columns": (
            lambda W, U, b, x, h_: np.tanh(W @ x.T + U @ h_.T + b[:, None]),
            "the batch lies in columns, as in the equation: the result is (H, B). Here a batch lies in rows",
        ),
        "no transposition": (
            lambda W, U, b, x, h_: np.tanh(x @ W + h_ @ U + b),
            "W and U are not transposed: x is (B, I) and W is (H, I), so x @ W has no numbers that meet",
        ),
        "the equation as it stands": (
            lambda W, U, b, x, h_: np.tanh(W @ x + U @ h_ + b),
            "W x is written for one column x. Here x holds a batch in rows, and W x becomes x @ W.T",
        ),
        "joined in the wrong order": (
            lambda W, U, b, x, h_: np.tanh(np.hstack([h_, x]) @ np.hstack([W, U]).T + b),
            "[h_, x] meets [W, U]: joined vectors and joined matrices must stand in the same order",
        ),
        "bias twice": (
            lambda W, U, b, x, h_: np.tanh(x @ W.T + b + h_ @ U.T + b),
            "b is added twice. PyTorch has two bias vectors, this cell has one",
        ),
        "tanh of each": (
            lambda W, U, b, x, h_: np.tanh(x @ W.T) + np.tanh(h_ @ U.T + b),
            "tanh is taken of each part, and then the parts are added: the state may reach 2. Add first, squash once",
        ),
        "state added": (
            lambda W, U, b, x, h_: h_ + np.tanh(x @ W.T + h_ @ U.T + b),
            "h_ is added to the result: a useful idea (notebook 03 comes back to it), and another cell",
        ),
        "state squashed again": (
            lambda W, U, b, x, h_: np.tanh(x @ W.T + np.tanh(h_) @ U.T + b),
            "tanh is taken of h_ again; h_ went through it one step ago",
        ),
    },
    edges={
        "a saturated unit stays at ±1": lambda rng: (
            np.full((2, 1), 1e3), np.zeros((2, 2)), np.zeros(2), np.array([[1.0], [-1.0]]), np.zeros((2, 2))
        ),
        "the state is zero, as at the start": lambda rng: (*_weights(rng, 2, 3), np.ones((1, 2)), np.zeros((1, 3))),
    },
)  # fmt: skip

# --- E1.2 backpropagation through time --------------------------------------------------------------------------


def bptt(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, xs: np.ndarray, h0: np.ndarray, dhs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Backpropagation through time for h[t] = tanh(W x[t] + U h[t-1] + b).

    W (H, I), U (H, H), b (H,), xs (T, B, I), h0 (B, H) the state before the first step.
    dhs (T, B, H): dhs[t] is the gradient that the loss at step t itself sends into h[t].
    What comes back from step t+1 is your task.
    Returns dW (H, I), dU (H, H), db (H,), dxs (T, B, I), dh0 (B, H).
    """
    hs = [h0]
    for x in xs:
        hs.append(np.tanh(x @ W.T + hs[-1] @ U.T + b))  # hs[t + 1] is the state after xs[t]
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dxs, dh = np.zeros_like(xs), np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        dh = dh + dhs[t]  # from the future, and from the loss at this step
        da = dh * (1 - hs[t + 1] ** 2)
        dW += da.T @ xs[t]
        dU += da.T @ hs[t]
        db += da.sum(axis=0)
        dxs[t] = da @ W
        dh = da @ U
    return dW, dU, db, dxs, dh


def _states(W, U, b, xs, h0) -> list:
    hs = [h0]
    for x in xs:
        hs.append(rnn_step(W, U, b, x, hs[-1]))
    return hs


def _bptt_but(
    W,
    U,
    b,
    xs,
    h0,
    dhs,
    *,
    carry="da @ U",
    slope="h",
    state="h_",
    add=True,
    loss="every",
    order=reversed,
    db="sum",
    past=False,
):
    """BPTT with one thing done otherwise: what the registered mistakes are made of."""
    hs = _states(W, U, b, xs, h0)
    dW, dU, db_ = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dxs, dh, T = np.zeros_like(xs), np.zeros_like(h0), len(xs)
    slopes = {
        "h": lambda t: 1 - hs[t + 1] ** 2,
        "none": lambda t: 1.0,
        "twice": lambda t: 1 - np.tanh(hs[t + 1]) ** 2,
        "h_": lambda t: 1 - hs[t] ** 2,
        "no square": lambda t: 1 - hs[t + 1],
        "sigmoid": lambda t: hs[t + 1] * (1 - hs[t + 1]),
    }
    states = {"h_": lambda t: hs[t], "h": lambda t: hs[t + 1], "hs[-1] for h0": lambda t: hs[t] if t else hs[-1]}
    carries = {
        "da @ U": lambda dh, da: da @ U,
        "da @ U.T": lambda dh, da: da @ U.T,
        "dh @ U": lambda dh, da: dh @ U,
        "da": lambda dh, da: da,
        "dh + da @ U": lambda dh, da: dh + da @ U,
        "dropped": lambda dh, da: da @ U,
    }
    for t in order(range(T)):
        arriving = dhs[t] if loss == "every" or t == T - 1 else 0.0
        back = 0.0 if carry == "dropped" else dh
        dh = back + arriving
        da = back + arriving * slopes[slope](t) if past else dh * slopes[slope](t)
        kept = 1.0 if add else 0.0
        dW = kept * dW + da.T @ xs[t]
        dU = kept * dU + da.T @ states[state](t)
        db_ = kept * db_ + da.sum(axis=None if db == "all" else 0)
        dxs[t] = da @ W
        dh = carries[carry](dh, da)
    return dW, dU, db_, dxs, dh


def _bptt_then(**change):
    """BPTT with a gradient changed at the end: name=lambda gradient, xs, dhs: …"""

    def changed(W, U, b, xs, h0, dhs):
        grads = zip(GRADIENTS, bptt(W, U, b, xs, h0, dhs), strict=True)
        return tuple(change[name](grad, xs, dhs) if name in change else grad for name, grad in grads)

    return changed


def _before_the_first_step(W, U, b, xs, h0, dhs):
    """BPTT whose dh0 is the gradient of h[1]."""
    *rest, dxs, _ = bptt(W, U, b, xs, h0, dhs)
    dh = dhs[0] + (bptt(W, U, b, xs[1:], rnn_step(W, U, b, xs[0], h0), dhs[1:])[-1] if len(xs) > 1 else 0.0)
    return (*rest, dxs, dh)


def _bptt_case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    xs, h0 = rng.normal(size=(n.T, n.B, n.I)), rng.normal(size=(n.B, n.H))
    return (*_weights(rng, n.I, n.H), xs, h0, rng.normal(size=(n.T, n.B, n.H)))


def _bptt_loss(*base):
    return lambda W, U, b, xs, h0, dhs: float(np.sum(dhs * np.stack(_states(W, U, b, xs, h0)[1:])))


def _only_last(rng: np.random.Generator) -> tuple:
    *args, dhs = _bptt_case(rng, SimpleNamespace(T=6, B=2, I=2, H=3))
    dhs[:-1] = 0
    return (*args, dhs)


GRADIENTS = {"dW": "(H, I)", "dU": "(H, H)", "db": "(H,)", "dxs": "(T, B, I)", "dh0": "(B, H)"}
OF = {"dW": "W", "dU": "U", "db": "b", "dxs": "xs", "dh0": "h0"}

register(
    "E1.2",
    title="Backpropagation through time",
    solution=bptt,
    minutes=25,
    difficulty=4,
    importance=5,
    lines=13,
    can_now="send a gradient back through every step of a recurrent network, and prove that it is right",
    returns=GRADIENTS,
    case=_bptt_case,
    loss=_bptt_loss,
    wrt=OF,
    hints=(
        "First run forward and keep every state. Then walk the steps in reverse. Into each h[t] run two gradients:\n"
        "one from the loss at step t, one back from step t+1. Add them before you go through tanh.",
        "With a = W x + U h_ + b and h = tanh(a):\n"
        "da = dh ∘ (1 − h²),  dW += da xᵀ,  dU += da h_ᵀ,  db += da,  dx = Wᵀ da,  dh_ = Uᵀ da.\n"
        "In rows: dW += da.T @ x, dx = da @ W, dh_ = da @ U. W, U, b serve at every step, hence the +=.",
        """
        hs = [h0]
        for x in xs:
            hs.append(np.tanh(x @ W.T + hs[-1] @ U.T + b))
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
        dxs, dh = np.zeros_like(xs), np.zeros_like(h0)
        for t in reversed(range(len(xs))):
            dh = dh + dhs[t]
            da = ...  # through tanh
        """,
    ),
    symptoms={
        "only the last step is right": "Then dh is lost between the steps. After step t, dh must become da @ U, and "
        "step t-1 must add it to its own dhs[t-1].",
        "dU is wrong, all else is right": "dU takes the state that U was multiplied with: h[t-1], one step before the "
        "one whose tanh you went through. With hs[0] = h0 that is hs[t], not hs[t+1].",
        "the values are right for T=1 and wrong for longer sequences": "The step is right and the road between the "
        "steps is not: look at U against U.T in dh = da @ U, and at += for dW, dU, db.",
        "the function changes its inputs": "dh += dhs[t] writes into the array that dh names. If that is an input, "
        "write dh = dh + dhs[t].",
    },
    wrong={
        "no carry": (
            partial(_bptt_but, carry="dropped"),
            "the gradient that comes back from step t+1 is dropped: each step learns from its own loss only, and there "
            "is no backpropagation through time",
        ),
        "no tanh'": (partial(_bptt_but, slope="none"), "the derivative of tanh is left out"),
        "tanh twice": (
            partial(_bptt_but, slope="twice"),
            "tanh is taken twice: h is tanh(a) already, so the derivative is 1 - h**2 and not 1 - np.tanh(h)**2",
        ),
        "slope of the old state": (
            partial(_bptt_but, slope="h_"),
            "the derivative of tanh is taken at the state one step too early",
        ),
        "dU of the new state": (
            partial(_bptt_but, state="h"),
            "dU is built with h[t], though U was multiplied with h[t-1]",
        ),
        "U transposed": (
            partial(_bptt_but, carry="da @ U.T"),
            "the gradient goes back through U.T in the code; forward was h_ @ U.T, so back is da @ U",
        ),
        "not added up": (
            partial(_bptt_but, add=False),
            "dW, dU and db are overwritten at each step instead of added up",
        ),
        "last loss only": (
            partial(_bptt_but, loss="last"),
            "only the loss at the last step is used; every dhs[t] has to enter",
        ),
        "dh0 too early": (
            _before_the_first_step,
            "dh0 is the gradient of h[1]: one last step back through tanh and U is missing",
        ),
        "dh0 with a loss of its own": (
            _bptt_then(dh0=lambda dh0, xs, dhs: dh0 + dhs[-1]),
            "dhs[-1] is added to dh0: at t = 0, dhs[t-1] wraps round to the end of the array. No loss looks at h0",
        ),
        "dh0 forgotten": (
            _bptt_then(dh0=lambda dh0, xs, dhs: np.zeros_like(dh0)),
            "dh0 is left at zero; it is what comes back through the first step",
        ),
        "h0 taken from the end": (
            partial(_bptt_but, state="hs[-1] for h0"),
            "at t = 0, hs[t-1] wraps round to the last state: dU takes that one for h0",
        ),
        "carry past tanh": (
            partial(_bptt_but, carry="dh @ U"),
            "dh is carried back as dh @ U and goes past tanh; what goes through U is da",
        ),
        "carry added after tanh": (
            partial(_bptt_but, past=True),
            "what comes back from step t+1 is added to da; it arrives at h[t], as dhs[t] does, so both go through tanh",
        ),
        "first step left out": (
            partial(_bptt_but, order=lambda steps: reversed(steps[1:])),
            "the walk stops before t = 0: range(T - 1, 0, -1) leaves the first step out",
        ),
        "h0 not used": (
            lambda W, U, b, xs, h0, dhs: bptt(W, U, b, xs, np.zeros_like(h0), dhs),
            "the forward run starts from zero, and not from h0",
        ),
        "b not used": (
            lambda W, U, b, xs, h0, dhs: bptt(W, U, np.zeros_like(b), xs, h0, dhs),
            "b is left out of the forward run: the states are then others, and with them every slope",
        ),
        "carry without U": (
            partial(_bptt_but, carry="da"),
            "da is handed back as it is: on its way to the step before, it has to go through U",
        ),
        "carried twice": (
            partial(_bptt_but, carry="dh + da @ U"),
            "dh += da @ U adds what comes back to the dh of this step; it replaces it, dh = da @ U",
        ),
        "forward in time": (
            partial(_bptt_but, order=iter),
            "the steps are walked from the first to the last; blame comes from the future, so the last comes first",
        ),
        "no square": (
            partial(_bptt_but, slope="no square"),
            "the square is missing: the derivative of tanh is 1 - h**2, not 1 - h",
        ),
        "slope of the sigmoid": (
            partial(_bptt_but, slope="sigmoid"),
            "h (1 - h) is the derivative of the logistic sigmoid; that of tanh is 1 - h**2",
        ),
        "dxs turned round": (
            _bptt_then(dxs=lambda dxs, xs, dhs: dxs[::-1]),
            "dxs stands in the order in which it was computed, the last step first: turn it round, or write to dxs[t]",
        ),
        "dU transposed": (
            _bptt_then(dU=lambda dU, xs, dhs: dU.T),
            "dU is transposed: it is da.T @ h_, with the receiving unit in the row, as in U",
        ),
        "db over units too": (
            partial(_bptt_but, db="all"),
            "db sums over units as well as rows: every unit needs its own, da.sum(axis=0)",
        ),
        "mean over the batch": (
            _bptt_then(**dict.fromkeys(("dW", "dU", "db"), lambda grad, xs, dhs: grad / xs.shape[1])),
            "dW, dU and db are averaged over the batch; the loss is a sum over rows, so its gradient is one too",
        ),
        "db averaged over the batch": (
            _bptt_then(db=lambda db, xs, dhs: db / xs.shape[1]),
            "db is averaged over the batch; the loss is a sum over rows, so its gradient is one too",
        ),
        "mean over time": (
            _bptt_then(**dict.fromkeys(("dW", "dU", "db"), lambda grad, xs, dhs: grad / len(xs))),
            "dW, dU and db are averaged over the steps; the gradients of the steps add up",
        ),
    },
    edges={"the loss asks something of the last state only": _only_last},
)

# --- E1.3 truncated backpropagation through time ----------------------------------------------------------------


def truncated_bptt(
    W: np.ndarray, U: np.ndarray, b: np.ndarray, xs: np.ndarray, h0: np.ndarray, dhs: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Backpropagation through time, truncated to windows of k steps: 0 … k-1, k … 2k-1, and so on.

    The states run on from window to window; the gradient does not: the state that a window starts
    from counts as a constant (this is what `h.detach()` does in PyTorch). The gradients of all
    windows are added up.
    Shapes as in E1.2; k >= 1, and the last window may be shorter.
    Returns dW, dU, db, dxs, dh0; only the first window reaches h0.
    """
    hs = [h0]
    for x in xs:
        hs.append(np.tanh(x @ W.T + hs[-1] @ U.T + b))
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dxs, dh = np.zeros_like(xs), np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        if (t + 1) % k == 0:  # t is the last step of its window: nothing comes back from the next one
            dh = np.zeros_like(h0)
        dh = dh + dhs[t]
        da = dh * (1 - hs[t + 1] ** 2)
        dW += da.T @ xs[t]
        dU += da.T @ hs[t]
        db += da.sum(axis=0)
        dxs[t] = da @ W
        dh = da @ U
    return dW, dU, db, dxs, dh


def _windows(T: int, k: int, shift: int) -> list[slice]:
    """Windows of k steps; with a shift every window but the first starts that many steps too early."""
    starts = sorted({0, *range(k - shift, T, k)})
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], T], strict=True)]


def _window_by_window(W, U, b, xs, h0, dhs, k, *, reset=False, shift=0, last=False, dh0="first"):
    """Truncated BPTT by running BPTT in each window, with one thing done otherwise."""
    hs, total, dxs, dh_all = _states(W, U, b, xs, h0), None, [], 0.0
    for window in _windows(len(xs), k, shift):
        again = {"zero": np.zeros_like(h0), "h0": h0}
        start = again[reset] if reset and window.start else hs[window.start]
        *grads, dx, dh = bptt(W, U, b, xs[window], start, dhs[window])
        total = grads if total is None or last else [a + g for a, g in zip(total, grads, strict=True)]
        dh_first = dh if window.start == 0 else dh_first  # noqa: F821 (the first window comes first)
        dh_all = dh_all + dh
        dxs.append(dx)
    return (*total, np.concatenate(dxs), {"first": dh_first, "last": dh, "sum": dh_all}[dh0])


def _truncated_then(**change):
    """Truncated BPTT with a gradient changed at the end: name=lambda gradient, xs, k: …"""

    def changed(W, U, b, xs, h0, dhs, k):
        grads = zip(GRADIENTS, truncated_bptt(W, U, b, xs, h0, dhs, k), strict=True)
        return tuple(change[name](grad, xs, k) if name in change else grad for name, grad in grads)

    return changed


def _loss_at_the_cut_dropped(W, U, b, xs, h0, dhs, k):
    dhs = dhs.copy()
    dhs[k - 1 :: k] = 0
    return truncated_bptt(W, U, b, xs, h0, dhs, k)


def _last_k_steps(W, U, b, xs, h0, dhs, k, *, dh0="zero"):
    """BPTT through the last k steps, and nothing for those before."""
    start = max(0, len(xs) - k)
    *grads, dx, dh = bptt(W, U, b, xs[start:], _states(W, U, b, xs, h0)[start], dhs[start:])
    return (*grads, np.concatenate([np.zeros_like(xs[:start]), dx]), dh * 0 if start and dh0 == "zero" else dh)


def _each_loss_k_back(W, U, b, xs, h0, dhs, k):
    """The other truncation: the gradient of every single loss goes back k steps."""
    total = None
    for t in range(len(xs)):
        one = np.zeros_like(dhs)
        one[t] = dhs[t]
        start = max(0, t + 1 - k)
        hs = _states(W, U, b, xs, h0)
        dW, dU, db, dx, dh = bptt(W, U, b, xs[start:], hs[start], one[start:])
        dxs = np.concatenate([np.zeros_like(xs[:start]), dx])
        grads = (dW, dU, db, dxs, dh if start == 0 else np.zeros_like(h0))
        total = grads if total is None else tuple(a + g for a, g in zip(total, grads, strict=True))
    return total


def _truncated_case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    return (*_bptt_case(rng, n), n.k)


def _truncated_loss(W0, U0, b0, xs0, h00, dhs0, k):
    """The loss in which the first state of each window but the first is held at its value."""
    fixed = _states(W0, U0, b0, xs0, h00)

    def loss(W, U, b, xs, h0, dhs, k):
        h, total = h0, 0.0
        for t, x in enumerate(xs):
            h = fixed[t] if t and t % k == 0 else h
            h = rnn_step(W, U, b, x, h)
            total += float(np.sum(dhs[t] * h))
        return total

    return loss


register(
    "E1.3",
    title="Truncated backpropagation through time",
    solution=truncated_bptt,
    minutes=15,
    difficulty=3,
    importance=4,
    lines=15,
    can_now="say what detaching cuts (the gradient) and what it leaves alone (the state)",
    returns=GRADIENTS,
    case=_truncated_case,
    sizes=(
        {"T": 7, "B": 3, "I": 2, "H": 4, "k": 3},
        {"T": 6, "B": 1, "I": 3, "H": 2, "k": 2},
        {"T": 1, "B": 2, "I": 2, "H": 3, "k": 1},
    ),
    loss=_truncated_loss,
    wrt=OF,
    hints=(
        "Forward, nothing changes. Backward, one line is new: at the right steps the gradient that comes from the\n"
        "future is thrown away.",
        "Step t is the last of its window when t + 1 is a multiple of k. There dh from step t+1 is set to zero before\n"
        "dhs[t] is added. (The last step of all needs no care: nothing comes back to it.)",
        """
        for t in reversed(range(len(xs))):
            if (t + 1) % k == 0:
                dh = ...  # what comes back from the next window
            dh = dh + dhs[t]
        """,
    ),
    symptoms={
        "right for k >= T, wrong for shorter windows": "Print the steps at which you cut: for T=7 and k=3 they are "
        "t = 5 and t = 2 (0, 1, 2 | 3, 4, 5 | 6), counted from the front and not from the back.",
        "the states differ from the full run": "Truncation touches the way back only. If you run window by window, "
        "each window starts from the last state of the one before, not from zero and not from h0.",
        "dxs is shorter than xs": "The last window may have fewer than k steps, and it counts like the others: "
        "range(0, T, k), and xs[start : start + k] takes what is left.",
        "dh0 is wrong": "Only the first window reaches h0. If you run window by window, keep its dh0 and leave the "
        "others'.",
    },
    wrong={
        "no truncation": (
            lambda W, U, b, xs, h0, dhs, k: bptt(W, U, b, xs, h0, dhs),
            "the gradient runs on through every window: full BPTT, and k has no effect",
        ),
        "state reset": (
            partial(_window_by_window, reset="zero"),
            "the state is set to zero at the start of each window; detaching cuts the gradient and keeps the state",
        ),
        "last window only": (
            partial(_window_by_window, last=True),
            "only the last window's dW, dU and db are kept; those of all windows add up",
        ),
        "cut one step early": (
            partial(_window_by_window, shift=1),
            "the cut comes one step too early: the windows are 0 … k-2, k-1 … 2k-2, and so on",
        ),
        "cut one step late": (
            lambda W, U, b, xs, h0, dhs, k: _window_by_window(W, U, b, xs, h0, dhs, k, shift=k - 1),
            "the gradient is cut where t % k == 0, before dhs[t] is added: the first step of a window is cut off from "
            "it. The last step of a window is the one where (t + 1) % k == 0",
        ),
        "dh0 of the last window": (
            partial(_window_by_window, dh0="last"),
            "dh0 is taken from the last window; it belongs to the first",
        ),
        "dh0 of all windows": (
            partial(_window_by_window, dh0="sum"),
            "dh0 is added up over the windows; only the first one starts from h0",
        ),
        "dh0 cut off": (
            _truncated_then(dh0=lambda dh0, xs, k: np.zeros_like(dh0)),
            "dh0 is zero: a cut after step t where t % k == 0 also cuts at t = 0, and the first window does reach h0",
        ),
        "counted from the end": (
            lambda W, U, b, xs, h0, dhs, k: _window_by_window(W, U, b, xs, h0, dhs, k, shift=-len(xs) % k),
            "the windows are counted from the last step; they start at t = 0, and the last one may be the short one",
        ),
        "loss at the cut dropped": (
            _loss_at_the_cut_dropped,
            "at the last step of a window dh is set to zero after dhs[t] was added: that loss is dropped with it",
        ),
        "last k steps only": (
            _last_k_steps,
            "only the last k steps get a gradient; every window sends its own losses back",
        ),
        "last k steps only, dh0 from there": (
            partial(_last_k_steps, dh0="there"),
            "only the last k steps get a gradient; every window sends its own losses back",
        ),
        "state from h0 again": (
            partial(_window_by_window, reset="h0"),
            "each window starts from h0; it starts from the last state of the window before",
        ),
        "mean over the windows": (
            _truncated_then(
                **dict.fromkeys(("dW", "dU", "db"), lambda grad, xs, k: grad / -(-len(xs) // k)),
            ),
            "dW, dU and db are averaged over the windows; those of all windows add up",
        ),
        "each loss k steps back": (
            _each_loss_k_back,
            "the gradient of every single loss goes back k steps: the other kind of truncation (Williams & Peng 1990), "
            "dearer and without fixed windows",
        ),
        "no carry": (
            lambda W, U, b, xs, h0, dhs, k: _bptt_but(W, U, b, xs, h0, dhs, carry="dropped"),
            "the gradient is cut at every step, as if k were 1",
        ),
    },
    edges={
        "k = 1": lambda rng: _truncated_case(rng, SimpleNamespace(T=4, B=2, I=2, H=3, k=1)),
        "k larger than T is full BPTT": lambda rng: _truncated_case(rng, SimpleNamespace(T=4, B=2, I=2, H=3, k=9)),
    },
)

# --- E1.4 how long a window has to be ---------------------------------------------------------------------------


def example(seed: int = 0) -> tuple:
    """A network with the loss at every step: W, U, b, xs, h0, dhs with T=48, B=4, I=3, H=8, U 0.9 times orthogonal."""
    rng = np.random.default_rng(seed)
    W = 0.3 * rng.normal(size=(8, 3))
    U = 0.9 * np.linalg.qr(rng.normal(size=(8, 8)))[0]
    return W, U, np.zeros(8), rng.normal(size=(48, 4, 3)), np.zeros((4, 8)), rng.normal(size=(48, 4, 8))


def window_needed() -> int:
    """The shortest window k of 1, 2, 3, 4, 6, 8, 12, 16, 24, 48 for which dU is less than 25 % off full BPTT's.

    The network is `example()`; "off" means |dU_k - dU| / |dU|, with the Frobenius norm.
    """
    args = example()
    full = bptt(*args)[1]
    for k in (1, 2, 3, 4, 6, 8, 12, 16, 24, 48):
        off = np.linalg.norm(truncated_bptt(*args, k)[1] - full) / np.linalg.norm(full)
        if off < 0.25:
            return k


def _window_but(truncated=truncated_bptt, which=1, limit=0.25):
    args = example()
    full = bptt(*args)[which]
    for k in (1, 2, 3, 4, 6, 8, 12, 16, 24, 48):
        if np.linalg.norm(truncated(*args, k)[which] - full) < limit * np.linalg.norm(full):
            return k


register(
    "E1.4",
    title="How long must a window be?",
    solution=window_needed,
    kind="experiment",
    minutes=10,
    difficulty=2,
    importance=3,
    lines=6,
    can_now="put a number on what truncation costs, instead of picking a window by habit",
    returns={"window": "one of 1, 2, 3, 4, 6, 8, 12, 16, 24, 48"},
    rtol=0,
    atol=0.5,
    stub="window = ...  # the shortest of 1, 2, 3, 4, 6, 8, 12, 16, 24, 48 with less than 25 % error in dU",
    helpers=(example,),
    hints=(
        "You need dU once with full BPTT and once for each window. The windows are few: try all, print the errors.",
        "off(k) = ‖dU_k − dU‖ / ‖dU‖; np.linalg.norm of a matrix is the Frobenius norm.",
        """
        args = example()
        full = bptt(*args)[1]
        for k in (1, 2, 3, 4, 6, 8, 12, 16, 24, 48):
            off = np.linalg.norm(truncated_bptt(*args, k)[1] - full) / ...
        """,
    ),
    symptoms={
        "my E1.3 does not pass yet": "Take the package's: from lstmcourse.exercises.nb01 import bptt, truncated_bptt.",
        "the error does not fall at every step": "It need not: where the borders fall matters too. Take the first "
        "window that is below the limit.",
    },
    wrong={
        "state reset": (
            partial(_window_but, partial(_window_by_window, reset="zero")),
            "the state is set to zero at each window: then only the full sequence is near full BPTT",
        ),
        "squared": (
            partial(_window_but, limit=0.5),
            "the squares of the norms are compared: a quarter of the square is half of the norm",
        ),
        "another gradient": (
            partial(_window_but, which=0),
            "the error of dW is read off; the question is about dU, which reaches further back",
        ),
    },
)
