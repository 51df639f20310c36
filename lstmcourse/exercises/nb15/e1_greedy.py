"""E15.1: what a network writes when it reads its own letters: greedy decoding of a batch."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def greedy(step: Callable, state: tuple, batch: int, stop: int, most: int) -> np.ndarray:
    """The likeliest letter at each step, which the network reads at the next.

    step(letters, state) -> (logits, state) takes the last letters (batch,), integers, and gives logits (batch, K).
    The first letters that it reads are all `stop`. A sequence that has written `stop` has ended; what is written for it
    from then on is `stop`. When all sequences have ended, or after `most` letters, the writing ends.
    Returns letters (N, batch), integers, N at most `most`: those that were written, the first `stop` of each included.
    """
    letters = np.full(batch, stop)
    done = np.zeros(batch, bool)
    written: list[np.ndarray] = []
    while len(written) < most and not done.all():
        logits, state = step(letters, state)
        letters = np.where(done, stop, logits.argmax(axis=1))
        done = done | (letters == stop)
        written.append(letters)
    return np.array(written)


class Writer:
    """A network that has learnt nothing; the more it has written, the likelier it stops, each sequence at its time."""

    def __init__(self, rng: np.random.Generator, letters: int = 6, units: int = 5, stop: int = 2):
        self.W, self.U = rng.normal(size=(letters, units)), rng.normal(size=(units, units))
        self.V, self.stop = 2 * rng.normal(size=(units, letters)), stop

    def __call__(self, letters: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
        """One step; the state is h (B, units) and what makes each sequence stop, (B,)."""
        h, wish = state
        h = np.tanh(self.W[letters] + h @ self.U)
        logits = h @ self.V
        logits[:, self.stop] += wish
        return logits, (h, wish + 1.5)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A writer, and B sequences that stop after a few letters or more."""
    return Writer(rng), (rng.normal(size=(n.B, 5)), rng.uniform(-9, -2, size=n.B)), n.B, 2, n.most


def never(rng: np.random.Generator, most: int) -> tuple:
    """Sequences that do not stop by themselves."""
    return Writer(rng), (rng.normal(size=(3, 5)), np.full(3, -1e6)), 3, 2, most


HINTS = (
    "A loop with three things that change: the letters that were written last, the state, and which sequences have\n"
    "ended. What does a sequence write that has ended?",
    "letters = stop for all;  then: logits, state = step(letters, state);  letters = argmax over K,\n"
    "but stop where the sequence has ended;  ended where letters == stop.  Until all have, or there are `most`.",
    """
    letters = np.full(batch, stop)
    done = np.zeros(batch, bool)
    written = []
    while len(written) < most and not done.all():
        logits, state = ...
    """,
)

SYMPTOMS = {
    "the first letters are right, the later ones are not": "The state that step returns goes into the next step, and "
    "so do the letters.",
    "a short sequence goes on after its stop": "Keep for each sequence whether it has ended, and write stop for it.",
    "written has one row too many": "Ask whether all have ended before each step, and not only how many there are.",
}

CHOSEN = "np.where(done, stop, logits.argmax(axis=1))"

WRONG = {
    "state not carried": wrong(
        "logits, state = step", "logits, _ = step", "each step begins from the first state; hand on the one returned"
    ),
    "reads no letters": wrong(
        "step(letters, state)",
        "step(np.full(batch, stop), state)",
        "the network reads `stop` at every step, and not the letters that it wrote",
    ),
    "goes on after the stop": wrong(
        CHOSEN, "logits.argmax(axis=1)", "a sequence that has ended goes on writing; it writes `stop` from then on"
    ),
    "all end with the first": wrong(
        "done.all()", "done.any()", "the writing ends when one sequence has; it ends when all have"
    ),
    "never ends": wrong(" and not done.all()", "", "it goes on to `most` letters although all sequences have ended"),
    "one letter more": wrong("< most", "<= most", "one letter too many is written where the sequences do not end"),
    "without the stop": wrong("np.array(written)", "np.array(written[:-1])", "the last row of letters is left out"),
    "begins with 0": wrong(
        "np.full(batch, stop)", "np.zeros(batch, int)", "the first letters that it reads are 0; they are `stop`"
    ),
    "the least likely": wrong(".argmax(", ".argmin(", "the letter with the smallest logit is taken"),
    "batch first": wrong("np.array(written)", "np.array(written).T", "a row is a sequence; it has to be a step"),
    "ends forgotten": wrong(
        "done = done | (letters == stop)",
        "done = letters != letters",
        "nothing is noted as ended, so that sequences go on after their `stop`",
    ),
}

exercise = Exercise(
    id="E15.1",
    title="Write greedily",
    solution=greedy,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=8,
    can_now="let any network that predicts the next letter write a whole batch, each sequence to its own end",
    returns={"letters": "(N, batch)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"B": 4, "most": 12}, {"B": 1, "most": 12}, {"B": 6, "most": 3}, {"B": 3, "most": 1}),
    edges={
        "no sequence ends": lambda rng: never(rng, 5),
        "all end at once": lambda rng: (Writer(rng), (rng.normal(size=(3, 5)), np.full(3, 1e6)), 3, 2, 5),
    },
)
