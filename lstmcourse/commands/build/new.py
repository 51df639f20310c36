"""``build new 08 "Title"``: a notebook to begin with, which holds the rules that every notebook holds."""

import re
from pathlib import Path
from typing import Any

from nbformat import v4

from lstmcourse import _files
from lstmcourse.commands.build import execute, pages

IMPORTS = """import numpy as np
import torch

from lstmcourse import claim
from lstmcourse.exercises import check, hint, solution

torch.set_num_threads(1)"""
FACTOR = "0.9**10"
DEEPER = """# {title}

What this page adds to [notebook {number}](../{home}), in a sentence."""
HEAD = """# {number} · {title}

What this notebook leaves behind, in a sentence."""
OBJECTIVES = """## Objectives

| | after this notebook you can | practised in |
|---|---|---|
{rows}

Reading takes about 1 minutes, the exercises about 0."""
PREDICTION = """## The idea

A unit keeps nine tenths of its state at every step.

> **Predict.** How much is left after ten steps: (a) 0.1, (b) 0.35, (c) 0.9?"""
ANSWER = """<details><summary>After the run</summary>

A bit more than a third is left, 0.35.

</details>"""
QUESTIONNAIRE = """## Questionnaire

**1.** A question that the text answers.

<details><summary>Answer</summary>

The answer, beginning with its subject.

</details>"""


def create(root: Path, number: str, title: str, *, deeper: bool = False) -> Path:
    """Write a notebook, with every exercise that is registered for it, and run it; returns its path.

    deeper: a page beside notebook `number`, in notebooks/deeper/. Raises ValueError for a number that is taken (or,
    deeper, for one that is not), a malformed number and a title without a letter, NotebookError if it does not run.
    """
    name = "_".join(re.findall(r"[a-z0-9]+", title.lower()))
    if not re.fullmatch(r"\d\d", number) or not name:
        raise ValueError(f'new expects two digits and a title, such as 08 "Variants compared", got {number} "{title}"')
    folder = root / "notebooks"
    taken = sorted(folder.glob(f"{number}_*.ipynb"))
    if deeper:
        if not taken:
            raise ValueError(f"a page in deeper belongs to a notebook, and there is no notebook {number}")
        folder /= "deeper"
    elif taken:
        raise ValueError(f"the number {number} is taken by {taken[0].name}")
    path = folder / f"{number}_{name}.ipynb"
    if path.exists():
        raise ValueError(f"{path.name} is there already")
    notebook = page(number, title, taken[0].name) if deeper else skeleton(number, title)
    _files.write(path, pages.text(notebook))
    try:
        execute.execute(path)
    except BaseException:
        path.unlink()
        raise
    return path


def skeleton(number: str, title: str) -> Any:
    """The cells of a notebook: objectives, a prediction with its run and answer, the exercises, key points."""
    from lstmcourse import exercises

    own = [exercises.get(id) for id in exercises.ids() if id.startswith(f"E{int(number)}.")]
    names = [f"O{int(number)}.{chr(97 + k)}" for k in range(max(1, len(own)))]
    practised = [exercise.id for exercise in own] or ["The idea"]
    rows = "\n".join(f"| {name} | … | {place} |" for name, place in zip(names, practised, strict=True))
    cells = [
        v4.new_markdown_cell(HEAD.format(number=number, title=title)),
        v4.new_markdown_cell(OBJECTIVES.format(rows=rows)),
        v4.new_code_cell(IMPORTS),
        v4.new_markdown_cell(PREDICTION),
        v4.new_code_cell(f'print(f"{{{FACTOR}:.2f}}")'),
        v4.new_markdown_cell(ANSWER),
        v4.new_code_cell(f'claim("0.35 is left after ten steps", np.isclose({FACTOR}, 0.35, atol=0.005))'),
    ]
    for exercise in own:
        cells += [
            v4.new_markdown_cell(f"{exercise.heading}\n\n*{exercise.facts}*\n\nWhat is asked, in a sentence."),
            v4.new_code_cell(exercise.stub, metadata={"tags": ["exercise"]}),
            v4.new_code_cell(f'check("{exercise.id}", {exercise.answer})'),
            v4.new_code_cell(f'solution("{exercise.id}")', metadata={"tags": ["solution"]}),
        ]
    points = "\n".join(f"- **{name}** …" for name in names)
    cells += [
        v4.new_markdown_cell(f"## Key points\n\n{points}"),
        v4.new_markdown_cell(QUESTIONNAIRE),
        v4.new_markdown_cell("## References\n\n- Author (year). Title. Link."),
    ]
    return _notebook(f"n{number}", cells, names)


def page(number: str, title: str, home: str) -> Any:
    """The cells of a page in deeper/: where it comes from, and a statement with its proof."""
    cells = [
        v4.new_markdown_cell(DEEPER.format(number=number, title=title, home=home)),
        v4.new_code_cell("from lstmcourse import claim"),
        v4.new_markdown_cell("A unit that keeps nine tenths of its state at every step has 0.35 of it after ten."),
        v4.new_code_cell(f'claim("0.35 is left after ten steps", round({FACTOR}, 2) == 0.35)'),
    ]
    return _notebook(f"d{number}", cells, [])


def _notebook(prefix: str, cells: list[Any], objectives: list[str]) -> Any:
    for place, cell in enumerate(cells, 1):
        cell["id"] = f"{prefix}-{place:03d}"
    facts = {"reading_minutes": 1, "exercise_minutes": 0, "objectives": objectives}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": execute.KERNELSPEC, "lstmcourse": facts})
