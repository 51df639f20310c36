"""``python -m lstmcourse lab``: the learner's copy of the notebooks, in JupyterLab."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

import jupyterlab  # noqa: F401  (where it is missing, this says so)

from lstmcourse.commands import data
from lstmcourse.commands.build import learner, pages

START = "lab/00_start_here.ipynb"


def main(argv: Sequence[str] | None = None) -> int:
    """Make lab/, or bring it up to date, fetch the data that the notebooks need, and open it.

    The exit status is JupyterLab's, or 1 where there is no copy.
    """
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse lab",
        description="make the learner's copy of the notebooks, lab/, and open it in JupyterLab",
        epilog="All other options are JupyterLab's, such as --no-browser.",
    )
    parser.add_argument("--fresh", action="store_true", help="move the old copy aside first")
    args, passed_on = parser.parse_known_args(argv)
    if not (pages.ROOT / "notebooks").is_dir():
        print(f"lab needs a clone of the course, and {pages.ROOT} is none: it has no notebooks", file=sys.stderr)
        return 1
    try:
        learner.build(pages.ROOT, fresh=args.fresh)
    except learner.LabError as error:
        print(error, file=sys.stderr)
        return 1
    if (pages.ROOT / "data").is_dir():  # a copy from a stick has its data with it
        os.environ.setdefault("LSTMCOURSE_DATA", str(pages.ROOT / "data"))
    data.fetch_missing()
    env = {"OMP_NUM_THREADS": "1"} | os.environ  # small networks lose time to a second thread
    server = subprocess.Popen([sys.executable, "-m", "jupyter", "lab", START, *passed_on], cwd=pages.ROOT, env=env)
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:  # JupyterLab has it too, and asks whether it is meant
            continue
