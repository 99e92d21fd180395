"""The list of today, who lacks a next action, and actions that follow an agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from booking import NOW, TODAY, action, agreement

from trail.book.actions import arrange, describe_day, follow
from trail.book.ids import derive_id, is_id, make_id, read_prefix

LATE = action("aaaaa1", due=TODAY - timedelta(days=2))
SOON = action("aaaaa2", "bolt", due=TODAY + timedelta(days=3))
FAR = action("aaaaa3", due=TODAY + timedelta(days=40))
SOME_DAY = action("aaaaa4", "cord")
DONE = action("aaaaa5", "dent", due=TODAY, done_at=NOW)
SLUGS = ["acme", "bolt", "cord", "dent"]


def test_what_is_overdue_comes_first_and_what_is_far_is_counted():
    agenda = arrange([FAR, SOME_DAY, SOON, DONE, LATE], SLUGS, TODAY)
    assert agenda.actions == (LATE, SOON)
    assert agenda.later == 2
    assert agenda.lacking == ("dent",)
    whole = arrange([FAR, SOME_DAY, SOON, DONE, LATE], SLUGS, TODAY, None)
    assert whole.actions == (LATE, SOON, FAR, SOME_DAY)
    assert whole.later == 0


def test_days_are_told_as_one_says_them():
    days = [None, -2, -1, 0, 1, 2, 6, 7]
    told = [describe_day(None if d is None else TODAY + timedelta(days=d), TODAY) for d in days]
    assert told == ["no day", "2 days late", "1 day late", "today", "tomorrow", "Friday", "Tuesday", "2026-03-11"]  # fmt: skip


def test_an_agreement_with_an_end_is_followed_by_a_private_action():
    one = agreement(until=date(2026, 12, 31), source="f" * 64)
    made = follow(one, None, NOW)
    assert (made.due, made.private, made.origin) == (date(2026, 12, 1), True, one.id)
    assert made.text == "Retainer (contract) ends on 2026-12-31"
    assert is_id(made.id)
    assert follow(one, made, NOW) == made
    moved = follow(replace(one, until=date(2027, 12, 31)), replace(made, done_at=NOW), NOW)
    assert (moved.id, moved.due, moved.done_at) == (made.id, date(2027, 12, 1), None)


def test_what_is_done_stays_done_while_the_day_is_the_same():
    one = agreement(until=date(2026, 12, 31))
    done = replace(follow(one, None, NOW), done_at=NOW)
    assert follow(replace(one, text="Other words"), done, NOW).done_at == NOW


def test_an_end_that_is_near_already_is_due_on_the_day_it_is_written_down():
    one = agreement(until=TODAY + timedelta(days=10))
    made = follow(one, None, NOW)
    assert made.due == TODAY
    assert follow(one, made, NOW + timedelta(days=3)) == made


def test_nobody_is_reminded_of_an_end_that_was_past_when_it_was_written_down():
    past = agreement(until=TODAY - timedelta(days=1))
    assert follow(past, None, NOW) is None
    present = follow(agreement(until=TODAY), None, NOW)
    assert follow(agreement(until=TODAY), present, NOW + timedelta(days=3)) == present
    assert follow(past, present, NOW) is None


def test_without_an_end_or_a_reminder_nothing_follows():
    for one in (agreement(), agreement(until=TODAY, remind=""), agreement(until=TODAY, ended_at=NOW)):  # fmt: skip
        assert follow(one, None, NOW) is None
    assert follow(agreement(until=TODAY, remind="9999y"), None, NOW).due == TODAY


def test_ids_are_easy_to_type_and_derived_ones_stay():
    taken = {make_id(()) for _ in range(50)}
    assert all(map(is_id, taken))
    assert derive_id("a", "b") == derive_id("a", "b") != derive_id("ab")
    assert read_prefix(" A1O ") == "a10"
    assert read_prefix("ab") == read_prefix("abu") == read_prefix("aaaaaaa") == ""
