"""Where messages were seen and what was decided of them: the memory that makes a sync repeatable.

Comes in: what a server showed. Goes out: what still needs a decision. Of mail that was left on the server it keeps
the UID and the decision, nothing else.

`under` is the fingerprint of scope and rules: a decision to leave a message holds only under the rules it was made by.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, from_seconds, place_holders, to_seconds
from trail.model import RemoteRef, Sighting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from trail.archive.ledger import Ledger

Place = tuple[int, int]
"""The id of an epoch, and a UID."""
UNSURE = ":unsure"
"""Behind `under`: left while something that the message may answer could not be fetched."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A folder under one UIDVALIDITY, and what the last complete round saw of it."""

    id: int
    account: str
    folder: str
    uidvalidity: int
    on_server: int
    uidnext: int | None
    looked_under: str | None
    mailboxid: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The UIDs of an epoch that have a decision."""

    settled: frozenset[int]
    """Need nothing more under the present rules."""
    again: frozenset[int]
    """To be decided again: failed, or left under other rules."""
    gone: frozenset[int]
    """Of both, those marked as gone from the server."""
    failed: frozenset[int]
    """Of `again`, those that could not be fetched."""


@dataclass(frozen=True, slots=True)
class FolderCount:
    """How a folder stands, over its present epoch."""

    account: str
    folder: str
    uidvalidity: int
    on_server: int
    archived: int
    left: int
    failed: int
    forgotten: int
    gone: int
    last_seen_at: datetime
    gone_at: datetime | None = None
    """When the server no longer listed the folder."""


class Sightings:
    """The sightings of one archive. Writing methods are called inside a ledger transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def find_epoch(
        self, account: str, folder: str, uidvalidity: int, mailboxid: str | None = None
    ) -> Epoch | None:
        """The epoch, if it was ever seen; with a MAILBOXID not one that is known to have another."""
        row = self._ledger.execute(
            "SELECT id, account, folder, uidvalidity, on_server, uidnext, looked_under, mailboxid FROM epoch"
            " WHERE account = ? AND folder = ? AND uidvalidity = ? AND retired_at IS NULL"
            " AND coalesce(mailboxid = ?, true) ORDER BY mailboxid IS NULL, last_seen_at DESC LIMIT 1",
            (account, folder, uidvalidity, mailboxid),
        ).fetchone()
        return None if row is None else Epoch(*row)

    def open_epoch(
        self,
        account: str,
        folder: str,
        uidvalidity: int,
        at: datetime,
        mailboxid: str | None = None,
    ) -> Epoch:
        """The epoch, begun now if it is new."""
        epoch = self.find_epoch(account, folder, uidvalidity, mailboxid)
        if epoch is None:
            seconds = to_seconds(at)
            self._ledger.execute(
                "INSERT INTO epoch (account, folder, uidvalidity, first_seen_at, last_seen_at, mailboxid)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (account, folder, uidvalidity, seconds, seconds, mailboxid),
            )
            epoch = self.find_epoch(account, folder, uidvalidity, mailboxid)
        assert epoch is not None
        return epoch

    def previous_uidvalidity(self, epoch: Epoch) -> int | None:
        """The UIDVALIDITY this folder had before, if it ever had another."""
        row = self._ledger.execute(
            "SELECT uidvalidity FROM epoch WHERE account = ? AND folder = ? AND id <> ? AND retired_at IS NULL ORDER BY last_seen_at DESC, id DESC LIMIT 1",
            (epoch.account, epoch.folder, epoch.id),
        ).fetchone()
        return None if row is None else int(row[0])

    def read_decided(self, epoch: Epoch, under: str) -> Decided:
        """What is already decided, and what of it is to be decided again."""
        settled, again, gone, failed = set(), set(), set(), set()
        left_under = (under, under + UNSURE)
        rows = self._ledger.execute(
            "SELECT uid, decision, gone_at IS NOT NULL, decided_under FROM sighting WHERE epoch = ?",
            (epoch.id,),
        )
        for uid, decision, is_gone, decided_under in rows:
            if decision == "failed":
                failed.add(uid)
            elif decision != "left" or decided_under in left_under:
                settled.add(uid)
            else:
                again.add(uid)
            if is_gone:
                gone.add(uid)
        return Decided(
            frozenset(settled), frozenset(again | failed), frozenset(gone), frozenset(failed)
        )

    def record(self, epoch: Epoch, sightings: Iterable[Sighting], under: str) -> None:
        """Record decisions; a later one replaces an earlier."""
        self._ledger.execute_many(
            "INSERT INTO sighting (epoch, uid, decision, key, seen_at, reason, flags, labels, decided_under)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, uid) DO UPDATE SET decision = excluded.decision,"
            " key = excluded.key, seen_at = excluded.seen_at, reason = excluded.reason, flags = excluded.flags,"
            " labels = excluded.labels, decided_under = excluded.decided_under, gone_at = NULL",
            (
                (
                    epoch.id,
                    s.ref.uid,
                    s.decision,
                    s.key,
                    to_seconds(s.seen_at),
                    s.reason,
                    " ".join(s.flags),
                    "\n".join(s.labels),
                    under,
                )
                for s in sightings
            ),
        )

    def mark_gone(self, epoch: Epoch, uids: Collection[int], at: datetime) -> None:
        """Note that the server no longer shows these."""
        self._ledger.execute_many(
            "UPDATE sighting SET gone_at = ? WHERE epoch = ? AND uid = ?",
            ((to_seconds(at), epoch.id, uid) for uid in uids),
        )

    def mark_returned(self, epoch: Epoch, uids: Collection[int]) -> None:
        """Note that the server shows these again."""
        self._ledger.execute_many(
            "UPDATE sighting SET gone_at = NULL WHERE epoch = ? AND uid = ?",
            ((epoch.id, uid) for uid in uids),
        )

    def close_round(
        self, epoch: Epoch, *, on_server: int, uidnext: int | None, under: str, at: datetime
    ) -> None:
        """Remember what a complete look at the folder saw; None for `uidnext` forces another look."""
        self._ledger.execute(
            "UPDATE epoch SET on_server = ?, uidnext = ?, looked_under = ?, last_seen_at = ? WHERE id = ?",
            (on_server, uidnext, under, to_seconds(at), epoch.id),
        )

    def touch(self, epoch: Epoch, at: datetime) -> None:
        """Note that the folder was found unchanged."""
        self._ledger.execute(
            "UPDATE epoch SET last_seen_at = ? WHERE id = ?", (to_seconds(at), epoch.id)
        )

    def count_failed(self, epoch: Epoch) -> int:
        """Messages of the epoch that could not be fetched and are still on the server."""
        row = self._ledger.execute(
            "SELECT count(*) FROM sighting WHERE epoch = ? AND decision = 'failed' AND gone_at IS NULL",
            (epoch.id,),
        ).fetchone()
        return int(row[0])

    def reopen(self, places: Iterable[Place]) -> int:
        """Forget that these were left, so that the next look decides again. Returns how many there were."""
        count = 0
        for epoch, uid in places:
            count += self._ledger.execute(
                "DELETE FROM sighting WHERE epoch = ? AND uid = ? AND decision = 'left'",
                (epoch, uid),
            ).rowcount
            self._ledger.execute("UPDATE epoch SET uidnext = NULL WHERE id = ?", (epoch,))
        return count

    def settle_left(self, places: Iterable[Place], waiting: str, under: str) -> None:
        """Note that these were left for good: whatever they may answer was seen.

        Where something still fails or is refused, they are noted as UNSURE: `reopen_unsure` takes them up again.
        """
        if self._is_unsure():
            under += UNSURE
        self._ledger.execute_many(
            "UPDATE sighting SET decided_under = ? WHERE epoch = ? AND uid = ? AND decided_under = ?",
            ((under, epoch, uid, waiting) for epoch, uid in places),
        )

    def reopen_unsure(self) -> int:
        """Something that had failed came, or a folder that was refused: what may answer it is decided again. Counts them."""
        unsure = f"decision = 'left' AND decided_under LIKE '%{UNSURE}' AND gone_at IS NULL"
        self._ledger.execute(
            f"UPDATE epoch SET uidnext = NULL WHERE id IN (SELECT epoch FROM sighting WHERE {unsure})"
        )
        return self._ledger.execute(
            f"UPDATE sighting SET decided_under = '' WHERE {unsure}"
        ).rowcount

    def note_refused(self, account: str, folders: Collection[str]) -> bool:
        """Remember which folders of an account could not be looked at. Returns whether some no longer are among them."""
        refused = self._read_refused()
        before = refused.pop(account, [])
        if folders:
            refused[account] = sorted(folders)
        if set(before) != set(folders):
            self._ledger.write_meta("refused", json.dumps(refused))
        return not set(before) <= set(folders)

    def list_refused(self, account: str) -> list[str]:
        """The folders of an account that could not be looked at the last time."""
        return self._read_refused().get(account, [])

    def _read_refused(self) -> dict[str, list[str]]:
        refused: dict[str, list[str]] = json.loads(self._ledger.read_meta("refused") or "{}")
        return refused

    def _is_unsure(self) -> bool:
        """Whether a message that left ones may answer may still be on a server: one that failed, or in a refused folder."""
        failed = self._ledger.execute(
            "SELECT 1 FROM sighting WHERE decision = 'failed' AND gone_at IS NULL LIMIT 1"
        ).fetchone()
        return failed is not None or bool(self._read_refused())

    def places(self, keys: Iterable[str]) -> dict[str, list[Sighting]]:
        """Every sighting of each message, the first one first."""
        found: dict[str, list[Sighting]] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT s.key, e.account, e.folder, e.uidvalidity, s.uid, s.decision, s.seen_at, s.reason, s.flags, s.labels, s.gone_at"
                f" FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE s.key IN ({place_holders(chunk)})"
                " ORDER BY s.decision, s.seen_at, e.id, s.uid",  # 'archived' sorts before 'held'
                chunk,
            )
            for (
                key,
                account,
                folder,
                uidvalidity,
                uid,
                decision,
                seen_at,
                reason,
                flags,
                labels,
                gone_at,
            ) in rows:
                found.setdefault(key, []).append(
                    Sighting(
                        RemoteRef(account, folder, uidvalidity, uid),
                        key,
                        decision,
                        from_seconds(seen_at),
                        reason,
                        tuple(flags.split()),
                        tuple(labels.split("\n")) if labels else (),
                        None if gone_at is None else from_seconds(gone_at),
                    )
                )
        return found

    def count_folders(self) -> list[FolderCount]:
        """How every folder stands, in its present epoch (the one seen last)."""
        rows = self._ledger.execute(
            """
            SELECT e.account, e.folder, e.uidvalidity, e.on_server,
                   count(s.uid) FILTER (WHERE s.key IS NOT NULL),
                   count(s.uid) FILTER (WHERE s.decision = 'left' AND s.gone_at IS NULL),
                   count(s.uid) FILTER (WHERE s.decision = 'failed' AND s.gone_at IS NULL),
                   count(s.uid) FILTER (WHERE s.decision = 'forgotten' AND s.gone_at IS NULL),
                   count(s.uid) FILTER (WHERE s.gone_at IS NOT NULL),
                   e.last_seen_at, e.gone_at
            FROM epoch e LEFT JOIN sighting s ON s.epoch = e.id
            WHERE e.retired_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM epoch n WHERE n.account = e.account AND n.folder = e.folder AND n.retired_at IS NULL
                              AND (n.last_seen_at, n.id) > (e.last_seen_at, e.id))
            GROUP BY e.id HAVING e.gone_at IS NULL OR count(s.key) > 0 ORDER BY e.account, e.folder
            """
        )
        return [
            FolderCount(
                account,
                folder,
                uidvalidity,
                on_server,
                archived,
                left,
                failed,
                forgotten,
                gone,
                from_seconds(seen),
                None if gone_at is None else from_seconds(gone_at),
            )
            for account, folder, uidvalidity, on_server, archived, left, failed, forgotten, gone, seen, gone_at in rows
        ]

    def iter_failed(self) -> Iterator[Sighting]:
        """Messages that could not be fetched, with the reason."""
        rows = self._ledger.execute(
            "SELECT e.account, e.folder, e.uidvalidity, s.uid, s.seen_at, s.reason FROM sighting s JOIN epoch e ON e.id = s.epoch"
            " WHERE s.decision = 'failed' AND s.gone_at IS NULL ORDER BY 1, 2, 3, 4"
        )
        for account, folder, uidvalidity, uid, seen_at, reason in rows:
            yield Sighting(
                RemoteRef(account, folder, uidvalidity, uid),
                None,
                "failed",
                from_seconds(seen_at),
                reason,
            )
