"""Days ahead as people write them: when something is due, or how long before.

In: a text and the day it is read on. Out: a day. Where `trail.index.dates` looks back, this looks forward: `friday` is the
next one there is, `5 march` the next one too. Only a date with its year, and `yesterday`, may be past. Must never read the clock.
"""

from __future__ import annotations

import contextlib
import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from trail.errors import InvalidQuery

HINT: Final = (
    "days look like 2026-03-05, 5.3., 5.3.2026, today, tomorrow, friday, 3d, 2w, 1m, "
    '"in 3 days", "in two weeks", "5 march", "next week", "end of month", "end of next month"'
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DOTTED = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\.?(?:(?<=\.) ?([0-9]{4}|[0-9]{2}))?")
"""As Danes and Germans write it: 5.12., 5.12.2026, 5. 12. 26."""
_CENTURY = 2000
_COUNTS = {
    word: number
    for number, word in enumerate(
        ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1
    )
} | {"an": 1, "one": 1}
_AHEAD = re.compile(
    rf"(in )?([0-9]{{1,4}}|{'|'.join(_COUNTS)}) ?(d|days?|w|weeks?|m|months?|y|years?)( ahead| from now)?"
)
_NEAR = {"yesterday": -1, "today": 0, "now": 0, "tonight": 0, "tomorrow": 1}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_ANY_DAY = "|".join((*_DAYS, "tues", "thur", "thurs", *(day[:3] for day in _DAYS)))
_DAY_NAME = re.compile(rf"(next |this |on )?({_ANY_DAY})")
_ANY_MONTH = "|".join((*_MONTHS, "sept", *(month[:3] for month in _MONTHS)))
_DAY_OF_MONTH = re.compile(
    rf"(?:on )?(?:the )?(?:([0-9]{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?({_ANY_MONTH})|({_ANY_MONTH}) ([0-9]{{1,2}})(?:st|nd|rd|th)?)"
    r"(?:,? ([0-9]{4}))?"
)
_END = re.compile(rf"(?:the )?end of (?:the |this )?((?:next )?(?:week|month|year)|{_ANY_MONTH})")
_FRIDAY, _WEEK, _YEAR = 4, 7, 12


def read_due(text: str, today: date) -> date:
    """Return the day `text` names. Raises InvalidQuery, whose hint lists the forms or says what it may be.

    A weekday is the next one after today: on a Friday, `friday` is a week ahead.
    """
    words = " ".join(text.lower().replace("_", " ").split())
    try:
        day = _read(words, today)
    except (ValueError, OverflowError):
        day = None
    if day is None:
        raise InvalidQuery(f'no day: "{text}"', HINT)
    return day


def read_lead(text: str) -> int:
    """Return the days of `30d`, `2w`, `3 months`: how long before something. Raises InvalidQuery."""
    words = " ".join(text.lower().split())
    match = _AHEAD.fullmatch(words)
    if not match or match[1] or match[4]:
        raise InvalidQuery(f'no length of time: "{text}"', "such as 30d, 2w or 3m")
    return _read_count(match[2]) * {"d": 1, "w": 7, "m": 30, "y": 365}[match[3][0]]


def _read(words: str, today: date) -> date | None:  # noqa: PLR0911 - one for each form
    if words in _NEAR:
        return today + timedelta(days=_NEAR[words])
    if match := _ISO.fullmatch(words.replace("/", "-")):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _DOTTED.fullmatch(words):
        year = int(match[3] or 0)
        year += _CENTURY if len(match[3] or "") == 2 else 0  # noqa: PLR2004 - digits
        return _find_day(today, year, int(match[2]), int(match[1]))
    if words in ("next week", "next month", "next year"):
        return _begin_next(words.removeprefix("next "), today)
    if match := _AHEAD.fullmatch(words):
        return _go_ahead(today, _read_count(match[2]), match[3][0])
    if match := _DAY_NAME.fullmatch(words):
        return _find_weekday(match[1] == "next ", match[2], today)
    if match := _DAY_OF_MONTH.fullmatch(words):
        month = _find_month(match[2] or match[3])
        return _find_day(today, int(match[5] or 0), month, int(match[1] or match[4]))
    if match := _END.fullmatch(words):
        return _find_end(match[1], today)
    return None


def _read_count(word: str) -> int:
    return _COUNTS.get(word) or int(word)


def _find_weekday(follows: bool, name: str, today: date) -> date:  # noqa: FBT001 - of one caller
    number = next(i for i, day in enumerate(_DAYS) if day.startswith(name))
    day = today + timedelta(days=(number - today.weekday()) % _WEEK or _WEEK)
    if follows and day.isocalendar()[:2] == today.isocalendar()[:2]:
        later = day + timedelta(days=_WEEK)
        raise InvalidQuery(
            f'"next {name}" may be {day} or {later}', f"write {name}, or the date you mean"
        )
    return day


def _find_month(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name))


def _find_day(today: date, year: int, month: int, number: int) -> date | None:
    """That day of the year; without one the next there is, today included."""
    # Of any nine years in a row one at least has a 29th of February.
    for coming in [year] if year else range(today.year, today.year + 9):
        with contextlib.suppress(ValueError):
            day = date(coming, month, number)
            if year or day >= today:
                return day
    return None


def _find_end(what: str, today: date) -> date:
    if what.startswith("next "):
        unit = what.removeprefix("next ")
        return _find_end(unit, _begin_next(unit, today))
    if what == "week":
        return today + timedelta(days=(_FRIDAY - today.weekday()) % _WEEK)
    if what == "year":
        return date(today.year, _YEAR, 31)
    month = today.month if what == "month" else _find_month(what)
    year = today.year + (month < today.month)
    return date(year, month, monthrange(year, month)[1])


def _begin_next(unit: str, today: date) -> date:
    """The first day of the next week, month or year."""
    if unit == "week":
        return today + timedelta(days=_WEEK - today.weekday())
    first = today.replace(day=1) if unit == "month" else today.replace(month=1, day=1)
    return _add_months(first, 1 if unit == "month" else _YEAR)


def _go_ahead(today: date, count: int, unit: str) -> date:
    if unit in "dw":
        return today + timedelta(days=count * (_WEEK if unit == "w" else 1))
    return _add_months(today, count * (_YEAR if unit == "y" else 1))


def _add_months(day: date, months: int) -> date:
    """The 31st, a month on, is the last day of a shorter month."""
    index = day.year * _YEAR + day.month - 1 + months
    year, month = index // _YEAR, index % _YEAR + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
