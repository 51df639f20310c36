"""The equations that a cell's docstring numbers are the lines that its code numbers, in both backends."""

import ast
import re
from pathlib import Path

import pytest

from lstmcourse import nn, reference
from lstmcourse.reference import CELLS

REFERENCE, NN = Path(reference.__file__).parent, Path(nn.__file__).parent
FILES = sorted(path.stem for path in REFERENCE.glob("[a-z]*.py"))
every_file = pytest.mark.parametrize("file", FILES)

EQUATION = re.compile(r"^ {4}(\S.*?) {2,}\((\d+)\)", re.MULTILINE)  # "    i = σ(a_i)      (2)   …"


def source(folder, file):
    return (folder / f"{file}.py").read_text(encoding="utf-8")


def equations(text):
    """{number: equation} of a module's docstring."""
    found = EQUATION.findall(ast.get_docstring(ast.parse(text), clean=False))
    numbers = [int(n) for _, n in found]
    assert numbers == list(range(1, len(numbers) + 1)), "equations are numbered 1, 2, 3 …"
    return {int(n): equation for equation, n in found}


def functions(text, *prefixes):
    """(name, lines) of every function, nested ones too, whose name starts with a prefix."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith(prefixes):
            yield node.name, lines[node.lineno - 1 : node.end_lineno]


def comment(line):
    return line.partition("  # ")[2]


def numbers(text):
    return [int(n) for n in re.findall(r"\((\d+)\)", text)]


def one_space(equation):
    return re.sub(r"\s+", " ", equation).strip()


@every_file
def test_each_numbered_line_of_forward_is_an_equation_of_the_docstring(file):
    text = source(REFERENCE, file)
    defined, seen = equations(text), []
    for _, lines in functions(text, "forward"):
        here = [n for line in lines for n in numbers(comment(line))]
        assert here == sorted(here), "in the order of the equations"
        seen += here
    assert set(seen) == set(defined)


@every_file
def test_a_numbered_line_assigns_what_its_equation_defines(file):
    """ "c = f ∘ c₋ + i ∘ g      (6)" is a line that begins with "c = "."""
    text = source(REFERENCE, file)
    defined = equations(text)
    for _, lines in functions(text, "forward"):
        for line in lines:
            for n in numbers(comment(line)):
                name = defined[n].partition(" = ")[0]
                assert re.match(rf"\s*{name} (=|\|=) ", line), f"({n}) is {defined[n]}: {line.strip()}"


@every_file
def test_every_line_of_forward_that_is_an_equation_has_its_number(file):
    """The unpacking of the state and of stacked gates are no equations; all other assignments are."""
    plumbing = re.compile(r"\s*(\(?\w+_\b.*= state|\w+(, \w+)+ = (np\.)?split\(|a = dict\.fromkeys)")
    for _, lines in functions(source(REFERENCE, file), "forward"):
        for line in lines:
            if re.match(r"\s*\(?\w+[\w, ]*\)? \|?= ", line) and not plumbing.match(line):
                assert numbers(comment(line)), line


@every_file
def test_every_gradient_says_which_equation_it_comes_from(file):
    text = source(REFERENCE, file)
    defined = equations(text)
    for name, lines in functions(text, "backward", "_backward"):
        used = []
        for line in lines:
            gradient = re.match(r"\s*(d\w*_?|d\.\w+|da\[.*\]|vars\(d\)\[.*\]) \+?= ", line)
            stacked = re.match(r"\s*(da|du|dq|da_live) = join\(", line)
            if (gradient and not stacked) or line.strip().startswith("return"):
                said = comment(line)
                assert "_backward_affine(" in line or said.startswith("from "), line
                assert set(numbers(said)) <= set(defined), line
            used += numbers(comment(line))
        if name.startswith("backward") and file != "rnn":
            assert set(used) == set(defined), f"{name} uses every equation"


@every_file
def test_each_reference_file_has_its_twin_with_the_same_equations(file):
    ours, theirs = equations(source(REFERENCE, file)), equations(source(NN, file))
    assert ours.keys() == theirs.keys()
    for n, equation in ours.items():
        if file == "odyssey":  # σ_f there is the function of the table, here the step is the vanilla one
            equation = re.sub(r"σ_[gy]", "tanh", re.sub(r"σ_[ifo]", "σ", equation))
        assert one_space(equation) == one_space(theirs[n])


@every_file
def test_the_twins_step_numbers_every_equation(file):
    text = source(NN, file)
    seen = {n for _, lines in functions(text, "step", "inputs") for line in lines for n in numbers(comment(line))}
    assert seen == set(equations(text))


def test_every_cell_has_its_layer_and_every_layer_its_cell():
    assert list(nn.LAYERS) == [cell.name for cell in CELLS]
    for cell in CELLS:
        layer = nn.LAYERS[cell.name]
        assert layer.__module__.rpartition(".")[2] in FILES
        assert layer.__name__ in nn.__all__
        assert (layer(2, 3).states, layer.rows, layer.initial) == (cell.states, cell.rows, cell.initial)


def test_every_cell_is_exported_under_its_name():
    for cell in CELLS:
        assert getattr(reference, cell.name.upper()) is cell
        assert cell.name.upper() in reference.__all__


def test_files_of_both_backends_name_a_paper():
    for folder in (REFERENCE, NN):
        for file in FILES:
            first = ast.get_docstring(ast.parse(source(folder, file)))
            assert re.search(r"(19|20)\d\d", first) or "cuDNN" in first, (folder.name, file)
