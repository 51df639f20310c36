"""Claims: sentences of the course that are put to the test where they stand."""

import html
import math
from collections.abc import Mapping
from typing import Any

from lstmcourse._shown import in_copy, say


class ClaimError(AssertionError):
    """A claim of the course does not hold."""


def claim(text: str, ok: Any) -> None:
    """Print the claim with its verdict, or raise.

    Args:
        text: the claim, as a sentence that is true or false. Numbers that differ between machines do not belong in it.
        ok: what decides: a bool, or a NumPy or torch value with exactly one element. An array with more elements is
            refused, because "all" and "any" are different claims.

    Raises:
        ClaimError: if ``ok`` is false. In the learner's copy that is printed instead.
        TypeError: if ``text`` is no string, or ``ok`` cannot be read as one truth value.
    """
    if not isinstance(text, str) or not text.strip():
        raise TypeError(f"text must be a sentence, got {text!r}")
    if _truth(ok):
        say(f"✓ {text}")
    else:
        _fail([text])


def proof(statements: Mapping[str, Any]) -> None:
    """Put several statements of the text above to the test, and show one line that unfolds to all of them.

    Args:
        statements: each sentence, and what decides: as `claim` takes them.

    Raises:
        ClaimError: if one is false; it names all that are. In the learner's copy they are printed instead.
        TypeError: as `claim` does.
    """
    verdicts = {text: _truth(ok) for text, ok in statements.items()}
    false = [text for text, ok in verdicts.items() if not ok]
    if false:
        _fail(false)
        return
    from IPython.display import display

    count = f"✓ {len(verdicts)} statements above hold" if len(verdicts) > 1 else "✓ 1 statement above holds"
    items = "".join(f"<li>{html.escape(text)}</li>" for text in verdicts)
    folded = f"<details><summary>{count}</summary><ul>{items}</ul></details>"
    plain = "\n".join([count, *(f"    {text}" for text in verdicts)])
    display({"text/plain": plain, "text/html": folded}, raw=True)


def _fail(false: list[str]) -> None:
    """Tell what does not hold: as an error, or in print where a notebook of the learner's copy runs."""
    said = "\n".join(f"✗ {text}" for text in false)
    if not in_copy():
        raise ClaimError(said)
    say(said)


def _truth(ok: Any) -> bool:
    """Read one truth value; a number or a string that happens to be true is more likely a slip than a verdict."""
    shape = getattr(ok, "shape", None)
    item = ok.item() if shape is not None and math.prod(shape) == 1 else ok
    if isinstance(item, bool):
        return item
    got = f"{type(ok).__name__} of shape {tuple(shape)}" if shape is not None else f"{type(ok).__name__} {ok!r}"
    raise TypeError(f"ok must be one true or false value (reduce an array with .all() or .any()), got {got}")
