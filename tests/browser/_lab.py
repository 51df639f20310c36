"""JupyterLab on loopback, and one notebook of it open in a browser."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "course"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
)
MISSING = "The browser tests need Chromium. On Debian: apt-get install chromium; elsewhere: CHROMIUM=/path/to/chromium"
LOOPBACK = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:|devtools:")
SETTINGS = {
    # No news, no check for updates: neither a request to the outside nor a box over the page.
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}',
    # Draw every cell: the default leaves those off the screen out, and their widgets with them.
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "docmanager-extension/plugin": '{"autosave": false}',
}


def find_chromium() -> str | None:
    """The browser that the environment names, or the system's."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium; the test fails, with what to do, where there is none."""
    path = find_chromium()
    if path is None:
        pytest.fail(MISSING, pytrace=False)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))


class Lab:
    """A JupyterLab server of its own: own settings, own port, own copies of the notebooks."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = open(folder / "lab.log", "w+")  # noqa: SIM115  (closed in close)
        self._server = subprocess.Popen(
            self._command(), env=self._environment(), stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._wait()

    def _command(self) -> list[str]:
        options = {
            "ip": "127.0.0.1", "port": self.port, "ServerApp.port_retries": 0, "ServerApp.root_dir": self.folder,
            "IdentityProvider.token": TOKEN, "LabApp.expose_app_in_browser": True, "LabApp.news_url": None,
        }  # fmt: skip
        flags = [f"--{key}={value}" for key, value in options.items()]
        return [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *flags]

    def _environment(self) -> dict[str, str]:
        own = {
            "JUPYTER_CONFIG_DIR": "cfg", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "run", "IPYTHONDIR": "ipy",
            "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "spaces",
        }  # fmt: skip
        env = {key: str(self.folder / ".jupyter" / value) for key, value in own.items()}
        for name, text in SETTINGS.items():
            target = Path(env["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab", f"{name}.jupyterlab-settings")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        # The tests' own backend must not reach the kernels: they choose the notebook's.
        quiet = {"PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        return {k: v for k, v in os.environ.items() if k != "MPLBACKEND"} | env | quiet

    def _wait(self) -> None:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/api/status?token={TOKEN}", timeout=1).read()
                return
            except (urllib.error.URLError, OSError):
                if self._server.poll() is not None:
                    self._log.seek(0)
                    raise RuntimeError(f"JupyterLab did not start:\n{self._log.read()}") from None
                time.sleep(0.1)
        raise RuntimeError("JupyterLab did not answer within a minute")

    def close(self) -> None:
        """End the server and its kernels."""
        os.killpg(self._server.pid, signal.SIGTERM)
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
        self._log.close()


CURRENT = "window.jupyterapp.shell.currentWidget"


class Notebook:
    """One notebook in one browser page, with what the page complained about and where it wanted to go."""

    def __init__(self, lab: Lab, context: Any, name: str):
        self.page, self.name = context.new_page(), name
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda r: None if LOOPBACK.match(r.url) else self.strangers.append(r.url))
        self.page.goto(f"{lab.url}/lab/tree/{name}?token={TOKEN}&reset", wait_until="domcontentloaded")
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell", timeout=90_000)
        self.page.wait_for_function(
            f"() => {CURRENT}?.sessionContext?.session?.kernel?.status === 'idle'", timeout=90_000
        )

    def run_all(self, seconds: float) -> None:
        """Run every cell and wait until all of them have run, or one has failed: JupyterLab then skips the rest."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self.wait_until_run(seconds)

    def wait_until_run(self, seconds: float) -> None:
        """Wait until every cell has run, or one has failed."""
        self.page.wait_for_function(
            f"""() => {{
              const panel = {CURRENT}, all = [...panel.content.model.cells];
              const code = all.filter(c => c.type === 'code' && c.sharedModel.source.trim());
              const kinds = c => Array.from({{length: c.outputs.length}}, (_, k) => c.outputs.get(k).type);
              const failed = c => kinds(c).includes('error');
              return panel.sessionContext.session.kernel.status === 'idle'
                && (code.some(failed) || code.every(c => c.executionCount !== null && c.executionState !== 'running'));
            }}""",
            timeout=1000 * seconds,
            polling=250,
        )

    def clear(self) -> None:
        """Forget the stored outputs, so that an execution count means that the cell ran now."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")

    def errors(self) -> list[str]:
        """What the outputs say went wrong: tracebacks, and claims that do not hold."""
        return self.page.evaluate(
            f"""() => [...{CURRENT}.content.model.cells].filter(c => c.type === 'code').flatMap(c => {{
              const tags = c.getMetadata('tags') || [];
              if (tags.includes('raises-exception')) return [];
              return Array.from({{length: c.outputs.length}}, (_, k) => c.outputs.get(k).toJSON())
                .filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue);
            }})"""
        )

    def idle(self) -> bool:
        """Whether the kernel has nothing to do."""
        return self.page.evaluate(f"() => {CURRENT}.sessionContext.session.kernel.status === 'idle'")

    def state(self) -> list:
        """All that a stray key could change: cells, their kinds and text, what is folded, which is active, the mode."""
        return self.page.evaluate(
            f"""() => {{
              const book = {CURRENT}.content;
              return [book.activeCellIndex, book.mode, book.widgets.map(w =>
                [w.model.id, w.model.type, w.model.sharedModel.source, w.headingCollapsed ?? null, w.isHidden])];
            }}"""
        )

    def activate_heading_before(self, selector: str) -> None:
        """The worst case for stray keys: command mode, and the cell before the widget's is the active one."""
        self.page.evaluate(
            f"""sel => {{
              const book = {CURRENT}.content, node = document.querySelector(sel);
              const at = book.widgets.findIndex(w => w.node.contains(node));
              let k = at;
              const heading = m => m.type === 'markdown' && /^#/.test(m.sharedModel.source);
              while (k > 0 && !heading(book.widgets[k].model)) k--;
              book.activeCellIndex = k;
              book.mode = 'command';
            }}""",
            selector,
        )

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        self.page.evaluate(f"() => {CURRENT}.sessionContext.shutdown()")
        self.page.close(run_before_unload=False)
