"""What is built of the package: the wheel and the sdist, and what a plain install can do."""

import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement

import lstmcourse
from tests.notebooks.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Both, built by hatchling in this environment: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        facts = email.message_from_bytes(wheel.read(metadata))
    git = subprocess.run(["git", "ls-files", "lstmcourse"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode == 0:
        assert names >= {name for name in git.stdout.splitlines() if (ROOT / name).exists()}
    assert {"lstmcourse/py.typed", "lstmcourse/nn/__init__.py"} <= names
    assert all(name.startswith("lstmcourse/") for name in names)
    assert facts["Version"] == lstmcourse.__version__
    plain = [line for line in facts.get_all("Requires-Dist") if "extra ==" not in line]
    assert {Requirement(line).name for line in plain} == {"numpy", "torch", "threadpoolctl"}
    assert set(facts.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])


def test_the_sdist_holds_what_the_tests_need(built):
    with tarfile.open(built[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"README.md", "Makefile", "constraints.txt", "environment.yml", "tests/conftest.py"} <= names
    assert {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")} <= names
    assert not [name for name in names if re.match(r"\.(venv|ci|git/)|.*__pycache__", name)]


def test_a_plain_install_has_the_cells_and_the_layers(built):
    """The wheel alone, where every package of the extras is missing."""
    extras = {Requirement(line).name for lines in PROJECT["optional-dependencies"].values() for line in lines}
    modules = {"pillow": "PIL", "scikit-learn": "sklearn", "resvg-py": "resvg_py", "pyyaml": "yaml"}
    code = f"""
import sys
sys.path.insert(0, {str(built[0])!r})
for name in {sorted(modules.get(name, name) for name in extras)}:
    sys.modules[name] = None  # from here on, importing it raises ImportError
import numpy as np
import torch
import lstmcourse
from lstmcourse import gradcheck, nn, reference
assert lstmcourse.__file__.startswith({str(built[0])!r})
for layer in nn.LAYERS.values():
    layer(3, 4)(torch.zeros(5, 2, 3))[0].sum().backward()
for cell in reference.CELLS:
    reference.unroll(cell, reference.init(cell, 3, 4, np.random.default_rng(0)), np.zeros((5, 2, 3)))
assert gradcheck.certificate(reference.LSTM).ok
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=built[0].parent)
    assert done.returncode == 0, done.stderr
