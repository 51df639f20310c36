"""The Triton kernels of impl="fused": one template, into which a cell brings nothing but its pointwise part.

`forward` and `backward` are those pointwise parts, one function a family of cells, in the letters of the reference:
``da_k`` is dL/d(pre-activation of gate k), a trailing ``_`` is time t − 1. The four kernels below them move data and
know no cell. CELL (see `fused.Program`) is a constant, so a branch on it is decided when the kernel is compiled, and
a tuple is a list of registers.

Sizes: T steps, B sequences, H units; G rows of gates in U (G·H, H); a program works on a tile of BB sequences.
"""

import triton
import triton.language as tl

INTERPRETED = bool(triton.knobs.runtime.interpret)  # TRITON_INTERPRET=1: by NumPy, for tests without a GPU


# ---- the cells


@triton.jit
def sigmoid(a):
    return 1 / (1 + tl.exp(-a))


@triton.jit
def tanh(a):
    return 2 * sigmoid(2 * a) - 1


@triton.jit
def gate(row: tl.constexpr, peephole: tl.constexpr, a, p, c):
    """σ(a_k + p_k ∘ c), without a peephole σ(a_k); 1 where the cell has no such gate."""
    if row < 0:
        return tl.full(c.shape, 1.0, c.dtype)
    elif peephole < 0:
        return sigmoid(a[row])
    else:
        return sigmoid(a[row] + p[peephole] * c)


@triton.jit
def read(row: tl.constexpr, kept, like):
    """A gate as it was kept; 1 where the cell has no such gate."""
    if row < 0:
        return tl.full(like.shape, 1.0, like.dtype)
    else:
        return kept[row]


@triton.jit
def in_rows(CELL: tl.constexpr, i, f, g, o):
    """The values of those gates that have rows, in the order of the rows."""
    rows = ()
    for k in tl.static_range(tl.constexpr(CELL.rows)):
        if k == CELL.i:
            rows += (i,)
        elif k == CELL.f:
            rows += (f,)
        elif k == CELL.g:
            rows += (g,)
        else:
            rows += (o,)
    return rows


@triton.jit
def lstm(CELL: tl.constexpr, x, u, c_, p):
    """LSTM and its variants, by the numbers of `nn.odyssey` -> h, c, the gates."""
    a = ()
    for k in tl.static_range(tl.constexpr(CELL.rows)):
        a += (x[k] + u[k],)  # (1)
    f = gate(CELL.f, CELL.p_f, a, p, c_)  # (2)
    if CELL.coupled:
        i = 1 - f  # (3)
    else:
        i = gate(CELL.i, CELL.p_i, a, p, c_)  # (3)
    g = tanh(a[CELL.g]) if CELL.squashes_g else a[CELL.g]  # (4)
    c = f * c_ + i * g  # (5)
    o = gate(CELL.o, CELL.p_o, a, p, c)  # (6)
    y = tanh(c) if CELL.squashes_y else c  # (7)
    return o * y, c, in_rows(CELL, i, f, g, o)  # (8)


@triton.jit
def lstm_backward(CELL: tl.constexpr, kept, c_, c, dh, dc, p):
    """-> da of every row, dc₋"""
    f, o, g = read(CELL.f, kept, c), read(CELL.o, kept, c), kept[CELL.g]
    i = 1 - f if CELL.coupled else read(CELL.i, kept, c)
    y = tanh(c) if CELL.squashes_y else c
    da_o = dh * y * o * (1 - o)  # from (8) and (6)
    dc += dh * o * (1 - y * y) if CELL.squashes_y else dh * o  # from (8) and (7)
    if CELL.p_o >= 0:
        dc += da_o * p[CELL.p_o]  # from (6)
    df = dc * (c_ - g) if CELL.coupled else dc * c_  # from (5), and from (3) where i = 1 − f
    da_f = df * f * (1 - f)  # from (2)
    da_i = dc * g * i * (1 - i)  # from (5) and (3)
    da_g = dc * i * (1 - g * g) if CELL.squashes_g else dc * i  # from (5) and (4)
    dc_ = dc * f  # from (5)
    if CELL.p_f >= 0:
        dc_ += da_f * p[CELL.p_f]  # from (2)
    if CELL.p_i >= 0:
        dc_ += da_i * p[CELL.p_i]  # from (3)
    return in_rows(CELL, da_i, da_f, da_g, da_o), dc_


@triton.jit
def reset(x, u, h_):
    """r ∘ h₋ of the GRU that resets before its product."""
    return sigmoid(x[0] + u[0]) * h_


