"""Right answers in other ways than the solutions', for the exercises of notebooks 05, 06, 08 and 10 to 15."""

from tests.exercises.right import ways

PEEPHOLE = """
def peephole_step(W, U, b, p_i, p_f, p_o, x, h_, c_):
    i, f, g, o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    c = sigmoid(f + p_f * c_) * c_ + sigmoid(i + p_i * c_) * np.tanh(g)
    return sigmoid(o + p_o * c) * np.tanh(c), c
"""
PEEPHOLE_BACK = """
def peephole_backward(W, U, b, p_i, p_f, p_o, x, h_, c_, dh, dc):
    i, f, g, o = np.split(x @ W.T + h_ @ U.T + b, 4, axis=1)
    i, f, g = sigmoid(i + p_i * c_), sigmoid(f + p_f * c_), np.tanh(g)
    c = f * c_ + i * g
    o, t = sigmoid(o + p_o * c), np.tanh(c)
    do = dh * t * o * (1 - o)
    dc = dc + dh * o * (1 - t * t) + p_o * do
    di, df = dc * g * i * (1 - i), dc * c_ * f * (1 - f)
    da = np.hstack([di, df, dc * i * (1 - g * g), do])
    dps = [np.einsum("bh,bh->h", d, seen) for d, seen in ((di, c_), (df, c_), (do, c))]
    return da.T @ x, da.T @ h_, da.sum(axis=0), *dps, da @ W, da @ U, dc * f + p_i * di + p_f * df
"""
COUPLED = """
def coupled_step(W, U, b, x, h_, c_):
    f, g, o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    g = np.tanh(g)
    c = g + sigmoid(f) * (c_ - g)
    return sigmoid(o) * np.tanh(c), c
"""
COUPLED_BACK = """
def coupled_backward(W, U, b, x, h_, c_, dh, dc):
    f, g, o = np.split(x @ W.T + h_ @ U.T + b, 3, axis=1)
    f, g, o = sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c_ + (1 - f) * g)
    dc = dh * o * (1 - t) * (1 + t) + dc
    da = np.hstack([dc * (c_ - g) * f * (1 - f), dc * (1 - f) * (1 - g * g), dh * t * o * (1 - o)])
    return da.T @ x, da.T @ h_, da.sum(axis=0), da @ W, da @ U, f * dc
"""
CLOCK = """
def clock(period):
    p = P
    b = np.array([30.0, p * (period - 0.5), 30.0, -p * (period - 0.5)])
    return b, LOOKS
"""
VARIANT = """
def variant_step(name, W, U, b, x, h_, c_):
    a = list(np.split(x @ W.T + h_ @ U.T + b, 4 if name in ("niaf", "noaf") else 3, axis=1))
    i = a.pop(0) if name not in ("nig", "cifg") else None
    f = a.pop(0) if name != "nfg" else None
    g = a.pop(0)
    f = 1.0 if f is None else sigmoid(f)
    i = 1 - f if name == "cifg" else 1.0 if i is None else sigmoid(i)
    o = sigmoid(a.pop()) if a else 1.0
    c = f * c_ + i * (g if name == "niaf" else np.tanh(g))
    return o * (c if name == "noaf" else np.tanh(c)), c
"""
TOP_K = """
def sample_top_k(logits, temperature, k, u):
    letters = []
    for row, v in zip(logits, u):
        kept = LETTERS
        p = np.exp((row[kept] - row.max()) / temperature)
        ends = np.cumsum(p) / p.sum()
        letters.append(kept[np.searchsorted(ends, v, side="right")])
    return np.array(letters)
"""

