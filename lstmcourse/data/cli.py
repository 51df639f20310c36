"""`python -m lstmcourse data list | fetch`: the data sets of the course."""

import argparse
import sys

from . import DATASETS, folder, load
from ._card import DataUnavailable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    text = "list: the data sets with source, licence and sha256; fetch: get and check all of them, before a workshop"
    parser.add_argument("action", nargs="?", choices=("list", "fetch"), default="list", help=text)


def run(args: argparse.Namespace) -> int:
    """Print every card; with fetch, 1 if a data set cannot be had."""
    missing = 0
    for name in DATASETS:
        try:
            print(load(name)[1])
        except DataUnavailable as error:
            missing += 1
            print(f"{name}: not available\n  {error}", file=sys.stderr if args.action == "fetch" else sys.stdout)
    cached = sorted(path.name for path in folder().glob("*.npz"))
    print(f"cache: {folder()} ({', '.join(cached) or 'nothing in it'})")
    return int(bool(missing) and args.action == "fetch")


def main(argv: list[str] | None = None) -> int:
    """The command by itself."""
    parser = argparse.ArgumentParser(prog="python -m lstmcourse data", description="the data sets of the course")
    add_arguments(parser)
    return run(parser.parse_args(argv))
