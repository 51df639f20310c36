"""``python -m lstmcourse COMMAND``: the commands of the course.

A command is imported only when it is called, so that ``doctor`` can run where half of the environment is broken.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from lstmcourse import __version__
from lstmcourse.commands import COMMANDS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status is returned: 130 after Ctrl-C, 141 when the reader of a pipe has gone.

    A package that is not installed is told in one line, with the status 1.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console or a pipe that cannot show aⁿ shows a? and goes on
            stream.reconfigure(errors="replace")
    try:
        try:
            return _run(list(sys.argv[1:] if argv is None else argv))
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        if (error.name or "lstmcourse").split(".")[0] == "lstmcourse":
            raise
        print(f"{error}. python -m lstmcourse doctor says how to install what is missing.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in `… | head`; what is still buffered has nowhere to go, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(argv: list[str]) -> int:
    width = max(map(len, COMMANDS))
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse",
        description="Commands:\n" + "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()),
        epilog="python -m lstmcourse COMMAND --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lstmcourse {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    command = parser.parse_args(argv[:1]).command
    return import_module(f"lstmcourse.commands.{command}").main(argv[1:]) or 0


if __name__ == "__main__":
    sys.exit(main())
