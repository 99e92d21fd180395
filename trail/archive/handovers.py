"""What was handed over, and what its recipients answered, as the audit log has it.

In: the log; a receipt as it came back. Out: every hand-off with its receipts, oldest first; the receipt, kept by its hash.
Must never change a receipt, or keep the name its sender gave it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail.archive.disk import sync_folder, translate_disk_errors
from trail.archive.store import noting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trail.archive.store import Archive

FOLDER = "handoffs/receipts"
_EVENTS = re.compile(rb'"event":"(?:handed-over|receipt-filed|not-sent)"')
EVENTS = ("handed-over", "receipt-filed", "not-sent")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recipient's answer. `path` is relative to the archive's folder."""

    at: datetime
    path: str
    digest: str
    """SHA-256 of its bytes, in hex."""
    size: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """A hand-off that was made. `digest` is the SHA-256 of its tag manifest in hex: the bundle is known by it."""

    at: datetime
    client: str
    bundle: str
    """The name of its folder."""
    digest: str
    messages: int
    withheld: int
    key: str = ""
    """Fingerprint of the key it was signed with; "" when it was not."""
    by: str = ""
    """Who decided; "" when nobody had to."""
    receipts: tuple[Receipt, ...] = ()
    continues: str = ""
    """Digest of the latest hand-off it adds to; "" where it has everything."""
    not_sent_at: datetime | None = None
    """When somebody said that it was never sent; None: nobody did, or a receipt came after all."""


def read_hand_overs(archive: Archive) -> list[HandOver]:
    """Every hand-off, oldest first. Memory: the hand-offs."""
    found: list[HandOver] = []
    for event in _iter_events(archive):
        digest, at = str(event.get("digest", "")), _read_time(event)
        if event["event"] == "handed-over":
            found.append(
                HandOver(
                    at,
                    str(event.get("client", "")),
                    str(event.get("bundle", "")),
                    digest,
                    int(event.get("messages", 0)),
                    int(event.get("withheld", 0)),
                    str(event.get("key", "")),
                    str(event.get("by") or ""),
                    continues=str(event.get("continues") or ""),
                )
            )
        elif event["event"] == "not-sent":
            found = [
                replace(known, not_sent_at=at) if known.digest == digest else known
                for known in found
            ]
        else:
            receipt = Receipt(at, str(event["path"]), str(event["receipt"]), int(event["size"]))
            found = [
                replace(known, receipts=(*known.receipts, receipt), not_sent_at=None)
                if known.digest == digest
                else known
                for known in found
            ]
    return found


def file_receipt(root: Path, hand_over: HandOver, content: bytes, suffix: str) -> Receipt | None:
    """Keep a recipient's answer with the archive, and note it in the audit log; None when it is there already.

    Raises ArchiveFull, ArchiveReadOnly.
    """
    digest = hashlib.sha256(content).hexdigest()
    if any(receipt.digest == digest for receipt in hand_over.receipts):
        return None
    suffix = suffix.lower() if _SUFFIX.fullmatch(suffix.lower()) else ""
    path = f"{FOLDER}/{digest}{suffix}"
    with translate_disk_errors(root):
        (root / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = root / FOLDER / f".{digest}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(root / path)
        sync_folder(root / FOLDER)
    with noting(root) as archive:
        archive.handoffs.mark_sent(hand_over.digest)  # whoever answers has it
        archive.audit.record(
            datetime.now(UTC),
            "receipt-filed",
            client=hand_over.client,
            bundle=hand_over.bundle,
            digest=hand_over.digest,
            receipt=digest,
            size=len(content),
            path=path,
        )
    return Receipt(datetime.now().astimezone(), path, digest, len(content))


def note_not_sent(root: Path, hand_over: HandOver) -> None:
    """Note in ledger and audit log that a hand-off was never sent. Raises ArchiveFull, ArchiveReadOnly."""
    at = datetime.now(UTC)
    with noting(root) as archive:
        archive.handoffs.mark_unsent(hand_over.digest, at)
        archive.audit.record(
            at,
            "not-sent",
            client=hand_over.client,
            bundle=hand_over.bundle,
            digest=hand_over.digest,
        )


def is_kept(root: Path, receipt: Receipt) -> bool:
    """Whether a receipt is there as it was kept."""
    try:
        with (root / receipt.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == receipt.digest
    except OSError:
        return False


def _iter_events(archive: Archive) -> Iterator[dict[str, Any]]:
    waiting = [str(row[0]) for row in archive.ledger.execute("SELECT line FROM audit_outbox")]
    lines: list[bytes] = []
    path = archive.root / "audit.jsonl"
    if path.exists():
        with path.open("rb") as file:
            lines = [line for line in file if _EVENTS.search(line)]
    seen: set[int] = set()
    for line in (*lines, *(line.encode() for line in waiting if _EVENTS.search(line.encode()))):
        try:
            event = json.loads(line)
        except ValueError:
            continue  # `trail verify` names it
        # a message's own facts cannot stand for an event: its name is looked at once more
        if event.get("event") in EVENTS and event.get("seq") not in seen:
            seen.add(event.get("seq"))
            yield event


def _read_time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(str(event["at"]))
