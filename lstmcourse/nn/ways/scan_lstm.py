"""The one-node scan of the LSTM and its relatives; the numbers are those of the equations in `odyssey`.

The backward is linear in the two errors that travel back, dh and dc. A_k is the slope of gate k: da_k = A_k ∘ dc for
i, f and g, da_o = A_o ∘ dh; A_c is what dh adds to dc, and F what is left of dc one step before.
"""

from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor

from .arithmetic import Arithmetic
from .buffers import Buffers, unjoin
from .loop import Weights


class LSTMScan:
    """The scan of an LSTM that computes the gates in ``rows``; an absent gate is 1, or 1 − f where i is ``coupled``.

    g, y: whether the candidate and the cell state are squashed by tanh (NIAF and NOAF leave that out).
    """

    states = 2
    optional = ("b", "p_i", "p_f", "p_o", "V")

    def __init__(self, rows: str, coupled: bool = False, g: bool = True, y: bool = True):
        self.rows, self.coupled, self.g, self.y = rows, coupled, g, y

    @staticmethod
    def parameters(w) -> dict[str, Tensor | None]:
        b = None if w.bias_ih is None else w.bias_ih + w.bias_hh
        peepholes = {f"p_{k}": getattr(w, f"p_{k}", None) for k in "ifo"}
        return {"W": w.weight_ih, "U": w.weight_hh, "b": b, "V": w.weight_hr, **peepholes}

    @staticmethod
    def weights(p) -> Weights:
        return Weights(weight_ih=p.W, weight_hh=p.U, bias_ih=p.b, weight_hr=p.V, p_i=p.p_i, p_f=p.p_f, p_o=p.p_o)

    @property
    def order(self) -> str:
        """The gates as they lie in our buffers: o comes first, so that those squashed together are neighbours."""
        return "o" * ("o" in self.rows) + self.rows.replace("o", "")

    def gates(self, buffer) -> list:
        """i, f, g and o in a buffer (T, G, B, H), None where they are not computed."""
        return [buffer[:, self.order.index(k)] if k in self.rows else None for k in "ifgo"]

    def forward(self, m: Buffers, xs, state, p):
        h0, c0 = state
        H, I = c0.shape[-1], xs.shape[-1]
        X, C, G = m.joined(xs, h0), m.states(H), m.gates(len(self.rows), H)
        m.enter(C, c0)
        Y = [m.gates(1, H)[:, 0]] if self.y else []
        Q = [m.gates(1, H)[:, 0]] if p.V is not None else []  # o ∘ y, before the projection
        forward = self._forward(m, p, X, C, G, Y, Q)
        for t in range(m.T):
            forward.step(t)
        return X, (m.leave(X[:, :, I + 1 :]), m.leave(C)), (G, C, *Y, *Q)

    def _forward(self, m: Buffers, p, X, C, G, Y: list, Q: list) -> "Forward":
        H, order, steps = C.shape[-1], self.order, m.each
        K = m.weights(p, H, [1.0 if k == "g" else 0.5 for k in self.rows])
        c, h = steps(C, 1), steps(X[:, :, p.W.shape[1] + 1 :], 1)
        waits = int(p.p_o is not None)  # o, the first in order, waits for c if it sees it; g is the last
        i, f, g, o = (None if gate is None else steps(gate) for gate in self.gates(G))
        return Forward(
            ops=m.ops,
            coupled=self.coupled,
            K=m.ops.stack([K[self.rows.index(k)] for k in order]),
            x=steps(X),
            a=steps(G),
            squashed=steps(G[:, waits : len(order) - 1 + self.g]),
            early=steps(G[:, waits : len(order) - 1]),
            i=i,
            f=f,
            g=cast(list, g),  # every cell has a candidate
            o=o,
            c_=steps(C),
            c=c,
            y=steps(Y[0]) if Y else c,
            h=steps(Q[0]) if Q else h,
            tmp=m.row(m.B, H),
            seen=self._seen(m, p, G),
            p_o=steps(m.spread(p.p_o * 0.5)[None]) if waits else None,
            projection=(p.V.T, m.row(m.B, p.V.shape[0]), h) if Q else None,
        )

    def _seen(self, m: Buffers, p, G) -> tuple[list, list, list] | None:
        """The peepholes of i and f, memory for their products with c₋, and what these are added to."""
        seen = [k for k in "if" if getattr(p, f"p_{k}") is not None]
        if not seen:
            return None
        at = self.order.index(seen[0])
        P = m.ops.stack([m.spread(getattr(p, f"p_{k}") * 0.5) for k in seen])
        return m.each(P[None]), m.row(*P.shape), m.each(G[:, at : at + len(seen)])

    def backward(self, m: Buffers, X, tape, p, dhs, dstate, want_dx: bool):
        G, C, *rest = tape
        Y = rest.pop(0) if self.y else C[1:]
        dh, dc = dstate
        H, I, n = dc.shape[-1], p.W.shape[1], len(self.rows)
        seen = [k for k in "ifo" if getattr(p, f"p_{k}") is not None]
        d = {f"p_{k}": m.zeros(H) for k in seen}
        size = m.block(m.B * n * H)
        A, (A_c, F, tmp) = m.empty(size, n, m.B, H), m.empty(3, size, m.B, H)
        D = m.empty(m.T, m.B, n * H)  # da, in the parameters' order of rows
        by_gate = D.reshape(m.T, m.B, n, H).swapaxes(1, 2)
        DH = None if p.V is None else m.zeros(m.T, *dh.shape)
        left = F if set(seen) & set("if") else self.gates(G)[1]
        backward = self._backward(m, p, dhs, dh, dc, A, A_c, left, D, by_gate, DH)
        for block in m.blocks(m.B * n * H):
            at, b = slice(block.start, block.stop), slice(0, len(block))
            self.slopes(m.ops, p, G[at], A[b], C[at], Y[at], A_c[b], F[b], tmp[b])
            for t in reversed(block):
                backward.step(t)
            m.clear(D, block)
            for k in seen:  # from (2), (3) and (6)
                c = C[1:][at] if k == "o" else C[at]
                d[f"p_{k}"] += m.ops.sum(by_gate[at, self.rows.index(k)], c, tmp[b])
        d2 = D.reshape(-1, n * H)
        d |= unjoin(d2.T @ X[:-1].reshape(-1, X.shape[-1]), I)  # from (1)
        if DH is not None:
            d["V"] = DH.reshape(-1, dh.shape[-1]).T @ rest[0].reshape(-1, H)
        return (d2 @ p.W if want_dx else None), d

    def _backward(self, m: Buffers, p, dhs, dh, dc, A, A_c, F, D, by_gate, DH) -> "Backward":
        steps, o = m.each, int("o" in self.rows)
        dh_t = steps(dh[None])
        return Backward(
            ops=m.ops,
            U=p.U,
            V=p.V,
            dhs=dhs,
            dh=dh_t,
            dH=None if DH is None else steps(DH),
            dq=dh_t if DH is None else m.row(*dc.shape),
            dc=steps(dc[None]),
            tmp=m.row(*dc.shape),
            A_c=steps(A_c),
            F=None if F is None else steps(F),
            A=steps(A[:, o:]),
            da=steps(by_gate[:, : len(self.rows) - o]),
            A_o=steps(A[:, 0]) if o else None,
            da_o=steps(by_gate[:, -1]) if o else None,
            da_all=steps(D),
        )

    def slopes(self, ops: Arithmetic, p, G, A, c_, y, A_c, F, tmp):
        """A_i, A_f, A_g, A_o, A_c and F for all steps of a block; each line is one of the reference's backward."""
        mul, add = ops.mul, ops.add
        (i, f, g, o), (A_i, A_f, A_g, A_o) = self.gates(G), self.gates(A)
        ops.slope_of_sigmoid(G[:, : len(self.rows) - 1], A[:, : len(self.rows) - 1])  # all gates but g
        if self.y:
            ops.slope_of_tanh(y, A_c)  # dc = dc + dh ∘ o ∘ (1 − y²)
        else:
            A_c[:] = 1
        if o is not None:
            mul(A_c, o, A_c)
            mul(A_o, y, A_o)  # da_o = dh ∘ y ∘ o ∘ (1 − o)
            if p.p_o is not None:
                mul(A_o, p.p_o, tmp)
                add(A_c, tmp, A_c)  # + da_o ∘ p_o
        if f is not None:
            kept = ops.sub(c_, g, tmp) if self.coupled else c_
            mul(A_f, kept, A_f)  # da_f = dc ∘ c₋ ∘ f ∘ (1 − f); coupled: c₋ − g for c₋
        if i is not None:
            mul(A_i, g, A_i)  # da_i = dc ∘ g ∘ i ∘ (1 − i)
        if self.g:
            ops.slope_of_tanh(g, A_g)
        else:
            A_g[:] = 1
        if self.coupled:
            ops.one_minus(f, tmp)
            mul(A_g, tmp, A_g)  # da_g = dc ∘ (1 − f) ∘ (1 − g²)
        elif i is not None:
            mul(A_g, i, A_g)  # da_g = dc ∘ i ∘ (1 − g²)
        if p.p_i is not None or p.p_f is not None:
            F[:] = 1 if f is None else f  # dc₋ = dc ∘ f + da_i ∘ p_i + da_f ∘ p_f
        for p_k, A_k in ((p.p_i, A_i), (p.p_f, A_f)):
            if p_k is not None:
                mul(A_k, p_k, tmp)
                add(F, tmp, F)


