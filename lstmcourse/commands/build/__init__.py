"""``python -m lstmcourse build``: what is derived from the sources of the course is made here."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lstmcourse.commands.build import execute, sync

ROOT = Path(__file__).resolve().parents[3]


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status is 0 if all was built, 1 if a notebook failed."""
    parser = argparse.ArgumentParser(prog="python -m lstmcourse build", description="make what is derived")
    commands = parser.add_subparsers(dest="command", required=True, metavar="WHAT")
    run = commands.add_parser("execute", help="run notebooks and store their outputs")
    run.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    run.add_argument("--timeout", type=float, default=120, help="seconds that one cell may take (default 120)")
    commands.add_parser("readme", help="renew the table of notebooks in README.md")
    args = parser.parse_args(argv)
    if args.command == "readme":
        if not (ROOT / "notebooks").is_dir():
            print(f"readme needs a clone of the course, and {ROOT} is none: it has no notebooks", file=sys.stderr)
            return 1
        renewed = sync.readme(ROOT / "README.md", ROOT / "notebooks")
        print("README.md renewed" if renewed else "README.md is up to date")
        return 0
    return execute.execute_all(args.notebooks, args.timeout)
