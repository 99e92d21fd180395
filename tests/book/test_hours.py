"""Working time, reckoned by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from trail.book.hours import Timetable, tell_working
from trail.model import Hours

HOUR = 3600


def at(text, zone):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def measure(since, until, zone="Europe/Copenhagen", hours=None):
    first, last = at(since, zone), at(until, zone)
    return Timetable(hours or Hours(), ZoneInfo(zone), first, last).measure(first, last) / HOUR


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-03-02 10:00", "2026-03-02 12:30", 2.5),
        ("2026-03-02 07:00", "2026-03-02 19:00", 8),
        ("2026-03-02 18:00", "2026-03-03 08:00", 0),  # a night
        ("2026-03-06 16:00", "2026-03-09 10:00", 2),  # a weekend
        ("2026-03-27 16:00", "2026-03-30 10:00", 2),  # the clocks go forward in between
        ("2026-10-23 16:00", "2026-10-26 10:00", 2),  # and back
        ("2026-03-02 09:00", "2026-03-16 09:00", 80),
        ("2026-03-02 12:00", "2026-03-02 11:00", 0),  # a clock that went wrong
    ],
)
def test_working_time_is_that_of_working_hours(since, until, hours):
    assert measure(since, until) == hours


def test_a_sunday_on_which_the_clocks_change_has_as_many_working_hours_as_any():
    sundays = Hours(days=(6,))
    assert measure("2026-03-29 00:30", "2026-03-29 23:00", hours=sundays) == 8
    assert measure("2026-10-25 00:30", "2026-10-25 23:00", hours=sundays) == 8
    whole = Hours(0, 24 * 60, (6,))
    assert measure("2026-03-29 00:00", "2026-03-30 00:00", hours=whole) == 23
    assert measure("2026-10-25 00:00", "2026-10-26 00:00", hours=whole) == 25


def test_the_same_moments_are_other_hours_elsewhere():
    first, last = (int(datetime(2026, 3, 2, hour, tzinfo=UTC).timestamp()) for hour in (8, 16))
    taken = {
        zone: Timetable(Hours(), ZoneInfo(zone), first, last).measure(first, last) / HOUR
        for zone in ("UTC", "Europe/Copenhagen", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
    }  # fmt: skip
    assert taken == {
        "UTC": 7,
        "Europe/Copenhagen": 8,
        "America/New_York": 2,
        "Asia/Kolkata": 3.5,
        "Pacific/Auckland": 0,
    }


def test_days_are_those_of_the_place_and_what_is_outside_is_at_the_end():
    zone = ZoneInfo("Pacific/Auckland")
    first, last = at("2026-03-02 00:00", "UTC"), at("2026-03-04 00:00", "UTC")
    table = Timetable(Hours(), zone, first, last)
    assert table.find_day(at("2026-03-02 12:30", "UTC")) == date(2026, 3, 3)
    assert table.measure(-(1 << 40), first) >= 0
    assert table.measure(first, 1 << 40) > 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 min"), (90 * 60, "1.5 h"), (59 * 60, "59 min"), (8 * HOUR, "1.0 d"), (100 * HOUR, "12 d")],
)  # fmt: skip
def test_working_time_in_words(seconds, words):
    assert tell_working(seconds, 8 * HOUR) == words
