"""Formulas as trees: what is printed means what the tree means, with brackets where needed and nowhere else."""

import numpy as np
import pytest

from lstmcourse.diagrams._expr import Call, Minus, Name, Square, Sum, one_minus, printed, product

a, b, c = Name("a", 0.5), Name("b", -2.0), Name("c", 0.25)


@pytest.mark.parametrize(
    "tree, letters, numbers",
    [
        (product(a, b), "a∘b", "0.50·(−2.00)"),
        (product(b, a), "b∘a", "(−2.00)·0.50"),
        (Sum((a, b)), "a + b", "0.50 − 2.00"),
        (Sum((a, Minus(b))), "a − b", "0.50 − (−2.00)"),
        (Sum((a, product(b, c))), "a + b∘c", "0.50 + (−2.00)·0.25"),
        (Sum((a, Minus(product(b, c)))), "a − b∘c", "0.50 − (−2.00)·0.25"),
        (product(a, Sum((b, c))), "a∘(b + c)", "0.50·(−2.00 + 0.25)"),
        (product(a, product(b, c)), "a∘b∘c", "0.50·(−2.00)·0.25"),
        (product(a, one_minus(a)), "a∘(1 − a)", "0.50·(1 − 0.50)"),
        (product(Minus(a), b), "−a∘b", "−0.50·(−2.00)"),
        (product(Minus(a), Minus(c)), "a∘c", "0.50·0.25"),
        (one_minus(Square(b)), "1 − b²", "1 − (−2.00)²"),
        (one_minus(Call("tanh", b, squared=True)), "1 − tanh²(b)", "1 − tanh²(−2.00)"),
        (Call("σ", Sum((a, b), total=7.0)), "σ(a + b)", "σ(7.00)"),
        (Call("", a), "a", "0.50"),
    ],
)
def test_a_tree_is_printed_in_letters_and_in_numbers(tree, letters, numbers):
    assert printed(tree) == letters and printed(tree, numbers=True) == numbers


def worth(tree):
    """The value of a tree, by its own rules."""
    if isinstance(tree, Name):
        return tree.value
    if isinstance(tree, Sum):
        return sum(map(worth, tree.terms))
    if isinstance(tree, Minus):
        return -worth(tree.of)
    if isinstance(tree, Square):
        return worth(tree.of) ** 2
    if isinstance(tree, Call):
        return np.tanh(worth(tree.of)) ** (1 + tree.squared)
    return np.prod([worth(factor) for factor in tree.factors])


def grown(rng, depth):
    """A random tree; values of two decimals, so that what is printed is what it is."""
    if depth == 0:
        return Name("abcd"[rng.integers(4)], round(rng.uniform(-2, 2), 2))
    below = [grown(rng, depth - 1) for _ in range(2)]
    return (
        lambda: Sum(tuple(below)), lambda: product(*below), lambda: Minus(below[0]), lambda: one_minus(below[0]),
        lambda: Call("tanh", below[0], bool(rng.integers(2))), lambda: Square(grown(rng, 0)),
    )[rng.integers(6)]()  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_what_is_printed_has_the_value_of_the_tree(seed):
    tree = grown(np.random.default_rng(seed), 3)
    code = printed(tree, numbers=True).replace("·", "*").replace("−", "-").replace("tanh²", "tanh2").replace("²", "**2")
    tools = {"tanh": np.tanh, "tanh2": lambda v: np.tanh(v) ** 2}
    assert eval(code, {}, tools) == pytest.approx(worth(tree), abs=1e-9)
