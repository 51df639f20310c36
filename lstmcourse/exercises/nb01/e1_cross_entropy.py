"""E1.1: from logits to a loss and its gradient."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy of softmax(logits), in nats, and its gradient.

    logits (N, V): for each of N letters to be guessed, V numbers of any size (1,000 is one of them).
    targets (N,): the number of the letter that came, from 0 to V - 1.
    Returns the loss, one number, and dlogits (N, V), its gradient with respect to the logits.
    """
    rows = np.arange(len(targets))
    z = logits - logits.max(axis=1, keepdims=True)  # the softmax stays the same, and exp cannot overflow
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = -log_p[rows, targets].mean()
    dlogits = np.exp(log_p)
    dlogits[rows, targets] -= 1
    return loss, dlogits / len(targets)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """logits (N, V) of a few units, targets (N,)."""
    return 2 * rng.normal(size=(n.N, n.V)), rng.integers(n.V, size=n.N)


def large(rng: np.random.Generator) -> tuple:
    """Rows whose largest logit is 1,000, 0 and -1,000, and a letter that was thought impossible."""
    logits = rng.normal(size=(4, 5)) + np.array([[1000.0], [0.0], [-1000.0], [0.0]])
    logits[3, 2] = 1000.0
    return logits, np.array([0, 1, 2, 3])


