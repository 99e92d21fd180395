"""One archive on the disk: its Maildir, ledger and audit log, kept in step.

Comes in: messages as a server sent them. Goes out: what was decided of each. It never parses, and never overwrites.
"""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from trail.archive.disk import sync_folder, translate_disk_errors
from trail.archive.facts import Facts
from trail.archive.ledger import Ledger, chunk_keys, to_seconds, translate_ledger_errors
from trail.archive.maildir import (
    WrittenFile,
    empty_tmp,
    find_file,
    list_files,
    read_message,
)
from trail.archive.sightings import Sightings
from trail.errors import ArchiveLocked, ConfigError
from trail.locks import hold_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trail.archive.audit import Audit
    from trail.archive.book import Book
    from trail.archive.building import Building
    from trail.archive.conversations import Conversations
    from trail.archive.documents import Documents
    from trail.archive.epochs import Epochs
    from trail.archive.handoffs import HandOffs
    from trail.archive.holds import Holds
    from trail.archive.marks import MarkRecords
    from trail.archive.rounds import Rounds
    from trail.archive.said import Sayings
    from trail.archive.tallies import Tallies
    from trail.archive.tombstones import Tombstones
    from trail.archive.turns import Turns
    from trail.model import ArchivedMessage

_RECOVERED_AT_ONCE = 1000
"""Messages an audit event tells of: a line of the log stays of decent length."""


class Archive:
    """An open archive. Get one from `open_archive` (to read) or `writing_archive`."""

    def __init__(self, root: Path, *, write: bool) -> None:
        self.root = root
        self.mended = False
        """Whether the last writer was killed: what it died of may be met again."""
        self.ledger = Ledger(root / "ledger.db", write=write)
        self.sightings = Sightings(self.ledger)
        self.facts = Facts(self.ledger)

    # What a search has no need of is imported by those who do.

    @cached_property
    def audit(self) -> Audit:
        """What was done, and when."""
        from trail.archive.audit import Audit  # noqa: PLC0415 - see above

        return Audit(self.root / "audit.jsonl", self.ledger)

    @cached_property
    def epochs(self) -> Epochs:
        """Folders as they came, were renamed and went."""
        from trail.archive.epochs import Epochs  # noqa: PLC0415 - see above

        return Epochs(self.ledger)

    @cached_property
    def marks(self) -> MarkRecords:
        """Flags, labels and numbers of messages as the servers last told them."""
        from trail.archive.marks import MarkRecords  # noqa: PLC0415 - see above

        return MarkRecords(self.ledger)

    @cached_property
    def handoffs(self) -> HandOffs:
        """What was handed over, and what was decided about it."""
        from trail.archive.handoffs import HandOffs  # noqa: PLC0415 - see above

        return HandOffs(self.ledger)

    @cached_property
    def tallies(self) -> Tallies:
        """Counts of what a search found."""
        from trail.archive.tallies import Tallies  # noqa: PLC0415 - see above

        return Tallies(self.ledger)

    @cached_property
    def rounds(self) -> Rounds:
        """How the last rounds of each account ended."""
        from trail.archive.rounds import Rounds  # noqa: PLC0415 - see above

        return Rounds(self.ledger)

    @cached_property
    def building(self) -> Building:
        """What is in an index that is being built beside the one that serves."""
        from trail.archive.building import Building  # noqa: PLC0415 - see above

        return Building(self.ledger)

    @cached_property
    def documents(self) -> Documents:
        """The texts of attachments."""
        from trail.archive.documents import Documents  # noqa: PLC0415 - see above

        return Documents(self.root, self.ledger)

    @cached_property
    def tombstones(self) -> Tombstones:
        """Which messages were forgotten."""
        from trail.archive.tombstones import Tombstones  # noqa: PLC0415 - see above

        return Tombstones(self.ledger)

    @cached_property
    def said(self) -> Sayings:
        """What clients' messages say, and which were not read for that yet."""
        from trail.archive.said import Sayings  # noqa: PLC0415 - see above

        return Sayings(self.ledger)

    @cached_property
    def turns(self) -> Turns:
        """Clients' messages as turns of conversations."""
        from trail.archive.turns import Turns  # noqa: PLC0415 - see above

        return Turns(self.ledger)

    @cached_property
    def conversations(self) -> Conversations:
        """Conversations with clients, and who waits for whom."""
        from trail.archive.conversations import Conversations  # noqa: PLC0415 - see above

        return Conversations(self.ledger)

    @cached_property
    def holds(self) -> Holds:
        """Of which clients nothing may be forgotten."""
        from trail.archive.holds import Holds  # noqa: PLC0415 - see above

        return Holds(self.ledger)

    @cached_property
    def book(self) -> Book:
        """Notes, next actions, agreements and change requests."""
        from trail.archive.book import Book  # noqa: PLC0415 - see above

        return Book(self.ledger)

    def read(self, message: ArchivedMessage) -> bytes:
        """The bytes of a message, checked against its key. Raises FixityMismatch."""
        return read_message(self.root, message.path, message.key)

    def locate(self, message: ArchivedMessage) -> Path:
        """Where a message lies now, relative to the archive's folder; where it was stored when it is gone."""
        return find_file(self.root, message.path) or message.path

    def recover(self) -> int:
        """After a crash: empty tmp/, and enter messages into the ledger that had reached the Maildir only. Counts them.

        Files of messages that were forgotten are deleted: whoever forgot them was killed, or a backup brought them back.
        """
        from trail.archive.damage import measure_file  # noqa: PLC0415 - see above

        with translate_disk_errors(self.root):
            empty_tmp(self.root)
            if self.tombstones.count():
                from trail.archive.leftovers import remove_messages  # noqa: PLC0415 - see above

                remove_messages(self)
            known = {row[0] for row in self.ledger.execute("SELECT key FROM message")}
            found: dict[str, WrittenFile] = {}
            for file in list_files(self.root):
                if file.key in known or file.key in found:
                    continue
                try:
                    key, size = measure_file(self.root / file.path)
                except OSError:
                    continue  # as below
                if key == file.key:  # else `trail verify` will name it
                    path = file.path.as_posix()
                    found[key] = WrittenFile("", path, key, path, size, file.received_at)
        at = datetime.now(UTC)
        for keys in chunk_keys(sorted(found), _RECOVERED_AT_ONCE):
            with self.ledger.transaction():
                self.insert([found[key] for key in keys], at)
                self.audit.record(at, "recovered", keys=keys)
        return len(found)

    def forget_again(self) -> None:
        """What the audit log says was forgotten is, whatever an older ledger has, or a new one does not know."""
        from trail.archive.erasing import erase_client, erase_messages, find_gone_clients  # noqa: PLC0415 - see above

        self.ledger.execute("PRAGMA secure_delete = ON")
        with self.ledger.transaction():
            keys = self.tombstones.restore(self.audit.path)
            if keys:
                for client in find_gone_clients(self.ledger):
                    erase_client(self.ledger, client)
                erase_messages(self.ledger, keys)
                self.ledger.write_meta(
                    "forgetting", "{}"
                )  # the index, the caches: see trail.forgetting

    def insert(self, files: Sequence[WrittenFile], at: datetime) -> None:
        """Enter messages that lie in the Maildir. Call inside a transaction."""
        self.ledger.execute_many(
            "INSERT INTO message (key, path, size, received_at, archived_at) VALUES (?, ?, ?, ?, ?)",
            ((f.key, f.path, f.size, to_seconds(f.received_at), to_seconds(at)) for f in files),
        )

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()


