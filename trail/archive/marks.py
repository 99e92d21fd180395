"""What messages bear on their servers, as it was last seen: flags, Gmail's labels and numbers; and how far that is known.

Comes in: marks of one epoch. Goes out: which messages are found differently now. Writing methods are called inside a
ledger transaction. It never touches the Maildir: the flags in a file's name are those of the day it was archived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, place_holders
from trail.model import RemoteRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from trail.archive.ledger import Ledger
    from trail.archive.sightings import Epoch

SEARCHED_FLAGS = frozenset({"\\flagged", "\\answered", "\\draft"})
"""Flags the index knows. `\\Seen` is not among them: each message read anywhere would be indexed once more."""
_PRESENT = (
    "e.retired_at IS NULL AND NOT EXISTS (SELECT 1 FROM epoch n WHERE n.account = e.account AND n.folder = e.folder"
    " AND n.retired_at IS NULL AND (n.last_seen_at, n.id) > (e.last_seen_at, e.id))"
)


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """The marks of one message in one epoch."""

    uid: int
    flags: tuple[str, ...]
    labels: tuple[str, ...]
    gmail_message: int | None
    gmail_thread: int | None


class MarkRecords:
    """The marks of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def read_modseq(self, epoch: Epoch) -> int | None:
        """The mod-sequence up to which the marks of the epoch are known; None: they never were looked at."""
        row = self._ledger.execute("SELECT modseq FROM epoch WHERE id = ?", (epoch.id,)).fetchone()
        return None if row is None else row[0]

    def write_modseq(self, epoch: Epoch, modseq: int) -> None:
        """Note that the marks are known up to there."""
        self._ledger.execute("UPDATE epoch SET modseq = ? WHERE id = ?", (modseq, epoch.id))

    def read_flags(self, keys: Iterable[str]) -> dict[str, set[str]]:
        """The flags the index knows, in lower case, that messages bear where they lie now: in present epochs, not gone."""
        found: dict[str, set[str]] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT s.key, s.flags FROM sighting s JOIN epoch e ON e.id = s.epoch"
                f" WHERE s.key IN ({place_holders(chunk)}) AND s.flags <> '' AND s.gone_at IS NULL AND {_PRESENT}",
                chunk,
            )
            for key, flags in rows:
                found.setdefault(key, set()).update(_searched(flags.split()))
        return found

    def begin_epoch(self, epoch: Epoch) -> None:
        """The folder is seen under another UIDVALIDITY than before: what it says now is what holds."""
        present = self._ledger.execute(
            f"SELECT 1 FROM epoch e WHERE e.id = ? AND {_PRESENT}", (epoch.id,)
        ).fetchone()
        if present is None or self.is_new(epoch):
            self._ledger.execute(
                "UPDATE message SET indexed_in = NULL WHERE key IN (SELECT s.key FROM sighting s JOIN epoch e ON e.id = s.epoch"
                " WHERE e.account = ? AND e.folder = ? AND s.flags <> '' AND s.key IS NOT NULL)",
                (epoch.account, epoch.folder),
            )

    def forget_flagged(self, epoch: Epoch, uids: Iterable[int]) -> None:
        """These came or went: have those that bear flags indexed anew."""
        self._ledger.execute_many(
            "UPDATE message SET indexed_in = NULL WHERE key ="
            " (SELECT key FROM sighting WHERE epoch = ? AND uid = ? AND flags <> '')",
            ((epoch.id, uid) for uid in uids),
        )

    def is_new(self, epoch: Epoch) -> bool:
        """Whether nothing was ever decided in the epoch."""
        found = self._ledger.execute(
            "SELECT 1 FROM sighting WHERE epoch = ? LIMIT 1", (epoch.id,)
        ).fetchone()
        return found is None

    def list_archived(self, epoch: Epoch) -> list[int]:
        """The UIDs of the epoch whose message is held and still on the server, ascending."""
        rows = self._ledger.execute(
            "SELECT uid FROM sighting WHERE epoch = ? AND key IS NOT NULL AND gone_at IS NULL ORDER BY uid",
            (epoch.id,),
        )
        return [row[0] for row in rows]

    def list_left(self, epoch: Epoch) -> list[int]:
        """The UIDs of the epoch that were left on the server and are still there, ascending."""
        rows = self._ledger.execute(
            "SELECT uid FROM sighting WHERE epoch = ? AND decision = 'left' AND gone_at IS NULL ORDER BY uid",
            (epoch.id,),
        )
        return [row[0] for row in rows]

    def list_unnumbered(self, epoch: Epoch) -> list[int]:
        """The UIDs of held messages whose Gmail numbers are not known, ascending."""
        rows = self._ledger.execute(
            "SELECT uid FROM sighting s WHERE epoch = ? AND key IS NOT NULL AND gone_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM gmail g WHERE g.epoch = s.epoch AND g.uid = s.uid) ORDER BY uid",
            (epoch.id,),
        )
        return [row[0] for row in rows]

    def record(self, epoch: Epoch, marks: Iterable[SeenMarks]) -> int:
        """Enter what messages bear now, and have those read anew that are found differently. Returns how many changed."""
        changed = 0
        for seen in marks:
            row = self._ledger.execute(
                "SELECT key, flags, labels FROM sighting WHERE epoch = ? AND uid = ? AND key IS NOT NULL",
                (epoch.id, seen.uid),
            ).fetchone()
            if row is None:
                continue
            if seen.gmail_message is not None and seen.gmail_thread is not None:
                self._ledger.execute(
                    "INSERT OR IGNORE INTO gmail VALUES (?, ?, ?, ?)",
                    (epoch.id, seen.uid, str(seen.gmail_message), str(seen.gmail_thread)),
                )
            key, flags, labels = row
            if set(flags.split()) == set(seen.flags) and set(labels.split("\n")) - {""} == set(
                seen.labels
            ):
                continue
            changed += 1
            self._ledger.execute(
                "UPDATE sighting SET flags = ?, labels = ? WHERE epoch = ? AND uid = ?",
                (" ".join(seen.flags), "\n".join(seen.labels), epoch.id, seen.uid),
            )
            if set(labels.split("\n")) - {""} != set(seen.labels):  # may be another client's now
                self._ledger.execute(
                    "UPDATE message SET attributed_under = NULL, indexed_in = NULL WHERE key = ?",
                    (key,),
                )
            elif _searched(flags.split()) != _searched(seen.flags):
                self._ledger.execute("UPDATE message SET indexed_in = NULL WHERE key = ?", (key,))
        return changed

    def read_gmail(self, keys: Iterable[str]) -> Mapping[RemoteRef, tuple[int, int]]:
        """Gmail's numbers (of the message, of its thread) by the place they were seen at."""
        found: dict[RemoteRef, tuple[int, int]] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT e.account, e.folder, e.uidvalidity, s.uid, g.message, g.thread FROM gmail g"
                " JOIN sighting s ON s.epoch = g.epoch AND s.uid = g.uid JOIN epoch e ON e.id = g.epoch"
                f" WHERE s.key IN ({place_holders(chunk)})",
                chunk,
            )
            for account, folder, uidvalidity, uid, message, thread in rows:
                found[RemoteRef(account, folder, uidvalidity, uid)] = (int(message), int(thread))
        return found


def _searched(flags: Collection[str]) -> set[str]:
    return {flag.lower() for flag in flags} & SEARCHED_FLAGS
