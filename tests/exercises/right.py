"""Right answers in other ways than the solutions': each must pass its check.

A way is a source that defines the exercise's function. The steps and steps back are written once, and then once more in
columns, with einsum, and row by row.
"""

import linecache
import re

PRELUDE = """
import numpy as np

def sigmoid(a):
    return 1 / (1 + np.exp(-a))

def by_rows(step, args, weights, sums):
    # a step for each sequence of the batch by itself: what is one a row is stacked, what is of the weights is added
    rows = [step(*args[:weights], *(a[k : k + 1] for a in args[weights:])) for k in range(len(args[weights]))]
    return tuple(sum(parts) if n < sums else np.concatenate(parts) for n, parts in enumerate(zip(*rows)))
"""


def defined(source: str, name: str):
    """The function of this name that a source defines; its lines can be shown in a message."""
    text = f"{PRELUDE}{source}"
    file = f"<{name} {abs(hash(text))}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    scope = {"__name__": "learner"}
    exec(compile(text, file, "exec"), scope)
    return scope[name]


RNN = """
def rnn_step(W, U, b, x, h_):
    return (np.tanh(x @ W.T + h_ @ U.T + b),)
"""
RNN_BACK = """
def rnn_backward(W, U, b, x, h_, dh):
    h = np.tanh(x @ W.T + h_ @ U.T + b)
    da = dh * (1 - h) * (1 + h)
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U
"""
LSTM97 = """
def lstm97_step(W, U, b, x, h_, c_):
    H = h_.shape[1]
    a = x @ W.T + h_ @ U.T + b
    i, g, o = sigmoid(a[:, :H]), np.tanh(a[:, H : 2 * H]), sigmoid(a[:, 2 * H :])
    c = c_ + i * g
    return o * np.tanh(c), c
"""
LSTM97_BACK = """
def lstm97_backward(W, U, b, x, h_, c_, dh, dc):
    H = h_.shape[1]
    a = x @ W.T + h_ @ U.T + b
    i, g, o = sigmoid(a[:, :H]), np.tanh(a[:, H : 2 * H]), sigmoid(a[:, 2 * H :])
    t = np.tanh(c_ + i * g)
    dc = dh * o * (1 - t * t) + dc
    da = np.hstack([dc * g * i * (1 - i), dc * i * (1 - g * g), dh * t * o * (1 - o)])
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc
"""
LSTM = """
def lstm_step(W, U, b, x, h_, c_):
    a = x @ W.T + h_ @ U.T + b
    i, f, g, o = np.split(a, 4, axis=1)
    c = sigmoid(f) * c_ + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c
"""
LSTM_BACK = """
def lstm_backward(W, U, b, x, h_, c_, dh, dc):
    a = x @ W.T + h_ @ U.T + b
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c_ + i * g)
    dc = dh * o * (1 - t * t) + dc
    da = np.hstack([dc * g * i * (1 - i), dc * c_ * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)])
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, dc * f
"""
GRU_BEFORE = """
def gru_step_reset_before(W, U, b, x, h_):
    (Wr, Wz, Wn), (Ur, Uz, Un), (br, bz, bn) = (np.split(part, 3) for part in (W, U, b))
    r = sigmoid(x @ Wr.T + h_ @ Ur.T + br)
    z = sigmoid(x @ Wz.T + h_ @ Uz.T + bz)
    n = np.tanh(x @ Wn.T + (r * h_) @ Un.T + bn)
    return (n + z * (h_ - n),)
"""
GRU = """
def gru_step(W, U, b, b_hn, x, h_):
    H = h_.shape[1]
    ax, ah = x @ W.T + b, h_ @ U.T
    r, z = np.split(sigmoid(ax[:, : 2 * H] + ah[:, : 2 * H]), 2, axis=1)
    n = np.tanh(ax[:, 2 * H :] + r * (ah[:, 2 * H :] + b_hn))
    return (n + z * (h_ - n),)
"""
GRU_BACK = """
def gru_backward(W, U, b, b_hn, x, h_, dh):
    H = h_.shape[1]
    ax, ah = x @ W.T + b, h_ @ U.T
    r, z = np.split(sigmoid(ax[:, : 2 * H] + ah[:, : 2 * H]), 2, axis=1)
    q = ah[:, 2 * H :] + b_hn
    n = np.tanh(ax[:, 2 * H :] + r * q)
    dan = dh * (1 - z) * (1 - n * n)
    dar, daz = dan * q * r * (1 - r), dh * (h_ - n) * z * (1 - z)
    da, du = np.hstack([dar, daz, dan]), np.hstack([dar, daz, dan * r])
    return da.T @ x, du.T @ h_, da.sum(axis=0), (dan * r).sum(axis=0), da @ W, du @ U + dh * z
"""

