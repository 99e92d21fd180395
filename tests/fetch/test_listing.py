"""Folders and how they stand, from one answer: what Dovecot says, what others might, and what none should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient.exceptions import IMAPClientError
from syncing import make_message

from trail.fetch.imap import ImapSource
from trail.fetch.listing import list_folders, read_statuses


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([b"INBOX (MESSAGES 3 UIDNEXT 9)"], {b"INBOX": {"MESSAGES": 3, "UIDNEXT": 9}}),
        ([b'"Two words" (UIDVALIDITY 5)'], {b"Two words": {"UIDVALIDITY": 5}}),
        ([rb'"quo\"te \\ back" (MESSAGES 0)'], {b'quo"te \\ back': {"MESSAGES": 0}}),
        (
            [(b"{4}", b"a) (b"[:4]), b" (MESSAGES 1)", b"x (MESSAGES 2)"],
            {b"a) (": {"MESSAGES": 1}, b"x": {"MESSAGES": 2}},
        ),
        ([b"x (messages 2 UIDNEXT nil)"], {b"x": {"MESSAGES": 2}}),
        ([b"x ()"], {b"x": {}}),
        (
            [b"x (MAILBOXID (F22) MESSAGES 2)", b"y (MESSAGES 3 MAILBOXID (F23))"],
            {
                b"x": {"MAILBOXID": b"F22", "MESSAGES": 2},
                b"y": {"MESSAGES": 3, "MAILBOXID": b"F23"},
            },
        ),
        ([None, b"", b"x", b"x (MESSAGES 2", b"{3}", b"(MESSAGES 2)"], {}),
    ],
)
def test_statuses_are_read_strictly(data, told):
    assert dict(read_statuses(data)) == told


@given(st.lists(st.one_of(st.none(), st.binary(max_size=30), st.tuples(st.binary(), st.binary()))))
def test_no_answer_raises(data):
    for name, status in read_statuses(data):
        assert isinstance(name, bytes)
        assert all(isinstance(value, int | bytes) for value in status.values())


def test_dovecot_tells_in_one_answer_what_status_tells_of_each(dovecot):
    names = ["INBOX", "Two words", 'quo"te', "Kunder/Nørrebro"]
    for number, name in enumerate(names):
        for count in range(number):
            if count == 0:
                dovecot.create(name)
            dovecot.append(name, make_message(number * 10 + count))
    source = ImapSource(dovecot.account(), dovecot.password)
    try:
        folders = {f.name: f for f in source.list_folders()}
        at_once = {name: source.read_status(folders[name]) for name in names[1:]}
        one_by_one = {name: source.read_status(folders[name]) for name in names[1:]}
    finally:
        source.close()
    assert at_once == one_by_one
    assert [state.exists for state in at_once.values()] == [1, 2, 3]


class Grudging:
    """Announces LIST-STATUS, and refuses it."""

    @property
    def _imap(self):
        return self

    def _simple_command(self, *_):
        return "BAD", [b"what?"]

    def has_capability(self, name):
        return name == "LIST-STATUS"

    def list_folders(self):
        return [((), b"/", b"INBOX")]


def test_a_server_that_announces_more_than_it_does_is_asked_plainly():
    assert list_folders(Grudging()) == ([((), b"/", b"INBOX")], {})


def test_a_server_that_cannot_list_at_all_is_told_of():
    class Mute(Grudging):
        def list_folders(self):
            raise IMAPClientError("no")

    with pytest.raises(IMAPClientError):
        list_folders(Mute())
