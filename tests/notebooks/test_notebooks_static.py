"""What can be said of a notebook without running it: a gate of a second, the template of the course among it."""

import copy
import re
import statistics

import nbformat
import pytest

from lstmcourse import exercises
from lstmcourse.commands.build.pages import counts

from .pages import DEEPER, FOLDER, MAIN, PATHS, code, headings, label, prose, read, section, tags

KILOBYTES = 600
TAGS = {"nbval-ignore-output", "exercise", "solution", "instructor", "proof", "static", "raises-exception"}
LINES, LINES_EXERCISE, MEDIAN = 15, 30, 8
CORE, LATER = range(1, 8), range(8, 16)
FORBIDDEN_CODE = {
    "asks for input": r"\binput\(",
    "ends the kernel": r"\b(?:sys\.)?exit\(|\bquit\(|\bos\._exit\(",
    "installs": r"^\s*[!%]\s*(?:pip|conda|apt)",
    "reaches the network": r"https?://|\burlopen\(|\brequests\.get\(",
    "steers nbval": r"#\s*(?:NBVAL_|PYTEST_VALIDATE)",
    "switches the figures' backend": r"%matplotlib (?!inline)",
    "hands out a solution": r"solution\([^)]*spoil",
}
MACHINE_PATH = r"(?<![\w.])(?:/home/|/root/|/Users/|/work/|/tmp/|/var/folders/|[A-Z]:\\Users)"
# VOICE: a number stands where these words would.
WORDS = (
    r"powerful|crucial\w*|fascinating|delv(?:e|es|ing)|dive in\w*|key takeaways?|(?:important|worth) (?:to note|noting)"
    r"|in this (?:notebook|section),? we will|now it'?s your turn|as we can see"
)
EMOJI = r"[\U0001F000-\U0001FAFF\u2600-\u2712\u2728\u274C\u2B50]"

NOTEBOOKS = [pytest.param(path, id=label(path)) for path in PATHS]


@pytest.fixture(params=NOTEBOOKS, scope="module")
def path(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(path):
    return read(path)


def number(path):
    return int(path.name[:2])


def is_deeper(path):
    """Whether this is a page in deeper/, which has its claims and links, and neither objectives nor exercises."""
    return path.parent.name == "deeper"


def test_names_are_numbered_and_distinct():
    assert MAIN, "there are no notebooks"
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name) for path in PATHS), [path.name for path in PATHS]
    assert len({path.name[:2] for path in MAIN}) == len(MAIN)


@pytest.mark.parametrize("page", DEEPER, ids=label)
def test_a_page_in_deeper_is_linked_from_where_it_leaves_and_back(page):
    homes = [path for path in MAIN if f"](deeper/{page.name}" in "\n".join(prose(read(path)))]
    assert homes, f"no notebook links to deeper/{page.name}"
    text = "\n".join(prose(read(page)))
    assert any(f"](../{home.name}" in text for home in homes), f"no way back to {[home.name for home in homes]}"


def test_no_notebook_lies_where_no_test_looks():
    ours = (p for p in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
    assert sorted(ours) == sorted(PATHS)


def test_format(notebook):
    nbformat.validate(copy.deepcopy(notebook))  # it mends what it can: the copy, not the notebook
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert {cell.cell_type for cell in notebook.cells} <= {"markdown", "code"}


def test_ids_are_there_and_unique(notebook):
    ids = [cell.get("id") for cell in notebook.cells]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_every_code_cell_was_executed_in_order(notebook):
    cells = code(notebook)
    assert cells
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.source.strip() for cell in cells), "a code cell is empty"


def test_size(path):
    assert path.stat().st_size <= KILOBYTES * 1024


def test_metadata(path, notebook):
    assert set(notebook.metadata) == {"kernelspec", "language_info", "lstmcourse"}
    assert notebook.metadata.kernelspec.name == "python3"
    facts = notebook.metadata.lstmcourse
    assert set(facts) == {"reading_minutes", "exercise_minutes", "objectives"}
    assert facts.reading_minutes == max(1, round(counts(notebook).minutes)), "python -m lstmcourse build sync"
    ids = objectives(notebook)
    assert bool(ids) != is_deeper(path)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(rf"O{number(path)}\.[a-z]", name) for name in ids), ids


def objectives(notebook):
    """The ids of the objectives, which may be followed by their text: "O3.a" or "O3.a derive the carousel"."""
    return [re.split(r"[\s:·]", text, maxsplit=1)[0] for text in notebook.metadata.lstmcourse.objectives]


def test_no_error_is_stored_unless_it_is_the_point(notebook):
    for cell in code(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in tags(cell)), cell.source


def test_tags(notebook):
    for cell in notebook.cells:
        assert tags(cell) <= TAGS, f"{cell.id}: {tags(cell) - TAGS}"


def test_what_varies_is_followed_by_a_claim(notebook):
    cells = code(notebook)
    for index, cell in enumerate(cells):
        if "nbval-ignore-output" not in tags(cell) or "widgets." in cell.source:
            continue
        after = [c.source for c in cells[index + 1 : index + 4] if "nbval-ignore-output" not in tags(c)]
        assert any(re.search(r"\b(?:claim|proof)\(|\bassert\b", source) for source in after), cell.source