@dataclass(slots=True)
class Forward:
    """What the steps of the forward pass read and write: of a list, entry t is the view that step t has."""

    ops: Arithmetic
    coupled: bool
    K: Any  # [W | b | U]ᵀ of each gate
    x: list  # [x | 1 | h₋]
    a: list  # all pre-activations, which become the gates in place
    squashed: list  # those that tanh squashes at once
    early: list  # the gates among them: all but o where it sees the cell
    i: list | None
    f: list | None
    g: list
    o: list | None
    c_: list
    c: list
    y: list  # c itself where it is not squashed
    h: list
    tmp: list
    seen: tuple[list, list, list] | None
    p_o: list | None
    projection: tuple[Any, list, list] | None  # Vᵀ, memory for the product, and where it goes

    def step(self, t: int) -> None:
        ops, c_, g, c, y, h, tmp = self.ops, self.c_[t], self.g[t], self.c[t], self.y[t], self.h[t], self.tmp[t]
        ops.matmul(self.x[t], self.K, self.a[t])  # (1)
        if self.seen is not None:
            p, pc, a = self.seen
            ops.mul(p[t], c_, pc[t])
            ops.add(a[t], pc[t], a[t])
        ops.tanh(self.squashed[t], self.squashed[t])  # (4)
        ops.sigmoid(self.early[t])  # (2), (3) and, without its peephole, (6)
        if self.coupled and self.f is not None:
            ops.sub(c_, g, tmp)
            ops.mul(self.f[t], tmp, tmp)
            ops.add(g, tmp, c)  # (5) with i = 1 − f
        else:
            new = g if self.i is None else ops.mul(self.i[t], g, tmp)
            old = c_ if self.f is None else ops.mul(self.f[t], c_, c)
            ops.add(old, new, c)  # (5)
        if y is not c:
            ops.tanh(c, y)  # (7)
        if self.o is None:
            h[:] = y
        else:
            o = self.o[t]
            if self.p_o is not None:
                ops.mul(c, self.p_o[t], tmp)
                ops.add(o, tmp, o)
                ops.tanh(o, o)
                ops.sigmoid(o)  # (6)
            ops.mul(o, y, h)  # (8)
        if self.projection is not None:
            V, product, projected = self.projection
            ops.dot(h, V, product[t])
            projected[t][:] = product[t]


