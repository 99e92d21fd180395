"""What may stand next on a command line: commands, options, clients, accounts, folders, operators of a query and their values.

Comes in: the words so far, the last of them unfinished. Goes out: what it may become. Reads the configuration and, for
folders, the ledger; never the index. It never fails: what cannot be had is not offered.
The shells' side of it is in `trail.cli.shells`.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trail.config import Config

Kind = Literal["values", "files", "dirs"]

_FILES: dict[str, Kind] = {"DIR": "dirs", "BUNDLE": "dirs", "FILE": "files"}
"""Values that the shell itself completes, by what help calls them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A word that may stand there. `unfinished`: something follows without a space.

    `plain` is the same without the quotes of the query language: it may be typed without them, too.
    """

    word: str
    help: str = ""
    unfinished: bool = False
    plain: str = ""


@dataclass(slots=True)
class _Place:
    """Where the unfinished word stands."""

    group: Any
    command: Any
    awaited: Any = None
    """The option whose value it is."""
    arguments: int = 0
    """Arguments before it."""
    only_arguments: bool = False
    config: str = ""


def suggest(words: Sequence[str], environ: Mapping[str, str]) -> tuple[Kind, list[Offer]]:
    """What the last of `words` (without the program's name) may become; or that it is a file or folder."""
    *before, word = words or [""]
    place = _find_place(before)
    config_path = place.config or environ.get("TRAIL_CONFIG", "")
    parameter, head = place.awaited, ""
    if parameter is None and not place.only_arguments and word.startswith("-"):
        name, equals, value = word.partition("=")
        parameter = _find_option(place, name) if equals else None
        if parameter is None:
            offers = [*_list_options(place), *_list_negated(place, word, config_path)]
            return "values", _keep(offers, word)
        head, word = f"{name}=", value
    if parameter is None:
        if commands := getattr(place.command, "commands", None):
            names = place.command.list_commands(None)
            return "values", _keep(
                [Offer(n, commands[n].get_short_help_str(60)) for n in names], word
            )
        parameter = _find_argument(place)
    if parameter is None:
        return "values", []
    kind, offers = _list_values(parameter, word, config_path)
    return kind, _keep([replace(o, word=head + o.word) for o in offers], head + word)


def _keep(offers: Sequence[Offer], word: str) -> list[Offer]:
    return [o for o in offers if o.word.startswith(word) or o.plain.startswith(word)]


def _find_place(before: Sequence[str]) -> _Place:
    from trail.cli.commands import register_commands
    from trail.cli.frame import build

    register_commands(before)
    group = build()
    place = _Place(group, group)
    for word in before:
        if place.awaited is not None:
            if "--config" in place.awaited.opts:
                place.config = word
            place.awaited = None
        elif place.only_arguments or not word.startswith("-") or word == "-":
            commands = getattr(place.command, "commands", {})
            if word in commands:
                place.command = commands[word]
            else:
                place.arguments += 1
        elif word == "--":
            place.only_arguments = True
        elif word.startswith("--config="):
            place.config = word.removeprefix("--config=")
        elif (option := _find_option(place, word)) and not option.is_flag:
            place.awaited = option
    return place


def _list_parameters(place: _Place) -> Iterator[Any]:
    """Those of the command, then the global ones: they may stand anywhere."""
    yield from place.command.params
    if place.command is not place.group:
        yield from place.group.params


def _find_option(place: _Place, name: str) -> Any:
    for parameter in _list_parameters(place):
        if parameter.param_type_name == "option" and name in parameter.opts:
            return parameter
    return None


def _list_options(place: _Place) -> list[Offer]:
    return [
        Offer(name, getattr(parameter, "help", None) or "")
        for parameter in _list_parameters(place)
        if parameter.param_type_name == "option" and not parameter.hidden
        for name in parameter.opts
        if name.startswith("--")
    ] + [Offer("--help", "Show this message and exit.")]


def _find_argument(place: _Place) -> Any:
    arguments = [p for p in place.command.params if p.param_type_name == "argument"]
    for position, argument in enumerate(arguments):
        if position == place.arguments or argument.nargs == -1:
            return argument
    return None


def _list_values(parameter: Any, word: str, config_path: str) -> tuple[Kind, list[Offer]]:
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "values", [Offer(str(choice.value)) for choice in kind]
    name = re.sub("[^A-Z]", "", parameter.metavar or "")
    if name in _FILES:
        return _FILES[name], []
    match name:
        case "QUERY":
            offers = _list_query(word, config_path)
        case "CLIENT":
            offers = [Offer(s, n) for s, n in _read_clients(config_path)]
        case "ACCOUNT":
            offers = [Offer(name) for name in _read_accounts(config_path)]
        case _:
            offers = []
    return "values", offers


# the query


def _list_negated(place: _Place, word: str, config_path: str) -> list[Offer]:
    """`-client:acme` in a query; it looks like an option."""
    argument = _find_argument(place)
    if argument is None or "QUERY" not in (argument.metavar or "") or word.startswith("--"):
        return []
    return _list_query(word, config_path)


def _list_query(word: str, config_path: str) -> list[Offer]:
    from trail.index.operators import BY_NAME, OPERATORS

    sign = "-" if word.startswith("-") else ""
    word = word.removeprefix("-")
    operator, colon, typed = word.partition(":")
    if not colon:
        return (
            [Offer(f"{sign}{o.name}:", o.finds, unfinished=True) for o in OPERATORS] if word else []
        )
    known = BY_NAME.get(operator.lower())
    values = _list_operands(known.name if known else "", typed, config_path)
    head = f"{sign}{operator}:"
    return [
        Offer(head + _quote(value, word), help_, plain=head + value)
        for value, help_ in values
        if '"' not in value  # the language has no way to write it
    ]


def _list_operands(operator: str, typed: str, config_path: str) -> list[tuple[str, str]]:  # noqa: PLR0911 - one for each kind
    """What may stand behind an operator, each with its help."""
    from trail.index import operators

    match operator:
        case "client":
            return _read_clients(config_path)
        case "account":
            return [(name, "") for name in _read_accounts(config_path)]
        case "in":
            return [(name, "") for name in _read_folders(config_path)]
        case "is":
            return list(operators.STATES.items())
        case "has" | "type":
            from trail.index.advice import HAS_KINDS
            from trail.index.kinds import list_known

            if operator == "has":
                return [(kind, "") for kind in ("attachment", "client", *HAS_KINDS)]
            return [(kind, "") for kind in (list_known() if typed else HAS_KINDS)]
        case "lang":
            from trail.index.advice import list_languages

            return list_languages()
        case "after" | "before" | "until" | "date":
            return [(date, "") for date in operators.DATES]
        case "from" | "to" | "cc" | "bcc" | "with":
            return [("me", "your own addresses")]
    return []


def _quote(value: str, word: str) -> str:
    """A value as the query language takes it: in quotes where it has to be, or where they were begun."""
    bare = not re.search(r"[\s()]", value) and ':"' not in word
    return value if bare else f'"{value}"'


# what there is


def _read_config(config_path: str) -> Config | None:
    from trail.config import default_config_path, load_config

    path = Path(config_path).expanduser() if config_path else default_config_path()
    with contextlib.suppress(Exception):
        return load_config(path)
    return None


def _read_clients(config_path: str) -> list[tuple[str, str]]:
    config = _read_config(config_path)
    return [(client.slug, client.name) for client in config.clients] if config else []


def _read_accounts(config_path: str) -> list[str]:
    config = _read_config(config_path)
    return [account.name for account in config.accounts] if config else []


def _read_folders(config_path: str) -> list[str]:
    from trail.archive.store import open_archive

    if config := _read_config(config_path):
        with contextlib.suppress(Exception), open_archive(config.archive) as archive:
            return sorted({*archive.tallies.list_folders(), *archive.tallies.list_labels()})
    return []
