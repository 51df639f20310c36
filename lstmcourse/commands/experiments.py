"""``python -m lstmcourse experiments list | run NAME | show NAME``."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lstmcourse import experiments
from lstmcourse.experiments import EXPERIMENTS, FOLDER, ExperimentError, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the experiments, their notebooks, and which results are there")
    for action, text in (("run", "run one and write results/NAME.json"), ("show", "print a result")):
        one = actions.add_parser(action, help=text)
        one.add_argument("name", metavar="NAME")
        one.add_argument("--folder", type=Path, default=FOLDER, help="where the results lie (default: results)")
        if action == "run":
            one.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting")
            one.add_argument("--threads", type=_threads, default=1, help="torch's threads (default 1: small nets)")


def run(args: argparse.Namespace) -> int:
    """Do it; 0, or 1 with one line on stderr."""
    try:
        return {"list": _list, "run": _run, "show": _show}[args.action](args)
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
        try:
            seconds = f"{load(name)['provenance']['seconds']:.0f} s"
        except ExperimentError:
            seconds = "-"
        print(f"{one.notebook}  {name:<{width}}  {seconds:>6}  {one.title}")
    return 0


def _run(args: argparse.Namespace) -> int:
    import torch

    torch.set_num_threads(args.threads)
    record = experiments.run(args.name, args.folder, **dict(_setting(text) for text in args.set))
    print(_table(record))
    return 0


def _show(args: argparse.Namespace) -> int:
    print(_table(load(args.name, args.folder)))
    return 0


def _threads(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return int(text)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise ExperimentError(f"--set expects SETTING=VALUE with a number as value, got {text!r}") from None


def _table(record: dict[str, Any]) -> str:
    made = record["provenance"]
    lines = [
        record["title"],
        f"{made['command']}  ({made['date']}, {made['seconds']:.0f} s, torch {made['versions']['torch']})",
    ]
    for row in record["result"]["rows"]:
        lines.append("  ".join(f"{name} {_short(value)}" for name, value in row.items()))
    return "\n".join(lines)


def _short(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return " ".join("-" if entry is None else str(entry) for entry in value)