@dataclass(slots=True)
class Backward:
    """What the steps of the linear loop read and write: of a list, entry t is the view that step t has."""

    ops: Arithmetic
    U: Any
    V: Any
    dhs: list | None  # the error that enters at each step
    dh: list
    dH: list | None  # dh of each step, where V needs it
    dq: list  # the error of o ∘ y, which is h without a projection
    dc: list
    tmp: list
    A_c: list
    F: list | None
    A: list  # the slopes of all gates but o
    da: list
    A_o: list | None
    da_o: list | None
    da_all: list

    def step(self, t: int) -> None:
        ops, dh, dq, dc = self.ops, self.dh[t], self.dq[t], self.dc[t]
        if self.dhs is not None:
            ops.add(dh, self.dhs[t], dh)
        if self.dH is not None:
            self.dH[t][:] = dh
            ops.dot(dh, self.V, dq)
        ops.mul(dq, self.A_c[t], self.tmp[t])
        ops.add(dc, self.tmp[t], dc)  # from (8), (7) and (6)
        ops.mul(self.A[t], dc, self.da[t])  # from (5), (4), (3) and (2)
        if self.A_o is not None and self.da_o is not None:
            ops.mul(self.A_o[t], dq, self.da_o[t])  # from (8) and (6)
        if self.F is not None:
            ops.mul(dc, self.F[t], dc)  # from (5), (3) and (2)
        ops.dot(self.da_all[t], self.U, dh)  # from (1)
