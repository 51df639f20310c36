"""Random problems for the tests, and the cells again, written a second time by other means (torch, gate by gate)."""

from typing import NamedTuple

import numpy as np
import torch

from lstmcourse.reference import CELLS, Cell, Params, init, unroll, unroll_backward, variant
from lstmcourse.reference.odyssey import VARIANTS

from ..pairs import pairwise


class Problem(NamedTuple):
    """Everything random: parameters (biases and peepholes too), input, initial state, the loss's weights."""

    cell: Cell
    p: Params
    xs: np.ndarray  # (T, B, I)
    s0: tuple[np.ndarray, ...]  # (B, H) for each state
    ws: tuple[np.ndarray, ...]  # (T, B, H) for each state: loss = Σ w · state

    def loss(self) -> float:
        states, _ = unroll(self.cell, self.p, self.xs, self.s0)
        return sum((w * s).sum() for w, s in zip(self.ws, states, strict=True))

    def inputs(self) -> dict[str, np.ndarray]:
        """All that the loss depends on, by name."""
        initial = {f"{name}0": s for name, s in zip(self.cell.states, self.s0, strict=True)}
        return {**vars(self.p), "xs": self.xs, **initial}

    def gradients(self) -> dict[str, np.ndarray]:
        """The hand-derived gradients, under the names of inputs()."""
        _, caches = unroll(self.cell, self.p, self.xs, self.s0)
        d, dxs, ds0 = unroll_backward(self.cell, self.p, caches, self.ws)
        return {**vars(d), "xs": dxs, **{f"{name}0": s for name, s in zip(self.cell.states, ds0, strict=True)}}

    def with_inputs(self, **arrays: np.ndarray) -> "Problem":
        """The same problem with other values: names as in inputs()."""
        p = Params(**{k: arrays.get(k, v) for k, v in vars(self.p).items()})
        s0 = tuple(arrays.get(f"{name}0", s) for name, s in zip(self.cell.states, self.s0, strict=True))
        return self._replace(p=p, xs=arrays.get("xs", self.xs), s0=s0)


def problem(cell: Cell, T=5, B=3, I=4, H=6, seed=0) -> Problem:
    """All sizes differ, so that a transposed or a wrongly reduced array cannot pass by its shape."""
    rng = np.random.default_rng(seed)
    p = init(cell, I, H, rng, scale=0.7)
    draw = lambda *shape: rng.normal(size=shape)
    states = range(len(cell.states))
    return Problem(cell, p, draw(T, B, I), tuple(draw(B, H) for _ in states), tuple(draw(T, B, H) for _ in states))


def peephole_variants() -> tuple[Cell, ...]:
    """Variants with some of the peepholes, by pairs; those with all and with none are registered in CELLS."""
    some = (variant(name, i + f + o) for name, i, f, o in pairwise(list(VARIANTS), ("i", ""), ("f", ""), ("", "o")))
    return tuple(cell for cell in some if cell.name not in {c.name for c in CELLS})


ALL_CELLS = CELLS + peephole_variants()


# ---- the cells a second time: gate by gate, with torch, nothing shared with lstmcourse

ROWS = {"rnn": "a", "rnn_relu": "a", "gru": "rzn", "gru_reset_before": "rzn", "lstm97": "igo", "coupled": "fgo"}
ROWS |= {"nig": "fgo", "nfg": "igo", "nog": "ifg", "cifg": "fgo", "layer_norm": "ifgo"}  # all others: "ifgo"


def base(name: str) -> str:
    """ "nig_plain" and "nig_io" are "nig" with other peepholes."""
    return name if name in ROWS else name.split("_")[0]


TWICE = {*ROWS, *VARIANTS, "lstm", "peephole", "fgr", "layer_norm"}
WRITTEN_TWICE = tuple(cell for cell in ALL_CELLS if base(cell.name) in TWICE)  # for others their layer is


