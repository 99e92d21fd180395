"""The letters of these days, on any day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from trail.demo.fresh import iter_fresh


@pytest.mark.parametrize("days", range(7))
def test_on_any_day_they_are_of_the_days_before_it_and_the_promise_is_due_after_it(days):
    day = date(2027, 2, 26) + timedelta(days=days)
    messages = list(iter_fresh(day))
    assert messages == list(iter_fresh(day))
    moments = [message.received_at for message in messages]
    assert moments == sorted(moments)
    now = datetime.combine(day, datetime.min.time(), UTC)
    assert all(timedelta(days=1) < now - at < timedelta(days=12) for at in moments)
    (promise,) = (m for m in messages if b"I will send you the draft" in m.content)
    text = message_from_bytes(promise.content, policy=policy.default).get_content()
    named = text.partition("draft by ")[2].partition(".")[0]
    due = datetime.strptime(f"{named} +0000", "%d %B %Y %z").date()
    assert due.weekday() == 4
    assert timedelta(0) < due - day <= timedelta(days=7)
