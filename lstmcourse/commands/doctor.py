"""``python -m lstmcourse doctor``: is this environment fit for the course, and if not, which line mends it?

Nothing but the standard library is imported at the top: each check imports what it looks at, and a failed import is a
finding.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from lstmcourse import __version__

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
PYTHON, HERE = (f'"{path}"' if " " in str(path) else str(path) for path in (sys.executable, ROOT))  # for any shell
OFFLINE = any((ROOT / "wheels").glob("*.whl"))  # a copy from a stick
INSTALL = f'{PYTHON} -m pip install -c constraints.txt -e ".[course,test]"'
if OFFLINE:
    INSTALL = f'{PYTHON} -m pip install --no-index --find-links wheels -c constraints.txt -e ".[course]"'
if Path.cwd() != ROOT:
    INSTALL = f"cd {HERE} && {INSTALL}"
KERNEL_SECONDS = 60
MODULES = {"pillow": "PIL", "scikit-learn": "sklearn", "resvg-py": "resvg_py"}


class Finding(NamedTuple):
    """What one check found: ``mend`` is the line that mends it, empty where nothing is to mend."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def python() -> Finding:
    """The interpreter and its version."""
    detail = f"{platform.python_version()} at {sys.executable} on {platform.platform(terse=True)}"
    mend = "" if sys.version_info >= OLDEST_PYTHON else "rm -r .venv && make lab PYTHON=python3.12"
    return Finding("Python", not mend, detail, mend)


def package(distribution: str, module: str = "", *, required: bool = True) -> Finding:
    """One package: installed, and importable (as ``module``, where that has another name)."""
    try:
        import_module(module or distribution)
        return Finding(distribution, True, version(distribution))
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
    if required:
        return Finding(distribution, False, detail, INSTALL)
    return Finding(distribution, True, f"not there, and only the tests need it ({detail})")


def device() -> Finding:
    """Where torch computes, and with how many threads."""
    import torch

    threads = torch.get_num_threads()
    places = [f"CPU ({os.cpu_count()} cores, torch uses {threads} thread{'s' * (threads != 1)})"]
    if torch.cuda.is_available():
        places += [f"CUDA ({torch.cuda.get_device_name(k)})" for k in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        places.append("MPS")
    return Finding("device", True, ", ".join(places))


def parity() -> Finding:
    """The NumPy LSTM of the course against torch.nn.LSTM, with the same weights, on every device that can do it."""
    import numpy as np
    import torch

    from lstmcourse import reference

    rng = np.random.default_rng(0)
    p = reference.init(reference.LSTM, 3, 5, rng)
    xs = rng.normal(size=(7, 2, 3))
    states, _ = reference.unroll(reference.LSTM, p, xs)
    weights = {"weight_ih_l0": p.W, "weight_hh_l0": p.U, "bias_ih_l0": p.b, "bias_hh_l0": np.zeros_like(p.b)}
    results, ok = [], True
    for place, dtype, tolerance in _places(torch):
        layer = torch.nn.LSTM(3, 5).to(place, dtype)
        layer.load_state_dict({name: torch.from_numpy(np.asarray(value)) for name, value in weights.items()})
        with torch.no_grad():
            out = layer(torch.from_numpy(xs).to(place, dtype))[0].cpu().double().numpy()
        difference = float(np.abs(out - states[0]).max() / np.abs(states[0]).max())
        ok = ok and difference < tolerance
        results.append(f"{difference:.0e} on {place}")
    return Finding("NumPy = torch", ok, "largest relative difference " + ", ".join(results), "" if ok else INSTALL)


def _places(torch):
    yield "cpu", torch.float64, 1e-12
    if torch.cuda.is_available():
        yield "cuda", torch.float32, 1e-2  # TF32 is allowed there
    if torch.backends.mps.is_available():
        yield "mps", torch.float32, 1e-3


def jupyterlab() -> Finding:
    """JupyterLab, as the command that ``make lab`` calls."""
    command = [sys.executable, "-m", "jupyter", "lab", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=KERNEL_SECONDS)
    if answer.returncode:
        return Finding("JupyterLab", False, answer.stderr.strip().splitlines()[-1], INSTALL)
    return Finding("JupyterLab", True, answer.stdout.strip())


def widgets() -> Finding:
    """ipywidgets has two halves: the Python package, and the extension that draws in JupyterLab."""
    import ipywidgets
    from jupyter_core.paths import jupyter_path

    part = Path("labextensions", "@jupyter-widgets", "jupyterlab-manager")
    if any((Path(folder) / part).is_dir() for folder in jupyter_path()):
        return Finding("ipywidgets", True, f"{ipywidgets.__version__}, with its JupyterLab extension")
    mend = f"{PYTHON} -m pip install --force-reinstall jupyterlab_widgets"
    return Finding("ipywidgets", False, f"{ipywidgets.__version__}, but JupyterLab does not see its extension", mend)


def kernel() -> Finding:
    """Start the kernel that the notebooks name, let it make a widget, and see that it is this Python."""
    from jupyter_client.manager import start_new_kernel

    code = "import sys, ipywidgets; ipywidgets.IntSlider(); print(sys.executable, end='')"
    heard: list[str] = []
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=KERNEL_SECONDS, stderr=subprocess.DEVNULL)
    try:
        reply = client.execute_interactive(code, timeout=KERNEL_SECONDS, output_hook=lambda m: heard.append(_text(m)))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    answer, mend = "".join(heard), f"{PYTHON} -m ipykernel install --sys-prefix"
    if reply["content"]["status"] != "ok":
        return Finding("kernel", False, answer.strip().splitlines()[-1] if answer else "no answer", mend)
    if os.path.realpath(answer) != os.path.realpath(sys.executable):
        return Finding("kernel", False, f"the kernel python3 is another Python: {answer}", mend)
    return Finding("kernel", True, "python3 starts, computes, and makes a widget")


