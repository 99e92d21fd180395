"""`trail next push` against a real Radicale: what comes there, what comes back, and what is never touched."""

from __future__ import annotations

import os
import socket
import sys
from datetime import date, timedelta
from itertools import count

import icalendar
import pytest
from doors import ACME_RULES
from servers.radicale import RadicaleServer
from servers.web import WebServer

from trail.archive.store import open_archive, writing_archive
from trail.calendars.items import change_item, read_todo
from trail.calendars.remote import Calendar
from trail.model import Action

FOREIGN = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VTODO\r\nUID:{uid}\r\n"
    "DTSTAMP:20260101T000000Z\r\nSUMMARY:Milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)
EVENT = FOREIGN.replace("VTODO", "VEVENT").replace("SUMMARY", "DTSTART:20260101T000000Z\r\nSUMMARY")


numbers = count()


@pytest.fixture(scope="module")
def radicale(tmp_path_factory):
    with RadicaleServer(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def pushing(desk, radicale):
    """An archive, and a calendar of its own on the server."""
    name = f"calendar-{next(numbers)}"
    radicale.make_calendar(name)
    desk.set_up(clients=(ACME_RULES,))
    with writing_archive(desk.archive):
        pass
    name_calendar(desk, radicale.url(f"{name}/"), radicale.password)
    desk.calendar = name
    return desk


def name_calendar(desk, url, password, **more):
    lines = ["[caldav]", f'url = "{url}"', 'user = "freja"', 'password_env = "TRAIL_TEST_PASSWORD"']
    lines += [f'{key} = "{value}"' for key, value in more.items()]
    text = desk.config.read_text().partition("\n[caldav]")[0]
    desk.config.write_text("\n".join((text, *lines)) + "\n")
    os.environ["TRAIL_TEST_PASSWORD"] = password  # the fixture takes it away again


def add(desk, *words):
    return desk.done("next", "add", "acme", *words, "--json").data["actions"][0]["id"]


def item(server, desk, id_):
    return server.read(f"{desk.calendar}/{id_}-book.trail.invalid.ics")


def todo(server, desk, id_):
    (found,) = icalendar.Calendar.from_ical(item(server, desk, id_)).walk("VTODO")
    return found


def tick_off(server, desk, id_):
    """As a calendar program does: the state, a moment, an alarm of its own."""
    text = item(server, desk, id_).replace("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20260304T090000Z\r\nPERCENT-COMPLETE:100\r\nX-COLOUR:red")  # fmt: skip
    server.put(f"{desk.calendar}/{id_}-book.trail.invalid.ics", text)


def test_actions_come_into_the_calendar_once_and_follow_the_book(pushing, radicale):
    one = add(pushing, "Send", "it;", "now,", "please", "--due", "2026-03-05")
    two = add(pushing, "Call")
    assert pushing.done("next", "push", "--dry-run").out == "calendar: would be 2 added\n"
    assert radicale.list_items(pushing.calendar) == {}
    assert pushing.done("next", "push").out == "calendar: 2 added\n"
    there = todo(radicale, pushing, one)
    assert (there["SUMMARY"], there["DUE"].dt) == ("Acme Ltd: Send it; now, please", date(2026, 3, 5))  # fmt: skip
    before = radicale.list_items(pushing.calendar)
    assert pushing.done("next", "push").out == "calendar: 2 unchanged\n"
    assert radicale.list_items(pushing.calendar) == before
    pushing.done("next", "move", one, "2026-04-01")
    pushing.done("next", "done", two)
    assert pushing.done("next", "push").out == "calendar: 2 changed\n"
    assert todo(radicale, pushing, one)["DUE"].dt == date(2026, 4, 1)
    assert todo(radicale, pushing, two)["STATUS"] == "COMPLETED"
    pushing.done("next", "drop", one)
    assert pushing.done("next", "push").out == "calendar: 1 removed, 1 unchanged\n"
    assert item(radicale, pushing, one) == ""
    assert pushing.done("next", "push").out == "calendar: 1 unchanged\n"


def test_what_is_ticked_off_there_is_done_here(pushing, radicale):
    one, two = add(pushing, "One", "--due", "2026-03-05"), add(pushing, "Two")
    pushing.done("next", "push")
    tick_off(radicale, pushing, one)
    told = pushing.done("next", "push").out
    assert told == f"done in the calendar: {one}  acme  One\ncalendar: 1 unchanged\n"
    assert [a["id"] for a in pushing.done("next", "acme", "--json").data["actions"]] == [two]
    assert pushing.done("next", "push").out == "calendar: 2 unchanged\n"
    assert "X-COLOUR:red" in item(radicale, pushing, one)
    pushing.done("next", "move", one, "2026-05-01")  # open again here, though it is done there
    assert pushing.done("next", "push").out == "calendar: 1 changed, 1 unchanged\n"
    there = todo(radicale, pushing, one)
    assert (there["STATUS"], there["DUE"].dt, "COMPLETED" in there) == ("NEEDS-ACTION", date(2026, 5, 1), False)  # fmt: skip
    assert "X-COLOUR:red" in item(radicale, pushing, one)


def test_what_is_somebody_elses_is_never_touched(pushing, radicale):
    path = pushing.calendar
    radicale.put(f"{path}/milk.ics", FOREIGN.format(uid="milk"))
    radicale.put(f"{path}/like-ours.ics", FOREIGN.format(uid="aaaaa1@book.trail.invalid"))
    foreign = radicale.list_items(path)
    one = add(pushing, "One")
    pushing.done("next", "push")
    pushing.done("next", "drop", one)
    pushing.done("next", "push")
    assert radicale.list_items(path) == foreign


def test_what_was_changed_or_deleted_there_is_put_right(pushing, radicale):
    one = add(pushing, "One", "--due", "2026-03-05")
    pushing.done("next", "push")
    name = f"{pushing.calendar}/{one}-book.trail.invalid.ics"
    radicale.put(name, radicale.read(name).replace("20260305", "20270101"))
    assert pushing.done("next", "push").out == "calendar: 1 changed\n"
    assert todo(radicale, pushing, one)["DUE"].dt == date(2026, 3, 5)
    radicale.remove(name)
    assert pushing.done("next", "push").out == "calendar: 1 added\n"


def test_what_changes_while_it_is_pushed_is_left_alone(pushing, radicale, monkeypatch):
    one = add(pushing, "One", "--due", "2026-03-05")
    pushing.done("next", "push")
    pushing.done("next", "move", one, "2026-04-01")
    listed = Calendar.list_items

    def list_items(self):
        found = listed(self)
        tick_off(radicale, pushing, one)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Calendar, "list_items", list_items)
        answer = pushing.trail("next", "push")
    assert (answer.code, f"left alone: {one}" in answer.err) == (100, True), answer
    assert todo(radicale, pushing, one)["STATUS"] == "COMPLETED"
    assert one in pushing.trail("next", "push").out
    with open_archive(pushing.archive) as archive:
        assert archive.book.list_entries(Action)[0].done_at is not None


