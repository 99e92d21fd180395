"""Contact over time: months without a gap, bars that tell little from nothing, and words for those who see no bars."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from trail.book.chart import MOST, describe_months, draw_line, draw_picture, list_months
from trail.model.overview import Month

TODAY = date(2026, 3, 4)


def test_months_run_without_a_gap_from_the_first_message_to_today():
    days = [(date(2025, 12, 31), False), (date(2026, 2, 1), True), (date(2026, 2, 28), False), (date(2026, 4, 1), True)]  # fmt: skip
    assert list_months(days, TODAY) == (
        Month(date(2025, 12, 1), 1, 0), Month(date(2026, 1, 1)), Month(date(2026, 2, 1), 1, 1), Month(date(2026, 3, 1)),
    )  # fmt: skip
    assert list_months([], TODAY) == ()


@given(st.lists(st.tuples(st.dates(date(2020, 1, 1), TODAY), st.booleans())))
def test_no_more_than_two_years_and_nothing_in_them_is_lost(days):
    months = list_months(days, TODAY)
    assert len(months) <= MOST
    recent = [d for d, _ in days if (TODAY.year - d.year) * 12 + TODAY.month - d.month < MOST]
    assert sum(m.theirs + m.ours for m in months) == len(recent)
    if months:
        root = ET.fromstring(draw_picture(months))
        assert root.find("title").text == describe_months(months)
        bars = [e for e in root if e.tag == "rect"]
        assert len(bars) == sum(bool(m.theirs) + bool(m.ours) for m in months)
        assert all(float(bar.get("height")) >= 1 for bar in bars)
        assert all(float(bar.get("y")) >= 0 and float(bar.get("y")) + float(bar.get("height")) <= 66 for bar in bars)  # fmt: skip


def test_a_line_tells_one_message_from_none():
    assert draw_line([0, 1, 50, 100]) == " ▁▄█"
    assert draw_line([0, 1, 100], plain=True) == "_.@"
    assert draw_line([]) == ""


def test_the_words_say_what_the_bars_do():
    months = (Month(date(2026, 2, 1), 3, 1), Month(date(2026, 3, 1), 0, 2))
    assert describe_months(months) == (
        "Messages a month from 2026-02 to 2026-03: 3 from them, 3 from us; most in 2026-02 (4)."
    )
    assert describe_months(months[:1]) == "Messages in 2026-02: 3 from them, 1 from us."
