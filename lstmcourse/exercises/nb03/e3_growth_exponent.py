"""E3.3: with which power of the number of steps a state grows."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def growth_exponent(size: np.ndarray) -> float:
    """The exponent k of the power law a * t**k that fits a growing size best.

    size (N,): positive; size[0] was measured after step 1, size[N - 1] after step N.
    On two logarithmic axes a power law is a straight line with slope k. Returns the slope of the least-squares line
    through the N points (ln t, ln size), one number.
    """
    x, y = np.log(np.arange(1, len(size) + 1)), np.log(size)
    x = x - x.mean()
    return (x * (y - y.mean())).sum() / (x * x).sum()


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple[np.ndarray]:
    """A power law of N steps with an exponent between 0.3 and 1.6, and noise on it: (N,)."""
    t = np.arange(1, n.N + 1)
    return (np.exp(rng.normal()) * t ** rng.uniform(0.3, 1.6) * np.exp(0.2 * rng.normal(size=n.N)),)


exercise = Exercise(
    id="E3.3",
    title="With which power does it grow?",
    solution=growth_exponent,
    minutes=12,
    difficulty=2,
    importance=4,
    lines=3,
    can_now="tell noise that adds up from a drift, by one number",
    returns={"k": "one number"},
    case=case,
    sizes=({"N": 50}, {"N": 3}, {"N": 400}),
    edges={
        "a straight line, 3 t": lambda rng: (3.0 * np.arange(1, 21),),
        "the square root, √t / 5": lambda rng: (np.sqrt(np.arange(1, 31)) / 5,),
        "a size that stays": lambda rng: (np.full(12, 7.0),),
        "two steps": lambda rng: (np.array([2.0, 16.0]),),
    },
    hints=(
        "Take the logarithm of both: of the steps, which count from 1, and of the sizes. Then it is the slope of a\n"
        "straight line.",
        "With x = ln t and y = ln size, and their means x̄ and ȳ: k = Σ (x − x̄)(y − ȳ) / Σ (x − x̄)².",
        """
        x, y = np.log(np.arange(1, len(size) + 1)), np.log(size)
        x = x - x.mean()
        return ...
        """,
    ),
    symptoms={
        "nan or inf": "ln 0 is minus infinity: the first size belongs to step 1, not to step 0.",
        "k is near 0 for a long series": "Is the logarithm of t taken too? Against t itself the slope is tiny.",
        "right for few sizes, wrong for noisy ones": "All N points count, not the first and the last alone.",
        "two numbers come out": "np.polyfit(x, y, 1) returns the slope and the height of the line: take the first.",
    },
    wrong={
        "t not logged": wrong(
            "np.log(np.arange(1, len(size) + 1))",
            "np.arange(1.0, len(size) + 1)",
            "ln size is taken against t, not against ln t: that is the rate of an exponential",
        ),
        "size not logged": wrong(
            "np.log(size)", "size", "the size itself is taken, not its logarithm: the slope then has the size's unit"
        ),
        "two kinds of logarithm": wrong(
            "np.log(size)", "np.log10(size)", "log10 of the size is set against ln of t; both must have one base"
        ),
        "steps from 2": wrong(
            "np.arange(1, len(size) + 1)", "np.arange(2, len(size) + 2)", "the steps count from 2; size[0] is step 1"
        ),
        "through the origin": wrong(
            "x = x - x.mean()",
            "pass",
            "(y - y.mean())",
            "y",
            "the line is forced through the origin, as if the size were 1 after one step",
        ),
        "turned": wrong(
            "(x * x).sum()",
            "((y - y.mean()) ** 2).sum()",
            "the line is fitted the other way round, ln t against ln size",
        ),
        "first and last": wrong(
            "(x * (y - y.mean())).sum() / (x * x).sum()",
            "(y[-1] - y[0]) / (x[-1] - x[0])",
            "the slope is that from the first point to the last; the others have no say",
        ),
        "of the square": wrong(
            "return (x", "return 2 * (x", "k is twice as large: that is the exponent of the size squared"
        ),
        "the factor": wrong(
            "return (x",
            "return np.exp(y.mean()) * (x",
            "the slope is multiplied by the mean size: k does not change when all sizes are doubled",
        ),
    },
)
