"""``python -m lstmcourse build``: what is derived from the sources of the course is made here."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lstmcourse.commands.build import (
    colab,
    execute,
    film,
    instructor,
    learner,
    new,
    pages,
    path,
    site,
    slides,
    sync,
)

COPIES = {
    "instructor": (instructor.build, "the notebooks with solutions, expected wrong answers and minutes"),
    "slides": (slides.build, "slides of each notebook, for a browser without a network"),
    "site": (site.build, "the course to read in a browser"),
    "colab": (colab.build, "the learner's notebooks with a cell that installs the course in Colab"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status is 0 if all was built, 1 if something was not, which is said."""
    parser = argparse.ArgumentParser(prog="python -m lstmcourse build", description="make what is derived")
    commands = parser.add_subparsers(dest="command", required=True, metavar="WHAT")
    run = commands.add_parser("execute", help="run notebooks and store their outputs")
    run.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    run.add_argument("--timeout", type=float, default=120, help="seconds that one cell may take (default 120)")
    commands.add_parser("sync", help="carry stubs, headings and minutes to the notebooks and README.md")
    one = commands.add_parser("new", help="a new notebook that holds the rules")
    one.add_argument("number", metavar="NUMBER", help="two digits")
    one.add_argument("title", metavar="TITLE")
    one.add_argument("--deeper", action="store_true", help="a page beside that notebook, in notebooks/deeper")
    copy = commands.add_parser("learner", help="the learner's copy of the notebooks")
    copy.add_argument("out", metavar="OUT", type=Path, nargs="?", help="the folder (default: lab)")
    copy.add_argument("--fresh", action="store_true", help="move the old copy aside first")
    for name, (_, what) in COPIES.items():
        other = commands.add_parser(name, help=what)
        other.add_argument("out", metavar="OUT", type=Path, help="an empty folder")
    commands.add_parser("film", help="the README's film, docs/film.gif")
    short = commands.add_parser("path", help="the notebooks of a shorter path through the course")
    short.add_argument(
        "name", metavar="NAME", nargs="?", help="as paths.toml has it; without one, the paths are listed"
    )
    short.add_argument("out", metavar="OUT", type=Path, nargs="?", help="an empty folder (default: the path's name)")
    args = parser.parse_args(argv)
    if args.command == "execute":
        return execute.execute_all(args.notebooks, args.timeout)
    if not (pages.ROOT / "notebooks").is_dir():
        print(f"build needs a clone of the course, and {pages.ROOT} is none: it has no notebooks", file=sys.stderr)
        return 1
    try:
        if args.command == "learner":
            learner.build(pages.ROOT, args.out, fresh=args.fresh)
            return 0
        if args.command == "film":
            made = film.build(pages.ROOT)
            print(f"{made.relative_to(pages.ROOT)}: {made.stat().st_size // 1000} kB")
            return 0
        if args.command in COPIES:
            files = COPIES[args.command][0](pages.ROOT, args.out)
            print(f"{len(files)} files in {args.out}: begin with {files[0].relative_to(args.out)}")
            return 0
        if args.command == "path":
            if args.name is None:
                print(path.table(pages.ROOT))
                return 0
            files = path.build(pages.ROOT, args.name, args.out or Path(args.name))
            print(f"{len(files)} notebooks in {files[0].parent}: begin with {files[0].name}")
            return 0
        if args.command == "new":
            made = new.create(pages.ROOT, args.number, args.title, deeper=args.deeper)
            print(f"{made.relative_to(pages.ROOT)} written and run")
        return sync.everything(pages.ROOT)
    except (ValueError, execute.NotebookError, learner.LabError, path.PathError, site.SiteError) as error:
        print(error, file=sys.stderr)
        return 1
