"""A digest a day, when the clock shows its time: over summer time, sleep, journeys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trail.book.mornings import is_due, wait_after

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def count_digests(start, hours, at, step=timedelta(minutes=10), zone=COPENHAGEN):
    """The moments at which one is made, if somebody looks every few minutes."""
    made, last = [], start.astimezone(zone).date() - timedelta(days=1)
    moment = start
    while moment < start + timedelta(hours=hours):
        now = moment.astimezone(zone)
        if is_due(now, at, last):
            made.append(now)
            last = now.date()
        moment += step
    return made


def test_once_a_day_at_its_time():
    made = count_digests(datetime(2026, 3, 2, tzinfo=UTC), 72, (7, 30))
    assert [f"{m:%d %H:%M}" for m in made] == ["02 07:30", "03 07:30", "04 07:30"]


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        ((2, 30), ["28 02:30", "29 03:00", "30 02:30"]),  # 02:30 is not there on the 29th
        ((7, 30), ["28 07:30", "29 07:30", "30 07:30"]),
    ],
)
def test_in_spring(at, wanted):
    made = count_digests(datetime(2026, 3, 27, 23, tzinfo=UTC), 72, at)
    assert [f"{m:%d %H:%M}" for m in made] == wanted


def test_in_autumn_an_hour_that_comes_twice_brings_one():
    made = count_digests(datetime(2026, 10, 24, 22, tzinfo=UTC), 25, (2, 30))
    assert [f"{m:%d %H:%M}" for m in made] == ["25 02:30"]


def test_a_laptop_that_was_asleep_gets_one_on_waking_and_not_one_for_every_day():
    woken = datetime(2026, 3, 10, 13, tzinfo=UTC)
    assert is_due(woken, (7, 30), date(2026, 3, 6))
    assert not is_due(woken, (7, 30), date(2026, 3, 10))
    assert not is_due(woken.replace(hour=6), (7, 30), date(2026, 3, 6))


def test_the_first_one_comes_at_once_when_its_time_is_past():
    assert is_due(datetime(2026, 3, 10, 7, 30, tzinfo=UTC), (7, 30), None)
    assert not is_due(datetime(2026, 3, 10, 7, 29, 59, tzinfo=UTC), (7, 30), None)


def test_a_journey_to_the_west_does_not_bring_the_same_morning_twice():
    made = datetime(2026, 3, 10, 8, tzinfo=ZoneInfo("Asia/Tokyo"))
    later = (made + timedelta(hours=20)).astimezone(ZoneInfo("America/Los_Angeles"))
    assert later.date() == made.date()
    assert not is_due(later, (7, 30), made.date())


def test_a_server_that_fails_is_left_in_peace_ever_longer():
    assert [wait_after(n) for n in (1, 2, 3, 9)] == [
        timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=1),
    ]  # fmt: skip
