"""Dates as people write them.

In: a text and the moment it is read at. Out: the period it names. Days, months and years are those of the time
zone of that moment: give a `zoneinfo` zone where summer time matters, a fixed offset counts all year.
Must never read the clock or the environment.
"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, time, timedelta
from typing import Final

from trail.errors import InvalidQuery

HINT: Final = (
    "dates look like 2024-03-05, 2024-03, 2024, today, yesterday, monday, march, 3w, "
    '"3 weeks ago", "last month" or 2024-01..2024-03'
)

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(z|[+-][0-9:]{4,6})?"
)
_AGO = re.compile(r"([0-9]{1,6}|an?) ?(d|days?|w|weeks?|m|months?|y|years?)( ago)?")
_NAMED = re.compile(r"(this|last) (week|month|year)")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_QUARTER = re.compile(r"([0-9]{4})[- ]?q([1-4])")
_DAY_NAME = re.compile(rf"(last )?({'|'.join(f'{d}|{d[:3]}' for d in _DAYS)})")
_ANY_MONTH = "|".join((*_MONTHS, "sept", *(month[:3] for month in _MONTHS)))
_MONTH_NAME = re.compile(rf"(last )?({_ANY_MONTH})( [0-9]{{4}})?")
_DAY_OF_MONTH = re.compile(
    rf"(?:([0-9]{{1,2}})\.? ({_ANY_MONTH})|({_ANY_MONTH}) ([0-9]{{1,2}}))(?:,? ([0-9]{{4}}))?"
)


def parse_date(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Return start (inclusive) and end (exclusive) of the period `text` names, aware, in the zone of `now`.

    `3w` and `3 weeks ago` name the day three weeks before today; `monday` and `march` the latest, today's included,
    `last monday` and `last march` the latest that is over; `a..b` everything from a to the end of b.
    Raises InvalidQuery, whose hint lists the forms.
    """
    start, end = parse_range(text, now)
    if start is None or end is None:
        raise InvalidQuery(f'open at one end: "{text}"', HINT)
    return start, end


def parse_range(text: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """As `parse_date`; `a..` has no end and `..b` no beginning: None."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    start = end = None
    try:
        if first or not dots:
            start, end = _parse_period(first, now)
        if dots:
            end = _parse_period(last, now)[1] if last or not first else None
    except (ValueError, OverflowError) as error:
        raise InvalidQuery(f'not a date: "{text}"', HINT) from error
    if start and end and start >= end:
        raise InvalidQuery(f'ends before it begins: "{text}"', HINT)
    return start, end


def _parse_period(text: str, now: datetime) -> tuple[datetime, datetime]:  # noqa: C901, PLR0911 - one for each form
    """Raise ValueError or OverflowError for what is no date."""
    text = " ".join(text.lower().replace("_", " ").split())
    today = datetime.combine(now.date(), time(), now.tzinfo)
    if text in ("today", "now"):
        return _count_days(today, 0)
    if text == "yesterday":
        return _count_days(today, 1)
    if match := _ISO.fullmatch(text.replace("/", "-")):
        year, month, day = (int(part) if part else 0 for part in match.groups())
        return (
            _find_calendar_period(year, month, day, now)
            if month
            else _span_months(today, year, 1, 12)
        )
    if match := _MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(text.upper())
        moment = (
            moment.astimezone(now.tzinfo) if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
        )
        return moment, moment + (timedelta(seconds=1) if match[1] else timedelta(minutes=1))
    if match := _AGO.fullmatch(text):
        return _go_back(today, 1 if match[1].startswith("a") else int(match[1]), match[2][0])
    if match := _NAMED.fullmatch(text):
        return _find_named_period(today, match[2], last=match[1] == "last")
    if match := _DAY_NAME.fullmatch(text):
        day = next(i for i, name in enumerate(_DAYS) if name.startswith(match[2]))
        back = (today.weekday() - day) % 7
        return _count_days(today, back or (7 if match[1] else 0))
    if match := _QUARTER.fullmatch(text):
        return _span_months(today, int(match[1]), int(match[2]) * 3 - 2, 3)
    if match := _DAY_OF_MONTH.fullmatch(text):
        month, number = _find_month(match[2] or match[3]), int(match[1] or match[4])
        return _find_day(today, int(match[5] or 0), month, number)
    if (match := _MONTH_NAME.fullmatch(text)) and not (match[1] and match[3]):
        month = _find_month(match[2])
        if match[3]:
            return _span_months(today, int(match[3]), month, 1)
        over = month < today.month or (month == today.month and not match[1])
        return _span_months(today, today.year - (not over), month, 1)
    raise ValueError(text)


def _find_month(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name))


def _find_day(today: datetime, year: int, month: int, number: int) -> tuple[datetime, datetime]:
    """That day of the year; without one the latest there was, today included."""
    # Of any eight years in a row one at least has a 29th of February.
    for latest in [year] if year else range(today.year, today.year - 9, -1):
        with contextlib.suppress(ValueError):
            day = datetime(latest, month, number, tzinfo=today.tzinfo)
            if year or day <= today:
                return _count_days(day, 0)
    raise ValueError(number)


def _find_calendar_period(
    year: int, month: int, day: int, now: datetime
) -> tuple[datetime, datetime]:
    first = datetime(year, month, day or 1, tzinfo=now.tzinfo)
    return _count_days(first, 0) if day else _span_months(first, year, month, 1)


def _count_days(day: datetime, back: int) -> tuple[datetime, datetime]:
    # Wall-clock arithmetic: a day of 23 or 25 hours is still one day.
    return day - timedelta(days=back), day - timedelta(days=back) + timedelta(days=1)


def _span_months(like: datetime, year: int, month: int, months: int) -> tuple[datetime, datetime]:
    start = datetime(year, month, 1, tzinfo=like.tzinfo)
    years, month_index = divmod(year * 12 + month - 1 + months, 12)
    return start, datetime(years, month_index + 1, 1, tzinfo=like.tzinfo)


def _go_back(today: datetime, count: int, unit: str) -> tuple[datetime, datetime]:
    if unit in "dw":
        return _count_days(today, count * (7 if unit == "w" else 1))
    index = today.year * 12 + today.month - 1 - count * (12 if unit == "y" else 1)
    month, after = _span_months(today, index // 12, index % 12 + 1, 1)
    # The 31st, a month ago, is the last day of a shorter month.
    last_day = (after - timedelta(days=1)).day
    return _count_days(month.replace(day=min(today.day, last_day)), 0)


def _find_named_period(today: datetime, unit: str, *, last: bool) -> tuple[datetime, datetime]:
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * last)
        return monday, monday + timedelta(days=7)
    months = 12 if unit == "year" else 1
    index = today.year * 12 + (today.month - 1 if unit == "month" else 0) - months * last
    return _span_months(today, index // 12, index % 12 + 1, months)