@pytest.mark.parametrize("what", FORBIDDEN_CODE)
def test_no_cell(notebook, what):
    for cell in code(notebook):
        assert not re.search(FORBIDDEN_CODE[what], cell.source, re.MULTILINE), f"a cell {what}:\n{cell.source}"


def test_cells_are_short(notebook):
    lengths = []
    for cell in code(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        most = LINES_EXERCISE if tags(cell) & {"exercise", "solution", "proof"} else LINES
        assert len(lines) <= most, f"{len(lines)} lines, at most {most}:\n{cell.source}"
        lengths.append(len(lines))
    assert statistics.median(lengths) <= MEDIAN


def test_no_machine_paths(path):
    assert not re.search(MACHINE_PATH, path.read_text(encoding="utf-8"))


def test_widgets_are_stored_without_their_model(path):
    text = path.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-view+json" not in text
    assert "application/vnd.jupyter.widget-state+json" not in text


def test_proofs_are_folded(notebook):
    for cell in code(notebook):
        if "proof" in tags(cell):
            assert cell.metadata.get("jupyter", {}).get("source_hidden"), cell.source
            assert re.search(r"\bproof\(", cell.source), cell.source


def test_voice(notebook):
    for text in prose(notebook):
        found = re.search(rf"\b(?:{WORDS})\b", text, re.IGNORECASE) or re.search(EMOJI, text)
        assert not found, f"{found.group(0)!r} in:\n{text}"


def test_template(path, notebook):
    levels = [level for level, _ in headings(notebook)]
    assert levels.count(1) == 1, "a notebook has one title"
    assert levels[0] == 1
    if number(path) == 0 or is_deeper(path):
        return
    for name in ("Objectives", "Key points", "Questionnaire", "References"):
        assert section(notebook, name) is not None, f"no section {name}"
    for name in ("Objectives", "Key points"):
        missing = [o for o in objectives(notebook) if o not in section(notebook, name)]
        assert not missing, f"{missing} not in the section {name}"
    text = "\n".join(prose(notebook))
    assert "<details" in text, "no folded answer"
    assert len(re.findall(r"\*\*Predict", text)) >= 1, "no prediction is asked for"


def test_exercises(path, notebook):
    """Ids of this notebook, in order; a stub, a check and a solution for each; as many as the template asks for."""
    source = "\n".join(cell.source for cell in code(notebook))
    checked = re.findall(r"\bcheck\(\"(E\d+\.\d+)\"", source)
    solved = re.findall(r"\bsolution\(\"(E\d+\.\d+)\"", source)
    assert all(name.startswith(f"E{number(path)}.") for name in checked + solved)
    assert set(checked) == set(solved)
    titles = [title for _, title in headings(notebook)]
    for name in set(checked):
        bare = name.removeprefix("E")
        assert any(re.search(rf"\bE?{re.escape(bare)}\b", title) for title in titles), f"no heading for {name}"
    least = 0 if is_deeper(path) else 3 if number(path) in CORE else 2 if number(path) in LATER else 0
    assert not (checked and is_deeper(path)), "exercises stand on the main path"
    assert len(set(checked)) >= least, f"{len(set(checked))} exercises, at least {least}"
    stubs = [cell for cell in code(notebook) if "exercise" in tags(cell)]
    assert len(stubs) >= len(set(checked)), "a stub carries the tag exercise"


def test_the_learner_has_the_functions_that_the_text_names(notebook):
    source = "\n".join(cell.source for cell in code(notebook))
    if 'check("' in source:
        lines = re.findall(r"^from lstmcourse[.\w]* import (.*)$", source, re.MULTILINE)
        assert {"check", "hint", "solution"} <= {name for line in lines for name in line.split(", ")}


def test_exercise_minutes_are_those_of_the_exercises(path, notebook):
    names = [name for name in exercises.ids() if name.startswith(f"E{number(path)}.") and not is_deeper(path)]
    source = "\n".join(cell.source for cell in code(notebook))
    assert all(f'check("{name}"' in source for name in names), f"of {names}, one is registered and not in the notebook"
    minutes = sum(exercises.get(name).minutes for name in names)
    assert notebook.metadata.lstmcourse.exercise_minutes == minutes


def test_the_first_notebooks_table_links_to_every_other():
    text = "\n".join(prose(read(MAIN[0])))
    for path in MAIN[1:]:
        assert re.search(rf"^\| {path.name[:2]} \| \[[^]]+\]\({path.name}\) \|", text, re.M), path.name


def test_links_between_notebooks_lead_somewhere(path, notebook):
    text = "\n".join(prose(notebook))
    for target in re.findall(r"\]\((?!https?:|#|attachment:)([^)\s]+)\)", text):
        file = (path.parent / target.split("#")[0]).resolve()
        later = re.match(r"(\d\d)_\w+\.ipynb", target)
        assert file.exists() or (later and int(later.group(1)) > max(map(number, MAIN))), target


def test_every_image_in_the_text_says_what_it_shows(notebook):
    text = "\n".join(prose(notebook))
    assert not re.search(r"!\[\s*\]\(", text)
    assert all(re.search(r"\balt=\"[^\"]", image) for image in re.findall(r"<img\b[^>]*>", text))
