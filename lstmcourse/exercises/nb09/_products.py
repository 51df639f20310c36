"""How many matrix products an array enters: what is fast, and values cannot tell."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from lstmcourse.exercises import Failed, Trial
from lstmcourse.exercises._running import call

FUNCTIONS = (np.dot, np.einsum, np.inner, np.tensordot)


class Watched(np.ndarray):
    """An array that notes each matrix product that it, or a view of it, enters."""

    products: list[str]

    def __array_finalize__(self, source: Any) -> None:
        self.products = getattr(source, "products", [])

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if ufunc is np.matmul:
            self.products.append("matmul")
        if out is not None:
            kwargs["out"] = tuple(map(_plain, out))
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        if function in FUNCTIONS:
            self.products.append(function.__name__)
        return super().__array_function__(function, types, args, kwargs)

    def dot(self, *args):
        """The product, noted."""
        return np.dot(self, *args)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Watched) else value


def enters_one_product(name: str) -> Callable[[Trial], str]:
    """The stage of a check that fails where the argument with this name enters more than one matrix product."""

    def stage(trial: Trial) -> str:
        place = list(inspect.signature(trial.exercise.solution).parameters).index(name)
        products: list[str] = []

        def watched(*args):
            array = args[place].view(Watched)
            array.products = products
            return trial.fn(*args[:place], array, *args[place + 1 :])

        label, args = next(trial.cases())
        call(watched, label, args)
        if len(products) > 1:
            raise Failed(
                f"the values are right, but {name} enters {len(products)} matrix products (when {label}), "
                "and one for all steps is enough"
            )
        return f"{name} enters one, whatever T is"

    return stage