def _text(message: dict) -> str:
    content = message["content"]
    return content.get("text") or f"{content.get('ename', '')}: {content.get('evalue', '')}".strip(": ")


def examine(checks: Sequence[tuple[str, Callable[[], Finding]]]) -> list[Finding]:
    """Run the checks and print each finding as it comes. A check that raises is a failed one."""
    findings = []
    well, ill = ("✓", "✗") if _can_show("✓✗") else ("ok", "NO")
    for name, check in checks:
        try:
            finding = check()
        except Exception as error:
            finding = Finding(name, False, f"{type(error).__name__}: {error}", INSTALL)
        print(f"{well if finding.ok else ill} {finding.name:<14} {finding.detail}", flush=True)
        if not finding.ok:
            print(f"  mend it with:  {finding.mend}", flush=True)
        findings.append(finding)
    return findings


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def checks() -> list[tuple[str, Callable[[], Finding]]]:
    """All checks, quick ones first."""
    packages = (
        "numpy",
        "scipy",
        "torch",
        "matplotlib",
        "pillow",
        "tqdm",
        "platformdirs",
        "packaging",
        "pooch",
        "safetensors",
        "threadpoolctl",
        "anywidget",
        "nbclient",
        "scikit-learn",
        "mido",
        "resvg-py",
    )
    return [
        ("Python", python),
        *((name, partial(package, name, MODULES.get(name, ""))) for name in packages),
        ("onnxruntime", lambda: package("onnxruntime", required=False)),
        ("device", device),
        ("NumPy = torch", parity),
        ("ipywidgets", widgets),
        ("JupyterLab", jupyterlab),
        ("kernel", kernel),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the findings; the exit status is 0 if all is well, 1 if something is to mend."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse doctor", description="tell what is wrong, and the line that mends it"
    )
    parser.parse_args(argv)
    print(f"lstmcourse {__version__}")
    bad = [finding for finding in examine(checks()) if not finding.ok]
    print("All is well." if not bad else f"To mend: {', '.join(finding.name for finding in bad)}.")
    return 1 if bad else 0
