"""The learner's copy under JupyterLab: what it writes on saving is no change, and what a learner types is one."""

import pytest
from nbformat import v4

from lstmcourse.commands.build import learner, pages
from lstmcourse.commands.build.execute import KERNELSPEC

from ._lab import CURRENT

NAME = "01_first.ipynb"
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"
TYPE = f"() => {{ {CURRENT}.content.model.cells.get(1).sharedModel.source = 'x = 1'; }}"


def edition(number):
    """A notebook of the course, with a proof."""
    cells = [
        v4.new_markdown_cell(f"# 01 · Edition {number}", id="n-1"),
        v4.new_code_cell("x = ...", id="n-2", metadata={"tags": ["exercise"]}),
        v4.new_code_cell("print('shown')", id="n-3", metadata={"tags": ["proof"]}),
    ]
    return pages.text(v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}))


@pytest.mark.parametrize("types", [False, True])
def test_a_save_is_no_change_and_an_answer_is_one(lab, open_notebook, shots, types):
    root = lab.folder / f"course{types:d}"
    (root / "notebooks").mkdir(parents=True)
    source = root / "notebooks" / NAME
    source.write_text(edition(1), encoding="utf-8")
    learner.build(root)
    copy = root / "lab" / NAME
    bare = copy.read_bytes()

    notebook = open_notebook(f"{root.name}/lab/{NAME}")
    assert notebook.page.locator(".jp-CodeCell .jp-InputPlaceholder").count() == 1, "the proof's source is collapsed"
    if types:
        notebook.page.evaluate(TYPE)
    notebook.run_all(seconds=60)
    notebook.page.evaluate(SAVE)
    notebook.page.wait_for_function(f"() => !{CURRENT}.context.model.dirty")
    notebook.page.screenshot(path=shots / f"copy-{types:d}.png")
    saved = copy.read_bytes()
    assert saved != bare, "JupyterLab has written it"

    source.write_text(edition(2), encoding="utf-8")
    learner.build(root)
    beside = copy.with_name("01_first.new.ipynb")
    assert (copy.read_bytes() == saved) == types == beside.exists()
    assert "Edition 2" in (beside if types else copy).read_text(encoding="utf-8")
