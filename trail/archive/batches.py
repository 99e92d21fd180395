"""Batches of one folder on their way into the archive: while the disk makes one durable, the next is fetched.

    tmp/ --syncfs--> cur/ --fsync--> ledger

Comes in: messages as a server sent them. Goes out: a sighting for each, once its bytes are durable and its row committed.
Equal bytes are stored once, within a batch, between two that are under way, and over the whole archive. What was forgotten
is not stored again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trail.archive.disk import translate_disk_errors
from trail.archive.maildir import (
    WrittenFile,
    discard_files,
    find_file,
    make_maildir,
    settle_files,
    write_messages,
)
from trail.errors import TrailError
from trail.model import Sighting, Spooled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from trail.archive.sightings import Epoch
    from trail.archive.store import Archive
    from trail.model import RawMessage

UNDER_WAY = 2
"""Batches that are not entered yet, at most: one being written, and one being made durable."""
HEAD = 1024 * 1024
"""Bytes of a spooled message that are kept at hand for its headers."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is written and not yet entered."""

    at: datetime
    sightings: list[Sighting]
    keys: frozenset[str]
    """Of the messages that are stored."""
    lost: frozenset[str]
    """Of those, the ones that had been archived once, and whose file has vanished since."""
    written: Future[list[WrittenFile]]
    durable: Future[list[WrittenFile]]


class Batches:
    """The batches of one folder, in order: one is written while the one before is made durable. End with `close`."""

    def __init__(self, archive: Archive, epoch: Epoch, under: str) -> None:
        self._archive = archive
        self._epoch = epoch
        self._under = under
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="trail-write")
        self._settling = ThreadPoolExecutor(1, thread_name_prefix="trail-settle")
        self._pending: deque[_Batch] = deque()
        self._spools: list[SpoolFile] = []

    def spool(self) -> SpoolFile:
        """A file for a large message while it comes. Raises ArchiveFull, ArchiveReadOnly."""
        spool = SpoolFile(self._archive.root, self._epoch.account)
        self._spools.append(spool)
        return spool

    def add(
        self, messages: Sequence[RawMessage], notes: Mapping[int, str] | None = None
    ) -> list[Sighting]:
        """Write a batch, and let it be made durable. Returns the sightings of the batch before the one before, settled now.

        `notes` are remarks by UID. Raises ArchiveFull, ArchiveReadOnly.
        """
        at = datetime.now(UTC)
        keyed = [(key_of(message), message) for message in messages]
        known = self._archive.facts.find_messages(key for key, _ in keyed)
        lost = {k for k, m in known.items() if find_file(self._archive.root, m.path) is None}
        held = known.keys() - lost
        held = held.union(*(batch.keys for batch in self._pending))
        forgotten = self._archive.tombstones.find(key for key, _ in keyed)
        fresh: dict[str, RawMessage] = {}
        for key, message in keyed:
            if key not in held and key not in forgotten:
                fresh.setdefault(key, message)
        firsts = {message.ref for key, message in fresh.items() if key not in lost}
        used = {m.content.path for m in messages if isinstance(m.content, Spooled)}
        spools = [spool for spool in self._spools if spool.path in used]
        self._spools = [spool for spool in self._spools if spool.path not in used]
        if self._pending:  # two batches are in memory at once: one on the line, one being written
            wait([self._pending[-1].written])
        written = self._writing.submit(write_messages, self._archive.root, fresh.items())
        batch = _Batch(
            at,
            [
                Sighting(m.ref, None, "forgotten", at)
                if key in forgotten
                else Sighting(
                    m.ref,
                    key,
                    "archived" if m.ref in firsts else "held",
                    at,
                    (notes or {}).get(m.ref.uid, ""),
                    m.flags,
                    m.labels,
                )
                for key, m in keyed
            ],
            frozenset(fresh),
            frozenset(lost & fresh.keys()),
            written,
            self._settling.submit(_settle, self._archive.root, written, spools),
        )
        self._pending.append(batch)
        return self._settle_first() if len(self._pending) > UNDER_WAY else []

    def settle(self) -> list[Sighting]:
        """Settle all batches, and return their sightings. Raises ArchiveFull, ArchiveReadOnly."""
        settled: list[Sighting] = []
        while self._pending:
            settled += self._settle_first()
        return settled

    def close(self) -> None:
        """Give up what is not settled: what has reached cur/ already, the next writer enters."""
        self._writing.shutdown(cancel_futures=True)
        self._settling.shutdown(cancel_futures=True)
        for batch in self._pending:
            if batch.durable.cancelled() and not batch.written.cancelled():
                with suppress(TrailError):
                    discard_files(batch.written.result())
        self._pending.clear()
        for spool in self._spools:
            spool.discard()
        self._spools.clear()

    def _settle_first(self) -> list[Sighting]:
        """One ledger transaction for a batch, once its files are durable. After one that failed, none is entered."""
        batch = self._pending.popleft()
        try:
            return self._enter(batch)
        except BaseException:
            self.close()  # what comes after it may hold it for archived
            raise

    def _enter(self, batch: _Batch) -> list[Sighting]:
        files = batch.durable.result()
        new = [file for file in files if file.key not in batch.lost]
        restored = [file for file in files if file.key in batch.lost]
        archive = self._archive
        with archive.ledger.transaction():
            archive.insert(new, batch.at)
            self._relocate(restored)
            # before they are recorded: what lies twice in the folder is no sign that it was seen there before
            self._reconsider([s for s in batch.sightings if s.decision == "held"])
            archive.sightings.record(self._epoch, batch.sightings, self._under)
            for event, files in (("archived", new), ("restored", restored)):
                if files:
                    archive.audit.record(
                        batch.at,
                        event,
                        account=self._epoch.account,
                        folder=self._epoch.folder,
                        keys=[file.key for file in files],
                    )
        return batch.sightings

    def _reconsider(self, seen_again: Sequence[Sighting]) -> None:
        """A message seen in a new folder may belong to another client now, and is to be found under that folder too."""
        self._archive.ledger.execute_many(
            "UPDATE message SET attributed_under = NULL, indexed_in = NULL WHERE key = ? AND NOT EXISTS"
            " (SELECT 1 FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE s.key = message.key AND e.account = ? AND e.folder = ?"
            " AND s.labels = ? AND s.flags = ? AND NOT (e.uidvalidity = ? AND s.uid = ?))",
            (
                (
                    sighting.key,
                    sighting.ref.account,
                    sighting.ref.folder,
                    "\n".join(sighting.labels),
                    " ".join(sighting.flags),
                    sighting.ref.uidvalidity,
                    sighting.ref.uid,
                )
                for sighting in seen_again
            ),
        )

    def _relocate(self, files: Sequence[WrittenFile]) -> None:
        """Enter where messages lie now whose files had vanished, and have them read anew."""
        self._archive.ledger.execute_many(
            "UPDATE message SET path = ?, attributed_under = NULL, indexed_in = NULL WHERE key = ?",
            ((file.path, file.key) for file in files),
        )


