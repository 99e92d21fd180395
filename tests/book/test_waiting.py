"""What is owed is shown in the right order and counted by the user's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trail.book.waiting import count_working_days, is_long_ago, list_waiting
from trail.model import Awaited, Settled

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)  # a Wednesday
SAID = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())


def owed(key, at, *, due=None, by="us", client="acme", conversation=0, kind="question"):
    number = conversation or sum(map(ord, key))
    return Awaited(client, key, by, number, kind, at, due, f"sentence of {key}")


def settled(awaited, *, until=None, last=SAID):
    at = datetime.fromtimestamp(last, UTC)
    return Settled(awaited.client, awaited.key, awaited.by, at, until, at)


def days_ago(count):
    return NOW - timedelta(days=count)


def keys(waiting):
    return [w.first.key for w in waiting]


def test_overdue_comes_first_then_the_oldest_by_working_time():
    some = [
        owed("new", days_ago(1)),
        owed("old", days_ago(20)),
        owed("late", days_ago(2), due=date(2026, 3, 10)),
        owed("later", days_ago(3), due=date(2026, 3, 3)),
        owed("coming", days_ago(30), due=date(2026, 3, 12)),
        owed("friday", datetime(2026, 3, 6, 9, tzinfo=UTC)),
        owed("sunday", datetime(2026, 3, 8, 9, tzinfo=UTC)),
    ]
    found = list_waiting(some, (), {}, NOW)
    assert keys(found) == ["later", "late", "coming", "old", "friday", "sunday", "new"]
    assert [w.overdue_days for w in found[:3]] == [8, 1, 0]
    assert {w.first.key: w.working_days for w in found}["friday"] == 3


def test_what_is_owed_in_one_conversation_is_one_line_for_each_side():
    some = [
        owed("b", days_ago(1), due=date(2026, 3, 20), conversation=7),
        owed("a", days_ago(2), conversation=7),
        owed("c", days_ago(1), by="them", conversation=7),
        owed("d", days_ago(1), client="bolt", conversation=7),
    ]
    found = list_waiting(some, (), {}, NOW)
    assert sorted(keys(found)) == ["a", "c", "d"]
    line = next(w for w in found if w.first.key == "a")
    assert (line.telling.key, line.due) == ("b", date(2026, 3, 20))


def test_what_is_done_is_gone_and_a_later_question_is_not():
    first, second = owed("a", days_ago(5), conversation=7), owed("b", days_ago(1), conversation=7)
    assert keys(list_waiting([first, second], [settled(first)], {}, NOW)) == ["b"]
    assert not list_waiting([first], [settled(first)], {}, NOW)


@pytest.mark.parametrize(
    ("until", "last_word", "awake"),
    [
        (NOW + timedelta(days=1), SAID, False),
        (NOW + timedelta(days=1), SAID + 1, True),
        (NOW, SAID, True),
    ],
    ids=["put off", "another word was said", "its time is over"],
)
def test_a_snooze_ends_with_its_time_or_another_word(until, last_word, awake):
    one = owed("a", days_ago(5), conversation=7)
    (found,) = list_waiting(
        [one], [settled(one, until=until)], {("acme", 7): last_word}, NOW.astimezone(COPENHAGEN)
    )
    assert found.snoozed_until == (None if awake else until)


def test_a_snooze_does_not_hide_what_was_asked_since():
    first, second = owed("a", days_ago(5), conversation=7), owed("b", days_ago(1), conversation=7)
    put_off = settled(first, until=NOW + timedelta(days=3))
    (found,) = list_waiting([first, second], [put_off], {("acme", 7): SAID}, NOW)
    assert found.snoozed_until is None


def test_days_are_those_of_the_users_calendar():
    # half an hour before midnight in Copenhagen, the evening before in New York, and asked a quarter past midnight
    asked = owed("a", datetime(2026, 3, 9, 22, 30, tzinfo=UTC))
    now = datetime(2026, 3, 9, 23, 15, tzinfo=UTC)
    (there,) = list_waiting([asked], (), {}, now.astimezone(COPENHAGEN))
    (here,) = list_waiting([asked], (), {}, now.astimezone(ZoneInfo("America/New_York")))
    assert (there.since_days, here.since_days) == (1, 0)


@pytest.mark.parametrize(
    ("asked", "now", "working_days"),
    [
        # that Sunday has 23 hours in March, and 25 in October
        (datetime(2026, 3, 28, 22, 30, tzinfo=UTC), datetime(2026, 3, 29, 21, 30, tzinfo=UTC), 0),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), datetime(2026, 10, 25, 23, 30, tzinfo=UTC), 1),
    ],
    ids=["spring", "autumn"],
)
def test_a_day_is_a_day_when_the_clocks_change(asked, now, working_days):
    (found,) = list_waiting([owed("a", asked)], (), {}, now.astimezone(COPENHAGEN))
    assert (found.since_days, found.working_days) == (1, working_days)


@pytest.mark.parametrize("days", range(25))
def test_working_days_are_counted_as_by_hand(days):
    since = date(2026, 3, 5)
    by_hand = sum((since + timedelta(days=n)).weekday() < 5 for n in range(1, days + 1))
    assert count_working_days(since, since + timedelta(days=days)) == by_hand


def test_what_is_owed_for_half_a_year_is_long_ago_unless_its_day_is_near():
    old, due = owed("a", days_ago(200)), owed("b", days_ago(200), due=date(2026, 3, 1))
    found = {w.first.key: is_long_ago(w, NOW) for w in list_waiting([old, due], (), {}, NOW)}
    assert found == {"a": True, "b": False}
