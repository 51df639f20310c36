"""E9.3: up to which batch a step waits longer than it computes."""

from functools import partial

from lstmcourse.exercises import Exercise, wrong


def waits_up_to() -> int:
    """The largest batch at which a step forward of an LSTM waits longer than it computes.

    I = 64 inputs, H = 128 units, 150 billion (1.5e11) operations a second, and 20 microseconds of waiting a step.
    A multiplication and an addition are two operations.
    """
    return _batch()


def _batch(operations: int = 2, gates: int = 4, I: int = 64, H: int = 128, speed: float = 150e9, wait: float = 20e-6):
    B = 1
    while operations * gates * (B + 1) * H * (I + H) / speed < wait:
        B += 1
    return B


HINTS = (
    "Write down the operations of one step for one sequence, and how long they take.",
    "8 B H (I + H) / F < λ with H = 128, I = 64, F = 150e9, λ = 20e-6.",
    """
    one = 8 * 128 * (64 + 128) / 150e9  # seconds of computing for one sequence
    batch = max(B for B in range(1, 100) if ...)
    """,
)

SYMPTOMS = {
    "twice too large": "A multiplication and the addition after it are two operations.",
    "one too large": "At the batch asked for, the step must still wait longer than it computes.",
}

WRONG = {
    "multiplications": wrong(partial(_batch, operations=1), "only the multiplications are counted, not the additions"),
    "inputs forgotten": wrong(partial(_batch, I=0), "W x is left out: a step has H (I + H) weights a gate, not H²"),
    "a GRU": wrong(partial(_batch, gates=3), "three gates are counted; an LSTM has four blocks of rows"),
    "one too many": wrong(lambda: _batch() + 1, "you give the first batch that computes longer than it waits"),
    "backward too": wrong(partial(_batch, operations=6), "the way back is counted too; the question is about forward"),
    "one gate": wrong(partial(_batch, gates=1), "you counted one gate, and there are four"),
}

exercise = Exercise(
    id="E9.3",
    title="Waiting or computing?",
    solution=waits_up_to,
    kind="experiment",
    minutes=6,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="say from the sizes alone whether a layer waits or computes, and which of the two is worth improving",
    returns={"batch": "a number of sequences"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    rtol=0,
    atol=0.1,
    stub="batch = ...  # the largest B for which 8 B H (I + H) / F is less than the wait",
    helpers=(_batch,),
)
