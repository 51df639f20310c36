"""E13.3: a band around forecasts from earlier errors, and how often the truth lies in it."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def band(
    errors: np.ndarray, forecast: np.ndarray, true: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """A band around forecasts, between two quantiles of earlier errors, and its coverage.

    errors (N,): what came, less what had been forecast, at N earlier times. forecast (T,) and true (T,): later ones.
    level: the share of the earlier errors that the band holds, such as 0.8; as many lie below it as above.
    np.quantile gives the quantiles. A number on the edge of the band lies in it.
    Returns low (T,), high (T,) and coverage, the share of `true` that lies in the band.
    """
    low, high = (forecast + np.quantile(errors, q) for q in ((1 - level) / 2, (1 + level) / 2))
    return low, high, np.mean((low <= true) & (true <= high))


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Errors that are lopsided and not centred on 0, and forecasts of another size."""
    errors = rng.gamma(2.0, size=n.N) - 0.8
    forecast = 10 * rng.normal(size=n.T)
    return errors, forecast, forecast + 1.5 * (rng.gamma(2.0, size=n.T) - 0.8), float(rng.choice([0.5, 0.8, 0.9]))


def _normal(errors, forecast, true, level):
    from statistics import NormalDist

    half = NormalDist().inv_cdf((1 + level) / 2) * np.std(errors)
    low, high = forecast - half, forecast + half
    return low, high, np.mean((low <= true) & (true <= high))


def _on_the_old(errors, forecast, true, level):
    low, high, _ = band(errors, forecast, true, level)
    a, b = np.quantile(errors, [(1 - level) / 2, (1 + level) / 2])
    return low, high, np.mean((a <= errors) & (errors <= b))


HINTS = (
    "What is left out is 1 − level, half of it below the band and half above. Which quantiles of the errors are the\n"
    "edges? An error is what came less the forecast, so what may come is the forecast plus an error.",
    "low = forecast + q((1 − level) / 2),  high = forecast + q((1 + level) / 2),  q the quantiles of the errors.\n"
    "coverage = mean of (low ≤ true ≤ high); in NumPy (low <= true) & (true <= high).",
    """
    low, high = (forecast + np.quantile(errors, q) for q in (..., ...))
    return low, high, np.mean(...)
    """,
)

SYMPTOMS = {
    "the truth value of an array": "low <= true <= high does not work for arrays: (low <= true) & (true <= high).",
    "low is above high": "Errors, what came less the forecast, are added, the lower quantile for the lower edge.",
    "the coverage is a count": "np.mean of a bool array is the share of what is true.",
}

QUANTILES = "((1 - level) / 2, (1 + level) / 2)"

WRONG = {
    "level for both": wrong(
        QUANTILES,
        "(1 - level, level)",
        "the quantiles are 1 − level and level: at 0.8 that leaves out 0.2 on each side, and the band holds 0.6",
    ),
    "one side": wrong(QUANTILES, "(0.0, level)", "all that is left out is above the band; half of it is below"),
    "the other side": wrong(QUANTILES, "(1 - level, 1.0)", "all that is left out is below the band; half is above"),
    "half the share": wrong(
        QUANTILES,
        "(0.5 - level / 4, 0.5 + level / 4)",
        "the band holds half of `level`: it reaches level / 2 to each side of the median",
    ),
    "subtracted": wrong(
        "forecast + np.quantile(errors, q)",
        "forecast - np.quantile(errors, 1 - q)",
        "the errors are subtracted; they are what came less the forecast, and are added to it",
    ),
    "sizes": wrong(
        "(forecast + np.quantile(errors, q) for q in ((1 - level) / 2, (1 + level) / 2))",
        "(forecast + side * np.quantile(np.abs(errors), level) for side in (-1, 1))",
        "the band is as wide below as above, by the sizes of the errors; they need not be the same on both sides",
    ),
    "normal": wrong(
        _normal, "the band is made from the standard deviation, as if the errors were normal and centred on 0"
    ),
    "around zero": wrong("forecast + np.quantile", "np.quantile", "the forecast is missing: the band lies around it"),
    "on the earlier": wrong(
        _on_the_old, "the coverage is that of the earlier errors, from which the band was made; it is asked of `true`"
    ),
    "of the forecasts": wrong(
        "np.mean((low <= true) & (true <= high))",
        "np.mean((low <= forecast) & (forecast <= high))",
        "you count how many forecasts lie in the band; asked is how many true values do",
    ),
    "outside": wrong(
        "np.mean((low <= true) & (true <= high))",
        "np.mean((true < low) | (high < true))",
        "the share outside the band is returned; the coverage is the share inside",
    ),
    "above only": wrong(
        "np.mean((low <= true) & (true <= high))",
        "np.mean(true <= high)",
        "what lies below the band is counted as inside",
    ),
    "a count": wrong("np.mean((low", "np.sum((low", "the number inside is returned; the coverage is their share"),
    "without the edge": wrong(
        "(low <= true) & (true <= high)",
        "(low < true) & (true < high)",
        "what lies on the edge is counted as outside",
    ),
}

exercise = Exercise(
    id="E13.3",
    title="A band and its coverage",
    solution=band,
    minutes=10,
    difficulty=2,
    importance=5,
    lines=2,
    can_now="put a band around a forecast, and measure on later data whether it holds what it promises",
    returns={"low": "(T,)", "high": "(T,)", "coverage": "a number"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"N": 40, "T": 12}, {"N": 9, "T": 25}, {"N": 100, "T": 5}, {"N": 20, "T": 1}),
    edges={
        "the truth on the edges": lambda rng: (np.arange(11.0), np.zeros(4), np.array([1.0, 9.0, 0.5, 9.5]), 0.8),
        "one earlier error": lambda rng: (np.array([0.5]), rng.normal(size=3), np.zeros(3), 0.9),
        "all are inside": lambda rng: (np.array([-9.0, 9.0]), np.zeros(5), rng.uniform(-1, 1, size=5), 0.9),
    },
)
