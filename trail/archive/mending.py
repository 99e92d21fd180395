"""Putting an archive right: a message's file back where it belongs, and what was in its place aside. Nothing is deleted.

Comes in: bytes that were proved to be those of a key. Goes out: the archive as it was. Only the writer may call this.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.archive.batches import key_of
from trail.archive.damage import hash_file
from trail.archive.disk import sync_folder, translate_disk_errors
from trail.archive.maildir import (
    find_file,
    store_messages,
)
from trail.errors import FixityMismatch

if TYPE_CHECKING:
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.model import ArchivedMessage, RawMessage

DAMAGED = "damaged"
"""The folder of the archive for files that are not what their names say."""


def set_aside(archive: Archive, path: Path) -> Path:
    """Move a file of the Maildir to `damaged/`, under its own name; both relative to the archive's folder."""
    folder = archive.root / DAMAGED
    with translate_disk_errors(archive.root):
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / path.name
        number = 0
        while target.exists():
            number += 1
            target = folder / f"{path.name}.{number}"
        (archive.root / path).rename(target)
        sync_folder(folder)
        sync_folder((archive.root / path).parent)
        sync_folder(archive.root)
    _record(archive, "set-aside", file=path.name, aside=target.relative_to(archive.root).as_posix())
    return target.relative_to(archive.root)


def restore_message(archive: Archive, message: ArchivedMessage, fetched: RawMessage) -> None:
    """Store the bytes of a message again whose file is damaged or missing. Raises FixityMismatch, ArchiveFull, ArchiveReadOnly.

    The damaged file is put aside first: both would have the same name.
    """
    if key_of(fetched) != message.key:
        raise FixityMismatch(f"message {message.key[:12]}: the server has other bytes")
    if damaged := find_file(archive.root, message.path):
        set_aside(archive, damaged)
    # it goes where it lay: the account and the date are those of the first place it was seen in
    place = replace(fetched.ref, account=message.path.parts[1])
    raw = replace(fetched, ref=place, received_at=message.received_at)
    (stored,) = store_messages(archive.root, [(message.key, raw)])
    if hash_file(archive.root / stored.path) != message.key:
        raise FixityMismatch(f"message {message.key[:12]}: the disk does not keep what is written")
    with archive.ledger.transaction():
        archive.ledger.execute(
            "UPDATE message SET path = ?, size = ?, attributed_under = NULL, indexed_in = NULL WHERE key = ?",
            (stored.path.as_posix(), stored.size, message.key),
        )
        archive.audit.record(
            datetime.now(UTC),
            "repaired",
            account=fetched.ref.account,
            folder=fetched.ref.folder,
            keys=[message.key],
        )


def put_back(archive: Archive, message: ArchivedMessage, found: Path) -> bool:
    """Move a message's file back to where the ledger has it; False when its bytes are not those of the message."""
    try:
        if hash_file(archive.root / found) != message.key:
            return False
    except OSError:
        return False
    target = archive.root / message.path
    with translate_disk_errors(archive.root):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (archive.root / found).rename(target)
        sync_folder(target.parent)
        sync_folder((archive.root / found).parent)
    _record(archive, "put-back", keys=[message.key])
    return True


def _record(archive: Archive, event: str, **facts: object) -> None:
    with archive.ledger.transaction():
        archive.audit.record(datetime.now(UTC), event, **facts)
