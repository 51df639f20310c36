"""E12.4: parallel fifths and octaves, which the rules of four-part writing forbid."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def parallels(frames: np.ndarray) -> np.ndarray:
    """How many pairs of voices go in parallel fifths or octaves, from each frame to the next.

    frames (T, V): the number of each voice's key, counted in semitones, in each frame.
    Two voices go in parallel when both of them move and, before and after, they are a fifth apart (7 semitones, or 7
    and any number of octaves of 12) or, before and after, octaves apart (12, 24 …, or 0).
    Returns count (T − 1,), integers.
    """
    count = np.zeros(len(frames) - 1, dtype=int)
    moves = frames[1:] != frames[:-1]
    for high in range(frames.shape[1]):
        for low in range(high):
            apart = (frames[:, high] - frames[:, low]) % 12
            kept = (apart[1:] == apart[:-1]) & ((apart[1:] == 7) | (apart[1:] == 0))
            count += kept & moves[:, high] & moves[:, low]
    return count


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Voices from the lowest upwards that often stand a fifth or an octave apart and often move together."""
    gaps = rng.choice([7, 7, 12, 19, 4, 5, 24], size=(n.F, n.V - 1))
    gaps[1:] = np.where(rng.random((n.F - 1, n.V - 1)) < 0.5, gaps[:-1], gaps[1:])
    lowest = 40 + np.cumsum(rng.choice([-2, 0, 0, 1, 3], size=n.F))
    return (np.cumsum(np.column_stack([lowest, gaps]), axis=1),)


def _neighbours(frames):
    return sum(parallels(frames[:, [k, k + 1]]) for k in range(frames.shape[1] - 1))


def _same_step(frames):
    steps, count = np.diff(frames, axis=0), np.zeros(len(frames) - 1, dtype=int)
    for high in range(frames.shape[1]):
        for low in range(high):
            apart = (frames[1:, high] - frames[1:, low]) % 12
            count += (steps[:, high] == steps[:, low]) & (steps[:, low] != 0) & np.isin(apart, (0, 7))
    return count


def _twice(frames):
    return 2 * parallels(frames)


HINTS = (
    "Take one pair of voices first: how far apart are they in each frame, octaves left out? Compare each frame with\n"
    "the next. Then go through all pairs and add up.",
    "apart = (high − low) mod 12, (T,). Parallel from t to t + 1: apart[t] = apart[t + 1], and it is 7 or 0, and both\n"
    "voices have another key at t + 1 than at t.",
    """
    count = np.zeros(len(frames) - 1, dtype=int)
    moves = frames[1:] != frames[:-1]
    for high in range(frames.shape[1]):
        for low in range(high):
            apart = ...
    """,
)

SYMPTOMS = {
    "too many": "Voices that stay where they are do not go in parallel: both have to move.",
    "too few": "A fifth may have octaves in it, 19 = 12 + 7: take the distance % 12. And every pair counts, not only "
    "neighbours.",
    "a chord counts against itself": "A pair is two different voices, and it counts once: low < high.",
}

WRONG = {
    "standing still": wrong(
        " & moves[:, high] & moves[:, low]", "", "voices that stay where they are count; both have to move"
    ),
    "one moves": wrong(
        "moves[:, high] & moves[:, low]", "(moves[:, high] | moves[:, low])",
        "it is enough that one of the voices moves; both have to",
    ),
    "no octaves in between": wrong(
        "% 12", "% 1000", "12, 19 and 24 semitones are missed: a distance may have octaves in it, so take it modulo 12"
    ),
    "fifths only": wrong("((apart[1:] == 7) | (apart[1:] == 0))", "(apart[1:] == 7)", "octaves are not counted"),
    "octaves only": wrong("((apart[1:] == 7) | (apart[1:] == 0))", "(apart[1:] == 0)", "fifths are not counted"),
    "any distance": wrong(
        " & ((apart[1:] == 7) | (apart[1:] == 0))", "",
        "thirds and fourths are counted, too; only fifths and octaves do"
    ),
    "fourths": wrong("apart[1:] == 7", "apart[1:] == 5", "fourths (5 semitones) are counted in place of fifths (7)"),
    "after only": wrong(
        "(apart[1:] == apart[:-1]) & ", "",
        "it is not asked how far apart the voices were before: into a fifth is not yet from fifth to fifth",
    ),
    "neighbours only": wrong(_neighbours, "only neighbouring voices are compared; every pair counts"),
    "same step": wrong(
        _same_step, "the voices have to move by the same step; from 7 to 19 semitones is a parallel fifth, too"
    ),
    "twice": wrong(_twice, "each pair counts twice, as (low, high) and as (high, low)"),
    "whether": wrong(
        "return count\n", "return (count > 0).astype(int)\n", "it says whether there is a pair, not how many"
    ),
    "total": wrong(
        "return count\n", "return np.array(count.sum())\n",
        "the sum over all frames is returned, not one number a step",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E12.4",
    title="Parallel fifths",
    solution=parallels,
    minutes=12,
    difficulty=3,
    importance=3,
    lines=7,
    can_now="test what a model makes against a rule that was never given to it",
    returns={"count": "(T − 1,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"F": 20, "V": 4}, {"F": 12, "V": 3}, {"F": 9, "V": 2}),
    edges={
        "nothing moves": lambda rng: (np.tile([48, 55, 60, 67], (4, 1)),),
        "one voice": lambda rng: (rng.integers(40, 60, size=(5, 1)),),
        "contrary motion, from a fifth to a fifth": lambda rng: (np.array([[48, 55], [43, 62], [48, 55]]),),
        "two frames": lambda rng: (np.array([[48, 55, 64, 72], [50, 57, 65, 74]]),),
    },
)
