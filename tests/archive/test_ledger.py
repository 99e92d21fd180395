"""The ledger: versions, damage, full disks, many readers and one writer."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime

import pytest
from archive.archiving import ACME, AT, clients_of, letter, put

from trail.archive import ledger as ledgers
from trail.archive.ledger import MIGRATIONS, SCHEMA_VERSION, Ledger, from_seconds, to_seconds
from trail.archive.store import open_archive, record_event, writing_archive
from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly, ArchiveUnreadable


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def open_and_close(path, *, write):
    Ledger(path, write=write).close()


def test_a_new_ledger_has_the_present_version(path):
    open_and_close(path, write=True)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()
    open_and_close(path, write=False)


def test_a_ledger_of_a_newer_trail_is_refused_and_not_changed(path):
    open_and_close(path, write=True)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    for write in (True, False):
        with pytest.raises(ArchiveUnreadable, match="newer trail"):
            open_and_close(path, write=write)
    assert path.read_bytes() == before


def test_a_migration_is_whole_or_not_at_all_and_runs_once(path, monkeypatch):
    open_and_close(path, write=True)
    broken = (*MIGRATIONS, "CREATE TABLE extra (a);\nINSERT INTO nowhere VALUES (1);")
    monkeypatch.setattr(ledgers, "MIGRATIONS", broken)
    monkeypatch.setattr(ledgers, "SCHEMA_VERSION", len(broken))
    with pytest.raises(sqlite3.OperationalError):
        open_and_close(path, write=True)
    monkeypatch.setattr(
        ledgers,
        "MIGRATIONS",
        (*MIGRATIONS, "CREATE TABLE extra (a);\nINSERT INTO extra VALUES (';');"),
    )
    with pytest.raises(ArchiveUnreadable, match="not complete"):
        open_and_close(path, write=False)
    for _ in range(2):
        ledger = Ledger(path, write=True)
        assert ledger.execute("SELECT a FROM extra").fetchall() == [(";",)]
        ledger.close()


def test_two_processes_that_migrate_at_once_both_come_through(path, monkeypatch):
    open_and_close(path, write=True)
    monkeypatch.setattr(ledgers, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE extra (a);"))
    monkeypatch.setattr(ledgers, "SCHEMA_VERSION", len(MIGRATIONS) + 1)
    gate = threading.Barrier(2, timeout=20)
    real, errors = Ledger._migrate, []

    def wait_and_migrate(self, version):
        gate.wait()
        real(self, version)

    def run():
        try:
            open_and_close(path, write=True)
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    monkeypatch.setattr(Ledger, "_migrate", wait_and_migrate)
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_ledger_cut_off_at_its_birth_is_completed_by_the_next_writer(path):
    path.touch()
    with pytest.raises(ArchiveUnreadable, match="not complete"), open_archive(path.parent):
        pass
    with writing_archive(path.parent):
        pass
    with open_archive(path.parent) as archive:
        assert archive.facts.count_messages() == (0, 0)


@pytest.mark.parametrize(
    "content", [b"not a database, by far not" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_ledger_is_named_as_such(path, content):
    path.write_bytes(content)
    for write in (True, False):
        with pytest.raises(ArchiveUnreadable, match="damaged"):
            open_and_close(path, write=write)


def test_damage_that_is_met_while_rows_are_read_is_named_as_such(tmp_path):
    with writing_archive(tmp_path) as archive:
        put(archive, *(letter(str(n)) for n in range(300)))
    file = tmp_path / "ledger.db"
    pages = bytearray(file.read_bytes())
    pages[4096 * 3 :] = b"\xaa" * len(pages[4096 * 3 :])
    file.write_bytes(pages)

    def read_all():
        with open_archive(tmp_path) as archive:
            list(archive.facts.iter_messages())
            list(archive.facts.iter_unattributed("r"))

    with pytest.raises(ArchiveUnreadable):
        read_all()


def test_readers_see_the_state_before_a_transaction_until_it_is_done(path):
    writer = Ledger(path, write=True)
    reader = Ledger(path, write=False)
    with writer.transaction():
        writer.write_meta("a", "1")
        assert reader.read_meta("a") is None
    assert reader.read_meta("a") == "1"
    with reader.reading():
        assert reader.read_meta("a") == "1"
        with writer.transaction():
            writer.write_meta("a", "2")
        assert reader.read_meta("a") == "1"
    assert reader.read_meta("a") == "2"
    reader.close()
    writer.close()


def test_a_reader_can_never_write(path):
    open_and_close(path, write=True)
    reader = Ledger(path, write=False)
    with pytest.raises(ArchiveReadOnly):
        reader.execute("INSERT INTO meta VALUES ('a', 'b')")
    reader.close()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_transaction_leaves_nothing(path, error):
    ledger = Ledger(path, write=True)
    with pytest.raises(error), ledger.transaction():  # noqa: PT012 - what came before the error is the point
        ledger.write_meta("a", "1")
        raise error
    assert ledger.read_meta("a") is None
    with ledger.transaction():
        ledger.write_meta("a", "2")
    assert ledger.read_meta("a") == "2"
    ledger.close()


def test_a_full_disk_rolls_back_and_the_ledger_goes_on_when_there_is_room(path):
    ledger = Ledger(path, write=True)
    pages = ledger.execute("PRAGMA page_count").fetchone()[0]
    ledger.execute(f"PRAGMA max_page_count = {pages + 2}")

    def write_much():
        with ledger.transaction():
            for number in range(2000):
                ledger.write_meta(str(number), "x" * 100)

    with pytest.raises(ArchiveFull):
        write_much()
    assert ledger.execute("SELECT count(*) FROM meta").fetchone() == (0,)
    ledger.execute("PRAGMA max_page_count = 100000")
    write_much()
    assert ledger.check_integrity() == []
    ledger.close()


def test_a_writer_that_waits_in_vain_is_told_who_is_in_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(ledgers, "BUSY_TIMEOUT", 0.05)
    with writing_archive(tmp_path) as archive, archive.ledger.transaction():
        archive.ledger.write_meta("a", "1")
        with pytest.raises(ArchiveLocked):
            record_event(tmp_path, "handed-over")


def test_a_sighting_of_a_message_that_is_not_there_is_refused(tmp_path):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"))
        with pytest.raises(sqlite3.IntegrityError):
            archive.ledger.execute("UPDATE sighting SET key = ?", ("f" * 64,))
        with pytest.raises(sqlite3.IntegrityError):
            archive.ledger.execute("UPDATE sighting SET decision = 'left'")
        archive.ledger.execute("PRAGMA foreign_keys = OFF")
        archive.ledger.execute("UPDATE sighting SET key = ?", ("f" * 64,))
        assert any("broken reference" in problem for problem in archive.ledger.check_integrity())


@pytest.fixture
def read_only(monkeypatch):
    """A disk on which WAL cannot make its shared memory (root may write anywhere, so SQLite is made to say no)."""
    real = ledgers._open_to_read

    def refuse(uri):
        if "immutable" in uri:
            return real(uri)
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorname = "SQLITE_CANTOPEN"
        raise error

    def switch():
        monkeypatch.setattr(ledgers, "_open_to_read", refuse)

    return switch


def test_an_archive_on_a_read_only_disk_is_read(tmp_path, read_only):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"))
    read_only()
    with open_archive(tmp_path) as archive:
        assert archive.facts.count_messages()[0] == 1


def test_what_only_the_log_of_a_killed_writer_knows_is_never_silently_missing(tmp_path, read_only):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"))
        assert (tmp_path / "ledger.db-wal").stat().st_size
        read_only()
        with pytest.raises(ArchiveReadOnly, match=r"ledger\.db-wal"), open_archive(tmp_path):
            pass


def test_a_lock_that_is_no_read_only_disk_is_not_taken_for_one(path, monkeypatch):
    open_and_close(path, write=True)

    def refuse(_uri):
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorname = "SQLITE_BUSY"
        raise error

    monkeypatch.setattr(ledgers, "_open_to_read", refuse)
    with pytest.raises(ArchiveLocked):
        open_and_close(path, write=False)


@pytest.mark.parametrize(
    "moment",
    [
        AT,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_every_moment_comes_back_as_it_was(moment):
    assert from_seconds(to_seconds(moment)) == moment


def test_a_lost_ledger_is_made_anew_from_the_messages(tmp_path):
    with writing_archive(tmp_path) as archive:
        keys = put(archive, letter("a"), letter("b"))
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    with writing_archive(tmp_path) as archive:
        assert sorted(m.key for m in archive.facts.iter_messages()) == sorted(keys)
        assert set(clients_of(archive, ACME)) == set(keys)
        assert archive.audit.check() == []
