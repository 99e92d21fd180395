"""One archive on the disk: its Maildir, ledger and audit log, kept in step.

Comes in: messages as a server sent them. Goes out: what was decided of each. It never parses, and never overwrites.
"""

from __future__ import annotations

import contextlib
import hashlib
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.archive.audit import Audit
from trail.archive.facts import Facts
from trail.archive.ledger import Ledger, to_seconds
from trail.archive.maildir import (
    empty_tmp,
    list_files,
    read_message,
    store_messages,
    sync_folder,
    translate_disk_errors,
)
from trail.archive.rounds import Rounds
from trail.archive.sightings import Sightings
from trail.errors import ArchiveLocked, ConfigError
from trail.locks import hold_lock
from trail.model import ArchivedMessage, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from trail.archive.sightings import Epoch
    from trail.model import RawMessage


class Archive:
    """An open archive. Get one from `open_archive` (to read) or `writing_archive`."""

    def __init__(self, root: Path, *, write: bool) -> None:
        self.root = root
        self.ledger = Ledger(root / "ledger.db", write=write)
        self.audit = Audit(root / "audit.jsonl", self.ledger)
        self.sightings = Sightings(self.ledger)
        self.facts = Facts(self.ledger)
        self.rounds = Rounds(self.ledger)

    def store(
        self,
        epoch: Epoch,
        messages: Sequence[RawMessage],
        *,
        under: str,
        notes: Mapping[int, str] | None = None,
    ) -> list[Sighting]:
        """Archive a batch from one folder: files first, then one ledger transaction. Returns a sighting for each.

        Equal bytes are stored once, within the batch and over the whole archive. `notes` are remarks by UID.
        Raises ArchiveFull, ArchiveReadOnly.
        """
        at = datetime.now(UTC)
        keyed = [(hashlib.sha256(message.content).hexdigest(), message) for message in messages]
        held = set(self.facts.find_messages(key for key, _ in keyed))
        fresh: dict[str, RawMessage] = {}
        for key, message in keyed:
            if key not in held:
                fresh.setdefault(key, message)
        stored = store_messages(self.root, fresh.items())
        firsts = {message.ref for message in fresh.values()}
        sightings = [
            Sighting(
                m.ref,
                key,
                "archived" if m.ref in firsts else "held",
                at,
                (notes or {}).get(m.ref.uid, ""),
                m.flags,
                m.labels,
            )
            for key, m in keyed
        ]
        with self.ledger.transaction():
            self._insert(stored, at)
            self.sightings.record(epoch, sightings, under)
            self._reconsider([s for s in sightings if s.decision == "held"])
            if stored:
                self.audit.record(
                    at,
                    "archived",
                    account=epoch.account,
                    folder=epoch.folder,
                    keys=[m.key for m in stored],
                )
        return sightings

    def read(self, message: ArchivedMessage) -> bytes:
        """The bytes of a message, checked against its key. Raises FixityMismatch."""
        return read_message(self.root, message.path, message.key)

    def recover(self) -> int:
        """After a crash: empty tmp/, and enter messages into the ledger that had reached the Maildir only. Counts them."""
        with translate_disk_errors(self.root):
            empty_tmp(self.root)
            known = {row[0] for row in self.ledger.execute("SELECT key FROM message")}
            found: dict[str, ArchivedMessage] = {}
            for file in list_files(self.root):
                if file.key in known or file.key in found:
                    continue
                content = (self.root / file.path).read_bytes()
                if (
                    hashlib.sha256(content).hexdigest() == file.key
                ):  # else `trail verify` will name it
                    found[file.key] = ArchivedMessage(
                        file.key, file.path, len(content), file.received_at
                    )
        if found:
            at = datetime.now(UTC)
            with self.ledger.transaction():
                self._insert(list(found.values()), at)
                self.audit.record(at, "recovered", keys=sorted(found))
        return len(found)

    def _reconsider(self, seen_again: Sequence[Sighting]) -> None:
        """A message seen in a new folder may belong to another client now, and is to be found under that folder too."""
        for sighting in seen_again:
            ref = sighting.ref
            self.ledger.execute(
                "UPDATE message SET attributed_under = NULL, indexed_in = NULL WHERE key = ?1 AND NOT EXISTS"
                " (SELECT 1 FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE s.key = ?1 AND e.account = ?2 AND e.folder = ?3"
                " AND s.labels = ?4 AND NOT (e.uidvalidity = ?5 AND s.uid = ?6))",
                (
                    sighting.key,
                    ref.account,
                    ref.folder,
                    "\n".join(sighting.labels),
                    ref.uidvalidity,
                    ref.uid,
                ),
            )

    def _insert(self, messages: Sequence[ArchivedMessage], at: datetime) -> None:
        self.ledger.execute_many(
            "INSERT INTO message (key, path, size, received_at, archived_at) VALUES (?, ?, ?, ?, ?)",
            (
                (m.key, m.path.as_posix(), m.size, to_seconds(m.received_at), to_seconds(at))
                for m in messages
            ),
        )

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()


@contextmanager
def open_archive(root: Path) -> Iterator[Archive]:
    """Open an archive to read; works beside a writer and on a read-only disk. Raises ConfigError when there is none."""
    if not (root / "ledger.db").is_file():
        raise ConfigError(
            f"there is no archive in {root} yet",
            "run `trail sync` first, or check `archive` in the configuration",
        )
    archive = Archive(root, write=False)
    try:
        yield archive
    finally:
        archive.close()


@contextmanager
def writing_archive(root: Path, *, wait: float = 1.0) -> Iterator[Archive]:
    """Open an archive as its one writer, made if it is not there, mended if the last writer was killed.

    Raises ArchiveLocked, ArchiveFull, ArchiveReadOnly, ArchiveUnreadable.
    """
    with translate_disk_errors(root):
        if not root.is_dir():
            root.mkdir(parents=True, mode=0o700)
            sync_folder(root.parent)
        held = hold_lock(root / "lock", wait=wait)
        held.__enter__()
    try:
        archive = Archive(root, write=True)
        try:
            if archive.ledger.read_meta("writer") == "busy":
                archive.recover()
            with archive.ledger.transaction():
                archive.ledger.write_meta("writer", "busy")
            archive.audit.flush()
            yield archive
            archive.audit.flush()
            with archive.ledger.transaction():
                archive.ledger.write_meta("writer", "done")
        finally:
            archive.close()
    finally:
        held.__exit__(None, None, None)


def record_event(root: Path, event: str, **facts: object) -> None:
    """Record an event that changed nothing in the archive; never waits for the writer.

    It is durable in the ledger at once, and reaches audit.jsonl with whoever holds the lock next.
    Raises ArchiveFull, ArchiveReadOnly.
    """
    archive = Archive(root, write=True)
    try:
        with archive.ledger.transaction():
            archive.audit.record(datetime.now(UTC), event, **facts)
    finally:
        archive.close()
    with contextlib.suppress(ArchiveLocked), writing_archive(root, wait=0.0):
        pass
