"""``build slides OUT``: slides of each notebook, by nbconvert's exporter for reveal.js.

reveal.js and MathJax are files beside the slides, so that nothing asks the network.
"""

import re
import shutil
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat

from lstmcourse import _files
from lstmcourse.commands.build import copies, films, pages, site, site_pages, slide_cuts

HERE = re.compile(r"\[([^\]]+)\]\(#[^)\s]+\)")  # a link to a heading of the same notebook
TEMPLATE = Path(__file__).parent / "templates" / "slides.html.j2"
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides</title>
<style>body {{ font: 18px/1.6 system-ui, sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em }}</style>
</head><body><main><h1>Slides</h1><ol start="0">{items}</ol>
<p>Arrows move, <kbd>S</kbd> opens the speaker's notes, <kbd>Esc</kbd> shows all slides.</p></main></body></html>
"""


def build(root: Path, out: Path) -> list[Path]:
    """Write the slides into the new folder `out`; returns the pages, the list of all slides first.

    Raises ValueError where `out` is not empty, SiteError where a package is missing.
    """
    site.needs("nbconvert", "sphinx_revealjs", "sphinx-mathjax-offline")
    folder = copies.new_folder(out)
    spec = find_spec("sphinx_revealjs")
    assert spec is not None and spec.origin is not None
    reveal = Path(spec.origin).parent / "_static" / "revealjs"
    for part in ("dist", "plugin/notes"):
        shutil.copytree(reveal / part, folder / "reveal" / part, ignore=shutil.ignore_patterns("*.map"))
    site.scripts(root / "site" / "static" / "slides.js", folder)
    shutil.copy(root / "site" / "static" / "slides.css", folder)
    made, items = [], []
    for path in pages.paths(root / "notebooks"):
        if path.parent == root / "notebooks":
            notebook = pages.read(path)
            _files.write(folder / f"{path.stem}.html", html(notebook))
            made.append(folder / f"{path.stem}.html")
            items.append(f'<li><a href="{path.stem}.html">{escape(pages.title(notebook))}</a></li>')
    _files.write(folder / "index.html", INDEX.format(items="".join(items)))
    return [folder / "index.html", *made]


def html(notebook: Any) -> str:
    """A notebook as a page of slides."""
    from nbconvert import SlidesExporter

    cells = slide_cuts.slides(site_pages.shown(notebook, films.of(notebook)))
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = HERE.sub(r"\1", copies.NOTEBOOK.sub(_linked, cell.source))
    made = nbformat.v4.new_notebook(cells=cells, metadata={"title": pages.title(notebook)})
    exporter = SlidesExporter(
        template_file=str(TEMPLATE), reveal_url_prefix="reveal", reveal_theme="white", exclude_anchor_links=True
    )
    return exporter.from_notebook_node(made)[0]


def _linked(link: Any) -> str:
    """A link to another notebook leads to its slides; those in deeper have none."""
    return link[1] if "/" in link[2] else f"[{link[1]}]({link[2].removesuffix('.ipynb')}.html)"
