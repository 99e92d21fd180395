"""What a message holds beside what it shows: all of it is compared with other clients' mail."""

from __future__ import annotations

import base64
import binascii
import json

import pytest

from trail.handoff.shingles import shingle
from trail.parse.passages import read_passages

WORDS = "the secret turbine contract runs until march with a penalty of nine thousand crowns a week"
MARK = "jo@bolt.example"
HEAD = b"From: me@studio.example\r\nTo: jane@acme.example\r\nSubject: x\r\n"
PACKED = base64.encodebytes(WORDS.encode())
PART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%s\r\n--b--\r\n"
TEXTS = {
    "a comment": b"Comments: " + WORDS.encode() + b"\r\n\r\nx",
    "the subject": b"Thread-Topic: " + WORDS.encode() + b"\r\n\r\nx",
    "what is said of a part": PART % (b"Content-Description: " + WORDS.encode() + b"\r\n\r\nx"),
    "a file's name": PART % (b'Content-Disposition: attachment; filename="' + WORDS.encode() + b'"\r\n\r\nx'),
    "before the first part": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + WORDS.encode() + b"\r\n--b\r\n\r\nx\r\n--b--\r\n",
    "behind the last part": PART % b"\r\nx" + WORDS.encode(),
    "a page's title": b"Content-Type: text/html\r\n\r\n<title>" + WORDS.encode() + b"</title><p>x",
    "a page's style": b"Content-Type: text/html\r\n\r\n<style>/* " + WORDS.encode() + b" */</style><p>x",
    "an attribute": b"Content-Type: text/html\r\n\r\n<p title='" + WORDS.encode() + b"'>x",
    "soft hyphens": b"Content-Type: text/html\r\n\r\n" + WORDS.replace("turbine", "tur&shy;bine").replace("nine", "ni&shy;ne").encode(),
    "soft breaks with blanks": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + WORDS.replace("i", "i=  \r\n").encode(),
    "base64 nobody announced": b"\r\nsee\r\n" + PACKED,
    "a uuencoded file": b"\r\nbegin 644 x.txt\r\n" + b"".join(binascii.b2a_uu(WORDS.encode()[at : at + 45]) for at in (0, 45)) + b"`\r\nend\r\n",
    "what came back": PART % (b"Content-Type: message/delivery-status\r\n\r\nX-Subject: =?utf-8?b?" + base64.b64encode(WORDS.encode()) + b"?="),
    "escapes of JSON": PART % (b"Content-Type: application/json\r\n\r\n" + json.dumps(WORDS).replace(" ", "\\u0020").encode()),
    "lines in JSON": PART % (b"Content-Type: application/json\r\n\r\n" + json.dumps(WORDS.replace(" ", "\n")).encode()),
    "a quoted-printable card": PART % (b"Content-Type: text/x-vcard\r\n\r\nNOTE;ENCODING=QUOTED-PRINTABLE:" + WORDS.replace(" ", "=20=\r\n").encode()),
    "a binary file": PART % (b"Content-Type: application/x-disk\r\n\r\n\0\1" + WORDS.encode() + b"\0"),
    "a binary file in UTF-16": PART % (b"Content-Type: application/x-disk\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"\0\1" + WORDS.encode("utf-16-le") + b"\0")),
    "a binary file in UTF-16, the other order": PART % (b"Content-Type: application/x-disk\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"\0\1" + f"{WORDS} and so on".encode("utf-16-be") + b"\1")),
    "behind two million characters": b"\r\n" + b"a b c d e f g h i j\r\n" * 110_000 + WORDS.encode(),
    "folded lines of a calendar": PART % (b"Content-Type: text/calendar\r\n\r\nDESCRIPTION:" + WORDS.replace("i", "i\r\n ").encode()),
}  # fmt: skip
MARKS = {
    "a header of a part": PART % b"Content-ID: <x@bolt.example>\r\nX-For: jo@bolt.example\r\n\r\nx",
    "the name beside an address": b'Cc: "jo@bolt.example" <jane@acme.example>\r\n\r\nx',
    "whom a server had it for": b"Received: from a by b for <jo@bolt.example>; Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\nx",
    "who gets what cannot be delivered": b"Return-Path: <jo@bolt.example>\r\n\r\nx",
    "whom a relay had it for": b"Received: from a by b for <SRS0=k3Zt=7Z=bolt.example=jo@relay.example>; Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\nx",
    "what a relay made of an address": b"\r\nSRS1=aB=other.example==k3Zt=7Z=bolt.example=jo@relay.example",
    "whose mail came back": b"Return-Path: <list-bounces+jo=bolt.example@lists.example>\r\n\r\nx",
    "a link": b"Content-Type: text/html\r\n\r\n<a href='mailto:jo%40bolt%2Eexample'>x</a>",
    "wide letters": "Content-Type: text/plain; charset=utf-8\r\n\r\njo@ｂｏｌｔ.example".encode(),  # noqa: RUF001
    "behind thousands": PART % (b"\r\n" + b" ".join(b"h%d.example.org" % n for n in range(2100)) + b"\r\n--b\r\nContent-Type: text/plain; name=x.txt\r\n\r\njo@bolt.example"),
}  # fmt: skip


@pytest.mark.parametrize("where", TEXTS)
def test_words_are_found_wherever_they_stand(where):
    found = read_passages(HEAD + TEXTS[where])
    assert shingle(WORDS) <= set().union(*map(shingle, found.texts))


@pytest.mark.parametrize("where", MARKS)
def test_addresses_are_found_wherever_they_stand(where):
    assert MARK in read_passages(HEAD + MARKS[where]).marks


def test_of_more_text_than_is_looked_at_it_is_told(monkeypatch):
    monkeypatch.setattr("trail.parse.passages.TEXT_LIMIT", 1000)
    assert not read_passages(HEAD + b"\r\n" + b"a" * 1000).cut
    assert read_passages(HEAD + b"\r\n" + b"a" * 1001).cut
    attached = PART % (b"Content-Type: text/csv\r\n\r\n" + b"a" * 1001)
    assert read_passages(HEAD + attached).cut


def test_a_document_in_an_attached_message_is_looked_into_with_that():
    pdf = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ="
    inner = PART % (b"Content-Type: message/rfc822; name=b.eml\r\n\r\n" + HEAD + pdf)
    found = read_passages(HEAD + inner)
    assert found.opaque == [(found.digests[0], "b.eml")]
    unnamed = PART % (b"Content-Type: application/x-mail; name=c.dat\r\n\r\n" + HEAD + pdf)
    assert [name for _, name in read_passages(HEAD + unnamed).opaque] == ["a.pdf"]


def test_the_name_of_a_uuencoded_file_is_one_of_an_attachment():
    found = read_passages(HEAD + b"\r\nbegin 644 Bolt_offer.txt\r\n`\r\nend\r\n")
    assert found.names == ["Bolt_offer.txt"]


def test_addresses_by_which_attribution_decides_are_no_marks():
    found = read_passages(HEAD + b"Cc: Jo <jo@bolt.example>, al@coco.example\r\n\r\nx")
    assert found.marks == set()
