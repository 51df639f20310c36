"""The files around the package agree: pyproject.toml, constraints.txt, environment.yml, Makefile, README, citation."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

import lstmcourse
from lstmcourse import nn, reference
from lstmcourse.commands.build import sync
from tests.notebooks.pages import FOLDER, ROOT
from tests.others import run as others

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MACHINE_PATH = r"(?<![\w.~)])/(?:home|root|Users|work|tmp)/\w"
CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
NAMES = {"PIL": "pillow", "sklearn": "scikit-learn", "resvg_py": "resvg-py"}
BROUGHT = {"IPython", "traitlets", "jupyter_core", "jupyter_client"}  # by ipykernel, ipywidgets and nbclient
PIP_ONLY = {"resvg-py", "playwright"}  # not on conda-forge


def parsed(lines):
    return {r.name: r.specifier for r in map(Requirement, lines)}


def base_and_course():
    return parsed(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["course"])


def every_line():
    extras = PROJECT["optional-dependencies"]
    return PROJECT["dependencies"] + extras["course"] + extras["test"]


def direct():
    return parsed(every_line())


def fused():
    return parsed(PROJECT["optional-dependencies"]["fused"])


def site():
    return parsed(PROJECT["optional-dependencies"]["site"])


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def tracked():
    """The files of the repository, or of the folder where git is not at hand."""
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in git.stdout.splitlines() if (ROOT / name).is_file()]


# ── versions ──


def test_every_direct_dependency_is_pinned_and_no_other():
    assert set(pins()) == set(direct()) | set(fused()) | set(site())


@pytest.mark.parametrize("name", sorted(direct()))
def test_a_pin_lies_in_its_range(name):
    assert direct()[name].contains(pins()[name])


def test_nothing_is_asked_for_twice():
    names = [Requirement(line).name for line in every_line()]
    assert len(names) == len(set(names))


def test_the_extra_for_fused_brings_a_triton_that_it_takes():
    from lstmcourse.nn.ways.fused import TRITON

    assert [str(s) for s in fused()["triton"] if s.operator == ">="] == [">=" + ".".join(map(str, TRITON))]
    assert fused()["triton"].contains(pins()["triton"])


def test_the_extra_for_onnx_is_what_the_tests_run_with():
    assert set(parsed(PROJECT["optional-dependencies"]["onnx"])) < set(direct())
    assert all(s.contains(pins()[name]) for name, s in parsed(PROJECT["optional-dependencies"]["onnx"]).items())


@pytest.mark.parametrize("name", sorted(site()))
def test_a_pin_of_the_site_lies_in_its_range(name):
    assert site()[name].contains(pins()[name])


def test_what_is_installed_is_what_is_pinned():
    elsewhere = {r.name for r in map(Requirement, every_line()) if r.marker and not r.marker.evaluate()}
    elsewhere |= set(fused()) | set(site())
    wanted = {name: pin for name, pin in pins().items() if name not in elsewhere}
    assert {name: version(name).split("+")[0] for name in wanted} == wanted


def test_base_and_course_have_lower_and_upper_bounds():
    for name, specifier in base_and_course().items():
        assert {s.operator for s in specifier} == {">=", "<"}, name


def imports():
    """The packages that lstmcourse imports, inside functions too."""
    for path in (ROOT / "lstmcourse").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module.split(".")[0]


def test_what_is_imported_is_declared():
    ours = set(imports()) - set(sys.stdlib_module_names) - {"lstmcourse"}
    assert {NAMES.get(name, name) for name in ours} - BROUGHT <= set(direct()) | set(fused()) | set(site())


def conda():
    """environment.yml, read line by line: name, channels, dependencies and what pip adds."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    sections, current = {}, ""
    for line in lines:
        if not line.startswith(" "):
            current, _, value = line.partition(":")
            sections[current] = [value.strip()] if value.strip() else []
        else:
            sections[current].append(line.strip().removeprefix("- "))
    return sections


