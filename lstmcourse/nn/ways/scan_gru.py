"""The one-node scans of the two GRUs.

The numbers are those of the equations in `gru` and `gru_reset_before`; A_k is the slope of gate k, with which
the error of h is multiplied to become that of its pre-activation.
"""

import torch
from torch import Tensor

from .buffers import Buffers, unjoin
from .loop import Weights


class GRUScan:
    """GRU with the reset gate after the recurrent product."""

    states = 1
    optional = ("b", "b_hn")

    @staticmethod
    def parameters(w) -> dict[str, Tensor | None]:
        """b holds both biases but for the candidate's recurrent one, which stands inside the reset: b_hn."""
        p = {"W": w.weight_ih, "U": w.weight_hh}
        if w.bias_ih is not None:
            H = w.weight_hh.shape[1]
            b_rz, b_hn = w.bias_hh[: 2 * H], w.bias_hh[2 * H :].clone()  # so that b may be changed before the backward
            p |= {"b": w.bias_ih + torch.cat([b_rz, b_hn.new_zeros(H)]), "b_hn": b_hn}
        return p

    @staticmethod
    def weights(p) -> Weights:
        b_hh = None if p.b_hn is None else torch.cat([p.b_hn.new_zeros(2 * len(p.b_hn)), p.b_hn])
        return Weights(weight_ih=p.W, weight_hh=p.U, bias_ih=p.b, bias_hh=b_hh)

    def forward(self, m: Buffers, xs, state, p):
        ops, steps = m.ops, m.each
        dot, mul, add, sub, tanh = ops.dot, ops.mul, ops.add, ops.sub, ops.tanh
        (h0,), H, I = state, p.U.shape[1], xs.shape[-1]
        X, K = m.joined(xs, h0), m.weights(p, H, [0.5, 0.5, 1.0])
        RZ, V, N = m.gates(2, H), m.gates(1, H)[:, 0], m.empty(m.T, m.B, H)
        dot(X[:-1, :, : I + 1].reshape(-1, I + 1), K[2, : I + 1], N.reshape(-1, H))  # a_n of (1), for all steps
        K_rz, K_v = K[:2], K[2, I:]
        K_v[0] = 0 if p.b_hn is None else p.b_hn
        x, rz, r, z = steps(X), steps(RZ), steps(RZ[:, 0]), steps(RZ[:, 1])
        h_, one_h, h = steps(X[:, :, I + 1 :]), steps(X[:, :, I:]), steps(X[:, :, I + 1 :], 1)
        v, n, tmp = steps(V), steps(N), m.row(m.B, H)
        for t in range(m.T):
            ops.matmul(x[t], K_rz, rz[t])  # (1), (2)
            tanh(rz[t], rz[t])
            ops.sigmoid(rz[t])  # (3), (4)
            dot(one_h[t], K_v, v[t])  # (5)
            mul(r[t], v[t], tmp[t])
            add(n[t], tmp[t], n[t])
            tanh(n[t], n[t])  # (6)
            sub(h_[t], n[t], tmp[t])
            mul(z[t], tmp[t], tmp[t])
            add(n[t], tmp[t], h[t])  # (7)
        return X, (m.leave(X[:, :, I + 1 :]),), (RZ, V, N)

    def backward(self, m: Buffers, X, tape, p, dhs, dstate, want_dx: bool):
        ops, steps = m.ops, m.each
        dot, mul, add = ops.dot, ops.mul, ops.add
        RZ, V, N = tape
        (dh,), B, H, I = dstate, m.B, p.U.shape[1], p.W.shape[1]
        A = m.empty(m.block(B * 4 * H), 4, B, H)  # of r, z, v and n
        D, DN = m.empty(m.T, B, 3 * H), m.empty(m.T, B, H)  # da_r, da_z and dv; da_n
        slopes, slope_n, da_rzv = steps(A[:, :3]), steps(A[:, 3]), steps(D.reshape(m.T, B, 3, H).swapaxes(1, 2))
        da, da_n, z_t, dh_t, tmp_t = steps(D), steps(DN), steps(RZ[:, 1]), steps(dh[None]), m.row(B, H)
        for block in m.blocks(B * 4 * H):
            at, b = slice(block.start, block.stop), slice(0, len(block))
            h_, r, z, v, n = X[at, :, I + 1 :], RZ[at, 0], RZ[at, 1], V[at], N[at]
            A_r, A_z, A_v, A_n = (A[b, k] for k in range(4))
            ops.slope_of_sigmoid(RZ[at], A[b, :2])
            ops.sub(h_, n, A_n)
            mul(A_z, A_n, A_z)  # da_z = dh ∘ (h₋ − n) ∘ z ∘ (1 − z)
            ops.slope_of_tanh(n, A_n)
            ops.one_minus(z, A_v)
            mul(A_n, A_v, A_n)  # da_n = dh ∘ (1 − z) ∘ (1 − n²)
            mul(A_r, v, A_r)
            mul(A_r, A_n, A_r)  # da_r = da_n ∘ v ∘ r ∘ (1 − r)
            mul(A_n, r, A_v)  # dv = da_n ∘ r
            for t in reversed(block):
                if dhs is not None:
                    add(dh_t[t], dhs[t], dh_t[t])
                mul(slopes[t], dh_t[t], da_rzv[t])
                mul(slope_n[t], dh_t[t], da_n[t])
                mul(dh_t[t], z_t[t], dh_t[t])  # from (7)
                dot(da[t], p.U, tmp_t[t])
                add(dh_t[t], tmp_t[t], dh_t[t])  # from (2) and (5)
            m.clear(D, block)
            m.clear(DN, block)
        d2, dn2, X2 = D.reshape(-1, 3 * H), DN.reshape(-1, H), X[:-1].reshape(-1, X.shape[-1])
        d = unjoin(d2.T @ X2, I)  # from (1), (2) and (5)
        d["b_hn"] = ops.copy(d["b"][2 * H :])
        dK_n = dn2.T @ X2[:, : I + 1]
        d["W"][2 * H :], d["b"][2 * H :] = dK_n[:, :I], dK_n[:, I]  # from (1)
        return (d2[:, : 2 * H] @ p.W[: 2 * H] + dn2 @ p.W[2 * H :] if want_dx else None), d