def test_what_is_done_before_the_server_leaves_is_remembered(pushing, radicale, monkeypatch):
    add(pushing, "One"), add(pushing, "Two")
    put, calls = Calendar.add, []

    def fail_second(self, uid, text):
        calls.append(uid)
        if len(calls) > 1:
            raise ConnectionError
        put(self, uid, text)

    with monkeypatch.context() as patch:
        patch.setattr(Calendar, "add", fail_second)
        assert pushing.trail("next", "push").code == 1
    with open_archive(pushing.archive) as archive:
        assert len(archive.book.read_pushed()) == 1
    assert pushing.done("next", "push").out == "calendar: 1 added, 1 unchanged\n"


def test_errors_have_the_code_of_their_class(pushing, radicale, monkeypatch):
    good = radicale.url(f"{pushing.calendar}/")
    name_calendar(pushing, good, "wrong")
    answer = pushing.trail("next", "push")
    assert (answer.code, "refuses the user name or password" in answer.err) == (11, True), answer
    assert "wrong" not in answer.err
    for path, said in (
        ("nowhere/", "nothing at this address"),
        ("", "no calendar at this address"),
    ):
        name_calendar(pushing, radicale.url(path), radicale.password)
        answer = pushing.trail("next", "push")
        assert (answer.code, said in answer.err) == (3, True), answer
    radicale.make_calendar("events", "VEVENT")
    name_calendar(pushing, radicale.url("events/"), radicale.password)
    answer = pushing.trail("next", "push")
    assert (answer.code, "takes no things to do" in answer.err) == (3, True), answer
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    name_calendar(pushing, f"http://127.0.0.1:{closed}/x/", radicale.password)
    answer = pushing.trail("next", "push")
    assert (answer.code, "cannot be reached" in answer.err) == (12, True), answer
    monkeypatch.delenv("TRAIL_TEST_PASSWORD")
    answer = pushing.trail("next", "push")
    assert (answer.code, "[caldav]: the variable TRAIL_TEST_PASSWORD" in answer.err) == (4, True)
    pushing.set_up(clients=(ACME_RULES,))
    answer = pushing.trail("next", "push")
    assert (answer.code, "there is no calendar to push to" in answer.err) == (3, True)


