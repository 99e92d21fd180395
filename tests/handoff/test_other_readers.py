"""What recipients have reads a bundle: 7-Zip, mutt, Thunderbird's rules, Python; each message of it, and its bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import read_with_mutt, read_with_python, read_with_thunderbird

from trail.handoff.mbox import frame_message, unquote

AT = datetime(2024, 3, 5, 10, 11, 12, tzinfo=UTC)
HEAD = b"From: Jane <jane@acme.example>\r\nSubject: Quote\r\n"
MESSAGES = {
    "lines that a reader could take for a new message": HEAD
    + b"\r\nFrom here on it is easy.\r\n>From you\r\n>>From \r\n From me\r\nFrom\r\n>\r\n",
    "a whole mbox": b"To: a@b.example\nSubject: x\n\nFrom a@b.example Tue Mar  5 10:11:12 2024\n"
    b"From: a@b.example\nSubject: y\n\nhello\n\nFrom a@b.example Tue Mar  5 10:11:12 2024\n\n\n",
    "no line end at the end": HEAD + b"\r\nlast",
    "empty lines at the end": HEAD + b"\r\nlast\r\n\r\n\r\n\r\n",
    "empty lines of two kinds at the end": HEAD + b"\r\nlast\n\r\n\n\n\r\n",
    "no body": HEAD + b"\r\n",
    "a length that is not its own": b"Content-Length: 3\nLines: 1\n" + HEAD + b"\r\nlonger\r\nthan that\r\n",
    "a length beyond the end": b"Content-Length: 99999999\n" + HEAD + b"\r\nshort\r\n",
    "marks of other programs": b"X-Mozilla-Status: 0009\r\nStatus: RO\r\nX-Status: D\r\n" + HEAD + b"\r\nx\r\n",
    "a folded head": b"Received: by x;\r\n\tTue, 5 Mar 2024\r\n and more\r\n" + HEAD + b"\r\nx\r\n",
    "zeros, lone CRs and bytes of no charset": HEAD + b"\r\n\0\0\rFrom \rx\xff\xfe\r\n",
    "a very long line": HEAD + b"\r\n" + b"x" * 100_000 + b"\r\n",
}  # fmt: skip


@pytest.fixture
def mbox(tmp_path, make_bundle, make_item):
    """The mbox of a bundle of all those messages."""
    items = [make_item(n, content=content) for n, content in enumerate(MESSAGES.values(), start=1)]
    return make_bundle(items).path / "data/mbox/acme-2024-07-01.mbox"


def _end_line(content):
    """A message without a line end at its end gets one: no mbox has another."""
    return content if content.endswith(b"\n") else content + b"\n"


def test_python_reads_every_message_and_its_bytes(mbox):
    found = read_with_python(mbox)
    assert [unquote(content) for content in found] == [*map(_end_line, MESSAGES.values())]


def test_mutt_reads_every_message_and_its_bytes(mbox, tmp_path):
    """But for the line that ends the head: mutt writes that anew, with LF."""
    said = read_with_mutt(mbox, tmp_path)
    found = re.split(rb"^From \S+mailbag\.invalid [^\n]*\n", said, flags=re.MULTILINE)[1:]
    assert [unquote(content) for content in found] == [
        _end_line(content).replace(b"\r\n\r\n", b"\r\n\n", 1) for content in MESSAGES.values()
    ]


def test_thunderbird_reads_every_message_and_its_bytes(mbox):
    found = list(read_with_thunderbird(mbox.read_bytes()))
    assert [content for _, _, content in found] == [*map(_end_line, MESSAGES.values())]


def test_thunderbird_takes_sender_and_time_from_each_from_line(mbox):
    for sender, time, _ in read_with_thunderbird(mbox.read_bytes()):
        assert sender.endswith("mailbag.invalid")
        assert datetime.strptime(time, "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007 - it has no zone


BODIES = st.lists(
    st.sampled_from([b"From ", b">From ", b">", b"\n", b"\r\n", b"\r", b"\0", b"a: b", b"x", b" "]),
    max_size=20,
).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(BODIES, min_size=1, max_size=4))
def test_thunderbird_takes_quoting_and_separators_back_whatever_the_body(bodies):
    contents = [HEAD + b"\r\n" + body for body in bodies]
    framed = b"".join(b"".join(frame_message(c, "id", AT)) for c in contents)
    found = [content for _, _, content in read_with_thunderbird(framed)]
    assert found == [*map(_end_line, contents)]


@pytest.mark.parametrize(
    ("content", "read"),
    [
        pytest.param(HEAD, HEAD + b"\n", id="a head alone gets its empty line"),
        pytest.param(b"X: y\r\nFrom me\r\n\r\nz\r\n", b"X: y\r\n>From me\r\n\r\nz\r\n", id="in a head the quoting stays"),
    ],
)  # fmt: skip
def test_what_thunderbird_reads_otherwise_is_documented(content, read):
    framed = b"".join(b"".join(frame_message(c, "id", AT)) for c in (content, HEAD + b"\r\nx\n"))
    assert [c for _, _, c in read_with_thunderbird(framed)] == [read, HEAD + b"\r\nx\n"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Subject: bare\r\n\r\nx\r\n", id="one field"),
        pytest.param(b"\r\nno head\r\n", id="no head"),
        pytest.param(b"From jane Tue Mar  5 2024\r\nA: b\r\nC: d\r\n\r\nx\r\n", id="a From_ line in it"),
    ],
)  # fmt: skip
def test_a_message_that_hardly_is_one_joins_the_one_before_in_thunderbird(content):
    messages = (HEAD + b"\r\nx\n", content)
    framed = b"".join(b"".join(frame_message(c, "id", AT)) for c in messages)
    ((_, _, found),) = read_with_thunderbird(framed)
    assert found.startswith(messages[0])
    assert content.rpartition(b"\r\n\r\n")[2] in found
