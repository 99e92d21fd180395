"""Our own words in the languages a bundle speaks, from tables beside the code that says them.

In: a table (a JSON file: language, key, text), a key, values. Out: a sentence. Never: a value taken for a gap.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

from trail.handoff.plain import format_size

if TYPE_CHECKING:
    from pathlib import Path

_GAP = re.compile(r"\{(\w+)\}")


@cache
def read_texts(path: Path) -> dict[str, dict[str, str]]:
    """All texts of a table, by language and key."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def say(path: Path, language: str, key: str, /, **values: str | int) -> str:
    """The text of `key`; where there is none, that of `key.one` or `key.other` for `n`; else the key itself.

    A number is grouped, all else stands as it is.
    """
    table = read_texts(path)[language]
    counted = f"{key}.one" if values.get("n") == 1 else f"{key}.other"
    text = table.get(key) or table.get(counted, key)
    return _GAP.sub(lambda gap: _show(values[gap[1]], language), text)


def say_size(language: str, size: int) -> str:
    """A size in words: `3.4 MB`, `3,4 MB`."""
    text = format_size(size)
    if language == "en":
        return text
    text = text.replace(".", ",")
    return text.replace("bytes", "Bytes").replace("byte", "Byte") if language == "de" else text


def _show(value: str | int, language: str) -> str:
    if isinstance(value, int):
        return f"{value:,}" if language == "en" else f"{value:,}".replace(",", ".")
    return value
