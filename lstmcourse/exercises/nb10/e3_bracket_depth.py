"""E10.3: how many brackets are open at each character of a program, as Python itself reads it."""

import io
import tokenize
from types import SimpleNamespace

import numpy as np

from lstmcourse.exercises import Exercise, wrong


def bracket_depth(source: str) -> np.ndarray:
    """How many brackets are open after each character of a Python program, (len(source),).

    Round, square and curly ones count, and only where Python reads them as brackets: not in strings and comments.
    tokenize.generate_tokens(io.StringIO(source).readline) yields the tokens. Each has a type (brackets are
    tokenize.OP), a string and a start (line, column); lines are counted from 1, columns from 0.
    """
    lengths = [len(line) for line in source.splitlines(keepends=True)]
    begins = np.cumsum([0, *lengths])  # where each line begins in the source
    change = np.zeros(len(source), int)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line, column = token.start
        if token.type == tokenize.OP and token.string in "([{":
            change[begins[line - 1] + column] += 1
        elif token.type == tokenize.OP and token.string in ")]}":
            change[begins[line - 1] + column] -= 1
    return change.cumsum()


LINES = (
    "total = add(a, b[0])\n",
    'say("a (", [x, "]"])  # ((\n',
    "table = {\n    'key': (1, 2),\n}\n",
    "# nothing [here]\n",
    "if f(x)[1]:\n    g({x: '}'})\n",
    "\n",
    "words = ['''two\n(lines''', name]\n",
)


def case(rng: np.random.Generator, n: SimpleNamespace) -> tuple:
    """A program of n.N statements."""
    return ("".join(LINES[k] for k in rng.permutation(len(LINES))[: n.N]),)


def _everything(source):
    return np.cumsum([(c in "([{") - (c in ")]}") for c in source])


def _before(source):
    depth = bracket_depth(source)
    return np.concatenate([[0], depth[:-1]])


HINTS = (
    "Note at each bracket's place by how much the depth changes there. The depth is the sum of all changes so far.\n"
    "To turn a line and a column into a place, you need to know where each line begins.",
    "place = (sum of the lengths of the lines before, line breaks included) + column;\n"
    "change = +1 at ( [ {, −1 at ) ] }, 0 elsewhere;  depth = change.cumsum().",
    """
    lengths = [len(line) for line in source.splitlines(keepends=True)]
    begins = np.cumsum([0, *lengths])
    change = np.zeros(len(source), int)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line, column = token.start
        ...
    """,
)

SYMPTOMS = {
    "right on the first line only": "Every line is longer than it looks by its line break: keepends=True.",
    "IndexError: index is out of bounds": "Lines are counted from 1: the first begins at begins[0].",
    "brackets in strings count": "token.type tells a string from a bracket; a bracket is an OP.",
    "the depth is below 0 somewhere": "A closing bracket must be read by the same rule as its opening one.",
}

WRONG = {
    "one less": wrong(
        "change.cumsum()", "np.maximum(change.cumsum() - 1, 0)",
        "the depth is one less than it should be: the outermost bracket counts, too",
    ),
    "letter by letter": wrong(
        _everything, "every bracket counts, those in strings and comments too; tokenize tells them apart"
    ),
    "no line breaks": wrong(
        "keepends=True", "keepends=False", "the lines are counted without their line breaks: each begins too early"
    ),
    "columns only": wrong(
        "change[begins[line - 1] + column] += 1", "change[column] += 1",
        "change[begins[line - 1] + column] -= 1", "change[column] -= 1",
        "the column is taken for the place in the source; the lines before it have to be added",
    ),
    "lines from 0": wrong(
        "begins[line - 1] + column] += 1", "begins[line] + column] += 1",
        "begins[line - 1] + column] -= 1", "begins[line] + column] -= 1",
        "line is used as if lines were counted from 0; the first line has the number 1",
    ),
    "round only": wrong('in "([{"', 'in "("', 'in ")]}"', 'in ")"', "only round brackets are counted"),
    "no curly ones": wrong('in "([{"', 'in "(["', 'in ")]}"', 'in ")]"', "curly brackets are left out"),
    "nothing closes": wrong("-= 1", "-= 0", "closing brackets have no effect, so the depth only grows"),
    "closes at once": wrong(
        "change.cumsum()", "np.abs(change).cumsum()", "a closing bracket raises the depth as an opening one does"
    ),
    "changes": wrong("change.cumsum()", "change", "the changes are returned; the depth is their sum up to there"),
    "before the character": wrong(
        _before, "the depth before each character is given; asked is the depth after it"
    ),
    "the end of the token": wrong(
        "line, column = token.start", "line, column = token.end",
        "the place after the bracket is marked: token.end is where the next token may begin",
    ),
    "open or not": wrong(
        "change.cumsum()", "(change.cumsum() > 0).astype(int)",
        "you say whether a bracket is open; asked is how many are",
    ),
}  # fmt: skip

exercise = Exercise(
    id="E10.3",
    title="Labels from the tokenizer",
    solution=bracket_depth,
    minutes=12,
    difficulty=3,
    importance=3,
    lines=9,
    can_now="label every character of a program exactly, and ask a network's units whether they know the label",
    returns={"depth": "(characters,)"},
    hints=HINTS,
    symptoms=SYMPTOMS,
    wrong=WRONG,
    case=case,
    sizes=({"N": 7}, {"N": 4}, {"N": 2}),
    edges={
        "a string over two lines": lambda rng: ("x = ['''a (\n)''', (1)]\n",),
        "no bracket at all": lambda rng: ("x = 1\n# (\n",),
        "no line break at the end": lambda rng: ("f(x)",),
    },
)
