"""Ways in without an installation: links and badges from one setting, and the files that other tools read."""

import json
import os
import re
import shutil

import pytest

from lstmcourse.commands.build import doors, pages, sync
from tests.notebooks.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "https://github.com/Someone/a-course"


@pytest.fixture
def clone(tmp_path):
    """A folder with the files that the links are made from; `clone(address, doi)` fills in the settings."""
    for name in ("pyproject.toml", "CITATION.cff", "README.md"):
        shutil.copy(ROOT / name, tmp_path)

    def fill(address="", doi=""):
        project, citation = tmp_path / "pyproject.toml", tmp_path / "CITATION.cff"
        text = project.read_text(encoding="utf-8")
        project.write_text(re.sub(r'^repository = ".*"', f'repository = "{address}"', text, flags=re.M), "utf-8")
        if doi:
            citation.write_text(citation.read_text(encoding="utf-8") + f'doi: "{doi}"\n', "utf-8")
        return tmp_path

    return fill


def test_the_readme_has_what_the_setting_says():
    assert sync.between(README, "doors") == doors.text(ROOT), "renew it: python -m lstmcourse build sync"


def test_without_an_address_there_is_the_recipe_and_no_badge(clone):
    folder = clone()
    said = doors.text(folder)
    assert "![" not in said and "](" not in said
    assert "mybinder.org/v2/gh/OWNER/NAME/HEAD?urlpath=lab%2Ftree%2Flab%2F00_start_here.ipynb" in said
    assert "`repository`" in said and "build sync" in said


def test_with_an_address_there_are_badges_and_links_to_it_alone(clone):
    folder = clone(ADDRESS + "/", "10.5281/zenodo.1")
    sync.readme(folder / "README.md", ROOT / "notebooks")
    said = sync.between((folder / "README.md").read_text(encoding="utf-8"), "doors")
    assert said == doors.text(folder) and "OWNER" not in said
    assert re.findall(r"!\[(\w+)\]", said) == ["CI", "Binder", "Codespaces", "DOI"]
    for link in (
        f"{ADDRESS}/actions/workflows/ci.yml/badge.svg",
        "https://mybinder.org/v2/gh/Someone/a-course/HEAD?urlpath=lab%2Ftree%2Flab%2F00_start_here.ipynb",
        "https://codespaces.new/Someone/a-course",
        "https://someone.github.io/a-course/",
        "https://doi.org/10.5281/zenodo.1",
        "git-pull?repo=https%3A%2F%2Fgithub.com%2FSomeone%2Fa-course&branch=main&urlpath=lab%2Ftree%2Fa-course%2F",
    ):
        assert link in said
    assert not sync.readme(folder / "README.md", ROOT / "notebooks"), "a second run changes nothing"


def test_without_a_doi_there_is_no_badge_for_it(clone):
    assert "DOI" not in doors.text(clone(ADDRESS))


@pytest.mark.parametrize("address", ["github.com/a/b", "https://example.org/a/b", "https://github.com/a", "a b"])
def test_an_address_of_another_form_is_refused(clone, address):
    with pytest.raises(ValueError, match=r"repository must look like https://github\.com/OWNER/NAME, got "):
        doors.text(clone(address))


def test_the_notebook_that_the_links_open_is_there():
    assert (pages.ROOT / "notebooks" / doors.START.rpartition("/")[2]).is_file()


def test_binder_makes_the_learners_copy():
    script = ROOT / "postBuild"
    assert os.access(script, os.X_OK) or os.name == "nt"
    assert "python -m lstmcourse build learner" in script.read_text(encoding="utf-8")
    assert not (ROOT / "binder").exists() and not (ROOT / ".binder").exists(), "they would hide environment.yml"


def test_environment_holds_what_both_commands_need():
    needed = {"jupyterlab", "nbval", "pytest", "pytest-xdist", "ruff", "mypy", "pytorch", "ipywidgets"}
    names = re.findall(r"^ +- ([\w-]+)", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.M)
    assert needed <= set(names)


def test_the_image_copies_what_is_there_and_the_container_uses_it():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY --chown=learner (.+) \S+$", text, re.M) for name in line.split()]
    assert len(copied) > 5 and all((ROOT / name).exists() for name in copied)
    assert "lstmcourse build learner" in text and '"--ip=0.0.0.0"' in text
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert f"USER {container['remoteUser']}" in text
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv*", "lab"} <= set(ignored)
