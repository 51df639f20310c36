"""E3.3: how large a state becomes, from what is written into it."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def expected_size(written: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """How large the cell state is to be expected, from what is written into it at single steps.

    written (N, H): what each of H units wrote, i * g, at N steps. Take it that a unit goes on writing numbers with the
    mean and the variance of its N, each independent of the others.
    steps (M,): after how many steps from c = 0.
    Returns sizes (M,): the root mean square of c over the H units after so many steps.
    """
    mean, variance = written.mean(axis=0), written.var(axis=0)
    t = steps[:, None]
    return np.sqrt(((t * mean) ** 2 + t * variance).mean(axis=1))


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple[np.ndarray, np.ndarray]:
    """What n.H units wrote at n.N steps, each with a mean of its own, and n.M numbers of steps."""
    written = 0.1 * rng.normal(size=n.H) + 0.5 * rng.normal(size=(n.N, n.H))
    return written, rng.integers(1, 300, size=n.M)


exercise = Exercise(
    id="E3.3",
    title="How large will it be?",
    solution=expected_size,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=3,
    can_now="tell noise that adds up from a drift, and say when the drift is the larger",
    returns={"sizes": "(M,)"},
    case=case,
    sizes=({"N": 50, "H": 5, "M": 4}, {"N": 3, "H": 2, "M": 1}, {"N": 200, "H": 1, "M": 3}),
    edges={
        "a unit that writes the same each time": lambda rng: (np.full((6, 1), 0.5), np.array([1, 10, 100])),
        "two units that drift apart": lambda rng: (np.tile([0.2, -0.2], (4, 1)), np.array([50])),
        "noise without a mean": lambda rng: (np.array([[1.0], [-1.0]]), np.array([4, 9, 16])),
    },
    hints=(
        "c is a sum of what was written. What are the mean and the variance of a sum of t independent numbers, all\n"
        "with one mean and one variance? And the mean square of a number with that mean and that variance?",
        "For a unit: the sum has mean t μ and variance t σ², and the mean square of a number is its mean squared plus\n"
        "its variance. Then the mean over the units, then the root.",
        """
        mean, variance = written.mean(axis=0), written.var(axis=0)
        t = steps[:, None]
        return ...
        """,
    ),
    symptoms={
        "the shapes do not broadcast": "steps is (M,) and the means are (H,): steps[:, None] makes the first (M, 1).",
        "the sizes grow like √t alone": "The means are missing. Noise grows like √t, a mean that is not 0 like t.",
        "the sizes are too large from the first": "Variances add, standard deviations do not: t σ², not t² σ².",
    },
    wrong={
        "no mean": wrong("(t * mean) ** 2 + ", "", "only the variance is used: that is noise, without the drift"),
        "no variance": wrong(" + t * variance", "", "only the mean is used: that is the drift, without the noise"),
        "deviations add": wrong(
            "t * variance", "t**2 * variance", "standard deviations are added; of independent numbers the variances add"
        ),
        "t not squared": wrong(
            "(t * mean) ** 2",
            "t * mean**2",
            "the mean of the sum is t times the mean, and then it is squared: t² and not t",
        ),
        "one mean for all": wrong(
            "written.mean(axis=0)",
            "written.mean()",
            "one mean is taken for all units, so that those that drift up and down cancel",
        ),
        "over the units": wrong(
            "written.mean(axis=0), written.var(axis=0)",
            "written.mean(axis=1), written.var(axis=1)",
            "mean and variance are taken over the units at each step; a unit's own are those over its steps",
        ),
        "no root": wrong("np.sqrt(", "(", "the root is missing: this is the mean square"),
        "root of each": wrong(
            "np.sqrt(((t * mean) ** 2 + t * variance).mean(axis=1))",
            "np.sqrt((t * mean) ** 2 + t * variance).mean(axis=1)",
            "the root is taken for each unit and then the mean; it is the root of the mean of the squares",
        ),
        "sum over the units": wrong(
            "variance).mean(axis=1)",
            "variance).sum(axis=1)",
            "the squares are added over the units; their mean is meant",
        ),
        "divided by N - 1": wrong(
            "written.var(axis=0)",
            "written.var(axis=0, ddof=1)",
            "the variance is divided by N - 1; divide by N, as np.var does",
        ),
        "the deviation for the variance": wrong(
            "written.var(axis=0)", "written.std(axis=0)", "the standard deviation stands where the variance belongs"
        ),
    },
)
