"""Days ahead: what each form names, what is refused, and that hardly anything looks back."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.book.due import read_due, read_lead
from trail.errors import InvalidQuery

WEDNESDAY = date(2026, 3, 4)
days = st.dates(date(1900, 1, 1), date(2900, 1, 1))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-05", "2026-03-05"),
        ("2026/3/5", "2026-03-05"),
        ("2020-01-01", "2020-01-01"),
        ("today", "2026-03-04"),
        ("Tomorrow", "2026-03-05"),
        ("friday", "2026-03-06"),
        ("Fri", "2026-03-06"),
        ("wednesday", "2026-03-11"),
        ("this friday", "2026-03-06"),
        ("next monday", "2026-03-09"),
        ("next week", "2026-03-09"),
        ("next month", "2026-04-01"),
        ("next year", "2027-01-01"),
        ("3d", "2026-03-07"),
        ("2w", "2026-03-18"),
        ("in 3 days", "2026-03-07"),
        ("in a week", "2026-03-11"),
        ("1m", "2026-04-04"),
        ("1y", "2027-03-04"),
        ("5 march", "2026-03-05"),
        ("March 5th", "2026-03-05"),
        ("4 mar", "2026-03-04"),
        ("the 3rd of march", "2027-03-03"),
        ("3 march 2026", "2026-03-03"),
        ("29 february", "2028-02-29"),
        ("end of week", "2026-03-06"),
        ("end of the month", "2026-03-31"),
        ("end of feb", "2027-02-28"),
        ("end of year", "2026-12-31"),
        ("end of next week", "2026-03-13"),
        ("the end of next month", "2026-04-30"),
        ("end of next year", "2027-12-31"),
        ("in two weeks", "2026-03-18"),
        ("ten days", "2026-03-14"),
        ("one month from now", "2026-04-04"),
        ("1.12.2026", "2026-12-01"),
        ("5.12.", "2026-12-05"),
        ("5.12", "2026-12-05"),
        ("3.3.", "2027-03-03"),
        ("1. 12. 26", "2026-12-01"),
        ("yesterday", "2026-03-03"),
    ],
)
def test_a_day_is_read_as_it_is_said(text, day):
    assert read_due(text, WEDNESDAY).isoformat() == day


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "31.2.", "5.13.", "1.2.3", "in eleven weeks", "30 february", "2026", "-3d", "3 days ago", "9999y", "5 5", "٣d"])  # fmt: skip
def test_what_is_no_day_ahead_is_refused_with_the_forms(text):
    with pytest.raises(InvalidQuery) as caught:
        read_due(text, WEDNESDAY)
    assert "friday" in caught.value.hint


def test_next_friday_is_asked_about_where_it_may_be_two_days():
    with pytest.raises(InvalidQuery, match="may be 2026-03-06 or 2026-03-13"):
        read_due("next friday", WEDNESDAY)


def test_the_last_day_of_a_longer_month_is_the_last_of_a_shorter_one():
    assert read_due("1m", date(2026, 1, 31)) == date(2026, 2, 28)
    assert read_due("1y", date(2028, 2, 29)) == date(2029, 2, 28)


@given(days, st.sampled_from(["monday", "tue", "wednesday", "thurs", "fri", "saturday", "sun"]))
def test_a_weekday_is_within_a_week_and_never_today(today, name):
    day = read_due(name, today)
    assert today < day <= today + timedelta(days=7)
    assert f"{day:%A}".lower().startswith(name[:3])


@given(days, st.dates(date(1900, 1, 1), date(2900, 1, 1)))
def test_a_date_is_itself_and_its_day_of_the_month_lies_ahead(today, day):
    assert read_due(day.isoformat(), today) == day
    coming = read_due(f"{day:%B} {day.day}", today)
    assert (coming.month, coming.day) == (day.month, day.day)
    assert coming >= today


@given(st.text(max_size=20) | st.from_regex(r"(in |next |end of )?[0-9a-z]{1,6} ?[a-z]{0,6}", fullmatch=True), days)  # fmt: skip
def test_any_text_is_a_day_or_is_refused(text, today):
    with contextlib.suppress(InvalidQuery):
        assert isinstance(read_due(text, today), date)


@pytest.mark.parametrize(("text", "count"), [("30d", 30), ("2w", 14), ("3 months", 90), ("a week", 7), ("six weeks", 42)])  # fmt: skip
def test_a_lead_is_read_as_days(text, count):
    assert read_lead(text) == count


@pytest.mark.parametrize("text", ["", "friday", "in 3 days", "3", "30d ahead"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(InvalidQuery):
        read_lead(text)
