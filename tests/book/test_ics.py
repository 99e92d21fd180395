"""The calendar file, read by a library that is not ours; and what a push decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import icalendar
import vobject
from booking import NOW, TODAY, action
from hypothesis import given
from hypothesis import strategies as st

from trail.book.calendar import plan_push
from trail.book.ics import KEPT, describe, format_calendar, list_current
from trail.content_lines import OCTETS

NAMES = {"acme": "Acme, Ltd; \\ 桜"}
KEY = "f" * 64


def todos(*actions, ids=None):
    content = format_calendar(actions, NAMES, ids or {})
    assert all(len(line) <= OCTETS for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert len(list(vobject.readOne(content.decode()).components())) == len(actions)
    return icalendar.Calendar.from_ical(content).walk("VTODO")


def test_an_open_action_is_a_thing_to_do_on_its_day():
    one = action(due=TODAY, source=KEY, private=True, text="Send it, now; a \\ b " + "ø" * 80)
    (todo,) = todos(one, ids={KEY: "a b@x.example"})
    assert todo["UID"] == "aaaaa1@book.trail.invalid"
    assert todo["SUMMARY"] == f"{NAMES['acme']}: {one.text}"
    assert todo["DUE"].dt == TODAY
    assert "DTSTART" not in todo
    assert (todo["STATUS"], todo["CLASS"], todo["SEQUENCE"]) == ("NEEDS-ACTION", "PRIVATE", 0)
    assert todo["DTSTAMP"].dt == todo["LAST-MODIFIED"].dt == todo["CREATED"].dt == NOW
    assert todo["URL"] == "mid:a%20b@x.example"
    assert todo["DESCRIPTION"] == f"trail next: aaaaa1\ntrail show {KEY[:12]}"


def test_what_is_done_stays_for_a_while_as_done():
    late = NOW + timedelta(hours=2)
    one = action(due=TODAY, changed_at=late, done_at=late)
    (todo,) = todos(one)
    assert (todo["STATUS"], todo["PERCENT-COMPLETE"], todo["SEQUENCE"]) == ("COMPLETED", 100, 7200)
    assert todo["COMPLETED"].dt == late
    assert list_current([one], late + KEPT - timedelta(seconds=1)) == [one]
    assert list_current([one], late + KEPT) == []


@given(st.text(min_size=1, max_size=200))
def test_any_text_comes_back_from_the_file(text):
    (todo,) = todos(action(text=text))
    plain = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\t\n" or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff"))  # fmt: skip
    assert str(todo["SUMMARY"]) == f"{NAMES['acme']}: {plain}"


def plan(*actions, there=(), pushed=None, struck=(), now=NOW):
    items = {todo.uid: todo for todo in there}
    return plan_push(actions, items, pushed or {}, struck, NAMES, now)


def test_a_push_adds_changes_and_is_then_done():
    one = action(due=TODAY)
    assert plan(one).add == (one,)
    item = describe(one, NAMES)
    assert plan(one, there=[item]).same == (one,)
    moved = replace(one, due=TODAY + timedelta(days=1))
    assert plan(moved, there=[item]).change == (moved,)
    done = replace(one, done_at=NOW)
    assert plan(done, there=[item], pushed={one.id: False}).change == (done,)
    assert plan(done).add == ()  # it was never there


def test_what_was_ticked_off_there_is_told_from_what_was_opened_again_here():
    one = action(due=TODAY)
    ticked = replace(describe(one, NAMES), done=True)
    assert plan(one, there=[ticked], pushed={one.id: False}).ticked == (one,)
    assert plan(one, there=[ticked]).ticked == (one,)  # pushed from another machine
    opened = plan(one, there=[ticked], pushed={one.id: True})
    assert (opened.ticked, opened.change) == ((), (one,))


def test_only_items_of_what_was_struck_here_are_removed():
    item = describe(action(), NAMES)
    foreign = [replace(item, uid="aaaaa2@book.trail.invalid"), replace(item, uid="x@y")]
    assert plan(there=[item, *foreign], struck=["aaaaa1", "aaaaa9"]).remove == ("aaaaa1",)


def test_what_somebody_else_changed_there_is_put_right():
    one = action(due=TODAY)
    other = replace(describe(one, NAMES), due=date(2030, 1, 1))
    assert plan(one, there=[other], pushed={one.id: False}).change == (one,)