class GRUResetBeforeScan:
    """GRU with the reset gate before the recurrent product."""

    states = 1
    optional = ("b",)

    @staticmethod
    def parameters(w) -> dict[str, Tensor | None]:
        return {"W": w.weight_ih, "U": w.weight_hh, "b": None if w.bias_ih is None else w.bias_ih + w.bias_hh}

    @staticmethod
    def weights(p) -> Weights:
        return Weights(weight_ih=p.W, weight_hh=p.U, bias_ih=p.b)

    def forward(self, m: Buffers, xs, state, p):
        ops, steps = m.ops, m.each
        dot, mul, add, sub, tanh = ops.dot, ops.mul, ops.add, ops.sub, ops.tanh
        (h0,), H, I = state, p.U.shape[1], xs.shape[-1]
        X, K = m.joined(xs, h0), m.weights(p, H, [0.5, 0.5, 1.0])
        RZ, S, N = m.gates(2, H), m.gates(1, H)[:, 0], m.empty(m.T, m.B, H)
        dot(X[:-1, :, : I + 1].reshape(-1, I + 1), K[2, : I + 1], N.reshape(-1, H))  # a_n of (1), for all steps
        K_rz, K_n = K[:2], K[2, I + 1 :]
        x, rz, r, z = steps(X), steps(RZ), steps(RZ[:, 0]), steps(RZ[:, 1])
        h_, h = steps(X[:, :, I + 1 :]), steps(X[:, :, I + 1 :], 1)
        s, n, tmp = steps(S), steps(N), m.row(m.B, H)
        for t in range(m.T):
            ops.matmul(x[t], K_rz, rz[t])  # (1)
            tanh(rz[t], rz[t])
            ops.sigmoid(rz[t])  # (2), (3)
            mul(r[t], h_[t], s[t])  # (4)
            dot(s[t], K_n, tmp[t])
            add(n[t], tmp[t], n[t])
            tanh(n[t], n[t])  # (5)
            sub(h_[t], n[t], tmp[t])
            mul(z[t], tmp[t], tmp[t])
            add(n[t], tmp[t], h[t])  # (6)
        return X, (m.leave(X[:, :, I + 1 :]),), (RZ, S, N)

    def backward(self, m: Buffers, X, tape, p, dhs, dstate, want_dx: bool):
        ops, steps = m.ops, m.each
        dot, mul, add = ops.dot, ops.mul, ops.add
        RZ, S, N = tape
        (dh,), B, H, I = dstate, m.B, p.U.shape[1], p.W.shape[1]
        A = m.empty(m.block(B * 3 * H), 3, B, H)  # of r, z and n
        D, U_rz, U_n = m.empty(m.T, B, 3 * H), p.U[: 2 * H], p.U[2 * H :]
        by_gate = D.reshape(m.T, B, 3, H).swapaxes(1, 2)
        slope_r, slopes, da_r, da_zn = steps(A[:, 0]), steps(A[:, 1:]), steps(by_gate[:, 0]), steps(by_gate[:, 1:])
        da_rz, da_n, r_t, z_t = steps(D[..., : 2 * H]), steps(D[..., 2 * H :]), steps(RZ[:, 0]), steps(RZ[:, 1])
        dh_t, ds_t, tmp_t = steps(dh[None]), m.row(B, H), m.row(B, H)
        for block in m.blocks(B * 3 * H):
            at, b = slice(block.start, block.stop), slice(0, len(block))
            h_, r, z, n = X[at, :, I + 1 :], RZ[at, 0], RZ[at, 1], N[at]
            A_r, A_z, A_n = (A[b, k] for k in range(3))
            ops.slope_of_sigmoid(z, A_z)
            ops.sub(h_, n, A_n)
            mul(A_z, A_n, A_z)  # da_z = dh ∘ (h₋ − n) ∘ z ∘ (1 − z)
            ops.slope_of_tanh(n, A_n)
            ops.one_minus(z, A_r)
            mul(A_n, A_r, A_n)  # da_n = dh ∘ (1 − z) ∘ (1 − n²)
            ops.slope_of_sigmoid(r, A_r)
            mul(A_r, h_, A_r)  # da_r = ds ∘ h₋ ∘ r ∘ (1 − r)
            for t in reversed(block):
                if dhs is not None:
                    add(dh_t[t], dhs[t], dh_t[t])
                mul(slopes[t], dh_t[t], da_zn[t])
                dot(da_n[t], U_n, ds_t[t])  # from (5)
                mul(slope_r[t], ds_t[t], da_r[t])
                mul(dh_t[t], z_t[t], dh_t[t])  # from (6)
                mul(ds_t[t], r_t[t], ds_t[t])
                add(dh_t[t], ds_t[t], dh_t[t])  # from (4)
                dot(da_rz[t], U_rz, tmp_t[t])
                add(dh_t[t], tmp_t[t], dh_t[t])  # from (2) and (3)
            m.clear(D, block)
        d2, X2 = D.reshape(-1, 3 * H), X[:-1].reshape(-1, X.shape[-1])
        d = unjoin(d2.T @ X2, I)  # from (1), (2) and (3)
        d["U"][2 * H :] = d2[:, 2 * H :].T @ S.reshape(-1, H)  # from (5)
        return (d2 @ p.W if want_dx else None), d
