"""What an exception in the learner's code says, in the terms of the exercise."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lstmcourse.exercises._running import Trial
from lstmcourse.exercises._words import axes, message_of, own_frames

#: A product: "x @ W", "np.dot(W, x)" or "W.dot(x)", whose factors are names, perhaps with a part of them or a .T.
FACTOR = r"([A-Za-z]\w*(?:\[\w+\])?(?:\.T)?)"
PRODUCTS = (
    rf"{FACTOR} @ {FACTOR}",
    rf"np\.(?:dot|matmul)\({FACTOR}, {FACTOR}\)",
    rf"{FACTOR}\.(?:dot|matmul)\({FACTOR}\)",
)
WEIGHTS = re.compile(r"[WURV]")
#: A cut along no axis that was named, of something else than weights.
CUT = r"array split does not result in an equal division.*split\((?![WURVb]\b)[^,]*, \d+\)"
#: {what the exception and then the line that raised say: what it means}; {0} is the first group.
MEANT = {
    CUT: "np.split cuts along axis 0 where it is told nothing else, and that is the batch. The gates lie side by side: "
    "axis=1.",
    r"expects (\d) state gradients .*, got 1": "This cell's state has {0} parts, and backward wants a gradient for "
    "each: hand it all that came back from the step after.",
    r"mismatch in its core dimension.* in .*np\.diag\(": "np.diag takes the diagonal out of an array with two "
    "axes. For the rows of a batch, a product with diag(s) is one number by number, with *.",
    r"inhomogeneous shape": "NumPy makes no one array of arrays with different shapes. Take them one by one, or all as "
    "one long vector: np.concatenate([a.ravel() for a in …]).",
    r"unsupported operand type.*'list'": "One of the two is a list, and an operation takes an array: take what is in "
    "the list one by one.",
    r"at index (\d) has (\d) dimension\(s\) and the array at index (\d) has (\d)": "One array has an axis less than "
    "the other: a[None] puts one in front of a.",
    r"cannot access local variable '(\w+)'": "{0} is used here before the line that sets it.",
    r"index -?\d+ is out of bounds for axis (\d) with size (\d+)": "The indices of axis {0} end at one less than its "
    "size, {1}. Is it the axis that you mean?",
}


def raised(trial: Trial) -> Iterator[str]:
    """A sentence on the exception with which the answer stopped, where there is something to say."""
    k = next((k for k, outcome in enumerate(trial.got) if outcome.error is not None), None)
    if k is None:
        return
    error, sizes = trial.got[k].error, trial.sizes[k]
    assert error is not None
    frames = own_frames(error)[::-1]
    message = " in ".join([message_of(error), *(line for _, _, line in frames[:1])])
    for frame, _, line in frames:
        if isinstance(error, ValueError):
            yield from _products(line, frame.f_locals, sizes)
    for pattern, meaning in MEANT.items():
        if at := re.search(pattern, message):
            yield meaning.format(*at.groups())
    rows = trial.exercise.rows
    if rows and (at := re.search(r"equal division.*split\(.*, (\d+), axis", message)) and int(at[1]) != len(rows):
        yield f"Cut into {len(rows)}: the rows of {', '.join(rows)} are all there are."
    if at := re.search(r"broadcast together with shapes (\([\d,]*\)) (\([\d,]*\))", message):
        shapes = [tuple(int(n) for n in part.strip("()").split(",") if n) for part in at.groups()]
        called = [axes(shape, sizes).removeprefix(" = ") for shape in shapes]
        if all(called):
            yield f"Shapes are lined up from the right, and {called[0]} and {called[1]} do not fit so."


def _products(line: str, held: Mapping[str, Any], sizes: Mapping[str, int]) -> Iterator[str]:
    """A product whose factors stand in the other order, or one of them the wrong way round."""
    for pattern in PRODUCTS:
        for at in re.finditer(pattern, line):
            left, right = at.groups()
            a, b = _shape(left, held), _shape(right, held)
            if WEIGHTS.match(left) and not WEIGHTS.match(right) and re.match("x|h|c", right):
                state, weights = right.removesuffix(".T"), left.removesuffix(".T")
                yield (
                    f"{at[0]} is the equation for one column. Here the rows of {state} are the batch, "
                    f"so the product is {state} @ {weights}.T."
                )
            elif a and b and len(b) == 2 and a[-1] != b[0] and a[-1] == b[1]:
                turned = right.removesuffix(".T") if right.endswith(".T") else f"{right}.T"
                yield (
                    f"{left}{axes(a, sizes)} and {right}{axes(b, sizes)} do not fit in {at[0]}: the last axis of the "
                    f"one must be the first of the other. {left} @ {turned} fits."
                )


def _shape(factor: str, held: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape of a factor; () where it is not known."""
    name = factor.removesuffix(".T")
    shape = tuple(getattr(held.get(name), "shape", ()))
    return shape[::-1] if factor.endswith(".T") else shape
