"""Run every notebook under strict nbval: one process a notebook, two at a time.

Strict nbval compares every stored output with a fresh one. It does not notice when a cell was not collected, when a
notebook as a whole takes too long, or when it eats the machine's memory; this script does.

    python tests/notebooks/run_notebooks.py notebooks [--only 04] [--jobs 2] [--seconds 300] [--gigabytes 8]
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

CELL_SECONDS = 120
SLOWEST = 10
NBVAL = (
    *("-v", "--color=no", "--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_SECONDS}"),
    *("-p", "no:cacheprovider", "-p", "no:xdist"),
    f"--nbval-sanitize-with={Path(__file__).with_name('nbval_sanitize.cfg')}",
    *("-o", "addopts=", "-o", "filterwarnings="),  # nbval's own warnings are not ours to make errors of
)


class Result(NamedTuple):
    """What came of one notebook: ``failure`` is empty when every cell ran and gave what is stored."""

    path: Path
    seconds: float
    cells: list[tuple[float, str]]
    failure: str


def run(path: Path, seconds: float, gigabytes: float) -> Result:
    """Run one notebook in a process of its own, with directories of its own for progress and downloads."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="lstmcourse-") as home:
        report = Path(home, "report.xml")
        command = [sys.executable, "-m", "pytest", *NBVAL, f"--junitxml={report}", str(path.resolve())]
        code, said = _call(command, _environment(home), seconds, gigabytes)
        cells, failure = _read(report, path)
    if code is None:
        failure = f"stopped after {seconds:.0f} s\n{said}"
    elif code or failure:
        failure = f"{failure or 'nbval failed'}\n{said}"
    return Result(path, time.perf_counter() - start, cells, failure)


def _environment(home: str) -> dict[str, str]:
    ones = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "PYDEVD_DISABLE_FILE_VALIDATION", "PYTHONUNBUFFERED")
    data = os.environ.get("LSTMCOURSE_DATA", os.path.join(home, "data"))
    own = {"LSTMCOURSE_HOME": home, "LSTMCOURSE_DATA": data, "JUPYTER_PLATFORM_DIRS": "1"}
    return os.environ | dict.fromkeys(ones, "1") | own


def _call(command: Sequence[str], env: dict[str, str], seconds: float, gigabytes: float) -> tuple[int | None, str]:
    """Exit status (None: out of time) and output. The kernel ends with its parent, which it watches."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            _limited(command, gigabytes),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            code = None
        output.seek(0)
        return code, output.read()


def _limited(command: Sequence[str], gigabytes: float) -> list[str]:
    """The command with a cap on its memory: a cell that asks for too much gets a MemoryError, not a dead kernel."""
    if not sys.platform.startswith("linux") or not gigabytes or _reserves_address_space():
        return list(command)
    limit = int(gigabytes * 2**30)
    cap = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit})); "
    return [sys.executable, "-c", cap + "os.execv(sys.argv[1], sys.argv[1:])", *command]


def _reserves_address_space() -> bool:
    """A CUDA build of torch reserves far more addresses than it uses."""
    import torch

    return torch.version.cuda is not None


def _read(report: Path, path: Path) -> tuple[list[tuple[float, str]], str]:
    """Seconds and name of each cell, and what is wrong with their number."""
    if not report.exists():
        return [], "no cell was collected"
    cases = list(ElementTree.parse(report).iter("testcase"))
    cells = [(float(case.get("time", 0)), f"{path.name} {case.get('name', '').rsplit('::', 1)[-1]}") for case in cases]
    skipped = sum(case.find("skipped") is not None for case in cases)
    written = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    unexecuted = sum(cell["execution_count"] is None for cell in written)
    if len(cases) != len(written):
        return cells, f"{len(written)} code cells, but {len(cases)} were collected"
    if unexecuted:
        return cells, f"{unexecuted} cells were never executed, and of these nbval compares nothing"
    return cells, f"{skipped} cells were skipped" if skipped else ""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status is 0 if every notebook passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="run only notebooks whose name starts with this")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default 2)")
    parser.add_argument("--seconds", type=float, default=300, help="that one notebook may take (default 300)")
    parser.add_argument("--gigabytes", type=float, default=8, help="that one process may address, 0: any (default 8)")
    args = parser.parse_args(argv)
    paths = [
        path for part in (args.folder, args.folder / "deeper") for path in sorted(part.glob(f"{args.only}*.ipynb"))
    ]
    start = time.perf_counter()
    results = []
    with ThreadPoolExecutor(args.jobs) as pool:
        for job in as_completed([pool.submit(run, path, args.seconds, args.gigabytes) for path in paths]):
            results.append(job.result())
            result = results[-1]
            verdict = "FAILED" if result.failure else "passed"
            done = f"[{len(results)}/{len(paths)}]"
            name = result.path.relative_to(args.folder).as_posix()
            print(f"{done} {verdict} {name:<40} {result.seconds:6.1f} s", flush=True)
            if result.failure:
                print(result.failure, flush=True)
    _summary(results, time.perf_counter() - start)
    return 1 if any(result.failure for result in results) else 0


def _summary(results: Sequence[Result], seconds: float) -> None:
    cells = sorted((cell for result in results for cell in result.cells), reverse=True)[:SLOWEST]
    if cells:
        print(f"slowest {len(cells)} cells:")
    for time_, name in cells:
        print(f"  {time_:6.1f} s  {name}")
    failed = [result.path.name for result in results if result.failure]
    if failed:
        print("failed: " + ", ".join(sorted(failed)))
    print(f"all notebooks: {seconds:.0f} s")
    print(f"notebooks: {len(results) - len(failed)} passed, {len(failed)} failed")


if __name__ == "__main__":
    sys.exit(main())
