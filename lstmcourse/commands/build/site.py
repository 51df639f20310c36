"""``build site OUT``: the course to read in a browser, made by Sphinx from the executed notebooks as they are stored.

Nothing in it asks the network: MathJax and the theme are files of the site.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from lstmcourse import _files
from lstmcourse.commands.build import copies, films, pages, site_api, site_pages, sync


class SiteError(Exception):
    """The site, or slides, cannot be built; the text says why."""


def needs(*modules: str) -> None:
    """Raises SiteError, with the line that mends it, where one of these is not installed."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise SiteError(f'{missing[0]} is not installed: pip install -c constraints.txt -e ".[site]"')


def build(root: Path, out: Path) -> list[Path]:
    """Write the site into the new folder `out`; returns its pages, the first one first.

    Raises ValueError where `out` is not empty, SiteError without Sphinx and for what Sphinx warns of.
    """
    needs("sphinx", "myst_nb", "furo", "sphinx-mathjax-offline")
    copies.new_folder(out)
    with tempfile.TemporaryDirectory() as made:
        source, html = Path(made, "source"), Path(made, "html")  # beside its pages Sphinx leaves notebooks
        write_source(root, source)
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", f"{made}/doctrees"]
        env = os.environ | {"LSTMCOURSE_REPOSITORY": pages.repository(root), "PYTHONPATH": str(root)}
        done = subprocess.run([*command, source, html], env=env, capture_output=True, text=True)
        if done.returncode:
            raise SiteError(f"Sphinx is not content:\n{done.stderr.strip().replace(str(source), 'site')}")
        shutil.copytree(html, out, dirs_exist_ok=True)
    return [out / "index.html", *sorted(path for path in out.rglob("*.html") if path != out / "index.html")]


def write_source(root: Path, source: Path) -> None:
    """What Sphinx reads: site/, the notebooks, the glossary, the reference pages, and the scripts of the pages."""
    shutil.copytree(root / "site", source, ignore=shutil.ignore_patterns("slides.*", "*.js"))
    names = [path.relative_to(root / "notebooks") for path in pages.paths(root / "notebooks")]
    for name in names:
        notebook = pages.read(root / "notebooks" / name)
        _files.write(source / "notebooks" / name, pages.text(site_pages.page(notebook, films.of(notebook))))
    for file, text in site_api.pages().items():
        _files.write(source / "api" / file, text)
    glossary = sync.glossary(root).replace("](", "](notebooks/")
    _files.write(source / "glossary.md", f"# Glossary\n\n{glossary}\n")
    main, deeper = ([n for n in names if len(n.parts) == parts] for parts in (1, 2))
    _files.write(source / "index.md", index(root, main, deeper))
    scripts(root / "site" / "static" / "site.js", source / "static")


def scripts(script: Path, folder: Path) -> None:
    """Put the player of films, followed by the script that calls it, and MathJax into a folder."""
    from lstmcourse.diagrams import PLAYER

    _files.write(folder / script.name, PLAYER.replace("export ", "") + script.read_text(encoding="utf-8"))
    spec = find_spec("sphinx-mathjax-offline")
    assert spec is not None and spec.origin is not None
    mathjax = Path(spec.origin).parent / "static" / "mathjax"
    (folder / "mathjax").mkdir()
    shutil.copy(mathjax / "tex-svg.js", folder / "mathjax")
    shutil.copytree(mathjax / "input" / "tex" / "extensions", folder / "mathjax" / "input" / "tex" / "extensions")


def index(root: Path, main: list[Path], deeper: list[Path]) -> str:
    """The first page: what this is, the notebooks with their minutes, and the order of the pages."""
    table = sync.notebooks_table(root / "notebooks")
    tree = lambda caption, names: f"```{{toctree}}\n:caption: {caption}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"
    named = lambda paths: [f"notebooks/{path.with_suffix('').as_posix()}" for path in paths]
    text = (root / "site" / "index.md").read_text(encoding="utf-8")
    trees = [tree("Notebooks", named(main)), tree("Deeper", named(deeper)), tree("Look up", ["glossary", "api/index"])]
    return "\n".join([text.replace("TABLE", table), *trees])
