"""E1.5: from logits to a letter."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def sample(logits: np.ndarray, temperature: float, u: np.ndarray) -> np.ndarray:
    """One letter for each row, drawn with the probabilities softmax(logits / temperature).

    logits (B, V), of any size; temperature > 0.
    u (B,): a random number from 0 to 1 for each row. The probabilities of a row, laid end to end in their order, fill
    the line from 0 to 1; the letter is the one on whose piece u lies. A letter of probability 0 has no piece.
    Returns the letters' numbers (B,).
    """
    z = logits / temperature
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    ends = p.cumsum(axis=1)  # where each letter's piece ends
    return (ends <= u[:, None]).sum(axis=1)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """logits (B, V), a temperature that is not 1, u (B,)."""
    return 2 * rng.normal(size=(n.B, n.V)), rng.choice([0.5, 0.7, 1.6]), rng.random(n.B)


exercise = Exercise(
    id="E1.5",
    title="Draw the next letter",
    solution=sample,
    minutes=10,
    difficulty=2,
    importance=3,
    lines=5,
    can_now="let any model that ends in logits write, as boldly or as carefully as you like",
    returns={"letters": "(B,)"},
    case=case,
    sizes=({"B": 60, "V": 12}, {"B": 1, "V": 40}, {"B": 30, "V": 5}),
    edges={
        "logits of 1,000": lambda rng: (1000 + 3 * rng.normal(size=(20, 6)), 1.0, rng.random(20)),
        "a low temperature takes the largest logit": lambda rng: (rng.normal(size=(20, 6)), 1e-4, rng.random(20)),
        "a high temperature takes all letters alike": lambda rng: (rng.normal(size=(40, 6)), 1e4, rng.random(40)),
        "u is 0, and so is the first letter's probability": lambda rng: (
            np.array([[-2000.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
            1.0,
            np.zeros(2),
        ),
    },
    hints=(
        "Divide by the temperature before the softmax. Then lay the probabilities of a row end to end. Where does\n"
        "each piece end? The letter is the number of pieces that end before u.",
        "p = softmax(logits / temperature), row by row;  end of piece j = p₀ + … + pⱼ (np.cumsum);\n"
        "letter = how many ends are ≤ u.",
        """
        z = logits / temperature
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p = ...  # each row must add up to 1
        ends = p.cumsum(axis=1)
        """,
    ),
    symptoms={
        "nan": "exp overflows for large logits, and at a low temperature nearly all logits are large. Subtract the "
        "row's largest z first.",
        "letters differ in most rows": "See that the temperature divides the logits, before exp, and that the sum of "
        "each row is 1 afterwards.",
        "every letter is one too large or too small": "Count the pieces that end at or before u: if none does, the "
        "letter is number 0.",
        "broadcast error": "ends is (B, V) and u is (B,). u[:, None] is (B, 1), one number for each row.",
    },
    wrong={
        "sorted": wrong(
            "p.cumsum(axis=1)",
            "np.sort(p, axis=1)[:, ::-1].cumsum(axis=1)",
            "the probabilities are sorted first, and the number of a piece is no longer that of a letter",
        ),
        "down the columns": wrong(
            "p.cumsum(axis=1)",
            "p.cumsum(axis=0)",
            "(ends <= u[:, None]).sum(axis=1)",
            "np.minimum((ends <= u[:, None]).sum(axis=1), p.shape[1] - 1)",
            "the pieces are laid down the columns; each row of the batch has a line of its own",
        ),
        "nearest": wrong(
            "(ends <= u[:, None]).sum(axis=1)",
            "np.abs(ends - u[:, None]).argmin(axis=1)",
            "the letter whose piece ends nearest to u is taken; it is the one on whose piece u lies",
        ),
        "temperature twice": wrong(
            "p / p.sum(axis=1, keepdims=True)",
            "(p / p.sum(axis=1, keepdims=True)) ** (1 / temperature)",
            "the temperature acts twice: on the logits, and as a power on the probabilities",
        ),
        "no temperature": wrong(
            "logits / temperature",
            "logits",
            "the temperature has no effect: it divides the logits. (Dividing the probabilities changes nothing, once "
            "they add up to 1 again.)",
        ),
        "probabilities divided": wrong(
            "logits / temperature",
            "logits",
            "p / p.sum(axis=1, keepdims=True)",
            "p / p.sum(axis=1, keepdims=True) / temperature",
            "the probabilities are divided by the temperature, and no longer add up to 1; it divides the logits",
        ),
        "multiplied": wrong(
            "logits / temperature",
            "logits * temperature",
            "the logits are multiplied by the temperature: a high one must make them more alike",
        ),
        "the largest": wrong(
            "(ends <= u[:, None]).sum(axis=1)",
            "p.argmax(axis=1)",
            "the likeliest letter is taken every time; u is not used",
        ),
        "exp overflows": wrong(
            "z - z.max(axis=1, keepdims=True)",
            "z",
            "exp is taken of the logits as they come, and exp(1000) is infinite. Subtract the row's largest first",
        ),
        "not normalised": wrong(
            "    p = p / p.sum(axis=1, keepdims=True)\n", "", "the pieces do not add up to 1: divide by the row's sum"
        ),
        "normalised down the columns": wrong(
            "p.sum(axis=1, keepdims=True)",
            "p.sum(axis=0, keepdims=True)",
            "the sum of the softmax runs down the columns; each row has its own",
        ),
        "one too large": wrong(
            ".sum(axis=1)\n", ".sum(axis=1) + 1\n", "the letter is one too large: count the pieces that end before u"
        ),
        "pieces that end after u": wrong(
            "ends <= u[:, None]",
            "ends > u[:, None]",
            "the pieces that end after u are counted; the letter is the number of those that end before",
        ),
        "u at the end of a piece": wrong(
            "ends <= u[:, None]",
            "ends < u[:, None]",
            "a piece that ends at u is not yet counted as over (<= u): for u = 0 the first letter is drawn even where "
            "its probability is 0",
        ),
        "no pieces": wrong(
            "p.cumsum(axis=1)",
            "p",
            "each probability itself is compared with u; the pieces have to be laid end to end (np.cumsum)",
        ),
        "logits for probabilities": wrong(
            "np.exp(z - z.max(axis=1, keepdims=True))",
            "z - z.min(axis=1, keepdims=True)",
            "the logits are used as probabilities, shifted so that none is negative; exp is missing",
        ),
        "all rows on one line": wrong(
            "p.cumsum(axis=1)",
            "p.cumsum().reshape(p.shape)",
            "the rows' pieces are laid on one line; each row has its own",
        ),
        "one u for all": wrong("u[:, None]", "u[0]", "u[0] decides in every row; each row has its own u"),
        "from the other end": wrong("u[:, None]", "1 - u[:, None]", "1 − u is used in place of u"),
    },
)
