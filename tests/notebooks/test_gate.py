"""The static gate put to the test: a right notebook passes, and each slip is caught by the check meant for it."""

import copy
import json

import nbformat
import pytest
from nbformat import v4

from . import test_notebooks_static as gate

PROSE = """# 99 · The gate

## Objectives
- O99.a: say what a gate is
<details><summary>Answer</summary>A factor.</details>

**Predict.** How many slips are caught?

### Exercise E99.1 · One
### Exercise E99.2 · Two
## Key points
- O99.a: a gate is a factor
## Questionnaire
## References
"""
TIME = "from lstmcourse import check, hint, solution\n\ntime()"
EXERCISE = ['def one():\n    """Return 1."""', 'check("E99.{}", one)\nsolution("E99.{}")']


def right():
    """A notebook that passes, as the author of the course would hand it in."""
    cells = [v4.new_markdown_cell(PROSE), v4.new_code_cell(TIME, metadata={"tags": ["nbval-ignore-output"]})]
    cells.append(v4.new_code_cell('claim("time passes", True)'))
    for n in (1, 2):
        cells.append(v4.new_code_cell(EXERCISE[0], metadata={"tags": ["exercise"]}))
        cells.append(v4.new_code_cell(EXERCISE[1].format(n, n)))
    for count, cell in enumerate(cells[1:], 1):
        cell.execution_count = count
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        "lstmcourse": {"reading_minutes": 2, "exercise_minutes": 0, "objectives": ["O99.a"]},
    }
    return v4.new_notebook(cells=cells, metadata=metadata)


ON_NOTEBOOK = (
    gate.test_format,
    gate.test_ids_are_there_and_unique,
    gate.test_every_code_cell_was_executed_in_order,
    gate.test_no_error_is_stored_unless_it_is_the_point,
    gate.test_tags,
    gate.test_what_varies_is_followed_by_a_claim,
    gate.test_cells_are_short,
    gate.test_the_learner_has_the_functions_that_the_text_names,
    gate.test_voice,
)
ON_PATH = (gate.test_size, gate.test_no_machine_paths, gate.test_widgets_are_stored_without_their_model)
ON_BOTH = (gate.test_metadata, gate.test_template, gate.test_exercises)


def judge(notebook, folder, name="99_gate.ipynb"):
    """The names of the checks that fail."""
    path = folder / name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    calls = [(check, (notebook,)) for check in ON_NOTEBOOK]
    calls += [(check, (path,)) for check in ON_PATH] + [(check, (path, notebook)) for check in ON_BOTH]
    calls += [(gate.test_no_cell, (notebook, what)) for what in gate.FORBIDDEN_CODE]
    failed = set()
    for check, args in calls:
        try:
            check(*args)
        except (AssertionError, nbformat.ValidationError, Warning):
            failed.add(check.__name__)
    return failed


def test_a_right_notebook_passes(tmp_path):
    assert judge(right(), tmp_path) == set()


def source(text):
    return lambda nb: nb.cells[2].update(source=text)


def prose(old, new):
    return lambda nb: nb.cells[0].update(source=nb.cells[0].source.replace(old, new))


def output(data):
    return lambda nb: nb.cells[2].outputs.append(v4.new_output("display_data", data))


ERROR = v4.new_output("error", ename="E", evalue="", traceback=[])
SLIPS = {
    "same id twice": (lambda nb: nb.cells[1].update(id=nb.cells[0].id), "test_ids_are_there_and_unique"),
    "not executed": (lambda nb: nb.cells[2].update(execution_count=None), "test_every_code_cell_was_executed_in_order"),
    "out of order": (lambda nb: nb.cells[2].update(execution_count=9), "test_every_code_cell_was_executed_in_order"),
    "empty cell": (source(" \n"), "test_every_code_cell_was_executed_in_order"),
    "raw cell": (lambda nb: nb.cells.append(v4.new_raw_cell("x")), "test_format"),
    "unknown tag": (lambda nb: nb.cells[2].metadata.update(tags=["nbval-skip"]), "test_tags"),
    "stored error": (lambda nb: nb.cells[2].outputs.append(ERROR), "test_no_error_is_stored_unless_it_is_the_point"),
    "no error where one is the point": (
        lambda nb: nb.cells[2].metadata.update(tags=["raises-exception"]),
        "test_no_error_is_stored_unless_it_is_the_point",
    ),
    "ignored without a claim": (source("print(1)"), "test_what_varies_is_followed_by_a_claim"),
    "long cell": (source("claim()\n" * 16), "test_cells_are_short"),
    "no hint": (
        lambda nb: nb.cells[1].update(source="from lstmcourse import check, solution\n\ntime()"),
        "test_the_learner_has_the_functions_that_the_text_names",
    ),
    "input": (source("claim(input())"), "test_no_cell"),
    "exit": (source("claim()\nexit()"), "test_no_cell"),
    "pip": (source("claim()\n!pip install torch"), "test_no_cell"),
    "network": (source("claim('https://example.org')"), "test_no_cell"),
    "nbval comment": (source("claim()  # NBVAL_IGNORE_OUTPUT"), "test_no_cell"),
    "backend": (source("claim()\n%matplotlib widget"), "test_no_cell"),
    "spoiled solution": (source("claim(solution('E99.1', spoil=True))"), "test_no_cell"),
    "machine path": (source("claim('/home/me/x')"), "test_no_machine_paths"),
    "widget view": (
        output({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}),
        "test_widgets_are_stored_without_their_model",
    ),
    "too large": (output({"text/plain": "x" * 700_000}), "test_size"),
    "other kernel": (lambda nb: nb.metadata.kernelspec.update(name="conda-env-foo"), "test_metadata"),
    "no minutes": (lambda nb: nb.metadata.lstmcourse.pop("reading_minutes"), "test_metadata"),
    "minutes that somebody typed": (lambda nb: nb.metadata.lstmcourse.update(reading_minutes=45), "test_metadata"),
    "objective of another notebook": (lambda nb: nb.metadata.lstmcourse.update(objectives=["O3.a"]), "test_metadata"),
    "objective not among the key points": (prose("- O99.a: a gate is", "- a gate is"), "test_template"),
    "no references": (prose("## References\n", ""), "test_template"),
    "two titles": (prose("## Key points", "# Key points"), "test_template"),
    "no folded answer": (prose("<details>", ""), "test_template"),
    "no prediction": (prose("**Predict.**", ""), "test_template"),
    "adjective": (prose("A factor.", "A powerful factor."), "test_voice"),
    "emoji": (prose("A factor.", "A factor \U0001f680"), "test_voice"),
    "no heading for an exercise": (prose("### Exercise E99.2", "### Exercise"), "test_exercises"),
    "no solution": (lambda nb: nb.cells[4].update(source='check("E99.1", one)'), "test_exercises"),
    "exercise of another notebook": (
        lambda nb: nb.cells[4].update(source='check("E3.1", one)\nsolution("E3.1")'),
        "test_exercises",
    ),
    "untagged stub": (lambda nb: nb.cells[3].metadata.clear(), "test_exercises"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_caught(name, tmp_path):
    slip, check = SLIPS[name]
    notebook = copy.deepcopy(right())
    slip(notebook)
    assert check in judge(notebook, tmp_path)
