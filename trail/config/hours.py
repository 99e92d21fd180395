"""The table `[book]`: when the user works. Comes in: the table with its texts. Goes out: Hours, or problems."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trail.config.checks import Refused
from trail.model import Hours

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPAN = re.compile(r"([0-9]{1,2})(?:[:.]([0-5][0-9]))?\s*-\s*([0-9]{1,2})(?:[:.]([0-5][0-9]))?")
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60


def check_hours(value: str) -> str:
    """Refuse what is no span of a day."""
    match = _SPAN.fullmatch(value)
    opens, closes = _read_span(match) if match else (0, 0)
    if not opens < closes <= _MIDNIGHT:
        raise Refused('must be hours of one day, such as "9-17" or "8:30-16:30"')
    return value


def check_days(value: str) -> str:
    """Refuse what are no days of a week."""
    if not _read_days(value):
        raise Refused('must be days of the week, such as "mon-fri" or "mon, tue, thu"')
    return value


def make_hours(table: Mapping[str, Any]) -> Hours:
    """What a checked table says."""
    usual = Hours()
    match = _SPAN.fullmatch(table.get("hours", ""))
    opens, closes = _read_span(match) if match else (usual.opens, usual.closes)
    return Hours(opens, closes, _read_days(table.get("days", "")) or usual.days)


def _read_span(match: re.Match[str]) -> tuple[int, int]:
    first, first_minute, last, last_minute = match.groups(default="0")
    return int(first) * 60 + int(first_minute), int(last) * 60 + int(last_minute)


def _read_days(text: str) -> tuple[int, ...]:
    """Nothing where it says no days."""
    days: set[int] = set()
    for word in text.lower().split(","):
        first, *more = (part.strip() for part in word.split("-", 1))
        last = more[0] if more else first
        if first not in _NAMES or last not in _NAMES:
            return ()
        start, end = _NAMES.index(first), _NAMES.index(last)
        days |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
    return tuple(sorted(days))
