"""Which code a record came from: the modules that a run uses, their hash, and whether the checkout is clean."""

import ast
import hashlib
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "lstmcourse"
Read = Callable[[str], str | None]  # a path below the root -> its text, or None where there is no such file


class Tree(NamedTuple):
    """The state of the checkout: its commit (None outside of git), and what differs from it."""

    commit: str | None
    changes: tuple[str, ...]


def on_disk(path: str) -> str | None:
    """The text of a file of this checkout."""
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else None


def at_commit(commit: str) -> Read:
    """The reader of files as they were at a commit; it raises LookupError where git does not know that commit."""
    try:
        paths = set(git("ls-tree", "-r", "--name-only", commit).splitlines())
    except (OSError, subprocess.SubprocessError):
        raise LookupError(commit) from None
    return lambda path: git("show", f"{commit}:{path}", strip=False) if path in paths else None


def modules(module: str, read: Read = on_disk) -> dict[str, str]:
    """The module and all modules of the package that it imports, directly or not, each with its text.

    Imports are read from the source: those within functions count, and `from package import name` counts the module
    `package.name` where there is one, else the package itself. The packages around a module count too, but for the two
    that load more than any one run uses. Raises LookupError for a module that is not there.
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        text, is_package = _text(name, read)
        if text is None:
            raise LookupError(f"there is no module {name}")
        found[name] = text
        waiting += [other for other in _imports(text, name, is_package, read) if other.split(".")[0] == PACKAGE]
        waiting += _packages(name)
    return dict(sorted(found.items()))


def digest(module: str, read: Read = on_disk) -> str:
    """The hash of the sources that a run of a function of this module uses."""
    sha = hashlib.sha256()
    for name, text in modules(module, read).items():
        sha.update(f"{name}\n{len(text)}\n{text}".encode())
    return sha.hexdigest()[:32]


def tree() -> Tree:
    """The checkout's commit and the paths that differ from it, but for results and files that git does not track.

    A file of the package counts also where git does not track it.
    """
    try:
        commit = git("rev-parse", "HEAD")
        tracked = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
        package = git("status", "--porcelain", "--", PACKAGE)
    except (OSError, subprocess.SubprocessError):
        return Tree(None, ())
    return Tree(commit, tuple(sorted({line[3:] for line in (tracked + "\n" + package).splitlines() if line[3:]})))


def git(*arguments: str, strip: bool = True) -> str:
    """What git prints in this checkout; OSError or SubprocessError where it cannot."""
    done = subprocess.run(
        ["git", "-C", ROOT, *arguments], capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    return done.stdout.rstrip("\n") if strip else done.stdout


def _packages(module: str) -> list[str]:
    parts = module.split(".")
    around = [".".join(parts[:k]) for k in range(1, len(parts))]
    return [name for name in around if name.startswith(f"{PACKAGE}.") and name != f"{PACKAGE}.experiments"]


def _text(module: str, read: Read) -> tuple[str | None, bool]:
    path = module.replace(".", "/")
    text = read(f"{path}/__init__.py")
    return (read(f"{path}.py"), False) if text is None else (text, True)


@cache
def _statements(text: str) -> list[ast.Import | ast.ImportFrom]:
    """The imports of a source, which the runs of many experiments share."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]


def _imports(text: str, module: str, is_package: bool, read: Read) -> list[str]:
    names: list[str] = []
    for node in _statements(text):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        else:
            above = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            package = ".".join([*above, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                inner = f"{package}.{alias.name}"
                names.append(inner if _text(inner, read)[0] is not None else package)
    return names
