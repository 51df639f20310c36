"""E13.4: images as sequences, a point a step, in any order."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def point_by_point(images: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Images as sequences of single points, time first.

    images (B, R, C): B images of R rows and C columns. order (T,), where T = R·C: the numbers of the points in the
    order in which they are read. Points are numbered row by row: 0 … C - 1 are the first row.
    Returns x (T, B, 1), where x[t, k, 0] is the point with the number order[t] of image k.
    """
    return images.reshape(len(images), -1)[:, order].T[:, :, None]


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Images of R by C points and an order of all of them."""
    return rng.normal(size=(n.B, n.R, n.C)), rng.permutation(n.R * n.C)


HINTS = (
    "Flatten each image by itself first, so that the batch stays the first axis. Then choose the columns in the\n"
    "order, and only then turn the axes round.",
    "flat = images.reshape(B, R·C);  flat[:, order] is (B, T);  its transpose is (T, B);  [:, :, None] adds the 1.",
    """
    flat = images.reshape(len(images), -1)
    return flat[...].T[:, :, None]
    """,
)

SYMPTOMS = {
    "x must have shape (T, B, 1), got (B, T, 1)": "Time is the first axis in this course: transpose.",
    "x must have shape (T, B, 1), got (T, B)": "A layer wants an input axis: one number a step, [:, :, None].",
    "right in shape, wrong in values": "reshape(T, B, 1) of (B, R, C) mixes the images: it keeps the order in memory. "
    "Reshape to (B, T), then transpose.",
}

SOLUTION = "images.reshape(len(images), -1)[:, order].T[:, :, None]"

WRONG = {
    "batch first": wrong(".T[:, :, None]", "[:, :, None]", "x is (B, T, 1): an image is a row and not a column"),
    "images mixed": wrong(
        SOLUTION,
        "images.reshape(-1, len(images), 1)[order]",
        "reshape alone is used to bring time to the front, which mixes the points of different images",
    ),
    "put instead of taken": wrong(
        "[:, order]",
        "[:, np.argsort(order)]",
        "point t goes to the place order[t]; at time t the point with the number order[t] is read",
    ),
    "column by column": wrong(
        "images.reshape(len(images), -1)",
        "images.transpose(0, 2, 1).reshape(len(images), -1)",
        "the points are numbered column by column; they are numbered row by row",
    ),
    "in their own order": wrong("[:, order]", "", "the order is not used: the points are read row by row"),
    "backward": wrong("[:, order]", "[:, order[::-1]]", "the order is read from its end"),
    "images in the order": wrong(
        SOLUTION,
        "images.reshape(len(images), -1)[np.argsort(np.resize(order, len(images)))].T[:, :, None]",
        "the images are put into an order and not their points",
    ),
    "no input axis": wrong("[:, :, None]", "", "x is (T, B); a layer wants (T, B, 1)"),
    "scaled": wrong(SOLUTION, f"{SOLUTION} / 16", "the points are divided by 16; they are to stay as they are"),
}

exercise = Exercise(
    id="E13.4",
    title="Point by point",
    solution=point_by_point,
    minutes=6,
    difficulty=2,
    importance=4,
    lines=1,
    can_now="make a long sequence of anything that lies on a grid, in any order of its points",
    returns={"x": "(T, B, 1)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"B": 4, "R": 3, "C": 5}, {"B": 1, "R": 2, "C": 3}, {"B": 6, "R": 4, "C": 2}, {"B": 3, "R": 1, "C": 4}),
    edges={
        "in their own order": lambda rng: (rng.normal(size=(2, 3, 2)), np.arange(6)),
        "one point": lambda rng: (rng.normal(size=(3, 1, 1)), np.zeros(1, int)),
    },
)
