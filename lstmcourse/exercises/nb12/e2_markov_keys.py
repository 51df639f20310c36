"""E12.2: how often a key sounds after a frame without it and after one with it."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def markov_keys(rolls: list[np.ndarray]) -> np.ndarray:
    """How often each key sounds after a frame without it, and after a frame with it.

    rolls: pieces, each (T, K), True where a key sounds. Before the first frame of every piece comes silence.
    Of the m frames before which the key does not sound (does sound), it sounds in n; the share is (n + 1/2) / (m + 1).
    Returns p (2, K): p[0] after a frame without the key, p[1] after one with it.
    """
    before = np.concatenate([np.vstack([np.zeros_like(roll[:1]), roll[:-1]]) for roll in rolls])
    frames = np.concatenate(rolls)
    n = np.stack([(frames & ~before).sum(axis=0), (frames & before).sum(axis=0)])
    m = np.stack([(~before).sum(axis=0), before.sum(axis=0)])
    return (n + 0.5) / (m + 1)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """B pieces of T or more frames with K keys, some of which sound more often."""
    often = rng.uniform(0.2, 0.8, size=n.K)
    return ([rng.random((int(rng.integers(n.T, n.T + 4)), n.K)) < often for _ in range(n.B)],)


def _across(rolls):
    frames = np.concatenate(rolls)
    return markov_keys([frames])


def _inside(rolls):
    n = [sum((roll[1:] & (roll[:-1] == on)).sum(axis=0) for roll in rolls) for on in (False, True)]
    m = [sum((roll[:-1] == on).sum(axis=0) for roll in rolls) for on in (False, True)]
    return (np.stack(n) + 0.5) / (np.stack(m) + 1)


def _backward(rolls):
    return markov_keys([roll[::-1] for roll in rolls])


def _mean_of_pieces(rolls):
    return np.mean([markov_keys([roll]) for roll in rolls], axis=0)


HINTS = (
    "Make an array of the frames before, piece by piece, as long as the frames themselves; what stands before the\n"
    "first frame? Then count four kinds of (before, now), for all keys at once.",
    "p[a, k] = (n + 1/2) / (m + 1), where m = how often before[:, k] is a, and n = how often it is and the key sounds\n"
    "now. For arrays of True and False, & is and, ~ is not, and .sum(axis=0) counts.",
    """
    before = np.concatenate([np.vstack([np.zeros_like(roll[:1]), roll[:-1]]) for roll in rolls])
    frames = np.concatenate(rolls)
    n = np.stack([(frames & ~before).sum(axis=0), ...])
    """,
)

SYMPTOMS = {
    "a share above 1, or nan": "m counts frames by what comes before them, n those of them in which the key sounds.",
    "off by little": "Each piece has a first frame of its own, with silence before it: the pieces must not be joined "
    "before the shift.",
    "operand type(s) all returned NotImplemented": "& and ~ are for arrays of True and False; keep zeros_like's type.",
}

WRONG = {
    "across pieces": wrong(
        _across, "the last frame of a piece stands before the first of the next; before each first frame is silence"
    ),
    "first frames left out": wrong(
        _inside, "the first frame of each piece is left out; it counts, with silence before it"
    ),
    "backward": wrong(_backward, "you look at the frame that follows and not at the one before"),
    "mean of pieces": wrong(
        _mean_of_pieces, "shares are taken for each piece and averaged; count over all pieces, then divide"
    ),
    "rows exchanged": wrong(
        "return (n + 0.5) / (m + 1)",
        "return ((n + 0.5) / (m + 1))[::-1]",
        "the rows are exchanged: p[0] is after a frame without the key",
    ),
    "of all frames": wrong(
        "(m + 1)",
        "(len(frames) + 1)",
        "n is divided by all frames; m counts only those after a frame without the key (with it)",
    ),
    "unsmoothed above": wrong("(n + 0.5)", "n", "1/2 is missing in the numerator: a key that never came gets 0"),
    "unsmoothed below": wrong("(m + 1)", "m", "1 is missing in the denominator"),
    "half below": wrong("(m + 1)", "(m + 0.5)", "1/2 is added to m; 1 is, a half for each of the two outcomes"),
    "by one": wrong(
        "(n + 0.5) / (m + 1)", "(n + 1) / (m + 2)", "1 and 2 are added, which is smoothing too; asked are 1/2 and 1"
    ),
    "changes": wrong(
        "(frames & before)", "(~frames & before)", "p[1] is how often the key stops; asked is how often it sounds on"
    ),
    "how often at all": wrong(
        "return (n + 0.5) / (m + 1)",
        "return np.tile((frames.sum(axis=0) + 0.5) / (len(frames) + 1), (2, 1))",
        "both rows are how often the key sounds at all; the frame before has no part in it",
    ),
}

exercise = Exercise(
    id="E12.2",
    title="A key after itself",
    solution=markov_keys,
    minutes=8,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="count what a first-order Markov model needs, piece by piece",
    returns={"p": "(2, K)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"T": 6, "B": 4, "K": 5}, {"T": 3, "B": 1, "K": 3}, {"T": 1, "B": 3, "K": 6}),
    edges={
        "a piece of one frame": lambda rng: ([np.array([[True, False, True]]), np.array([[False, False, True]])],),
        "a key that never sounds, and one that always does": lambda rng: ([np.array([[False, True]] * 5)],),
    },
)
