"""The made-up correspondence: what the demo, the docs and other tests count on."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import getaddresses

import pytest

from trail.demo.correspondence import DEMO_CLIENTS, ME, iter_correspondence
from trail.demo.enclosures import make_enclosure
from trail.demo.letters import read_letters


@pytest.fixture(scope="module")
def messages():
    return list(iter_correspondence())


@pytest.fixture(scope="module")
def parsed(messages):
    return [message_from_bytes(m.content, policy=policy.default) for m in messages]


def find(messages, wanted: bytes):
    return [m for m in messages if wanted in m.content]


def test_the_same_bytes_come_every_time(messages):
    assert list(iter_correspondence()) == messages


def test_the_mailbox_is_of_the_size_and_span_that_the_docs_say(messages):
    assert 120 <= len(messages) <= 160
    moments = [m.received_at for m in messages]
    assert moments == sorted(moments)
    assert datetime(2024, 10, 1, tzinfo=UTC) < moments[0]
    assert moments[-1] < datetime(2026, 11, 1, tzinfo=UTC)
    assert {m.folder for m in messages} == {
        "INBOX",
        "Sent",
        "Archive",
        "Clients/Acme",
        "Kunder/Nørrebro",
        "Junk",
        "Trash",
        "Drafts",
    }


def test_every_line_ends_with_crlf(messages):
    for message in messages:
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", message.content)


def test_some_messages_lie_in_two_folders(messages):
    contents = [m.content for m in messages]
    twice = {c for c in contents if contents.count(c) > 1}
    assert len(twice) == 4
    folders = {m.folder for m in messages if m.content in twice}
    assert folders == {"Sent", "Archive", "Clients/Acme", "Kunder/Nørrebro", "INBOX"}


def test_answers_come_after_what_they_answer():
    letters = read_letters()
    for letter in letters.values():
        if letter.answers:
            assert letters[letter.answers].sent_at < letter.sent_at, letter.name


def test_all_addresses_are_examples_or_of_lost_attackers(parsed):
    headers = ("From", "To", "Cc", "Bcc", "Delivered-To")
    values = [str(m[h]) for m in parsed for h in headers if m[h]]
    addresses = {address for _, address in getaddresses(values) if "@" in address}
    assert addresses
    assert all(address.endswith(".example") for address in addresses)
    assert set(ME) < addresses


def test_every_client_writes_and_is_written_to(messages):
    for client in DEMO_CLIENTS:
        domain = client.domains[0].encode()
        assert len([m for m in find(messages, b"@" + domain) if m.folder == "Sent"]) >= 7
        assert len([m for m in find(messages, b"@" + domain) if m.folder == "INBOX"]) >= 7


def test_an_evening_joins_two_clients(parsed):
    joint = [m for m in parsed if "tasting" in str(m["Subject"])]
    assert len(joint) == 6
    for message in joint:
        people = f"{message['From']} {message['To']} {message['Cc']}"
        assert "acme.example" in people
        assert "bryggeriet.example" in people


def test_pdfs_have_a_cross_reference_that_is_right():
    kind, name, document = make_enclosure("pdf a (b).pdf | Faktura (kopi) \\ æøå € | 25 %")
    assert (kind, name) == ("application/pdf", "a (b).pdf")
    start = int(re.search(rb"startxref\n(\d+)", document)[1])
    assert document[start : start + 4] == b"xref"
    offsets = re.findall(rb"(\d{10}) 00000 n", document)
    for number, offset in enumerate(offsets, 1):
        assert document[int(offset) :].startswith(b"%d 0 obj" % number)
    length = int(re.search(rb"/Length (\d+)", document)[1])
    stream = document.partition(b"stream\n")[2]
    assert stream[length:].startswith(b"endstream")
    assert "(Faktura \\(kopi\\) \\\\ æøå €)".encode("cp1252") in stream


def test_pngs_have_chunks_that_add_up():
    _, _, picture = make_enclosure("png a.png | #c8553d")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    at, kinds = 8, []
    while at < len(picture):
        size = int.from_bytes(picture[at : at + 4])
        body = picture[at + 4 : at + 8 + size]
        assert zlib.crc32(body) == int.from_bytes(picture[at + 8 + size : at + 12 + size])
        kinds.append(body[:4])
        if body.startswith(b"IDAT"):
            assert len(zlib.decompress(body[4:])) == 32 * (48 + 1)
        at += 12 + size
    assert kinds == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


@pytest.mark.parametrize("ending", [".pdf", ".png", ".csv", ".ics", ".txt"])
def test_there_are_attachments_of_every_kind(parsed, ending):
    names = [part.get_filename() or "" for m in parsed for part in m.walk()]
    assert any(name.endswith(ending) for name in names)


@pytest.mark.parametrize(
    ("word", "client"),
    [
        ("quotation", "acme.example"),
        ("label redesign", "acme.example"),
        ("deadline", "acme.example"),
        ("kickoff", "acme.example"),
        ("faktura", "bryggeriet.example"),
        ("etiketter", "bryggeriet.example"),
        ("見積書", "sakura.example"),
    ],
)
def test_words_that_the_docs_search_for_are_there(parsed, word, client):
    hits = [
        m
        for m in parsed
        if client in f"{m['From']} {m['To']}"
        and (body := m.get_body(("plain",)))
        and word in f"{m['Subject']} {body.get_content()}".lower()
    ]
    assert len(hits) >= 2


def test_the_odd_ones_are_among_them(messages, parsed):
    assert len(find(messages, b'filename="../../etc/passwd"')) == 1
    assert len(find(messages, b"charset=iso-2022-jp")) == 1
    assert any(m.defects for part in parsed for m in part.walk())
    assert any(part.get_content_type() == "message/rfc822" for m in parsed for part in m.walk())
    assert any(m["Bcc"] and "acme.example" in str(m["To"]) for m in parsed)
