"""E4.3: the forget bias for a half-life."""

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def remember_for(half_life: float, b_ih: np.ndarray, b_hh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two biases of torch's LSTM, with the forget gates set to a half-life.

    b_ih (4H,), b_hh (4H,): rows i, f, g, o; a gate sees the sum of both. The arrays passed in stay as they are.
    half_life: where nothing but the bias speaks, half of c shall be left after that many steps: f**half_life = 1/2.
    Returns b_ih, b_hh: b_hh is zero in the forget gate's rows; every other row of both is what it was.
    """
    H = len(b_ih) // 4
    f = 0.5 ** (1 / half_life)
    b_ih, b_hh = b_ih.copy(), b_hh.copy()
    b_ih[H : 2 * H] = np.log(f / (1 - f))  # the inverse of σ
    b_hh[H : 2 * H] = 0
    return b_ih, b_hh


HINTS = (
    "Two questions: which f leaves a half after so many steps, and which a gives σ(a) = f. Then write it into the\n"
    "forget gate's rows of one of the two biases, and make the other one silent there.",
    "f = (1/2)^(1/n),  a = ln(f / (1 − f)). The rows of f are H … 2H − 1, in both vectors.",
    """
    H = len(b_ih) // 4
    f = 0.5 ** (1 / half_life)
    b_ih, b_hh = b_ih.copy(), b_hh.copy()
    b_ih[H : 2 * H] = ...  # the inverse of σ
    """,
)

SYMPTOMS = {
    "the half-life comes out far too long": "Is the bias in both vectors? The gate sees their sum.",
    "the half-life is off by a random factor": "b_hh starts with random numbers. They are in the sum too: set them "
    "to zero in the forget gate's rows.",
    "the arrays passed in changed": "b_ih[…] = … writes into the caller's array. Copy first.",
    "the cell does not change how long it remembers": "Look at the rows: i comes first, then f.",
}

BIAS, IH, HH = "np.log(f / (1 - f))", "b_ih[H : 2 * H] =", "b_hh[H : 2 * H] = 0"

WRONG = {
    "twice": wrong(
        HH, "b_hh[H : 2 * H] = b_ih[H : 2 * H]",
        "the bias is written into b_ih and into b_hh: the gate sees the sum, and remembers far longer",
    ),
    "b_hh left as it was": wrong(
        HH, "pass", "b_hh keeps its random numbers in the forget gate's rows, and the gate sees the sum"
    ),
    "the input gate's rows": wrong(
        IH, "b_ih[:H] =", HH, "b_hh[:H] = 0",
        "the first block is set; that is the input gate, and the forget gate comes second",
    ),
    "the third block": wrong(
        IH, "b_ih[2 * H : 3 * H] =", HH, "b_hh[2 * H : 3 * H] = 0",
        "the third block is set: there lies the forget gate in ONNX, and here the candidate",
    ),
    "all rows": wrong(
        IH, "b_ih[:] =", HH, "b_hh[:] = 0", "every gate gets the bias, not the forget gate alone"
    ),
    "f instead of a": wrong(
        BIAS, "f", "the gate's value is written where what goes into σ belongs; σ of 0.99 is 0.73"
    ),
    "ln f": wrong(BIAS, "np.log(f)", "ln f is taken as the bias; the inverse of σ is ln(f / (1 - f))"),
    "sign": wrong(BIAS, "-np.log(f / (1 - f))", "the sign is turned: the gate then keeps 1 - f"),
    "time constant": wrong(
        BIAS, "np.log(half_life)",
        "the bias is ln n, which makes n + 1 the time constant 1/(1 - f); the half-life is 0.69 of that",
    ),
    "ends at a half": wrong(
        "0.5 ** (1 / half_life)", "1 - 0.5 / half_life",
        "f is 1 - 1/(2n): that would lose half of c if every step took as much as the first",
    ),
    "shared": wrong(
        BIAS, "0.5 * np.log(f / (1 - f))", HH, "b_hh[H : 2 * H] = b_ih[H : 2 * H]",
        "each of the two vectors gets half of the bias: the cell would do the right thing, but b_hh was to be zero",
    ),
    "in b_hh": wrong(
        "b_ih[H", "b_hh[H", "b_hh[H", "b_ih[H",
        "the bias is in b_hh and b_ih is zero: the cell would do the right thing, but it was to be the other way round",
    ),
    "added": wrong(
        IH, "b_ih[H : 2 * H] +=",
        "the bias is added to the random number that stood in b_ih; it was to take its place",
    ),
    "all of b_hh silent": wrong(
        HH, "b_hh[:] = 0",
        "all of b_hh is zero; only the forget gate's rows of it are to be, and the other gates keep what they had",
    ),
    "the last block": wrong(
        IH, "b_ih[3 * H :] =", HH, "b_hh[3 * H :] = 0",
        "the last block is set; that is the output gate, and the forget gate comes second",
    ),
    "no logarithm": wrong(
        BIAS, "f / (1 - f)",
        "the logarithm is missing: f / (1 - f) are the odds, and the inverse of σ is the logarithm of the odds",
    ),
    "a half to the n": wrong(
        BIAS, "-np.log(2.0**half_life - 1) if half_life < 1000 else -half_life * np.log(2)",
        "f is (1/2)**n, a gate that halves c n times in one step; f**n = 1/2 gives f = (1/2)**(1/n)",
    ),
    "time constant e": wrong(
        "0.5 ** (1 / half_life)", "np.exp(-1 / half_life)",
        "f is exp(-1/n), which leaves 1/e after n steps; here a half is to be left",
    ),
    "chrono": wrong(
        BIAS, "np.log(half_life - 1) if half_life > 1 else -np.inf",
        "the bias is ln(n - 1), the largest that chrono would draw for n steps: with it the time constant "
        "1/(1 - f) is n, and the half-life is shorter",
    ),
    "in place": wrong("b_ih.copy(), b_hh.copy()", "b_ih, b_hh", "the caller's arrays are changed in place"),
}  # fmt: skip

exercise = Exercise(
    id="E4.3",
    title="A forget bias for a half-life",
    solution=remember_for,
    minutes=12,
    difficulty=3,
    importance=5,
    lines=5,
    can_now="set the forget bias of any LSTM to the lag of a task, in the right rows, once and not twice",
    returns={"b_ih": "(4H,)", "b_hh": "(4H,)"},
    rows="ifgo",
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=lambda rng, n: (float(n.half_life), rng.normal(size=4 * n.H), rng.normal(size=4 * n.H)),
    sizes=({"H": 5, "half_life": 20}, {"H": 1, "half_life": 3}, {"H": 3, "half_life": 500}),
    edges={
        "a half-life of one step: the bias is 0": lambda rng: (1.0, rng.normal(size=8), rng.normal(size=8)),
        "a half-life of 10000 steps": lambda rng: (1e4, rng.normal(size=4), rng.normal(size=4)),
    },
)
