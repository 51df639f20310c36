"""E9.5: up to which batch a step waits longer than it computes."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def waits_up_to(I: int, H: int, speed: float, wait: float) -> int:
    """The largest batch at which a step forward of an LSTM waits at least as long as it multiplies.

    I inputs, H units; speed: operations a second, a multiplication and the addition after it being two;
    wait: seconds that a step takes beside its products, whatever the sizes are.
    Returns batch, a whole number; 0 where even one sequence multiplies longer than the step waits.
    """
    operations = 2 * 4 * H * (I + H)  # for one sequence
    return int(wait * speed // operations)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """I, H, a speed of 20 to 500 billion operations a second, a wait of 20 to 200 microseconds."""
    return n.I, n.H, 1e9 * rng.uniform(20, 500), 1e-6 * rng.uniform(20, 200)


HINTS = (
    "Write down the operations of one step for one sequence, and how long a batch of them takes.",
    "A step multiplies [x, h] of length I + H with 4H rows: 2 · 4H (I + H) operations for one sequence, B times that\n"
    "for a batch. The largest B with  B · 8H (I + H) / speed ≤ wait.",
    """
    operations = ...  # for one sequence
    return int(wait * speed // operations)
    """,
)

SYMPTOMS = {
    "twice too large": "A multiplication and the addition after it are two operations.",
    "four times too large": "An LSTM has four blocks of H rows.",
    "one too large": "At the batch asked for, the step must still wait as long as it multiplies: round down.",
}

WRONG = {
    "bias multiplied": wrong(
        "(I + H)", "(I + H + 1)", "a row is counted with I + H + 1 products; the bias is added, not multiplied"
    ),
    "two biases multiplied": wrong(
        "(I + H)", "(I + H + 2)", "a row is counted with I + H + 2 products; the biases are added, not multiplied"
    ),
    "not whole": wrong(
        "int(wait * speed // operations)", "wait * speed / operations",
        "the quotient is returned as it is; the batch is the largest whole number that is not above it",
    ),
    "at least one": wrong(
        "int(wait * speed // operations)", "max(1, int(wait * speed // operations))",
        "1 is returned where even one sequence multiplies longer than the step waits; there it is 0",
    ),
    "speed divided": wrong(
        "wait * speed", "speed / wait", "speed is divided by the wait; seconds times operations a second are operations"
    ),
    "multiplications": wrong("2 * 4 * H", "4 * H", "only the multiplications are counted, not the additions"),
    "inputs forgotten": wrong("(I + H)", "H", "W x is left out: a row has I + H weights, not H"),
    "state forgotten": wrong("(I + H)", "I", "U h is left out: a row has I + H weights, not I"),
    "a GRU": wrong("2 * 4 * H", "2 * 3 * H", "three blocks of rows are counted; an LSTM has four"),
    "one gate": wrong("2 * 4 * H", "2 * H", "one block of rows is counted; an LSTM has four"),
    "backward too": wrong("2 * 4 * H", "6 * 4 * H", "the way back is counted too; the question is about forward"),
    "one too many": wrong("// operations)", "// operations) + 1", "you give the first batch that multiplies longer"),
    "rounded": wrong(
        "int(wait * speed // operations)", "round(wait * speed / operations)",
        "the batch is rounded to the nearest whole number; half of the time that one multiplies longer",
    ),
    "microseconds": wrong("wait * speed", "wait * 1e-6 * speed", "wait is taken as microseconds; it is in seconds"),
}  # fmt: skip

exercise = Exercise(
    id="E9.5",
    title="Waiting or computing?",
    solution=waits_up_to,
    minutes=6,
    difficulty=2,
    importance=4,
    lines=2,
    can_now="say from its sizes and two numbers of the machine whether a layer waits or computes",
    returns={"batch": "a whole number"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"I": 32, "H": 64}, {"I": 8, "H": 16}, {"I": 96, "H": 48}),
    edges={
        "one sequence of a wide net multiplies longer than it waits": lambda rng: (1024, 2048, 1e9, 1e-5),
        "9.7 sequences would do": lambda rng: (16, 32, 9.7 * 8 * 32 * 48 / 1e-4, 1e-4),
    },
)
