"""What was got, in the words of an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class InputError(ValueError, RuntimeError):
    """A tensor does not fit what it was given to: a ValueError, and as in torch.nn a RuntimeError."""


def kind(value: Any) -> str:
    """ "a tuple of 2", "a tensor of shape (3, 4)", or the value's type."""
    import torch

    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


@contextmanager
def carried_states_explained() -> Iterator[None]:
    """Where torch says that a graph is no longer there, a RuntimeError that says what to do about it."""
    try:
        yield
    except RuntimeError as error:
        if "second time" not in str(error):
            raise
        raise RuntimeError(
            "backward through the graph a second time, likely through a state that was carried on from the batch "
            "before: detach such a state, as training.fit(…, carry=True) does, or give the earlier backward "
            "retain_graph=True"
        ) from error
