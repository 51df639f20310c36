"""``python -m lstmcourse data``: the data sets of the course; what is cached of them, and whether it is whole."""

import argparse
import sys
from collections.abc import Sequence

from lstmcourse.data import DATASETS, DataUnavailable, folder, load, verify


def main(argv: Sequence[str] | None = None) -> int:
    """List the cards, fetch data sets into the cache, or verify what is cached.

    `list` and no word print every card, or what to do where a data set cannot be had here; the status is 0. `fetch`
    makes data sets anew from their sources and caches them; 1 where one cannot be had. `verify` compares the
    cache with the sources; 1 where something differs, which `fetch` makes again.
    """
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse data", description="list, fetch or verify the data sets of the course"
    )
    parser.add_argument("what", nargs="?", choices=("list", "fetch", "verify"), default="list")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DATASETS)}; all unless given")
    args = parser.parse_args(argv)
    unknown = [name for name in args.names if name not in DATASETS]
    if unknown:
        parser.error(f"NAME must be one of {', '.join(DATASETS)}, got {unknown[0]!r}")
    do = {"list": _list, "fetch": _fetch, "verify": _verify}[args.what]
    results = [do(name) for name in args.names or DATASETS]
    if args.what == "list":
        cached = sorted(path.name for path in folder().glob("*.npz"))
        print(f"cache: {folder()} ({', '.join(cached) or 'nothing in it'})")
        return 0
    return 0 if all(results) else 1


def _list(name: str) -> bool:
    try:
        print(load(name)[1])
    except DataUnavailable as error:
        print(f"{name}: not available\n  {error}")
    return True


def _fetch(name: str) -> bool:
    try:
        card = load(name, fresh=True)[1]
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
