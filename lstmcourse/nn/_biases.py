"""The two initialisations of the bias that decides how long a cell remembers."""

import numbers
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

TORCH = {"LSTM": ("ifgo", "f"), "GRU": ("rzn", "z")}  # rows and forget of torch.nn's layers; ours carry their own


def gates(layer: Any) -> tuple[str, str | None]:
    """The rows of a layer or cell, and the one of them that keeps the old state."""
    kind = getattr(layer, "mode", type(layer).__name__.removesuffix("Cell"))
    return (layer.rows, layer.forget) if hasattr(layer, "rows") else TORCH.get(kind, ("", None))


def set_bias_(layer: nn.Module, argument: str, row: str | None, fill: Callable[[Tensor], object]) -> None:
    """Let ``fill`` set b_ih of one gate's rows in every layer and direction; b_hh there becomes zero.

    So the sum of the two biases, which is all that the cell sees, is what ``fill`` wrote. Raises ValueError where
    the layer has no such gate or no biases.
    """
    rows, name = gates(layer)[0], type(layer).__name__
    if row is None or row not in rows:
        raise ValueError(f"{argument} needs a gate that keeps the old state; {name} has none")
    if not layer.bias:
        raise ValueError(f"{argument} sets a bias, and this {name} was made with bias=False")
    H: Any = layer.hidden_size
    at = slice(rows.index(row) * H, (rows.index(row) + 1) * H)
    with torch.no_grad():
        for key, parameter in layer.named_parameters():
            if key.startswith("bias_ih"):
                fill(parameter[at])
            elif key.startswith("bias_hh"):
                parameter[at].zero_()


def chrono_(layer: nn.Module, T_max: float, generator: torch.Generator | None = None) -> nn.Module:
    """Chrono initialisation — Tallec & Ollivier (2018), "Can recurrent neural networks warp time?", eq. 16.

    Biases of the forget gate b_f = log u with u uniform in [1, T_max − 1], so that σ(b_f)'s memory times are spread
    up to T_max steps; the input gate's are b_i = −b_f. Coupled gates need b_f alone, since i = 1 − f. For a GRU the
    z rows take b_f's part (z keeps the old state; the paper gives the rule for gated cells in general).

    Args:
        layer: one of ours, torch.nn.LSTM or torch.nn.GRU; changed in place and returned.
        T_max: the longest lag expected, in steps; more than 2.
        generator: source of the random numbers; torch's default unless given.

    Raises:
        ValueError: for another T_max, and for a layer without a gate that keeps the old state, or without biases.
    """
    if isinstance(T_max, bool) or not isinstance(T_max, numbers.Real) or not 2 < T_max < float("inf"):
        raise ValueError(f"T_max must be a finite number of steps above 2, got {T_max!r}")
    rows, forget = gates(layer)
    drawn: list[Tensor] = []

    def draw(b: Tensor) -> None:
        drawn.append(b.uniform_(1, float(T_max) - 1, generator=generator).log_().clone())

    set_bias_(layer, "chrono", forget, draw)
    if "i" in rows:
        values = iter(drawn)
        set_bias_(layer, "chrono", "i", lambda b: b.copy_(-next(values)))
    return layer
