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

from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly, ArchiveUnreadable

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
    );                                     -- with rowid: by key, every batch would write every page anew
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
        mailboxid TEXT,                    -- MAILBOXID, where the server has it (RFC 8474)
        gone_at INTEGER,                   -- when the server no longer listed the folder
        retired_at INTEGER,                -- when its UIDs were found to stand for other messages; kept as history
        modseq INTEGER                     -- HIGHESTMODSEQ up to which flags and labels are known; NULL: not known
    );
    CREATE UNIQUE INDEX epoch_present ON epoch (account, folder, uidvalidity, coalesce(mailboxid, ''))
        WHERE retired_at IS NULL;
    CREATE TABLE former_name (             -- names a folder had before it was renamed on the server
        epoch INTEGER NOT NULL REFERENCES epoch (id),
        folder TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (epoch, folder)
    ) WITHOUT ROWID;

    CREATE TABLE sighting (                -- one row for every UID a server showed
        epoch INTEGER NOT NULL REFERENCES epoch (id),
        uid INTEGER NOT NULL,
        decision TEXT NOT NULL CHECK (decision IN ('archived', 'held', 'left', 'failed', 'forgotten')),
        key TEXT REFERENCES message (key),
        seen_at INTEGER NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        flags TEXT NOT NULL DEFAULT '',    -- separated by blanks
        labels TEXT NOT NULL DEFAULT '',   -- Gmail's, one a line
        decided_under TEXT NOT NULL,       -- scope and rules of the decision
        gone_at INTEGER,                   -- when the server no longer showed it
        PRIMARY KEY (epoch, uid),
        CHECK ((key IS NULL) = (decision IN ('left', 'failed', 'forgotten')))
    ) WITHOUT ROWID;
    CREATE INDEX sighting_key ON sighting (key) WHERE key IS NOT NULL;
    CREATE TABLE gmail (                   -- Gmail's numbers of a sighting, in decimal: they are unsigned
        epoch INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        message TEXT NOT NULL,             -- X-GM-MSGID
        thread TEXT NOT NULL,              -- X-GM-THRID
        PRIMARY KEY (epoch, uid)
    ) WITHOUT ROWID;
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

    CREATE TABLE document (                -- an attachment in which there may be text; can be rebuilt
        key TEXT NOT NULL REFERENCES message (key),
        number INTEGER NOT NULL,           -- its place among the message's attachments, from 1
        digest TEXT NOT NULL,              -- SHA-256 of its decoded bytes, hex
        filename TEXT NOT NULL,
        PRIMARY KEY (key, number)
    ) WITHOUT ROWID;
    CREATE INDEX document_digest ON document (digest);
    CREATE TABLE reading (                 -- a digest whose text was looked for; the text is in cache/documents/
        digest TEXT PRIMARY KEY,
        reader INTEGER NOT NULL,           -- version of what read it
        has_text INTEGER NOT NULL,         -- 1: there is one
        problem TEXT NOT NULL              -- why it could not be read, or not to its end; '' where it could
    ) WITHOUT ROWID;
    CREATE INDEX reading_problem ON reading (digest) WHERE problem <> '';

    CREATE TABLE building (                -- what is in the index that is being built beside the one that serves
        key TEXT PRIMARY KEY,
        done INTEGER NOT NULL              -- 0: at work
    ) WITHOUT ROWID;                       -- what changes meanwhile leaves it, and is built once more
    CREATE TRIGGER building_changed AFTER UPDATE OF indexed_in ON message WHEN NEW.indexed_in IS NULL
        BEGIN DELETE FROM building WHERE key = NEW.key; END;
    CREATE TRIGGER building_gone AFTER DELETE ON message
        BEGIN DELETE FROM building WHERE key = OLD.key; END;

    CREATE TABLE round (                   -- the last rounds of every account
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        archived INTEGER NOT NULL DEFAULT 0,
        error TEXT,                        -- NULL: done
        warnings TEXT NOT NULL DEFAULT ''  -- one a line
    );
    CREATE INDEX round_account ON round (account, id);

    CREATE TABLE handoff (                 -- each hand-off that was made
        id INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        bundle TEXT NOT NULL,              -- the name of its folder
        digest TEXT NOT NULL,              -- as in the audit log
        at INTEGER NOT NULL,
        by TEXT NOT NULL,
        filters TEXT NOT NULL,             -- JSON
        messages INTEGER NOT NULL,
        withheld INTEGER NOT NULL,
        continues INTEGER,                 -- the hand-off before it; NULL: it has all
        salt TEXT NOT NULL                 -- of what stands for the originals of changed messages, hex
    );
    CREATE INDEX handoff_client ON handoff (client, id);
    CREATE TABLE given (                   -- what was in a hand-off
        handoff INTEGER NOT NULL REFERENCES handoff (id),
        key TEXT NOT NULL,                 -- of a message, which may have been forgotten since
        change TEXT NOT NULL,              -- what was done to the copy; '': nothing
        PRIMARY KEY (handoff, key)
    ) WITHOUT ROWID;
    CREATE TABLE unsent (                  -- hand-offs that were made and never sent, as the user says
        handoff INTEGER PRIMARY KEY REFERENCES handoff (id),
        at INTEGER NOT NULL                -- when they said so
    );
    CREATE TABLE decision (                -- whether a client gets a message, as a person decided it
        client TEXT NOT NULL,
        key TEXT NOT NULL,
        gives INTEGER NOT NULL,            -- 1: it goes, 0: it stays
        reasons TEXT NOT NULL,             -- what spoke against it then: JSON, a list of texts
        why TEXT NOT NULL,
        by TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (client, key)
    ) WITHOUT ROWID;
    CREATE TABLE tombstone (               -- messages that were forgotten: whoever meets them again leaves them
        key TEXT PRIMARY KEY,              -- SHA-256 of the bytes, hex
        at INTEGER NOT NULL,
        reason TEXT NOT NULL               -- 'forgotten': all of a client; 'retention': older than was to be kept
    ) WITHOUT ROWID;
    CREATE TABLE hold (                    -- of clients of whom nothing may be forgotten
        id INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        until INTEGER NOT NULL,            -- the first second in which it no longer holds
        why TEXT NOT NULL,
        by TEXT NOT NULL,
        placed_at INTEGER NOT NULL,
        released_at INTEGER                -- NULL: it was not released
    );

    -- the client's book: each table has the fields of a value of trail.model.book; `source` is the key of a message
    CREATE TABLE note (
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE action (                  -- what is to be done next
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        due TEXT,                          -- a day; NULL: none was set
        private INTEGER NOT NULL,          -- 1: it stays out of hand-offs
        source TEXT NOT NULL,
        origin TEXT NOT NULL,              -- id of the agreement it follows; '': none
        done_at INTEGER                    -- NULL: it is open
    ) WITHOUT ROWID;
    CREATE TABLE agreement (
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        value TEXT NOT NULL,
        since TEXT,
        until TEXT,
        remind TEXT NOT NULL,              -- how long before `until`; '': never
        remark TEXT NOT NULL,
        source TEXT NOT NULL,
        file TEXT NOT NULL,                -- name of a file, and its SHA-256 in hex
        digest TEXT NOT NULL,
        ended_at INTEGER                   -- NULL: it was not ended by hand
    ) WITHOUT ROWID;
    CREATE TABLE request (                 -- what a client asked to have changed
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        asked_on TEXT,
        asked_by TEXT NOT NULL,
        source TEXT NOT NULL,
        state TEXT NOT NULL                -- 'open', 'done', 'declined'
    ) WITHOUT ROWID;
    CREATE TABLE response (                -- what a client answered to a questionnaire
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        file TEXT NOT NULL,                -- the name of the file it came in
        digest TEXT NOT NULL               -- SHA-256 of that file, hex
    ) WITHOUT ROWID;
    CREATE TABLE struck (                  -- what was taken out of the book, so that a copy does not bring it back
        id TEXT NOT NULL,
        client TEXT NOT NULL,
        kind TEXT NOT NULL,                -- its table; 'suggestion': nobody wants to see it again
        at INTEGER NOT NULL,
        PRIMARY KEY (id, kind)
    ) WITHOUT ROWID;
    CREATE TABLE pushed (                  -- what is in the calendar
        action TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        done INTEGER NOT NULL              -- how it was last put there
    ) WITHOUT ROWID;

    CREATE TABLE said (                    -- what the author of a client's message says, by rules; can be rebuilt
        key TEXT PRIMARY KEY REFERENCES message (key),
        rules TEXT NOT NULL,               -- version of the rules it was read by
        automatic TEXT NOT NULL,           -- why nobody waits for an answer to it; '': a person wrote to people
        words INTEGER NOT NULL,            -- of the author's own
        asks TEXT NOT NULL,                -- JSON: as one of statements, by which it awaits an answer; '': it awaits none
        why_not TEXT NOT NULL,             -- then why it does not
        statements TEXT NOT NULL           -- JSON: a list of [kind, sentence, day or null, detail]
    );
    CREATE TABLE turn (                    -- a client's message as a turn of a conversation; can be rebuilt
        client TEXT NOT NULL,
        at INTEGER NOT NULL,               -- when it was sent, or else received
        key TEXT NOT NULL REFERENCES message (key),
        conversation INTEGER NOT NULL,     -- 0: not placed yet
        outgoing INTEGER NOT NULL,         -- 1: from one of our own addresses, or somebody else's at our domain
        counts INTEGER NOT NULL,           -- 1: a person wrote to people
        person TEXT NOT NULL,              -- address of who wrote; of an outgoing one, of whom it went to first
        sides TEXT NOT NULL,               -- of an incoming one whose side wrote, of an outgoing one whose it went to
        words INTEGER NOT NULL,            -- as in said
        topic INTEGER NOT NULL,            -- hash of its subject without Re: and the like; 0: none
        stray INTEGER NOT NULL,            -- 1: an answer that names no message
        PRIMARY KEY (client, at, key)      -- a client's history lies together, in order
    ) WITHOUT ROWID;
    CREATE INDEX turn_key ON turn (key, conversation);
    CREATE INDEX turn_conversation ON turn (conversation);
    CREATE INDEX turn_topic ON turn (client, topic, at);
    CREATE TABLE conversation (            -- what refers to each other, as far as it is one client's; can be rebuilt
        id INTEGER NOT NULL,
        client TEXT NOT NULL,
        broken INTEGER NOT NULL DEFAULT 0, -- 1: a turn of it went, or changed
        first_key TEXT NOT NULL,           -- of its first message
        messages INTEGER NOT NULL,
        counting INTEGER NOT NULL,         -- of them, those by which a person wrote to people
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        last_key TEXT NOT NULL,            -- of the last word between us and the client; '': none
        last_word TEXT NOT NULL,           -- who has it: 'us', 'them', or ''
        last_theirs_at INTEGER,
        last_ours_at INTEGER,
        PRIMARY KEY (client, id)
    ) WITHOUT ROWID;
    CREATE INDEX conversation_id ON conversation (id);
    CREATE INDEX conversation_broken ON conversation (id) WHERE broken = 1;
    CREATE TABLE awaited (                 -- a word that is owed, and by which message; can be rebuilt
        client TEXT NOT NULL,
        key TEXT NOT NULL REFERENCES message (key),
        by TEXT NOT NULL,                  -- who owes it: 'us' or 'them'
        conversation INTEGER NOT NULL,
        kind TEXT NOT NULL,                -- as in said
        at INTEGER NOT NULL,               -- of that message
        due TEXT,                          -- the day it is due, as 2026-11-27; NULL: none was named
        sentence TEXT NOT NULL,            -- the evidence
        PRIMARY KEY (client, key, by)
    ) WITHOUT ROWID;
    CREATE INDEX awaited_key ON awaited (key);
    CREATE INDEX awaited_conversation ON awaited (conversation);
    CREATE TABLE told (                    -- what was asked, promised or complained of, and when a word followed; can be rebuilt
        client TEXT NOT NULL,
        at INTEGER NOT NULL,               -- of the message
        key TEXT NOT NULL REFERENCES message (key),
        kind TEXT NOT NULL,                -- as in said: question, request, deadline, promise, escalation, departure
        by TEXT NOT NULL,                  -- who wrote it: 'us' or 'them'
        conversation INTEGER NOT NULL,
        due TEXT,                          -- the day it names, as 2026-11-27; NULL: none
        heard_at INTEGER,                  -- when the next word came from whom it was due; NULL: none did
        heard_key TEXT NOT NULL,           -- in which message
        first INTEGER NOT NULL,            -- 1: of what that word answers the first
        times INTEGER NOT NULL,            -- sentences of that kind
        sentence TEXT NOT NULL,            -- the first of them
        PRIMARY KEY (client, at, key, kind)
    ) WITHOUT ROWID;
    CREATE INDEX told_key ON told (key);
    CREATE INDEX told_answer ON told (client, at, by, heard_at) WHERE first = 1;
    CREATE INDEX told_conversation ON told (conversation);
    CREATE TABLE settled (                 -- what nobody waits for any more, or not now, as a person decided it
        client TEXT NOT NULL,
        key TEXT NOT NULL,
        by TEXT NOT NULL,                  -- as in awaited
        at INTEGER NOT NULL,
        until INTEGER,                     -- snoozed until then; NULL: done
        last_at INTEGER NOT NULL,          -- of the last word of the conversation then: a later one wakes it
        undone INTEGER NOT NULL,           -- 1: waited for again, so that a copy does not settle it anew
        PRIMARY KEY (key, by, client)      -- whatever the client is called now
    ) WITHOUT ROWID;
    CREATE TABLE unheard (key TEXT PRIMARY KEY) WITHOUT ROWID; -- messages whose turns are to be made, or made anew
    CREATE TRIGGER unheard_since AFTER INSERT ON attribution
        BEGIN INSERT OR IGNORE INTO unheard VALUES (NEW.key); END;
    CREATE TRIGGER unheard_without AFTER DELETE ON attribution
        BEGIN INSERT OR IGNORE INTO unheard VALUES (OLD.key); END;
    CREATE TRIGGER turn_gone AFTER DELETE ON turn
        BEGIN UPDATE conversation SET broken = 1 WHERE id = OLD.conversation; END;

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
