"""E5.3: what a cut wire hides from the counter."""

from functools import partial

import numpy as np

from lstmcourse.exercises import Exercise, wrong
from lstmcourse.reference import PEEPHOLE, Params, unroll, unroll_backward


def example() -> tuple[Params, list, tuple]:
    """One unit that counts to eight, without input, and is late: weights, the caches of 8 steps, and dstates.

    It should open its output gate at step 8, which is h = 1; at step 8 its cell is at 6.7 and the gate at 0.25. The
    loss is half the squared error of h at every step. All weights that can be cut are there: U, p_i, p_f and p_o.
    """
    p = Params(
        W=np.zeros((4, 1)),
        U=np.array([[1.0], [-1.0], [0.5], [1.0]]),
        b=np.array([3.0, 6.0, 1.5, -11.25]),
        p_i=np.array([0.3]),
        p_f=np.array([-0.4]),
        p_o=np.array([1.5]),
    )
    (hs, _), caches = unroll(PEEPHOLE, p, np.zeros((8, 1, 1)))
    target = np.zeros_like(hs)
    target[-1] = 1
    return p, caches, (hs - target, np.zeros_like(hs))


def what_a_cut_leaves() -> tuple[float, ...]:
    """What is left of dL/db_g, the gradient of the counter's speed, when one kind of wire is cut on the way back.

    Of the unit of example(): the gradient with the cut, divided by the full one. Cut are the errors that go through U
    to h_, those that go through p_i and p_f to c_, and those that go through p_o to c, one kind at a time.
    """
    p, caches, dstates = example()

    def speed(*cut):
        q = Params(**{name: value * (name not in cut) for name, value in vars(p).items()})
        d, _, _ = unroll_backward(PEEPHOLE, q, caches, dstates)  # forward is over: q only leads errors back
        return d.b[2]  # rows i, f, g, o

    return tuple(float(speed(*cut) / speed()) for cut in (("U",), ("p_i", "p_f"), ("p_o",)))


CUTS = (("U",), ("p_i", "p_f"), ("p_o",))


def _left(measure=lambda cut, full: cut / full, row=2, cuts=CUTS, forward_too=False) -> tuple[float, ...]:
    p, caches, dstates = example()

    def gradient(*cut):
        q = Params(**{name: value * (name not in cut) for name, value in vars(p).items()})
        made, asked = caches, dstates
        if forward_too:
            (hs, _), made = unroll(PEEPHOLE, q, np.zeros((8, 1, 1)))
            asked = (hs - np.eye(8)[7].reshape(8, 1, 1), 0 * hs)
        return unroll_backward(PEEPHOLE, q, made, asked)[0].b[row]

    return tuple(float(measure(gradient(*cut), gradient())) for cut in cuts)


HINTS = (
    "The caches hold everything that the forward pass computed. On the way back U, p_i, p_f and p_o are only used\n"
    "to lead errors on: a weight of 0 in the backward pass is a wire that is cut.",
    "q = p with some of its weights set to 0;  d, _, _ = unroll_backward(PEEPHOLE, q, caches, dstates);\n"
    "dL/db_g = d.b[2], since the rows are i, f, g, o. Divide by the same number with nothing cut.",
    """
    p, caches, dstates = example()

    def speed(*cut):
        q = Params(**{name: value * (name not in cut) for name, value in vars(p).items()})
        d, _, _ = unroll_backward(PEEPHOLE, q, caches, dstates)
        return ...
    """,
)

SYMPTOMS = {
    "all three numbers are below 0.00002": "Then p_o is cut in all of them. One kind of wire at a time.",
    "TypeError: p.U must be floating point": "Multiply by 0.0 or by False, and leave the arrays' type as it is.",
    "the gradient of W is 0": "There is no input: W is multiplied by x = 0. The speed is in the bias.",
}

WRONG = {
    "cut forward too": wrong(
        partial(_left, forward_too=True),
        "the weights are set to 0 in the forward pass as well: that is another unit, not another gradient",
    ),
    "everything cut": wrong(
        partial(_left, cuts=(("U", "p_i", "p_f", "p_o"),) * 3),
        "all wires are cut every time; the question is what each of them carries",
    ),
    "only that wire left": wrong(
        partial(_left, cuts=(("p_i", "p_f", "p_o"), ("U", "p_o"), ("U", "p_i", "p_f"))),
        "each time the other wires are cut, and the one in question is left",
    ),
    "only p_i cut": wrong(
        partial(_left, cuts=(("U",), ("p_i",), ("p_o",))),
        "in the second number only p_i is cut; p_i and p_f are cut together",
    ),
    "only p_f cut": wrong(
        partial(_left, cuts=(("U",), ("p_f",), ("p_o",))),
        "in the second number only p_f is cut; p_i and p_f are cut together",
    ),
    "in percent": wrong(partial(_left, lambda cut, full: 100 * cut / full), "percent are given; asked is the share"),
    "the forget gate's bias": wrong(
        partial(_left, row=1),
        "you look at the bias of the forget gate, row 1; the candidate's is row 2",
    ),
    "the gate's bias": wrong(
        partial(_left, row=3),
        "you look at the bias of the output gate, row 3; the candidate's is row 2",
    ),
    "the input gate's bias": wrong(
        partial(_left, row=0),
        "you look at the bias of the input gate, row 0; the candidate's is row 2",
    ),
    "what is lost": wrong(
        partial(_left, lambda cut, full: 1 - cut / full),
        "you give the share that is lost; asked is the share that is left",
    ),
    "upside down": wrong(partial(_left, lambda cut, full: full / cut), "the full gradient is divided by the cut one"),
    "not divided": wrong(partial(_left, lambda cut, full: cut), "the cut gradients are not divided by the full one"),
    "another order": wrong(partial(_left, cuts=CUTS[::-1]), "the order is turned: U first, p_i and p_f, then p_o"),
}  # fmt: skip

exercise = Exercise(
    id="E5.3",
    title="What does a cut hide?",
    solution=what_a_cut_leaves,
    kind="experiment",
    minutes=15,
    difficulty=3,
    importance=4,
    lines=8,
    can_now="cut a wire on the way back only, and say which of them tells a counter that it was too slow",
    returns={"U": "a number", "p_i and p_f": "a number", "p_o": "a number"},
    rtol=0,
    atol=0.004,
    stub="left = ...  # dL/db_g with U cut, with p_i and p_f cut, with p_o cut; each divided by the full dL/db_g",
    helpers=(example,),
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
)
