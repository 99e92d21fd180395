"""The load file: every message and attachment a document, families together, in the two forms platforms read."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from datetime import datetime

import bagit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trail.handoff.bag import Bag
from trail.handoff.check import verify_bundle
from trail.handoff.companions import Written, WrittenFile
from trail.handoff.loadfile import COLUMNS, CSV, DAT, LoadFile
from trail.model import Address, Envelope


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


def parse_dat(content):
    """Sign by sign, as the standard has it: a value is whatever stands between two þ, ® in one is a line break."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode()
    assert len(text.encode()) == len(content) - 3
    rows, row, place = [], [], 0
    while place < len(text):
        assert text[place] == "þ"
        end = text.index("þ", place + 1)
        row.append(text[place + 1 : end].replace("®", "\n"))
        place = end + 1
        if text[place] == "\x14":
            place += 1
        else:
            assert text[place : place + 2] == "\r\n"
            rows.append(row)
            row, place = [], place + 2
    assert row == []
    return rows


HOSTILE = st.text(
    st.sampled_from("aþ®\x14\r\n\x00\x85\u2028\"',;\\/\ud800\ufeffø日=\t "), max_size=12
) | st.text(max_size=20)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), min_size=1, max_size=4))
def test_both_tables_say_the_same_whatever_stands_in_a_message(make_item, tmp_path_factory, told):
    root = tmp_path_factory.mktemp("load")
    (root / "drafts").mkdir()
    load = LoadFile(root / "drafts", (told[0][2],))
    with Bag(root / "bag") as bag:
        for number, (subject, name, address, text) in enumerate(told, start=1):
            item = make_item(number)
            sender = Address("from", name, address)
            envelope = Envelope(address, (subject, name), (sender,), subject, item.archived.received_at)  # fmt: skip
            file = WrittenFile(f"data/attachments/{number}/{'þ®' if 'þ' in name else 'x'}", name, "text/plain", 3, "ab" * 32, text)  # fmt: skip
            at = item.archived.received_at
            written = Written(f"id-{number}", f"data/eml/{number}.eml", at, envelope, text, address, outgoing=False, files=(file,))  # fmt: skip
            load.add(written)
        load.write(bag, None)
    heads, *rows = parse_dat((root / "bag" / DAT).read_bytes())
    assert tuple(heads) == COLUMNS
    assert len(rows) == 2 * len(told)
    with (root / "bag" / CSV).open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file, strict=True))
    assert len(table) == len(rows)
    for row, other in zip(rows, table, strict=True):
        for column, value in zip(heads, row, strict=True):
            fit = other[column].replace("þ", "th").replace("®", "(R)")
            if column in ("NATIVEPATH", "TEXTPATH"):
                fit = fit.replace("/", "\\") if fit == other[column] else ""
            assert value == fit, column
    for parent, child in zip(table[::2], table[1::2], strict=True):
        assert parent["BEGATTACH"] == child["BEGATTACH"] == child["PARENTID"] == parent["DOCID"]
        assert parent["ENDATTACH"] == child["ENDATTACH"] == child["DOCID"]
        assert (root / "bag" / child["TEXTPATH"]).is_file()


def test_the_columns_are_those_that_are_asked_for_and_times_are_in_utc(loaded):
    asked = [
        "DOCID",
        "BEGATTACH",
        "ENDATTACH",
        "PARENTID",
        "FROM",
        "TO",
        "CC",
        "BCC",
        "SUBJECT",
        "DATESENT",
        "DATERECEIVED",
        "ATTACHCOUNT",
        "NATIVEPATH",
        "TEXTPATH",
        "CUSTODIAN",
        "FILESIZE",
        "SHA256HASH",
        "MESSAGEID",
        "INREPLYTO",
        "REFERENCES",
    ]
    heads, *rows = parse_dat((loaded / DAT).read_bytes())
    assert heads[: len(asked)] == asked
    for row in rows:
        told = dict(zip(heads, row, strict=True))
        assert (loaded / told["TEXTPATH"].replace("\\", "/")).is_file()
        if not told["PARENTID"]:
            assert datetime.strptime(told["DATESENT"], "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - Z
            assert datetime.strptime(told["DATERECEIVED"], "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - Z
