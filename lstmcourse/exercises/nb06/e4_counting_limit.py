"""E6.4: how far one coupled unit counts, by the size of its step: a limit in closed form."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def counting_limit(step: float) -> float:
    """The number below which n must stay for one coupled unit, its gate held at f = 1 - step, to count to n.

    From c = 0 it reads n a's, with the candidate g = 1, and then b's, with g = -1. It counts to n if c is above 0 after
    n - 1 b's, so that the n-th b is the first to bring it to 0 or below. step: above 0, at most 1/2.
    Returns the limit, in general no whole number: where it is 10.5, the unit counts to 10 and not to 11.
    """
    root = step**0.5
    return np.log(1 - root) / np.log(1 - step)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """(step,), with a limit of about n."""
    return (float(rng.uniform(0.8, 1.2)) / n.n**2,)


HINTS = (
    "On paper: c after n a's, then c after n − 1 b's more. When is that above 0? Solve for fⁿ, and take logarithms.",
    "After n a's c = 1 − fⁿ. A b takes c + 1 to f (c + 1), so after n − 1 b's c + 1 = fⁿ⁻¹ (2 − fⁿ). With y = fⁿ the\n"
    "condition is y (2 − y) > f, and y (2 − y) = 1 − (1 − y)².",
    """
    # (1 - f**n)**2 must be below 1 - f, the step
    root = ...
    return np.log(...) / np.log(1 - step)
    """,
)

SYMPTOMS = {
    "nearly right for small steps only": "Then terms are left out. Both logarithms can be taken as they are.",
    "the limit is negative": "ln of a number below 1 is negative: a quotient of two of them is positive.",
    "the limit is 1 for every step": "c after the a's is to be compared with the root of the step, not with the step.",
}

WRONG = {
    "the rule for small steps": wrong(
        lambda step: step**-0.5, "the limit is 1/√step: it comes near to that for small steps, and is half a letter off"
    ),
    "the rule and a half": wrong(
        lambda step: step**-0.5 + 0.5, "the limit is 1/√step + ½: terms are left out; solve the condition as it stands"
    ),
    "the time constant": wrong(
        lambda step: 1 / step, "the limit is 1/step, the time constant; by then the way back is far shorter than n"
    ),
    "the half-life": wrong(
        lambda step: np.log(0.5) / np.log(1 - step),
        "the limit is the half-life of f: c is at ½ then, and the way back is far shorter than n",
    ),
    "no root": wrong(
        "step**0.5", "step", "c after the a's is held against the step itself; its square must be below the step"
    ),
    "one b too few": wrong(
        "step**0.5", "(1 - (1 - step) ** 2) ** 0.5", "c is asked to be above 0 after n - 2 b's; it is n - 1 of them"
    ),
    "the step for f": wrong("1 - step", "step", "f is taken to be the step; it is 1 - step"),
    "f under the root": wrong(
        "step**0.5", "(1 - step) ** 0.5", "the root is that of f; the square of c must be below 1 - f, the step"
    ),
    "turned": wrong(
        lambda step: np.log(1 - step) / np.log(1 - step**0.5), "the two logarithms stand in each other's place"
    ),
    "a whole number": wrong(
        lambda step: np.floor(np.log(1 - step**0.5) / np.log(1 - step)),
        "the limit is rounded down: that is how far the unit counts; asked is the limit itself",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E6.4",
    title="How far a step counts",
    solution=counting_limit,
    minutes=12,
    difficulty=4,
    importance=4,
    lines=2,
    can_now="say how small the steps of an average have to be for it to count, and why that is no good way to count",
    returns={"limit": "a number"},
    case=case,
    sizes=({"n": 10}, {"n": 3}, {"n": 100}),
    edges={"f is at one half": lambda rng: (0.5,)},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
