"""A learner finds out first and is told then, within an hour: what can be counted of that, notebook by notebook."""

import ast
import inspect
import re
import textwrap

import pytest
from nbformat import v4

from lstmcourse import exercises
from lstmcourse.commands.build.pages import Counts, checks, counts, replace_definition

from .pages import MAIN, code, label, read, section, tags

MOST = Counts(words=3000, cells=40, predictions=8, claims=10, minutes=60)
OTHERS = {"00": {"words": 1500, "minutes": 30}, "04": {"words": 3500, "minutes": 70}}
SLACK = 1.1  # of the minutes, which are an estimate
POINTS, QUESTIONS = 5, 6
SOURCE = r"getsource(?:lines)?\(|show_source|\?\?\s*$|\.(?:solution|helpers)\b"  # prints the course's source


def too_much(notebook, number="99"):
    """What there is more of than a learner has time for."""
    most = MOST._replace(**OTHERS.get(number, {}))
    allowed = most._replace(minutes=most.minutes * SLACK)
    found = counts(notebook)
    for what, value, bound in zip(Counts._fields, found, allowed, strict=True):
        if value > bound:
            yield f"{value:.0f} {what}, at most {bound:.0f}"
    for heading, most_items, item in (("Key points", POINTS, r"^- "), ("Questionnaire", QUESTIONS, r"^\*\*\d+\.\*\*")):
        items = re.findall(item, section(notebook, heading) or "", re.MULTILINE)
        if len(items) > most_items:
            yield f"{len(items)} {heading}, at most {most_items}"


def told_too_soon(notebook):
    """Predictions that something but their run answers."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown" or "**Predict" not in cell.source:
            continue
        what = cell.source[cell.source.index("**Predict") :][:60]
        if "<details" in cell.source.split("**Predict", 1)[1]:
            yield f"answered in its own cell: {what}"
            continue
        after = notebook.cells[place + 1 :]
        stop = next((k for k, c in enumerate(after) if c.cell_type == "markdown"), len(after))
        run = after[:stop]
        if not run:
            yield f"nothing is run before its answer: {what}"
        elif stop == len(after) or not after[stop].source.lstrip().startswith("<details"):
            yield f"no folded answer after the run: {what}"
        if any("proof" in tags(c) or re.search(r"\bclaim\(|\bproof\(", c.source) for c in run):
            yield f"a claim stands before its answer: {what}"


def given_away(notebook):
    """Sources printed before an exercise, and lines of solutions that stand above their stub."""
    cells = code(notebook)
    stubs = [place for place, cell in enumerate(cells) if "exercise" in tags(cell)]
    for cell in cells[: max(stubs, default=0)]:
        if re.search(SOURCE, cell.source, re.MULTILINE):
            yield f"a source is printed before an exercise: {cell.source[:60]}"
    for id, answer in checks(notebook).items():
        exercise = exercises.get(id)
        own = [place for place in stubs if replace_definition(cells[place].source, answer, "") is not None]
        above = "\n".join(formulas("\n\n".join(plain(cell.source) for cell in cells[: own[0] if own else 0])))
        for formula in formulas(textwrap.dedent(inspect.getsource(exercise.solution))):
            if formula in above:
                yield f"of the solution of {id}, {formula} stands above its stub"


def plain(source):
    """A cell without IPython's own lines."""
    return "\n".join("" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.splitlines())


def formulas(source):
    """The expressions of two operations at least, each in one form, that a source assigns or returns."""
    for node in ast.walk(ast.parse(source)):
        value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.Return | ast.Expr) else None
        if value is not None and sum(isinstance(part, ast.BinOp) for part in ast.walk(value)) >= 2:
            yield ast.unparse(value)


def uncovered(notebook):
    """Proofs whose source a learner would have to scroll past."""
    for cell in notebook.cells:
        if "proof" in tags(cell) and not cell.metadata.get("jupyter", {}).get("source_hidden"):
            yield f"the source of a proof is not collapsed (build sync does it): {cell.source[:60]}"


