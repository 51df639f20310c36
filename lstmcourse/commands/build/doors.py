"""The README's ways in without an installation: links and badges once the repository has an address, else the recipe.

The address is the setting `repository` of pyproject.toml, and the DOI, where there is one, `doi` of CITATION.cff;
nothing else names them.
"""

import re
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from lstmcourse.commands.build import pages

START = "lab/tree/lab/00_start_here.ipynb"  # in Binder's JupyterLab; postBuild makes the copy
RECIPE = """\
The repository has no public address yet. Once it has one, it goes into `pyproject.toml` (`repository`), and \
`python -m lstmcourse build sync` writes the links here. For a clone of your own at `github.com/OWNER/NAME`:

- Binder: `{binder}`
- Codespaces: `{codespaces}`
- JupyterHub with nbgitpuller: `{hub}`"""
LINKS = """\
{badges}

- [Binder]({binder}) runs the notebooks on a machine with 2 GB, enough for one at a time, that forgets them when \
you leave: download what you write.
- [Codespaces]({codespaces}) runs them on a machine of your GitHub account.
- [The site]({site}) is for reading, on a phone, too.
- JupyterHub with nbgitpuller: `{hub}`, with the hub's address for `HUB`; `INSTRUCTORS.md` says what it needs."""
EXAMPLE = "https://github.com/OWNER/NAME"


def text(root: Path) -> str:
    """What stands in the README between the markers `doors`. Raises ValueError for an address that is not GitHub's."""
    address = pages.repository(root)
    if not address:
        return RECIPE.format(**addresses(EXAMPLE))
    links = addresses(address)
    badges = {
        "CI": (f"{address}/actions/workflows/ci.yml/badge.svg", f"{address}/actions/workflows/ci.yml"),
        "Binder": ("https://mybinder.org/badge_logo.svg", links["binder"]),
        "Codespaces": ("https://github.com/codespaces/badge.svg", links["codespaces"]),
    }
    if number := doi(root):
        badges["DOI"] = (f"https://zenodo.org/badge/DOI/{number}.svg", f"https://doi.org/{number}")
    shown = " ".join(f"[![{name}]({picture})]({link})" for name, (picture, link) in badges.items())
    return LINKS.format(badges=shown, **links)


def addresses(repository: str) -> dict[str, str]:
    """Where the course opens: binder, codespaces, hub, site. Raises ValueError for an address that is not GitHub's."""
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").partition("/")
    if parts.scheme != "https" or parts.netloc != "github.com" or not owner or not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"repository must look like https://github.com/OWNER/NAME, got {repository!r}")
    pulled = {"repo": repository, "branch": "main", "urlpath": f"lab/tree/{name}/notebooks/00_start_here.ipynb"}
    return {
        "binder": f"https://mybinder.org/v2/gh/{owner}/{name}/HEAD?{urlencode({'urlpath': START})}",
        "codespaces": f"https://codespaces.new/{owner}/{name}",
        "hub": f"https://HUB/hub/user-redirect/git-pull?{urlencode(pulled)}",
        "site": f"https://{owner.lower()}.github.io/{name}/",
    }


def doi(root: Path) -> str:
    """The DOI of CITATION.cff, or ""."""
    found = re.search(r"^doi: *\"?(10\.\S+?)\"?$", (root / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""
