"""What an import costs and loads, and which way imports run."""

import ast
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
    ("gradcheck", "convert", "probes", "tasks", "data", "training", "checkpoint", "ensemble"),
    ("plots", "diagrams"),
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
"""
    )


def test_lazy_names():
    assert callable(lstmcourse.claim)
    assert "claim" in dir(lstmcourse)
    assert "reference" in dir(lstmcourse)
    assert lstmcourse.reference.CELLS
    with pytest.raises(AttributeError, match="module 'lstmcourse' has no attribute 'nonesuch'"):
        _ = lstmcourse.nonesuch


def imported(path):
    """The first-level modules of lstmcourse that a file imports, inside functions too."""
    here = ("lstmcourse", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("lstmcourse."))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_never_run_up(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    free = own in FREE or (own.startswith("_") and not own.startswith("__"))
    if own not in RANK and not free:
        return
    rank = -1 if free else RANK[own]
    known = {p.stem for p in PACKAGE.iterdir()} | (set(lstmcourse._FUNCTIONS) - {"claim", "ClaimError"})
    for name in (set(imported(path)) & known) - FREE - {own}:
        if not name.startswith("_"):
            assert RANK.get(name, len(LAYERS)) <= rank, f"{path.name} (in {own}) imports {name}, which stands above it"