def oracle_step(name: str, p: dict, x, state: dict) -> tuple[dict, dict]:
    """One step of the cell of that name -> the new states, and every intermediate."""
    kind, sigma = base(name), torch.sigmoid
    rows = ROWS.get(kind, "ifgo")
    H = p["U"].shape[1]
    block = {k: slice(n * H, (n + 1) * H) for n, k in enumerate(rows)}
    wx = {k: torch.einsum("hi,bi->bh", p["W"][rows_k], x) + p["b"][rows_k] for k, rows_k in block.items()}
    uh = lambda k, h: torch.einsum("hk,bk->bh", p["U"][block[k]], h)
    h_ = state["h"]
    if kind in ("rnn", "rnn_relu"):
        a = wx["a"] + uh("a", h_)
        return {"h": torch.tanh(a) if kind == "rnn" else torch.relu(a)}, {"a": a}
    if kind.startswith("gru"):
        r, z = (sigma(wx[k] + uh(k, h_)) for k in "rz")
        if kind == "gru":
            v = uh("n", h_) + p["b_hn"]
            n, extra = torch.tanh(wx["n"] + r * v), {"v": v}
        else:
            s = r * h_
            n, extra = torch.tanh(wx["n"] + uh("n", s)), {"s": s}
        return {"h": n + z * (h_ - n)}, {"r": r, "z": z, "n": n, **extra}

    if name == "layer_norm":
        return _layer_norm(p, x, h_, state["c"])
    c_, one = state["c"], torch.ones_like(state["c"])
    peep = lambda k, c: p[f"p_{k}"] * c if f"p_{k}" in p else 0.0
    old_gates = torch.cat([state[k] for k in "ifo"], 1) if kind == "fgr" else None
    gates = dict(zip("ifo", torch.einsum("gk,bk->bg", p["R"], old_gates).split(H, 1))) if kind == "fgr" else {}
    a = lambda k, c=c_: wx[k] + uh(k, h_) + gates.get(k, 0.0) + peep(k, c)
    f = one if kind in ("nfg", "lstm97") else sigma(a("f"))
    i = one if kind == "nig" else one - f if kind in ("cifg", "coupled") else sigma(a("i"))
    a_g = wx["g"] + uh("g", h_)
    g = a_g if kind == "niaf" else torch.tanh(a_g)
    c = i * g + f * c_
    o = one if kind == "nog" else sigma(a("o", c))
    y = c if kind == "noaf" else torch.tanh(c)
    new = {"h": o * y, "c": c, "i": i, "f": f, "o": o}
    return {k: new[k] for k in state}, {"i": i, "f": f, "g": g, "o": o, "y": y}


def _layer_norm(p: dict, x, h_, c_) -> tuple[dict, dict]:
    H = len(p["gain_c"])
    norm = lambda v, gain, shift=None: torch.nn.functional.layer_norm(v, v.shape[1:], gain, shift)
    q, u = torch.einsum("gi,bi->bg", p["W"], x), torch.einsum("gk,bk->bg", p["U"], h_)
    i, f, g, o = (norm(q, p["gain_x"], p["b"]) + norm(u, p["gain_h"])).split(H, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = i * g + f * c_
    h = o * norm(c, p["gain_c"], p["shift_c"]).tanh()
    return {"h": h, "c": c}, {"q": q, "u": u, "i": i, "f": f, "g": g, "o": o}


def oracle(prob: Problem) -> tuple[dict, dict, dict]:
    """-> states (T, B, H) by name, intermediates (T, B, H) by name, gradients by the names of Problem.inputs()."""
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in prob.inputs().items()}
    state = {k: leaves[f"{k}0"] for k in prob.cell.states}
    outputs, traces = [], []
    for x in leaves["xs"]:
        old = {f"{k}_": s for k, s in state.items()}
        state, trace = oracle_step(prob.cell.name, leaves, x, state)
        outputs.append(state)
        traces.append({"x": x, **old, **trace, **state})
    stack = lambda dicts: {k: torch.stack([d[k] for d in dicts]) for k in dicts[0]}
    states = stack(outputs)
    loss = sum((torch.tensor(w) * states[k]).sum() for k, w in zip(prob.cell.states, prob.ws, strict=True))
    grads = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
    numpy = lambda tensors: {k: t.detach().numpy() for k, t in tensors.items()}
    return numpy(states), numpy(stack(traces)), numpy(dict(zip(leaves, grads)))


def disagreement(a: np.ndarray, b: np.ndarray) -> float:
    """max|a − b| / max|a|; shapes must be equal."""
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
    if not a.size:
        return 0.0
    return float(np.abs(a - b).max() / (np.abs(a).max() or 1.0))
