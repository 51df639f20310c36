"""``python -m lstmcourse room``: who is where, and which mistake is frequent, from files in one folder or share."""

import argparse
import html
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lstmcourse import _files
from lstmcourse.exercises import _room, get

WHO = ("who", "where", "passed", "tries", "hints", "last seen", "stuck at")
WHAT = ("exercise", "people", "times", "mistake")
CLEAR = "\x1b[H\x1b[2J"
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{every}"><title>Room</title>
<style>body {{ font: 1.1em/1.4 system-ui, sans-serif; margin: 2em; color-scheme: light dark }}
td, th {{ text-align: left; padding: .2em 1em .2em 0 }} caption {{ text-align: left; font-weight: bold }}</style>
<h1>Room</h1>
{tables}
</html>
"""


class Seen(NamedTuple):
    """What lies in the folder: what each learner's file says, its seconds since the epoch, and files that are none."""

    rooms: list[tuple[float, _room.Room]]
    damaged: list[str]


def main(argv: Sequence[str] | None = None) -> int:
    """Show the table again and again until Ctrl-C, or join and leave a room; 1 where the folder is none."""
    parser = argparse.ArgumentParser(
        prog="python -m lstmcourse room",
        description="for an instructor: who is where, and which mistake is frequent, of those who joined the folder",
        epilog="A learner joins by room --join FOLDER, or by LSTMCOURSE_ROOM=FOLDER make lab, and leaves by "
        "room --leave. Without that nothing is written; no answer and no name ever is.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, nargs="?", help="a folder or share that all can write")
    parser.add_argument("--join", action="store_true", help="for a learner: write progress into FOLDER from now on")
    parser.add_argument("--label", default="", help="with --join: what the table shows (default: six random letters)")
    parser.add_argument("--leave", action="store_true", help="for a learner: write nowhere, and take the file away")
    parser.add_argument("--once", action="store_true", help="show the table once")
    parser.add_argument("--every", type=float, default=5, metavar="SECONDS", help="between two looks (default 5)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the tables as a page, too, which reloads")
    args = parser.parse_args(argv)
    if args.leave:
        _room.leave()
        print("You have left the room.")
        return 0
    if args.folder is None:
        parser.error("FOLDER is missing")
    if not args.every > 0:
        parser.error(f"--every must be positive, got {args.every:g}")
    if not args.folder.is_dir():
        print(f"FOLDER must be a folder that is there, and {args.folder} is none", file=sys.stderr)
        return 1
    if args.join:
        kept = _room.join(args.folder.resolve(), args.label)
        print(f"You are {kept.label!r} in this room. python -m lstmcourse room --leave ends it.")
        return 0
    while True:
        show(look(args.folder), args.every, args.page)
        if args.once:
            return 0
        time.sleep(args.every)


def look(folder: Path) -> Seen:
    """Read all files of a folder; one that is damaged, or gone since, is passed over."""
    rooms, damaged = [], []
    for file in sorted(folder.glob("*.json")):
        try:
            room, at = _room.read(file), file.stat().st_mtime
        except OSError:
            room = None
        if room is None:
            damaged.append(file.name)
        else:
            rooms.append((at, room))
    return Seen(rooms, damaged)


def show(seen: Seen, every: float, page: Path | None = None) -> None:
    """Print both tables, on a cleared terminal, and write the page."""
    tables = {"Who is where": (WHO, who(seen, time.time())), "Which mistakes are frequent": (WHAT, what(seen))}
    if sys.stdout.isatty():
        print(CLEAR, end="")
    for caption, (columns, rows) in tables.items():
        print(f"{caption}\n{text(columns, rows)}\n")
    if seen.damaged:
        print(f"passed over, because damaged: {plain(', '.join(seen.damaged))}")
    sys.stdout.flush()
    if page:
        shown = "\n".join(as_html(caption, *table) for caption, table in tables.items())
        _files.write(page, PAGE.format(every=max(1, round(every)), tables=shown))


def who(seen: Seen, now: float) -> list[tuple[str, ...]]:
    """A row a learner: label, exercise, how many passed, tries and hints at this one, minutes ago, the last mistake."""
    rows = []
    for at, room in sorted(seen.rooms, key=lambda entry: entry[1]["label"]):
        here = room["exercises"].get(room["last"], {"attempts": 0, "hints": 0, "passed": False, "wrong": {}})
        stuck = "" if here["passed"] else ", ".join(list(here["wrong"])[-1:])
        passed = sum(one["passed"] for one in room["exercises"].values())
        minutes = max(0, int((now - at) // 60))
        place = number(room["last"]) + (" passed" if here["passed"] else "")
        counts = map(str, (passed, here["attempts"], here["hints"]))
        rows.append((plain(room["label"]), place, *counts, f"{minutes} min ago", plain(stuck)))
    return rows


def what(seen: Seen) -> list[tuple[str, ...]]:
    """A row a mistake, those of most learners first: exercise, learners, times, and what the check says of it."""
    people: Counter[tuple[str, str]] = Counter()
    times: Counter[tuple[str, str]] = Counter()
    for _, room in seen.rooms:
        for slug, one in room["exercises"].items():
            for name, count in one["wrong"].items():
                people[slug, name] += 1
                times[slug, name] += count
    order = sorted(people, key=lambda key: (-people[key], -times[key], key))
    return [(number(key[0]), str(people[key]), str(times[key]), sentence(*key)) for key in order]


def number(slug: str) -> str:
    """An exercise's number of today; of one that this edition has not, its name."""
    try:
        return get(slug).id
    except ValueError:
        return plain(slug)


def sentence(slug: str, name: str) -> str:
    """What the check says of a mistake; of one without a name, where it stopped."""
    try:
        return " and ".join(get(slug).wrong[one][1] for one in name.split(" + "))
    except (ValueError, KeyError):
        return plain(name)


def plain(words: str) -> str:
    """A text of a file as it may be shown: nothing in it moves a cursor, and it is short."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:60]


def text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a terminal."""
    widths = [max(len(line[k]) for line in [columns, *rows]) for k in range(len(columns))]
    lines = [[cell.ljust(width) for cell, width in zip(line, widths)] for line in [columns, *rows]]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def as_html(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a page, with header cells that a screen reader can announce."""
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
