"""What becomes of folders: renamed, deleted, put back from a backup. The sightings go along, and nothing is forgotten.

Comes in: what a sync found out about a folder. Goes out: what is known of an account's folders. Writing methods are
called inside a ledger transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.ledger import from_seconds, to_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from trail.archive.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Standing:
    """A folder under one UIDVALIDITY, as it was last seen."""

    epoch: int
    folder: str
    uidvalidity: int
    least_uidnext: int
    """One above the highest UID seen, or the UIDNEXT of the last complete look where that is higher."""
    mailboxid: str | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as the archive has it: by it a server's can be known again."""

    uid: int
    key: str
    size: int
    received_at: datetime | None
    """None where it was first seen elsewhere, with a date of its own."""
    gone: bool


class Epochs:
    """The epochs of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def list_standing(self, account: str) -> list[Standing]:
        """Every epoch of an account that may still be that of a folder."""
        rows = self._ledger.execute(
            "SELECT e.id, e.folder, e.uidvalidity, max(coalesce(e.uidnext, 1),"
            " coalesce((SELECT max(uid) FROM sighting s WHERE s.epoch = e.id), 0) + 1), e.mailboxid, e.gone_at IS NOT NULL"
            " FROM epoch e WHERE e.account = ? AND e.retired_at IS NULL ORDER BY e.last_seen_at DESC, e.id DESC",
            (account,),
        )
        return [
            Standing(epoch, folder, uidvalidity, least, mailboxid, bool(gone))
            for epoch, folder, uidvalidity, least, mailboxid, gone in rows
        ]

    def locate(self, epoch: int) -> tuple[str, str, int]:
        """The account, the folder and the UIDVALIDITY of an epoch."""
        row = self._ledger.execute(
            "SELECT account, folder, uidvalidity FROM epoch WHERE id = ?", (epoch,)
        ).fetchone()
        return str(row[0]), str(row[1]), int(row[2])

    def least_uidnext(self, epoch: int) -> int:
        """No UIDNEXT of this epoch may be lower (RFC 9051, section 2.3.1.1)."""
        row = self._ledger.execute(
            "SELECT max(coalesce(uidnext, 1), coalesce((SELECT max(uid) FROM sighting s WHERE s.epoch = e.id), 0) + 1) FROM epoch e WHERE e.id = ?",
            (epoch,),
        ).fetchone()
        return int(row[0]) if row else 1

    def list_kept(self, epoch: int, sample: int | None = None) -> list[Kept]:
        """The archived messages of an epoch by UID; with `sample` so many of those not gone, at random."""
        rows = self._ledger.execute(
            "SELECT s.uid, s.key, m.size, CASE s.decision WHEN 'archived' THEN m.received_at END, s.gone_at IS NOT NULL"
            " FROM sighting s JOIN message m ON m.key = s.key WHERE s.epoch = ?"
            + (
                " ORDER BY s.uid"
                if sample is None
                else " AND (s.gone_at IS NULL OR s.gone_at = (SELECT gone_at FROM epoch WHERE id = s.epoch))"
                " ORDER BY random()"
            )
            + " LIMIT ?",
            (epoch, -1 if sample is None else sample),
        )
        return [
            Kept(uid, key, size, None if at is None else from_seconds(at), bool(gone))
            for uid, key, size, at, gone in rows
        ]

    def list_newest(self, epoch: int, count: int) -> dict[int, datetime]:
        """UID -> INTERNALDATE of the last messages that came in an epoch and were archived from there."""
        rows = self._ledger.execute(
            "SELECT s.uid, m.received_at FROM sighting s JOIN message m ON m.key = s.key WHERE s.epoch = ?"
            " AND s.decision = 'archived' AND s.gone_at IS NULL ORDER BY s.uid DESC LIMIT ?",
            (epoch, count),
        )
        return {uid: from_seconds(at) for uid, at in rows}

    def note_mailboxid(self, epoch: int, mailboxid: str) -> None:
        """Remember what the server calls the folder for good (RFC 8474)."""
        self._ledger.execute("UPDATE epoch SET mailboxid = ? WHERE id = ?", (mailboxid, epoch))

    def rename(
        self, epoch: int, folder: str, at: datetime, *, mailboxid: str | None, whole: bool
    ) -> int:
        """Give an epoch its folder's new name. `whole`: the old name is free, so its older epochs go along.

        Its messages are to be attributed and indexed anew. Returns how many there are.
        """
        old = str(
            self._ledger.execute("SELECT folder FROM epoch WHERE id = ?", (epoch,)).fetchone()[0]
        )
        moved = [epoch]
        if whole:
            moved += [
                row[0]
                for row in self._ledger.execute(
                    "SELECT e.id FROM epoch e, epoch n WHERE n.id = ? AND e.id <> n.id AND e.account = n.account AND e.folder = n.folder",
                    (epoch,),
                )
            ]
        for number in moved:
            # OR IGNORE: an older epoch of the old name may be one of the new name too; then it stays where it is
            self._ledger.execute(
                "UPDATE OR IGNORE epoch SET folder = ?, mailboxid = coalesce(?, mailboxid), gone_at = NULL,"
                " uidnext = CASE WHEN gone_at IS NULL THEN uidnext END WHERE id = ?",
                (folder, mailboxid if number == epoch else None, number),
            )
            self._ledger.execute(
                "INSERT OR REPLACE INTO former_name VALUES (?, ?, ?)", (number, old, to_seconds(at))
            )
            self._ledger.execute(
                "UPDATE message SET attributed_under = NULL, indexed_in = NULL"
                " WHERE key IN (SELECT key FROM sighting WHERE epoch = ? AND key IS NOT NULL)",
                (number,),
            )
        row = self._ledger.execute(
            "SELECT count(key) FROM sighting WHERE epoch = ?", (epoch,)
        ).fetchone()
        return int(row[0])

    def former_names(self) -> dict[tuple[str, str, int], tuple[str, ...]]:
        """The names folders had before, by account, present name and UIDVALIDITY."""
        found: dict[tuple[str, str, int], tuple[str, ...]] = {}
        for account, folder, uidvalidity, former in self._ledger.execute(
            "SELECT e.account, e.folder, e.uidvalidity, f.folder FROM former_name f JOIN epoch e ON e.id = f.epoch"
            " WHERE f.folder <> e.folder ORDER BY 1, 2, 3, 4"
        ):
            place = (account, folder, uidvalidity)
            found[place] = (*found.get(place, ()), former)
        return found

    def mark_gone(self, epochs: Iterable[int], at: datetime) -> None:
        """Note that the server no longer has these folders, nor what was in them."""
        for epoch in epochs:
            self._ledger.execute(
                "UPDATE epoch SET gone_at = ?, on_server = 0 WHERE id = ?",
                (to_seconds(at), epoch),
            )
            self._ledger.execute(
                "UPDATE sighting SET gone_at = ? WHERE epoch = ? AND gone_at IS NULL",
                (to_seconds(at), epoch),
            )

    def mark_returned(self, epochs: Iterable[int]) -> None:
        """Note that the server lists these folders again; what of their messages is there, the next look tells."""
        self._ledger.execute_many(
            "UPDATE epoch SET gone_at = NULL, uidnext = NULL WHERE id = ?",
            ((epoch,) for epoch in epochs),
        )

    def count_on_server(self, epoch: int) -> int:
        """Messages of an epoch that were on the server when it was last looked at."""
        row = self._ledger.execute(
            "SELECT count(*) FROM sighting WHERE epoch = ? AND gone_at IS NULL", (epoch,)
        ).fetchone()
        return int(row[0])

    def retire(self, epoch: int, uids: Collection[int], at: datetime) -> None:
        """Note that these UIDs stand for other messages now: what was seen under them becomes history, and they are undecided.

        The next look decides everything that was left anew, and is a whole one.
        """
        seconds = to_seconds(at)
        if uids:
            history = self._ledger.execute(
                "INSERT INTO epoch (account, folder, uidvalidity, first_seen_at, last_seen_at, retired_at)"
                " SELECT account, folder, uidvalidity, first_seen_at, last_seen_at, ? FROM epoch WHERE id = ?",
                (seconds, epoch),
            ).lastrowid
            self._ledger.execute_many(
                "UPDATE sighting SET epoch = ?, gone_at = coalesce(gone_at, ?) WHERE epoch = ? AND uid = ?",
                ((history, seconds, epoch, uid) for uid in uids),
            )
        self._ledger.execute(
            "UPDATE sighting SET decided_under = '' WHERE epoch = ? AND decision = 'left'", (epoch,)
        )
        self._ledger.execute("UPDATE epoch SET uidnext = NULL WHERE id = ?", (epoch,))
