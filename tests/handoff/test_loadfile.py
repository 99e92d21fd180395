"""The load file: every message and attachment a document, families together, in the two forms platforms read."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace

import bagit
import pytest

from trail.handoff.check import verify_bundle
from trail.handoff.loadfile import COLUMNS, CSV, DAT, LoadFile
from trail.model import Address


def read_dat(path):
    """As a platform does: UTF-8 with a mark, þ around values, DC4 between them."""
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines.pop() == ""
    rows = []
    for line in lines:
        values = line.split("\x14")
        assert all(v[0] == v[-1] == "þ" and "þ" not in v[1:-1] and "®" not in v for v in values)
        rows.append([v[1:-1] for v in values])
    assert all(len(row) == len(COLUMNS) for row in rows)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.fixture
def loaded(make_bundle, make_item):
    items = [
        make_item(1, subject="Quote", text="Dear Jane,", quoted="> Hello"),
        replace(
            make_item(2, files=[("møde.txt", b"one"), ("guðþór.txt", b"two")]),
            texts=("text of one", "text of two"),
        ),
        make_item(
            3,
            subject="Acme® þing\x14 of\nday",
            sender=Address("from", 'Þór "T"', "tor@acme.example"),
            folder="Kunder/Ærø",
        ),
    ]
    return make_bundle(items, companions=(LoadFile,)).path


def test_the_bundle_stays_a_valid_bag_and_mailbag(loaded):
    assert verify_bundle(loaded).problems == ()
    bagit.Bag(str(loaded)).validate()


def test_a_message_and_its_attachments_are_a_family(loaded):
    rows = read_dat(loaded / DAT)
    assert len(rows) == 5
    parent, *children = rows[1:4]
    ids = [row["DOCID"] for row in (parent, *children)]
    assert ids == [ids[0], f"{ids[0]}.001", f"{ids[0]}.002"]
    assert {(row["BEGATTACH"], row["ENDATTACH"]) for row in rows[1:4]} == {(ids[0], ids[-1])}
    assert (parent["PARENTID"], parent["ATTACHCOUNT"]) == ("", "2")
    assert {row["PARENTID"] for row in children} == {ids[0]}
    assert (rows[0]["BEGATTACH"], rows[0]["ENDATTACH"]) == (rows[0]["DOCID"],) * 2


def test_paths_sizes_and_hashes_are_those_of_the_files(loaded):
    with (loaded / CSV).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        content = (loaded / row["NATIVEPATH"]).read_bytes()
        assert (row["FILESIZE"], row["SHA256HASH"]) == (
            str(len(content)),
            hashlib.sha256(content).hexdigest(),
        )
    texts = [(loaded / row["TEXTPATH"]).read_text(encoding="utf-8") for row in rows]
    assert texts == [
        "Dear Jane,\n\n> Hello",
        "Dear Jane,",
        "text of one",
        "text of two",
        "Dear Jane,",
    ]


def test_headers_stand_in_their_columns(loaded):
    row = read_dat(loaded / DAT)[0]
    assert (row["FROM"], row["TO"]) == ("Mira <me@studio.example>", "Jane <jane@acme.example>")
    assert (row["SUBJECT"], row["MESSAGEID"]) == ("Quote", "1@studio.example")
    assert row["DATESENT"] == "2024-03-06T10:11:12Z"
    assert row["CUSTODIAN"] == "me@studio.example"
    assert row["NATIVEPATH"].startswith("data\\eml\\INBOX\\")


def test_the_signs_of_the_format_never_stand_in_a_value(loaded):
    rows = read_dat(loaded / DAT)
    assert rows[4]["SUBJECT"] == "Acme(R) thing  of day"
    assert rows[4]["FROM"] == 'Þór "T" <tor@acme.example>'
    assert rows[3]["FILENAME"] == "guðthór.txt"
    assert rows[3]["NATIVEPATH"] == ""  # rather none than a wrong one; the CSV has it
    with (loaded / CSV).open(newline="", encoding="utf-8") as file:
        whole = list(csv.DictReader(file))
    assert whole[3]["NATIVEPATH"].endswith("/guðþór.txt")
    assert whole[4]["SUBJECT"] == "Acme® þing  of day"


def test_without_messages_there_are_the_heads_only(make_bundle):
    path = make_bundle([], companions=(LoadFile,)).path
    assert read_dat(path / DAT) == []
    assert verify_bundle(path).ok
