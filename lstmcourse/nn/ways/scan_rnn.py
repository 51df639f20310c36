"""The one-node scan of the simple recurrent network; the numbers are those of the equations in `rnn`."""

from .buffers import Buffers, unjoin
from .scan_gru import GRUResetBeforeScan


class RNNScan:
    """The simple recurrent network, with tanh or ReLU."""

    states = 1
    optional = ("b",)
    parameters = staticmethod(GRUResetBeforeScan.parameters)
    weights = staticmethod(GRUResetBeforeScan.weights)

    def __init__(self, relu: bool = False):
        self.relu = relu

    def forward(self, m: Buffers, xs, state, p):
        (h0,), I = state, xs.shape[-1]
        X, K = m.joined(xs, h0), m.weights(p, h0.shape[-1], [1.0])[0]
        x, h, a = m.each(X), m.each(X[:, :, I + 1 :], 1), m.row(*h0.shape)
        ops, squash = m.ops, m.ops.relu if self.relu else m.ops.tanh
        for t in range(m.T):
            ops.dot(x[t], K, a[t])  # (1)
            squash(a[t], h[t])  # (2), (3)
        return X, (m.leave(X[:, :, I + 1 :]),), ()

    def backward(self, m: Buffers, X, tape, p, dhs, dstate, want_dx: bool):
        (dh,), I, ops = dstate, p.W.shape[1], m.ops
        D = m.empty(m.T, *dh.shape)
        if self.relu:
            D[:] = X[1:, :, I + 1 :] > 0
        else:
            ops.slope_of_tanh(X[1:, :, I + 1 :], D)
        dh_t, da = m.each(dh[None]), m.each(D)
        for t in reversed(range(m.T)):
            if dhs is not None:
                ops.add(dh_t[t], dhs[t], dh_t[t])
            ops.mul(da[t], dh_t[t], da[t])  # from (2) or (3)
            ops.dot(da[t], p.U, dh_t[t])  # from (1)
        m.clear(D, range(m.T))
        d2 = D.reshape(-1, dh.shape[-1])
        d = unjoin(d2.T @ X[:-1].reshape(-1, X.shape[-1]), I)  # from (1)
        return (d2 @ p.W if want_dx else None), d