@triton.jit
def gru(CELL: tl.constexpr, x, u, h_, p):
    """Both GRUs, by the numbers of `nn.gru` -> h, what to keep: r, z, n and, where the reset comes after, v."""
    r = sigmoid(x[0] + u[0])  # (3)
    z = sigmoid(x[1] + u[1])  # (4)
    if CELL.resets == "before":
        n = tanh(x[2] + u[2])  # u is already U_n (r ∘ h₋)
        kept = (r, z, n)
    else:
        v = u[2] + p[0] if CELL.vectors else u[2]  # (5)
        n = tanh(x[2] + r * v)  # (6)
        kept = (r, z, n, v)
    return (1 - z) * n + z * h_, kept  # (7)


@triton.jit
def gru_backward(CELL: tl.constexpr, kept, h_, dh):
    """-> da of r, z and n, dv, and what reaches h₋ past the products. Reset before: da_r is `reset_backward`'s."""
    r, z, n = kept[0], kept[1], kept[2]
    da_z = dh * (h_ - n) * z * (1 - z)  # from (7) and (4)
    da_n = dh * (1 - z) * (1 - n * n)  # from (7) and (6)
    if CELL.resets == "before":
        da_r, dv = da_n, da_n
    else:
        da_r, dv = da_n * kept[3] * r * (1 - r), da_n * r  # from (6), (5) and (3)
    return (da_r, da_z, da_n), dv, dh * z


@triton.jit
def reset_backward(r, h_, ds):
    """-> da_r and what reaches h₋ through s = r ∘ h₋"""
    return ds * h_ * r * (1 - r), ds * r


@triton.jit
def forward(CELL: tl.constexpr, x, u, h_, c_, p):
    """x of every row, W x + b; u, U h₋ -> h, c (c₋ itself where the cell has none), what to keep of the step."""
    if CELL.kind == "lstm":
        return lstm(CELL, x, u, c_, p)
    elif CELL.kind == "gru":
        h, kept = gru(CELL, x, u, h_, p)
        return h, c_, kept
    else:
        a = x[0] + u[0]
        h = tl.maximum(a, 0.0, propagate_nan=tl.PropagateNan.ALL) if CELL.kind == "relu" else tanh(a)
        return h, c_, (h,)


@triton.jit
def backward(CELL: tl.constexpr, kept, h_, c_, c, dh, dc, p):
    """-> da of every row (the error of x), the errors of u, the error of h₋ past the products, dc₋"""
    if CELL.kind == "lstm":
        da, dc_ = lstm_backward(CELL, kept, c_, c, dh, dc, p)
        return da, da, tl.full(dh.shape, 0.0, dh.dtype), dc_
    elif CELL.kind == "gru":
        da, dv, past = gru_backward(CELL, kept, h_, dh)
        return da, (da[0], da[1], dv), past, dc
    else:
        h = kept[0]
        slope = tl.where(h > 0, 1.0, 0.0).to(h.dtype) if CELL.kind == "relu" else 1 - h * h
        return (dh * slope,), (dh * slope,), tl.full(dh.shape, 0.0, dh.dtype), dc


# ---- data movement


@triton.jit
def load(memory, at, here, ACC: tl.constexpr):
    return tl.load(memory + at, mask=here, other=0.0).to(ACC)


@triton.jit
def load_rows(memory, n: tl.constexpr, b, j, here, H: tl.constexpr, ACC: tl.constexpr):
    """n values a unit, from memory (B, n·H)."""
    rows = ()
    for k in tl.static_range(n):
        rows += (load(memory, (b * n + k) * H + j, here, ACC),)
    return rows


@triton.jit
def store(memory, at, value, here):
    tl.store(memory + at, value.to(memory.dtype.element_ty), mask=here)


@triton.jit
def store_rows(memory, values, n: tl.constexpr, b, j, here, H: tl.constexpr):
    for k in tl.static_range(n):
        store(memory, (b * n + k) * H + j, values[k], here)


@triton.jit
def load_vectors(memory, n: tl.constexpr, j, H: tl.constexpr, ACC: tl.constexpr):
    """The peepholes or b_hn, from memory (n, H), as rows that broadcast over the sequences."""
    vectors = ()
    for k in tl.static_range(n):
        vectors += (load(memory, k * H + j, j < H, ACC),)
    return vectors


@triton.jit
def load_matrices(U, n: tl.constexpr, H: tl.constexpr, HP: tl.constexpr, TRANSPOSED: tl.constexpr):
    """U_k of each row of gates, or its transpose, padded with zeros to (HP, HP)."""
    down, across = tl.arange(0, HP)[:, None], tl.arange(0, HP)[None, :]
    at = across * H + down if TRANSPOSED else down * H + across
    matrices = ()
    for k in tl.static_range(n):
        matrices += (tl.load(U + k * H * H + at, mask=(down < H) & (across < H), other=0.0),)
    return matrices


