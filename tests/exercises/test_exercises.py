"""The exercises keep their promises: solutions pass, stubs are "not attempted", every known mistake is named."""

import ast
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from lstmcourse import exercises

IDS = exercises.ids()
CODE = [id for id in IDS if exercises.get(id).kind == "code"]
WRONG = [(id, name) for id in IDS for name in exercises.get(id).wrong]
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def of(function, kind):
    """A learner's answer made from a solution or a wrong version: the function, or for an experiment its value."""
    return function() if kind == "experiment" else function


def stub(exercise):
    """What the untouched stub defines."""
    scope = {"np": np, "torch": torch, "Callable": Callable}  # as the notebooks have them
    exec(exercise.stub, scope)
    name = ast.parse(exercise.stub).body[0]
    return scope[name.name if isinstance(name, ast.FunctionDef) else name.targets[0].id]


# --- every exercise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_solution_passes_quickly(id):
    exercise = exercises.get(id)
    answer = of(exercise.solution, exercise.kind)
    start = time.process_time()
    result = exercises.run(exercise, answer)
    assert result.passed and result.attempted, result.text
    assert time.process_time() - start < 3  # a second, with slack for a busy machine
    assert result.text.startswith(f"{id} {exercise.title.rstrip('?')}: passed. You can now ") and "✗" not in result.text


@pytest.mark.parametrize("id", IDS)
def test_untouched_stub_is_not_attempted(id, capsys, home):
    exercises.check(id, stub(exercises.get(id)))
    assert capsys.readouterr().out == f"{id}: not attempted\n"
    assert not home.exists()


@pytest.mark.parametrize(("id", "name"), WRONG)
def test_wrong_version_is_rejected_and_named(id, name):
    exercise = exercises.get(id)
    function, sentence = exercise.wrong[name]
    start = time.process_time()
    result = exercises.run(exercise, of(function, exercise.kind))
    assert time.process_time() - start < 3
    assert result.attempted and not result.passed
    assert result.mistake == name, result.text
    assert f"This is what you get when {sentence.rstrip('.')}." in result.text


@pytest.mark.parametrize("id", IDS)
def test_what_an_exercise_must_have(id):
    exercise = exercises.get(id)
    assert len(exercise.hints) == 3 and all(exercise.hints) and len(set(exercise.hints)) == 3
    assert 1 <= exercise.minutes <= 60 and exercise.lines >= 1
    assert exercise.symptoms and all(exercise.symptoms.values())
    assert len(exercise.wrong) >= 3
    assert exercise.can_now and exercise.heading.startswith(f"### Exercise {id} · ")
    if exercise.kind == "code":
        ast.parse(exercise.stub)
        assert exercise.solution.__doc__ and exercise.stub.endswith("...")
        sizes = exercise.sizes
        assert len(sizes) >= 3
        for letter in {"B", "T"} & set(sizes[0]):
            assert 1 in {size[letter] for size in sizes}, f"no case with {letter} = 1"
        if {"I", "H"} <= set(sizes[0]):
            assert any(size["I"] != size["H"] for size in sizes)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_core_notebook_has_three_exercises_and_one_beside_the_steps_of_its_cell(number):
    here = [exercises.get(id).slug for id in IDS if id.startswith(f"E{number}.")]
    assert len(here) >= 3 and any(not re.search("_step|_backward", slug) for slug in here)


@pytest.mark.parametrize(
    "answer", [1j, "text", [[1], [1, 2]], object(), np.array(["a"]), float("inf"), [], {}, b"x", True]
)
@pytest.mark.parametrize("id", IDS)
def test_no_answer_makes_check_raise(id, answer, capsys):
    exercises.check(id, answer)
    exercises.check(id, lambda *args: answer)
    assert "passed" not in capsys.readouterr().out


def test_autograd_passes_the_backward_exercise():
    torch = pytest.importorskip("torch")

    def lstm_backward(*inputs):
        W, U, b, x, h_, c_, dh, dc = (torch.tensor(a, requires_grad=True) for a in inputs)
        i, f, g, o = (x @ W.T + h_ @ U.T + b).chunk(4, dim=1)
        c = f.sigmoid() * c_ + i.sigmoid() * g.tanh()
        total = (dh * o.sigmoid() * c.tanh()).sum() + (dc * c).sum()
        return torch.autograd.grad(total, (W, U, b, x, h_, c_))

    assert exercises.run(exercises.get("E4.2"), lstm_backward).passed


def test_the_eps_in_the_norm_of_torch_is_told():
    torch = pytest.importorskip("torch")

    def clip_by_global_norm(grads, max_norm):
        parameters = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads]
        for p, g in zip(parameters, grads, strict=True):
            p.grad = torch.tensor(g)
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        return [p.grad for p in parameters], norm

    result = exercises.run(exercises.get("E2.3"), clip_by_global_norm)
    assert not result.passed and "or with a small number (eps) added somewhere" in result.text


# --- the notebooks ----------------------------------------------------------------------------------------------


def checks_of(path):
    """(id, name of the answer, sources of the cells before) of every check in a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    before = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            before.append(source)
            plain = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
            for node in ast.walk(ast.parse(plain)):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func).split(".")[-1] == "check"
                    and len(node.args) == 2
                ):
                    yield ast.literal_eval(node.args[0]), ast.unparse(node.args[1]), list(before)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_stubs_in_a_notebook_are_the_registered_ones(path):
    markdown = "\n".join(
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
    for id, answer, before in checks_of(path):
        exercise = exercises.get(id)
        wanted = ast.parse(exercise.stub).body[0]
        name = wanted.name if isinstance(wanted, ast.FunctionDef) else ast.unparse(wanted.targets[0])
        assert answer == name, f'{path.name}: check("{id}", …) must check {name}'
        assert any(exercise.stub in source for source in before), f"{path.name}: {id}'s stub must be\n{exercise.stub}"
        assert exercise.heading in markdown, f"{path.name}: the heading must be {exercise.heading!r}"
        assert exercise.facts in markdown, f"{path.name}: below the heading of {id} must stand {exercise.facts!r}"


@pytest.mark.parametrize("number", sorted({int(id[1:].split(".")[0]) for id in IDS}))
def test_every_registered_exercise_stands_in_its_notebook(number):
    paths = [p for p in NOTEBOOKS if p.name.startswith(f"{number:02d}_")]
    assert len(paths) == 1, f"exercises E{number}.… are registered, and notebook {number:02d} stands {len(paths)} times"
    found = {id for id, _, _ in checks_of(paths[0])}
    assert found == {id for id in IDS if id.startswith(f"E{number}.")}
