"""E2.2: a start that keeps the gradient, judged by what it keeps."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong
from lstmcourse.exercises.nb02.e1_gradient_by_lag import gradient_by_lag

LOW, HIGH = 0.5, 2.0


def letters_read(seed: int = 0, size: float = 1.0) -> Callable[[np.ndarray], float]:
    """What an untrained character model keeps: left(U), the part of a gradient that is left 50 letters back.

    The model reads 51 random letters, 16 texts at once; W (H, 94) is uniform in ±size/√H, b is 0, and the gradient at
    the last state is random. seed: for all of them.
    """

    def left(U: np.ndarray) -> float:
        rng, H, B = np.random.default_rng(seed), len(U), 16
        W = size * rng.uniform(-1, 1, (H, 94)) / np.sqrt(H)
        h, hs = np.zeros((B, H)), []
        for letters in rng.integers(94, size=(51, B)):
            h = np.tanh(W.T[letters] + h @ U.T)
            hs.append(h)
        norms = gradient_by_lag(U, np.array(hs), rng.normal(size=(B, H)))
        return float(norms[50] / norms[0])

    return left


def keeping_start(normal: np.ndarray, left) -> np.ndarray:
    """The recurrent weights before the first update, such that the gradient is kept.

    normal (H, H): random numbers from the normal distribution with mean 0 and standard deviation 1.
    left: left(U) lets an untrained character model with this U read letters, and returns the part of the gradient that
    is left 50 letters back, a number.
    Returns U (H, H), made of normal, for which left(U) is between a half and 2.
    """
    U = np.linalg.qr(normal)[0]
    for _ in range(10):
        U = U * left(U) ** (-1 / 50)
    return U


def judged(trial: Trial) -> str:
    """Half to twice the gradient is left after 50 letters, in networks with inputs of three sizes."""
    left = [got.args[1](got.result) for got in trial.got]
    said = ", ".join(f"{part:.2g}" for part in left)
    *first, last = (str(size["size"]) for size in trial.sizes)
    sizes = f"in networks whose inputs are {', '.join(first)} and {last} times as large"
    if not all(LOW <= part <= HIGH for part in left):
        raise Failed(f"{off(left)}. After 50 letters {said} of it is left, {sizes}; it should be 0.5 to 2 in each")
    return f"after 50 letters {said} of the gradient is left, {sizes}"


def off(left: list[float]) -> str:
    """In what way what is left is wrong, in networks with inputs of three sizes."""
    if max(left) < LOW:
        return "the gradient vanishes: U is too small"
    if min(left) > HIGH:
        return "the gradient explodes: U is too large"
    return "what is left hangs on the network: correct U by what left says of it, in steps that are small enough"


HINTS = (
    "Measure before you choose: left = course.letters_read() is such a function. Try it on a matrix of normal\n"
    "numbers over √H and on a rotation, np.linalg.qr(normal)[0]. Then let your function do what you did.",
    "Each of the 50 steps takes about the same share s, so left(U) is about s to the power 50. A factor of 1/s on U\n"
    "makes up for it: left(U) ** (-1 / 50). With a larger U the states are larger and tanh is flatter, so measure\n"
    "again.",
    """
    U = np.linalg.qr(normal)[0]  # keeps every length
    for _ in range(10):
        U = U * ...
    """,
)

SYMPTOMS = {
    "one network keeps it and another does not": "Their inputs differ in size, and so does the slope of tanh. Call "
    "left inside your function and let the result decide.",
    "a rotation loses four fifths": "tanh takes a part at every step. A gain a little above 1 gives it back.",
    "the gradient explodes after the correction": "left(U) is what 50 steps leave. The factor for one step is its "
    "50th root.",
}

WRONG = {
    "rotation": wrong("range(10)", "range(0)",
        "U is a rotation and nothing else: it keeps every length, and the slope of tanh takes a part at every step"),
    "once": wrong("range(10)", "range(1)",
        "U is corrected once: with a larger U the states are larger too, and tanh is flatter than when you measured"),
    "not the root": wrong("(-1 / 50)", "-1",
        "U is divided by what 50 steps leave; each of the 50 steps gets that factor, and its 50th root is meant"),
    "upside down": wrong("(-1 / 50)", "(1 / 50)",
        "U is multiplied by what is left, so that it shrinks where it should grow"),
    "fixed gain": wrong(lambda normal, left: 1.07 * np.linalg.qr(normal)[0],
        "one gain is taken for all: it fits where the letters come in as they are, and nowhere else"),
    "normal": wrong(lambda normal, left: normal / np.sqrt(len(normal)),
        "U has normal numbers with standard deviation 1/√H: its spectral radius is near 1, and what is left depends on "
        "the numbers drawn and on the inputs"),
    "not scaled": wrong("np.linalg.qr(normal)[0]", "normal", "range(10)", "range(0)",
        "the normal numbers are taken as they are: their matrix stretches by about √H, and tanh saturates"),
    "identity": wrong("np.linalg.qr(normal)[0]", "np.eye(len(normal))", "range(10)", "range(0)",
        "U is the identity: it keeps every length, and the slope of tanh takes a part at every step"),
    "by its radius": wrong(lambda normal, left: normal / np.abs(np.linalg.eigvals(normal)).max(),
        "U has spectral radius 1 exactly: that would keep the gradient if all states were 0"),
}  # fmt: skip


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple[np.ndarray, Callable[[np.ndarray], float]]:
    """Normal numbers, and a model whose inputs are n.size times as large."""
    return rng.normal(size=(n.H, n.H)), letters_read(int(rng.integers(1000)), n.size)


exercise = Exercise(
    id="E2.2",
    title="A start that keeps its gradient",
    solution=keeping_start,
    minutes=15,
    difficulty=3,
    importance=4,
    lines=4,
    can_now="choose an initialization by measuring what it keeps",
    returns={"U": "(H, H)"},
    case=case,
    sizes=({"H": 96, "size": 1}, {"H": 96, "size": 2}, {"H": 96, "size": 3}),
    stages=(*STAGES[:6], ("what is left", judged)),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
