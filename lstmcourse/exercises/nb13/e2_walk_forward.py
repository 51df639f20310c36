"""E13.2: which windows of a series may be trained on, fold after fold, and which are forecast."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def walk_forward(n: int, window: int, horizon: int, first: int, every: int) -> tuple[np.ndarray, np.ndarray]:
    """A split of a series' windows by time, for one fold after the other.

    n: the length of the series. Window s = 0, 1, … reads the steps s, …, s + window - 1, and its target is the step
    s + window + horizon - 1. There are S windows: those whose target is in the series.
    Fold k stands at step first + k·every, which is less than n: what comes before that step is known.
    It trains on the windows whose target is known. It tests on those whose target is one of the next `every` steps.
    Returns train (F, S) and test (F, S), bool, for F folds.
    """
    target = np.arange(n - window - horizon + 1) + window + horizon - 1
    now = np.arange(first, n, every)[:, None]
    return target < now, (target >= now) & (target < now + every)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Sizes alone."""
    return n.n, n.w, n.h, n.first, n.every


def _random(n, window, horizon, first, every):
    train, test = walk_forward(n, window, horizon, first, every)
    order = np.random.default_rng(0).permutation(train.shape[1])
    return train[:, order], test[:, order]


HINTS = (
    "Whether a window may be trained on depends on its target alone: it must be known at that time. Compute the\n"
    "target of every window first, and where each fold stands.",
    "target[s] = s + window + horizon − 1;  now[k] = first + k·every.\n"
    "train[k, s] = target[s] < now[k];  test[k, s] = now[k] ≤ target[s] < now[k] + every.\n"
    "A column (F, 1) compared with a row (S,) gives (F, S).",
    """
    target = np.arange(n - window - horizon + 1) + ...
    now = np.arange(first, n, every)[:, None]
    return target < now, ...
    """,
)

SYMPTOMS = {
    "train must have shape (F, S)": "S counts the windows whose target is in the series: n − window − horizon + 1 of "
    "them, since target[s] = s + window + horizon − 1 is at most n − 1.",
    "operands could not be broadcast": "now[:, None] is a column; compared with the row of targets it gives (F, S).",
    "the test windows reach back before the fold": "They may: what a window reads is known. Its target must not be.",
}

TARGET = "target < now, (target >= now)"
COUNT = "np.arange(n - window - horizon + 1)"

WRONG = {
    "by the start": wrong(
        TARGET,
        "target - window - horizon + 1 < now, (target >= now)",
        "a window is trained on when its first step is known; then the targets of training lie in the future",
    ),
    "by the end of the input": wrong(
        TARGET,
        "target - horizon < now, (target >= now)",
        "a window is trained on when all that it reads is known; its target, `horizon` steps later, is not yet",
    ),
    "target itself": wrong(
        TARGET,
        "target <= now, (target >= now)",
        "the first target of the test is trained on: at step now, what comes before it is known",
    ),
    "one too few": wrong(
        TARGET, "target < now - 1, (target >= now)", "the newest known target is left out of training"
    ),
    "no overlap at all": wrong(
        "(target >= now) &",
        "(target - window - horizon + 1 >= now) &",
        "test windows that read known steps are left out; reading the past is no leak",
    ),
    "all of the future": wrong(
        " & (target < now + every)", "", "each fold is tested on all that follows; it is tested on `every` steps"
    ),
    "only the last stretch": wrong(
        "return target < now,",
        "return (target < now) & (target >= now - every),",
        "training takes the last `every` targets alone; all that is known may be used",
    ),
    "one fold": wrong(
        "np.arange(first, n, every)", "np.arange(first, first + 1)", "there is one fold; the split walks on to the end"
    ),
    "whole folds only": wrong(
        "np.arange(first, n, every)",
        "np.arange(first, n - every + 1, every)",
        "the last fold is left out where fewer than `every` steps are left",
    ),
    "no horizon": wrong(
        f"{COUNT} + window + horizon - 1",
        f"{COUNT} + window",
        "the target comes right after its window; it is the step s + window + horizon − 1",
    ),
    "exchanged": wrong(
        "return target < now, (target >= now) & (target < now + every)",
        "return (target >= now) & (target < now + every), target < now",
        "train and test are exchanged",
    ),
    "shuffled": wrong(_random, "the windows are shuffled: window s stands in column s"),
}

exercise = Exercise(
    id="E13.2",
    title="Only what was known",
    solution=walk_forward,
    minutes=12,
    difficulty=3,
    importance=5,
    lines=3,
    can_now="split a series so that no target of training lies in the time that is forecast",
    returns={"train": "(F, S)", "test": "(F, S)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=(
        {"n": 30, "w": 5, "h": 3, "first": 14, "every": 4},
        {"n": 21, "w": 3, "h": 1, "first": 9, "every": 5},
        {"n": 40, "w": 8, "h": 6, "first": 25, "every": 1},
        {"n": 17, "w": 4, "h": 2, "first": 10, "every": 3},
    ),
    edges={
        "one fold": lambda rng: (12, 3, 2, 9, 10),
        "a window of one step": lambda rng: (10, 1, 1, 4, 3),
        "one window to train on": lambda rng: (12, 4, 3, 7, 2),
    },
)