def test_environment_equals_pyproject():
    environment = conda()
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    python, *packages = environment["dependencies"]
    cut = packages.index("pip:")
    packages, (*by_pip, package) = packages[:cut], packages[cut + 1 :]
    assert packages.pop() == "pip"
    assert package == "-e ."
    assert python == f"python{PROJECT['requires-python']}"
    assert set(parsed(by_pip)) == PIP_ONLY
    wanted = {CONDA.get(name, name): specifier for name, specifier in direct().items()}
    assert parsed(packages) | parsed(by_pip) == wanted


def test_readme_names_what_there_is():
    assert f"conda env create -f environment.yml && conda activate {conda()['name'][0]} && lstmcourse lab" in README
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in README
    assert 'pip install -c constraints.txt -e ".[course,test]"' in README
    assert {"course", "test", "onnx", "cluster", "fused", "site"} == set(PROJECT["optional-dependencies"])
    others = "".join((ROOT / f"{name}.md").read_text(encoding="utf-8") for name in ("CONTRIBUTING", "INSTRUCTORS"))
    for target in re.findall(r"make ([a-z-]+)", README + others):
        if target not in {"and", "to"}:
            assert re.search(rf"^{target}:", makefile(), re.MULTILINE), target


def test_readme_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target
    for name in ("LICENSE", "LICENSE-text", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md"):
        assert f"`{name}`" in README
        assert (ROOT / name).exists()


def test_readme_shows_the_layers_in_use():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= 5
    exec(compile(example, "README.md", "exec"), {})


def test_the_citation_and_the_changelog_have_this_version():
    assert f"\nversion: {lstmcourse.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    versions = re.findall(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == lstmcourse.__version__


# ── tables ──


def test_the_table_of_other_projects_is_the_record():
    record = json.loads((ROOT / "results/others.json").read_text(encoding="utf-8"))
    _, inside = README.split("<!-- begin: others -->\n")
    assert inside.partition("\n<!-- end: others -->")[0] == others.table(record)
    assert [(p["name"], p["version"]) for p in others.projects()] == [
        (row["name"], row["version"]) for row in record["projects"]
    ]


def test_the_table_of_notebooks_is_that_of_their_metadata():
    mend = "python -m lstmcourse build sync"
    assert sync.between(README, "notebooks") == sync.notebooks_table(FOLDER), f"renew it: {mend}"


def rows():
    table = sync.between(README, "cells").splitlines()[2:]
    return [[field.strip().strip("`") for field in line.strip("|").split("|")] for line in table]


def test_the_table_of_cells_is_the_registries():
    assert [row[0] for row in rows()] == [cell.name for cell in reference.CELLS]
    for (name, constant, layer, _, words), cell in zip(rows(), reference.CELLS, strict=True):
        assert getattr(reference, constant) is cell
        assert nn.LAYERS[name].__name__ == layer
        assert words


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_table_of_cells_counts_right(row):
    cell = getattr(reference, row[1])
    sizes = {"I": 3, "H": 5}
    stated = re.sub(r"(?<=[\dH])(?=[H(])", "*", row[3])
    counted = 0
    for shape in cell.shapes(**sizes).values():
        product = 1
        for length in shape:
            product *= length
        counted += product
    assert eval(stated, sizes) == counted


# ── the commands ──


def makefile():
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def make(folder, *arguments):
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "EXTRAS")
    }
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, env=environment)


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile, and a .venv that is set up and up to date."""
    if not shutil.which("make"):
        pytest.skip("there is no make here")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
        os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").touch()
    os.utime(binaries / "python", (1_000_000_000, 1_000_000_000))
    (tmp_path / ".venv" / ".installed").touch()
    return tmp_path


@pytest.mark.parametrize("target", ["lab", "test", "bench"])
def test_the_second_run_installs_nothing(checkout, target):
    said = make(checkout, "--dry-run", target).stdout.replace(str(checkout), "")
    assert "install" not in said
    assert "venv " not in said


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_dependency_installs_again(checkout, name):
    os.utime(checkout / name, (4_000_000_000, 4_000_000_000))
    said = make(checkout, "--dry-run", "lab").stdout
    assert 'pip install -c constraints.txt -e ".[course,test]"' in said.replace("--disable-pip-version-check ", "")
    assert "-m venv" not in said


def test_a_removed_venv_is_made_again(checkout):
    shutil.rmtree(checkout / ".venv")
    said = make(checkout, "--dry-run", "lab", "PYTHON=python3.99").stdout
    assert "python3.99 -m venv --clear .venv" in said
    assert "python -m lstmcourse lab" in said


def test_data_are_fetched_once_and_where_that_fails_the_tests_go_on(checkout):
    said = make(checkout, "--dry-run", "test-notebooks").stdout
    assert f"LSTMCOURSE_DATA={checkout}/.venv/data .venv/bin/python -m lstmcourse data fetch reviews" in said
    assert f"LSTMCOURSE_DATA={checkout}/.venv/data .venv/bin/python tests/notebooks/run_notebooks.py" in said
    python = checkout / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *"data fetch"*) exit 1;; *) echo "ran $*";; esac\n')
    python.chmod(0o755)
    os.utime(python, (1_000_000_000, 1_000_000_000))
    done = make(checkout, "test-notebooks")
    assert done.returncode == 0 and "ran tests/notebooks/run_notebooks.py" in done.stdout, done.stderr
    assert not (checkout / ".venv" / ".fetched").exists()
    (checkout / ".venv" / ".fetched").touch()
    assert "data fetch" not in make(checkout, "--dry-run", "test-notebooks").stdout


def test_flags_are_passed_on(checkout):
    said = make(checkout, "--dry-run", "lab", "ARGS=--no-browser", "FRESH=1").stdout
    assert "python -m lstmcourse lab --fresh --no-browser" in said


def test_the_index_of_torch_can_be_chosen(checkout):
    os.utime(checkout / "pyproject.toml", (4_000_000_000, 4_000_000_000))
    said = make(checkout, "--dry-run", "lab", "TORCH_INDEX=https://example.org/cpu").stdout
    assert "install -c constraints.txt --index-url https://example.org/cpu torch" in said


def test_a_copy_from_a_stick_installs_from_its_wheels_and_asks_no_network(checkout):
    (checkout / "wheels").mkdir()
    (checkout / "wheels" / "a-1-py3-none-any.whl").touch()
    os.utime(checkout / "pyproject.toml", (4_000_000_000, 4_000_000_000))
    said = make(checkout, "--dry-run", "lab").stdout
    assert 'install --no-index --find-links wheels -c constraints.txt -e ".[course]"' in said
    assert "CUDA" not in said


def test_an_old_python_is_refused_with_the_mend(checkout):
    shutil.rmtree(checkout / ".venv")
    old = checkout / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = make(checkout, "lab", f"PYTHON={old}")
    assert done.returncode
    assert "needs Python 3.11 or newer" in done.stdout
    assert "make lab PYTHON=python3.12" in done.stdout
    assert not (checkout / ".venv").exists()


def test_a_failed_installation_is_not_taken_for_done(checkout):
    os.utime(checkout / "constraints.txt", (4_000_000_000, 4_000_000_000))
    python = checkout / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert make(checkout, "setup").returncode
    assert not (checkout / ".venv" / ".installed").exists()


def test_browser_tests_name_the_mend_when_chromium_is_missing(checkout):
    done = make(checkout, "test-browser", "CHROMIUM=")
    assert done.returncode
    assert "apt install chromium" in done.stdout


def test_the_tests_say_that_the_browser_is_left_out(checkout):
    assert "browser tests are left out" in make(checkout, "--dry-run", "test").stdout


# ── what must not be committed ──


def test_no_file_holds_a_machines_path():
    for path in tracked():
        if path.suffix in {
            ".py",
            ".md",
            ".toml",
            ".txt",
            ".yml",
            ".cff",
            ".ipynb",
            ".json",
            ".js",
            "",
        } and path.name not in (
            "test_project.py",
            "test_notebooks_static.py",
            "test_gate.py",
        ):
            found = re.search(MACHINE_PATH, path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, f"{path.relative_to(ROOT)}: {found.group(0)}"
