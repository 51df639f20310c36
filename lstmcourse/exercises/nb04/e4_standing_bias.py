"""E4.4: the forget bias at which the gradient stands still, measured."""

from functools import cache

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.reference import LSTM, init, unroll, zeros_like


def example(bias: float, seed: int) -> np.ndarray:
    """Norms of the gradient at c, 0, 1, … 150 steps back, in an untrained LSTM with this forget bias: (151,).

    The LSTM (I = 8, H = 32, every other weight uniform in ±1/√H) has read 151 steps of N(0, 1) noise; the loss is a
    random weighted sum of its last h.
    """
    rng = np.random.default_rng(seed)
    p = init(LSTM, 8, 32, rng)
    p.b[32:64] = bias
    (hs, _), caches = unroll(LSTM, p, rng.normal(size=(151, 2, 8)))
    d, dh, norms = zeros_like(p), rng.normal(size=hs[-1].shape), []
    dc = np.zeros_like(dh)
    for kept in reversed(caches):
        norms.append(np.linalg.norm(dc + dh * kept["o"] * (1 - np.tanh(kept["c"]) ** 2)))
        _, (dh, dc) = LSTM.backward(p, d, kept, dh, dc)
    return np.array(norms)


def standing_bias() -> float:
    """The forget bias at which the gradient neither fades nor grows between 50 and 150 steps back.

    The slope of a network is (ln norms[150] − ln norms[50]) / 100; the one that counts is the mean over example(b, 0)
    … example(b, 4). An answer within 0.3 is near enough.
    """
    low, high = 0.0, 6.0
    while high - low > 0.1:
        b = (low + high) / 2
        slope = np.mean([np.log(norms[150] / norms[50]) / 100 for norms in (example(b, seed) for seed in range(5))])
        low, high = (b, high) if slope < 0 else (low, b)
    return (low + high) / 2


_standing = cache(standing_bias)


HINTS = (
    "For a small bias the slope is negative, for a large one it is positive. Somewhere between, it crosses zero:\n"
    "try a few values, and close in.",
    "slope(b) = mean over five networks of (ln norms[150] − ln norms[50]) / 100. Halve the interval in which the\n"
    "sign changes.",
    """
    def slope(b):
        return np.mean([np.log(norms[150] / norms[50]) / 100 for norms in (example(b, s) for s in range(5))])
    for b in (0, 1, 2, 3, 4, 5, 6): print(b, slope(b))
    """,
)

SYMPTOMS = {
    "every slope is negative": "Go on to larger biases, up to 6.",
    "the slope jumps from one network to the next": "Take the mean over all five, and the lags 50 and 150: near "
    "lag 0 the gradient is still turning.",
    "it ought to be infinity": "Along c alone it would be. This is the whole gradient, with the detours through h.",
}

WRONG = {
    "along c alone": wrong(
        lambda: 40.0,
        "only the product of forget gates is looked at: along c alone the gradient stands still where f is 1",
    ),
    "half-life of 150": wrong(
        lambda: float(np.log(150 / np.log(2))),
        "the bias is the one with a half-life of 150 steps: that is a statement about c, and the gradient already "
        "grows there",
    ),
    "half-life of 100": wrong(
        lambda: float(-np.log(2 ** (1 / 100) - 1)),
        "the bias is near 5, with a half-life of a hundred steps: that is a statement about c, and the gradient "
        "already grows there",
    ),
    "the usual 1": wrong(lambda: 1.0, "the bias is 1, as is commonly recommended: the gradient fades there"),
    "zero": wrong(lambda: 0.0, "the bias is 0: every gate starts near a half, and the gradient fades fastest"),
    "sign": wrong(lambda: -_standing(), "the sign is turned"),
}

exercise = Exercise(
    id="E4.4",
    title="Where does the gradient stand still?",
    solution=standing_bias,
    kind="experiment",
    minutes=14,
    difficulty=3,
    importance=4,
    lines=6,
    can_now="find, for a given network, the forget bias between fading and growing, and say why it is not infinity",
    returns={"bias": "a forget bias"},
    rtol=0,
    atol=0.35,
    stub="bias = ...  # the forget bias at which the mean slope of example(bias, 0) … example(bias, 4) is zero",
    helpers=(example,),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
