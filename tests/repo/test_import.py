"""What an import costs and loads, and which way imports run."""

import ast
import graphlib
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import lstmcourse

PACKAGE = Path(lstmcourse.__file__).parent

# DESIGN: an import never runs up. What is not named here stands on top.
LAYERS = (
    ("reference",),
    ("nn",),
    ("gradcheck", "convert", "limits", "probes", "tasks", "data", "training", "checkpoint", "ensemble"),
    ("plots", "equations", "diagrams"),
    ("widgets",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FREE = {"claims"}  # imports nothing of the package, so anything may use it; so may the private modules


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_loads_neither_torch_nor_matplotlib():
    heavy = "{'torch', 'matplotlib', 'numpy', 'IPython'} & set(sys.modules)"
    assert python(f"import sys, lstmcourse; print({heavy})") == "set()"


def test_import_is_quick():
    code = "from time import perf_counter as t; a = t(); import lstmcourse; print(t() - a)"
    assert statistics.median(float(python(code)) for _ in range(5)) < 0.6


def test_reference_works_without_torch():
    python(
        """
import sys
sys.modules["torch"] = None                  # from here on, `import torch` raises ImportError
import numpy as np
from lstmcourse import reference
rng = np.random.default_rng(0)
for cell in reference.CELLS:
    p = reference.init(cell, 3, 4, rng)
    states, caches = reference.unroll(cell, p, rng.normal(size=(5, 2, 3)))
    d, dxs, _ = reference.unroll_backward(cell, p, caches, tuple(np.ones_like(s) for s in states))
    assert dxs.shape == (5, 2, 3)
from lstmcourse.gradcheck import certificate
made = certificate(reference.LSTM)
assert made.ok and made.ways == ("hand-written", "central differences")
from lstmcourse import probes
_, caches = probes.clamp(reference.LSTM, reference.init(reference.LSTM, 3, 4, rng), np.ones((5, 2, 3)), "f", 1.0)
assert (caches[0]["f"] == 1).all()
"""
    )


def test_lazy_names():
    assert callable(lstmcourse.claim)
    assert "claim" in dir(lstmcourse)
    assert "reference" in dir(lstmcourse)
    assert lstmcourse.reference.CELLS
    with pytest.raises(AttributeError, match="module 'lstmcourse' has no attribute 'nonesuch'"):
        _ = lstmcourse.nonesuch


def imported(text, folder):
    """The first-level modules of lstmcourse that a file of that folder imports, inside functions too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(folder[: len(folder) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("lstmcourse."))


KNOWN = {path.stem for path in PACKAGE.iterdir() if not path.stem.startswith("_")}


def ups(own, text, folder):
    """What a file of the first-level module ``own`` imports that stands above it; what has no rank stands on top."""
    free = own in FREE or (own.startswith("_") and not own.startswith("__"))
    rank = -1 if free else RANK.get(own, len(LAYERS))
    known = KNOWN | set(lstmcourse._FUNCTIONS) - {"claim", "ClaimError"}
    return {name for name in imported(text, folder) if name in known - FREE and RANK.get(name, len(LAYERS)) > rank}


def test_imports_never_run_up():
    assert set(RANK) <= KNOWN, "the table above names what is gone"
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        found = ups(parts[0].removesuffix(".py"), path.read_text(encoding="utf-8"), ("lstmcourse", *parts[:-1]))
        assert not found, f"{path} imports {found}, which stands above it"


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("reference", "from ..nn import LSTM"),
        ("nn", "def f():\n    import lstmcourse.plots"),
        ("plots", "from .. import widgets"),
        ("widgets", "from lstmcourse import check"),
        ("_files", "from . import training"),
    ],
)
def test_an_import_that_runs_up_is_seen(own, text):
    folder = ("lstmcourse",) if own.startswith("_") else ("lstmcourse", own)
    assert ups(own, text, folder)


def test_private_modules_of_nn_are_imported_by_nn_alone():
    private = re.compile(r"\bnn(\.\w+)*\.(_|ways)|from [\w.]*\bnn import .*\b(_\w+|ways)\b")
    assert private.search("from ..nn.ways.loop import loop") and private.search("from .nn import LAYERS, _input")
    outside = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(PACKAGE / "nn")]
    lines = [line for path in outside for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if "import" in line and private.search(line)] == []


def modules():
    """{module: its file} of the whole package."""
    files = {path.relative_to(PACKAGE.parent).with_suffix(""): path for path in PACKAGE.rglob("*.py")}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in files.items()}


def test_no_import_goes_in_a_circle():
    """Of what is imported while a module is loaded; inside functions a circle harms nobody."""
    files, graph = modules(), {}
    for name, path in files.items():
        folder = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        needs = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                needs |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                above = folder[: len(folder) - node.level + 1] if node.level else []
                base = ".".join([*above, *filter(None, [node.module])])
                found = {f"{base}.{alias.name}" for alias in node.names}
                needs |= {each if each in files else base for each in found}
        graph[name] = needs & set(files) - {name}
    assert any(graph.values())
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_a_file_can_be_read_at_a_sitting():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert not {name: lines for name, lines in lengths.items() if lines > 450}
