"""A user's file, for the type checkers alone: what is right passes, and each wrong line is refused by mypy and pyright.

Both are told to complain of an ignore that is not needed, so a wrong line that they let through is an error too.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmcourse.nn import (
    GRU,
    LAYERS,
    LSTM,
    RNN,
    CoupledLSTM,
    LSTMCell,
    PeepholeLSTM,
    Recurrent,
    RNNReLU,
    chrono_,
    pack,
    weight_drop,
)


class Tagger(nn.Module):
    """A model with one of the layers inside."""

    def __init__(self, features: int, units: int, classes: int) -> None:
        super().__init__()
        self.rnn = PeepholeLSTM(features, units, 2, bidirectional=True, peepholes="fo", forget_bias=1.0)
        self.head = nn.Linear(2 * units, classes)

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.rnn.forward(x)
        return self.head.forward(h)


def right(x: Tensor) -> tuple[Tensor, PackedSequence]:
    layer: Recurrent = LSTM(8, 32, 2, True, False, 0.1, True, 16, "cpu", torch.float64, impl="scan")
    layers: list[Recurrent] = [RNN(8, 32, nonlinearity="relu"), RNNReLU(8, 32), CoupledLSTM(8, 32, chrono=100)]
    layers += [LAYERS["gru"](8, 32, impl="vendor"), GRU(8, 32, device=torch.device("cpu"))]
    layers += [weight_drop(layer, 0.3)]
    chrono_(layer, 50)
    route: str = layer.route(x)
    impls: tuple[str, ...] = LSTM.ways()
    names: list[str] = [name for name, _ in layer.named_parameters() if route in impls]
    packed, _ = layer.forward(pack(x, [3, 2, 1]))
    return layer.weights(len(names) - 1).weight_ih, packed


def wrong(x: Tensor) -> None:
    LSTM(8, "32")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LSTM(8, 32, impll="scan")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    LSTM(8, 32, impl="fast")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RNN(8, 32, nonlinearity="gelu")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RNNReLU(8, 32, 1, "tanh")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PeepholeLSTM(8, 32, peepholes="x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    GRU(8, 32, bias="False")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    GRU(8, 32, forget_bias="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    GRU(8, 32).forward([0.0])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    GRU(8, 32).route("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LSTMCell(8, "32")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LSTMCell(8, 32, peepholes="i")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pack(x)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
