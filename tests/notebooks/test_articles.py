"""articles.toml: every row of what the articles teach, claim and get wrong has its place in a notebook."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from .pages import MAIN, headings, read, slug

TABLE = tomllib.loads((Path(__file__).parent / "articles.toml").read_text(encoding="utf-8"))
ROWS = [(f"{kind}.{name}", row) for kind, rows in TABLE.items() for name, row in rows.items()]
NOTEBOOKS = {path.name[:2]: path for path in MAIN}


def test_the_table_is_complete():
    assert set(TABLE) == {"contribution", "notation", "error", "claim"}
    assert list(TABLE["error"]) == [str(n) for n in range(1, 10)]
    assert list(TABLE["claim"]) == [str(n) for n in range(1, 15)]
    assert len(TABLE["notation"]) == 7 + 2  # the rows of the table, and the two conventions that differ
    assert set(Counter(name[0] for name in TABLE["contribution"])) == set("ABCDE")


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_row(name, row):
    assert set(row) in ({"says", "notebook"}, {"says", "notebook", "where"})
    assert re.fullmatch(r"0\d|1[0-5]", row["notebook"])
    assert row["says"].strip()
    if "where" not in row:
        assert row["notebook"] not in NOTEBOOKS, f"notebook {row['notebook']} is there: say where {name} stands in it"
        return
    number, _, heading = row["where"].partition("#")
    assert number in NOTEBOOKS, f"there is no notebook {number}"
    slugs = {slug(title) for _, title in headings(read(NOTEBOOKS[number]))}
    assert heading in slugs, f"no such heading; there are {sorted(slugs)}"


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
