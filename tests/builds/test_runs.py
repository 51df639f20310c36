"""Two notebooks of each copy that runs: they run from the first cell to the last."""

import pytest

from lstmcourse.commands.build import colab, execute, instructor, learner, pages
from tests.notebooks.pages import ROOT

BUILDS = {"learner": learner.build, "instructor": instructor.build, "colab": colab.build}


@pytest.mark.parametrize("name", BUILDS)
def test_two_notebooks_of_a_copy_run(tmp_path, name):
    BUILDS[name](ROOT, tmp_path / name)
    for path in (tmp_path / name / "00_start_here.ipynb", tmp_path / name / "deeper/03_the_paper_of_1997.ipynb"):
        execute.execute(path)
        said = [output for cell in pages.read(path).cells for output in cell.get("outputs", [])]
        assert said and "Traceback" not in str(said)
