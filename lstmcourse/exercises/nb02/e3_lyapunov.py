"""E2.3: the mean growth per step of a gradient on its way back, however long the run."""

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def lyapunov(U: np.ndarray, hs: np.ndarray, v: np.ndarray) -> float:
    """The mean growth per step, in natural logarithm, of a gradient v on its way back through hs.

    U (H, H); hs (T, H) the states of one run of h[t] = tanh(W x[t] + U h[t-1] + b); v (H,) the
    gradient at hs[-1]. All T steps are taken back, the one that leaves hs[0] among them. The run
    may be so long that the product of the Jacobians is smaller, or larger, than any float.
    Returns (ln |v at the far end| - ln |v|) / T: for large T, an estimate of the top Lyapunov
    exponent.
    """
    growth, v = 0.0, v / np.linalg.norm(v)
    for h in hs[::-1]:
        v = (v * (1 - h**2)) @ U
        length = np.linalg.norm(v)
        growth += np.log(length)
        v = v / length
    return growth / len(hs)


HINTS = (
    "The product itself is too small or too large to be stored, and its logarithm is not. Keep v at length 1 and\n"
    "write down what you took away.",
    "ln ‖J₁ … J_T v‖ = Σ ln ‖J v̂‖, where v̂ has length 1 at each step. Divide by T at the end.",
    """
    growth, v = 0.0, v / np.linalg.norm(v)
    for h in hs[::-1]:
        v = (v * (1 - h**2)) @ U
        length = np.linalg.norm(v)
    """,
)

SYMPTOMS = {
    "minus infinity, or NaN": "The product has underflowed to 0 (or overflowed). Divide v by its length at every "
    "step, and add up the logarithms of the lengths.",
    "right for short runs, wrong by a little": "v has to have length 1 before the first step as well, and the last "
    "step counts too.",
}

WRONG = {
    "not renormalised": wrong(
        "growth += np.log(length)\n        v = v / length", "growth = np.log(length)",
        "v is not brought back to length 1: right for short runs, and in a long one the product leaves the range of a "
        "float",
    ),
    "U transposed": wrong("@ U", "@ U.T", "v goes back through U.T: for rows the way back is @ U"),
    "no tanh'": wrong(" * (1 - h**2)", "", "the derivative of tanh is left out"),
    "sum": wrong("growth / len(hs)", "growth", "the growth of the whole run is returned, not that of one step"),
    "log2": wrong("np.log(length)", "np.log2(length)", "the logarithm to base 2 is taken, not the natural one"),
    "log10": wrong("np.log(length)", "np.log10(length)", "the logarithm to base 10 is taken, not the natural one"),
    "spectral radius": wrong(
        "growth / len(hs)", "np.log(np.abs(np.linalg.eigvals(U)).max())",
        "the logarithm of U's spectral radius is returned; it knows nothing of the states",
    ),
    "start not of length 1": wrong(
        "v / np.linalg.norm(v)", "v",
        "v is not brought to length 1 before the first step: its own length counts as growth",
    ),
    "last step left out": wrong(
        "hs[::-1]", "hs[:0:-1]",
        "the step that leaves hs[0] is not taken: hs[::-1] takes all T, hs[:0:-1], as in E2.1, one fewer",
    ),
    "renormalised for the sum only": wrong(
        "\n        v = v / length", "",
        "the lengths are added up at every step, but v is not divided by its length, so that all former steps count "
        "again in each",
    ),
    "forward in time": wrong(
        "hs[::-1]", "hs",
        "the states are walked from the first to the last; the way back begins at hs[-1]",
    ),
    "a push forward": wrong(
        "hs[::-1]", "hs", "(v * (1 - h**2)) @ U", "(v @ U.T) * (1 - h**2)",
        "v is a push on its way forward, through U.T. In a long run that gives the same number, in a short one "
        "another; a gradient on its way back is asked for",
    ),
    "U first": wrong(
        "(v * (1 - h**2)) @ U", "(v @ U) * (1 - h**2)",
        "v goes through U first and through tanh afterwards; on the way back tanh comes first",
    ),
    "squared length": wrong(
        "np.log(length)", "np.log(length**2)",
        "the logarithm is taken of the squared length: the root is missing, and the rate doubles",
    ),
    "without its sign": wrong(
        "growth / len(hs)", "abs(growth) / len(hs)",
        "the magnitude is returned; the sign says whether the gradient fades (negative) or grows",
    ),
    "factor": wrong(
        "growth / len(hs)", "np.exp(growth / len(hs))",
        "the mean factor per step is returned, not its logarithm",
    ),
    "logarithm of the mean": wrong(
        "np.log(length)", "length", "growth / len(hs)", "np.log(growth / len(hs))",
        "the lengths are averaged before the logarithm is taken; factors multiply, so it is their logarithms that are "
        "averaged",
    ),
    "eigenvalue of each Jacobian": wrong(
        "np.log(length)", "np.log(np.abs(np.linalg.eigvals((1 - h**2)[:, None] * U)).max())",
        "the largest eigenvalue is taken of each Jacobian by itself; that of a product is not the product of those",
    ),
    "singular value of each Jacobian": wrong(
        "np.log(length)", "np.log(np.linalg.norm((1 - h**2)[:, None] * U, 2))",
        "the largest singular value is taken of each Jacobian by itself: a bound, reached only by a vector that lies "
        "right at every step",
    ),
}  # fmt: skip


def long_run(rng: np.random.Generator, gain: float, span: float) -> tuple:
    """2000 steps of four units: U is orthogonal but for its gain, the states are within ±span."""
    U = gain * np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return U, rng.uniform(-span, span, size=(2000, 4)), rng.normal(size=4)


exercise = Exercise(
    id="E2.3",
    title="What predicts the slope",
    solution=lyapunov,
    minutes=15,
    difficulty=3,
    importance=3,
    lines=7,
    can_now="compute a product of thousands of Jacobians that no float could hold, and read off its rate",
    returns={"exponent": "a number"},
    case=lambda rng, n: (
        rng.normal(size=(n.H, n.H)) / np.sqrt(n.H),
        np.tanh(rng.normal(size=(n.T, n.H))),
        rng.normal(size=n.H),
    ),
    sizes=({"T": 6, "H": 5}, {"T": 9, "H": 2}, {"T": 1, "H": 3}),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "2000 steps that vanish": lambda rng: long_run(rng, 0.5, 0.9),
        "2000 steps that explode": lambda rng: long_run(rng, 3.0, 0.3),
        "states at 0 and U = 2 I double at each step": lambda rng: (2 * np.eye(3), np.zeros((8, 3)), np.ones(3)),
    },
)
