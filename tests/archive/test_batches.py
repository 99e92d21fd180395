"""Batches under way: one is made durable while the next is written, and none is counted before it is."""

from __future__ import annotations

import hashlib
import os

import pytest
from archive.archiving import AT, key_of, letter, raw
from checking import read_maildir

from trail.archive.batches import Batches
from trail.archive.store import open_archive, writing_archive
from trail.errors import ArchiveFull
from trail.model import Spooled


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path) as opened:
        yield opened


@pytest.fixture
def batches(archive):
    with archive.ledger.transaction():
        epoch = archive.sightings.open_epoch("work", "INBOX", 7, AT)
    opened = Batches(archive, epoch, "u")
    yield opened
    opened.close()


def decisions(sightings):
    return [(s.ref.uid, s.decision) for s in sightings]


def leftovers(root):
    return list((root / "mail").glob("*/*/tmp/*"))


def test_a_batch_is_settled_when_two_more_are_under_way(archive, batches):
    first, second, third = letter("a"), letter("b"), letter("c")
    assert batches.add([raw(first, uid=1)]) == []
    assert batches.add([raw(second, uid=2)]) == []
    assert not archive.facts.find_messages([key_of(first)])
    assert decisions(batches.add([raw(third, uid=3)])) == [(1, "archived")]
    assert archive.facts.find_messages([key_of(first)])
    assert not archive.facts.find_messages([key_of(second), key_of(third)])
    assert decisions(batches.settle()) == [(2, "archived"), (3, "archived")]
    assert batches.settle() == []
    assert batches.add([raw(letter("d"), uid=4)]) == []
    assert decisions(batches.settle()) == [(4, "archived")]
    assert len(read_maildir(archive.root)) == 4


def test_bytes_that_are_still_on_their_way_are_not_stored_again(archive, batches):
    same = letter("a")
    assert batches.add([raw(same, uid=1), raw(same, uid=2)]) == []
    assert batches.add([raw(same, uid=3)]) == []
    settled = batches.add([raw(same, uid=4)]) + batches.settle()
    assert decisions(settled) == [(1, "archived"), (2, "held"), (3, "held"), (4, "held")]
    assert list(read_maildir(archive.root)) == [key_of(same)]


def spooled(batches, content, *, pieces=3):
    spool = batches.spool()
    size = -(-len(content) // pieces)
    for start in range(0, len(content), size):
        spool.write(content[start : start + size])
    return spool.finish()


def test_a_spooled_message_is_the_same_message(archive, batches):
    content = letter("large") + b"x" * 3_000_000
    parcel = spooled(batches, content)
    assert isinstance(parcel, Spooled)
    assert (parcel.key, parcel.size) == (key_of(content), len(content))
    assert content.startswith(parcel.head)
    batches.add([raw(parcel, uid=1)])
    batches.settle()
    (message,) = archive.facts.find_messages([parcel.key]).values()
    assert archive.read(message) == content
    assert message.size == len(content)
    assert leftovers(archive.root) == []


def test_a_spool_that_is_not_needed_is_deleted_and_one_for_later_is_kept(archive, batches):
    content, other = letter("a"), letter("b")
    unread = batches.spool()
    unread.write(b"half a mess")
    twice, later = spooled(batches, content), spooled(batches, other)
    batches.add([raw(content, uid=1)])
    batches.add([raw(twice, uid=2)])
    batches.add([raw(later, uid=3)])
    assert decisions(batches.settle()) == [(2, "held"), (3, "archived")]
    batches.close()
    assert set(read_maildir(archive.root)) == {key_of(content), key_of(other)}
    assert leftovers(archive.root) == []


def test_a_full_disk_leaves_no_row_and_nothing_in_tmp(archive, batches, monkeypatch):
    def refuse(*_):
        raise OSError(28, os.strerror(28))

    batches.add([raw(letter("a"), uid=1)])
    assert decisions(batches.settle()) == [(1, "archived")]
    monkeypatch.setattr("os.replace", refuse)
    batches.add([raw(letter("b"), uid=2)])
    batches.add([raw(letter("c"), uid=3)])
    with pytest.raises(ArchiveFull):
        batches.settle()
    monkeypatch.undo()
    assert batches.settle() == []
    with open_archive(archive.root) as reader:
        assert {m.key for m in reader.facts.iter_messages()} <= set(read_maildir(archive.root))
    assert leftovers(archive.root) == []


def test_a_disk_that_is_full_while_a_large_message_comes_says_so(batches, monkeypatch):
    spool = batches.spool()

    def refuse(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(ArchiveFull):
        spool.write(b"x")


def test_the_bytes_are_hashed_as_they_come(batches):
    content = os.urandom(100_000)
    assert spooled(batches, content, pieces=7).key == hashlib.sha256(content).hexdigest()


def test_when_a_batch_cannot_be_entered_none_after_it_is(archive, batches, monkeypatch):
    """The next one may hold a message of it for archived."""
    same = letter("a")
    batches.add([raw(same, uid=1)])
    batches.add([raw(same, uid=2)])

    def fill_disk(*_):
        raise ArchiveFull("the disk is full")

    monkeypatch.setattr(archive, "insert", fill_disk)
    with pytest.raises(ArchiveFull):
        batches.settle()
    monkeypatch.undo()
    assert batches.settle() == []
    assert archive.recover() == 1
