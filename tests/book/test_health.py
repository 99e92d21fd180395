"""How it stands with a client: each reason with its figure and its message, in words that frighten nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from booking import action

from trail.book.health import judge, name_source, tell_days
from trail.book.rhythm import measure_rhythm
from trail.book.waiting import list_waiting
from trail.model import Awaited
from trail.model.overview import Contact, Farewell, LastWord

EPOCH = date(1970, 1, 1)
TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)


def contact(*ago):
    """They wrote so many days ago."""
    days = sorted((TODAY - timedelta(days=n) - EPOCH).days for n in ago)
    last = NOW - timedelta(days=min(ago)) if ago else None
    return Contact(len(ago), None, LastWord(last, "abc") if last else None, None, tuple(days))


def every(gap, silence, count=20):
    return contact(*range(silence, silence + gap * count, gap))


def owed(by, days, due=None, key="k1"):
    at = NOW - timedelta(days=days)
    return list_waiting([Awaited("acme", key, by, 1, "question", at, due, "Could you?")], [], {}, NOW)  # fmt: skip


def stand(contact, on_us=(), on_them=(), next_action=None):
    return judge(contact, measure_rhythm(contact.days), on_us, on_them, next_action, TODAY)


@pytest.mark.parametrize(
    ("gap", "silence", "health", "text"),
    [
        (7, 3, "steady", "wrote 3 days ago, usually 7 days"),
        (7, 10, "steady", "wrote 10 days ago, usually 7 days"),
        (7, 41, "act", "the longest silence so far: 41 days, usually 7 days, at most 7 days"),
        (1, 5, "steady", "wrote 5 days ago, usually 1 day"),  # everybody has a week off
        (182, 200, "steady", "wrote 7 months ago, usually 6 months"),
        (182, 0, "steady", "wrote today, usually 6 months"),
        (12, 400, "asleep", "no word from them for 13 months, usually 12 days"),
        (182, 400, "act", "the longest silence so far: 13 months, usually 6 months, at most 6 months"),
    ],
)  # fmt: skip
def test_a_silence_is_judged_by_their_own_rhythm(gap, silence, health, text):
    found, (reason,) = stand(every(gap, silence))
    assert (found, reason.text, reason.days, reason.usual) == (health, text, silence, gap)
    assert reason.key == "abc"


def test_a_silence_as_there_were_few_is_quieter_than_usual():
    gaps = [5] * 40 + [60]  # once they were silent for two months
    days, at = [], 25
    for gap in gaps:
        days.append(at)
        at += gap
    health, (reason,) = stand(contact(*days, at))
    assert (health, reason.kind) == ("look", "quiet")
    assert reason.text == "quieter than usual: 25 days, usually 5 days"


def test_who_wrote_little_is_not_judged():
    health, (reason,) = stand(contact(40, 50))
    assert health == "unclear"
    assert reason.text == "too few messages to tell a rhythm; the last 40 days ago"
    assert stand(contact())[1][0].text == "they have not written yet"
    assert stand(contact(500, 510))[0] == "asleep"


def test_who_waits_for_us_is_worth_a_look_after_working_days_only():
    calm = every(7, 2)
    friday = owed("us", 5)  # Friday to Wednesday: three working days
    assert stand(calm, friday)[0] == "look"
    health, reasons = stand(calm, owed("us", 2))
    assert health == "steady"
    assert reasons[-1].text == "they wait for us: 2 days"
    assert reasons[-1].key == "k1"


def test_what_is_overdue_comes_first():
    late = owed("us", 9, TODAY - timedelta(days=2), "k2")
    health, reasons = stand(every(7, 2), [*late, *owed("us", 20)], next_action=action(due=date(2026, 3, 1)))  # fmt: skip
    assert health == "act"
    assert [r.text for r in reasons] == [
        "a word from us was due 2 days ago",
        "the next action was due 3 days ago",
        "wrote 2 days ago, usually 7 days",
    ]
    assert reasons[0].key == "k2"


def test_we_wait_for_two_weeks_before_it_is_worth_a_look():
    assert stand(every(7, 2), on_them=owed("them", 13))[0] == "steady"
    health, reasons = stand(every(7, 2), on_them=owed("them", 15) + owed("them", 3))
    assert health == "look"
    assert reasons[0].text == "we wait for them: 15 days, 2 in all"


def test_of_who_is_asleep_nothing_that_was_left_open_matters():
    health, reasons = stand(every(12, 500), owed("us", 170, TODAY - timedelta(days=90)))
    assert health == "asleep"
    assert reasons[0].kind == "overdue"


def test_a_clock_that_is_ahead_makes_no_silence():
    assert stand(every(7, -3))[1][0].text == "wrote today, usually 7 days"


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "0 days"), (1, "1 day"), (59, "59 days"), (60, "2 months"), (729, "24 months"), (731, "2 years"), (3653, "10 years")],
)  # fmt: skip
def test_days_are_told_as_precisely_as_one_says_them(days, text):
    assert tell_days(days) == text


def test_a_farewell_is_a_reason_with_its_message():
    said = Farewell(NOW - timedelta(days=5), "bye", "Today our contract ends.")
    health, reasons = stand(replace(every(7, 3), farewell=said))
    assert health == "look"
    text = "somebody leaves, or a contract ends: “Today our contract ends.”, 5 days ago"
    assert [(r.kind, r.text, r.key) for r in reasons] == [
        ("farewell", text, "bye"),
        ("rhythm", "wrote 3 days ago, usually 7 days", "abc"),
    ]


def test_every_reason_but_that_of_silence_from_the_start_names_what_it_comes_from():
    late = action(due=TODAY - timedelta(days=9))
    _, reasons = stand(every(7, 3), next_action=late)
    named = {r.kind: name_source(r, str.upper) for r in reasons}
    assert named == {"action": late.id, "rhythm": "ABC"}
