"""The ledger: what is archived, where it was seen, what was decided, whose it is. SQLite, one file.

Comes in: facts. Goes out: facts. It never holds a body, and never a fact about mail left on a server beyond its UID.
The tables are documented in docs/formats/ledger.md. Times are whole seconds since 1970-01-01 UTC.

One process writes (see `trail.locks`), any number read: WAL, so that readers never wait.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail.errors import ArchiveFull, ArchiveReadOnly, ArchiveUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MIGRATIONS = (
    # 1: the first version
    """
    CREATE TABLE message (
        key TEXT PRIMARY KEY,              -- SHA-256 of the bytes, hex
        path TEXT NOT NULL,                -- below the archive's folder, with /
        size INTEGER NOT NULL,
        received_at INTEGER NOT NULL,      -- INTERNALDATE where it was first seen
        archived_at INTEGER NOT NULL,
        attributed_under TEXT,             -- fingerprint of the rules; NULL: not attributed yet
        indexed_in TEXT,                   -- generation of the index; NULL: not indexed, or changed since
        defects TEXT NOT NULL DEFAULT '',  -- what the parser found wrong, one a line
        unparsable INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX message_attributed ON message (attributed_under);
    CREATE INDEX message_indexed ON message (indexed_in);

    CREATE TABLE epoch (                   -- a folder under one UIDVALIDITY
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        first_seen_at INTEGER NOT NULL,
        last_seen_at INTEGER NOT NULL,
        on_server INTEGER NOT NULL DEFAULT 0,
        uidnext INTEGER,                   -- with on_server, what the last complete round saw; NULL: look again
        looked_under TEXT,                 -- scope and rules of that round
        UNIQUE (account, folder, uidvalidity)
    );

    CREATE TABLE sighting (                -- one row for every UID a server showed
        epoch INTEGER NOT NULL REFERENCES epoch (id),
        uid INTEGER NOT NULL,
        decision TEXT NOT NULL CHECK (decision IN ('archived', 'held', 'left', 'failed')),
        key TEXT REFERENCES message (key),
        seen_at INTEGER NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        flags TEXT NOT NULL DEFAULT '',    -- separated by blanks
        labels TEXT NOT NULL DEFAULT '',   -- Gmail's, one a line
        decided_under TEXT NOT NULL,       -- scope and rules of the decision
        gone_at INTEGER,                   -- when the server no longer showed it
        PRIMARY KEY (epoch, uid),
        CHECK ((key IS NULL) = (decision IN ('left', 'failed')))
    ) WITHOUT ROWID;
    CREATE INDEX sighting_key ON sighting (key) WHERE key IS NOT NULL;
    CREATE INDEX sighting_failed ON sighting (epoch) WHERE decision = 'failed';

    CREATE TABLE envelope (                -- the headers of a message, read; can be rebuilt
        key TEXT PRIMARY KEY REFERENCES message (key),
        message_id TEXT,
        subject TEXT NOT NULL,
        sent_at INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX envelope_message_id ON envelope (message_id);
    CREATE TABLE reference (
        key TEXT NOT NULL REFERENCES message (key),
        position INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        PRIMARY KEY (key, position)
    ) WITHOUT ROWID;
    CREATE INDEX reference_message_id ON reference (message_id);
    CREATE TABLE address (
        key TEXT NOT NULL REFERENCES message (key),
        position INTEGER NOT NULL,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        PRIMARY KEY (key, position)
    ) WITHOUT ROWID;

    CREATE TABLE attribution (
        key TEXT NOT NULL REFERENCES message (key),
        client TEXT NOT NULL,
        reason TEXT NOT NULL,
        inherited INTEGER NOT NULL,        -- 1: only its thread says so
        PRIMARY KEY (key, client)
    ) WITHOUT ROWID;
    CREATE INDEX attribution_client ON attribution (client);

    CREATE TABLE round (                   -- the last rounds of every account
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        archived INTEGER NOT NULL DEFAULT 0,
        error TEXT                         -- NULL: done
    );
    CREATE INDEX round_account ON round (account, id);

    CREATE TABLE audit_outbox (            -- lines on their way to audit.jsonl
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL
    );
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
)
SCHEMA_VERSION = len(MIGRATIONS)
BUSY_TIMEOUT = 30.0
"""Seconds a short transaction waits for another one."""


class Ledger:
    """The ledger of one archive. Raises ArchiveFull, ArchiveReadOnly and ArchiveUnreadable throughout."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        with _translating(path):
            self._connection = _connect(path, write=write)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                self._connection.close()
                raise ArchiveUnreadable(
                    f"{path} was written by a newer trail (ledger version {version}, this one reads {SCHEMA_VERSION})",
                    "install the newer trail; nothing was changed",
                )
            if write:
                self._migrate(version)

    def _migrate(self, version: int) -> None:
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            # user_version is part of the transaction: a migration is whole or not at all
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, durably, or not at all."""
        with _translating(self.path):
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
        with _translating(self.path):
            return self._connection.execute(sql, values)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for every row."""
        with _translating(self.path):
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
    return datetime.fromtimestamp(seconds, UTC)


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
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
    uri = path.absolute().as_uri()
    try:
        connection = sqlite3.connect(
            f"{uri}?mode=ro", uri=True, timeout=BUSY_TIMEOUT, isolation_level=None
        )
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # On a read-only disk WAL cannot make its shared memory; nobody can write there either, so the file stands still.
        connection = sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


@contextmanager
def _translating(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        if name == "SQLITE_FULL":
            raise ArchiveFull(
                f"no room left on the disk of {path.parent}",
                "make room and run the command again; nothing was lost",
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
        if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
            raise ArchiveUnreadable(
                f"{path} is damaged ({error})",
                "run `trail verify`; keep a copy of the archive before anything else",
            ) from error
        raise