def test_a_stranger_with_a_certificate_or_an_odd_answer_gets_no_further(pushing, tmp_path):
    answers = iter(())
    with WebServer(tmp_path, lambda _: next(answers), "127.0.0.1") as web:
        name_calendar(pushing, f"{web.url}/c/", "secret")
        answer = pushing.trail("next", "push")
        assert (answer.code, "certificate is not trusted" in answer.err) == (12, True), answer
        assert web.requests == []


def test_over_tls_with_a_private_authority(pushing, tmp_path):
    folder = tmp_path / "tls"
    folder.mkdir()
    with RadicaleServer(folder, tls=True) as server:
        url = server.make_calendar("c")
        add(pushing, "One")
        name_calendar(pushing, url, server.password, ca_file=server.ca_file)
        assert pushing.done("next", "push").out == "calendar: 1 added\n"
        name_calendar(pushing, url, server.password)
        assert pushing.trail("next", "push").code == 12


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://dav.example/c", True),
        ("http://127.0.0.1:5232/c/", True),
        ("http://dav.example/c/", False),
        ("https://u:p@dav.example/c/", False),
        ("https://dav.example/c/?x=1", False),
        ("caldav://dav.example/", False),
        ("dav.example", False),
    ],
)
def test_a_password_goes_over_tls_or_nowhere(pushing, url, fine):
    name_calendar(pushing, url, "x")
    answer = pushing.trail("next")
    assert (answer.code == 0) is fine, answer
    assert fine or "caldav: url: must be an address" in answer.err


def test_an_item_keeps_what_is_not_ours():
    theirs = FOREIGN.format(uid="u").replace("SUMMARY:Milk", "SUMMARY:Milk\r\nSEQUENCE:7\r\nDTSTART:20260101T000000Z\r\nDUE:20260102T000000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM")  # fmt: skip
    ours = FOREIGN.format(uid="u").replace("Milk", "Bread\r\nDUE;VALUE=DATE:20260305\r\nSTATUS:NEEDS-ACTION")  # fmt: skip
    changed = change_item(theirs, ours)
    (found,) = icalendar.Calendar.from_ical(changed).walk("VTODO")
    assert (found["SUMMARY"], found["DUE"].dt, found["SEQUENCE"]) == ("Bread", date(2026, 3, 5), 8)
    assert "DTSTART" not in found
    assert len(found.walk("VALARM")) == 1
    assert read_todo(changed).due == date(2026, 3, 5)
    assert read_todo(theirs).due == date(2026, 1, 2)
    assert read_todo("garbage") is None
    assert read_todo(EVENT.format(uid="e")) is None


@pytest.fixture
def without_extra(monkeypatch):
    """As where trail was installed without `trail[caldav]`: none of the packages it brings is there, nor was imported."""
    missing = ("caldav", "icalendar", "requests", "lxml", "vobject")
    for name in [name for name in sys.modules if name.startswith((*missing, "trail.calendars"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_without_the_extra_it_says_how_to_get_it(pushing, without_extra, words):
    answer = pushing.trail("next", "push", *words)
    assert (answer.code, "pip install 'trail[caldav]'" in answer.err) == (3, True)
    assert "fault" not in answer.err


def test_without_the_extra_and_a_calendar_the_configuration_comes_first(desk, without_extra):
    desk.set_up(clients=(ACME_RULES,))
    answer = desk.trail("next", "push", "--dry-run")
    assert (answer.code, "no [caldav] in the configuration" in answer.err) == (3, True)
    assert "pip" not in answer.err


def test_a_hundred_actions_are_pushed(pushing, radicale):
    rows = [f'{{"id": "aaaa{n:02}", "client": "acme", "text": "Do {n}", "created_at": "2026-01-01T00:00:00Z", "due": "{date(2026, 1, 1) + timedelta(days=n)}"}}' for n in range(100)]  # fmt: skip
    book = pushing.root / "b.json"
    book.write_text('{"format": "trail-book", "version": 1, "actions": [' + ",".join(rows) + "]}")
    pushing.done("book", "import", book)
    assert pushing.done("next", "push").out == "calendar: 100 added\n"
    assert pushing.done("next", "push").out == "calendar: 100 unchanged\n"
