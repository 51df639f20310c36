"""E6.4: the gate with which a coupled unit counts to n, judged by letting it count."""

from lstmcourse.exercises import STAGES, Exercise, Failed, Trial, wrong

CLOSE = 1e-3  # by so much, as a part of itself, a step may be smaller than the largest that counts


def gate_to_count(n: int) -> float:
    """The smallest f with which one coupled unit, its gate held at f, counts to n.

    From c = 0 it reads n a's, with the candidate g = 1, and then b's, with g = -1. It counts to n if c is above 0 after
    n - 1 b's, so that the n-th b is the first to bring it below. n: a whole number, at least 2.
    Returns f. The step of the unit, 1 - f, may be a thousandth smaller than it could be.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        f = (low + high) / 2
        top = 1 - f**n  # c after the a's
        counts = f ** (n - 1) * (top + 1) > 1  # c above 0 after n - 1 b's
        low, high = (low, f) if counts else (f, high)
    return high


def steps_down(f: float, n: int) -> int:
    """How many b's bring the unit to 0 or below, after n a's; n + 1 where n do not."""
    c = 0.0
    for _ in range(n):
        c = f * c + (1 - f)
    for m in range(1, n + 1):
        c = f * c - (1 - f)
        if c <= 0:
            return m
    return n + 1


def judged(trial: Trial) -> str:
    """The unit counts with the learner's f, and does not with a step that is a thousandth larger."""
    for outcome in trial.got:
        (n,), f = outcome.args, float(outcome.result)
        if not 0 <= f < 1:
            raise Failed(f"for n = {n} f is {f:g}; a gate that writes at all lies between 0 and 1")
        down = steps_down(f, n)
        if down != n:
            raise Failed(f"for n = {n} f is {f:.6g}: after {n} a's the unit is back at 0 with b number {down}, not {n}")
        smaller = 1 - (1 + CLOSE) * (1 - f)
        if steps_down(smaller, n) == n:
            raise Failed(f"for n = {n} the unit counts with f = {f:.8g}, and also with the smaller {smaller:.8g}")
    steps = ", ".join(f"{1 - float(o.result):.2g} for n = {o.args[0]}" for o in trial.got)
    return f"with steps of {steps}"


HINTS = (
    "Try: a loop over n a's and n - 1 b's says whether an f counts. Then look for the smallest f that does. Halve an\n"
    "interval: at one end the unit counts, at the other it does not.",
    "After n a's c = 1 − fⁿ. A b takes c to f c − (1 − f), so c + 1 to f (c + 1). After n − 1 b's\n"
    "c + 1 = fⁿ⁻¹ (2 − fⁿ): is that above 1?",
    """
    low, high = 0.0, 1.0  # at low it does not count, just below high it does
    for _ in range(60):
        f = (low + high) / 2
        counts = ...  # c above 0 after n - 1 b's
        low, high = (low, f) if counts else (f, high)
    return high
    """,
)

SYMPTOMS = {
    "the unit is back too early": "The first step down from high up is longer than the last step up. With f nearer to "
    "1 all steps are more alike.",
    "f comes out as 1": "With f = 1 nothing is written at all. Is c above 0 after n - 1 b's, or did you ask after n?",
    "the loop takes too long": "Sixty halvings of n + n steps are enough; trying every f is not needed.",
}

AGAIN = "f ** (n - 1) * (top + 1) > 1"

WRONG = {
    "the time constant": wrong(
        lambda n: 1 - 1 / n, "f is 1 − 1/n: the time constant is n steps, and the way back is far shorter than n"
    ),
    "the half-life": wrong(lambda n: 0.5 ** (1 / n), "f has a half-life of n steps, and the way back is far shorter"),
    "the rule for large n": wrong(
        lambda n: 1 - 1 / n**2, "f is 1 − 1/n²: for large n the step is nearly that; for small n it may be larger"
    ),
    "half a step": wrong(
        AGAIN, "f ** (n - 0.5) * (top + 1) > 1",
        "the way back is asked to be right to half a step; it may be short by nearly a whole one",
    ),
    "one b too few": wrong(
        AGAIN, "f ** (n - 2) * (top + 1) > 1",
        "c is above 0 after n - 2 b's and not after n - 1, so the unit is back one b too early",
    ),
    "one b too many": wrong(
        AGAIN, "f**n * (top + 1) > 1", "c is asked to be above 0 after n b's; with n it never is, whatever f"
    ),
    "one a too many": wrong(
        "1 - f**n ", "1 - f ** (n + 1) ", "the unit reads n + 1 a's before the b's; it reads n of them"
    ),
    "the step": wrong("return high", "return 1 - high", "1 - f is returned, the step; asked is f"),
    "one gate for all": wrong(lambda n: 0.99, "f is the same for every n; the farther a unit counts, the nearer to 1"),
    "far too near to 1": wrong(
        lambda n: 1 - 1e-6, "f is so near to 1 that it counts to any n that is asked for; a smaller one does, too"
    ),
}  # fmt: skip

exercise = Exercise(
    id="E6.4",
    title="A gate that counts to n",
    solution=gate_to_count,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=7,
    can_now="say how small the steps of an average have to be for it to count, and why that is no good way to count",
    returns={"f": "a number"},
    case=lambda rng, n: (n.n,),
    sizes=({"n": 10}, {"n": 2}, {"n": 50}),
    stages=(*STAGES[:6], ("the unit counts", judged)),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
