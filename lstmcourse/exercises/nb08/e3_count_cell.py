"""E8.3: how many parameters a cell has, and how many multiplications its step takes."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong

Shapes = dict[str, tuple[int, ...]]


def count_cell(shapes: dict[str, tuple[int, ...]], gates: int) -> tuple[int, int]:
    """Parameters of a cell, and multiplications of one step for one sequence.

    shapes: of its parameters, by name: {"W": (4H, I), "U": (4H, H), "b": (4H,), "p_i": (H,) …}. Matrices multiply
    vectors, a peephole multiplies c unit by unit; a parameter whose name begins with b is added.
    gates: how many gates multiply something, unit by unit (in the LSTM three: f, i and o).
    Functions such as tanh are not counted. Returns two whole numbers.
    """
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    weights = sum(size for name, size in sizes.items() if not name.startswith("b"))
    return sum(sizes.values()), weights + gates * shapes["U"][1]


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """The shapes of a cell with n.G blocks of rows, and peepholes into n.P gates."""
    shapes: Shapes = {"W": (n.G * n.H, n.I), "U": (n.G * n.H, n.H), "b": (n.G * n.H,)}
    return shapes | {f"p_{k}": (n.H,) for k in "ifo"[: n.P]}, n.gates


HINTS = (
    "A parameter is counted once. Which of them multiply something, and how often in one step?",
    "Every number of W, U and of a peephole is one multiplication; a bias is none. Then each gate multiplies\n"
    "H numbers, and H is the number of columns of U.",
    """
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    parameters = sum(...)
    """,
)

SYMPTOMS = {
    "the parameters are right, the multiplications are not": "Are the biases left out, and the gates' own products in?",
    "the numbers are not whole": "np.prod of an empty shape is 1.0; take int(np.prod(shape)).",
}

WRONG = {
    "inputs for units": wrong(
        'shapes["U"][1]', 'shapes["W"][1]',
        "H is taken from the columns of W, which are the inputs; the columns of U are H",
    ),
    "biases multiply": wrong(
        ' if not name.startswith("b")', "", "the biases are counted as multiplications; they are added"
    ),
    "no gates": wrong(
        ' + gates * shapes["U"][1]', "", "the gates' own products are left out: each multiplies H numbers"
    ),
    "gates once": wrong(
        'gates * shapes["U"][1]', "gates", "a gate is counted as one multiplication; it multiplies all H units"
    ),
    "three gates": wrong(
        'gates * shapes["U"][1]', '3 * shapes["U"][1]',
        "three gates are counted for every cell; their number is given",
    ),
    "rows for units": wrong(
        'shapes["U"][1]', 'shapes["U"][0]',
        "H is taken from the rows of U, which are those of all gates together; its columns are H",
    ),
    "matrices alone": wrong(
        'if not name.startswith("b")', 'if name in ("W", "U")',
        "the peepholes are left out of the multiplications; each multiplies H numbers",
    ),
    "no biases": wrong(
        "return sum(sizes.values())", "return weights", "the biases are not counted as parameters; they are trained too"
    ),
    "exchanged": wrong(
        'return sum(sizes.values()), weights + gates * shapes["U"][1]',
        'return weights + gates * shapes["U"][1], sum(sizes.values())',
        "the two numbers are exchanged: the parameters come first",
    ),
    "additions too": wrong(
        "weights + gates", "2 * weights + gates",
        "additions are counted as well; asked are multiplications",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E8.3",
    title="What a variant costs",
    solution=count_cell,
    minutes=8,
    difficulty=2,
    importance=3,
    lines=4,
    can_now="say what a variant saves in weights and in arithmetic, before anybody runs it",
    returns={"parameters": "a whole number", "multiplications": "a whole number"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=(
        {"G": 4, "I": 2, "H": 5, "P": 3, "gates": 3},
        {"G": 3, "I": 4, "H": 2, "P": 0, "gates": 2},
        {"G": 1, "I": 3, "H": 4, "P": 0, "gates": 0},
    ),
    edges={
        "the GRU, with its second bias": lambda rng: ({"W": (12, 3), "U": (12, 4), "b": (12,), "b_hn": (4,)}, 3),
        "a further matrix": lambda rng: ({"W": (8, 3), "U": (8, 2), "b": (8,), "R": (6, 6)}, 3),
    },
)
