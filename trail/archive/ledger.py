"""The ledger: what is archived, where it was seen, what was decided, whose it is. SQLite, one file.

Comes in: facts. Goes out: facts. Of bodies it holds no more than sentences in which clients' mail asks and promises, and never a fact about mail left on a server beyond its UID.
The tables are documented in docs/formats/ledger.md. Times are whole seconds since 1970-01-01 UTC.

One process writes (see `trail.locks`), any number read: WAL, so that readers never wait.
"""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trail.archive.schema import MIGRATIONS
from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly, ArchiveUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SCHEMA_VERSION = len(MIGRATIONS)
BUSY_TIMEOUT = 30.0
"""Seconds a short transaction waits for another one."""
_CHECKPOINT_PAGES = 4000
"""Pages (of 4 KiB) the write-ahead log grows to before they are moved into the file: most are written again till then."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ledger:
    """The ledger of one archive. Raises ArchiveFull, ArchiveReadOnly and ArchiveUnreadable throughout."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        with translate_ledger_errors(path):
            self._connection = _connect(path, write=write)
            try:
                self._check_version(write=write)
            except BaseException:
                self._connection.close()
                raise

    def _check_version(self, *, write: bool) -> None:
        version = self._read_version()
        if version > SCHEMA_VERSION:
            raise ArchiveUnreadable(
                f"{self.path} was written by a newer trail (ledger version {version}, this one reads {SCHEMA_VERSION})",
                "install the newer trail; nothing was changed",
            )
        if version < SCHEMA_VERSION and not write:
            raise ArchiveUnreadable(
                f"{self.path} is not complete (ledger version {version}, this trail reads {SCHEMA_VERSION})",
                "run `trail sync` once: it completes the ledger",
            )
        while version < SCHEMA_VERSION:
            self._migrate(version)
            version = self._read_version()

    def _migrate(self, version: int) -> None:
        """Go one version further. Another process may do the same: who comes second finds it done."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if self._read_version() == version:
                for statement in _split_statements(MIGRATIONS[version]):
                    self._connection.execute(statement)
                # user_version is part of the transaction: a migration is whole or not at all
                self._connection.execute(f"PRAGMA user_version = {version + 1}")
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _read_version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Everything read inside is of one moment, whatever a writer does meanwhile."""
        with translate_ledger_errors(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, durably, or not at all."""
        with translate_ledger_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            try:
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk leaves it open
                    self._connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        with translate_ledger_errors(self.path):
            return self._connection.execute(sql, values)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for every row."""
        with translate_ledger_errors(self.path):
            self._connection.executemany(sql, rows)

    def read_meta(self, name: str) -> str | None:
        """A named value of the archive."""
        row = self.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def write_meta(self, name: str, value: str) -> None:
        """Set a named value of the archive. Call inside a transaction."""
        self.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def check_integrity(self) -> list[str]:
        """SQLite's own check: an empty list when the file is sound."""
        try:
            rows = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check(20)")]
            rows += [
                f"broken reference in {row[0]}"
                for row in self._connection.execute("PRAGMA foreign_key_check")
            ]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [row for row in rows if row != "ok"]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def to_seconds(moment: datetime) -> int:
    """An aware datetime as the ledger keeps it."""
    return int(moment.timestamp())


def from_seconds(seconds: int) -> datetime:
    """A moment of the ledger as an aware datetime in UTC."""
    return _EPOCH + timedelta(
        seconds=seconds
    )  # fromtimestamp() refuses years before 1970 on Windows


def place_holders(values: Sequence[object]) -> str:
    """`?, ?, ?` for an IN clause."""
    return ", ".join("?" * len(values))


def chunk_keys(keys: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """Split into lists short enough for one IN clause."""
    chunk: list[str] = []
    for key in keys:
        chunk.append(key)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    if write:
        with contextlib.suppress(OSError):  # SQLite says better what is wrong
            path.touch(mode=0o600)
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection
    uri = path.absolute().as_uri()
    try:
        return _open_to_read(f"{uri}?mode=ro")
    except sqlite3.OperationalError as error:
        if not _errorname(error).startswith(
            ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR_SHM")
        ):
            raise
    # On a read-only disk, and on a full one, WAL cannot make its shared memory; nobody can write there either, so the file stands still.
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise ArchiveReadOnly(
            f"{path} cannot be read where nothing may be written: its last changes are still in {log.name}",
            "copy the archive to a disk that can be written, and use it there",
        )
    return _open_to_read(f"{uri}?immutable=1")


def _open_to_read(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _errorname(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


def _split_statements(script: str) -> Iterator[str]:
    """The statements of a script, each ending its line (`executescript` would commit the transaction it is called in)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def translate_ledger_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says into ArchiveFull, ArchiveLocked, ArchiveReadOnly or ArchiveUnreadable."""
    try:
        yield
    except sqlite3.Error as error:
        name = _errorname(error)
        if name == "SQLITE_FULL":
            raise ArchiveFull(
                f"no room left on the disk of {path.parent}",
                "make room and run the command again; nothing was lost",
            ) from error
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise ArchiveLocked(
                f"another trail is writing to {path}, and has been for {BUSY_TIMEOUT:.0f} seconds",
                "wait for it to finish, then run the command again",
            ) from error
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise ArchiveReadOnly(
                f"{path} cannot be written or opened ({error})",
                "check the permissions of the archive's folder, and that its disk is not mounted read-only",
            ) from error
        if name.startswith("SQLITE_IOERR"):
            raise ArchiveFull(
                f"the disk of {path.parent} refused to read or write ({error})",
                "look after the disk (is it full, or failing?), then run the command again",
            ) from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise ArchiveUnreadable(
                f"{path} is damaged ({error})",
                "keep a copy of the archive before anything else; then put ledger.db back from a backup, or move it away:"
                " the next `trail sync` makes a new one from the messages in mail/",
            ) from error
        raise