GRU_GATES_BACK = """
def gru_gates_backward(r, z, v, n, h_, dh):
    dan = dh * (1 - z) * (1 - n * n)
    return dan * v * r * (1 - r), dh * (h_ - n) * z * (1 - z), dan, dan * r
"""


def ways(source: str, weights: int, back: bool = False) -> list[str]:
    """A step as it is written, in columns, with einsum, and row by row."""
    name = source.split("def ")[1].split("(")[0]
    columns = re.sub(r"(x|h_) @ (\w+)\.T", r"(\2 @ \1.T).T", source)
    einsum = re.sub(r"(x|h_) @ (\w+)\.T", r'np.einsum("bi,hi->bh", \1, \2)', source)
    rows = source + f"\n{name}_of_all = {name}\ndef {name}(*args):\n"
    rows += f"    return by_rows({name}_of_all, args, {weights}, {weights if back else 0})\n"
    return [source, columns, einsum, rows]


RIGHT = {
    "rnn_step": ways(RNN, 3),
    "rnn_backward": ways(RNN_BACK, 3, back=True),
    "lstm97_step": ways(LSTM97, 3),
    "lstm97_backward": ways(LSTM97_BACK, 3, back=True),
    "lstm_step": ways(LSTM, 3),
    "lstm_backward": ways(LSTM_BACK, 3, back=True),
    "gru_step_reset_before": ways(GRU_BEFORE, 3),
    "gru_step": ways(GRU, 4),
    "gru_gates_backward": [
        GRU_GATES_BACK,
        """
def gru_gates_backward(r, z, v, n, h_, dh):
    dz, dn = dh * h_ - dh * n, dh - dh * z
    dan = dn - dn * n**2
    return dan * v * (r - r**2), dz * (z - z**2), dan, dan * r
""",
        """
def gru_gates_backward(r, z, v, n, h_, dh):
    out = np.zeros((4, *dh.shape))
    for k in np.ndindex(*dh.shape):
        out[2][k] = dh[k] * (1 - z[k]) * (1 + n[k]) * (1 - n[k])
        out[3][k] = out[2][k] * r[k]
        out[0][k] = out[3][k] * (1 - r[k]) * v[k]
        out[1][k] = dh[k] * z[k] * (1 - z[k]) * (h_[k] - n[k])
    return tuple(out)
""",
    ],
    "gru_backward": ways(GRU_BACK, 4, back=True),
    "cost": [
        "def bits_per_character(p):\n    return -np.log2(p).mean()",
        "import math\ndef bits_per_character(p):\n    return sum(math.log2(1 / q) for q in p) / len(p)",
        "def bits_per_character(p):\n    return np.log(1 / np.asarray(p)).sum() / p.size / np.log(2)",
    ],
    "cross_entropy": [
        """
def cross_entropy(logits, targets):
    z = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(z)
    p, N = e / e.sum(axis=1, keepdims=True), len(z)
    loss = np.mean(np.log(e.sum(axis=1)) - z[np.arange(N), targets])
    p[np.arange(N), targets] -= 1
    return loss, p / N
""",
        """
def cross_entropy(logits, targets):
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    y = np.eye(logits.shape[1])[targets]
    return -(y * np.where(y > 0, log_p, 0)).sum() / len(y), (np.exp(log_p) - y) / len(y)
""",
        """
def cross_entropy(logits, targets):
    loss, d = 0.0, np.zeros_like(logits)
    for n, (row, k) in enumerate(zip(logits, targets)):
        e = np.exp(row - max(row))
        loss += np.log(sum(e)) - (row[k] - max(row))
        d[n] = e / sum(e)
        d[n, k] -= 1
    return loss / len(logits), d / len(logits)
""",
    ],
    "bptt": [
        """
def bptt(backward, params, xs, states, dhs):
    n, T = len(params), len(xs)
    grads = [0 * p for p in params]
    back = [0 * part for part in states[T]]
    for t in range(T - 1, -1, -1):
        out = backward(*params, xs[t], *states[t], back[0] + dhs[t], *back[1:])
        for k in range(n):
            grads[k] += out[k]
        back = list(out[n + 1 :])
    return grads
""",
        """
def bptt(backward, params, xs, states, dhs):
    if not len(xs):
        return [np.zeros_like(p) for p in params], [np.zeros_like(part) for part in states[0]]
    all_steps, back = [], [np.zeros_like(part) for part in states[-1]]
    for x, state, dh in list(zip(xs, states, dhs))[::-1]:
        back[0] = back[0] + dh
        *step, dx = backward(*params, x, *state, *back)[: len(params) + 1]
        back = list(backward(*params, x, *state, *back)[len(params) + 1 :])
        all_steps.append(step)
    return [sum(parts) for parts in zip(*all_steps)]
""",
        """
def bptt(backward, params, xs, states, dhs):
    def from_step(t):
        if t == len(xs):
            return tuple(np.zeros_like(p) for p in params), tuple(np.zeros_like(s) for s in states[t])
        later, (dh, *rest) = from_step(t + 1)
        out = backward(*params, xs[t], *states[t], dh + dhs[t], *rest)
        return tuple(a + g for a, g in zip(later, out)), out[len(params) + 1 :]
    results = [from_step(0)]
    return list(results[0][0])
""",
    ],
    "sample": [
        """
def sample(logits, temperature, u):
    z = logits / temperature
    p = np.exp(z - z.max(axis=1, keepdims=True))
    c = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
    return np.array([np.searchsorted(row, v, side="right") for row, v in zip(c, u)])
""",
        """
def sample(logits, temperature, u):
    z = (logits - logits.max(axis=1)[:, None]) / temperature
    c = np.cumsum(np.exp(z), axis=1)
    return (c <= u[:, None] * c[:, -1:]).sum(axis=1)
""",
        """
def sample(logits, temperature, u):
    letters = []
    for row, left in zip(logits / temperature, u):
        p = np.exp(row - np.max(row))
        edge, k = p[0] / p.sum(), 0
        while edge <= left:
            k += 1
            edge = p[: k + 1].sum() / p.sum()
        letters.append(k)
    return letters
""",
    ],
    "gradient_by_lag": [
        """
def gradient_by_lag(U, hs, dh):
    norms = []
    for h in hs[::-1]:
        norms.append(np.sqrt((dh ** 2).sum()))
        dh = (dh * (1 - h ** 2)) @ U
    return np.array(norms)
""",
        """
def gradient_by_lag(U, hs, dh):
    norms = np.zeros(len(hs))
    for k in range(len(hs)):
        norms[k] = np.linalg.norm(dh)
        dh = np.array([(np.diag(1 - h * h) @ U).T @ d for h, d in zip(hs[len(hs) - 1 - k], dh)])
    return norms
""",
        """
def gradient_by_lag(U, hs, dh):
    D = 1 - np.square(hs)
    all_dh = [dh]
    for t in range(len(hs) - 1, 0, -1):
        all_dh.append(np.einsum("bh,hk->bk", all_dh[-1] * D[t], U))
    return [float(np.linalg.norm(d)) for d in all_dh]
""",
    ],
    "keeping_start": [
        """
def keeping_start(normal, left):
    U = np.linalg.qr(normal.T)[0]
    while not 0.9 < left(U) < 1.1:
        U = U / left(U) ** 0.02
    return U
""",
        """
def keeping_start(normal, left):
    u, s, v = np.linalg.svd(normal)
    low, high = 1.0, 2.0
    for _ in range(20):
        gain = (low + high) / 2
        low, high = (gain, high) if left(gain * u @ v) < 1 else (low, gain)
    return low * u @ v
""",
        """
def keeping_start(normal, left):
    U = normal / np.sqrt(len(normal))
    for _ in range(30):
        U = U * np.exp(-np.log(left(U)) / 50)
    return U
""",
    ],
    "clip_by_global_norm": [
        """
def clip_by_global_norm(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads]))
    if np.isnan(norm) or np.isinf(norm):
        return [0.0 * np.nan_to_num(g) for g in grads], norm
    return [g / max(1.0, norm / max_norm) for g in grads], norm
""",
        """
def clip_by_global_norm(grads, max_norm):
    norm = sum(float((g * g).sum()) for g in grads) ** 0.5
    if norm <= max_norm:
        return [g.copy() for g in grads], norm
    if not norm < float("inf"):
        return [np.zeros(g.shape) for g in grads], norm
    return [max_norm / norm * g for g in grads], norm
""",
        """
import math
def clip_by_global_norm(grads, max_norm):
    norm = math.hypot(*(np.linalg.norm(g) for g in grads))
    if not math.isfinite(norm):
        return tuple(np.full_like(g, 0) for g in grads), norm
    return tuple(g * min(1, max_norm / (norm or 1)) for g in grads), norm
""",
    ],
    "expected_size": [
        """
def expected_size(written, steps):
    sizes = []
    for t in steps:
        squares = [(t * unit.mean()) ** 2 + t * unit.var() for unit in written.T]
        sizes.append(np.mean(squares) ** 0.5)
    return np.array(sizes)
""",
        """
def expected_size(written, steps):
    mu, square = written.mean(0), (written**2).mean(0)
    return np.sqrt(np.outer(steps**2, mu**2).mean(1) + steps * (square - mu**2).mean())
""",
        """
def expected_size(written, steps):
    drift, noise = (written.mean(0) ** 2).mean(), written.var(0).mean()
    return (steps * (steps * drift + noise)) ** 0.5
""",
    ],
    "remember_for": [
        """
def remember_for(half_life, b_ih, b_hh):
    H, f = len(b_ih) // 4, 0.5 ** (1 / half_life)
    b_ih, b_hh = b_ih.copy(), b_hh.copy()
    b_ih[H : 2 * H], b_hh[H : 2 * H] = np.log(f / (1 - f)), 0
    return b_ih, b_hh
""",
        """
def remember_for(half_life, b_ih, b_hh):
    i, f, g, o = np.split(b_ih, 4)
    i2, f2, g2, o2 = np.split(b_hh, 4)
    f = np.full_like(f, -np.log(np.expm1(np.log(2) / half_life)))
    return np.concatenate([i, f, g, o]), np.concatenate([i2, 0 * f2, g2, o2])
""",
        """
def remember_for(half_life, b_ih, b_hh):
    is_f = np.arange(len(b_ih)) // (len(b_ih) // 4) == 1
    return [np.where(is_f, -np.log(2 ** (1 / half_life) - 1), b_ih), np.where(is_f, 0.0, b_hh)]
""",
    ],
    "king_unit": [
        f"def king_unit():\n    return np.array({W}), np.array({b})"
        for W, b in (
            ("[[0.0, 24.0], [0.0, -24.0], [8.0, 0.0], [0.0, 0.0]]", "[-12.0, 12.0, 0.0, 8.0]"),
            ("[[0.0, 30.0], [0.0, -30.0], [6.0, 0.0], [0.0, 1.0]]", "[-15.0, 15.0, 0.0, 12.0]"),
            ("[[0.0, 40.0], [0.0, -40.0], [4.0, 0.0], [0.0, 0.0]]", "[-20.0, 20.0, 0.0, 6.0]"),
        )
    ],
    "equal_width": [
        """
def equal_width(inputs, units):
    most, H = 4 * units * (inputs + units + 2), 0
    while 3 * (H + 1) * (inputs + H + 3) <= most:
        H += 1
    return H
""",
        """
import math
def equal_width(inputs, units):
    k, most = inputs + 2, 4 * units * (inputs + units + 2)
    return (math.isqrt(9 * k * k + 12 * most) - 3 * k) // 6
""",
        """
def equal_width(inputs, units):
    H = np.arange(2 * units + 1)
    return int(H[3 * H * (inputs + H + 2) <= 4 * units * (inputs + units + 2)].max())
""",
    ],
    "lstm_forward": [
        source.replace("PRODUCT", product)
        for source in ["""
def lstm_forward(W, U, b, xs, h0, c0):
    ax, h, c, out = PRODUCT + b, h0, c0, []
    for a in ax:
        i, f, g, o = np.split(a + h @ U.T, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        out.append((h, c, np.hstack([i, f, g, o])))
    return tuple(map(np.array, zip(*out)))
"""]
        for product in ("xs @ W.T", 'np.einsum("tbi,hi->tbh", xs, W)', "np.tensordot(xs, W, axes=(2, 1))")
    ],
    "lstm_factors": [
        """
def lstm_factors(c0, cs, gates):
    i, f, g, o = np.split(gates, 4, axis=2)
    s = np.tanh(cs)
    before = np.concatenate([[c0], cs[:-1]])
    return i * (1 - i) * g, (f - f**2) * before, (1 - g * g) * i, (o - o * o) * s, o / np.cosh(cs) ** 2
""",
        """
def lstm_factors(c0, cs, gates):
    H, rows = cs.shape[2], []
    for c_, c, a in zip([c0, *cs[:-1]], cs, gates):
        i, f, g, o = a[:, :H], a[:, H : 2 * H], a[:, 2 * H : 3 * H], a[:, 3 * H :]
        y = np.tanh(c)
        rows.append((g * i * (1 - i), c_ * f * (1 - f), i * (1 - g) * (1 + g), y * o * (1 - o), o * (1 - y * y)))
    return [np.array(one) for one in zip(*rows)]
""",
        """
def lstm_factors(c0, cs, gates):
    H = cs.shape[-1]
    i, f, g, o = (gates[..., k * H : (k + 1) * H] for k in range(4))
    before, squashed = np.roll(cs, 1, axis=0), np.tanh(cs)
    before[0] = c0
    slope = lambda k: k * (1 - k)
    return slope(i) * g, slope(f) * before, i - i * g * g, slope(o) * squashed, o - o * squashed**2
""",
    ],
    "lstm_backward_all": [
        source.replace("PRODUCT", product)
        for source in ["""
def lstm_backward_all(W, U, b, xs, h0, c0, hs, cs, gates, dhs):
    das, dh, dc = np.zeros_like(gates), np.zeros_like(h0), np.zeros_like(c0)
    before_h, before_c = np.concatenate([[h0], hs[:-1]]), np.concatenate([[c0], cs[:-1]])
    for t in reversed(range(len(xs))):
        i, f, g, o = np.split(gates[t], 4, axis=1)
        s = np.tanh(cs[t])
        dh = dh + dhs[t]
        dc = dc + dh * o * (1 - s * s)
        di, df, dg, do = dc * g, dc * before_c[t], dc * i, dh * s
        das[t] = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)])
        dh, dc = das[t] @ U, dc * f
    flat = lambda a: a.reshape(-1, a.shape[-1])
    return PRODUCT, flat(das).T @ flat(before_h), das.sum(axis=(0, 1)), das @ W, dh, dc
"""]
        for product in (
            "flat(das).T @ flat(xs)", 'np.einsum("tbk,tbi->ki", das, xs)', "np.tensordot(das, xs, ([0, 1], [0, 1]))",
        )
    ],
    "waits_up_to": [
        "def waits_up_to(I, H, speed, wait):\n    return int(wait * speed // (8 * H * (I + H)))",
        "def waits_up_to(I, H, speed, wait):\n    return int(np.floor(wait / (2 * 4 * H * (I + H) / speed)))",
        "import math\ndef waits_up_to(I, H, speed, wait):\n    return math.floor(speed * wait / 8 / H / (I + H))",
    ],
    "last_valid": [
        "def last_valid(out, lengths):\n    return out[lengths - 1, np.arange(len(lengths))]",
        "def last_valid(out, lengths):\n    return np.stack([out[n - 1, k] for k, n in enumerate(lengths)])",
        "def last_valid(out, lengths):\n    return np.take_along_axis(out, (lengths - 1)[None, :, None], axis=0)[0]",
    ],
    "from_onnx_order": [
        """
def from_onnx_order(W, R, B):
    def moved(a):
        i, o, f, c = np.split(a, 4)
        return np.concatenate([i, f, c, o])
    first, second = np.split(B, 2)
    return moved(W), moved(R), moved(first), moved(second)
""",
        """
def from_onnx_order(W, R, B):
    H = R.shape[1]
    rows = np.arange(4 * H).reshape(4, H)[[0, 2, 3, 1]].ravel()
    return W[rows], R[rows], B[: 4 * H][rows], B[4 * H :][rows]
""",
        """
def from_onnx_order(W, R, B):
    return [np.vstack(a.reshape(4, -1, *a.shape[1:])[[0, 2, 3, 1]]) if a.ndim == 2 else
            a.reshape(4, -1)[[0, 2, 3, 1]].reshape(-1) for a in (W, R, *np.split(B, 2))]
""",
    ],
}  # fmt: skip
