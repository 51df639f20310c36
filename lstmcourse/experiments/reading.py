"""A network that has read Python's standard library, for looking inside: one LSTM layer of 160 units.

    python -m lstmcourse.experiments.reading

takes some minutes and renews results/reading.safetensors (0.7 MB), which notebook 10 opens with `opened`. The text is
`data.load("code")`, which differs a little between Python versions; the network's symbols do not.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import _record, checkpoint, data, training
from ..nn import LAYERS
from ..training import Net
from .characters import begin_with_frequencies

SYMBOLS = "\n" + "".join(map(chr, range(32, 127)))
UNITS, B, T, RATE, UPDATES = 160, 32, 64, 5e-3, 2500
FILE = _record.RESULTS / "reading.safetensors"
SHA256 = "a3bd9dca97d07d8abc859a1309fa1ee86bb327d428784ff27fcc9ac015525a8e"
"""Of the committed file's header and weights, as `checkpoint` works it out."""


def encode(text: str) -> np.ndarray:
    """The numbers of a text's characters in `SYMBOLS`: (len(text),). A character that is not there reads as a blank."""
    return np.array([max(SYMBOLS.find(c), 0 if c == "\n" else 1) for c in text], dtype=int)


def numbers() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """`data.load("code")` in `SYMBOLS`: its numbers (n,), and the labels of each character."""
    arrays, _ = data.load("code")
    own = encode("".join(arrays["symbols"]))
    return own[arrays["numbers"]], {k: arrays[k] for k in ("depth", "string", "comment", "indentation")}


def net(seed: int = 0) -> Net:
    """The network before it has read anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Net(LAYERS["lstm"](len(SYMBOLS), UNITS, forget_bias=1.0), len(SYMBOLS))


def opened() -> tuple[Net, checkpoint.Checkpoint]:
    """The stored network, and what its file says of it: updates as `step`, bits and command in `extra`.

    Raises checkpoint.CheckpointError where the file is not there, as outside of a checkout of the course.
    """
    model = net()
    stored = checkpoint.load(FILE, model)
    return model.eval(), stored


class HeldOut(NamedTuple):
    """The last tenth of the text, which the network did not read in training.

    numbers (n,): its characters. labels: what is true at each of them, (n,) bool, by name. source: the whole modules
    that it is the end of, for labels of your own, whose last n count.
    """

    numbers: np.ndarray
    labels: dict[str, np.ndarray]
    source: str


def held_out() -> HeldOut:
    """The last tenth, with labels by Python's own tokenizer.

    Strings over several lines, which in this code are nearly all documentation, do not count as quotes.
    """
    read, labels = numbers()
    begin = int(0.9 * len(read))
    string, line_break = labels["string"], read == 0
    begun = np.cumsum(np.diff(string, prepend=False) & string)  # how many strings have begun
    one_line = np.bincount(begun, line_break & string) == 0
    place = np.arange(len(read))
    column = place - np.maximum.accumulate(np.where(line_break, place, -1))
    true = {
        "in quotes": string & one_line[begun],
        "in a comment": labels["comment"],
        "two blocks deep": labels["indentation"] > 1,
        "beyond column 40": column > 40,
    }
    module = data.load("code")[0]["module"]
    source = "".join(SYMBOLS[k] for k in read[np.argmax(module == module[begin]) :])
    return HeldOut(read[begin:], {name: label[begin:] for name, label in true.items()}, source)


def side_by_side(letters: np.ndarray, rows: int = 64) -> np.ndarray:
    """(n,) values along a text as (T, rows): it is cut into rows pieces, each of which is a column."""
    return letters[: len(letters) // rows * rows].reshape(rows, -1).T


@torch.no_grad()
def inside(
    model: Net, x: np.ndarray, hold: Callable[[torch.Tensor], torch.Tensor] | None = None
) -> dict[str, np.ndarray]:
    """The gates, c, h and the guesses at every step of x (T, B), numbers of characters.

    hold: is given c (B, H) at each step and returns what is to stand in its place. Returns i, f, g, o, c and h
    (T, B, H) by name, and "guesses" (T, B, symbols), probabilities.
    """
    W, U, *biases = model.layer.parameters()
    by_letter = W.T + sum(biases)
    h = c = torch.zeros(x.shape[1], U.shape[1])
    kept = []
    for letter in torch.as_tensor(np.ascontiguousarray(x)):
        i, f, g, o = (by_letter[letter] + h @ U.T).chunk(4, dim=1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        c = c if hold is None else hold(c)
        h = o * c.tanh()
        kept.append((i, f, g, o, c, h))
    found = {name: torch.stack(steps) for name, steps in zip("ifgoch", zip(*kept, strict=True), strict=True)}
    found["guesses"] = model.readout(found["h"]).softmax(-1)
    return {name: values.numpy() for name, values in found.items()}


def trained(updates: int = UPDATES) -> tuple[Net, dict[str, Any]]:
    """The network after reading the first nine tenths, and its bits per character: in training, and held out."""
    read, _ = numbers()
    cut, V = int(0.9 * len(read)), len(SYMBOLS)
    model = net()
    begin_with_frequencies(model, read[:cut])
    history = training.fit(
        model,
        training.windows(read[:cut], B, T, V),
        training.cross_entropy,
        steps=updates,
        lr=RATE,
        carry=True,
        schedule=training.linear_decay(),
    )
    rest = training.windows(read[cut:], B, (len(read) - cut) // B - 1, V)(0)
    bits = training.score(training.cross_entropy, rest)(model) / np.log(2)
    return model, {
        "training": round(float(np.mean(history.loss[-200:]) / np.log(2)), 3),
        "held_out": round(float(bits), 3),
    }


def main() -> None:
    """Train for some minutes and write results/reading.safetensors."""
    commit, began = _record.commit(), time.perf_counter()
    torch.set_num_threads(1)
    model, bits = trained()
    command = "python -m lstmcourse.experiments.reading"
    made = _record.provenance(command, time.perf_counter() - began, commit)
    checkpoint.save(FILE, model, step=UPDATES, extra={"bits": bits, "text": str(data.load("code")[1]), "made": made})
    print(bits)


if __name__ == "__main__":
    main()
