"""Headers that are plainly well formed: mail-parser must find nothing wrong with any of them."""

from __future__ import annotations

from email.message import Message

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.parse import diagnosis, plain
from trail.parse.message import parse_message
from trail.parse.plain import is_plain

DATE = "Tue, 13 Aug 2002 01:23:46 +0100"


def judge(name, value):
    message = Message()
    message[name] = value
    return mailparser.MailParser(message).defects_categories


@settings(max_examples=150, deadline=None)
@given(
    st.from_regex(plain._MAILBOXES, fullmatch=True), st.sampled_from(sorted(plain.ADDRESS_FIELDS))
)
def test_mail_parser_finds_nothing_wrong_with_plain_addresses(value, name):
    assert is_plain(name, value)
    assert not judge(name, value)


@settings(max_examples=150, deadline=None)
@given(st.from_regex(plain._DATE, fullmatch=True))
def test_mail_parser_finds_nothing_wrong_with_plain_dates(value):
    assert not (is_plain("date", value) and judge("date", value))


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet='()[]<>;"\\ aby1.@=\t', max_size=40), st.sampled_from(["from ", "by ", "("])
)
def test_mail_parser_finds_nothing_wrong_with_plain_traces(value, begins):
    value = f"{begins}{value}; {DATE}"
    assert not (is_plain("received", value) and judge("received", value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "Jane Doe <jane@acme.example>"),
        ("to", '"Doe, Jane" <jane@acme.example>, me@studio.example'),
        ("cc", ""),
        ("date", DATE),
        ("date", "1 Jan 2024 00:00:00 GMT"),
        ("received", f"from a.example (b [10.0.0.1]) by c.example with ESMTP id 7; {DATE}"),
        ("subject", "\x1b anything"),
    ],
)
def test_the_usual_is_plain(name, value):
    assert is_plain(name, value) == value.isascii()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "jörg@acme.example"),
        ("from", "=?utf-8?q?J?= <jane@acme.example>"),
        ("from", "Jane Doe"),
        ("to", "a@x b@x"),
        ("date", "Mon, 13 Aug 2002 01:23:46 +0100"),
        ("date", "31 Feb 2002 01:23:46 +0100"),
        ("date", "yesterday"),
        ("received", "from a by b"),
        ("received", f"from a (b by c; {DATE}"),
        ("received", "from a by b; Mon, 13 Aug 2002 01:23:46 +0100"),
    ],
)
def test_the_doubtful_is_not(name, value):
    assert not is_plain(name, value)


FIELDS = st.sampled_from(
    [b"From: Jane <jane@x.example>", b"From: jane", b"To: <a@b>, c d", b"Date: " + DATE.encode(), b"Date: 1 May", b"Subject: y"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(FIELDS, max_size=4), st.text(max_size=30))
def test_to_leave_out_the_plain_ones_changes_no_message(fields, text):
    content = b"\r\n".join(
        [*fields, b"Content-Type: text/plain; charset=utf-8", b"", text.encode()]
    )
    parsed = parse_message("k", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnosis, "is_plain", lambda *_: False)
        assert parse_message("k", content) == parsed
