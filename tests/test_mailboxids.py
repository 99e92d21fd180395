"""MAILBOXIDs that are not to be believed: Cyrus 3.6 answers STATUS with memory it no longer owns, and EXAMINE with the truth."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from checking import audit_archive
from servers.scripted import CAPABILITIES, ScriptedServer
from syncing import make_message, sync, totals

from trail.fetch.imap import ImapSource

AT = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
NOTHING = {"archived": 0, "already_held": 0, "left": 0, "failed": 0, "gone": 0}
GARBLED = {
    "bytes": b"\xdf\xb9~\x17V",
    "a parenthesis": b"\xdf\xb9~(\x17V",
    "two": b"\x9b)($2V",
    "a quote": b'\x12"\x40',
    "nothing": b"",
    "a space": b"ab c",
}


@pytest.fixture
def with_ids():
    """A server with OBJECTID."""
    with ScriptedServer(capabilities=(*CAPABILITIES, "OBJECTID")) as server:
        yield server


def fill(server, folder, numbers):
    for number in numbers:
        server.append(folder, make_message(number), received_at=AT)


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
def test_a_folder_whose_status_cannot_be_read_is_archived_all_the_same(with_ids, tmp_path, garbled):
    with_ids.create("Copy")
    with_ids.set_uidvalidity("Copy", with_ids.uidvalidity("INBOX"))
    with_ids.faults.status_mailboxid = {"INBOX": garbled, "Copy": garbled}
    fill(with_ids, "INBOX", range(3))
    fill(with_ids, "Copy", range(3))
    report = sync(with_ids, tmp_path)
    assert report.warnings == ()
    assert totals(report) == NOTHING | {"archived": 3, "already_held": 3}
    with_ids.faults.status_mailboxid["INBOX"] = b"M7" + garbled  # another thing each time
    assert totals(sync(with_ids, tmp_path)) == NOTHING
    fill(with_ids, "INBOX", [3])
    assert totals(sync(with_ids, tmp_path)) == NOTHING | {"archived": 1}
    audit_archive(tmp_path, with_ids, folders={"INBOX", "Copy"})


def test_a_folder_has_not_left_because_status_calls_it_otherwise(with_ids, tmp_path):
    """A copy of the inbox made in its second, with the ID the inbox has: only EXAMINE tells that the inbox still stands."""
    fill(with_ids, "INBOX", range(3))
    sync(with_ids, tmp_path)
    truth = with_ids.folders["INBOX"].mailbox_id
    with_ids.create("Copy")
    with_ids.set_uidvalidity("Copy", with_ids.uidvalidity("INBOX"))
    fill(with_ids, "Copy", range(3))
    with_ids.faults.status_mailboxid = {"INBOX": b"Mstale", "Copy": truth.encode()}
    report = sync(with_ids, tmp_path)
    assert report.warnings == ()
    assert totals(report) == NOTHING | {"already_held": 3}
    assert "folder-renamed" not in (tmp_path / "audit.jsonl").read_text(encoding="utf-8")
    audit_archive(tmp_path, with_ids, folders={"INBOX", "Copy"})


def test_cyrus_is_not_asked_for_it_in_status(with_ids, tmp_path):
    with_ids.faults.greeting = "OK mail.studio.example Cyrus IMAP 3.6.1-Debian server ready"
    fill(with_ids, "INBOX", range(3))
    with_ids.faults.status_mailboxid = {"INBOX": b"\x12\n\x17V"}  # would end the line
    assert totals(sync(with_ids, tmp_path)) == NOTHING | {"archived": 3}
    assert with_ids.connections == 1
    assert not any("MAILBOXID" in line for line in with_ids.commands)
    with_ids.rename("INBOX", "Old")
    with_ids.create("INBOX")
    with_ids.set_uidvalidity("Old", 4711)
    assert totals(sync(with_ids, tmp_path)) == NOTHING | {"already_held": 3}


@pytest.mark.cyrus
def test_cyrus_tells_it_in_examine(cyrus):
    source = ImapSource(cyrus.account(), cyrus.password)
    (inbox,) = [f for f in source.list_folders() if f.name == "INBOX"]
    assert source.read_status(inbox).mailboxid is None
    assert source.examine(inbox).mailboxid
    source.close()


@pytest.mark.cyrus
def test_folders_of_a_cyrus_that_are_renamed_and_swapped_are_not_fetched_again(cyrus, tmp_path):
    old, new, first, second, spare = map(cyrus.place, ("Old", "Kunder/Ny", "a", "b", "c"))
    for start, folder in enumerate((old, first, second)):
        cyrus.create(folder)
        fill(cyrus, folder, range(start * 10, start * 10 + 3 + start))
    assert totals(sync(cyrus, tmp_path))["archived"] == 12
    for before, after in ((old, new), (first, spare), (second, first), (spare, second)):
        cyrus.rename(before, after)
    report = sync(cyrus, tmp_path)
    assert report.warnings == ()
    assert totals(report) == NOTHING
    audit_archive(tmp_path, cyrus, folders={"INBOX", new, first, second})
