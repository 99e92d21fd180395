"""Working time: how much of a span lies within working hours, and on which day a moment falls; where the user is.

Comes in: hours and days of the week, a time zone, the first and the last moment that will be asked for. Goes out: seconds and
days. A day is as long as it is there: one on which the clocks change has 23 or 25 hours, and 9 to 17 are eight on each.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from trail.model.settings import Hours

_DAY = 86_400
_EARLIEST, _LATEST = date(1970, 1, 2), date(2200, 1, 1)
"""What is dated before or after lies on the day at that end."""


class Timetable:
    """Days and working hours of a stretch of time."""

    def __init__(self, hours: Hours, zone: tzinfo | None, first: int, last: int) -> None:
        """`first` and `last` are seconds since 1970; what lies outside counts as on the day at that end."""
        self.hours = hours
        start = max(_EARLIEST, _find_day(first, zone) - timedelta(days=1))
        count = max(1, (min(_LATEST, _find_day(last, zone)) - start).days + 3)
        self._first = start.toordinal()
        days = [start + timedelta(days=n) for n in range(count + 1)]
        self._midnights = [_find_second(day, 0, zone) for day in days]
        self._opens: list[int] = []
        lengths: list[int] = []
        for number, day in enumerate(days[:-1]):
            opens, closes = self._find_hours(day, number, zone)
            self._opens.append(opens)
            lengths.append(max(0, closes - opens))
        self._midnights.pop()
        self._lengths = lengths
        self._before = [0, *accumulate(lengths)]

    @property
    def day(self) -> int:
        """Seconds of a working day."""
        return (self.hours.closes - self.hours.opens) * 60

    def find_day(self, at: int) -> date:
        """The day of a moment."""
        return date.fromordinal(self.count_day(at))

    def count_day(self, at: int) -> int:
        """The same as a number (`date.toordinal`)."""
        return self._first + max(0, bisect_right(self._midnights, at) - 1)

    def count_days(self, moments: Iterable[int]) -> list[int]:
        """The days of many."""
        first, midnights = self._first - 1, self._midnights
        return [first + (bisect_right(midnights, at) or 1) for at in moments]

    def measure(self, since: int, until: int) -> int:
        """Seconds of working time between two moments; 0 where the second is not later."""
        return self._reach(until) - self._reach(since) if until > since else 0

    def _reach(self, at: int) -> int:
        number = bisect_right(self._midnights, at) - 1
        if number < 0:
            return 0
        inside = at - self._opens[number]
        if inside <= 0:
            return self._before[number]
        length = self._lengths[number]
        return self._before[number] + (min(length, inside))

    def _find_hours(self, day: date, number: int, zone: tzinfo | None) -> tuple[int, int]:
        midnight, following = self._midnights[number], self._midnights[number + 1]
        if day.weekday() not in self.hours.days:
            return midnight, midnight
        minutes = (self.hours.opens, self.hours.closes)
        if following - midnight == _DAY:
            return midnight + minutes[0] * 60, midnight + minutes[1] * 60
        return _find_second(day, minutes[0], zone), _find_second(day, minutes[1], zone)


def _find_day(at: int, zone: tzinfo | None) -> date:
    bounded = min(max(at, _DAY), 7_258_118_400)  # up to 2200
    return datetime.fromtimestamp(bounded, zone).date()


def _find_second(day: date, minutes: int, zone: tzinfo | None) -> int:
    whole, minute = divmod(minutes, 60)
    if whole == 24:  # noqa: PLR2004 - hours of a day: to its end
        return _find_second(day + timedelta(days=1), 0, zone)
    return int(datetime.combine(day, time(whole, minute), zone).timestamp())


def tell_working(seconds: int, day: int) -> str:
    """Working time as one says it: `25 min`, `3.5 h`, `2.3 d`. `day`: seconds of a working day."""
    if seconds < 3600:  # noqa: PLR2004 - an hour
        return f"{round(seconds / 60)} min"
    if seconds < day:
        return f"{seconds / 3600:.1f} h"
    days = seconds / day
    return f"{days:.1f} d" if days < 10 else f"{days:.0f} d"  # noqa: PLR2004 - from there on tenths say nothing