def faults(notebook, number="99"):
    return [*too_much(notebook, number), *told_too_soon(notebook), *given_away(notebook), *uncovered(notebook)]


@pytest.mark.parametrize("path", MAIN, ids=label)
def test_a_learner_finds_out_first_and_within_the_hour(path):
    found = faults(read(path), path.name[:2])
    assert not found, "\n".join(found)


# ── the rules themselves ──

RUN = ("print(f'{0.9**10:.2f}')",)
PREDICT = "> **Predict.** How much is left: (a) 0.1 or (b) 0.35?"
ANSWER = "<details><summary>Answer</summary>\n\nA third is left.\n\n</details>"
STUB = ("def rnn_step(W, U, b, x, h_):\n    ...", "exercise")
CHECK = ('check("E1.1", rnn_step)',)


@pytest.fixture
def an_exercise(monkeypatch):
    """E1.1 with a solution of known text, whatever the course's own is."""

    class Exercise:
        @staticmethod
        def solution(W, U, b, x, h_):
            return sigmoid(x @ W.T + h_ @ U.T + b)  # noqa: F821

    real = exercises.get
    monkeypatch.setattr(exercises, "get", lambda id: Exercise if id == "E1.1" else real(id))


def cells(*made):
    """A notebook of prose, and of code as (source, tags)."""
    kinds = {str: v4.new_markdown_cell, tuple: lambda c: v4.new_code_cell(c[0], metadata={"tags": list(c[1:])})}
    return v4.new_notebook(cells=[kinds[type(cell)](cell) for cell in made])


RIGHT = ("# Title", PREDICT, RUN, ANSWER, STUB, CHECK, ("getsource(RNN.forward)",), ("claim('a', True)",))


def test_what_holds_the_rules_has_no_fault(an_exercise):
    assert faults(cells(*RIGHT)) == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (["a " * 3001], "3001 words, at most 3000"),
        ([("1",)] * 41, "41 cells, at most 40"),
        ([PREDICT, RUN, ANSWER] * 9, "9 predictions, at most 8"),
        ([("claim('a', True)\n" * 11,)], "11 claims, at most 10"),
        ([("1\n" * 500,)], "67 minutes, at most 66"),
        (["## Key points\n" + "- a\n" * 6], "6 Key points, at most 5"),
        (["## Questionnaire\n" + "**1.** a\n" * 7], "7 Questionnaire, at most 6"),
        ([PREDICT + "\n\n" + ANSWER, RUN], "answered in its own cell"),
        ([PREDICT, ANSWER, RUN], "nothing is run before its answer"),
        ([PREDICT, RUN, "A third is left.", ANSWER], "no folded answer after the run"),
        ([PREDICT, RUN], "no folded answer after the run"),
        ([PREDICT, RUN, ("claim('a third', True)",), ANSWER], "a claim stands before its answer"),
        ([PREDICT, RUN, ("1", "proof"), ANSWER], "a claim stands before its answer"),
        ([("print(inspect.getsource(RNN.forward))",), STUB], "a source is printed before an exercise"),
        ([("RNN.forward??",), STUB], "a source is printed before an exercise"),
        ([("h = sigmoid(x @ W.T + (h_ @ U.T) + b)",), STUB, CHECK], "of the solution of E1.1, "),
        ([("1", "proof")], "the source of a proof is not collapsed"),
    ],
)
def test_a_slip_is_found(an_exercise, made, said):
    assert any(fault.startswith(said) for fault in faults(cells(*made)))


def test_the_long_are_allowed_more():
    assert not list(too_much(cells("a " * 3400), "04")) and list(too_much(cells("a " * 1600), "00"))


def test_what_is_not_visible_is_not_counted():
    hidden = [("claim('a', True)\nb = 1", tag) for tag in ("proof", "instructor")]
    shown = cells("Two words, $x^2$ and " + ANSWER, *hidden, STUB, ("c = 1\n\nd = 1",))
    assert counts(shown) == (4, 2, 0, 0, pytest.approx(4 / 130 + 2 * 8 / 60))
