"""A plugin of pytest: torch.nn's recurrent layers, cells and base class are ours, before any project is imported."""

import torch

from lstmcourse import nn

OURS = {name: getattr(nn, name) for name in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")}

for name, layer in (OURS | {"RNNBase": nn.Recurrent}).items():
    for module in (torch.nn, torch.nn.modules, torch.nn.modules.rnn):
        setattr(module, name, layer)
