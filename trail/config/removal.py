"""Taking a client out of the configuration, with the comments that belong to it, and leaving all else as it is.

In: the text of a configuration and a slug. Out: the new text, checked, and the lines that still name the client.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from trail.config.lines import locate_keys
from trail.config.load import parse_config
from trail.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MARK = "\ufeff"


def remove_client(text: str, path: Path, slug: str) -> str:
    """The text without the client; as it is where there is none. Raises ConfigError when it cannot be done without risk."""
    config = parse_config(text, path)
    place = next((i for i, c in enumerate(config.clients) if c.slug == slug), None)
    if place is None:
        return text
    expected = replace(config, clients=(*config.clients[:place], *config.clients[place + 1 :]))
    new_text = _cut(text, place)
    try:
        is_right = parse_config(new_text, path) == expected
    except ConfigError:
        is_right = False
    if not is_right:
        raise ConfigError(
            f'{path}: the client "{slug}" cannot be taken out without risk to what else is there',
            "take it out with an editor, and run the command again",
        )
    return new_text


def find_mentions(text: str, words: Sequence[str]) -> list[int]:
    """The lines, from 1, in which one of the words stands by itself, whatever its capitals."""
    pattern = "|".join(re.escape(word) for word in words if word)
    if not pattern:
        return []
    named = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
    return [number for number, line in enumerate(text.split("\n"), 1) if named.search(line)]


def _cut(text: str, place: int) -> str:
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    try:
        if not text.split("\n")[locate_keys(text)["client", place] - 1].lstrip().startswith("[["):
            return mark + _cut_inline(text, place)
    except TOMLKitError:
        return ""
    lines = text.split("\n")
    places = locate_keys(text)
    start = places["client", place]
    others = (n for where, n in places.items() if where[:2] != ("client", place) and n > start)
    last = min(others, default=len(lines) + 1) - 1
    # blank lines end it, and comments above the next table are that one's
    while not lines[last - 1].strip() or _is_comment(lines[last - 1]):
        last -= 1
    end = last
    while end < len(lines) and _is_comment(lines[end]):
        end += 1
    if end < len(lines) and lines[end].strip():
        end = last  # they touch the next table
    while start > 1 and _is_comment(lines[start - 2]):
        start -= 1
    while end < len(lines) - 1 and not lines[end].strip():
        end += 1
    before, after = lines[: start - 1], lines[end:]
    if not any(line.strip() for line in after):
        while before and not before[-1].strip():
            before.pop()
        after = [""]
    return mark + "\n".join([*before, *after])


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _cut_inline(text: str, place: int) -> str:
    document = tomlkit.parse(text)
    clients: Any = document["client"]
    if len(tomllib.loads(text)["client"]) == 1:
        del document["client"]
    else:
        del clients[place]
    return document.as_string()
