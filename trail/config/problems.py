"""What is wrong with a configuration, in words that name file, line and key.

In: problems at places of the parsed file. Out: one ConfigError that lists them all, a line each.
Must never repeat the value of a key that could hold a secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trail.config.schema import KEYS, Problem
from trail.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from trail.config.lines import Place

_SECRET_WORD = re.compile(
    r"(?<![a-z])(?:pass|pwd|pw|token|credentials?|api[_-]?key)(?![a-z])|pass(?:wor|wd|phrase)|secret",
    re.IGNORECASE,
)
_SINGLE = ("handoff", "caldav", "digest", "book")
"""Tables of which there is one."""
_SECRET_HINT = (
    'use password_env = "NAME", password_command = ["pass", "show", "mail"] or the keyring'  # noqa: S105 - advice, no password
)
_CLIENT_SECRET_HINT = (
    "`trail login` asks for it; or use oauth_client_secret_env or oauth_client_secret_command"  # noqa: S105 - advice, no password
)


def list_tables(data: Mapping[str, Any], kind: str) -> list[Any]:
    """Return the tables written as [[kind]]; they need not be tables yet."""
    tables = data.get(kind)
    return tables if isinstance(tables, list) else []


def find_near(word: str, words: Iterable[str]) -> list[str]:
    """Return the words that `word` could be a slip of, nearest first."""
    import difflib  # noqa: PLC0415 - only errors need it

    return difflib.get_close_matches(word, list(words), n=3, cutoff=0.6)


def find_secrets(data: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for every key, however deep, that looks as if it held a password."""
    text = "a password does not belong into this file"
    return [
        Problem(
            place, text, _CLIENT_SECRET_HINT if "client_secret" in str(place[-1]) else _SECRET_HINT
        )
        for place in _iter_secret_places(data)
    ]


def _iter_secret_places(value: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in KEYS["account"] and _SECRET_WORD.search(key):
                yield (*place, key)
            yield from _iter_secret_places(inner, (*place, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _iter_secret_places(inner, (*place, i))


def describe_syntax(error: ValueError, text: str, path: Path) -> ConfigError:
    """Give the error for a text that is not TOML; `error` is tomllib's."""
    reason, _, position = str(error).partition(" (at ")
    line = ""
    if match := re.match(r"line ([0-9]+)", position):
        line = f":{match[1]}"
    elif position:
        line = f":{text.count(chr(10)) + 1}"
    return ConfigError(
        f"{path}{line}: is not TOML: {reason}",
        "texts stand in quotes, lists in [ ], tables begin with [[name]]",
    )


def describe_problems(
    problems: Sequence[Problem], data: Mapping[str, Any], text: str, path: Path
) -> ConfigError:
    """Give the error that lists `problems` in the order of the file; `data` is what `text` says."""
    from trail.config.lines import find_line, locate_keys  # noqa: PLC0415 - only errors need it

    lines = locate_keys(text)
    told = sorted({(find_line(lines, p.place), *_word_problem(p, data)) for p in problems})
    message = "\n".join(f"{path}:{line}: {words}" for line, words, _ in told)
    if len(told) == 1:
        return ConfigError(message, told[0][2])
    hints = dict.fromkeys(f"line {line}: {hint}" for line, _, hint in told if hint)
    return ConfigError(message, "\n".join(hints))


def _word_problem(problem: Problem, data: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is wrong, told by the names the user gave, and what to do."""
    label, level, keys = "", "", problem.place
    if len(keys) > 1 and keys[0] in ("account", "client"):
        level, label = str(keys[0]), f"{keys[0]} {_name_table(data, problem.place)}: "
        keys = keys[2:]
    elif len(keys) > 1 and keys[0] in _SINGLE:
        level, label, keys = str(keys[0]), f"{keys[0]}: ", keys[1:]
    names = [_printable(key) for key in keys if isinstance(key, str)]
    if problem.text == "unknown key":
        return f'{label}unknown key "{names[-1]}"', problem.hint or _suggest_key(names[-1], level)
    key = ".".join(names) + ": " if names else ""
    return f"{label}{key}{problem.text}", problem.hint


def _printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)[1:-1]


def _name_table(data: Mapping[str, Any], place: Place) -> str:
    """Return the name of the table at `place`, or its number from 1 where it has none to show."""
    kind, i = place[0], place[1]
    table = data[str(kind)][i]
    name = table.get("name" if kind == "account" else "slug") if isinstance(table, dict) else None
    if isinstance(name, str) and name and name.isprintable():
        return f'"{name}"'
    return str(i + 1) if isinstance(i, int) else str(i)


def _suggest_key(key: str, level: str) -> str:
    if owners := [owner for owner in KEYS if key in KEYS[owner]]:
        if owners == [""]:
            return f'"{key}" belongs at the top, before the first [[account]] or [[client]]'
        tables = (f"[{owner}]" if owner in _SINGLE else f"[[{owner}]]" for owner in owners)
        return f'"{key}" belongs under ' + " or ".join(tables)
    if near := find_near(key.casefold(), KEYS[level]):
        return f'did you mean "{near[0]}"?'
    return "keys there are: " + ", ".join(KEYS[level])
