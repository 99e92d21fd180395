"""The commands there are, and where each lives: only the one that is run is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "clients": "clients",
    "client": "clients",
    "handoff": "handoff",
    "verify": "verify",
    "reindex": "archive",
    "help": "topics",
}
"""Each command's module in this folder; importing it registers its commands."""
WITH_VALUE = ("--config", "--color")
"""Global options that are followed by a value."""


def register_commands(words: Sequence[str] = ()) -> None:
    """Register the command a command line is about; all, where that is not plain or the help needs them."""
    name = _find_command(words)
    plain = name in HOMES and name != "help"
    for module in {HOMES[name]} if plain else dict.fromkeys(HOMES.values()):
        import_module(f"trail.cli.{module}")


def _find_command(words: Sequence[str]) -> str:
    rest = iter(words)
    for word in rest:
        if word in WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""
