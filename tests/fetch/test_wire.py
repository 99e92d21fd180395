"""The reader of FETCH responses, over what imaplib hands it and over what no server should send."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from datetime import UTC, datetime
from imaplib import IMAP4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.fetch.exchange import Exchange
from trail.fetch.wire import (
    UnreadableResponse,
    compress_uids,
    read_answer,
    read_internaldate,
    read_size_answer,
)


class Line:
    """What a connection of imaplib is asked for, over bytes that are there."""

    def __init__(self, content):
        self._content = io.BytesIO(content)
        self.tagged_commands = {b"A1": None}

    def _get_line(self):
        line = self._content.readline()
        if not line.endswith(b"\r\n"):
            raise IMAP4.abort("socket error: EOF")
        return line[:-2]

    def read(self, size):
        return self._content.read(size)


def read_fetch(data):
    """The answers in these lines, with their literals, as a server would send them."""
    content = b""
    begins = True
    for chunk in data:
        text, literal = chunk if isinstance(chunk, tuple) else (chunk, b"")
        if begins or re.match(rb"\d+ \(", text):
            number, mark, rest = text.partition(b" (")
            text = b"* %s FETCH (%s" % (number, rest) if mark else b"* 1 FETCH " + text
        content += text + b"\r\n" + literal
        begins = not isinstance(chunk, tuple)
    exchange = Exchange(Line(content + b"A1 OK done\r\n"))
    assert exchange.receive(b"A1") is None
    return exchange.answers, exchange.unreadable


def read_one(*data):
    answers, unreadable = read_fetch(data)
    assert unreadable == 0
    ((uid, item),) = answers.items()
    return uid, item


def test_a_literal_is_taken_as_it_is_whatever_stands_in_it():
    content = b'* 1 FETCH (UID 9 BODY[] {3}\r\n")\x00\xff (5 (UID 6'
    uid, item = read_one((b"1 (UID 5 BODY[] {%d}" % len(content), content), b" FLAGS (\\Seen))")
    assert (uid, item["BODY[]"], item["FLAGS"]) == (5, content, [b"\\Seen"])


@pytest.mark.parametrize("size", [b"{3}", b"~{3}", b"{3+}"])
def test_every_kind_of_literal_is_read(size):
    assert read_one((b"1 (UID 5 BODY[] " + size, b"abc"), b")") == (5, {"UID": 5, "BODY[]": b"abc"})


@pytest.mark.parametrize(
    ("quoted", "meant"),
    [
        (rb'"plain"', b"plain"),
        (rb'"with \"quotes\" and \\ back"', b'with "quotes" and \\ back'),
        (rb'"(not) a list) {3}"', b"(not) a list) {3}"),
        (rb'""', b""),
    ],
)
def test_quoted_strings_hide_parentheses_and_escapes(quoted, meant):
    assert read_one(b"1 (UID 5 BODY[] " + quoted + b" FLAGS ())")[1]["BODY[]"] == meant


@pytest.mark.parametrize(
    "name",
    [
        "BODY[]",
        "BODY[HEADER]",
        "BODY[HEADER.FIELDS (FROM TO)]",
        "BODY[]<0>",
        "BINARY[1.2]",
        "X-GM-MSGID",
    ],
)
def test_item_names_are_kept_apart(name):
    assert read_one(b"1 (UID 5 %b NIL)" % name.encode()) == (5, {"UID": 5, name: None})


def test_lists_may_be_nested():
    item = read_one(b'1 (UID 5 X ((a "b") () (c (d))) FLAGS (\\Seen))')[1]
    assert item["X"] == [[b"a", b"b"], [], [b"c", [b"d"]]]


def test_labels_come_in_every_spelling_and_keep_it():
    data = [
        (
            b'3 (UID 5 X-GM-LABELS ("\\\\Inbox" \\Sent 007 nil [Imap]/Sent a[b]c "Two words" {4}',
            b"Kun)",
        ),
        b") FLAGS (12))",
    ]
    item = read_one(*data)[1]
    assert item["X-GM-LABELS"] == [
        b"\\Inbox", b"\\Sent", b"007", b"nil", b"[Imap]/Sent", b"a[b]c", b"Two words", b"Kun)",
    ]  # fmt: skip
    assert item["FLAGS"] == [b"12"]


def test_an_answer_in_two_responses_is_one():
    assert read_one(b"1 (UID 5 FLAGS (\\Seen))", (b"1 (UID 5 BODY[] {1}", b"x"), b")")[1] == {
        "UID": 5,
        "FLAGS": [b"\\Seen"],
        "BODY[]": b"x",
    }


def test_flags_without_a_uid_are_nobodys():
    answers, unreadable = read_fetch(
        [b"5 (FLAGS (\\Deleted))", (b"1 (UID 7 BODY[] {1}", b"x"), b")", b"7 (FLAGS ())"]
    )
    assert answers == {7: {"UID": 7, "BODY[]": b"x"}}
    assert unreadable == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"1 (UID 5",
        b"1 (UID 5 BODY[] {3})",
        b'1 (UID 5 BODY[] "open)',
        b"1 (UID 5 FLAGS (\\Seen)",
        b"1 (5 UID)",
        b"nonsense",
        b"",
    ],
)
def test_what_cannot_be_read_costs_no_other_answer(bad):
    answers, unreadable = read_fetch([bad, (b"2 (UID 6 BODY[] {1}", b"x"), b")"])
    assert answers.get(6) == {"UID": 6, "BODY[]": b"x"}
    assert unreadable == 1


def test_a_number_of_thousands_of_digits_is_no_number():
    assert read_fetch([b"1 (UID " + b"9" * 5000 + b" FLAGS ())"]) == ({}, 0)


def test_nothing_is_an_empty_answer():
    assert read_fetch([]) == ({}, 0)


fragments = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"* 1 FETCH (",
            b"UID 5",
            b" ",
            b'"',
            b"\\",
            b"(",
            b")",
            b"BODY[]",
            b"{3}\r\n",
            b"{3}",
            b"\r\n",
            b"NIL",
            b"9" * 30,
            b"* BYE\r\n",
            b"* 1 EXISTS\r\n",
            b"+ go on\r\n",
            b"A1 OK\r\n",
            b"A1 NO\r\n",
        ]
    ),
)


@given(st.lists(fragments, max_size=30).map(b"".join))
def test_garbage_breaks_the_line_at_most_and_never_makes_a_message_without_a_uid(content):
    exchange = Exchange(Line(content))
    with suppress(IMAP4.abort):
        exchange.receive(b"A1")
    assert all(
        isinstance(uid, int) and item["UID"] == uid for uid, item in exchange.answers.items()
    )


atoms = st.from_regex(rb"[A-Za-z$\\][A-Za-z0-9$._-]{0,8}", fullmatch=True).filter(
    lambda a: a.upper() != b"NIL"
)


def write_string(text, kind):
    """How a server may send a string: (text before the literal, literal), or text alone."""
    if kind == "quoted" and not set(text) & set(b"\r\n\0"):
        return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"', None
    return b"{%d}" % len(text), text


@given(
    st.dictionaries(
        st.integers(1, 2**32 - 1),
        st.tuples(
            st.binary(max_size=60),
            st.lists(atoms, max_size=3),
            st.sampled_from(["quoted", "literal"]),
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_what_a_server_writes_is_what_is_read(messages, body_first):
    data = []
    for number, (uid, (content, flags, kind)) in enumerate(messages.items(), 1):
        text, literal = write_string(content, kind)
        flag_text = b"FLAGS (" + b" ".join(flags) + b")"
        head = (
            b"%d (UID %d BODY[] " % (number, uid)
            if body_first
            else b"%d (UID %d %b BODY[] " % (number, uid, flag_text)
        )
        tail = b" " + flag_text + b")" if body_first else b")"
        data += [head + text + tail] if literal is None else [(head + text, literal), tail]
    answers, unreadable = read_fetch(data)
    assert unreadable == 0
    assert answers == {
        uid: {"UID": uid, "BODY[]": content, "FLAGS": flags}
        for uid, (content, flags, _) in messages.items()
    }


@given(
    st.lists(
        st.one_of(
            st.from_regex(rb"UID [0-9]{1,21}", fullmatch=True),
            st.from_regex(rb"(?i:RFC822\.SIZE) [0-9]{1,21}", fullmatch=True),
            st.sampled_from([b"FLAGS ()", b"UID", b"UID NIL", b""]),
        ),
        max_size=3,
    ).map(lambda items: b"* 3 FETCH (%s)" % b" ".join(items))
)
def test_the_short_way_to_read_a_size_never_differs_from_the_long_one(line):
    try:
        expected = read_answer([(line, None)])
    except UnreadableResponse:
        expected = None
    assert read_size_answer(line) in (None, expected)


@pytest.mark.parametrize("items", [b"UID 7 RFC822.SIZE 42", b"RFC822.SIZE 42 UID 7"])
def test_a_size_is_read_the_short_way_in_either_order(items):
    assert read_size_answer(b"* 3 FETCH (%s)" % items) == {"UID": 7, "RFC822.SIZE": 42}


def expand(sequence_set):
    for part in filter(None, sequence_set.split(",")):
        first, _, last = part.partition(":")
        yield from range(int(first), int(last or first) + 1)


@given(st.sets(st.integers(1, 200)))
def test_a_sequence_set_names_exactly_its_uids(uids):
    written = compress_uids(sorted(uids))
    assert list(expand(written)) == sorted(uids)
    assert written.count(",") == max(0, sum(uid - 1 not in uids for uid in uids) - 1)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"17-Jul-1996 02:44:25 -0700", datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)),
        (b" 7-Jul-1996 02:44:25 +0000", datetime(1996, 7, 7, 2, 44, 25, tzinfo=UTC)),
        (b"7-jul-1996 02:44:25 +0545", datetime(1996, 7, 6, 20, 59, 25, tzinfo=UTC)),
        (b"31-Dec-1969 23:59:59 +0000", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"31-Dec-9999 23:59:59 +0000", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"31-Dec-9999 23:59:59 -0100", None),
        (b"01-Jan-0001 00:00:00 +0100", None),
        (b"01-Jan-0000 00:00:00 +0000", None),
        (b"30-Feb-2024 00:00:00 +0000", None),
        (b"01-Foo-2024 00:00:00 +0000", None),
        (b"01-Jan-2024 25:00:00 +0000", None),
        (b"01-Jan-2024 00:00:00 +9900", None),
        (b"01-Jan-2024 00:00:00", None),
        (b"", None),
        (None, None),
        (20240101, None),
        ([b"01-Jan-2024 00:00:00 +0000"], None),
    ],
)  # fmt: skip
def test_internaldate_is_read_strictly_in_utc(value, moment):
    assert read_internaldate(value) == moment


@given(st.binary(max_size=40))
def test_no_date_of_a_server_raises(value):
    found = read_internaldate(value)
    assert found is None or found.tzinfo is UTC