class SpoolFile:
    """A large message in tmp/, hashed while it comes."""

    def __init__(self, archive: Path, account: str) -> None:
        self._archive = archive
        self._hash = hashlib.sha256()
        self._head = bytearray()
        self._size = 0
        self._descriptor = -1
        # of the present year: which year the message is of, the server may say after it
        folder = archive / "mail" / account / f"{datetime.now(UTC).year:04}"
        with translate_disk_errors(archive):
            make_maildir(folder, archive)
            self._descriptor, name = tempfile.mkstemp(suffix=".part", dir=folder / "tmp")
        self.path = Path(name)

    def write(self, piece: bytes, /) -> None:
        """Take the next bytes."""
        with translate_disk_errors(self._archive):
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        self._hash.update(piece)
        self._size += len(piece)
        if len(self._head) < HEAD:
            self._head += piece[: HEAD - len(self._head)]

    def finish(self) -> Spooled:
        """All bytes are there."""
        with translate_disk_errors(self._archive):
            self._close()
        return Spooled(self.path, self._hash.hexdigest(), self._size, bytes(self._head))

    def discard(self) -> None:
        """Delete the file, unless it has found its place."""
        with suppress(OSError):  # the next writer empties tmp/
            self._close()
            self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


def _settle(
    root: Path, written: Future[list[WrittenFile]], spools: Sequence[SpoolFile]
) -> list[WrittenFile]:
    """Make a batch durable once it is written; `spools` are those its messages came in."""
    try:
        files = written.result()
        settle_files(root, files)
    finally:
        for spool in spools:  # of bytes that were held already
            spool.discard()
    return files


def key_of(message: RawMessage) -> str:
    """The SHA-256 of a message's bytes, wherever they are."""
    content = message.content
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else content.key
