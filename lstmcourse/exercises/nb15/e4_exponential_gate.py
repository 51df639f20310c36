"""E15.4: an input gate that is an exponential, and what keeps it from overflowing."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def exponential_gate(
    i: np.ndarray, f: np.ndarray, g: np.ndarray, c_: np.ndarray, n_: np.ndarray, m_: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step of c and n in the sLSTM, both divided by eᵐ so that nothing overflows.

    i, f: the pre-activations of the gates, any size; the input gate is eⁱ, the forget gate σ(f). g: the candidate,
    squashed already. c_, n_: the last c and n, divided by the exponential of the last m, m_; at first m_ is −∞. The new
    m is the larger of log σ(f) + m_ and i. Everything is (B, H).
    Returns c, n and m.
    """
    log_f = -np.logaddexp(0, -f)
    m = np.maximum(log_f + m_, i)
    kept = np.exp(log_f + m_ - m)
    written = np.exp(i - m)
    return kept * c_ + written * g, kept * n_ + written, m


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Gates of either sign, and a state with n ≥ 1."""
    i, f = rng.normal(scale=2, size=(2, n.B, n.H))
    g, share = np.tanh(rng.normal(size=(2, n.B, n.H)))
    n_ = 1 + rng.random((n.B, n.H))
    return i, f, g, share * n_, n_, rng.normal(size=(n.B, n.H))


def extreme(rng: np.random.Generator, i: float = 0.0, f: float = 0.0, m_: float = 0.0) -> tuple:
    """A step with one pre-activation of such a size."""
    _, _, g, c_, n_, _ = case(rng, SimpleNamespace(B=2, H=3))
    return np.full((2, 3), i), np.full((2, 3), f), g, c_, n_, np.full((2, 3), m_)


def first(rng: np.random.Generator) -> tuple:
    """The first step of all: nothing is kept yet."""
    i, f, g, c_, *_ = case(rng, SimpleNamespace(B=2, H=3))
    return i - 1000, f, g, 0 * c_, 0 * c_, np.full((2, 3), -np.inf)


HINTS = (
    "Take the logarithms of both gates first. What is kept has the logarithm log σ(f) + m_, what is written i. Take m\n"
    "away from both, and only then the exponential: neither can be above 1.",
    "log f = log σ(f) = −log(1 + e⁻ᶠ);  m = max(log f + m₋, i);  kept = exp(log f + m₋ − m);  written = exp(i − m)\n"
    "c = kept c₋ + written g;  n = kept n₋ + written.  np.logaddexp(0, x) is log(1 + eˣ), also where eˣ overflows.",
    """
    log_f = -np.logaddexp(0, -f)
    m = np.maximum(...)
    kept = np.exp(... - m)
    written = np.exp(... - m)
    """,
)

SYMPTOMS = {
    "overflow encountered in exp": "np.exp(i) or np.exp(-f) stands by itself. Take m away before the exponential.",
    "divide by zero encountered in log": "σ(-1000) is 0 in floating point: log σ(f) is -np.logaddexp(0, -f).",
    "nan": "inf / inf, or 0 · inf: an exponential has overflowed on the way.",
}

WRONG = {
    "σ for the exponential": wrong(
        "np.exp(i - m)", "np.exp(-np.logaddexp(0, -i) - m)", "the input gate is σ(i); it is an exponential"
    ),
    "not stabilised": wrong("np.exp(i - m)", "np.exp(i)", "m is not taken away from i, which overflows above 709"),
    "m of before forgotten": wrong(
        "np.exp(log_f + m_ - m)", "np.exp(log_f - m)", "what is kept was divided by e to the m_ before; add m_"
    ),
    "m forgotten in what is kept": wrong(
        "np.exp(log_f + m_ - m)", "np.exp(log_f + m_)", "m is not taken away from what is kept"
    ),
    "not rescaled": wrong(
        "np.exp(log_f + m_ - m)", "np.exp(log_f)", "c_ and n_ are still divided by the old eᵐ: times exp(m_ − m)"
    ),
    "m without the forget gate": wrong(
        "np.maximum(log_f + m_, i)", "np.maximum(m_, i)", "m leaves the forget gate out: it is max(log σ(f) + m_, i)"
    ),
    "m without its past": wrong(
        "np.maximum(log_f + m_, i)", "np.maximum(log_f, i)", "m leaves m_ out: it is max(log σ(f) + m_, i)"
    ),
    "m is i": wrong("np.maximum(log_f + m_, i)", "i * 1", "m is i always; it is the larger of i and log σ(f) + m_"),
    "the smaller": wrong("np.maximum(", "np.minimum(", "m is the smaller of the two: an exponential is above 1"),
    "f unsquashed": wrong(
        "-np.logaddexp(0, -f)", "f * 1", "the forget gate is an exponential too; here it is σ(f), and its log log σ(f)"
    ),
    "σ for its logarithm": wrong(
        "-np.logaddexp(0, -f)", "np.exp(-np.logaddexp(0, -f))", "σ(f) stands where its logarithm belongs"
    ),
    "log of 1 − f": wrong("-np.logaddexp(0, -f)", "-np.logaddexp(0, f)", "log(1 − σ(f)) is taken for log σ(f)"),
    "n not kept": wrong("kept * n_ + written", "written", "n forgets its past; it is kept as c is"),
    "n not fading": wrong("kept * n_ + written", "n_ + written", "n_ is not multiplied by what is kept"),
    "n counts": wrong("kept * n_ + written", "kept * n_ + 1", "n gets 1 at each step; it gets what the input gate is"),
    "n clamped": wrong("kept * n_ + written", "np.maximum(kept * n_, 1)", "n is clamped at 1 and gets nothing written"),
    "c already divided": wrong(
        "return kept * c_ + written * g,",
        "return (kept * c_ + written * g) / (kept * n_ + written),",
        "c is divided by n already; that comes after the step, in h",
    ),
    "1 − f written": wrong(
        "written * g", "(1 - kept) * g", "what is written is 1 less what is kept, as in coupled gates; it is exp(i − m)"
    ),
}  # fmt: skip

exercise = Exercise(
    id="E15.4",
    title="An exponential that cannot overflow",
    solution=exponential_gate,
    minutes=12,
    difficulty=3,
    importance=4,
    lines=5,
    can_now="compute with exponentials of any size, by taking the largest away before they are taken",
    returns={"c": "(B, H)", "n": "(B, H)", "m": "(B, H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"B": 3, "H": 4}, {"B": 1, "H": 2}, {"B": 5, "H": 1}),
    edges={
        "i is 1000": lambda rng: extreme(rng, i=1000.0),
        "f is -1000": lambda rng: extreme(rng, f=-1000.0),
        "m_ is 1000": lambda rng: extreme(rng, m_=1000.0),
        "the first step, with a small i": first,
    },
)
