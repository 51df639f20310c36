"""Run the notebooks that call `mine` once more, with every exercise answered by its solution.

In a copy, each stub is replaced by the solution that `solution` shows. Then nothing may raise, no claim may fail, every
exercise must be passed, and wherever `mine` chooses, the learner's function must run, not the course's. The notebooks
run in order and share the learner's folder, so that a later one finds what was passed in an earlier one.

    python tests/notebooks/run_answers.py notebooks [--only 04]
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from lstmcourse import exercises
from lstmcourse.commands.build import execute, pages
from lstmcourse.commands.build.instructor import answer
from lstmcourse.exercises import _state

SECONDS = 300  # for one cell


def answered(notebook):
    """The notebook with every stub replaced, in place; the ids of its exercises. ValueError for one without a stub."""
    ids = list(pages.checks(notebook))
    for id in ids:
        exercise = exercises.get(id)
        if not pages.fill(notebook, exercise.answer, answer(exercise)):
            raise ValueError(f"there is no stub of {id} to put the answer into")
    return ids


def run(path, home):
    """Run a notebook, answered; what is wrong, or an empty text."""
    with tempfile.TemporaryDirectory(prefix="lstmcourse-") as folder:
        copy = Path(folder, path.name)
        notebook = pages.read(path)
        try:
            ids = answered(notebook)
            copy.write_text(pages.text(notebook), encoding="utf-8")
            execute.execute(copy, SECONDS, home=home)
        except (ValueError, execute.NotebookError) as error:
            return str(error)
        said = copy.read_text(encoding="utf-8")
    with mock.patch.dict("os.environ", LSTMCOURSE_HOME=str(home)):
        kept = _state.load()
    failed = [id for id in ids if not kept.get(exercises.get(id).slug, _state.EMPTY)["passes"]]
    wrong = [f"{id} is not passed by its solution" for id in failed]
    wrong += re.findall(r"E\d+\.\d+: the course's [^\"\\]*", said)
    if not re.search(r"[\w.]+: your \w+ runs", said):
        wrong.append("mine never says that an answer runs")
    return "\n".join(wrong)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status is 0 if every notebook that calls `mine` holds with the solutions, and there is one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="run only notebooks whose name starts with this")
    args = parser.parse_args(argv)
    paths = [path for path in pages.paths(args.folder) if path.name.startswith(args.only)]
    paths = [path for path in paths if re.search(r"\bmine\(", "\n".join(sources(path)))]
    failed, start = [], time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="lstmcourse-") as home:
        for number, path in enumerate(paths, 1):
            began = time.perf_counter()
            wrong = run(path, Path(home))
            verdict = "FAILED" if wrong else "passed"
            print(f"[{number}/{len(paths)}] {verdict} {path.name:<40} {time.perf_counter() - began:6.1f} s", flush=True)
            if wrong:
                failed.append(path.name)
                print(wrong, flush=True)
    seconds = time.perf_counter() - start
    print(f"answered notebooks: {seconds:.0f} s, {len(paths) - len(failed)} passed, {len(failed)} failed")
    if not paths:
        print("no notebook calls mine", file=sys.stderr)
    return 1 if failed or not paths else 0


def sources(path):
    """The sources of a notebook's code cells."""
    return [cell.source for cell in pages.read(path).cells if cell.cell_type == "code"]


if __name__ == "__main__":
    sys.exit(main())
