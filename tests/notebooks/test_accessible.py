"""What a screen reader needs of a notebook: headings without gaps, and words for every stored picture."""

import itertools

import pytest
from nbformat import v4

from .pages import PATHS, code, headings, label, read

NOTEBOOKS = [pytest.param(path, id=label(path)) for path in PATHS]


def gaps(notebook):
    """Headings that are two levels or more below the one before."""
    return [title for (above, _), (level, title) in itertools.pairwise(headings(notebook)) if level > above + 1]


def wordless(notebook):
    """The ids of cells with a picture that nothing describes."""
    outputs = [(cell.id, output) for cell in code(notebook) for output in cell.outputs if "data" in output]
    return [
        id
        for id, output in outputs
        for form in output.data
        if form.startswith("image/") and not output.metadata.get(form, {}).get("alt", "").strip()
    ]


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_headings_leave_no_level_out_and_every_picture_has_words(path):
    notebook = read(path)
    assert gaps(notebook) == []
    assert wordless(notebook) == []


def test_a_gap_and_a_picture_without_words_are_seen():
    picture = v4.new_output("display_data", {"image/png": "aGk="}, metadata={"image/png": {"alt": " "}})
    cells = [
        v4.new_markdown_cell("# A\n\n### B\n\n## C\n\n```\n#### no heading\n```"),
        v4.new_code_cell(outputs=[picture]),
    ]
    notebook = v4.new_notebook(cells=cells)
    assert gaps(notebook) == ["B"]
    assert wordless(notebook) == [cells[1].id]
    picture.metadata["image/png"]["alt"] = "A line that falls."
    assert wordless(notebook) == []
