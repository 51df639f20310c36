"""`python -m lstmcourse experiments list | run NAME | show NAME | status | verify`."""

import argparse
import sys
from functools import partial
from pathlib import Path

from lstmcourse import experiments
from lstmcourse.experiments import EXPERIMENTS, ExperimentError, blocks, show, status, verify

say = partial(print, flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the experiments and their notebooks")
    one = actions.add_parser("run", help="run what is missing of one, and write results/blocks/NAME.json")
    one.add_argument("name", metavar="NAME")
    one.add_argument("--blocks", type=_positive, help="how many blocks of seeds (default: the experiment's)")
    one.add_argument("--updates-times", type=_positive, default=1, metavar="K", help="3: the control, trained longer")
    one.add_argument("--device", default="cpu", help="where the nets are trained (default cpu)")
    one.add_argument("--workers", type=_positive, help="processes, one thread each (default: one a core)")
    one.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, to run there")
    one.add_argument("--draft", action="store_true", help="from a tree with changes, into another --folder")
    two = actions.add_parser("show", help="print a record: counts, intervals, verdicts")
    two.add_argument("name", metavar="NAME")
    three = actions.add_parser("verify", help="train a random tenth of all stored nets again, and compare")
    three.add_argument("--minutes", type=float, default=20.0, help="at most that long (default 20)")
    three.add_argument("--share", type=float, default=0.1, help="of all nets (default 0.1)")
    three.add_argument("--workers", type=_positive, help="processes, one thread each (default: one a core)")
    three.add_argument("--seed", type=int, help="of the draw (default: another one each time)")
    for parser in (one, two, three, actions.add_parser("status", help="what is finished, and the time left")):
        parser.add_argument("--folder", type=Path, help="where the records lie (default: results/blocks)")


def run(args: argparse.Namespace) -> int:
    """Do it; 0, or 1 with one line on stderr."""
    try:
        return {"list": _list, "run": _run, "show": _show, "status": _status, "verify": _verify}[args.action](args)
    except ExperimentError as error:
        print(error, file=sys.stderr)
        return 1


def main(argv: list[str] | None = None) -> int:
    """The command by itself."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse experiments", description="the runs behind the notebooks"
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))


def _list(args: argparse.Namespace) -> int:
    width = max(map(len, EXPERIMENTS))
    for name, one in sorted(EXPERIMENTS.items(), key=lambda item: (item[1].notebook, item[0])):
        print(f"{one.notebook}  {name:<{width}}  {one.title}")
    return 0


def _run(args: argparse.Namespace) -> int:
    given = {key: getattr(args, key) for key in ("blocks", "updates_times", "device", "workers", "scheduler")}
    print(show(experiments.run(args.name, folder=args.folder, draft=args.draft, report=say, **given)))
    return 0


def _show(args: argparse.Namespace) -> int:
    try:
        control = blocks(args.name, 3, args.folder)
    except ExperimentError:
        control = None
    print(show(blocks(args.name, 1, args.folder), control))
    return 0


def _status(args: argparse.Namespace) -> int:
    print(status(args.folder))
    return 0


def _verify(args: argparse.Namespace) -> int:
    checked = verify(
        args.folder, share=args.share, minutes=args.minutes, seed=args.seed, workers=args.workers, report=say
    )
    wrong = sum(not one.ok for one in checked)
    nets, same = (sum(getattr(one, key) for one in checked) for key in ("nets", "same"))
    print(f"{nets} nets in {len(checked)} cells: {same} have the same numbers; {wrong} cells are not as stored")
    return 1 if wrong or not checked else 0


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return int(text)
