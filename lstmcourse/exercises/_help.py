"""What `hint(id, "…")` finds: the symptoms of the exercise, the mistakes that its check knows, and common words."""

import difflib
import textwrap

from lstmcourse.exercises._exercise import Exercise

#: How many mistakes that the check knows are listed at most.
MOST = 4

#: {words: help}: what NumPy says, and what stops a check, in any exercise.
COMMON = {
    "matmul, core dimension, size is different": "In A @ B the last axis of A must be as long as the first of B. Write "
    "the shape under each factor. The rows of x are the batch, (B, I), and W is (H, I): x @ W.T is (B, H).",
    "shape, dimension, axis": "Print the shapes in the line that stops: print(x.shape, W.shape). The check says beside "
    "each number which size it is: B sequences, T steps, I inputs, H units.",
    "broadcast, operands": "NumPy lines up shapes from the right; each pair of axes must be equal, or one of them 1. "
    "(B, H) + (H,) adds b to every row; (H, B) + (H,) does not fit: then a product is the wrong way round.",
    "transpose, columns": "The equations are for one column x. In the code the rows are the batch, so every product "
    "turns round: W x becomes x @ W.T.",
    "nan, inf, overflow, divide": "Look for a division by 0, a logarithm of 0, or np.exp of a large number. Subtract "
    "the largest logit before np.exp.",
    "in place, changed": "x += y and x[...] = y write into the caller's array. x = x + y makes a new one; or begin "
    "with x = x.copy().",
    "float32, dtype, precision": "The check computes in float64. np.zeros(n, dtype=np.float32) or .astype(np.float32) "
    "on the way loses nine of sixteen digits.",
    "none, return": "A function without `return` returns None. What is printed is not returned.",
    "tuple, unpack": "Return the parts side by side: return h, c is a tuple of two, and return (h,) of one.",
    "nameerror, not defined, unboundlocalerror": "A name is used before the line that sets it, or is spelled in "
    "another way. In a notebook: run the cell that defines it.",
    "sum, batch, mean": "Every row of the batch has used the same W, so their gradients add: da.T @ x sums over the "
    "rows by itself, and db needs da.sum(axis=0).",
    "sign, negative": "Follow one number by hand: move it a little, see whether the loss grows, and compare the sign.",
    "slow, time": "A loop over rows or units is slow; a product of whole arrays does the same at once.",
}  # fmt: skip


def found(exercise: Exercise, asked: str) -> str:
    """The help for what the learner sees, or the list of what there is help for."""
    symptoms = {name.lower(): name for name in exercise.symptoms}
    asked = asked.strip().lower()
    entries = [(symptoms[name], exercise.symptoms[symptoms[name]]) for name in symptoms if asked in name]
    entries += [("check knows", f"{sentence.rstrip('.')}.") for sentence in _known(exercise, asked)]
    entries += [(words.split(",")[0], help) for words, help in COMMON.items() if _meant(asked, words)]
    if not entries:
        near = difflib.get_close_matches(asked, symptoms, n=1)
        entries = [(symptoms[name], exercise.symptoms[symptoms[name]]) for name in near]
    if entries:
        return "\n".join(f"{exercise.id}, {name}:\n{_filled(help)}" for name, help in entries)
    names = [*exercise.symptoms, *(words.split(",")[0] for words in COMMON)]
    return "\n".join([f"{exercise.id} has no help for {asked!r}. There is help for:", *(f"  {name}" for name in names)])


def _known(exercise: Exercise, asked: str) -> list[str]:
    """The sentences of the registered mistakes whose name or sentence holds what is asked."""
    if len(asked) < 3:
        return []
    return [said for name, (_, said) in exercise.wrong.items() if asked in name.lower() or asked in said.lower()][:MOST]


def _meant(asked: str, words: str) -> bool:
    return any(word in asked or (len(asked) > 2 and asked in word) for word in words.split(", "))


def _filled(text: str) -> str:
    return textwrap.fill(text, 76, initial_indent="  ", subsequent_indent="  ")
