"""Attachments on their way into the index: found after their messages, once for each content, and never at their cost."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import shutil
import signal
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from archive.archiving import ACME, put, raw
from parse.documents_made import WORDS, make_docx, make_pdf
from test_catchup import hits

from trail import documents, workers
from trail.archive.mending import restore_message
from trail.archive.store import open_archive, writing_archive
from trail.catchup import attribute_pending, index_pending
from trail.confinement import confine
from trail.documents import read_documents
from trail.errors import ArchiveFull, TrailError
from trail.model import Reading
from trail.parse import documents as parse_documents
from trail.parse.kinds import READER
from trail.pipeline import open_index, read_pending, reindex


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path) as opened:
        yield opened


def letter_with(name, *attachments):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "jane@acme.example",
        "me@studio.example",
        name,
    )
    message["Message-ID"] = f"<{name}@x>"
    message.set_content(f"body of {name}")
    for filename, content in attachments:
        message.add_attachment(content, "application", "octet-stream", filename=filename)
    return message.as_bytes().replace(b"\n", b"\r\n")


def index(archive):
    attribute_pending(archive, [ACME])
    with open_index(archive.root) as words:
        return index_pending(archive, words)


def cached(archive):
    return sorted(p.name for p in (archive.root / "cache" / "documents").glob("*/*"))


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def hang(task):
    time.sleep(600)


def spin(task):
    confine(seconds=0.2, memory=1 << 30)
    while True:
        pass


def swell(task):
    held = []
    confine(seconds=60, memory=1 << 28)
    while True:
        with contextlib.suppress(MemoryError):  # as a library in C may go on without it
            held.append(mmap.mmap(-1, 1 << 24))
            held[-1].write(b"x" * (1 << 24))


def test_a_message_is_found_at_once_and_by_its_attachment_later(archive):
    key, other = put(
        archive, letter_with("one", ("a.docx", make_docx(WORDS, "Zwetschge"))), letter_with("two")
    )
    assert index(archive) == 2
    assert hits(archive.root, "one") == [key]
    assert hits(archive.root, "zwetschge") == []
    assert archive.documents.count_unread(READER) == 1
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == [key]
    assert hits(archive.root, '"gesamtbetrag 12.500,00"') == [key]
    assert hits(archive.root) == sorted([key, other])
    assert index(archive) == 0


def test_equal_attachments_are_read_once_and_found_in_every_message(archive, monkeypatch):
    pdf = make_pdf("Zwetschge")
    keys = put(archive, *(letter_with(str(n), (f"{n}.pdf", pdf)) for n in range(3)))
    index(archive)
    assert read_documents(archive) == 1
    assert index(archive) == 3
    assert hits(archive.root, "zwetschge") == sorted(keys)
    assert len(cached(archive)) == 1
    # a fourth one later needs no reader at all
    monkeypatch.setattr(documents, "Crew", None)
    put(archive, letter_with("4", ("4.pdf", pdf)), start=9)
    index(archive)
    assert read_documents(archive) == 0
    assert len(hits(archive.root, "zwetschge")) == 4


def test_a_cache_that_was_deleted_is_made_anew_by_the_next_rebuild(tmp_path):
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
        index(archive)
        read_pending(archive)
    shutil.rmtree(tmp_path / "cache")
    assert hits(tmp_path, "zwetschge") == [key]
    reindex(tmp_path, ())
    assert hits(tmp_path, "zwetschge") == [key]
    assert len(cached(archive)) == 1


@pytest.mark.parametrize("damage", [b"", b"garbage", b"x\x9c\x03"])
def test_a_damaged_file_of_the_cache_counts_as_none(tmp_path, damage):
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
        index(archive)
        read_pending(archive)
    next((tmp_path / "cache" / "documents").glob("*/*")).write_bytes(damage)
    reindex(tmp_path, ())
    assert hits(tmp_path, "zwetschge") == [key]


def test_a_text_that_is_removed_from_the_cache_is_gone(archive):
    put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    read_pending(archive)
    (digest,) = cached(archive)
    archive.documents.remove_texts([digest, "0" * 64])
    assert cached(archive) == []


def test_a_newer_reader_reads_everything_again(archive, monkeypatch):
    put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    read_pending(archive)
    monkeypatch.setattr(documents, "READER", READER + 1)
    assert read_documents(archive) == 1
    assert read_documents(archive) == 0
    assert index(archive) == 1


def test_what_cannot_be_read_is_listed_and_not_tried_again(archive):
    key, _ = put(
        archive,
        letter_with("one", ("a.pdf", b"%PDF-1.4 garbage"), ("b.docx", make_docx("Zwetschge"))),
        letter_with("two", ("bild.png", b"\x89PNG")),
    )
    index(archive)
    assert read_pending(archive) == 0
    assert [tuple(p) for p in archive.documents.iter_problems()] == [
        (key, 1, "a.pdf", "it is damaged")
    ]
    assert list(archive.documents.iter_problems("0" * 64)) == []
    assert archive.documents.count_problems() == 1
    assert hits(archive.root, "zwetschge") == [key]
    assert read_documents(archive) == 0


@pytest.mark.parametrize(
    ("reader", "patience", "problem"),
    [
        (die, 300.0, "reading it kills the reader"),
        (hang, 5.0, "reading it takes more than 5 seconds"),
        (spin, 300.0, "reading it takes more than 30 seconds of processor time"),
        (swell, 300.0, "reading it takes more than 1024 MiB of memory"),
    ],
)  # fmt: skip
def test_a_document_that_ends_its_reader_costs_its_own_text_only(
    archive, monkeypatch, reader, patience, problem
):
    put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    monkeypatch.setattr(documents, "read_stored", reader)
    monkeypatch.setattr(documents, "PATIENCE", patience)
    assert read_pending(archive) == 0
    assert [p.reason for p in archive.documents.iter_problems()] == [problem]
    monkeypatch.undo()
    (key,) = put(archive, letter_with("two", ("b.pdf", make_pdf("Mirabelle"))), start=9)
    index(archive)
    assert read_pending(archive) == 0
    assert hits(archive.root, "mirabelle") == [key]


def test_reading_stops_when_told_and_goes_on_another_time(archive, monkeypatch):
    keys = put(
        archive, *(letter_with(str(n), (f"{n}.pdf", make_pdf(f"Zwetschge {n}"))) for n in range(6))
    )
    index(archive)
    assert read_documents(archive, enough=lambda: True) == 0
    with monkeypatch.context() as patch:
        patch.setattr(documents, "read_stored", hang)
        began = time.monotonic()
        assert read_documents(archive, stopping=lambda: True) == 0
        assert time.monotonic() - began < 200
    assert archive.documents.count_unread(READER) == 6
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == sorted(keys)


def test_a_kill_between_reading_and_indexing_loses_nothing(archive):
    (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    assert read_documents(archive) == 1  # and killed here
    assert index(archive) == 1
    assert hits(archive.root, "zwetschge") == [key]


def test_the_words_of_a_message_that_was_changed_on_the_disk_are_not_taken(archive):
    put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    (path,) = (archive.root / "mail").glob("*/*/cur/*")
    path.chmod(0o600)
    path.write_bytes(letter_with("one", ("a.pdf", make_pdf("Mirabelle"))))
    read_pending(archive)
    assert [p.reason for p in archive.documents.iter_problems()] == [
        "its message is not what it was"
    ]
    path.unlink()
    with archive.ledger.transaction():
        archive.documents.forget([d.digest for d in archive.documents.find_unread(99, 10)])
    read_pending(archive)
    assert [p.reason for p in archive.documents.iter_problems()] == [
        "its message is missing or cannot be read"
    ]


def test_words_of_two_attachments_are_no_phrase(archive):
    (key,) = put(archive, letter_with("one", ("a.txt", b"rote"), ("b.txt", b"tinte")))
    index(archive)
    read_pending(archive)
    assert hits(archive.root, "rote tinte") == [key]
    assert hits(archive.root, '"rote tinte"') == []


def test_limits_of_a_process_hold_from_task_to_task():
    with workers.Crew(1) as crew:
        for _ in range(4):
            assert crew.submit(confine_and_work, 1.0).result() >= 1.0


def confine_and_work(seconds):
    """Work a little less than is allowed: the next task has as much again."""
    confine(seconds=2, memory=1 << 30)
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass
    return time.process_time() - began


def test_a_worker_of_a_process_that_once_was_large_has_the_whole_limit():
    peak = bytearray(b"x" * (600 << 20))
    del peak
    with workers.Crew(1) as crew:
        assert crew.submit(confine_and_wait, 512 << 20).result() == "alive"


def confine_and_wait(memory):
    confine(seconds=60, memory=memory)
    time.sleep(1)
    return "alive"


class NoWorker:
    def __init__(self):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")


def raise_memory_error(content):
    raise MemoryError


def test_where_no_process_can_be_started_attachments_wait_for_another_time(archive, monkeypatch):
    (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "_Worker", NoWorker)
        # an error, not a mere stop: the daemon would begin anew at once, for ever
        with pytest.raises(TrailError, match="no process can be started"):
            read_documents(archive)
    assert archive.documents.count_problems() == 0
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == [key]


def test_readers_that_would_end_with_any_document_accuse_none(archive, monkeypatch):
    (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    with monkeypatch.context() as patch:
        patch.setattr(documents, "read_stored", die)
        patch.setattr(documents, "can_read", die)  # as where there is too little memory for Python
        with pytest.raises(TrailError, match="it ends before it begins"):
            read_documents(archive)
    assert archive.documents.count_problems() == 0
    assert archive.documents.count_unread(READER) == 1
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == [key]


def test_a_text_that_a_newer_reader_does_not_find_is_found_no_longer(archive, monkeypatch):
    (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    read_pending(archive)
    assert hits(archive.root, "zwetschge") == [key]
    (digest,) = cached(archive)
    with archive.ledger.transaction():
        archive.documents.record([Reading(digest, "", "")], READER + 1)
    assert index(archive) == 1
    assert hits(archive.root, "zwetschge") == []
    assert cached(archive) == []
    assert archive.documents.list_texts(key) == []


def test_a_text_that_a_newer_reader_was_kept_from_reading_stays(tmp_path):
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
        index(archive)
        read_pending(archive)
        (digest,) = cached(archive)
        archive.documents.forget([digest])  # as by `trail unreadable --retry`
        with archive.ledger.transaction():
            archive.documents.record([Reading(digest, "", "it takes too long")], READER)
    reindex(tmp_path, ())
    with open_archive(tmp_path) as archive:
        assert hits(archive.root, "zwetschge") == [key]
        assert [name for name, _ in archive.documents.list_texts(key)] == ["a.pdf"]
        assert archive.documents.count_problems() == 1


def test_attachments_of_a_message_that_was_repaired_are_read_after_all(archive):
    content = letter_with("one", ("a.pdf", make_pdf("Zwetschge")))
    (key,) = put(archive, content)
    index(archive)
    (path,) = (archive.root / "mail").glob("*/*/cur/*")
    path.unlink()
    assert read_pending(archive) == 0
    assert archive.documents.count_problems() == 1
    restore_message(archive, archive.facts.find_messages([key])[key], raw(content))
    index(archive)
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == [key]
    assert archive.documents.count_problems() == 0


def test_an_attachment_whose_message_is_missing_is_read_from_another_that_has_it(archive):
    pdf = make_pdf("Zwetschge")
    keys = put(archive, *(letter_with(str(n), ("a.pdf", pdf)) for n in range(3)))
    index(archive)
    newest, older, _ = archive.documents.find_copies(archive.documents.find_unread(READER, 9)[0].digest)  # fmt: skip
    for copy in (newest, older):
        (archive.root / archive.locate(copy.message)).unlink()
    assert read_documents(archive) == 1
    assert archive.documents.count_problems() == 0
    assert len(cached(archive)) == 1
    assert len(keys) == 3


def test_a_message_that_cannot_be_taken_apart_ends_no_round(tmp_path, monkeypatch):
    monkeypatch.setattr(parse_documents, "confine", lambda **_: None)  # this process lives on
    monkeypatch.setattr(parse_documents, "iter_attachments", raise_memory_error)
    path = tmp_path / "message"
    path.write_bytes(b"\r\n")
    reading = parse_documents.read_stored(parse_documents.Task(str(path), 9, 1, "0" * 64))
    assert reading.problem == "its message cannot be taken apart (MemoryError)"


def test_a_full_disk_leaves_no_half_of_a_text(archive, monkeypatch):
    def fill(path, content):
        with path.open("wb") as file:
            file.write(content[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    (key,) = put(archive, letter_with("one", ("a.pdf", make_pdf("Zwetschge"))))
    index(archive)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fill)
        with pytest.raises(ArchiveFull):
            read_documents(archive)
    assert cached(archive) == []
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == [key]


def test_who_stops_the_reading_does_not_wait_for_the_index(archive):
    keys = put(
        archive, *(letter_with(str(n), (f"{n}.pdf", make_pdf(f"Zwetschge {n}"))) for n in range(4))
    )
    index(archive)
    read_pending(archive, stopping=lambda: bool(cached(archive)))
    assert cached(archive)
    assert hits(archive.root, "zwetschge") == []
    index(archive)
    assert hits(archive.root, "zwetschge")
    assert read_pending(archive) == 0
    assert hits(archive.root, "zwetschge") == sorted(keys)
