"""The package's reference pages: which there are, and docstrings as reStructuredText.

Docstrings are plain text: code in backquotes, equations and code indented, the sections Args and Raises.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from typing import Any

import lstmcourse

LEFT_OUT = {"commands", "__main__"}  # for the command line
LITERAL = re.compile(r"(``[^`]+``|`[^`]+`)")
SECTION = re.compile(r"^(Args|Raises|Returns|Attributes):$")
ENTRY = re.compile(r"^    (\S[^:]*): (.*)$")


def pages() -> dict[str, str]:
    """{name of a file: its text} for every public module of the package, and for their list."""
    names = [module.name for module in pkgutil.iter_modules(lstmcourse.__path__)]
    names = [name for name in names if not name.startswith("_") and name not in LEFT_OUT]
    made = {f"{name}.rst": _page(f"lstmcourse.{name}") for name in names}
    toctree = "".join(f"   {name}\n" for name in names)
    made["index.rst"] = f"{_title('The package')}\n.. toctree::\n   :maxdepth: 1\n\n{toctree}"
    return made


def _page(name: str) -> str:
    module = importlib.import_module(name)
    parts = [_title(name), f".. automodule:: {name}\n"]
    if not hasattr(module, "__path__"):
        return parts[0] + f"\n.. automodule:: {name}\n   :members:\n"
    hidden = [n for n in getattr(module, "__all__", ()) if _defined_in(getattr(module, n)).split(".")[-1][:1] == "_"]
    parts += [f".. auto{_kind(getattr(module, n))}:: {name}.{n}\n" + _members(getattr(module, n)) for n in hidden]
    for found in pkgutil.iter_modules(module.__path__):
        public = not found.name.startswith("_") and not re.fullmatch(r"nb\d\d", found.name)
        if public and not found.ispkg:
            index = "   :no-index:\n" if found.name in hidden else ""  # a function of the package has its name
            parts += [
                _title(f"{name}.{found.name}", "-"),
                f".. automodule:: {name}.{found.name}\n   :members:\n{index}",
            ]
    return "\n".join(parts)


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def _defined_in(thing: Any) -> str:
    return getattr(thing, "__module__", None) or ""


def _kind(thing: Any) -> str:
    return "class" if isinstance(thing, type) else "function" if callable(thing) else "data"


def _members(thing: Any) -> str:
    return "   :members:\n" if isinstance(thing, type) else ""


def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """For Sphinx's event autodoc-process-docstring: the docstring as reStructuredText, in place."""
    own = not isinstance(thing, tuple | dict | str | int | float)  # a value has its class's docstring, say dict's
    lines[:] = rst(lines) if own else []


def rst(lines: Sequence[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    return list(_converted(list(lines)))


def _converted(lines: list[str]) -> Iterator[str]:
    section, literal, before = False, False, ""
    for line in lines:
        if line and not line.startswith("    "):
            if literal:
                yield ""
            literal = False
            section = bool(SECTION.match(line))
            yield from ([f"**{line[:-1]}**", ""] if section else [escaped(line)])
        elif section and line:
            entry = ENTRY.match(line)
            yield f"- ``{entry[1]}``: {escaped(entry[2])}" if entry else "  " + escaped(line.strip())
        elif line and not literal:
            yield from (["", "::", ""] if before else ["::", ""])
            literal = True
            yield line
        else:
            yield line
        before = line
    yield ""


def escaped(text: str) -> str:
    """A line of plain text: what reStructuredText would read as markup is escaped, code in backquotes is code."""
    parts = LITERAL.split(text)
    return "".join(
        f"``{part.strip('`')}``" + ("\\ " if after[:1].isalnum() else "")
        if LITERAL.fullmatch(part)
        else re.sub(r"([\\*_|`<>])", r"\\\1", part)
        for part, after in zip(parts, [*parts[1:], ""])
    )
