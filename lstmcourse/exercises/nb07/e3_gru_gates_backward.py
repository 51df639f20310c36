"""E7.3: from the new h of the GRU of E7.2 back to its gates and its candidate, before any matrix."""

from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import STEP_SIZES, Exercise, slopes, wrong
from lstmcourse.reference import sigmoid


def gru_gates_backward(
    r: np.ndarray, z: np.ndarray, v: np.ndarray, n: np.ndarray, h_: np.ndarray, dh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One step of the GRU of E7.2, backward as far as the gates and the candidate: no matrix yet.

    r, z, v = U_n h_ + b_hn, n, all (B, H): what the step computes on its way; h_ (B, H) is the state one step ago,
    dh (B, H) the gradient of the loss with respect to the h that came out.
    Returns da_r, da_z, da_n (B, H), with respect to what stands in the σ of r, in the σ of z and in the tanh of n;
    and dv (B, H).
    """
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h_ - n) * z * (1 - z)
    da_r = da_n * v * r * (1 - r)
    dv = da_n * r
    return da_r, da_z, da_n, dv


def case(rng: np.random.Generator, size: SimpleNamespace) -> tuple:
    """Gates within 0 and 1, v, n and h_ within ±1, and dh, all (B, H)."""
    a_r, a_z, v, a_n, a_h, dh = rng.normal(size=(6, size.B, size.H))
    return sigmoid(a_r), sigmoid(a_z), v, np.tanh(a_n), np.tanh(a_h), dh


def _edge(gate: int, value: float):
    """A case in which a gate stands at one value."""

    def made(rng: np.random.Generator) -> tuple:
        args = list(case(rng, SimpleNamespace(B=2, H=3)))
        args[gate] = np.full((2, 3), value)
        return tuple(args)

    return made


HINTS = (
    "Row by row through the table: dz and da_z, then dn and da_n, then from da_n to dr, da_r and dv. Products of\n"
    "numbers become products of arrays.",
    "h = z ∘ h_ + (1 − z) ∘ n gives dz = dh ∘ (h_ − n) and dn = dh ∘ (1 − z). a_n = … + r ∘ v gives dr = da_n ∘ v and\n"
    "dv = da_n ∘ r. A slope is k ∘ (1 − k) for a σ, 1 − n² for the tanh.",
    """
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h_ - n) * ...
    da_r = da_n * v * ...
    dv = ...
    """,
)

SYMPTOMS = {
    "only da_z is wrong": "z stands in two places of h = z ∘ h_ + (1 − z) ∘ n, with opposite signs.",
    "only da_r is wrong": "r multiplies v, inside the tanh: dr is da_n ∘ v. Then comes the slope of r's σ.",
    "only dv is wrong": "v is multiplied by r: dv is da_n ∘ r, and there is no slope of its own.",
}

# Mistakes of the part that the whole step back has in common with this one.
INSIDE = {
    "difference turned": wrong("(h_ - n)", "(n - h_)", "dz is dh ∘ (n - h_): the signs are exchanged"),
    "the new forgotten": wrong("(h_ - n)", "h_", "dz is dh ∘ h_: the second place of z, in 1 - z, is left out"),
    "the old forgotten": wrong("(h_ - n)", "-n", "dz is -dh ∘ n: the first place of z, before h_, is left out"),
    "candidate ungated": wrong("dh * (1 - z) *", "dh *", "dn is all of dh; the candidate came in with 1 - z"),
    "share exchanged": wrong("dh * (1 - z)", "dh * z", "dn is dh ∘ z; the candidate came in with 1 - z"),
    "r times h_": wrong("da_n * v", "da_n * h_", "dr is da_n ∘ h_; after the product r multiplies U_n h_ + b_hn"),
    "r times itself": wrong(
        "da_n * v", "da_n * r * v", "dr is da_n ∘ r ∘ v, as if r had multiplied itself; it is da_n ∘ v"
    ),
    "dr from dn": wrong(
        "da_n * v", "dh * (1 - z) * v", "dr is made from dn; r stands inside the tanh, so it is made from da_n"
    ),
    "no slopes": wrong(
        " * r * (1 - r)", "", " * z * (1 - z)", "", " * (1 - n**2)", "",
        "the slopes of the gates and of tanh are missing",
    ),
    **slopes("rz", "n", without=["sign of z"]),  # that is "difference turned"
}  # fmt: skip

exercise = Exercise(
    id="E7.3",
    title="Back to the gates",
    solution=gru_gates_backward,
    minutes=10,
    difficulty=3,
    importance=4,
    lines=4,
    can_now="send a gradient from the new state of a GRU to both gates, to the candidate, and behind the reset gate",
    returns={"da_r": "(B, H)", "da_z": "(B, H)", "da_n": "(B, H)", "dv": "(B, H)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=INSIDE | {
        "reset forgotten": wrong(
            "da_n * r\n", "da_n\n", "dv is da_n; v stands behind the reset gate, so it is da_n ∘ r"
        ),
        "dv from dn": wrong(
            "da_n * r\n", "dh * (1 - z) * r\n", "dv is made from dn; v stands inside the tanh, so it is made from da_n"
        ),
        "slope of v": wrong(
            "da_n * r\n", "da_n * r * (1 - v**2)\n", "dv has a slope 1 - v²; v goes through no function of its own"
        ),
        "the z of the update": wrong("da_n * r\n", "da_n * z\n", "dv is da_n ∘ z; what multiplies v is r"),
    },
    case=case,
    sizes=STEP_SIZES,
    incoming=("dh",),
    edges={
        "z at 1: the candidate gets nothing": _edge(1, 1.0),
        "r at 0: nothing reaches v": _edge(0, 0.0),
    },
)  # fmt: skip
