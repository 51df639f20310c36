"""E9.1 and E9.3 ask for few matrix products; the check counts them, since values cannot tell."""

from types import FunctionType

import numpy as np
import pytest

from lstmcourse import exercises

E1, E3 = (exercises.get(id) for id in ("E9.1", "E9.3"))


def copied(solution):
    """The solution as a function of the learner's own: a call of the course's would be told."""
    return FunctionType(solution.__code__.replace(co_name="copied", co_filename="mine"), solution.__globals__)


def in_the_loop(product):
    """A forward that is right, with W x at every step by the given product."""

    def lstm_forward(W, U, b, xs, h0, c0):
        steps = []
        for x in xs:
            a = product(x, W) + b
            i, f, g, o = np.split(a + h0 @ U.T, 4, axis=1)
            i, f, o, g = *(1 / (1 + np.exp(-k)) for k in (i, f, o)), np.tanh(g)
            c0 = f * c0 + i * g
            h0 = o * np.tanh(c0)
            steps.append((h0, c0, np.concatenate([i, f, g, o], axis=1)))
        return tuple(np.stack(part) for part in zip(*steps, strict=True))

    return lstm_forward


PRODUCTS = {
    "@": lambda x, W: x @ W.T,
    "matmul": lambda x, W: np.matmul(x, W.T),
    "dot": lambda x, W: np.dot(x, W.T),
    "method": lambda x, W: W.dot(x.T).T,
    "einsum": lambda x, W: np.einsum("bi,gi->bg", x, W),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_in_the_loop_is_counted(product):
    result = exercises.run(E1, in_the_loop(PRODUCTS[product]))
    assert not result.passed and result.stage == "matrix products", result.text
    assert "W enters 4 matrix products" in result.text


def test_dW_summed_in_the_loop_is_counted():
    def lstm_backward_all(W, U, b, xs, h0, c0, hs, cs, gates, dhs):
        dW, dU, db, dxs, dh0, dc0 = copied(E3.solution)(W, U, b, np.asarray(xs), h0, c0, hs, cs, gates, dhs)
        for x in xs:
            dW = dW + 0 * (dW @ x.T).sum()
        return dW, dU, db, dxs, dh0, dc0

    result = exercises.run(E3, lstm_backward_all)
    assert result.stage == "matrix products" and "xs enters 4 matrix products" in result.text


@pytest.mark.parametrize("product", ["@", "einsum"])
def test_one_product_by_any_function_passes(product):
    def lstm_forward(W, U, b, xs, h0, c0):
        a = PRODUCTS[product](xs.reshape(-1, xs.shape[2]), W)
        return copied(E1.solution)(np.eye(len(b)), U, b, np.asarray(a).reshape(*xs.shape[:2], -1), h0, c0)

    assert exercises.run(E1, lstm_forward).passed
