"""How the scans lay out what they compute: buffers with one slot a step, cut to the sequences that have the step."""

from torch import Tensor

from .arithmetic import arithmetic


class Buffers:
    """Buffers for T steps of B sequences, in the arithmetic of xs (T, B, I).

    sizes: how many sequences have each step, in the order of the steps; None where all have. save: keep every step,
    for a backward to come; else buffers hold only the step before.
    """

    def __init__(self, xs: Tensor, sizes: list[int] | None, save: bool):
        self.T, self.B = xs.shape[:2]
        self.sizes, self.save = sizes, save or sizes is not None
        self.ops = arithmetic(xs)
        self._kind = self.ops.kind(xs)

    def empty(self, *shape: int):
        return self.ops.empty(shape, **self._kind)

    def zeros(self, *shape: int):
        return self.ops.zeros(shape, **self._kind)

    def blank(self, *shape: int):
        """Memory to write on; zeros where a slot's last rows may stay unwritten."""
        return self.empty(*shape) if self.sizes is None else self.zeros(*shape)

    def gates(self, G: int, H: int):
        """A buffer (T, G, B, H) of one slot for each step.

        Gates lie one after the other and not side by side: operations on contiguous memory are several times faster.
        """
        return self.blank(self.T if self.save else 1, G, self.B, H)

    def states(self, H: int):
        """A buffer (T + 1, B, H), with a slot for the state before the first step."""
        return self.blank(self.T + 1 if self.save else 2, self.B, H)

    def row(self, *shape: int) -> list:
        """One array (…, B, H) for each step to write on, the same for all steps."""
        return self.each(self.empty(1, *shape))

    def spread(self, p):
        """p (H,) for each sequence, (B, H): a broadcast in every step would cost more."""
        rows = self.empty(self.B, p.shape[-1])
        rows[:] = p
        return rows

    def each(self, buffer, shift: int = 0) -> list:
        """The slot of each step (or of ``shift`` steps later), cut to the sequences that have the step."""
        slots = list(buffer)
        if len(slots) < self.T + shift:
            slots *= 1 + (self.T + shift) // len(slots)
        slots = slots[shift : shift + self.T]
        return slots if self.sizes is None else [slot[..., :n, :] for slot, n in zip(slots, self.sizes, strict=True)]

    def enter(self, buffer, state) -> None:
        """Write the initial state where each sequence reads it: at its own first step."""
        buffer[0][:] = state
        sizes = self.sizes or []
        for t in range(1, len(sizes)):
            if sizes[t] > sizes[t - 1]:
                new = slice(sizes[t - 1], sizes[t])
                buffer[t][new] = state[new]

    def leave(self, buffer):
        """The state of each sequence after its own last step, (B, ·); a view of the buffer where all have all steps."""
        last = buffer[self.T % len(buffer)]
        if self.sizes is None:
            return last
        final = self.ops.copy(last)
        for t in range(1, len(self.sizes)):
            if self.sizes[t] < self.sizes[t - 1]:
                done = slice(self.sizes[t], self.sizes[t - 1])
                final[done] = buffer[t][done]
        return final

    def outputs(self, h):
        """h of every step, (T, B, H), zero where a sequence does not have the step."""
        if self.sizes is None:
            return h
        hs = self.zeros(*h.shape)
        for out, row in zip(self.each(hs), self.each(h), strict=True):
            out[:] = row
        return hs

    def joined(self, xs, h0):
        """The buffer [x | 1 | h] (T + 1, B, I + 1 + H): in slot t the input of step t and the state before it."""
        T, B, I = xs.shape
        X = self.blank(T + 1, B, I + 1 + h0.shape[-1])
        X[:T, :, :I] = xs
        X[:, :, I] = 1
        self.enter(X[:, :, I + 1 :], h0)
        return X

    def weights(self, p, H: int, scale: list[float]):
        """[W | b | U]ᵀ of each gate times its scale, (G, I + 1 + H, H): what a slot of `joined` is multiplied by."""
        I = p.W.shape[1]
        K = self.empty(len(scale), I + 1 + p.U.shape[1], H)
        for k, factor in enumerate(scale):
            at = slice(k * H, (k + 1) * H)
            K[k, :I], K[k, I + 1 :] = p.W[at].T, p.U[at].T
            K[k, I] = 0 if p.b is None else p.b[at]
            self.ops.mul(K[k], factor, K[k])
        return K

    def clear(self, buffer, block: range) -> None:
        """Zeros in the rows of sequences that do not have a step."""
        if self.sizes is not None:
            for t in block:
                buffer[t][self.sizes[t] :] = 0

    def blocks(self, elements: int) -> list[range]:
        """The steps from last to first, in blocks that fit into a cache; a step has so many elements of slopes."""
        size = self.block(elements)
        return [range(lo, min(lo + size, self.T)) for lo in range(0, self.T, size)][::-1]

    def block(self, elements: int) -> int:
        """How many steps of so many elements make a block."""
        return max(1, min(self.T, self.ops.block // max(elements, 1)))


def unjoin(dK, I: int) -> dict:
    """The gradients of W, b and U from that of [W | b | U]."""
    return {"W": dK[:, :I], "b": dK[:, I], "U": dK[:, I + 1 :]}
