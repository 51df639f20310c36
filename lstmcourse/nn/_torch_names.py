"""The names by which code written for torch.nn's layers looks into one, and what torch's tools are told.

Why a layer is no torch.nn.RNNBase: that class has four modes, and who finds one reads from it how many gates there are,
which would be wrong for most of our cells. Nor would it help with quantize_dynamic, thop and ptflops, which look for
torch's classes by their exact type. So a layer has RNNBase's attributes, `mode` is torch's only where torch has the
cell, and the tools are served by `as_torch` and by `nn.multiply_adds`.
"""

import warnings
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations

from .._errors import InputError
from .ways import vendor as _vendor
from .ways.loop import parts


class TorchNames(nn.Module):
    """What torch.nn.RNNBase has beside its documented arguments, for a layer that states rows, states and sizes."""

    input_size: int
    states: tuple[str, ...]
    vendor: ClassVar[Any]
    coupled: ClassVar[bool]

    @property
    def mode(self) -> str:
        """ "LSTM", "GRU", "RNN_TANH" or "RNN_RELU" where torch has the cell, else the class's name."""
        if _vendor.kernel(self) is None or _vendor.tied(self):
            return type_before_parametrizations(self).__name__
        return _vendor.MODES[self.vendor]

    @property
    def all_weights(self: Any) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction in turn, as torch.nn's property gives them."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self: Any) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """InputError unless input is (T, B, I), or the (N, I) of packed data where there are batch_sizes."""
        axes = 2 if batch_sizes is not None else 3
        if input.dim() != axes or input.size(-1) != self.input_size:
            shape = "N" if axes == 2 else "T, B"
            name = type(self).__name__
            raise InputError(f"{name} expects input of shape ({shape}, {self.input_size}), got {tuple(input.shape)}")

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """(L·D, B, H) of h, for an input whose batch comes second."""
        return self._sizes(input, batch_sizes)[0]

    def _sizes(self: Any, input: Tensor, batch_sizes: Tensor | None) -> list[tuple[int, int, int]]:
        B = input.size(1) if batch_sizes is None else int(batch_sizes[0])
        n = self.num_layers * self._directions
        return [(n, B, self._output_size if s == "h" else self.hidden_size) for s in self.states]

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """InputError with that message unless hx has the shape."""
        if hx.shape != expected_hidden_size:
            raise InputError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """`check_input`, and `check_hidden_size` of each state."""
        self.check_input(input, batch_sizes)
        values = (hidden,) if len(self.states) == 1 else hidden
        for name, size, value in zip(self.states, self._sizes(input, batch_sizes), values, strict=True):
            self.check_hidden_size(value, size, f"Expected {name} of size {{}}, got {{}}")

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The states with their sequences in another order."""
        if permutation is None:
            return hx
        return (
            hx.index_select(1, permutation)
            if isinstance(hx, Tensor)
            else tuple(s.index_select(1, permutation) for s in hx)
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "qconfig":  # set on every module by torch.ao.quantization, which then swaps those that it knows
            kind = type(self).__name__
            warnings.warn(f"quantization leaves {kind} as it is; nn.as_torch(layer) can be quantized", stacklevel=2)
        super().__setattr__(name, value)


def as_torch(layer: Any) -> nn.RNNBase:
    """A layer as torch.nn.LSTM, GRU or RNN with copies of its weights: for tools that know torch's classes alone.

    So it can be quantized: ``quantize_dynamic(model_with(as_torch(layer)), {torch.nn.LSTM, torch.nn.GRU})``. Coupled
    gates and gates held open become rows of an LSTM, as for impl="vendor". Raises TypeError for a cell that torch's
    kernels do not compute.
    """
    if not isinstance(layer, TorchNames) or _vendor.kernel(layer) is None:
        raise TypeError(f"{type(layer).__name__} is no layer that torch.nn's LSTM, GRU or RNN can compute")
    weights = [t.detach() for t in _vendor.flat_weights(layer, parts(layer))]
    mode, first = _vendor.MODES[layer.vendor], weights[0]
    options: dict[str, Any] = {"proj_size": layer.proj_size} if layer.proj_size else {}
    if mode.startswith("RNN_"):
        options["nonlinearity"] = mode.removeprefix("RNN_").lower()
    twin = getattr(nn, mode.partition("_")[0])(
        layer.input_size,
        layer.hidden_size,
        layer.num_layers,
        bias=len(weights) // len(layer.all_weights) - bool(layer.proj_size) == 4,
        batch_first=layer.batch_first,
        dropout=layer.dropout,
        bidirectional=layer.bidirectional,
        device="meta",  # where no weights are drawn: they are replaced at once
        dtype=first.dtype,
        **options,
    )
    twin.to_empty(device=first.device).load_state_dict(dict(zip(twin._flat_weights_names, weights, strict=True)))
    return twin.train(layer.training)
