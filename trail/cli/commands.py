"""The commands there are, and where each lives: only the one that is run is imported. And the order of a command line."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    _Command = TypeVar("_Command", bound=Callable[..., Any])

# As one comes to need them; `trail -h` lists them so.
HOMES = {
    "demo": "demo",
    "init": "init",
    "login": "login",
    "logout": "login",
    "sync": "sync",
    "daemon": "daemon",
    "status": "archive",
    "search": "search",
    "find": "find",
    "show": "reading",
    "thread": "reading",
    "open": "opening",
    "save": "saving",
    "unreadable": "unreadable",
    "clients": "overview",
    "client": "clients",
    "waiting": "waiting",
    "brief": "brief",
    "review": "lookback",
    "digest": "digest",
    "next": "next",
    "note": "note",
    "notes": "note",
    "agree": "agree",
    "requests": "requests",
    "book": "book",
    "handoff": "handoff",
    "receipt": "receipt",
    "key": "key",
    "verify": "verify",
    "hold": "hold",
    "forget": "forget",
    "reindex": "archive",
    "help": "topics",
}
"""Each command's module in this folder; importing it registers its commands."""
WITH_VALUE = ("--config", "--color")
"""Global options that are followed by a value."""
_MINUS = re.compile(r"^-(?=[^-\s].)")  # two characters and more: -q and -h stay what they are
_LONE_MINUS = re.compile(r"^-(?=\s)")
_FLAGS = frozenset({"--json", "--quiet", "-q", "--verbose", "-v", "--no-pager"})


def _read_minuses(words: list[str]) -> list[str]:
    """`-word` is a NOT in the query language, and no option; up to a bare `--`, behind which nothing is.

    `- word` is no option either: a sign alone, which queries pass over.
    """
    end = words.index("--") if "--" in words else len(words)
    return [
        _LONE_MINUS.sub(" -", _MINUS.sub("NOT ", word))
        if at < end and words[at - 1] != "--sort"
        else word
        for at, word in enumerate(words)
    ]


class Group:
    """Commands by their names, as `@group.command()` registers them."""

    def __init__(self, help: str = "", default: str = "") -> None:  # noqa: A002 - as Typer calls it
        self.help = help
        self.default = default
        """The member that is meant where none is named; "": one must be."""
        self.members: dict[str, Group | Callable[..., Any]] = {}

    def command(self, name: str = "") -> Callable[[_Command], _Command]:
        """Register a function, which declares its parameters as Typer wants it; without a name under its own."""

        def register(function: _Command) -> _Command:
            self.members[name or function.__name__] = function
            return function

        return register

    def add_group(self, name: str, help: str, default: str = "") -> Group:  # noqa: A002 - as above
        """Register a command that has commands; `default` is the one that is meant where none is named."""
        group = Group(help, default)
        self.members[name] = group
        return group


BESIDE = {"next": ("next_suggest", "next_push")}
"""Modules with further commands of a group."""


def register_commands(words: Sequence[str] = ()) -> None:
    """Register the command a command line is about; all, where that is not plain or the help needs them."""
    name = _find_command(words)
    plain = name in HOMES and name != "help"
    for home in (name,) if plain else HOMES:
        for module in (HOMES[home], *BESIDE.get(home, ())):
            import_module(f"trail.cli.{module}")


def _find_command(words: Sequence[str]) -> str:
    rest = iter(words)
    for word in rest:
        if word in WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def order_words(argv: Iterable[str]) -> tuple[list[str], list[str]]:
    """The global options, which may stand before or after the command, up to a bare `--`; and the rest."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _FLAGS or word.startswith(tuple(f"{o}=" for o in WITH_VALUE)):
            front.append(word)
        elif word in WITH_VALUE:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    if rest[:1] in (["search"], ["find"]):
        rest = _read_minuses(rest)
    return front, rest