exercise = Exercise(
    id="E1.1",
    title="Cross-entropy and its gradient",
    solution=cross_entropy,
    minutes=15,
    difficulty=3,
    importance=5,
    lines=7,
    can_now="turn any row of numbers into a loss, and say in which direction each of them should move",
    returns={"loss": "one number", "dlogits": "(N, V)"},
    case=case,
    sizes=({"N": 6, "V": 4}, {"N": 1, "V": 5}, {"N": 3, "V": 2}),
    loss=lambda *base: lambda logits, targets: cross_entropy(logits, targets)[0],
    wrt={"dlogits": "logits"},
    edges={
        "logits of 1,000, of -1,000, and a letter that was thought impossible": large,
        "all logits equal": lambda rng: (np.zeros((3, 7)), np.array([0, 3, 6])),
    },
    hints=(
        "First ln p of every letter, row by row; then pick one number from each row. For the gradient you have done\n"
        "the work already: it is p − y. Before exp, subtract something from the row that cannot change the softmax.",
        "ln pⱼ = zⱼ − ln Σₖ exp zₖ  with  z = logits − (the largest logit of the row)\n"
        "loss = −(1/N) Σ ln p[row, target of the row]\n"
        "dlogits = (p − y) / N, where y is 1 at the row's target and 0 elsewhere",
        """
        rows = np.arange(len(targets))
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = ...  # z minus the logarithm of the row's sum of exps
        loss = -log_p[rows, targets].mean()
        """,
    ),
    symptoms={
        "nan or inf, or NumPy warns of overflow": "exp(1000) is larger than any float. Subtract the row's largest "
        "logit from the row before exp, and stay with ln p: do not take exp and then the logarithm of the result.",
        "broadcast error": "A sum over axis=1 has shape (N,). To subtract it from (N, V) it must be (N, 1): "
        "keepdims=True.",
        "dlogits is N times too large": "The loss is a mean over N rows, so each row's gradient is divided by N.",
        "dlogits is wrong in several numbers of each row": "dlogits[rows, targets] with rows = np.arange(N) takes one "
        "number a row; dlogits[:, targets] takes whole columns.",
    },
    wrong={
        "down the columns": wrong(
            "logits - logits.max(axis=1, keepdims=True)",
            "logits - logits.max(axis=0, keepdims=True)",
            "np.exp(z).sum(axis=1, keepdims=True)",
            "np.exp(z).sum(axis=0, keepdims=True)",
            "the softmax adds up down the columns; the V letters of one row share a probability of 1: axis=1",
        ),
        "whole columns": wrong(
            "-log_p[rows, targets].mean()",
            "-log_p[:, targets].mean()",
            "dlogits[rows, targets] -= 1",
            "dlogits[:, targets] -= 1",
            "[:, targets] takes the columns of all targets in every row; [rows, targets] takes one number a row",
        ),
        "dlogits down the columns": wrong(
            "dlogits = np.exp(log_p)",
            "dlogits = np.exp(z) / np.exp(z).sum(axis=0)",
            "the softmax in dlogits adds up down the columns; the V letters of one row share a probability of 1",
        ),
        "loss of all targets": wrong(
            "-log_p[rows, targets].mean()",
            "-log_p[:, targets].mean()",
            "log_p[:, targets] takes the columns of all targets in every row; log_p[rows, targets] takes one number a "
            "row",
        ),
        "targets from 1": wrong(
            "dlogits[rows, targets] -= 1",
            "dlogits[rows, targets - 1] -= 1",
            "the 1 is subtracted one letter too early; the letters are counted from 0",
        ),
        "logits for p": wrong(
            "dlogits = np.exp(log_p)", "dlogits = logits.copy()", "y is subtracted from the logits; it is p − y"
        ),
        "loss summed": wrong(".mean()", ".sum()", "the loss is the sum over the rows; it is their mean"),
        "gradient of the sum": wrong(
            "dlogits / len(targets)",
            "dlogits",
            "dlogits is the gradient of the sum over the rows; the loss is their mean, so divide by N",
        ),
        "mean over all numbers": wrong(
            "dlogits / len(targets)",
            "dlogits / dlogits.size",
            "dlogits is divided by N times V; the loss is a mean over N rows",
        ),
        "sign of the loss": wrong(
            "loss = -log_p",
            "loss = log_p",
            "the minus is missing: the logarithm of a probability is negative, and the loss is positive",
        ),
        "sign of the gradient": wrong(
            "return loss, dlogits", "return loss, -dlogits", "the gradient has the wrong sign: it is p − y, not y − p"
        ),
        "y not subtracted": wrong(
            "    dlogits[rows, targets] -= 1\n", "", "dlogits is p; the 1 at the letter that came is not subtracted"
        ),
        "bits": wrong(
            ".mean()", ".mean() / np.log(2)", "the loss is in bits; with the natural logarithm it is in nats"
        ),
        "exp overflows": wrong(
            "logits - logits.max(axis=1, keepdims=True)",
            "logits",
            "exp is taken of the logits as they come, and exp(1000) is infinite. Subtract the row's largest first",
        ),
        "softmax as it is defined": wrong(
            "logits - logits.max(axis=1, keepdims=True)",
            "logits",
            "z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
            "np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))",
            "the softmax is computed as it is defined, and exp(1000) is infinite. Subtract the row's largest logit "
            "first, and stay with ln p: do not take exp and then the logarithm of the result",
        ),
        "logarithm of exp": wrong(
            "z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
            "np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))",
            "exp is taken and then the logarithm of the result: exp(-1000) is 0, and its logarithm infinite. "
            "Stay with ln p, which is z minus the logarithm of the row's sum of exps",
        ),
        "one maximum for all": wrong(
            "logits.max(axis=1, keepdims=True)",
            "logits.max()",
            "the largest logit of the whole array is subtracted from every row: in a row that lies 1,000 below it all "
            "exps are 0. Each row needs its own",
        ),
        "softmax down the columns": wrong(
            ".sum(axis=1, keepdims=True)",
            ".sum(axis=0, keepdims=True)",
            "the sum of the softmax runs down the columns; the V letters of one row share a probability of 1",
        ),
        "softmax of everything": wrong(
            ".sum(axis=1, keepdims=True)",
            ".sum()",
            "the sum of the softmax runs over the whole array; each row has its own",
        ),
        "all rows, all targets": wrong(
            "dlogits[rows, targets] -= 1",
            "dlogits[:, targets] -= 1",
            "dlogits[:, targets] takes the columns of all targets in every row; dlogits[rows, targets] takes one "
            "number a row",
        ),
        "mean of all ln p": wrong(
            "-log_p[rows, targets].mean()",
            "-log_p.mean()",
            "the loss is the mean over all letters; only the letter that came counts",
        ),
        "one minus p": wrong(
            "-log_p[rows, targets].mean()",
            "(1 - np.exp(log_p[rows, targets])).mean()",
            "the loss is 1 − p; cross-entropy is −ln p",
        ),
        "a little added to p": wrong(
            "-log_p[rows, targets].mean()",
            "-np.log(np.exp(log_p[rows, targets]) + 1e-8).mean()",
            "1e-8 is added to p so that its logarithm exists: with a logit of 1,000 the loss is then 18 where 1,000 "
            "is right. Stay with ln p",
        ),
        "no softmax": wrong(
            "z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
            "z.copy()",
            "the logits are taken for ln p: the logarithm of the row's sum of exps is missing",
        ),
        "slope of the sigmoid": wrong(
            "dlogits / len(targets)",
            "dlogits * np.exp(log_p) * (1 - np.exp(log_p)) / len(targets)",
            "p − y is multiplied by p (1 − p) once more; p − y is already the gradient with respect to the logits",
        ),
    },
)
