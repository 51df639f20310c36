"""``python -m lstmcourse data``: the data sets of the course; what is cached of them, and whether it is whole."""

import argparse
import sys
from collections.abc import Sequence

from lstmcourse.data import DATASETS, DataUnavailable, fetch, folder, load, verify


def main(argv: Sequence[str] | None = None) -> int:
    """List the cards, fetch data sets into the cache, or verify what is cached.

    `list` and no word print every card, or what to do where a data set cannot be had here; the status is 0. `fetch`
    downloads what has to come from elsewhere and is not there, makes the data anew and caches them, by default those
    that the notebooks need; 1 where one cannot be had. `verify` compares the cache with the sources, by default of all
    that were fetched; 1 where something differs, which `fetch` makes again.
    """
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse data", description="list, fetch or verify the data sets of the course"
    )
    parser.add_argument("what", nargs="?", choices=("list", "fetch", "verify"), default="list")
    unless = "unless given, list takes all, fetch those that the notebooks need, verify those that were fetched"
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DATASETS)}; {unless}")
    args = parser.parse_args(argv)
    unknown = [name for name in args.names if name not in DATASETS]
    if unknown:
        parser.error(f"NAME must be one of {', '.join(DATASETS)}, got {unknown[0]!r}")
    do, names = {"list": (_list, list(DATASETS)), "fetch": (_fetch, _needed()), "verify": (_verify, _fetched())}[
        args.what
    ]
    results = [do(name) for name in args.names or names]
    if args.what == "list":
        cached = sorted(path.name for path in folder().glob("*") if path.is_file())
        print(f"cache: {folder()} ({', '.join(cached) or 'nothing in it'})")
        return 0
    return 0 if all(results) else 1


def fetch_missing() -> None:
    """Fetch what the notebooks need from elsewhere and is not there yet; where that fails, say so and go on."""
    for name in _needed():
        download = DATASETS[name].download
        if download and not download.path.exists():
            print(f"fetching {name}, once ({download.size}) …", flush=True)
            _fetch(name)


def _needed() -> list[str]:
    """The data sets that the notebooks use."""
    return [name for name, found in DATASETS.items() if found.needed]


def _fetched() -> list[str]:
    """Those that need no download, or have had it."""
    return [name for name, found in DATASETS.items() if not found.download or found.download.path.exists()]


def _list(name: str) -> bool:
    try:
        print(load(name)[1])
    except DataUnavailable as error:
        print(f"{name}: not available\n  {error}")
    return True


def _fetch(name: str) -> bool:
    try:
        card = fetch(name)
    except DataUnavailable as error:
        print(f"{name}: not available\n  {error}", file=sys.stderr)
        return False
    print(f"{name}: at hand, {card.n:,} {card.unit}, sha256 {card.sha256}")
    return True


def _verify(name: str) -> bool:
    try:
        whole = verify(name)
    except DataUnavailable as error:
        print(f"{name}: not available\n  {error}", file=sys.stderr)
        return False
    if whole:
        print(f"{name}: as its source has it")
    else:
        print(f"{name}: the cache differs from its source; python -m lstmcourse data fetch {name}", file=sys.stderr)
    return whole
