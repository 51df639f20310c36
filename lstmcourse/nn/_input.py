"""What comes into a layer and what leaves it: shapes, dtypes, devices, packed sequences, and the errors."""

import functools
import os
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from .._errors import InputError, kind


class Steps(NamedTuple):
    """An input as (T, B, I), and what is needed to give the output the form in which the input came."""

    xs: Tensor
    packed: PackedSequence | None = None
    mask: Tensor | None = None  # (T, B, 1), True where a packed sequence has a step
    unbatched: bool = False


def unpack(layer, input: Any) -> Steps:
    """The input, checked, as Steps; sequences of a PackedSequence are in its (sorted) order, padded with zeros.

    Raises TypeError for what is no tensor, InputError for other shapes, dtypes or devices than the layer's.
    """
    name = type(layer).__name__
    packed = input if isinstance(input, PackedSequence) else None
    xs = input.data if packed is not None else input
    _check_tensor(name, xs, layer.weight_ih_l0, " or a PackedSequence")
    if packed is not None:
        return _unpack_sequences(name, layer.input_size, packed)
    axes = "(B, T, " if layer.batch_first else "(T, B, "
    if xs.dim() not in (2, 3) or xs.size(-1) != layer.input_size:
        unbatched = f" or (T, {layer.input_size})" if xs.dim() == 2 else ""
        raise InputError(f"{name} expects input of shape {axes}{layer.input_size}){unbatched}, got {tuple(xs.shape)}")
    if xs.dim() == 2:
        steps = Steps(xs.unsqueeze(1), unbatched=True)
    else:
        steps = Steps(xs.transpose(0, 1) if layer.batch_first else xs)
    if steps.xs.size(0) == 0:
        raise InputError(f"{name} expects at least one time step, got input of shape {tuple(xs.shape)}")
    return steps


def check_memory(layer, steps: Steps) -> None:
    """InputError, with the numbers, for an input whose pre-activations and outputs could not all be in memory."""
    xs = steps.xs
    if torch.compiler.is_compiling() or xs.device.type != "cpu" or not all(type(n) is int for n in xs.shape):
        return
    needed = xs.size(0) * xs.size(1) * layer.hidden_size * (len(layer.rows) + 1) * xs.element_size()
    if needed > memory():
        T, B, GiB = *xs.shape[:2], 2**30
        raise InputError(
            f"{type(layer).__name__} needs at least {needed / GiB:,.1f} GiB for T = {T}, B = {B}, "
            f"H = {layer.hidden_size}, and this machine has {memory() / GiB:,.1f} GiB; "
            "cut the sequences into windows and carry the state, detached, from one to the next"
        )


@functools.cache
def memory() -> float:
    """The machine's memory in bytes, infinite where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return float("inf")


def _unpack_sequences(name: str, input_size: int, packed: PackedSequence) -> Steps:
    data, sizes = packed.data, packed.batch_sizes
    if data.dim() != 2 or data.size(-1) != input_size:
        raise InputError(f"{name} expects PackedSequence.data of shape (N, {input_size}), got {tuple(data.shape)}")
    if not len(sizes) or int(sizes[-1]) < 1 or bool((sizes[1:] > sizes[:-1]).any()):
        raise InputError(f"PackedSequence.batch_sizes must be positive and never grow, got {sizes.tolist()}")
    if int(sizes.sum()) != len(data):
        raise InputError(
            f"PackedSequence is inconsistent: batch_sizes add up to {int(sizes.sum())} rows, data has {len(data)}; "
            "were lengths longer than the padded input? nn.pack checks them"
        )
    B = int(sizes[0])
    if packed.sorted_indices is not None and len(packed.sorted_indices) != B:
        raise InputError(
            f"PackedSequence.sorted_indices must have {B} entries, one a sequence, got {len(packed.sorted_indices)}"
        )
    mask = torch.arange(B, device=sizes.device) < sizes[:, None]  # row-major, its True entries are in the order of data
    mask = mask.to(data.device)
    xs = data.new_zeros(len(sizes), B, input_size).masked_scatter(mask.unsqueeze(-1), data)
    return Steps(xs, packed, mask.unsqueeze(-1))


def initial_state(layer, hx: Any, steps: Steps) -> tuple[Tensor, ...]:
    """hx, checked, as one (L·D, B, size) tensor for each of layer.states; where hx is None, layer.initial.

    Raises TypeError for what is no tensor or tuple of them, InputError for other shapes, dtypes or devices.
    """
    name, xs = type(layer).__name__, steps.xs
    n, B = layer.num_layers * layer._directions, xs.size(1)
    sizes = {s: layer._output_size if s == "h" else layer.hidden_size for s in layer.states}
    if hx is None:
        return tuple(xs.new_full((n, B, size), v) for size, v in zip(sizes.values(), layer._starts, strict=True))
    shapes: dict[str, tuple[int, ...]] = {s: (n, B, size) for s, size in sizes.items()}
    if steps.unbatched:
        shapes = {s: (n, size) for s, size in sizes.items()}
    hx = _states(name, shapes, hx, xs, None if steps.unbatched or steps.packed is not None else layer)
    if steps.unbatched:
        return tuple(s.unsqueeze(1) for s in hx)
    order = steps.packed.sorted_indices if steps.packed is not None else None
    return tuple(s if order is None else s.index_select(1, order) for s in hx)


def one_step(cell, input: Any, hx: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The input of one step and the state before it, checked: (B, I), and (B, H) for each of cell.states.

    Raises as `unpack` and `initial_state` do.
    """
    name, I, H = type(cell).__name__, cell.input_size, cell.hidden_size
    _check_tensor(name, input, cell.weight_ih)
    if input.dim() not in (1, 2) or input.size(-1) != I:
        raise InputError(f"{name} expects input of shape (B, {I}) or ({I},), got {tuple(input.shape)}")
    x = input if input.dim() == 2 else input.unsqueeze(0)
    if hx is None:
        return x, tuple(x.new_full((len(x), H), cell.initial.get(s, 0.0)) for s in cell.states)
    state = _states(name, dict.fromkeys(cell.states, (*input.shape[:-1], H)), hx, x)
    return x, (state if input.dim() == 2 else tuple(s.unsqueeze(0) for s in state))


