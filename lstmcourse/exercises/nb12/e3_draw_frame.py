"""E12.3: draw a frame, each key for itself or a given number of them."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def draw_frame(logits: np.ndarray, temperature: float, voices: int, u: np.ndarray) -> np.ndarray:
    """A frame, drawn from a logit for each key.

    logits (K,); temperature > 0; u (K,): a random number between 0 and 1 for each key.
    voices 0: key k sounds where u < σ(logit / temperature), that is where logit / temperature − ln(u / (1 − u)) > 0.
    voices from 1 to K: so many keys sound, those for which this difference is largest.
    Returns frame (K,), True where a key sounds.
    """
    lead = logits / temperature - np.log(u / (1 - u))
    if voices == 0:
        return lead > 0
    return lead >= np.sort(lead)[-voices]


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """Logits (K,), a temperature that is not 1, a number of voices or 0, u (K,)."""
    return 2 * rng.normal(size=n.K), rng.choice([0.5, 0.7, 1.6]), n.voices, rng.uniform(0.02, 0.98, size=n.K)


def _only_sounding(logits, temperature, voices, u):
    lead = logits / temperature - np.log(u / (1 - u))
    return (lead > 0) & (lead >= np.sort(lead)[-voices]) if voices else lead > 0


def _without_chance(logits, temperature, voices, u):
    return logits >= np.sort(logits)[-voices] if voices else logits > 0


def _likeliest(logits, temperature, voices, u):
    if voices:
        return logits >= np.sort(logits)[-voices]
    return u < 1 / (1 + np.exp(-logits / temperature))


HINTS = (
    "One number for each key decides: by how much it leads its own chance. Without voices its sign is asked, with\n"
    "voices its rank.",
    "lead = logit / temperature − ln(u / (1 − u)), (K,). The v-th largest of it is np.sort(lead)[-v]; the keys that\n"
    "reach it sound.",
    """
    lead = logits / temperature - np.log(u / (1 - u))
    if voices == 0:
        ...
    """,
)

SYMPTOMS = {
    "other keys than expected": "u < σ(z) is z > ln(u / (1 − u)): a small u lets a key sound.",
    "one key too many": "The v-th largest has the index -v: np.sort(lead)[-voices].",
    "numbers of keys, not a frame": "Compare, and return the comparison: (K,) of True and False.",
}

WRONG = {
    "multiplied": wrong("/ temperature", "* temperature", "the logits are multiplied by the temperature"),
    "no temperature": wrong(" / temperature", "", "the temperature has no effect: it divides the logits"),
    "added": wrong(
        "- np.log(u / (1 - u))", "+ np.log(u / (1 - u))",
        "the logarithm is added: a key sounds where u is large; asked is u < σ(logit / temperature)",
    ),
    "plain u": wrong("np.log(u / (1 - u))", "u", "u itself is subtracted; it is ln(u / (1 − u))"),
    "silent": wrong("return lead > 0", "return lead < 0", "the keys that stay silent are returned"),
    "no voices": wrong("if voices == 0:", "if voices >= 0:", "voices has no effect"),
    "always voices": wrong(
        "return lead > 0", "return lead >= np.sort(lead)[-4:][0]",
        "with voices 0 a fixed number of keys is drawn; each decides alone"
    ),
    "one too many": wrong(
        "[-voices]", "[-min(voices + 1, len(lead))]", "one key too many is taken: the v-th largest has the index -v"
    ),
    "one too few": wrong(">= np.sort", "> np.sort", "one key too few is taken: the v-th largest does, so it is ≥"),
    "the smallest": wrong(
        "lead >= np.sort(lead)[-voices]", "lead <= np.sort(lead)[voices - 1]",
        "the keys with the smallest lead are taken"
    ),
    "only those that would": wrong(
        _only_sounding, "of the chosen keys only those that lead are taken; with voices that many sound, always"
    ),
    "chance without voices only": wrong(
        _likeliest, "with voices the likeliest keys are taken every time; chance takes part there, too"
    ),
    "no chance": wrong(_without_chance, "u is not used: the same frame comes every time"),
}  # fmt: skip

exercise = Exercise(
    id="E12.3",
    title="Draw a frame",
    solution=draw_frame,
    minutes=8,
    difficulty=2,
    importance=5,
    lines=4,
    can_now="draw from a model of many keys with a temperature, each key alone or a fixed number together",
    returns={"frame": "(K,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"K": 12, "voices": 0}, {"K": 12, "voices": 4}, {"K": 30, "voices": 3}, {"K": 5, "voices": 1}),
    edges={
        "one key, alone": lambda rng: (rng.normal(size=1), 0.7, 0, rng.random(1)),
        "all keys": lambda rng: (rng.normal(size=6), 0.7, 6, rng.random(6)),
        "no key leads, and two are to sound": lambda rng: (rng.normal(size=6) - 9, 1.6, 2, rng.random(6)),
        "every key leads, and two are to sound": lambda rng: (rng.normal(size=6) + 9, 1.6, 2, rng.random(6)),
    },
)
