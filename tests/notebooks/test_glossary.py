"""Every term of the glossary is defined where it says, in bold there, and no term of the notebooks is left out."""

import re
import tomllib

import pytest

from lstmcourse.commands.build import sync

from .pages import PATHS, ROOT, prose, read, section, slug

TERMS = tomllib.loads((ROOT / "glossary.toml").read_text(encoding="utf-8"))
NOTEBOOKS = {path.name[:2]: path for path in PATHS if path.parent.name != "deeper"}
NOT_TERMS = r"Predict\.?|You can now|O\d+\.[a-z]|\d+\.|\w"  # the last: a letter of a name that is spelt out


def bold(text):
    return re.findall(r"\*\*([^*\n]+)\*\*", text)


@pytest.mark.parametrize("key", TERMS)
def test_a_term_is_bold_where_it_is_said_to_be_defined(key):
    entry = TERMS[key]
    assert set(entry) == {"term", "says", "where"}
    assert entry["says"].endswith(".") and len(entry["says"]) < 160
    number, _, place = entry["where"].partition("#")
    notebook = read(NOTEBOOKS[number])
    titles = re.findall(r"^## +(.+)$", "\n".join(prose(notebook)), re.MULTILINE)
    title = next((title for title in titles if slug(title) == place), None)
    assert title, f"no section {place} in notebook {number}"
    assert entry["term"].lower() in map(str.lower, bold(section(notebook, re.escape(title))))


def test_a_term_is_bold_once():
    """Where it is defined, and nowhere else in that notebook."""
    for entry in TERMS.values():
        text = "\n".join(prose(read(NOTEBOOKS[entry["where"][:2]])))
        assert sum(entry["term"].lower() == found.lower() for found in bold(text)) == 1, entry["term"]


def test_the_first_notebook_lists_them_all():
    text = "\n".join(prose(read(NOTEBOOKS["00"])))
    assert sync.between(text, "glossary") == sync.glossary(ROOT), "python -m lstmcourse build sync"


@pytest.mark.parametrize("number", sorted({entry["where"][:2] for entry in TERMS.values()}))
def test_what_is_bold_is_in_the_glossary(number):
    terms = {entry["term"].lower() for entry in TERMS.values() if entry["where"].startswith(number)}
    text = "\n".join(prose(read(NOTEBOOKS[number])))
    assert {found.lower() for found in bold(text) if not re.fullmatch(NOT_TERMS, found)} == terms