def _check_tensor(name: str, xs: Any, weight: Tensor, others: str = "") -> None:
    if not isinstance(xs, Tensor):
        hint = "; torch.from_numpy converts it" if type(xs).__module__ == "numpy" else ""
        raise TypeError(f"{name} expects a torch.Tensor{others} as input, got {kind(xs)}{hint}")
    if xs.dtype != weight.dtype and not torch.is_autocast_enabled(xs.device.type):
        raise InputError(
            f"{name} expects input of dtype {weight.dtype}, got {xs.dtype}; input.to({weight.dtype}) converts it"
        )
    if xs.device != weight.device:
        raise InputError(f"{name} expects input on {weight.device}, where its parameters are, got {xs.device}")


def _states(
    name: str, shapes: dict[str, tuple[int, ...]], hx: Any, xs: Tensor, layer: Any = None
) -> tuple[Tensor, ...]:
    """hx as a tuple, after comparing each of its tensors with the shape that its state has and with the input.

    layer: where time and batch may have been taken for each other, the one that is asked for its batch_first.
    """
    wanted = ", ".join(f"{s}_0" for s in shapes)
    if len(shapes) == 1:
        if not isinstance(hx, Tensor):
            raise TypeError(f"{name} expects hx to be one tensor, {wanted}, got {kind(hx)}")
        hx = (hx,)
    elif not isinstance(hx, (tuple, list)) or len(hx) != len(shapes):
        raise TypeError(f"{name} expects hx to be a tuple ({wanted}), got {kind(hx)}")
    for (s, shape), value in zip(shapes.items(), hx, strict=True):
        if not isinstance(value, Tensor):
            raise TypeError(f"{s}_0 must be a torch.Tensor, got {kind(value)}")
        if value.shape != shape:
            hint = ""
            if layer is not None and tuple(value.shape) == (shape[0], xs.size(0), shape[2]):
                axes = "(T, B, ·)" if layer.batch_first else "(B, T, ·)"
                hint = f"; is the input {axes}? the layer has batch_first={layer.batch_first}"
            raise InputError(f"{s}_0 must have shape {shape}, got {tuple(value.shape)}{hint}")
        if value.dtype != xs.dtype and not torch.is_autocast_enabled(xs.device.type):
            raise InputError(f"{s}_0 must have the input's dtype {xs.dtype}, got {value.dtype}")
        if value.device != xs.device:
            raise InputError(f"{s}_0 must be on the input's device {xs.device}, got {value.device}")
    return tuple(hx)


def repack(layer, output: Any, state: tuple[Tensor, ...], steps: Steps):
    """Output (T, B, ·), or the rows of packed data, and the final states in the form in which the input came."""
    if steps.packed is not None:
        packed = steps.packed
        if output.dim() == 3:
            output = output.masked_select(steps.mask).view(-1, output.size(-1))
        output = PackedSequence(output, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        if packed.unsorted_indices is not None:
            state = tuple(s.index_select(1, packed.unsorted_indices) for s in state)
    elif steps.unbatched:
        output, state = output.squeeze(1), tuple(s.squeeze(1) for s in state)
    elif layer.batch_first:
        output = output.transpose(0, 1)
    return output, (state if len(state) > 1 else state[0])


def pack(x: Tensor, lengths, batch_first: bool = False) -> PackedSequence:
    """Pack padded sequences, checking what torch's pack_padded_sequence lets pass.

    Args:
        x: (T, B, ·), or (B, T, ·) with ``batch_first``.
        lengths: B integers (list, tuple, array or tensor), each from 1 to T, in any order.

    Returns a PackedSequence that remembers the order, so that a layer's outputs and states come back in it.
    Raises InputError or TypeError for lengths that are not whole, not positive, over T, or not B of them.
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {kind(x)}")
    if x.dim() < 2:
        axes = "(B, T, …)" if batch_first else "(T, B, …)"
        raise InputError(f"x must have shape {axes}, got {tuple(x.shape)}")
    try:
        lengths = torch.as_tensor(lengths, device="cpu")
    except (TypeError, ValueError, RuntimeError):  # a ragged list is a ValueError, None a RuntimeError
        raise TypeError(f"lengths must be integers, one for each sequence, got {kind(lengths)}") from None
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    B, T = (x.size(0), x.size(1)) if batch_first else (x.size(1), x.size(0))
    if lengths.shape != (B,):
        raise InputError(f"lengths must have shape ({B},), one for each sequence, got {tuple(lengths.shape)}")
    bad = ((lengths < 1) | (lengths > T)).nonzero().flatten().tolist()
    if bad:
        raise InputError(f"lengths must be from 1 to T = {T}, got {int(lengths[bad[0]])} for sequence {bad[0]}")
    return pack_padded_sequence(x, lengths.long(), batch_first=batch_first, enforce_sorted=False)
