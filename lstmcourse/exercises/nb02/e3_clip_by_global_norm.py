"""E2.3: clipping by global norm."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def clip_by_global_norm(grads: list[np.ndarray], max_norm: float) -> tuple[list[np.ndarray], float]:
    """Scales gradients whose global norm is above max_norm by one common factor, so that it is max_norm.

    The global norm is that of all entries of all arrays taken as one long vector. Gradients whose
    global norm is max_norm or less stay as they are; the arrays passed in are never changed. The factor is exact:
    no small number is added to what it is divided by, as torch.nn.utils.clip_grad_norm_ adds 1e-6.
    If an entry is infinite or NaN, so is the norm, and all clipped gradients are 0: that update changes nothing.
    Returns (clipped, norm): a list like grads, and the global norm before clipping (a number).
    """
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    if not np.isfinite(norm):
        return [np.zeros_like(g) for g in grads], norm
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in grads], norm


HINTS = (
    "One number for all arrays: how long would the vector be that holds every entry of every gradient? Compare it\n"
    "with max_norm once, and scale everything by the same factor.",
    "norm = √(Σ over arrays Σ over entries g²);  factor = max_norm / norm where norm > max_norm, and 1 elsewhere.\n"
    "np.isfinite(norm) tells whether it is a number; 0 · ∞ is NaN, so take zeros in place of a product.",
    """
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    if not np.isfinite(norm):
        return ...
    scale = ...
    """,
)

SYMPTOMS = {
    "NaN or ZeroDivisionError for gradients that are all zero": "Something is divided by 0. Divide only "
    "where norm > max_norm.",
    "the function changes its inputs": "g *= scale writes into the caller's arrays. [g * scale for g in grads] "
    "makes new ones.",
    "small gradients become larger": "The factor must never exceed 1: clipping shortens, it does not normalise.",
}

WRONG = {
    "norm squared": wrong(
        "max_norm / norm if norm > max_norm else 1.0", "min(1.0, max_norm / norm**2) if norm else 1.0",
        "the factor is max_norm / norm²; the length of g · s is norm · s, so s is max_norm / norm",
    ),
    "infinity let in": wrong(
        "if not np.isfinite(norm)", "if False",
        "an infinite gradient is scaled like any other: max_norm / ∞ is 0, and 0 · ∞ is NaN, which spreads to all "
        "weights with the update",
    ),
    "NaN let in": wrong(
        "not np.isfinite(norm)", "np.isinf(norm)",
        "only an infinite norm gives zeros; a NaN goes through, since no comparison with NaN is true",
    ),
    "infinite entries alone": wrong(
        "[np.zeros_like(g) for g in grads]", "[np.nan_to_num(g, nan=0.0, posinf=0.0, neginf=0.0) for g in grads]",
        "only the entries that are not finite become 0; the rest is no direction to trust, and all of it is to be 0",
    ),
    "each array alone": wrong(
        "scale for", "(max_norm / np.linalg.norm(g) if np.linalg.norm(g) > max_norm else 1.0) for",
        "each array is clipped by its own norm: their proportions change, and so does the direction of the update",
    ),
    "each array alone, with the last one's norm": wrong(
        "scale for g in grads], norm",
        "(max_norm / np.linalg.norm(g) if np.linalg.norm(g) > max_norm else 1.0) for g in grads], "
        "np.linalg.norm(grads[-1])",
        "each array is clipped by its own norm, and that of the last is returned; the global norm is one for all",
    ),
    "by value": wrong(
        "g * scale", "np.clip(g, -max_norm, max_norm)",
        "every entry is clipped by value: that turns the direction of the update",
    ),
    "always scaled": wrong(
        " if norm > max_norm else 1.0", "",
        "the gradients are always scaled to max_norm, small ones made larger; clipping only ever shortens",
    ),
    "norm after": wrong(
        "scale for g in grads], norm", "scale for g in grads], norm * scale",
        "the norm after clipping is returned; the one before shows what happened",
    ),
    "in place": wrong(
        "return [g * scale for g in grads], norm", "for g in grads:\n        g *= scale\n    return grads, norm",
        "the caller's arrays are scaled in place",
    ),
    "sum of norms": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))", "sum(np.linalg.norm(g) for g in grads)",
        "the arrays' norms are added up; their squares add, and then comes the root",
    ),
    "no root": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))", "sum(np.sum(g**2) for g in grads)",
        "the root is missing: this is the square of the norm",
    ),
    "no scaling": wrong("[g * scale for g in grads]", "list(grads)", "the norm is computed and nothing is clipped"),
    "inverted": wrong(
        "max_norm / norm", "norm / max_norm",
        "the factor is norm / max_norm, the wrong way up: long gradients become longer",
    ),
    "to length 1": wrong("max_norm / norm", "1 / norm", "long gradients are cut to length 1, and not to max_norm"),
    "max for min": wrong(
        "max_norm / norm if norm > max_norm", "max(1.0, max_norm / norm) if norm",
        "the factor is max(1, max_norm / norm): it lengthens what is short. min is the one that shortens",
    ),
    "largest norm": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))", "max(np.linalg.norm(g) for g in grads)",
        "the largest of the arrays' norms is taken for the global one; the squares of all of them add",
    ),
    "largest entry": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))", "max(np.abs(g).max() for g in grads)",
        "the largest entry is taken for the norm; the norm is the root of the sum of the squares of all entries",
    ),
    "sum of the entries": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))", "sum(np.abs(g).sum() for g in grads)",
        "the magnitudes of the entries are added up; the norm is the root of the sum of their squares",
    ),
    "mean of the norms": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))", "np.mean([np.linalg.norm(g) for g in grads])",
        "the mean of the arrays' norms is taken for the global one; the squares of all of them add",
    ),
    "compared before the root": wrong(
        "if norm >", "if norm**2 >",
        "max_norm is compared with the square of the norm: some gradients that are short enough are lengthened",
    ),
    "root of the mean": wrong(
        "np.sqrt(sum(np.sum(g**2) for g in grads))",
        "np.sqrt(np.mean(np.concatenate([g.ravel() for g in grads]) ** 2))",
        "the mean of the squares is taken where their sum belongs: the threshold then grows with the number of weights",
    ),
    "only the long arrays": wrong(
        "scale for", "(max_norm / norm if np.linalg.norm(g) > max_norm else 1.0) for",
        "only the arrays that are longer than max_norm by themselves are scaled: their proportions change, and so "
        "does the direction of the update",
    ),
    "swapped": wrong(
        "return [g * scale for g in grads], norm", "return norm, [g * scale for g in grads]",
        "the norm and the gradients are returned in the wrong order: (clipped, norm)",
    ),
}  # fmt: skip


def gradients(rng: np.random.Generator, n: SimpleNamespace) -> list[np.ndarray]:
    return [rng.normal(size=shape) for shape in ((n.H, n.I), (n.H, n.H), (n.H,))]


exercise = Exercise(
    id="E2.3",
    title="Clipping by global norm",
    solution=clip_by_global_norm,
    minutes=10,
    difficulty=2,
    importance=5,
    lines=5,
    can_now="clip gradients without turning their direction, and say why the norm before clipping is worth plotting",
    returns={"clipped": "a list like grads", "norm": "a number"},
    case=lambda rng, n: (gradients(rng, n), n.max_norm),
    atol=0.0,
    sizes=({"I": 2, "H": 5, "max_norm": 1}, {"I": 4, "H": 2, "max_norm": 100}, {"I": 3, "H": 1, "max_norm": 2}),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    edges={
        "all gradients are zero": lambda rng: ([np.zeros((2, 3)), np.zeros(2)], 1.0),
        "the norm is max_norm exactly": lambda rng: ([np.array([3.0]), np.array([4.0])], 5.0),
        "the norm is under max_norm, and its square over": lambda rng: ([np.array([2.0]), np.array([[3.0]])], 4.0),
        "gradients that have exploded": lambda rng: ([1e9 * rng.normal(size=(2, 3)), 1e9 * rng.normal(size=2)], 1.0),
        "gradients that have vanished": lambda rng: ([1e-9 * rng.normal(size=(2, 3)), 1e-9 * rng.normal(size=2)], 1.0),
        "gradients and max_norm are tiny": lambda rng: ([1e-9 * rng.normal(size=(2, 3)), np.full(2, 1e-9)], 1e-10),
        "one array only": lambda rng: ([np.array([[30.0, 40.0]])], 5.0),
        "an entry is infinite": lambda rng: ([np.array([np.inf, 1.0]), np.array([[2.0]])], 1.0),
        "an entry is NaN": lambda rng: ([np.array([[np.nan]]), np.array([3.0, 4.0])], 1.0),
    },
)
