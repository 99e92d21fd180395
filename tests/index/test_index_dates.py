from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.errors import InvalidQuery
from trail.index.dates import parse_date, parse_range

TUESDAY = datetime(2024, 3, 5, 15, 30, tzinfo=UTC)


def read(text, now=TUESDAY):
    return tuple(moment.isoformat()[:16] for moment in parse_date(text, now))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024-03-05", "2024-03-05T00:00", "2024-03-06T00:00"),
        ("2024-3-5", "2024-03-05T00:00", "2024-03-06T00:00"),
        ("2024-12", "2024-12-01T00:00", "2025-01-01T00:00"),
        ("2024", "2024-01-01T00:00", "2025-01-01T00:00"),
        ("2024-02-29", "2024-02-29T00:00", "2024-03-01T00:00"),
        ("2024-03-05T10:30", "2024-03-05T10:30", "2024-03-05T10:31"),
        ("2024-03-05 10:30:10Z", "2024-03-05T10:30", "2024-03-05T10:30"),
        ("today", "2024-03-05T00:00", "2024-03-06T00:00"),
        ("Yesterday", "2024-03-04T00:00", "2024-03-05T00:00"),
        ("3w", "2024-02-13T00:00", "2024-02-14T00:00"),
        ("3 weeks ago", "2024-02-13T00:00", "2024-02-14T00:00"),
        ("a day ago", "2024-03-04T00:00", "2024-03-05T00:00"),
        ("14m", "2023-01-05T00:00", "2023-01-06T00:00"),
        ("4y", "2020-03-05T00:00", "2020-03-06T00:00"),
        ("this week", "2024-03-04T00:00", "2024-03-11T00:00"),
        ("last week", "2024-02-26T00:00", "2024-03-04T00:00"),
        ("last  month", "2024-02-01T00:00", "2024-03-01T00:00"),
        ("this month", "2024-03-01T00:00", "2024-04-01T00:00"),
        ("last year", "2023-01-01T00:00", "2024-01-01T00:00"),
        ("2024-01..2024-03", "2024-01-01T00:00", "2024-04-01T00:00"),
        ("2024-01-15..today", "2024-01-15T00:00", "2024-03-06T00:00"),
        ("tuesday", "2024-03-05T00:00", "2024-03-06T00:00"),
        ("Wed", "2024-02-28T00:00", "2024-02-29T00:00"),
        ("last tuesday", "2024-02-27T00:00", "2024-02-28T00:00"),
        ("last monday", "2024-03-04T00:00", "2024-03-05T00:00"),
        ("march", "2024-03-01T00:00", "2024-04-01T00:00"),
        ("last march", "2023-03-01T00:00", "2023-04-01T00:00"),
        ("apr", "2023-04-01T00:00", "2023-05-01T00:00"),
        ("december 2022", "2022-12-01T00:00", "2023-01-01T00:00"),
        ("january..last_monday", "2024-01-01T00:00", "2024-03-05T00:00"),
        ("5 march 2025", "2025-03-05T00:00", "2025-03-06T00:00"),
        ("5. Mar 2023", "2023-03-05T00:00", "2023-03-06T00:00"),
        ("March 5, 2023", "2023-03-05T00:00", "2023-03-06T00:00"),
        ("march 5", "2024-03-05T00:00", "2024-03-06T00:00"),
        ("6 march", "2023-03-06T00:00", "2023-03-07T00:00"),
        ("29 february", "2024-02-29T00:00", "2024-03-01T00:00"),
        ("sept", "2023-09-01T00:00", "2023-10-01T00:00"),
        ("sept 2022", "2022-09-01T00:00", "2022-10-01T00:00"),
        ("2025-Q1", "2025-01-01T00:00", "2025-04-01T00:00"),
        ("2023q4", "2023-10-01T00:00", "2024-01-01T00:00"),
        ("2023-Q1..2023-Q2", "2023-01-01T00:00", "2023-07-01T00:00"),
        ("3_weeks_ago", "2024-02-13T00:00", "2024-02-14T00:00"),
    ],
)
def test_a_date_names_a_period(text, start, end):
    assert read(text) == (start, end)


def test_a_month_before_the_31st_is_the_last_day_of_a_shorter_month():
    assert read("1m", TUESDAY.replace(day=31))[0] == "2024-02-29T00:00"


def test_last_month_in_january_is_december():
    assert read("last month", TUESDAY.replace(month=1)) == ("2023-12-01T00:00", "2024-01-01T00:00")


def test_days_are_those_of_the_readers_time_zone():
    here = timezone(timedelta(hours=9))
    start, end = parse_date("today", datetime(2024, 3, 6, 0, 30, tzinfo=here))
    assert start.astimezone(UTC) == datetime(2024, 3, 5, 15, tzinfo=UTC)
    assert end - start == timedelta(days=1)


def test_a_day_with_a_changed_clock_is_one_day():
    zone = ZoneInfo("Europe/Berlin")
    start, end = parse_date("2024-03-31", datetime(2024, 6, 1, tzinfo=zone))
    assert end.timestamp() - start.timestamp() == 23 * 3600


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2024-13", "2024-02-30", "0000", "9999-12", "999999w", "999999y", "2024-03-05T25:00",
     "2024-03..", "..2024", "2024..2023", "٢٠٢٤", "3 parsecs ago", "2024-03-05-01"],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_the_forms_there_are(text):
    with pytest.raises(InvalidQuery) as caught:
        parse_date(text, TUESDAY)
    assert text in caught.value.message
    assert "3 weeks ago" in caught.value.hint


@given(
    st.text()
    | st.from_regex(r"\A[0-9]{1,7} ?[dwmy]( ago)?\Z|\A[0-9]{4}-[0-9]{1,2}(-[0-9]{1,2})?\Z")
)
def test_any_text_is_a_period_or_refused(text):
    try:
        start, end = parse_date(text, TUESDAY)
    except InvalidQuery:
        return
    assert start < end


def test_a_range_may_be_open_at_one_end():
    (start, end), today = parse_date("2024", TUESDAY), parse_date("today", TUESDAY)
    assert parse_range("2024..", TUESDAY) == (start, None)
    assert parse_range(" .. 2024", TUESDAY) == (None, end)
    assert parse_range("2024 .. today", TUESDAY) == (start, today[1])
    with pytest.raises(InvalidQuery, match="open at one end"):
        parse_date("2024..", TUESDAY)
    for text in ("..", "", "last march 2024", "2024...", "..2024.."):
        with pytest.raises(InvalidQuery, match="not a date"):
            parse_range(text, TUESDAY)
