"""Command lines in which nothing is out of the ordinary, read without Typer, whose import takes as long as a search.

Comes in: a command line, and what its command declares for Typer. Goes out: the command with its values, the same that
Typer would give it; or nothing, where a line asks for help, is wrong or is only unusual: then Typer reads it, and says
what is wrong with it. So this knows no error, and need not know all that Typer can.

A command is declared once, for Typer. Annotations are texts until somebody reads them: here `typer.Option` in them is
a note of what it was given.
"""

from __future__ import annotations

import os
import sys
from enum import Enum
from functools import partial
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin

from trail.cli.app import Color, Session
from trail.cli.commands import Group, order_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_HARMLESS = {"help", "metavar", "hidden", "min", "max"}
"""What a parameter may declare without that Typer has to look at it."""


class NotPlain(Exception):
    """Typer is to look at it."""


class _Declared(NamedTuple):
    """What stands in an annotation: the names of an option, or none for an argument."""

    names: tuple[str, ...]
    facts: Mapping[str, Any]


class _Parameter(NamedTuple):
    """A parameter of a command."""

    name: str
    names: tuple[str, ...]
    kind: Any
    is_list: bool
    low: float
    high: float


_AS_NOTES = SimpleNamespace(
    Option=lambda *names, **facts: _Declared(names, facts),
    Argument=lambda **facts: _Declared((), facts),
)
"""Stands in for the module of Typer where annotations are read."""


class Plain(NamedTuple):
    """A command with its values."""

    path: str
    """Its names, that of the program included."""
    run: Callable[[], Any]


def read_plain(argv: Sequence[str], group: Group, session: Session) -> Plain | None:
    """The command of a command line, with the session prepared for it; None where Typer is to read it."""
    try:
        front, rest = order_words(argv)
        depth, command = _find(group, rest)
        options = _read_global(front, session)
        parameters = list(_list_parameters(command))
        values = _read_words(rest[depth:], parameters)
        _check_rest(command, parameters, values)
    except NotPlain:
        return None
    session.prepare(**options)
    contexts = [name for name, text in command.__annotations__.items() if text == "typer.Context"]
    values |= dict.fromkeys(contexts, SimpleNamespace(obj=session))
    return Plain(" ".join(["trail", *rest[:depth]]), partial(command, **values))


def _find(group: Group, words: Sequence[str]) -> tuple[int, Callable[..., Any]]:
    """The command, and how many words name it."""
    at = 0
    while at < len(words) and (found := group.members.get(words[at])):
        at += 1
        if not isinstance(found, Group):
            return at, found
        group = found
    meant = group.members.get(group.default)
    if meant is None or isinstance(meant, Group):
        raise NotPlain
    return at, meant


def _read_global(words: Sequence[str], session: Session) -> dict[str, Any]:
    config = _Parameter("config", ("--config",), Path, is_list=False, low=0, high=0)
    color = _Parameter("color", ("--color",), Color, is_list=False, low=0, high=0)
    flags = {"json": ("--json",), "quiet": ("--quiet", "-q"), "verbose": ("--verbose", "-v"), "no_pager": ("--no-pager",)}  # fmt: skip
    parameters = [
        _Parameter(name, names, bool, is_list=False, low=0, high=0) for name, names in flags.items()
    ]
    options = _read_words(words, [config, color, *parameters])
    if "config" not in options and (named := session.environ.get("TRAIL_CONFIG")):
        options["config"] = _read_value(config, named)
    return options


def _list_parameters(command: Callable[..., Any]) -> Iterator[_Parameter]:
    known = vars(sys.modules[command.__module__]) | {"typer": _AS_NOTES}
    for name, text in command.__annotations__.items():
        if name == "return" or text == "typer.Context":
            continue
        try:
            kind, declared = get_args(eval(text, known))  # noqa: S307 - our own source, as Typer reads it
        except (
            AttributeError,
            ValueError,
        ):  # other things of Typer's, or no annotation of its kind
            raise NotPlain from None
        if not isinstance(declared, _Declared) or not declared.facts.keys() <= _HARMLESS:
            raise NotPlain
        if get_origin(kind) is UnionType:
            kind = next(one for one in get_args(kind) if one is not NoneType)
        is_list = get_origin(kind) is list
        yield _Parameter(
            name,
            declared.names,
            get_args(kind)[0] if is_list else kind,
            is_list,
            declared.facts.get("min", -float("inf")),
            declared.facts.get("max", float("inf")),
        )


def _read_words(words: Sequence[str], parameters: Sequence[_Parameter]) -> dict[str, Any]:
    """The values of the parameters that are given."""
    by_name = {name: parameter for parameter in parameters for name in parameter.names}
    values: dict[str, Any] = {}
    arguments: list[str] = []
    left = iter(words)
    for word in left:
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            continue
        name, equals, text = word.partition("=")
        option = by_name.get(name)
        if option is None or (option.name in values and not option.is_list):
            raise NotPlain
        if option.kind is bool:
            if equals:
                raise NotPlain
            values[option.name] = True
            continue
        if not equals and (text := next(left, "--")) == "--":
            raise NotPlain
        value = _read_value(option, text)
        values[option.name] = [*values.get(option.name, ()), value] if option.is_list else value
    for parameter in parameters:
        if not parameter.names and arguments:
            taken, arguments = (
                (arguments, []) if parameter.is_list else (arguments[:1], arguments[1:])
            )
            read = [_read_value(parameter, text) for text in taken]
            values[parameter.name] = read if parameter.is_list else read[0]
    if arguments:
        raise NotPlain
    return values


def _read_value(parameter: _Parameter, text: str) -> Any:
    kind = parameter.kind
    if kind is str:
        return text
    if kind is Path:
        if os.access(text, os.R_OK) or not os.path.lexists(text):
            return Path(text)
    elif kind is int:
        if text.isascii() and text.isdigit() and len(text) <= 9 and parameter.low <= int(text) <= parameter.high:  # noqa: PLR2004 - short enough for anything  # fmt: skip
            return int(text)
    elif isinstance(kind, type) and issubclass(kind, Enum) and text in {e.value for e in kind}:
        return kind(text)
    raise NotPlain


def _check_rest(
    command: Callable[..., Any], parameters: Sequence[_Parameter], given: Mapping[str, Any]
) -> None:
    """Leave to Typer what is missing, and what it would make of a default."""
    code, defaults = command.__code__, command.__defaults__ or ()
    named = code.co_varnames[: code.co_argcount]
    known = dict(zip(named[len(named) - len(defaults) :], defaults, strict=True))
    for parameter in parameters:
        default = known.get(parameter.name, NotPlain)
        if parameter.name in given:
            plain = parameter.kind is not bool or (default is False and bool(parameter.names))
        else:
            plain = default is None or (
                not parameter.is_list and isinstance(default, parameter.kind)
            )
        if not plain:
            raise NotPlain
