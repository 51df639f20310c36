"""The shorter paths through the course: their minutes, and that each holds what it needs."""

import re
import tomllib
from itertools import pairwise

import nbformat
import pytest

from lstmcourse.commands import build
from lstmcourse.commands.build import needs, pages, path, sync
from tests.notebooks.pages import ROOT

PATHS = path.load(ROOT)


@pytest.fixture(scope="module", params=PATHS)
def built(request, tmp_path_factory):
    """A path's name and its notebooks."""
    out = tmp_path_factory.mktemp("paths") / request.param
    return request.param, [nbformat.read(file, 4) for file in path.build(ROOT, request.param, out)]


@pytest.mark.parametrize("name", PATHS)
def test_a_path_takes_the_minutes_that_it_promises(name):
    taken = path.minutes(PATHS[name], ROOT / "notebooks")
    total = sum(sum(both) for both in taken.values())
    assert 0.75 * PATHS[name].minutes <= total <= PATHS[name].minutes
    assert list(taken) == sorted(taken)  # in the order in which the course builds on itself


def test_a_path_defines_every_name_before_it_is_used(built):
    """But for what a function refers to, which has to be there when it is called: at the end of the notebook."""
    shortened = [n for n in built[1] if any(cell.id.endswith("-left-out") for cell in n.cells)]
    assert shortened or built[0] == "semester"
    for notebook in shortened:
        known, missing = {"display", "get_ipython"}, set()
        for cell in notebook.cells:
            if cell.cell_type == "code":
                names = needs.names_of(cell.source.removeprefix(path.QUIET))
                known |= names.bound
                missing |= names.used - known
        assert missing <= known, missing - known


def test_a_path_says_what_it_leaves_out_and_explains_its_words(built):
    name, notebooks = built
    entries = tomllib.loads((ROOT / "glossary.toml").read_text(encoding="utf-8")).values()
    texts = ["\n".join(c.source for c in n.cells if c.cell_type == "markdown") for n in notebooks]
    own = r"^(- \*\*|Left out here).*$"  # what the path itself says
    used = [re.sub(own, "", text, flags=re.MULTILINE) for text in texts]
    if name == "semester":
        assert not any("Left out here" in text for text in texts)
    else:
        assert any("Left out here" in text for text in texts)
    for entry in entries:  # a term that a path uses is in bold before
        where = next((k for k, text in enumerate(used) if re.search(rf"\b{re.escape(entry['term'])}\b", text)), None)
        if where is not None and entry["where"][:2] <= PATHS[name].stops[where].number:
            assert f"**{entry['term']}".lower() in "\n".join(texts[: where + 1]).lower(), entry["term"]


def test_the_notebooks_of_a_path_are_whole(built):
    for notebook in built[1]:
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert len(ids) == len(set(ids))
        assert all(not cell.get("outputs") for cell in notebook.cells)
        assert not any("instructor" in pages.tags(cell) for cell in notebook.cells)
        folded = [cell.source.startswith(path.QUIET) for cell in notebook.cells]
        assert not any(one and other for one, other in pairwise(folded)), "one cell, not several"
        for cell in notebook.cells:
            assert not (
                cell.source.startswith("%%capture") and re.search(r"^(check|hint)\(", cell.source, re.MULTILINE)
            )


def test_code_that_is_left_out_stays_where_the_rest_needs_it():
    sources = [
        "a = 1",
        "b = []",
        "b.append(a)",
        "def f():\n    return g(a)",
        "g = lambda x: x",
        "z = 5",
        "print(f(), b)",
        "y = z",
    ]
    runs = [needs.Run(str(n), source, n == 6) for n, source in enumerate(sources)]
    assert needs.needed(runs) == {"0", "1", "2", "3", "4"}


@pytest.mark.parametrize(
    ("source", "bound", "changed", "used"),
    [
        ("import numpy as np\nx = np.ones(3)", {"np", "x"}, set(), set()),
        ("x += y", {"x"}, set(), {"x", "y"}),
        ("try:\n    import a.b\nexcept ImportError as e:\n    def f(): return e", {"a", "e", "f"}, set(), set()),
        ("x[0] = y", set(), {"x"}, {"x", "y"}),
        ("train(net, xs)", set(), {"net", "xs"}, {"train", "net", "xs"}),
        ("print(x)\nclaim('x', x > 0)", set(), set(), {"x", "claim"}),
        ("s = [k * w for k in ks]", {"s"}, set(), {"w", "ks"}),
        ("for k in ks:\n    total = k", {"k", "total"}, set(), {"ks"}),
    ],
)
def test_the_names_of_a_cell(source, bound, changed, used):
    assert needs.names_of(source) == (bound, changed, used)


def test_a_heading_that_is_gone_is_named():
    pieces = path.sections(pages.read(ROOT / "notebooks/00_start_here.ipynb"))
    with pytest.raises(path.PathError, match="notebook 00 has no heading 'The kitchen'; it has: Objectives"):
        path.kept(path.Stop("00", ["The kitchen"], {}), pieces)


def test_the_command(tmp_path, capsys):
    assert build.main(["path"]) == 0 and "`90min`" in capsys.readouterr().out
    assert build.main(["path", "90min", str(tmp_path)]) == 0 and "begin with 00_start_here" in capsys.readouterr().out
    assert build.main(["path", "90min", str(tmp_path)]) == 1 and "is not empty" in capsys.readouterr().err
    assert build.main(["path", "90min", str(ROOT / "paths.toml")]) == 1 and "is no folder" in capsys.readouterr().err
    assert build.main(["path", "week", str(tmp_path / "w")]) == 1 and "has no path 'week'" in capsys.readouterr().err


def test_the_plan_for_instructors_is_the_path():
    """Every section that the shortest path keeps, in order, at the minutes that are counted; and the table of paths."""
    text = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
    assert sync.between(text, "paths") == path.table(ROOT), "python -m lstmcourse build sync"
    rows = re.findall(r"^\| (\d+)-(\d+) \| (\d\d), \*(.+?)\* \| .+ \|$", text, re.MULTILINE)
    times = path.clock(PATHS["90min"], ROOT / "notebooks")
    taken = path.minutes(PATHS["90min"], ROOT / "notebooks")
    assert [(number, section) for _, _, number, section in rows] == list(times)
    planned = [(int(begin), int(end)) for begin, end, _, _ in rows]
    assert planned == [(round(begin), round(end)) for begin, end in times.values()], "python -m lstmcourse build sync"
    assert planned[-1][1] == round(sum(map(sum, taken.values())))