def require_archive(root: Path, *parts: str) -> None:
    """Raises ConfigError when there is no archive in `root`: none of these parts (or, unnamed, neither ledger nor mail)."""
    if not any((root / part).exists() for part in parts or ("ledger.db", "mail")):
        if (root / "mail").exists():
            raise ConfigError(
                f"{root} has mail, and no ledger.db",
                "put ledger.db back from a backup; else the next `trail sync` makes a new one from the messages in mail/",
            )
        raise ConfigError(
            f"there is no archive in {root}",
            "`trail sync` makes one; if you have one, connect its disk, or correct `archive` in the configuration",
        )


@contextmanager
def open_archive(root: Path) -> Iterator[Archive]:
    """Open an archive to read; works beside a writer and on a read-only disk. Raises ConfigError when there is none."""
    require_archive(root, "ledger.db")
    with _open(root, write=False) as archive:
        yield archive


@contextmanager
def writing_archive(root: Path, *, wait: float = 1.0) -> Iterator[Archive]:
    """Open an archive as its one writer, made if it is not there, mended if the last writer was killed.

    Raises ArchiveLocked, ArchiveFull, ArchiveReadOnly, ArchiveUnreadable, ConfigError.
    """
    with translate_disk_errors(root):
        if not root.is_dir():
            try:
                root.mkdir(parents=True, mode=0o700)
            except (FileExistsError, NotADirectoryError) as error:
                raise ConfigError(
                    f"{root} cannot be a folder: {error.strerror}",
                    "check `archive` in the configuration",
                ) from error
            sync_folder(root.parent)
        held = hold_lock(root / "lock", wait=wait)
        held.__enter__()
    try:
        with _open(root, write=True) as archive:
            last = archive.ledger.read_meta("writer")
            archive.mended = last == "busy"
            # killed, or a ledger made anew, or an older one put back
            if archive.audit.catch_up(datetime.now(UTC)):
                archive.forget_again()
                archive.recover()
            elif last != "done":
                archive.recover()
            with archive.ledger.transaction():
                archive.ledger.write_meta("writer", "busy")
            archive.audit.flush()
            yield archive
            archive.audit.flush()
            with archive.ledger.transaction():
                archive.ledger.write_meta("writer", "done")
    finally:
        held.__exit__(None, None, None)


@contextmanager
def writing_beside(root: Path) -> Iterator[Archive]:
    """Open an archive for what may be written beside its one writer, in short transactions: what was found in messages.

    Never waits for the writer. Raises ConfigError when there is none, ArchiveFull, ArchiveReadOnly.
    """
    require_archive(root, "ledger.db")
    with _open(root, write=True) as archive:
        yield archive


@contextmanager
def noting(root: Path) -> Iterator[Archive]:
    """A transaction for facts that change nothing of the mail, such as a decision; never waits for the writer.

    They are durable in the ledger at once; what is told to the audit log reaches audit.jsonl with whoever holds the lock next.
    Raises ArchiveFull, ArchiveReadOnly.
    """
    with _open(root, write=True) as archive, archive.ledger.transaction():
        yield archive
    with contextlib.suppress(ArchiveLocked), writing_archive(root, wait=0.0):
        pass


def record_event(root: Path, event: str, **facts: object) -> None:
    """Record an event that changed nothing in the archive; see `noting`."""
    with noting(root) as archive:
        archive.audit.record(datetime.now(UTC), event, **facts)


@contextmanager
def _open(root: Path, *, write: bool) -> Iterator[Archive]:
    # rows are read as they are asked for: the ledger may say what is the matter with it at any time
    with translate_ledger_errors(root / "ledger.db"):
        archive = Archive(root, write=write)
        try:
            yield archive
        finally:
            archive.close()
