"""E10.1: truncated backpropagation through time, the state carried on and its past cut off."""

from types import SimpleNamespace

import numpy as np
import torch
from torch.nn.functional import cross_entropy, one_hot

from lstmcourse.exercises import Exercise, wrong


class Model(torch.nn.Module):
    """A small character model with plain gradient descent, in float64."""

    def __init__(self, rng: np.random.Generator, symbols: int, units: int):
        super().__init__()
        self.symbols = symbols
        self.layer = torch.nn.LSTM(symbols, units, dtype=torch.float64)
        self.out = torch.nn.Linear(units, symbols, dtype=torch.float64)
        for p in self.parameters():
            p.data = torch.from_numpy(rng.normal(size=tuple(p.shape)))

    def forward(self, x, state=None):
        """x (T, B) and the state, zeros where it is None -> logits (T, B, symbols) and the state at the end."""
        hs, state = self.layer(one_hot(x, self.symbols).double(), state)
        return self.out(hs), state

    def update(self, logits, y):
        """The loss; its gradient has gone back, and the weights have moved."""
        loss = cross_entropy(logits.flatten(0, 1), y.flatten())
        self.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in self.parameters():
                p -= 0.2 * p.grad
        return loss.item()


def read_through(model, x, y, T: int) -> np.ndarray:
    """Truncated BPTT once through a text, in windows of T letters; the last window may be shorter.

    x (N, B), a tensor: letters at B places of the text. y (N, B): the letters that follow them.
    model(x, state) returns logits and the state (h, c) at the end; state=None means zeros.
    model.update(logits, y) sends the gradient back, moves the weights, and returns the loss.
    The state goes on from window to window. The gradient ends where its window begins.
    Returns the losses of the windows, in their order.
    """
    losses, state = [], None
    for t in range(0, len(x), T):
        logits, state = model(x[t : t + T], state)
        losses.append(model.update(logits, y[t : t + T]))
        state = tuple(part.detach() for part in state)
    return np.array(losses)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A model with random weights, x and y (N, B), and T, which need not divide N."""
    letters = torch.from_numpy(rng.integers(n.I, size=(n.N + 1, n.B)))
    return Model(rng, n.I, n.H), letters[:-1], letters[1:], n.T


HINTS = (
    "A window begins with the numbers at which the last one ended, and not with the record of how they came about.\n"
    "The state of an LSTM is a pair; `detach` is a method of a tensor.",
    "state₀ = None;  logits, state = model(window, state);  loss = model.update(logits, …);\n"
    "state = (h.detach(), c.detach()). Windows begin at 0, T, 2T …",
    """
    losses, state = [], None
    for t in range(0, len(x), T):
        logits, state = model(x[t : t + T], state)
        ...
    return np.array(losses)
    """,
)

SYMPTOMS = {
    "RuntimeError: Trying to backward through the graph a second time": "The state still holds the record of the "
    "window before, and the gradient tries to go back into it. Detach both parts of the state.",
    "AttributeError: 'tuple' object has no attribute 'detach'": "The state is the pair (h, c): detach each part.",
    "the first loss is right, the others are not": "Does each window begin with the state at which the last one "
    "ended? And is it the pair in its order, h first?",
    "one loss is missing": "N need not be a multiple of T: the last window takes what is left.",
}

WRONG = {
    "summed up": wrong(
        "np.array(losses)", "np.cumsum(losses)", "the losses are added up along the text; each window has its own"
    ),
    "h for c": wrong(
        "part.detach() for part in state", "state[0].detach() for part in state",
        "h is handed on in the place of c as well; the state has two parts, (h, c)",
    ),
    "not carried": wrong(
        "model(x[t : t + T], state)", "model(x[t : t + T])",
        "every window begins with zeros: the state is not handed on, and nothing is known of the text before",
    ),
    "not detached": wrong(
        "part.detach()", "part",
        "the state keeps its past: the gradient runs into the window before, whose record is used up",
    ),
    "c forgotten": wrong(
        "tuple(part.detach() for part in state)", "(state[0].detach(), torch.zeros_like(state[1]))",
        "only h is carried on and c begins at zero; the state of an LSTM is both",
    ),
    "h forgotten": wrong(
        "tuple(part.detach() for part in state)", "(torch.zeros_like(state[0]), state[1].detach())",
        "only c is carried on and h begins at zero; the state of an LSTM is both",
    ),
    "exchanged": wrong(
        "tuple(part.detach() for part in state)", "(state[1].detach(), state[0].detach())",
        "h and c are exchanged on the way to the next window",
    ),
    "the rest left out": wrong(
        "range(0, len(x), T)", "range(0, len(x) - T + 1, T)",
        "the letters after the last whole window are left out; that window is shorter, and it counts",
    ),
    "first window again": wrong(
        "x[t : t + T]", "x[:T]", "y[t : t + T]", "y[:T]",
        "the first window is read every time; window k begins at k · T",
    ),
    "letter by letter": wrong(
        "range(0, len(x), T)", "range(len(x))",
        "the windows begin at every letter and overlap, so most letters are read T times; they begin T apart",
    ),
    "letters for targets": wrong(
        "y[t : t + T]", "x[t : t + T]",
        "the model is asked for the letter that it has just read; y holds the ones that follow",
    ),
    "one window": wrong(
        "x[t : t + T]", "x[t:]", "y[t : t + T]", "y[t:]", "the windows have no end: each reaches to the end of the text"
    ),
    "mean": wrong("np.array(losses)", "np.mean(losses)", "the mean of the losses is returned; asked are all of them"),
}  # fmt: skip

exercise = Exercise(
    id="E10.1",
    title="A long text in short windows",
    solution=read_through,
    minutes=10,
    difficulty=3,
    importance=5,
    lines=5,
    can_now="train on a text of any length with the memory of one window, and say what is carried on and what is cut",
    returns={"losses": "(windows,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=(
        {"N": 10, "T": 3, "B": 2, "I": 4, "H": 3},
        {"N": 8, "T": 4, "B": 1, "I": 3, "H": 5},
        {"N": 5, "T": 1, "B": 3, "I": 2, "H": 2},
    ),
    edges={"the text is shorter than a window": lambda rng: case(rng, SimpleNamespace(N=3, T=7, B=2, I=3, H=2))},
)
