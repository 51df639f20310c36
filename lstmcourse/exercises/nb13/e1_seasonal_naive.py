"""E13.1: the forecast that repeats the last season."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def seasonal_naive(y: np.ndarray, season: int, horizon: int) -> np.ndarray:
    """The next numbers of a series, each as it was in the last season that is known.

    y (n,): the series up to now. season: how many steps a season has, at most n.
    horizon: how many steps are forecast; it may be longer than a season.
    Returns forecast (h,), where h is the horizon; forecast[0] is for the step after the last one of y.
    """
    return y[len(y) - season + np.arange(horizon) % season]


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A series of n numbers with a season and a trend."""
    steps = np.arange(n.n)
    return rng.normal(size=n.n) + 0.3 * steps + 5 * np.sin(2 * np.pi * steps / n.s), n.s, n.h


def _known_only(y, season, horizon):
    return np.array([y[-season + k] if k < season else y[-1] for k in range(horizon)])


def _with_drift(y, season, horizon):
    step = (y[-1] - y[-season - 1]) if len(y) > season else y[-1] - y[0]
    k = np.arange(horizon)
    return y[len(y) - season + k % season] + (k // season + 1) * step


def _mean_season(y, season, horizon):
    k = (len(y) + np.arange(horizon)) % season
    return np.array([y[place::season].mean() for place in k])


HINTS = (
    "Which number of y is one season before the first step that is forecast? And where does the second season of a\n"
    "long forecast get its numbers from?",
    "forecast[k] = y[n − season + (k mod season)], for k = 0 … horizon − 1.\n"
    "np.arange(horizon) % season counts 0, 1, …, season − 1, 0, 1, …",
    """
    k = np.arange(horizon)
    return y[len(y) - season + ...]
    """,
)

SYMPTOMS = {
    "out of bounds": "Beyond a season there is nothing in y yet: begin with the last season again, k % season.",
    "must have shape (h,), got (season,)": "The horizon may be longer than a season: repeat it, by k % season.",
    "everything is one step early": "y[-season] belongs to the first forecast: n − season, counted from 0.",
}

INDEX = "len(y) - season + np.arange(horizon) % season"

WRONG = {
    "one step late": wrong(
        INDEX,
        "len(y) - season + (np.arange(horizon) + 1) % season",
        "everything is one step off: forecast[0] is y[n − season], a season before the step after the last",
    ),
    "one step early": wrong(
        INDEX,
        "len(y) - 1 - season + np.arange(horizon) % season",
        "forecast[0] is y[n − 1 − season], a season before the last known step; it is for the step after it",
    ),
    "first season": wrong(
        INDEX, "np.arange(horizon) % season", "the first season of y is repeated; the last one is nearest"
    ),
    "last value": wrong(
        f"y[{INDEX}]", "np.full(horizon, y[-1])", "the last value is repeated; asked is the last season"
    ),
    "last value after a season": wrong(
        _known_only, "after one season the last value is repeated; the season goes on being repeated"
    ),
    "first value of the season": wrong(
        "np.arange(horizon) % season", "0 * np.arange(horizon)", "one number is repeated; there is one for each step"
    ),
    "turned round": wrong(
        INDEX,
        "len(y) - 1 - np.arange(horizon) % season",
        "the season is read backward, from the last step to the first",
    ),
    "with a drift": wrong(
        _with_drift, "the rise over a season is added; the seasonal-naive forecast repeats the numbers as they are"
    ),
    "mean season": wrong(
        _mean_season, "the mean over all seasons is taken for each step; asked is the last season alone"
    ),
    "whole series": wrong(
        INDEX, "np.arange(horizon) % len(y)", "the series is repeated from its beginning; the season is what repeats"
    ),
}

exercise = Exercise(
    id="E13.1",
    title="The same as last season",
    solution=seasonal_naive,
    minutes=6,
    difficulty=1,
    importance=5,
    lines=1,
    can_now="make the baseline that every forecast of a seasonal series has to beat",
    returns={"forecast": "(h,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=(
        {"n": 30, "s": 4, "h": 3},
        {"n": 11, "s": 5, "h": 13},
        {"n": 26, "s": 12, "h": 12},
        {"n": 6, "s": 6, "h": 7},
    ),
    edges={
        "a season of one step": lambda rng: (rng.normal(size=5), 1, 3),
        "the series is one season": lambda rng: (rng.normal(size=4), 4, 9),
        "one step ahead": lambda rng: (rng.normal(size=9), 3, 1),
    },
)