RIGHT = {
    "peephole_step": ways(PEEPHOLE, 6),
    "peephole_backward": ways(PEEPHOLE_BACK, 6, back=True),
    "coupled_step": ways(COUPLED, 3),
    "coupled_backward": ways(COUPLED_BACK, 3, back=True),
    "clock": [
        CLOCK.replace("P", "40.0").replace("LOOKS", "np.zeros(1), np.array([-p]), np.array([p])"),
        CLOCK.replace("P", "25.0").replace("LOOKS", "np.array([0.0]), -np.full(1, p), np.full(1, p)"),
        CLOCK.replace("30.0, p", "99.0, p").replace("P", "30.0").replace("LOOKS", "*np.array([[0.0], [-p], [p]])"),
        """
def clock(period):
    b = np.array([60, 40 * period - 20, 60, 20 - 40 * period])
    return b, np.array([0]), np.array([-40]), np.array([40])
""",
    ],
    "from_input_gate": [
        """
def from_input_gate(W, U, b):
    H = U.shape[1]
    sign = np.where(np.arange(3 * H) < H, -1.0, 1.0)
    return sign[:, None] * W, sign[:, None] * U, sign * b
""",
        """
def from_input_gate(W, U, b):
    W, U, b = W.copy(), U.copy(), b.copy()
    for a in (W, U, b):
        a[: len(a) // 3] *= -1
    return W, U, b
""",
        """
def from_input_gate(*weights):
    thirds = (np.array_split(a, 3) for a in weights)
    return [np.concatenate((-i, g, o)) for i, g, o in thirds]
""",
    ],
    "counting_limit": [
        "def counting_limit(step):\n    return np.log1p(-np.sqrt(step)) / np.log1p(-step)",
        """
import math
def counting_limit(step):
    f = 1 - step
    y = 1 - math.sqrt(1 - f)  # of y (2 - y) = f the root below 1
    return math.log(y, f)
""",
        """
from scipy.optimize import brentq
def counting_limit(step):
    f = 1 - step
    return brentq(lambda n: f ** (n - 1) * (2 - f**n) - 1, 1, 2 / step, xtol=1e-13, rtol=1e-14)
""",
    ],
    "lstm_from_coupled": [
        """
def lstm_from_coupled(W, U, b):
    H = len(b) // 3
    return tuple(np.concatenate([-a[:H], a]) for a in (W, U, b))
""",
        """
def lstm_from_coupled(W, U, b):
    H = U.shape[1]
    E = np.vstack([-np.eye(H, 3 * H), np.eye(3 * H)])
    return E @ W, E @ U, E @ b
""",
        """
def lstm_from_coupled(W, U, b):
    def wider(a):
        out = np.empty((4 * len(a) // 3, *a.shape[1:]))
        out[len(a) // 3 :] = a
        out[: len(a) // 3] = -a[: len(a) // 3]
        return out
    return wider(W), wider(U), wider(b)
""",
    ],
    "variant_step": [
        VARIANT,
        VARIANT.replace("x @ W.T + h_ @ U.T", "np.hstack([x, h_]) @ np.hstack([W, U]).T"),
        VARIANT.replace("x @ W.T + h_ @ U.T", '(np.einsum("hi,bi->bh", W, x) + np.dot(h_, U.T))'),
    ],
    "ahead": [
        """
from lstmcourse.experiments import fisher
def ahead(one, other, looks):
    a, b = np.array(one), np.array(other)
    (k, m), (l, n) = a.sum(0).tolist(), b.sum(0).tolist()
    signs = np.sign(a[:, 0] / a[:, 1] - b[:, 0] / b[:, 1])
    total = np.sign(k / m - l / n)
    fine = len(a) >= 5 and fisher((k, m), (l, n)) * looks < 0.05 and not (signs == -total).any()
    return int(total) if fine else 0
""",
        """
from lstmcourse.experiments import compared
def ahead(one, other, looks):
    found = compared(one, other, looks)
    return found.ahead if found.differs else 0
""",
        """
from lstmcourse.experiments import fisher
def ahead(one, other, looks):
    solved = [sum(block[0] for block in side) for side in (one, other)]
    trained = [sum(block[1] for block in side) for side in (one, other)]
    better = lambda k, m, l, n: (k * n > l * m) - (k * n < l * m)
    sign = better(solved[0], trained[0], solved[1], trained[1])
    if len(one) < 5 or fisher((solved[0], trained[0]), (solved[1], trained[1])) * looks >= 0.05:
        return 0
    for x, y in zip(one, other):
        if better(*x, *y) * sign < 0:
            return 0
    return sign
""",
    ],
    "missing_part": [
        """
def missing_part(step):
    def in_words(name, i, f, g, o, c_):
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        i, f, o = (1.0 if name == "n" + k + "g" else v for k, v in (("i", i), ("f", f), ("o", o)))
        i = 1 - f if name == "cifg" else i
        c = f * c_ + i * (g if name == "niaf" else np.tanh(g))
        return o * (c if name == "noaf" else np.tanh(c)), c
    sums = (0.3, -0.7, 1.2, 0.4, 0.9)
    for name in ("nig", "nfg", "nog", "cifg", "niaf", "noaf", "lstm"):
        if np.allclose(step(*sums), in_words(name, *sums)):
            return name
""",
        """
def missing_part(step):
    if step(-40, 40, 5, 40, 1)[1] != 1:
        return "nig"
    left = step(-40, -40, 5, 40, 3)[1]
    if left > 1e-6:
        return "nfg" if np.isclose(left, 3) else "cifg"
    if abs(step(-40, 40, 5, -40, 1)[0]) > 1e-6:
        return "nog"
    if step(40, -40, 5, 40, 1)[1] > 1.1:
        return "niaf"
    return "noaf" if step(-40, 40, 0, 40, 5)[0] > 1.1 else "lstm"
""",
        """
def missing_part(step):
    moves = [abs(np.subtract(step(*sums), step(0, 0, 1, 0, 1))).max() for sums in
             ((1, 0, 1, 0, 1), (0, 1, 1, 0, 1), (0, 0, 1, 1, 1))]
    if moves[0] == 0:
        return "cifg" if np.isclose(step(0, 30, 1, 0, 5)[1], 5) else "nig"
    if moves[1] == 0:
        return "nfg"
    if moves[2] == 0:
        return "nog"
    h, c = step(30, -30, 4, 30, 0)
    return "niaf" if c > 1.5 else "noaf" if np.isclose(h, c) else "lstm"
""",
    ],
    "read_through": [
        """
def read_through(model, x, y, T):
    state, losses = None, []
    while len(x):
        logits, (h, c) = model(x[:T], state)
        losses.append(float(model.update(logits, y[:T])))
        state, x, y = (h.detach(), c.detach()), x[T:], y[T:]
    return losses
""",
        """
def read_through(model, x, y, T):
    state, losses = None, np.zeros(-(-len(x) // T))
    for k, (xs, ys) in enumerate(zip(x.split(T), y.split(T))):
        logits, state = model(xs, state)
        losses[k] = model.update(logits, ys)
        state = [part.detach() for part in state]
        state = tuple(state)
    return losses
""",
        """
def read_through(model, x, y, T):
    windows = range((len(x) + T - 1) // T)
    state, losses = None, []
    for k in windows:
        if state is not None:
            state = tuple(part.data for part in state)
        logits, state = model(x[k * T : (k + 1) * T], state)
        losses += [model.update(logits, y[k * T : (k + 1) * T])]
    return np.asarray(losses)
""",
    ],
    "sample_top_k": [
        TOP_K.replace("LETTERS", "np.sort(np.argsort(row)[-k:])"),
        TOP_K.replace("LETTERS", "np.flatnonzero(row >= sorted(row)[-k])"),
        """
def sample_top_k(logits, temperature, k, u):
    rank = np.argsort(np.argsort(-logits, axis=1), axis=1)
    p = np.exp((logits - logits.max(axis=1)[:, None]) / temperature) * (rank < k)
    ends = np.cumsum(p, axis=1) / p.sum(axis=1)[:, None]
    return np.argmax(ends > u[:, None], axis=1)
""",
    ],
    "bracket_depth": [
        """
import io, tokenize
def bracket_depth(source):
    lines = source.splitlines(True)
    depth = np.zeros(len(source), int)
    for kind, text, (row, col), _, _ in tokenize.generate_tokens(io.StringIO(source).readline):
        if kind == tokenize.OP and text in "()[]{}":
            at = sum(map(len, lines[: row - 1])) + col
            depth[at:] += 1 if text in "([{" else -1
    return depth
""",
        """
import io, tokenize
def bracket_depth(source):
    brackets = {t.start: t.string for t in tokenize.generate_tokens(io.StringIO(source).readline)
                if t.type == tokenize.OP and t.string in {*"()[]{}"}}
    depth, row, col, out = 0, 1, 0, []
    for letter in source:
        depth += {"": 0, "(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}[brackets.get((row, col), "")]
        out.append(depth)
        row, col = (row + 1, 0) if letter == "\\n" else (row, col + 1)
    return out
""",
        """
import io, tokenize
def bracket_depth(source):
    begins = [0]
    for line in io.StringIO(source):
        begins.append(begins[-1] + len(line))
    opens, shuts = np.zeros(len(source), int), np.zeros(len(source), int)
    for t in tokenize.generate_tokens(io.StringIO(source).readline):
        if t.exact_type in (tokenize.LPAR, tokenize.LSQB, tokenize.LBRACE):
            opens[begins[t.start[0] - 1] + t.start[1]] = 1
        if t.exact_type in (tokenize.RPAR, tokenize.RSQB, tokenize.RBRACE):
            shuts[begins[t.start[0] - 1] + t.start[1]] = 1
    return np.cumsum(opens) - np.cumsum(shuts)
""",
    ],
    "padded_batch": [
        """
def padded_batch(sentences, number):
    lengths = [len(words) for words in sentences]
    rows = [[number.get(w, 1) for w in words] + [0] * (max(lengths) - len(words)) for words in sentences]
    return np.array(rows).T, np.array(lengths)
""",
        """
from itertools import zip_longest
def padded_batch(sentences, number):
    numbers = [[number[w] if w in number else 1 for w in words] for words in sentences]
    return np.array(list(zip_longest(*numbers, fillvalue=0))), np.array(list(map(len, sentences)))
""",
        """
def padded_batch(sentences, number):
    T = max(len(words) for words in sentences)
    x, lengths = np.zeros((T, len(sentences)), int), np.zeros(len(sentences), int)
    for k in range(len(sentences)):
        for t, word in enumerate(sentences[k]):
            x[t, k] = number.get(word, 1)
            lengths[k] += 1
    return x, lengths
""",
    ],
    "mean_valid": [
        """
import torch
def mean_valid(out, lengths):
    return torch.stack([out[:n, k].mean(dim=0) for k, n in enumerate(lengths.tolist())])
""",
        """
import torch
def mean_valid(out, lengths):
    steps = torch.arange(out.shape[0]).unsqueeze(1)
    kept = torch.where((steps < lengths).unsqueeze(2), out, torch.zeros_like(out))
    return kept.sum(0) / lengths.unsqueeze(1)
""",
        """
import torch
def mean_valid(out, lengths):
    rows = []
    for k in range(out.shape[1]):
        total = 0
        for t in range(int(lengths[k])):
            total = total + out[t, k]
        rows.append(total / int(lengths[k]))
    return torch.stack(rows)
""",
    ],
    "both_ends": [
        """
import torch
def both_ends(out, lengths):
    H = out.shape[-1] // 2
    last = torch.stack([out[n - 1, k, :H] for k, n in enumerate(lengths.tolist())])
    return torch.hstack([last, out[0, :, H:]])
""",
        """
import torch
def both_ends(out, lengths):
    forward, backward = out.chunk(2, dim=2)
    at = (lengths - 1).view(1, -1, 1).expand(1, -1, forward.shape[2])
    return torch.cat((forward.gather(0, at)[0], backward[0]), dim=-1)
""",
        """
import torch
def both_ends(out, lengths):
    H = out.shape[2] // 2
    is_first = torch.arange(2 * H) < H
    return torch.where(is_first, out[lengths - 1, torch.arange(out.shape[1])], out[0])
""",
    ],
    "occlusion": [
        """
def occlusion(score, words, hidden="<unk>"):
    whole = score([words])[0]
    effects = []
    for t in range(len(words)):
        other = list(words)
        other[t] = hidden
        effects.append(whole - score([other])[0])
    return np.array(effects)
""",
        """
def occlusion(score, words, hidden="<unk>"):
    others = [[hidden if k == t else word for k, word in enumerate(words)] for t in range(len(words))]
    return score([words])[0] - np.asarray(score(others))
""",
        """
def occlusion(score, words, hidden="<unk>"):
    rows = np.array([words] * (len(words) + 1), dtype=object)
    for t in range(len(words)):
        rows[t, t] = hidden
    scores = score(rows.tolist())
    return scores[-1] - scores[:-1]
""",
    ],
    "seasonal_naive": [
        """
def seasonal_naive(y, season, horizon):
    return np.resize(y[-season:], horizon)
""",
        """
def seasonal_naive(y, season, horizon):
    known = list(y)
    for _ in range(horizon):
        known.append(known[-season])
    return np.array(known[len(y):])
""",
        """
def seasonal_naive(y, season, horizon):
    times = -(-horizon // season)
    return np.tile(y[len(y) - season:], times)[:horizon]
""",
    ],
    "walk_forward": [
        """
def walk_forward(n, window, horizon, first, every):
    S = n - window - horizon + 1
    train, test = [], []
    for now in range(first, n, every):
        targets = [s + window + horizon - 1 for s in range(S)]
        train.append([target < now for target in targets])
        test.append([now <= target < now + every for target in targets])
    return np.array(train), np.array(test)
""",
        """
def walk_forward(n, window, horizon, first, every):
    known = np.arange(window + horizon - 1, n)
    folds = [first]
    while folds[-1] + every < n:
        folds.append(folds[-1] + every)
    train = np.stack([known < now for now in folds])
    later = np.stack([known < now + every for now in folds])
    return train, later ^ train
""",
        """
def walk_forward(n, window, horizon, first, every):
    lag, S = window + horizon - 1, n - window - horizon + 1
    F = 1 + (n - 1 - first) // every
    train, test = np.zeros((2, F, S), dtype=bool)
    for k in range(F):
        now = first + k * every
        train[k, : max(0, now - lag)] = True
        test[k, max(0, now - lag) : max(0, now - lag + every)] = True
    return train, test
""",
    ],
    "band": [
        """
def band(errors, forecast, true, level):
    out = (1 - level) / 2
    low, high = np.quantile(errors, [out, 1 - out])
    inside = [low <= t - f <= high for t, f in zip(true, forecast)]
    return low + forecast, high + forecast, sum(inside) / len(inside)
""",
        """
def band(errors, forecast, true, level):
    edges = np.percentile(errors, [50 - 50 * level, 50 + 50 * level])
    low, high = forecast + edges[:, None]
    outside = np.logical_or(true < low, true > high)
    return low, high, 1 - outside.mean()
""",
        """
def band(errors, forecast, true, level):
    paths = forecast[:, None] + errors
    low = np.quantile(paths, 0.5 - level / 2, axis=1)
    high = np.quantile(paths, 0.5 + level / 2, axis=1)
    return low, high, np.count_nonzero(np.clip(true, low, high) == true) / true.size
""",
    ],
    "point_by_point": [
        """
def point_by_point(images, order):
    B, R, C = images.shape
    x = np.empty((R * C, B, 1))
    for t, number in enumerate(order):
        x[t, :, 0] = images[:, number // C, number % C]
    return x
""",
        """
def point_by_point(images, order):
    rows, columns = np.unravel_index(order, images.shape[1:])
    return np.moveaxis(images[:, rows, columns], 0, 1)[..., np.newaxis]
""",
        """
def point_by_point(images, order):
    flat = np.array([image.ravel() for image in images])
    return np.expand_dims(np.take(flat.T, order, axis=0), -1)
""",
    ],
    "markov_keys": [
        """
def markov_keys(rolls):
    K = rolls[0].shape[1]
    counts = np.zeros((2, K, 2))
    for roll in rolls:
        last = np.zeros(K, int)
        for frame in roll.astype(int):
            counts[last, np.arange(K), frame] += 1
            last = frame
    return (counts[:, :, 1] + 0.5) / (counts.sum(axis=2) + 1)
""",
        """
def markov_keys(rolls):
    padded = np.concatenate([np.pad(np.asarray(roll, float), ((1, 0), (0, 0))) for roll in rolls])
    first = np.concatenate([np.arange(len(roll) + 1) == 0 for roll in rolls])
    before, now = padded[:-1][~first[1:]], padded[1:][~first[1:]]
    rows = [((1 - before), (1 - before) * now), (before, before * now)]
    return np.array([(n.sum(0) + 0.5) / (m.sum(0) + 1) for m, n in rows])
""",
        """
def markov_keys(rolls):
    on = sum(r[:-1].sum(axis=0) for r in rolls)
    sounding = sum(r.sum(axis=0) for r in rolls)
    kept = sum((r[1:] & r[:-1]).sum(axis=0) for r in rolls)
    frames = sum(len(r) for r in rolls)
    return np.stack([(sounding - kept + 0.5) / (frames - on + 1), (kept + 0.5) / (on + 1)])
""",
    ],
    "frame_nll": [
        """
def frame_nll(logits, frames, mask):
    signed = np.where(frames > 0, -logits, logits)
    each = np.maximum(signed, 0) + np.log1p(np.exp(-np.abs(signed)))
    return (each * mask[:, :, None]).sum() / mask.sum()
""",
        """
import torch
def frame_nll(logits, frames, mask):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    each = bce(torch.tensor(logits), torch.tensor(frames), reduction="none")
    return float(each[torch.tensor(mask)].sum(dim=1).mean())
""",
        """
def frame_nll(logits, frames, mask):
    total, count = 0.0, 0
    for t, b in zip(*np.nonzero(mask)):
        total -= sum(-np.logaddexp(0, -a) if y else -np.logaddexp(0, a) for a, y in zip(logits[t, b], frames[t, b]))
        count += 1
    return total / count
""",
    ],
    "draw_frame": [
        """
def draw_frame(logits, temperature, voices, u):
    z = logits / temperature
    if not voices:
        return u < 1 / (1 + np.exp(-z))
    frame = np.zeros(len(z), bool)
    frame[np.argsort(np.log(u) - np.log1p(-u) - z)[:voices]] = True
    return frame
""",
        """
def draw_frame(logits, temperature, voices, u):
    odds = np.exp(logits / temperature) * (1 - u) / u
    return odds > 1 if voices == 0 else np.isin(np.arange(len(u)), np.argsort(-odds)[:voices])
""",
        """
def draw_frame(logits, temperature, voices, u):
    lead = [z / temperature - np.log(v) + np.log(1 - v) for z, v in zip(logits, u)]
    least = sorted(lead, reverse=True)[voices - 1] if voices else 0
    return np.array([one >= least if voices else one > 0 for one in lead])
""",
    ],
    "parallels": [
        """
import itertools
def parallels(frames):
    count = []
    for now, then in zip(frames, frames[1:]):
        n = 0
        for a, b in itertools.combinations(range(len(now)), 2):
            apart = (now[b] - now[a]) % 12
            n += now[a] != then[a] and now[b] != then[b] and apart in (0, 7) and apart == (then[b] - then[a]) % 12
        count.append(int(n))
    return np.array(count)
""",
        """
def parallels(frames):
    apart = (frames[:, :, None] - frames[:, None, :]) % 12
    moved = frames[1:] != frames[:-1]
    both = moved[:, :, None] & moved[:, None, :]
    found = both & (apart[1:] == apart[:-1]) & np.isin(apart[1:], [0, 7])
    return np.tril(found, -1).sum(axis=(1, 2))
""",
        """
def parallels(frames):
    low, high = np.triu_indices(frames.shape[1], 1)
    apart = (frames[:, high] - frames[:, low]) % 12
    steps = np.diff(frames, axis=0)
    found = (apart[1:] == apart[:-1]) & np.isin(apart[:-1], (0, 7)) & (steps[:, low] * steps[:, high] != 0)
    return found.sum(axis=1)
""",
    ],
    "off_by_gate": [
        """
def off_by_gate(ours, central, gates):
    size = np.max(np.abs(central))
    return np.array([np.max(np.abs(a - c)) / size for a, c in zip(np.split(ours, gates), np.split(central, gates))])
""",
        """
def off_by_gate(ours, central, gates):
    H = len(ours) // gates
    gap = abs(ours - central)
    return [gap[k * H : (k + 1) * H].max() / max(central.max(), -central.min()) for k in range(gates)]
""",
        """
def off_by_gate(ours, central, gates):
    relative = np.abs(ours - central).max(axis=1) / np.linalg.norm(central.ravel(), np.inf)
    return np.maximum.reduceat(relative, np.arange(0, len(ours), len(ours) // gates))
""",
    ],
    "rows_leak": [
        """
def rows_leak(run, xs, others):
    mixed = np.concatenate([xs[:, :1], others[:, 1:]], axis=1)
    return np.max(np.abs(run(mixed) - run(xs))[:, 0])
""",
        """
def rows_leak(run, xs, others):
    is_first = np.arange(xs.shape[1])[None, :, None] == 0
    gap = run(np.where(is_first, xs, others))[:, 0, :] - run(xs)[:, 0, :]
    return float(max(gap.max(), -gap.min()))
""",
        """
def rows_leak(run, xs, others):
    changed = np.array(xs)
    for k in range(1, xs.shape[1]):
        changed[:, k] = others[:, k]
    before, after = run(xs), run(changed)
    return max(np.abs(after[t, 0] - before[t, 0]).max() for t in range(len(xs)))
""",
    ],
    "looks_ahead": [
        """
def looks_ahead(run, xs, others):
    base, far = run(xs), 0
    for k in range(len(xs)):
        ys = np.concatenate([xs[:k], others[k : k + 1], xs[k + 1 :]])
        moved = np.flatnonzero(np.abs(run(ys) - base).sum(axis=(1, 2)))
        far = max([far, *(k - moved)])
    return int(far)
""",
        """
def looks_ahead(run, xs, others):
    base = run(xs)
    for s in range(len(xs) - 1, 0, -1):
        for t in range(len(xs) - s):
            ys = xs.copy()
            ys[t + s] = others[t + s]
            if np.any(run(ys)[t] != base[t]):
                return s
    return 0
""",
        """
def looks_ahead(run, xs, others):
    T, base, found = len(xs), run(xs), []
    for k in range(T):
        ys = xs.copy()
        ys[k:] = others[k:]
        changed = [t for t in range(T) if not np.array_equal(run(ys)[t], base[t])]
        found += [k - t for t in changed[:1]]
    return max([0, *found])
""",
    ],
    "greedy": [
        """
def greedy(step, state, batch, stop, most):
    letters, out = np.array([stop] * batch), []
    ended = set()
    for _ in range(most):
        logits, state = step(letters, state)
        letters = np.argmax(logits, axis=1)
        letters[list(ended)] = stop
        out.append(letters)
        ended |= set(np.flatnonzero(letters == stop).tolist())
        if len(ended) == batch:
            break
    return np.stack(out)
""",
        """
def greedy(step, state, batch, stop, most):
    written = np.full((most, batch), stop)
    going, letters = np.ones(batch, bool), written[0].copy()
    for t in range(most):
        logits, state = step(letters, state)
        written[t, going] = logits.argmax(1)[going]
        letters = written[t].copy()
        going &= letters != stop
        if not going.any():
            return written[: t + 1]
    return written
""",
        """
def greedy(step, state, batch, stop, most):
    rows, last = [], np.repeat(stop, batch)
    while len(rows) < most:
        logits, state = step(last, state)
        best = [int(np.argmax(row)) for row in logits]
        last = np.array([stop if any(r[k] == stop for r in rows) else best[k] for k in range(batch)])
        rows.append(last)
        if (last == stop).all():
            return rows
    return rows
""",
    ],
    "attend": [
        """
import torch
def attend(query, keys, lengths):
    contexts, rows = [], []
    for k, n in enumerate(lengths.tolist()):
        w = torch.softmax(keys[:n, k] @ query[k] / query.shape[1] ** 0.5, dim=0)
        contexts.append(w @ keys[:n, k])
        rows.append(torch.cat([w, w.new_zeros(len(keys) - n)]))
    return torch.stack(contexts), torch.stack(rows, dim=1)
""",
        """
import torch
def attend(query, keys, lengths):
    scores = torch.einsum("tbh,bh->tb", keys, query) * query.shape[-1] ** -0.5
    padding = torch.arange(len(keys)).unsqueeze(1) >= lengths
    scores = torch.where(padding, torch.full_like(scores, float("-inf")), scores)
    weights = torch.softmax(scores, 0)
    return torch.einsum("tb,tbh->bh", weights, keys), weights
""",
        """
import torch
def attend(query, keys, lengths):
    T, B, H = keys.shape
    by_batch = keys.transpose(0, 1)
    scores = torch.bmm(by_batch, query.unsqueeze(2)).squeeze(2) / torch.tensor(H).to(keys).sqrt()
    mask = torch.stack([torch.arange(T) < n for n in lengths])
    scores = scores.masked_fill(mask.logical_not(), float("-inf"))
    e = torch.exp(scores - scores.max(dim=1, keepdim=True).values)
    weights = e / e.sum(dim=1, keepdim=True)
    return (weights.unsqueeze(1) @ by_batch).squeeze(1), weights.T
""",
    ],
    "scan": [
        """
def scan(a, b):
    for k in range(int(np.ceil(np.log2(len(b))))):
        far = 2**k
        b = np.concatenate([b[:far], b[far:] + a[far:] * b[:-far]])
        a = np.concatenate([a[:far], a[far:] * a[:-far]])
    return b
""",
        """
def scan(a, b):
    T = len(b)
    size = 1 << (T - 1).bit_length()
    A = np.concatenate([a, np.ones((size - T, *a.shape[1:]))])
    h = np.concatenate([b, np.zeros((size - T, *b.shape[1:]))])
    width = 1
    while width < size:
        blocks, first = h.reshape(-1, 2 * width, *b.shape[1:]), A.reshape(-1, 2 * width, *b.shape[1:])
        blocks[:, width:] += first[:, width:] * blocks[:, width - 1 : width]
        first[:, width:] *= first[:, width - 1 : width]
        width *= 2
    return h[:T]
""",
        """
def scan(a, b):
    if len(b) < 2:
        return b * 1.0
    if len(b) % 2:
        head = scan(a[:-1], b[:-1])
        return np.concatenate([head, a[-1:] * head[-1:] + b[-1:]])
    late_a, late_b = a[1::2], b[1::2]
    ends = scan(late_a * a[::2], late_a * b[::2] + late_b)
    begins = b[::2] + a[::2] * np.concatenate([np.zeros_like(ends[:1]), ends[:-1]])
    return np.stack([begins, ends], axis=1).reshape(b.shape)
""",
    ],
    "exponential_gate": [
        """
def exponential_gate(i, f, g, c_, n_, m_):
    with np.errstate(over="ignore"):
        old = np.where(f > 0, -np.log1p(np.exp(-np.abs(f))), f - np.log1p(np.exp(-np.abs(f)))) + m_
    m = np.where(old > i, old, i)
    return np.exp(old - m) * c_ + np.exp(i - m) * g, np.exp(old - m) * n_ + np.exp(i - m), m
""",
        """
def exponential_gate(i, f, g, c_, n_, m_):
    logs = np.stack([np.minimum(f, 0) - np.log1p(np.exp(-np.abs(f))) + m_, i])
    m = logs.max(axis=0)
    kept, written = np.exp(logs - m)
    return c_ * kept + g * written, n_ * kept + written, m
""",
        """
def exponential_gate(i, f, g, c_, n_, m_):
    out = np.empty((3, *i.shape))
    for at in np.ndindex(i.shape):
        old = m_[at] - np.logaddexp(0, -f[at])
        m = max(old, i[at])
        k, w = np.exp(old - m), np.exp(i[at] - m)
        out[(slice(None), *at)] = k * c_[at] + w * g[at], k * n_[at] + w, m
    return tuple(out)
""",
    ],
}  # fmt: skip