@triton.jit
def product(q, matrix, PRECISION: tl.constexpr, ACC: tl.constexpr):
    return tl.dot(q.to(matrix.dtype), matrix, input_precision=PRECISION).to(ACC)


@triton.jit
def takes_part(t, start, stop, b, B, PACKED: tl.constexpr):
    """Which sequences of the tile have step t."""
    if PACKED:
        return (t >= tl.load(start + b, mask=b < B, other=0)) & (t < tl.load(stop + b, mask=b < B, other=0))
    else:
        return b < B


@triton.jit
def forward_over_time(
    x, U, p, hs, cs, kept, start, stop, T, B, H: tl.constexpr, HP: tl.constexpr, BB: tl.constexpr,
    CELL: tl.constexpr, PACKED: tl.constexpr, SAVE: tl.constexpr, PRECISION: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """All T steps of a tile of sequences, which waits for no other tile.

    On chip from beginning to end: U (G·HP² numbers), h and c of the tile. A step reads x_t (G·H numbers a sequence)
    and writes h_t; with SAVE, also c_t and what the backward needs. hs[0] and cs[0] hold the initial states; without
    SAVE cs has one slot, for the final c in the end.
    """
    b, j = tl.program_id(0) * BB + tl.arange(0, BB)[:, None], tl.arange(0, HP)[None, :]
    here, at = (b < B) & (j < H), b * H + j
    matrices = load_matrices(U, CELL.rows, H, HP, True)
    vectors = load_vectors(p, CELL.vectors, j, H, ACC)
    h = load(hs, at, here, ACC)
    c = load(cs, at, here, ACC) if CELL.has_c else h
    for t in range(T):
        x_t = load_rows(x, CELL.rows, b, j, here, H, ACC)
        u = ()
        for k in tl.static_range(tl.constexpr(CELL.rows)):
            if k == CELL.after_reset:
                u += (product(reset(x_t, u, h), matrices[k], PRECISION, ACC),)
            else:
                u += (product(h, matrices[k], PRECISION, ACC),)
        h_new, c_new, gates = forward(CELL, x_t, u, h, c, vectors)
        goes = takes_part(t, start, stop, b, B, PACKED)
        h, c = tl.where(goes, h_new, h), tl.where(goes, c_new, c)
        hs += B * H
        store(hs, at, h, here)
        x += B * CELL.rows * H
        if SAVE:
            store_rows(kept, gates, CELL.kept, b, j, here, H)
            kept += B * CELL.kept * H
            if CELL.has_c:
                cs += B * H
                store(cs, at, c, here)
    if CELL.has_c and not SAVE:
        store(cs, at, c, here)


@triton.jit
def backward_over_time(
    U, p, hs, cs, kept, dhs, dh_0, dc_0, dx, dv, start, stop, T, B, H: tl.constexpr, HP: tl.constexpr, BB: tl.constexpr,
    CELL: tl.constexpr, PACKED: tl.constexpr, PRECISION: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """The same backwards: U, dh and dc stay on chip; a step reads what was kept, h₋, c₋ and dh_t, and writes da_t.

    Pointers come in at the end of time: hs and cs (at the last state but one and the last), kept, dhs, dx and dv at
    the last step. dh_0 and dc_0 hold the errors of the final states, and in the end those of the initial ones.
    No gradient of a weight is summed here: dU, dW and db are products over all of dx afterwards.
    """
    b, j = tl.program_id(0) * BB + tl.arange(0, BB)[:, None], tl.arange(0, HP)[None, :]
    here, at = (b < B) & (j < H), b * H + j
    matrices = load_matrices(U, CELL.rows, H, HP, False)
    vectors = load_vectors(p, CELL.vectors, j, H, ACC)
    dh = load(dh_0, at, here, ACC)
    dc = load(dc_0, at, here, ACC) if CELL.has_c else dh
    c = load(cs, at, here, ACC) if CELL.has_c else dh
    for s in range(T):
        goes = takes_part(T - 1 - s, start, stop, b, B, PACKED)
        dh += tl.where(goes, load(dhs, at, here, ACC), 0.0)
        h_, gates = load(hs, at, here, ACC), load_rows(kept, CELL.kept, b, j, here, H, ACC)
        if CELL.has_c:
            cs -= B * H
            c_ = load(cs, at, here, ACC)
        else:
            c_ = c
        da, du, past, dc_ = backward(CELL, gates, h_, c_, c, dh, dc, vectors)
        if CELL.after_reset >= 0:
            da_r, through = reset_backward(gates[0], h_, product(da[2], matrices[2], PRECISION, ACC))
            da, du, past = (da_r, da[1], da[2]), (da_r, da[1]), past + through
        for k in tl.static_range(tl.constexpr(CELL.rows)):
            store(dx, (b * CELL.rows + k) * H + j, tl.where(goes, da[k], 0.0), here)
            if k != CELL.after_reset:
                past += product(du[k], matrices[k], PRECISION, ACC)
        if CELL.resets == "after":
            store(dv, at, tl.where(goes, du[2], 0.0), here)
        dh, dc, c = tl.where(goes, past, dh), tl.where(goes, dc_, dc), c_
        hs -= B * H
        kept -= B * CELL.kept * H
        dhs -= B * H
        dx -= B * CELL.rows * H
        dv -= B * H
    store(dh_0, at, dh, here)
    if CELL.has_c:
        store(dc_0, at, dc, here)


@triton.jit
def forward_step(
    x, u, p, h_, c_, h, c, kept, start, stop, t, B, H: tl.constexpr, BLOCK: tl.constexpr,
    CELL: tl.constexpr, PACKED: tl.constexpr, SAVE: tl.constexpr, RESET: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """All that follows the product u = U h₋ (B, G·H) of one step: reads x_t, u, h₋ and c₋ once, writes h_t and c_t.

    RESET: only s = r ∘ h₋, written to h, for the GRU that resets before its product.
    """
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here, b, j = n < B * H, n // H, n % H
    x_t, u_t = load_rows(x, CELL.rows, b, j, here, H, ACC), load_rows(u, CELL.rows, b, j, here, H, ACC)
    h_old = load(h_, n, here, ACC)
    if RESET:
        store(h, n, reset(x_t, u_t, h_old), here)
    else:
        c_old = load(c_, n, here, ACC) if CELL.has_c else h_old
        vectors = load_vectors(p, CELL.vectors, j, H, ACC)
        h_new, c_new, gates = forward(CELL, x_t, u_t, h_old, c_old, vectors)
        goes = takes_part(t, start, stop, b, B, PACKED)
        store(h, n, tl.where(goes, h_new, h_old), here)
        if CELL.has_c:
            store(c, n, tl.where(goes, c_new, c_old), here)
        if SAVE:
            store_rows(kept, gates, CELL.kept, b, j, here, H)


@triton.jit
def backward_step(
    p, h_, c_, c, kept, dhs, past, back, dc, dx, dv, start, stop, t, B, H: tl.constexpr, BLOCK: tl.constexpr,
    CELL: tl.constexpr, PACKED: tl.constexpr, RESET: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """All that precedes the product da U of one step: the error of h_t is past + back + dhs_t, where back is the
    product of the step after; writes da_t, and to past what reaches h₋ without a product.

    RESET: the second half for the GRU that resets before its product: back is ds = da_n U_n, and da_r is written.
    """
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here, b, j = n < B * H, n // H, n % H
    goes = takes_part(t, start, stop, b, B, PACKED)
    h_old, gates = load(h_, n, here, ACC), load_rows(kept, CELL.kept, b, j, here, H, ACC)
    dh = load(past, n, here, ACC)
    if RESET:
        da_r, through = reset_backward(gates[0], h_old, load(back, n, here, ACC))
        store(dx, b * CELL.rows * H + j, tl.where(goes, da_r, 0.0), here)
        store(past, n, tl.where(goes, dh + through, dh), here)
    else:
        dh += load(back, n, here, ACC) + tl.where(goes, load(dhs, n, here, ACC), 0.0)
        c_old = load(c_, n, here, ACC) if CELL.has_c else dh
        c_new = load(c, n, here, ACC) if CELL.has_c else dh
        dc_new = load(dc, n, here, ACC) if CELL.has_c else dh
        vectors = load_vectors(p, CELL.vectors, j, H, ACC)
        da, du, left, dc_old = backward(CELL, gates, h_old, c_old, c_new, dh, dc_new, vectors)
        for k in tl.static_range(tl.constexpr(CELL.rows)):
            store(dx, (b * CELL.rows + k) * H + j, tl.where(goes, da[k], 0.0), here)
        if CELL.resets == "after":
            store(dv, n, tl.where(goes, du[2], 0.0), here)
        store(past, n, tl.where(goes, left, dh), here)
        if CELL.has_c:
            store(dc, n, tl.where(goes, dc_old, dc_new), here)
