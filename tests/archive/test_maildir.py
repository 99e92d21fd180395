"""The Maildir: names, order of writing, what a crash or a mail program leaves."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from archive import archiving

from trail.archive import disk
from trail.archive.maildir import (
    empty_tmp,
    find_file,
    list_files,
    list_strangers,
    name_file,
    read_message,
    store_messages,
)
from trail.archive.store import open_archive, writing_archive
from trail.archive.verify import verify_archive
from trail.errors import ArchiveFull, ArchiveReadOnly, FixityMismatch
from trail.model import RawMessage, RemoteRef

AT = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)


def raw(
    content=b"Subject: x\r\n\r\nhello\r\n",
    *,
    uid=1,
    at=AT,
    flags=(),
    folder="INBOX",
    account="work",
    labels=(),
):
    return RawMessage(RemoteRef(account, folder, 7, uid), content, at, flags, labels)


def key_of(content):
    return hashlib.sha256(content).hexdigest()


def store(root, *messages):
    return store_messages(root, [(key_of(m.content), m) for m in messages])


def archive_batch(archive, *messages, under="u"):
    ref = messages[0].ref
    with archive.ledger.transaction():
        epoch = archive.sightings.open_epoch(ref.account, ref.folder, ref.uidvalidity, AT)
    return archiving.store(archive, epoch, messages, under=under)


def test_a_name_tells_date_hash_size_and_flags_in_order():
    message = raw(
        b"abc",
        flags=("\\Seen", "\\Flagged", "$Forwarded", "\\Answered", "\\Draft", "\\Deleted", "custom"),
    )
    assert name_file("f" * 64, message) == f"1709629200.{'f' * 64}.trail,S=3:2,DFPRST"


@pytest.mark.parametrize(("at", "year", "epoch"), [
    (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "1969", "-1"),
    (datetime(1, 1, 1, tzinfo=UTC), "0001", "-62135596800"),
    (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999", "253402300799"),
])  # fmt: skip
def test_absurd_dates_are_stored_and_found_again(tmp_path, at, year, epoch):
    (stored,) = store(tmp_path, raw(at=at))
    assert stored.path.parts[2] == year
    assert stored.path.name.startswith(f"{epoch}.")
    (found,) = list_files(tmp_path)
    assert (found.received_at, found.path, found.key) == (at, stored.path, stored.key)


def test_a_batch_is_durable_before_it_is_renamed_and_its_folder_after(tmp_path, monkeypatch):
    calls = []
    names = {}
    real = {
        "fsync": os.fsync,
        "open": os.open,
        "replace": os.replace,
        "close": os.close,
    }

    def note_fsync(descriptor):
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        calls.append(("fsync", path))
        real["fsync"](descriptor)

    def note_replace(source, target):
        calls.append(("rename", target))
        names[target] = source
        real["replace"](source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    stored = store(tmp_path, *(raw(b"%d" % n, uid=n) for n in range(5)))
    for message in stored:
        final = str(tmp_path / message.path)
        renamed = calls.index(("rename", final))
        assert (
            calls.index(("fsync", names[final]))
            < renamed
            < calls.index(("fsync", str((tmp_path / message.path).parent)))
        )
    first_rename = next(n for n, (kind, _) in enumerate(calls) if kind == "rename")
    for level in ("mail/work/2024", "mail/work", "mail", ""):
        assert calls.index(("fsync", str(tmp_path / level).rstrip("/"))) < first_rename


def test_a_large_batch_is_flushed_by_one_call_for_the_file_system(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(
        disk, "_sync_file_system", lambda folder: flushed.append(list(folder.iterdir())) or True
    )
    store(tmp_path, *(raw(b"%d" % n, uid=n) for n in range(20)))
    assert [len(files) for files in flushed] == [20]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_where_that_call_is_forbidden_every_file_is_flushed_alone(tmp_path, monkeypatch, number):
    class Libc:
        def syncfs(self, _descriptor):
            return -1

    flushed = []
    real = os.fsync
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Libc())
    monkeypatch.setattr(ctypes, "get_errno", lambda: number)
    monkeypatch.setattr(os, "fsync", lambda fd: flushed.append(fd) or real(fd))
    store(tmp_path, *(raw(b"%d" % n, uid=n) for n in range(20)))
    assert len(flushed) >= 20


def test_a_network_disk_that_cannot_flush_a_folder_is_no_error(tmp_path, monkeypatch):
    real = os.fsync

    def refuse_folders(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 - a descriptor, not a path of ours
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    assert store(tmp_path, raw())


@pytest.mark.parametrize(("number", "error"), [
    (errno.ENOSPC, ArchiveFull), (errno.EDQUOT, ArchiveFull), (errno.EFBIG, ArchiveFull), (errno.EIO, ArchiveFull),
    (errno.EROFS, ArchiveReadOnly), (errno.EACCES, ArchiveReadOnly), (errno.EPERM, ArchiveReadOnly),
])  # fmt: skip
def test_what_the_disk_says_is_said_in_words_and_nothing_is_left_behind(
    tmp_path, monkeypatch, number, error
):
    def refuse(_fd, _content):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(error):
        store(tmp_path, raw(), raw(b"two", uid=2))
    assert not [path for path in (tmp_path / "mail").rglob("*") if path.is_file()]


def test_a_short_write_is_continued(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: real(fd, bytes(content)[:7]))
    (stored,) = store(tmp_path, raw())
    assert (tmp_path / stored.path).read_bytes() == raw().content


def test_reading_checks_the_bytes(tmp_path):
    (stored,) = store(tmp_path, raw())
    assert read_message(tmp_path, stored.path, stored.key) == raw().content
    (tmp_path / stored.path).write_bytes(b"other")
    with pytest.raises(FixityMismatch, match="altered"):
        read_message(tmp_path, stored.path, stored.key)
    (tmp_path / stored.path).unlink()
    with pytest.raises(FixityMismatch, match="missing"):
        read_message(tmp_path, stored.path, stored.key)


def test_a_mail_program_that_changes_flags_in_the_name_loses_nothing(tmp_path):
    with writing_archive(tmp_path) as archive:
        archive_batch(archive, raw(), raw(b"two", uid=2))
        messages = list(archive.facts.iter_messages())
        for message in messages:
            path = tmp_path / message.path
            path.rename(path.with_name(path.name.replace(":2,", ":2,FSa")))
        assert [archive.read(m) for m in messages] == [
            m for k in (m.key for m in messages) for m in (raw().content, b"two") if key_of(m) == k
        ]
        again = archive_batch(archive, raw(uid=3))
    assert [s.decision for s in again] == ["held"]
    with open_archive(tmp_path) as archive:
        assert verify_archive(archive).problems == ()
    assert len(list(list_files(tmp_path))) == 2


def test_a_renamed_file_is_found_again_after_each_change(tmp_path):
    (stored,) = store(tmp_path, raw())
    path = tmp_path / stored.path
    for flags in ("S", "FS", "T"):
        path = path.rename(path.with_name(path.name.partition(":")[0] + ":2," + flags))
        os.utime(path.parent, ns=(0, hash(flags) % 10**9))
        assert find_file(tmp_path, stored.path) == path.relative_to(tmp_path)
    path.unlink()
    os.utime(path.parent, ns=(0, 1))
    assert find_file(tmp_path, stored.path) is None
    assert find_file(tmp_path / "nowhere", stored.path) is None


STRANGERS = [
    "note.txt",
    "1.short.trail,S=1:2,",
    f"{10**11 * 9}.{'a' * 64}.trail,S=1:2,",
    f"1.{'A' * 64}.trail,S=1:2,",
    f"1.{'a' * 64}.trail,S=1:2,S\n",
]


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_file_is_named_and_left_alone(tmp_path, name):
    (stored,) = store(tmp_path, raw())
    stranger = tmp_path / stored.path.parent / name
    stranger.write_bytes(b"mine")
    assert list(list_strangers(tmp_path)) == [stranger.relative_to(tmp_path)]
    assert [f.key for f in list_files(tmp_path)] == [stored.key]
    with writing_archive(tmp_path):
        pass
    assert stranger.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "place",
    [
        "mail/x",
        "mail/work/x",
        "mail/work/2024/x",
        "mail/work/2024/new/x",
        "mail/work/2024/cur/deep/x",
        "mail/work/2024/other/x",
    ],
)
def test_strangers_are_found_wherever_they_lie(tmp_path, place):
    store(tmp_path, raw())
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_bytes(b"mine")
    assert [path.as_posix() for path in list_strangers(tmp_path)] == [place]


def test_only_tmp_is_emptied(tmp_path):
    (stored,) = store(tmp_path, raw())
    left = tmp_path / stored.path.parent.parent / "tmp" / "half"
    left.write_bytes(b"ha")
    assert list(list_strangers(tmp_path)) == []
    assert empty_tmp(tmp_path) == 1
    assert not left.exists()
    assert (tmp_path / stored.path).exists()


def test_windows_names_are_read_on_every_system(tmp_path):
    (stored,) = store(tmp_path, raw())
    path = tmp_path / stored.path
    path.rename(path.with_name(path.name.replace(":2,", ";2,")))
    assert [f.key for f in list_files(tmp_path)] == [stored.key]
    assert read_message(tmp_path, stored.path, stored.key) == raw().content


def test_a_message_that_cannot_be_opened_is_no_traceback(tmp_path, monkeypatch):
    (stored,) = store(tmp_path, raw())

    def refuse(_self):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(type(tmp_path), "read_bytes", refuse)
    with pytest.raises(FixityMismatch, match="cannot be read"):
        read_message(tmp_path, stored.path, stored.key)


def test_two_accounts_with_the_same_bytes_keep_one_file(tmp_path):
    with writing_archive(tmp_path) as archive:
        archive_batch(archive, raw())
        (second,) = archive_batch(archive, raw(account="home", at=AT + timedelta(days=400)))
        assert second.decision == "held"
        (places,) = archive.sightings.places([key_of(raw().content)]).values()
        assert [s.ref.account for s in places] == ["work", "home"]
    (file,) = list_files(tmp_path)
    assert file.account == "work"
