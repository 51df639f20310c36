"""axe-core, which looks for what a screen reader, a keyboard or weak eyes would stumble over."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NPM_SECONDS = 120
#: JupyterLab gives an output's picture no alt attribute; ours are described by the line that is shown with them.
RUN = """async where => {
  const said = await axe.run({include: [where]}, {resultTypes: ['violations'], preload: false});
  const described = node => document.querySelector(node.target[0])?.closest('.jp-OutputArea-child')
    ?.nextElementSibling?.querySelector('.lc-alt')?.innerText;
  const found = said.violations.filter(rule => ['serious', 'critical'].includes(rule.impact)).map(rule =>
    [rule.id, rule.nodes.filter(node => rule.id !== 'image-alt' || !described(node)).map(node => node.html)]);
  return [said.passes.length, found.filter(([_, parts]) => parts.length)];
}"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The text of axe-core: of the file that $AXE names, or of its npm package, got into a folder of the tests'."""
    if os.environ.get("AXE"):
        return Path(os.environ["AXE"]).read_text(encoding="utf-8")
    if not shutil.which("npm"):
        pytest.skip("axe-core comes by npm, which is not here (or AXE=/path/to/axe.min.js)")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), "axe-core@4"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not bring axe-core within {NPM_SECONDS} seconds")
    if done.returncode:
        pytest.skip(f"npm could not bring axe-core: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def findings(page, axe, where):
    """What axe-core finds in some parts of a page and calls serious or critical: rule, and the parts that break it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    looked, found = page.evaluate(RUN, where)
    assert looked, "axe looked at nothing"
    return dict(found)
