"""E2.1: the gradient at each lag."""

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def gradient_by_lag(U: np.ndarray, hs: np.ndarray, dh: np.ndarray) -> np.ndarray:
    """How much of a gradient is left k steps back, in h[t] = tanh(W x[t] + U h[t-1] + b).

    U (H, H); hs (T, B, H) the states of a forward run; dh (B, H) the gradient of the loss at the
    last state hs[-1], the only one that the loss looks at.
    Returns norms (T,): norms[k] is the Frobenius norm of the gradient at hs[-1 - k], so that
    norms[0] is the norm of dh.
    """
    norms = [np.linalg.norm(dh)]
    for h in hs[:0:-1]:  # the last state, the one before, … the second
        dh = (dh * (1 - h**2)) @ U
        norms.append(np.linalg.norm(dh))
    return np.array(norms)


def measured(size: str) -> tuple[str, ...]:
    """The changes that put another size in the place of both norms."""
    return "[np.linalg.norm(dh)]", f"[{size}]", "append(np.linalg.norm(dh))", f"append({size})"


HINTS = (
    "One step back is one product with the Jacobian of that step. Take the norm, go one step further back, repeat.",
    "dL/dh[t-1] = (dL/dh[t] ∘ (1 − h[t]²)) U, for rows. The factor 1 − h² belongs to the state that you leave,\n"
    "not to the one that you reach.",
    """
    norms = [np.linalg.norm(dh)]
    for h in hs[:0:-1]:
        dh = ...  # through tanh, then through U
    """,
)

SYMPTOMS = {
    "one number too many or too few": "T states have T-1 steps between them, and norms has T entries: that of dh, "
    "then one for each step back. The first state is reached, but not left.",
    "the norms grow where they should shrink": "Look at the order: norms[0] is the norm of dh itself, at lag 0.",
}

WRONG = {
    "U transposed": wrong("@ U", "@ U.T", "the gradient is multiplied with U.T: forward is h_ @ U.T, so back is @ U"),
    "no tanh'": wrong(
        " * (1 - h**2)", "",
        "the derivative of tanh is left out: these are the powers of U alone, as if every state were at 0",
    ),
    "slope of the state before": wrong(
        "hs[:0:-1]", "hs[-2::-1]",
        "1 - h**2 is taken at the state that you reach instead of the one that you leave",
    ),
    "reversed": wrong(
        "np.array(norms)", "np.array(norms[::-1])",
        "the norms stand in the order of time, with lag 0 at the end",
    ),
    "squared": wrong(
        "np.array(norms)", "np.array(norms) ** 2",
        "the square of the norm is returned: the root is missing, and every slope doubles",
    ),
    "tanh twice": wrong(
        "h**2", "np.tanh(h) ** 2",
        "tanh is taken twice: hs holds tanh(a) already, so the derivative is 1 - h**2 and not 1 - np.tanh(h)**2",
    ),
    "U first": wrong(
        "(dh * (1 - h**2)) @ U", "(dh @ U) * (1 - h**2)",
        "dh goes through U first and through tanh afterwards; on the way back tanh, the last to act, comes first",
    ),
    "U first, then the state before": wrong(
        "(dh * (1 - h**2)) @ U", "(dh @ U) * (1 - h**2)", "hs[:0:-1]", "hs[-2::-1]",
        "dh goes through U first, and then through tanh at the state that it reaches. That is the gradient at the "
        "pre-activations a, and not at the states; its first factor is missing",
    ),
    "not carried": wrong(
        "dh = (dh", "left = (dh", "append(np.linalg.norm(dh))", "append(np.linalg.norm(left))",
        "each step back starts from the first dh again; it starts from what the step before left",
    ),
    "forward in time": wrong(
        "hs[:0:-1]", "hs[1:]",
        "the states are walked from the first to the last; the way back begins at hs[-1]",
    ),
    "lag 0 left out": wrong("np.array(norms)", "np.array(norms[1:])", "norms[0], that of dh itself, is left out"),
    "one step too many": wrong(
        "hs[:0:-1]", "hs[::-1]",
        "one step too many is taken: hs[0] is reached and not left (hs[:0:-1] stops in time, hs[::-1] does not)",
    ),
    "relative to lag 0": wrong(
        "np.array(norms)", "np.array(norms) / norms[0]",
        "the norms are divided by the first; the figures of the notebook do that, and the exercise does not",
    ),
    "logarithm": wrong("np.array(norms)", "np.log(norms)", "the logarithms of the norms are returned, not the norms"),
    "each row's norm": wrong(
        *measured("np.linalg.norm(dh, axis=1)"),
        "each row of the batch has a norm of its own; wanted is that of the whole array",
    ),
    "mean over the rows": wrong(
        *measured("np.linalg.norm(dh, axis=1).mean()"),
        "the norms of the rows are averaged; the Frobenius norm is the root of the sum over all entries",
    ),
    "largest singular value": wrong(
        *measured("np.linalg.norm(dh, 2)"),
        "the largest singular value is taken: that is what np.linalg.norm(dh, 2) is for an array with two axes; "
        "without the 2 it is the Frobenius norm",
    ),
    "sum of the entries": wrong(
        *measured("np.abs(dh).sum()"),
        "the magnitudes of the entries are added up; the norm is the root of the sum of their squares",
    ),
    "largest entry": wrong(
        *measured("np.abs(dh).max()"),
        "the largest entry is taken; the norm is the root of the sum of the squares of all",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E2.1",
    title="The gradient at each lag",
    solution=gradient_by_lag,
    minutes=12,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="measure, before any training, how much of an error arrives how far back",
    returns={"norms": "(T,)"},
    case=lambda rng, n: (
        rng.normal(size=(n.H, n.H)) / np.sqrt(n.H),
        np.tanh(rng.normal(size=(n.T, n.B, n.H))),
        rng.normal(size=(n.B, n.H)),
    ),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "a saturated unit passes nothing back": lambda rng: (
            np.eye(2),
            np.tile([1.0, 0.5], (4, 1, 1)),
            np.array([[1.0, 0.0]]),
        ),
        "U = I and states at 0 keep the norm": lambda rng: (np.eye(3), np.zeros((5, 2, 3)), np.ones((2, 3))),
    },
)
