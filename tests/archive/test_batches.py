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
    return Batches(archive, epoch, "u")


def decisions(sightings):
    return [(s.ref.uid, s.decision) for s in sightings]


def leftovers(root):
    return list((root / "mail").glob("*/*/tmp/*"))


def test_each_batch_is_settled_when_the_next_was_written(archive, batches):
    first, second = letter("a"), letter("b")
    assert batches.add([raw(first, uid=1)]) == []
    assert decisions(batches.add([raw(second, uid=2)])) == [(1, "archived")]
    assert archive.facts.find_messages([key_of(first)])
    assert not archive.facts.find_messages([key_of(second)])
    assert decisions(batches.settle()) == [(2, "archived")]
    assert batches.settle() == []
    assert set(read_maildir(archive.root)) == {key_of(first), key_of(second)}


def test_bytes_that_are_still_on_their_way_are_not_stored_again(archive, batches):
    same = letter("a")
    batches.add([raw(same, uid=1), raw(same, uid=2)])
    assert decisions(batches.add([raw(same, uid=3)])) == [(1, "archived"), (2, "held")]
    assert decisions(batches.settle()) == [(3, "held")]
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
    assert decisions(batches.settle()) == [(3, "archived")]
    assert set(read_maildir(archive.root)) == {key_of(content), key_of(other)}
    assert leftovers(archive.root) == []


def test_a_full_disk_leaves_no_row_and_nothing_in_tmp(archive, batches, monkeypatch):
    def refuse(*_):
        raise OSError(28, os.strerror(28))

    batches.add([raw(letter("a"), uid=1)])
    assert decisions(batches.add([raw(letter("b"), uid=2)])) == [(1, "archived")]
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(ArchiveFull):  # with the batch that is refused, or the one after
        _ = batches.add([raw(letter("c"), uid=3)]) + batches.settle()
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
