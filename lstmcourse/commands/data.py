"""``python -m lstmcourse data``: the data sets of the course."""

import argparse
from collections.abc import Sequence

from lstmcourse.data import DATASETS, DataUnavailable, folder, load


def main(argv: Sequence[str] | None = None) -> int:
    """Print the card of every data set, or what to do where it cannot be had here; the exit status is 0."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse data", description="list the data sets with source, licence and sha256"
    )
    parser.parse_args(argv)
    for name in DATASETS:
        try:
            print(load(name)[1])
        except DataUnavailable as error:
            print(f"{name}: not available\n  {error}")
    cached = sorted(path.name for path in folder().glob("*.npz"))
    print(f"cache: {folder()} ({', '.join(cached) or 'nothing in it'})")
    return 0
