"""The one-node scan of the LSTM and its relatives; the numbers are those of the equations in `odyssey`.

The backward is linear in the two errors that travel back, dh and dc. A_k is the slope of gate k: da_k = A_k ∘ dc for
i, f and g, da_o = A_o ∘ dh; A_c is what dh adds to dc, and F what is left of dc one step before.
"""

from torch import Tensor


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

    @property
    def order(self) -> str:
        """The gates as they lie in our buffers: o comes first, so that those squashed together are neighbours."""
        return "o" * ("o" in self.rows) + self.rows.replace("o", "")

    def gates(self, buffer) -> list:
        """i, f, g and o in a buffer (T, G, B, H), None where they are not computed."""
        return [buffer[:, self.order.index(k)] if k in self.rows else None for k in "ifgo"]

    def forward(self, m, xs, state, p):
        mul, add, sub, tanh, steps = m.mul, m.add, m.sub, m.tanh, m.each
        (h0, c0), H, order = state, state[1].shape[-1], self.order
        X, C, Y, G = m.joined(xs, h0), m.states(H), m.gates(1, H)[:, 0], m.gates(len(order), H)
        m.enter(C, c0)
        K = m.weights(p, H, [1.0 if k == "g" else 0.5 for k in self.rows])
        K = m.stack([K[self.rows.index(k)] for k in order])
        x, a, c_, c, h = steps(X), steps(G), steps(C), steps(C, 1), steps(X[:, :, xs.shape[-1] + 1 :], 1)
        i, f, g, o = (None if gate is None else steps(gate) for gate in self.gates(G))
        y, tmp = steps(Y) if self.y else c, m.row(m.B, H)
        first, last = int(p.p_o is not None), len(order) - 1  # g is last; o, the first, waits for c if it sees it
        early, squashed = steps(G[:, first:last]), steps(G[:, first : last + self.g])
        seen = [k for k in "if" if getattr(p, f"p_{k}") is not None]
        if seen:
            P = m.stack([m.spread(getattr(p, f"p_{k}") * 0.5) for k in seen])
            P, pc = steps(P[None]), m.row(len(seen), m.B, H)
            at = order.index(seen[0])
            a_seen = steps(G[:, at : at + len(seen)])
        p_o = steps(m.spread(p.p_o * 0.5)[None]) if first else None
        if p.V is not None:
            Q, V, projected = m.gates(1, H)[:, 0], p.V.T, m.row(m.B, h0.shape[-1])
            h, h_projected = steps(Q), h

        for t in range(m.T):
            m.matmul(x[t], K, a[t])  # (1)
            if seen:
                mul(P[t], c_[t], pc[t])
                add(a_seen[t], pc[t], a_seen[t])
            tanh(squashed[t], squashed[t])  # (4)
            m.sigmoid(early[t])  # (2), (3) and, without its peephole, (6)
            if self.coupled:
                sub(c_[t], g[t], tmp[t])
                mul(f[t], tmp[t], tmp[t])
                add(g[t], tmp[t], c[t])  # (5) with i = 1 − f
            else:
                new = g[t] if i is None else mul(i[t], g[t], tmp[t])
                old = c_[t] if f is None else mul(f[t], c_[t], c[t])
                add(old, new, c[t])  # (5)
            if p_o is not None:
                mul(c[t], p_o[t], tmp[t])
                add(o[t], tmp[t], o[t])
                tanh(o[t], o[t])
                m.sigmoid(o[t])  # (6)
            if self.y:
                tanh(c[t], y[t])  # (7)
            if o is None:
                h[t][:] = y[t]
            else:
                mul(o[t], y[t], h[t])  # (8)
            if p.V is not None:
                m.dot(h[t], V, projected[t])
                h_projected[t][:] = projected[t]
        final = m.leave(X[:, :, xs.shape[-1] + 1 :]), m.leave(C)
        return X, final, (G, C, *([Y] if self.y else []), *([Q] if p.V is not None else []))

    def backward(self, m, X, tape, p, dhs, dstate, want_dx: bool):
        dot, mul, add, steps = m.dot, m.mul, m.add, m.each
        G, C, *rest = tape
        Y = rest.pop(0) if self.y else C[1:]
        dh, dc = dstate
        B, H, I, n = m.B, dc.shape[-1], p.W.shape[1], len(self.rows)
        seen = [k for k in "ifo" if getattr(p, f"p_{k}") is not None]
        d = {f"p_{k}": m.zeros(H) for k in seen}
        size = m.block(B * n * H)
        A, (A_c, F, tmp) = m.empty(size, n, B, H), m.empty(3, size, B, H)
        D = m.empty(m.T, B, n * H)  # da, in the parameters' order of rows
        by_gate = D.reshape(m.T, B, n, H).swapaxes(1, 2)
        has_o, keeps = "o" in self.rows, "f" in self.rows or bool(set(seen) & set("if"))
        # what a step of the linear loop reads and writes
        lead, da_lead, da = steps(A[:, has_o:]), steps(by_gate[:, : n - has_o]), steps(D)
        last, da_o = (steps(A[:, 0]), steps(by_gate[:, n - 1])) if has_o else ([], [])
        A_ct, tmp_t, dh_t, dc_t = steps(A_c), m.row(B, H), steps(dh[None]), steps(dc[None])
        F_t = steps(F if set(seen) & set("if") else self.gates(G)[1]) if keeps else []
        dq_t = dh_t  # the error of o ∘ y, which is h without a projection
        if p.V is not None:
            DH, dq_t = m.zeros(m.T, *dh.shape), m.row(B, H)
            dH_t = steps(DH)

        for block in m.blocks(B * n * H):
            at, b = slice(block.start, block.stop), slice(0, len(block))
            self.slopes(m, p, G[at], A[b], C[at], Y[at], A_c[b], F[b], tmp[b])
            for t in reversed(block):
                if dhs is not None:
                    add(dh_t[t], dhs[t], dh_t[t])
                if p.V is not None:
                    dH_t[t][:] = dh_t[t]
                    dot(dh_t[t], p.V, dq_t[t])
                mul(dq_t[t], A_ct[t], tmp_t[t])
                add(dc_t[t], tmp_t[t], dc_t[t])  # from (8), (7) and (6)
                mul(lead[t], dc_t[t], da_lead[t])  # from (5), (4), (3) and (2)
                if has_o:
                    mul(last[t], dq_t[t], da_o[t])  # from (8) and (6)
                if keeps:
                    mul(dc_t[t], F_t[t], dc_t[t])  # from (5), (3) and (2)
                dot(da[t], p.U, dh_t[t])  # from (1)
            m.clear(D, block)
            for k in seen:  # from (2), (3) and (6)
                d[f"p_{k}"] += m.sum(by_gate[at, self.rows.index(k)], C[1:][at] if k == "o" else C[at], tmp[b])
        d2 = D.reshape(-1, n * H)
        d |= m.unjoin(d2.T @ X[:-1].reshape(-1, X.shape[-1]), I)  # from (1)
        if p.V is not None:
            d["V"] = DH.reshape(-1, dh.shape[-1]).T @ rest[0].reshape(-1, H)
        return (d2 @ p.W if want_dx else None), d

    def slopes(self, m, p, G, A, c_, y, A_c, F, tmp):
        """A_i, A_f, A_g, A_o, A_c and F for all steps of a block; each line is one of the reference's backward."""
        mul, add = m.mul, m.add
        (i, f, g, o), (A_i, A_f, A_g, A_o) = self.gates(G), self.gates(A)
        m.slope_of_sigmoid(G[:, : len(self.rows) - 1], A[:, : len(self.rows) - 1])  # all gates but g
        if self.y:
            m.slope_of_tanh(y, A_c)  # dc = dc + dh ∘ o ∘ (1 − y²)
        else:
            A_c[:] = 1
        if o is not None:
            mul(A_c, o, A_c)
            mul(A_o, y, A_o)  # da_o = dh ∘ y ∘ o ∘ (1 − o)
            if p.p_o is not None:
                mul(A_o, p.p_o, tmp)
                add(A_c, tmp, A_c)  # + da_o ∘ p_o
        if f is not None:
            kept = m.sub(c_, g, tmp) if self.coupled else c_
            mul(A_f, kept, A_f)  # da_f = dc ∘ c₋ ∘ f ∘ (1 − f); coupled: c₋ − g for c₋
        if i is not None:
            mul(A_i, g, A_i)  # da_i = dc ∘ g ∘ i ∘ (1 − i)
        if self.g:
            m.slope_of_tanh(g, A_g)
        else:
            A_g[:] = 1
        if self.coupled:
            m.one_minus(f, tmp)
            mul(A_g, tmp, A_g)  # da_g = dc ∘ (1 − f) ∘ (1 − g²)
        elif i is not None:
            mul(A_g, i, A_g)  # da_g = dc ∘ i ∘ (1 − g²)
        if p.p_i is not None or p.p_f is not None:
            F[:] = 1 if f is None else f  # dc₋ = dc ∘ f + da_i ∘ p_i + da_f ∘ p_f
        for p_k, A_k in ((p.p_i, A_i), (p.p_f, A_f)):
            if p_k is not None:
                mul(A_k, p_k, tmp)
                add(F, tmp, F)
