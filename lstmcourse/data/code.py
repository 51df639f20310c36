"""`code`: modules of Python's standard library, each character with exact labels from `tokenize`."""

import io
import platform
import sysconfig
import tokenize
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._card import Arrays, Card, DataSet, of_this_python
from ._download import DataUnavailable
from .text import encode

MODULES = ("argparse", "ast", "dataclasses", "enum", "inspect", "tarfile", "typing")
OPEN, CLOSE = "([{", ")]}"


def make() -> Arrays:
    """The sources of `MODULES`, one after the other, as characters with labels.

    Arrays, all over n characters: numbers (n,) uint8, symbols (k,) str, and the labels, each true of the text up to
    and including the character: depth (n,) uint8, how many brackets are open; string (n,) bool, inside a string
    (opening quote included, closing quote not); comment (n,) bool; indentation (n,) uint8, how many blocks deep the
    line stands; module (n,) uint8, the place in `MODULES`.
    Raises DataUnavailable where the standard library's sources are not there.
    """
    sources = [_source(module) for module in MODULES]
    labels = [label(source) for source in sources]
    arrays = encode("".join(sources))
    for key in ("depth", "string", "comment", "indentation"):
        arrays[key] = np.concatenate([one[key] for one in labels])
    arrays["module"] = np.repeat(np.arange(len(sources), dtype=np.uint8), [len(source) for source in sources])
    return arrays


def describe(arrays: Arrays) -> Card:
    """The card."""
    return of_this_python(
        name="code",
        title=f"Python's standard library ({', '.join(MODULES)}), labelled",
        source="the standard library of the running Python, labels by its tokenize",
        arrays=arrays,
    )


def _source(module: str) -> str:
    path = Path(sysconfig.get_path("stdlib")) / f"{module}.py"
    try:
        with tokenize.open(path) as file:
            return file.read().encode("ascii", "replace").decode("ascii")
    except (OSError, SyntaxError) as error:
        raise DataUnavailable(
            f"code needs the standard library's sources, and {path.name} is not among them here: use a Python "
            'installed with its sources, or take data.load("text"), which is at hand'
        ) from error


def label(source: str) -> dict[str, NDArray]:
    """The labels of a source text, character by character: depth, string, comment, indentation, as `make` has them.

    Brackets count only as Python counts them: not in strings (all of an f-string is string) or comments.
    """
    lines = source.splitlines(keepends=True)
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(int)
    n = len(source)
    change, string, comment = np.zeros(n + 1, int), np.zeros(n, bool), np.zeros(n, bool)
    level_of_line = np.full(len(lines) + 1, -1)
    level, f_strings, f_start = 0, 0, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        begin, end = (int(starts[row - 1]) + column for row, column in (token.start, token.end))
        kind = tokenize.tok_name[token.type]
        if kind in ("INDENT", "DEDENT"):
            level += 1 if kind == "INDENT" else -1
        elif kind == "FSTRING_START":
            f_start = f_start if f_strings else begin
            f_strings += 1
        elif kind == "FSTRING_END":
            f_strings -= 1
            if not f_strings:
                string[f_start : end - 1] = True
        elif f_strings:
            continue
        elif kind == "STRING":
            string[begin : end - 1] = True
        elif kind == "COMMENT":
            comment[begin:end] = True
        elif kind == "OP" and token.string in OPEN:
            change[begin] += 1
        elif kind == "OP" and token.string in CLOSE:
            change[begin] -= 1
        if kind not in ("INDENT", "DEDENT", "NL", "COMMENT", "NEWLINE", "ENDMARKER"):
            rows = slice(token.start[0] - 1, token.end[0])
            level_of_line[rows] = np.where(level_of_line[rows] < 0, level, level_of_line[rows])
    known = np.where(level_of_line >= 0, np.arange(len(level_of_line)), 0)
    level_of_line = np.maximum(level_of_line[np.maximum.accumulate(known)], 0)  # blank lines, comments: as before
    lengths = np.diff(starts)
    return {
        "depth": np.cumsum(change[:n]).astype(np.uint8),
        "string": string,
        "comment": comment,
        "indentation": np.repeat(level_of_line[: len(lines)], lengths).astype(np.uint8),
    }


DATA = DataSet(make, describe, cache=f"code-{platform.python_version()}")
