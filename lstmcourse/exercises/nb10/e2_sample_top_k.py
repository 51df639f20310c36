"""E10.2: draw a letter with a temperature, from the k likeliest."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def sample_top_k(logits: np.ndarray, temperature: float, k: int, u: np.ndarray) -> np.ndarray:
    """One letter for each row, drawn from the k with the largest logits; all others have probability 0.

    logits (B, V), in a row all different; temperature > 0; k from 1 to V. Among the k letters the probabilities are
    softmax(logits / temperature). u (B,): a random number from 0 to 1 for each row; the probabilities of a row, laid
    end to end in the order of the letters, fill the line from 0 to 1, and the letter is the one on whose piece u lies.
    Returns the letters' numbers (B,).
    """
    least = np.sort(logits, axis=1)[:, -k]
    z = np.where(logits >= least[:, None], logits, -np.inf) / temperature
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    return (p.cumsum(axis=1) <= u[:, None]).sum(axis=1)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """logits (B, V), a temperature that is not 1, k between 2 and V - 1, u (B,)."""
    return 2 * rng.normal(size=(n.B, n.V)), rng.choice([0.5, 0.7, 1.6]), n.V // 2, rng.random(n.B)


def _whole_softmax(logits, temperature, k, u):
    p = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    p = p / p.sum(axis=1, keepdims=True)
    p[logits < np.sort(logits, axis=1)[:, -k, None]] = 0
    return np.minimum((p.cumsum(axis=1) <= u[:, None]).sum(axis=1), logits.shape[1] - 1)


def _by_rank(logits, temperature, k, u):
    z = -np.sort(-logits, axis=1)[:, :k] / temperature
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    return (p.cumsum(axis=1) <= u[:, None]).sum(axis=1)


def _likeliest_first(logits, temperature, k, u):
    order = np.argsort(-logits, axis=1)[:, :k]
    return np.take_along_axis(order, _by_rank(logits, temperature, k, u)[:, None], axis=1)[:, 0]


HINTS = (
    "Two steps: take away all but k logits of each row, then draw as in E1.5. Which number must a logit be for its\n"
    "letter to get probability 0?",
    "The k-th largest logit of each row is np.sort(logits, axis=1)[:, -k]. Smaller ones become −∞, and e^(−∞) = 0.\n"
    "Then softmax(z / temperature), the ends of the pieces, and the number of ends that are ≤ u.",
    """
    least = np.sort(logits, axis=1)[:, -k]
    z = np.where(logits >= least[:, None], logits, ...) / temperature
    p = np.exp(z - z.max(axis=1, keepdims=True))
    """,
)

SYMPTOMS = {
    "letters that should be gone still come": "A logit of 0 is no probability of 0: e⁰ = 1. It must become −∞.",
    "letters beyond the last": "The probabilities that are left have to add up to 1 again: divide after taking away.",
    "broadcast error": "least is (B,), one number for each row; least[:, None] is (B, 1).",
    "nan": "Subtract the row's largest logit before exp; −∞ minus a number stays −∞.",
}

WRONG = {
    "k-th smallest": wrong(
        "[:, -k]", "[:, k - 1]", "the bound is the k-th smallest logit; the k-th largest has the index -k"
    ),
    "from the last letter": wrong(
        "p.cumsum(axis=1)", "p[:, ::-1].cumsum(axis=1)", "the pieces are laid from the last letter to the first"
    ),
    "all letters": wrong(
        "np.where(logits >= least[:, None], logits, -np.inf)", "logits",
        "no letter is taken away: k has no effect",
    ),
    "zero": wrong(
        "-np.inf)", "0.0)",
        "the logits of the others are set to 0; that is no probability of 0, since e⁰ = 1: they must be −∞",
    ),
    "one too many": wrong(
        "[:, -k]", "[:, -min(k + 1, logits.shape[1])]", "k + 1 letters are kept: the k-th largest has the index -k"
    ),
    "one too few": wrong(">= least", "> least", "k - 1 letters are kept: the k-th largest stays, so it is ≥"),
    "the smallest": wrong(
        "logits >= least[:, None]", "logits <= np.sort(logits, axis=1)[:, k - 1, None]",
        "the k smallest logits are kept, the least likely letters",
    ),
    "the batch's largest": wrong(
        "np.sort(logits, axis=1)[:, -k]", "np.full(len(logits), np.sort(logits.max(axis=0))[-k])",
        "one bound serves all rows; each row has its own k-th largest",
    ),
    "not renormalised": wrong(
        _whole_softmax,
        "the softmax is taken over all letters and the others are set to 0 afterwards: what is left does not add up "
        "to 1, and the last letter gets the rest",
    ),
    "no temperature": wrong(" / temperature", "", "the temperature has no effect: it divides the logits"),
    "multiplied": wrong(
        "/ temperature", "* temperature", "the logits are multiplied by the temperature; a high one must level them"
    ),
    "the largest": wrong(
        "(p.cumsum(axis=1) <= u[:, None]).sum(axis=1)", "p.argmax(axis=1)",
        "the likeliest letter is taken every time; u is not used",
    ),
    "rank for letter": wrong(
        _by_rank, "the place among the k likeliest is returned; asked is the letter's number among all V"
    ),
    "likeliest first": wrong(
        _likeliest_first,
        "the pieces lie in the order of likelihood; they are laid in the order of the letters' numbers",
    ),
    "pieces' beginnings": wrong(
        "(p.cumsum(axis=1) <= u[:, None])", "((p.cumsum(axis=1) - p) <= u[:, None])",
        "the beginnings of the pieces are counted and not their ends: every letter is one too late",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E10.2",
    title="The k likeliest",
    solution=sample_top_k,
    minutes=10,
    difficulty=2,
    importance=4,
    lines=5,
    can_now="draw from a model with a temperature and top-k, and say what each of the two takes away",
    returns={"letters": "(B,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"B": 60, "V": 12}, {"B": 1, "V": 40}, {"B": 30, "V": 5}),
    edges={
        "k is 1: the largest logit": lambda rng: (rng.normal(size=(20, 6)), 1.6, 1, rng.random(20)),
        "k is V: all letters stay": lambda rng: (rng.normal(size=(40, 6)), 0.7, 6, rng.random(40)),
        "all logits are negative": lambda rng: (rng.normal(size=(40, 6)) - 9, 0.7, 3, rng.random(40)),
        "logits of 1,000": lambda rng: (1000 + 3 * rng.normal(size=(20, 6)), 1.0, 3, rng.random(20)),
        "u is 0 and the first letter is not among the k": lambda rng: (
            np.array([[-9.0, 1.0, 2.0, 3.0], [3.0, 1.0, 2.0, -1.0]]),
            1.0,
            2,
            np.zeros(2),
        ),
    },
)
