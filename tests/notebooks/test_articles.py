"""articles.toml: every row of what the articles teach, claim and get wrong has its place in a notebook."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import nbformat
import pytest

from .pages import DEEPER, MAIN, headings, label, prose, read, slug

TABLE = tomllib.loads((Path(__file__).parent / "articles.toml").read_text(encoding="utf-8"))
ROWS = [(f"{kind}.{name}", row) for kind, rows in TABLE.items() for name, row in rows.items()]
NOTEBOOKS = {path.name[:2]: path for path in MAIN} | {label(path): path for path in DEEPER}


def test_the_table_is_complete():
    assert set(TABLE) == {"contribution", "notation", "error", "claim"}
    assert list(TABLE["error"]) == [str(n) for n in range(1, 13)]
    assert list(TABLE["claim"]) == [str(n) for n in range(1, 15)]
    assert len(TABLE["notation"]) == 8 + 2  # the rows of the table, and the two conventions that differ
    assert set(Counter(name[0] for name in TABLE["contribution"])) == set("ABCDE")


def under(notebook, address):
    """The prose under the heading with this address, with all that stands below it; None where there is none."""
    text, level = [], None
    for line in "\n".join(prose(notebook)).splitlines():
        found = re.match(r"(#{1,6}) +(.+)", line)
        if found and level is not None and len(found[1]) <= level:
            break
        if found and level is None and slug(found[2]) == address:
            level = len(found[1])
        if level is not None:
            text.append(line)
    return "\n".join(text) or None


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_row(name, row):
    assert set(row) in ({"says", "notebook"}, {"says", "notebook", "where", "words"})
    assert re.fullmatch(r"0\d|1[0-5]", row["notebook"])
    assert row["says"].strip()
    if "where" not in row:
        assert row["notebook"] not in NOTEBOOKS, f"notebook {row['notebook']} is there: say where {name} stands in it"
        return
    number, _, heading = row["where"].partition("#")
    assert number in NOTEBOOKS, f"there is no notebook {number}"
    text = under(read(NOTEBOOKS[number]), heading)
    assert text, f"no such heading; there are {sorted(slug(title) for _, title in headings(read(NOTEBOOKS[number])))}"
    assert row["words"] and not [word for word in row["words"] if word.lower() not in text.lower()]


def test_words_are_looked_for_under_their_heading_alone():
    cells = ["# A\none\n## B\ntwo", "### C\nthree\n## D\nfour"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(cell) for cell in cells])
    assert under(notebook, "b") == "## B\ntwo\n### C\nthree" and under(notebook, "d") == "## D\nfour"
    assert under(notebook, "e") is None


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("The forget gate: a half-life", "the-forget-gate-a-half-life"),
        ("3.1 becomes 3.0999", "3-1-becomes-3-0999"),
        ("`nn.LSTM` and $c_t$", "nn-lstm-and-c_t"),
        ("Können Gatter σ?", "können-gatter-σ"),
    ],
)
def test_slug(title, address):
    assert slug(title) == address
