"""How long something is kept: "10 years", "18 months", "6 weeks", "90 days".

In: a text as a person writes it. Out: a span, and the moment so long before another, by the calendar.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

_SPAN = re.compile(
    r"([1-9][0-9]{0,4})\s*(years?|y|months?|weeks?|w|days?|d)", re.IGNORECASE | re.ASCII
)
_UNITS = {"y": "year", "w": "week", "d": "day", "m": "month"}
_LONGEST = 150
"""Years."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time by the calendar; `unit` is year, month, week or day."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'s' * (self.count > 1)}"

    def before(self, moment: datetime) -> datetime:
        """The moment so long before; where that month is too short, its last day."""
        if self.unit in ("day", "week"):
            return moment - timedelta(days=self.count * (7 if self.unit == "week" else 1))
        months = moment.year * 12 + moment.month - 1
        months -= self.count * (12 if self.unit == "year" else 1)
        year, month = divmod(months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)


def read_span(text: str) -> Span:
    """Read a span. Raises ValueError in words."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError('must be a length of time, such as "10 years", "18 months" or "90 days"')
    span = Span(int(match[1]), _UNITS[match[2][0].lower()])
    days = {"year": 366, "month": 31, "week": 7, "day": 1}[span.unit] * span.count
    if days > _LONGEST * 366:
        raise ValueError(f"must be no longer than {_LONGEST} years")
    return span
