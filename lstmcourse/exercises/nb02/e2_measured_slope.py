"""E2.2: the slope of the gradient over the lag, measured."""

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.exercises.nb02.e1_gradient_by_lag import gradient_by_lag


def example(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A network as PyTorch initialises it (uniform ±1/√H, H=64, I=8) after 101 steps of N(0, 1) input: U, hs, dh."""
    rng = np.random.default_rng(seed)
    H, B = 64, 16
    W, U, b = (rng.uniform(-1, 1, size) / np.sqrt(H) for size in ((H, 8), (H, H), (2, H)))
    h, hs = np.zeros((B, H)), []
    for _ in range(101):
        h = np.tanh(rng.normal(size=(B, 8)) @ W.T + h @ U.T + b.sum(axis=0))
        hs.append(h)
    return U, np.array(hs), rng.normal(size=(B, H))


def measured_slope() -> float:
    """The slope of ln(norm of the gradient) over the lag, per step: the mean of the networks example(0) … example(4).

    For each network: (ln norms[100] − ln norms[0]) / 100.
    """
    slopes = []
    for seed in range(5):
        norms = gradient_by_lag(*example(seed))
        slopes.append(np.log(norms[100] / norms[0]) / 100)
    return float(np.mean(slopes))


HINTS = (
    "On a logarithmic axis the norms fall along a line. Take its slope for each of five networks, then the mean.",
    "slope = (ln norms[100] − ln norms[0]) / 100, with the natural logarithm. It is negative: the gradient fades.",
    """
    slopes = []
    for seed in range(5):
        norms = gradient_by_lag(*example(seed))
        slopes.append(...)
    """,
)

SYMPTOMS = {
    "my E2.1 does not pass yet": "Take the package's: from lstmcourse.exercises.nb02 import gradient_by_lag.",
    "I get minus infinity": "Then a norm is 0: check that nothing is in float32, which ends near 1e-45.",
}

WRONG = {
    "spectral radius": wrong(
        "norms = gradient_by_lag(*example(seed))", "U, _, _ = example(seed)",
        "np.log(norms[100] / norms[0]) / 100", "np.log(np.abs(np.linalg.eigvals(U)).max())",
        "the logarithm of U's spectral radius is taken, or tanh's derivative left out: both give the slope near zero "
        "activation, and tanh makes it steeper",
    ),
    "log10": wrong("np.log", "np.log10", "the logarithm to base 10 is used, not the natural one"),
    "sign": wrong("float(np", "-float(np", "the sign is turned: the gradient shrinks with the lag"),
    "factor": wrong("np.mean(slopes)", "np.exp(np.mean(slopes))", "the factor per step is given, not its logarithm"),
    "one network": wrong(
        "range(5)", "range(1)",
        "example(0) alone is measured; networks differ, and the mean of five is wanted",
    ),
    "norms averaged first": wrong(
        "np.log(norms[100] / norms[0]) / 100", "norms[[0, 100]]",
        "np.mean(slopes)", "np.log(np.divide(*np.mean(slopes, axis=0)[::-1])) / 100",
        "the norms of the five are averaged before the logarithm is taken: the one that fades least is then all that "
        "is left of the mean",
    ),
    "no logarithm": wrong(
        "np.log(norms[100] / norms[0])", "(norms[100] - norms[0])",
        "the norms themselves are subtracted: what falls along a line is their logarithms",
    ),
    "log2": wrong("np.log", "np.log2", "the logarithm to base 2 is used, not the natural one"),
    "lag 0 left out": wrong(" / norms[0]", "", "ln norms[0] is left out: dh does not have the norm 1"),
    "half-life": wrong(
        "np.mean(slopes)", "np.log(2) / -np.mean(slopes)",
        "the number of steps after which half is left is given; the slope is the fall of the logarithm per step",
    ),
    "whole fall": wrong(") / 100", ")", "the fall over all 100 steps is given, not that of one step"),
}  # fmt: skip

exercise = Exercise(
    id="E2.2",
    title="The slope, measured",
    solution=measured_slope,
    kind="experiment",
    minutes=12,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="say at which rate the gradient of a freshly initialised network fades, with a number",
    returns={"slope": "a number, per step"},
    rtol=0,
    atol=0.02,
    stub="slope = ...  # the mean over the networks example(0) … example(4)",
    helpers=(example,),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
