"""E2.2: a start that keeps the gradient, judged by what it keeps."""

import numpy as np

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong
from lstmcourse.exercises.nb02.e1_gradient_by_lag import gradient_by_lag

LOW, HIGH = 0.5, 2.0


def letters_read(U: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The untrained character model with this U (H, H), after 51 random letters: U, hs, dh, as E2.1 takes them.

    W (H, 94) is uniform in ±1/√H, b is 0, and 16 texts are read at once; dh is a random gradient at the last state.
    """
    rng, H, B = np.random.default_rng(seed), len(U), 16
    W = rng.uniform(-1, 1, (H, 94)) / np.sqrt(H)
    h, hs = np.zeros((B, H)), []
    for letters in rng.integers(94, size=(51, B)):
        h = np.tanh(W.T[letters] + h @ U.T)
        hs.append(h)
    return U, np.array(hs), rng.normal(size=(B, H))


def keeping_start(normal: np.ndarray) -> np.ndarray:
    """The recurrent weights before the first update, such that the gradient is kept.

    normal (H, H): random numbers from the normal distribution with mean 0 and standard deviation 1.
    Returns U (H, H), made of them. In the untrained character model of 96 units, 50 letters back, between a half and
    twice the gradient is to be left, whatever the random numbers: see letters_read.
    """
    rotation = np.linalg.qr(normal)[0]
    return 1.07 * rotation


def kept(U: np.ndarray, seed: int) -> float:
    """The part of the gradient that is left 50 letters back."""
    norms = gradient_by_lag(*letters_read(U, seed))
    return float(norms[50] / norms[0])


def judged(trial: Trial) -> str:
    """Half to twice the gradient is left after 50 letters, in a network for each of the random cases."""
    left = [kept(got.result, seed) for seed, got in enumerate(trial.got)]
    said = ", ".join(f"{part:.2g}" for part in left)
    if not all(LOW <= part <= HIGH for part in left):
        raise Failed(f"of the gradient {said} is left after 50 letters, in {len(left)} networks; it should be 0.5 to 2")
    return f"after 50 letters {said} of the gradient is left, in {len(left)} networks"


HINTS = (
    "Measure before you choose: letters_read(U, seed) gives what your gradient_by_lag takes. Try PyTorch's start, a\n"
    "matrix of normal numbers, a rotation, and look at how much the networks of one kind differ.",
    "A rotation Q (np.linalg.qr(normal)[0]) keeps every length, and what tanh takes is nearly the same in every\n"
    "network. So one factor makes up for it: U = gain · Q. Which gain?",
    """
    rotation = np.linalg.qr(normal)[0]
    for gain in (0.9, 1.0, 1.1, 1.2):
        norms = gradient_by_lag(*letters_read(gain * rotation, 0))
        print(gain, norms[50] / norms[0])
    """,
)

SYMPTOMS = {
    "one network keeps it and another does not": "Matrices of independent random numbers differ in their largest "
    "eigenvalue, and 50 steps make much of a small difference. Take a matrix that keeps every length: a rotation.",
    "a rotation loses four fifths": "tanh takes a part at every step. A gain a little above 1 gives it back.",
    "my gradient_by_lag does not pass yet": "Take the course's: from lstmcourse.exercises.nb02 import gradient_by_lag.",
}

WRONG = {
    "rotation": wrong("1.07 * rotation", "rotation",
        "U is a rotation and nothing else: it keeps every length, and the slope of tanh takes a part at every step"),
    "normal": wrong("1.07 * rotation", "normal / np.sqrt(len(normal))",
        "U has normal numbers with standard deviation 1/√H: its spectral radius is near 1, but one network keeps "
        "several times what another keeps"),
    "not scaled": wrong("1.07 * rotation", "normal",
        "the normal numbers are taken as they are: their matrix stretches by about √H, and tanh saturates"),
    "identity": wrong("1.07 * rotation", "np.eye(len(normal))",
        "U is the identity: it keeps every length, and the slope of tanh takes a part at every step"),
    "zero": wrong("1.07 * rotation", "np.zeros_like(normal)", "U is zero, so that nothing comes back at all"),
    "small": wrong("1.07 * rotation", "0.01 * normal",
        "the numbers are small, as for a layer without a past; the gradient is then gone after two steps"),
    "by its radius": wrong("1.07 * rotation", "normal / np.abs(np.linalg.eigvals(normal)).max()",
        "U has spectral radius 1 exactly: that would keep the gradient if all states were 0"),
}  # fmt: skip

CASE = {"H": 96}

exercise = Exercise(
    id="E2.2",
    title="A start that keeps its gradient",
    solution=keeping_start,
    minutes=15,
    difficulty=3,
    importance=4,
    lines=3,
    can_now="choose an initialization by measuring what it keeps, and say why a rotation needs a gain above 1",
    returns={"U": "(H, H)"},
    case=lambda rng, n: (rng.normal(size=(n.H, n.H)),),
    sizes=(CASE, CASE, CASE),
    stages=(*STAGES[:6], ("what is left", judged)),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
